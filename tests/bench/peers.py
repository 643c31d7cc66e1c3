"""What the benchmark holds against each other: haftp, a bare relay, HAProxy as a blind pipe, a bare
TLS server, and ProFTPD's mod_proxy. Each listens on CONTROL, leads to the sinks (but for the TLS
server, which is the end), and is started alone."""

import os
import shutil
import subprocess

CONTROL = "127.0.0.1:2121"
# Three servers to balance over, but one process: more of them would cost their share of the
# processor, which peers that lead to one server only do not pay.
SINKS = ["127.0.0.11"] * 3
SINK_PORT, SINK_PORTS = 2121, "20000-20499"
# For those that know no FTP: a sink whose passive ports are mapped one to one.
BLIND, BLIND_PORTS = "127.0.0.14", "21000-21499"
# A server that speaks TLS; haftp passes through to the same port that the client connected to.
SECURE = "127.0.0.15"
DATA_PORTS = "50000-50499"

DEFAULTS = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
"""


class Peer:
    """One balancer; `command(folder)` writes its files and says how it is run."""

    name = ""
    idle_sessions = 8000  # it forks for each: few are enough to tell
    tls = False      # toward clients
    both = False     # and toward servers

    def __init__(self, options):
        self.options = options

    def missing(self):
        return None

    def target(self):
        return CONTROL

    def write(self, folder, name, text):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        return path


class Direct(Peer):
    name = "direct"

    def target(self):
        return f"{SINKS[0]}:{SINK_PORT}"

    def command(self, folder):
        return None


class Splice(Peer):
    name = "splice"

    def command(self, folder):
        return [self.options.tools + "/splice_relay", CONTROL, f"{BLIND}:{SINK_PORT}",
                f"127.0.0.1:{BLIND_PORTS}", BLIND]


class Serve(Peer):
    """What TLS costs alone: it reads from memory, encrypts 16 KiB, and writes them to a blocking
    socket, as `openssl s_server` does, in a thread for each session."""

    name = "bare-tls"

    def command(self, folder):
        return tls_serve(self.options.tools, CONTROL, certificate(folder))


class HAProxy(Peer):
    name = "haproxy"

    def missing(self):
        return None if shutil.which("haproxy") else "haproxy is not installed"

    def command(self, folder):
        path = self.write(folder, "haproxy.cfg", f"""global
    nbthread 1
    maxconn 8500
    maxpipes 400
{DEFAULTS}    option splice-auto

listen ftp
    bind {CONTROL}
    server s1 {BLIND}:{SINK_PORT}

listen ftp_data
    bind 127.0.0.1:{BLIND_PORTS}
    server s1 {BLIND}
""")
        return ["haproxy", "-f", path, "-db"]


class Haftp(Peer):
    name = "haftp"

    def bind_options(self, folder):
        return f" starttls crt {certificate(folder)}" if self.tls else ""

    def servers(self):
        if self.both:
            return f"    server s1 {SECURE}:{SINK_PORT} starttls verify none"
        return "\n".join(f"    server s{n} {host}:{SINK_PORT}" for n, host in enumerate(SINKS, 1))

    def command(self, folder):
        path = self.write(folder, "haftp.cfg", f"""global
    nbthread 1
    maxconn 8500
{DEFAULTS}
listen ftp
    bind {CONTROL}{self.bind_options(folder)}
    option ftp-inspect
    ftp-data ports {DATA_PORTS}
    balance roundrobin
{self.servers()}
""")
        return [self.options.haftp, "-f", path, "-db", "-q"]


class HaftpTls(Haftp):
    name, tls = "haftp-tls", True


class HaftpBoth(Haftp):
    name, tls, both = "haftp-tls-both", True, True


class HaftpThrough(Haftp):
    name = "haftp-tls-through"

    def servers(self):
        return f"    server s1 {SECURE}:{SINK_PORT}"


class ModProxy(Peer):
    name, idle_sessions = "mod_proxy", 200

    def root(self, package):
        return os.path.join(self.options.packages, package)

    def missing(self):
        if os.path.exists(self.root("proftpd-mod-proxy") + "/usr/lib/proftpd/mod_proxy.so"):
            return None
        return "ProFTPD's mod_proxy is not unpacked: ./tests/run --bench does it"

    def gather_modules(self, folder):
        """Two packages have them, and ProFTPD looks in one place."""
        os.mkdir(folder)
        modules = {"mod_proxy.so": "proftpd-mod-proxy", "mod_tls.so": "proftpd-mod-crypto"}
        for module, package in modules.items():
            os.symlink(f"{self.root(package)}/usr/lib/proftpd/{module}", f"{folder}/{module}")

    def command(self, folder):
        os.mkdir(folder + "/tables")
        self.gather_modules(folder + "/modules")
        hosts = [SECURE] if self.both else SINKS
        servers = " ".join(f"ftp://{host}:{SINK_PORT}" for host in hosts)
        tls = ""
        if self.tls:
            pem = certificate(folder)
            tls = f"""TLSEngine on
TLSECCertificateFile {pem}
TLSECCertificateKeyFile {pem}
TLSOptions NoSessionReuseRequired
TLSRenegotiate none
"""
        path = self.write(folder, "proftpd.conf", f"""ModulePath {folder}/modules
ModuleControlsACLs insmod,rmmod deny user *
LoadModule mod_tls.c
LoadModule mod_proxy.c
ServerName bench
ServerType standalone
DefaultServer on
DefaultAddress 127.0.0.1
SocketBindTight on
Port {CONTROL.split(":")[1]}
UseIPv6 off
UseReverseDNS off
User root
Group root
MaxInstances none
TimeoutIdle 0
TimeoutLogin 0
TimeoutNoTransfer 0
TransferLog none
WtmpLog off
DelayEngine off
ScoreboardFile {folder}/scoreboard
PidFile {folder}/pid
ControlsEngine off
SystemLog {folder}/system.log
PassivePorts 22000 22999
ProxyEngine on
ProxyTables {folder}/tables
ProxyRole reverse
ProxyReverseConnectPolicy RoundRobin
ProxyReverseServers {servers}
ProxyTLSEngine {"on" if self.both else "off"}
ProxyTLSVerifyServer off
{tls}""")
        return [self.root("proftpd-mod-proxy") + "/usr/sbin/proftpd", "-n", "-q", "-c", path]


class ModProxyTls(ModProxy):
    name, tls = "mod_proxy-tls", True


class ModProxyBoth(ModProxy):
    name, tls, both = "mod_proxy-tls-both", True, True


PLAIN = [Direct, Splice, HAProxy, Haftp, ModProxy]
TLS = [Serve, HaftpTls, ModProxyTls, HaftpBoth, ModProxyBoth, HaftpThrough]


def tls_serve(tools, listen, pem):
    return [tools + "/tls_serve", "--listen", listen, "--ports", DATA_PORTS, "--cert", pem]


def certificate(folder):
    """A P-256 key and a certificate of its own, in one file."""
    path = os.path.join(folder, "bench.pem")
    if not os.path.exists(path):
        command = ["openssl", "req", "-x509", "-newkey", "ec",
                   "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                   "-subj", "/CN=bench", "-keyout", path, "-out", path + ".crt"]
        subprocess.run(command, check=True, capture_output=True)
        with open(path, "a", encoding="ascii") as out, open(path + ".crt", encoding="ascii") as crt:
            out.write(crt.read())
    return path
