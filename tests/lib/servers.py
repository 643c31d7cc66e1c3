"""Real FTP servers on loopback addresses, run from unpacked packages without touching the host.

Every server has its own folder, passive ports and announced address. What a client sees:

    WELCOME         the server's name, so that a client can tell where it is
    pub/named.bin   the name again and again, 8 MiB: tells whose data a transfer carries
    pub/random.bin  3 MiB and a few bytes, the same on every server
    pub/empty       nothing
    incoming/       where clients may write
"""

import glob
import grp
import os
import pwd
import subprocess
import sys
import warnings

from lib import content
from lib.net import is_listening
from lib.process import Process

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = os.environ.get("HAFTP_PACKAGES") or os.path.join(HERE, "../../build/packages")
RANDOM_SIZE = 3 * content.MIB + 17
NAMED_SIZE = 8 * content.MIB
PASSIVE_PORTS = (30000, 30999)
IS_ROOT = os.geteuid() == 0
# The account that serves files. As root: daemon, not nobody, since vsftpd wants an account whose
# home folder exists.
ACCOUNT = pwd.getpwnam("daemon") if IS_ROOT else pwd.getpwuid(os.geteuid())
GROUP = grp.getgrgid(ACCOUNT.pw_gid).gr_name


class Unavailable(Exception):
    """This server cannot run here; the text says why."""


def unpacked(package, path):
    return os.path.abspath(os.path.join(PACKAGES, package, path))


def unpacked_program(package, path):
    program = unpacked(package, path)
    if not os.access(program, os.X_OK):
        raise Unavailable(f"{package} is not unpacked in {PACKAGES}: ./tests/run does it")
    return program


def unpacked_libraries(package):
    """For the environment: libraries that the host lacks are unpacked beside the program."""
    folders = glob.glob(unpacked(package, "usr/lib/*-linux-gnu*"))
    folders += glob.glob(unpacked(package, "lib/*-linux-gnu*"))
    return {"LD_LIBRARY_PATH": ":".join(folders)}


class Server:
    kind = None
    package = None
    user, password = "alice", "wonder-land-7"

    def __init__(self, name, address, port, announce, folder, tls=None):
        """announce: the address told in 227 replies, None for the server's own; on IPv6 there are
        none.  tls: a ServerTls, None: in the clear."""
        self.name = name
        self.on_ipv6 = ":" in address
        self.tls = tls
        self.address = address
        self.port = port
        self.announce = announce or address
        self.folder = folder
        self.home = os.path.join(folder, "home")
        self.xferlog = os.path.join(folder, "xferlog")  # of those that write one
        self.process = None
        os.makedirs(folder)
        self._fill_home()

    def start(self):
        self.process = Process(self.name, self.command(), os.path.join(self.folder, "log"),
                               self.environment())
        self.process.wait_ready(lambda: is_listening(self.address, self.port))
        return self

    def kill(self):
        """At once, with the sessions that it forked."""
        if self.process:
            self.process.kill()
            self.process = None

    def path(self, *parts):
        return os.path.join(self.home, *parts)

    def command(self):
        raise NotImplementedError

    def environment(self):
        return unpacked_libraries(self.package)

    def _fill_home(self):
        os.makedirs(self.path("pub"))
        os.makedirs(self.path("incoming"))
        with open(self.path("WELCOME"), "w") as welcome:
            welcome.write(self.name + "\n")
        with open(self.path("pub", "named.bin"), "wb") as named:
            named.write((self.name.encode() + b"\n") * (NAMED_SIZE // (len(self.name) + 1)))
        content.write_random(self.path("pub", "random.bin"), RANDOM_SIZE)
        open(self.path("pub", "empty"), "w").close()
        if IS_ROOT:
            os.chown(self.path("incoming"), ACCOUNT.pw_uid, ACCOUNT.pw_gid)

    def _write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def _unpacked(self, path, package=None):
        return unpacked(package or self.package, path)

    def _binary(self, path):
        return unpacked_program(self.package, path)

    def _account_line(self):
        """Name, password, uid and gid as in passwd(5); a cheap hash, logins are many."""
        secret = crypt.crypt(self.password, "$6$rounds=1000$saltsalt$")
        return f"{self.user}:{secret}:{ACCOUNT.pw_uid}:{ACCOUNT.pw_gid}"


class Vsftpd(Server):
    """Anonymous only: vsftpd asks the host's PAM for anyone else."""

    kind = "vsftpd"
    package = "vsftpd"
    user, password = "anonymous", "guest@example.org"

    def command(self):
        empty = os.path.join(self.folder, "empty")
        os.makedirs(empty, exist_ok=True)
        settings = {
            "listen_port": self.port,
            "background": "NO", "ftpd_banner": f"Welcome to {self.name}",
            "anonymous_enable": "YES", "no_anon_password": "NO", "local_enable": "NO",
            "anon_root": self.home, "ftp_username": ACCOUNT.pw_name,
            "nopriv_user": ACCOUNT.pw_name, "secure_chroot_dir": empty,
            "write_enable": "YES", "anon_upload_enable": "YES", "anon_mkdir_write_enable": "YES",
            "anon_other_write_enable": "YES", "anon_world_readable_only": "NO",
            "anon_umask": "022", "run_as_launching_user": "NO" if IS_ROOT else "YES",
            "pasv_min_port": PASSIVE_PORTS[0], "pasv_max_port": PASSIVE_PORTS[1],
            "connect_from_port_20": "NO",
            "xferlog_enable": "YES", "dual_log_enable": "YES", "xferlog_file": self.xferlog,
            "vsftpd_log_file": os.path.join(self.folder, "vsftpd.log"),
            # Sandboxes that containers forbid; without them vsftpd behaves the same on the wire.
            "isolate": "NO", "isolate_network": "NO", "seccomp_sandbox": "NO",
        }
        if self.on_ipv6:
            settings |= {"listen_ipv6": "YES", "listen_address6": self.address}
        else:
            settings |= {"listen": "YES", "listen_address": self.address,
                         "pasv_address": self.announce}
        if self.tls:
            settings |= self._tls_settings()
        text = "".join(f"{name}={value}\n" for name, value in settings.items())
        return [self._binary("usr/sbin/vsftpd"), self._write("vsftpd.conf", text)]

    def _tls_settings(self):
        required = "YES" if self.tls.required else "NO"
        return {
            "ssl_enable": "YES", "allow_anon_ssl": "YES", "force_anon_logins_ssl": required,
            "force_anon_data_ssl": required, "implicit_ssl": "YES" if self.tls.implicit else "NO",
            "require_ssl_reuse": "YES" if self.tls.reuse else "NO", "ssl_ciphers": "HIGH",
            "rsa_cert_file": self.tls.certificate, "rsa_private_key_file": self.tls.certificate,
        }


class Proftpd(Server):
    kind = "proftpd"
    package = "proftpd-core"

    def command(self):
        users = self._write("users", f"{self._account_line()}::{self.home}:/bin/sh\n")
        if IS_ROOT:
            os.chown(users, ACCOUNT.pw_uid, ACCOUNT.pw_gid)
        root = "DefaultRoot ~" if IS_ROOT else ""
        masquerade = "" if self.on_ipv6 else f"MasqueradeAddress {self.announce}"
        text = f"""
ServerName "{self.name}"
ServerType standalone
DefaultServer on
DefaultAddress {self.address}
SocketBindTight on
Port {self.port}
{masquerade}
PassivePorts {PASSIVE_PORTS[0]} {PASSIVE_PORTS[1]}
User {ACCOUNT.pw_name}
Group {GROUP}
AuthOrder mod_auth_file.c
AuthUserFile {users}
RequireValidShell off
{root}
AllowOverwrite on
AllowStoreRestart on
AllowRetrieveRestart on
DelayEngine off
UseReverseDNS off
WtmpLog off
ControlsEngine off
UseIPv6 {"on" if self.on_ipv6 else "off"}
MaxInstances none
PidFile {self.folder}/pid
ScoreboardFile {self.folder}/scoreboard
SystemLog {self.folder}/system.log
TransferLog {self.xferlog}
{self._tls_settings() if self.tls else ""}
"""
        return [self._binary("usr/sbin/proftpd"), "--nodaemon",
                "--config", self._write("proftpd.conf", text)]

    def _tls_settings(self):
        """mod_tls is a package of its own."""
        modules, = glob.glob(self._unpacked("usr/lib/proftpd", "proftpd-mod-crypto")) or [None]
        if not modules:
            raise Unavailable(f"proftpd-mod-crypto is not unpacked in {PACKAGES}: ./tests/run "
                              "does it")
        options = [*(["UseImplicitSSL"] if self.tls.implicit else []),
                   *([] if self.tls.reuse else ["NoSessionReuseRequired"])]
        return f"""
ModulePath {modules}
LoadModule mod_tls.c
TLSEngine on
TLSLog {self.folder}/tls.log
TLSProtocol TLSv1.2 TLSv1.3
TLSECCertificateFile {self.tls.certificate}
TLSECCertificateKeyFile {self.tls.certificate}
TLSRequired {"on" if self.tls.required else "off"}
TLSVerifyClient off
{"TLSOptions " + " ".join(options) if options else ""}
"""


class Pureftpd(Server):
    kind = "pureftpd"
    package = "pure-ftpd"

    def command(self):
        if not IS_ROOT:
            raise Unavailable("Pure-FTPd starts as root only")
        self._write("users", f"{self._account_line()}::{self.home}/./::::::::::::\n")
        database = os.path.join(self.folder, "users.pdb")
        subprocess.run([self._binary("usr/bin/pure-pw"), "mkdb", database,
                        "-f", os.path.join(self.folder, "users")],
                       check=True, env=self.environment())
        return [self._binary("usr/sbin/pure-ftpd"),
                "--bind", f"{self.address},{self.port}", "--login", f"puredb:{database}",
                "--passiveportrange", f"{PASSIVE_PORTS[0]}:{PASSIVE_PORTS[1]}",
                *(() if self.on_ipv6 else ("--forcepassiveip", self.announce)),
                "--noanonymous", "--dontresolve",
                "--minuid", "1", "--maxclientsnumber", "500", "--maxclientsperip", "500",
                "--limitrecursion", "10000:10", "--pidfile", os.path.join(self.folder, "pid"),
                *(self._tls_options() if self.tls else ())]

    def _tls_options(self):
        """1: TLS for those who want it; 3: for control and data connections of everybody."""
        if self.tls.implicit:
            raise Unavailable("Pure-FTPd has implicit TLS only where it was built for nothing else "
                              "(--with-implicittls), and Debian's was not")
        return [f"--tls={3 if self.tls.required else 1}", f"--certfile={self.tls.certificate}"]


class Pyftpdlib(Server):
    """Installed as a Python module, not unpacked."""

    kind = "pyftpdlib"

    def environment(self):
        return {}

    def command(self):
        return [sys.executable, os.path.join(HERE, "pyftpdlib_server.py"), self.name, self.address,
                str(self.port), self.announce, *map(str, PASSIVE_PORTS), self.home,
                self.user, self.password, *(self._tls_options() if self.tls else ())]

    def _tls_options(self):
        mode = ("tls-implicit" if self.tls.implicit else
                "tls-required" if self.tls.required else "tls")
        return [mode, self.tls.certificate]


class Proxied(Pyftpdlib):
    """Takes nobody in who is not introduced by a PROXY header."""

    kind = "proxied"

    def command(self):
        return [*super().command(), "proxy"]


KINDS = {cls.kind: cls for cls in (Vsftpd, Proftpd, Pureftpd, Pyftpdlib)}
ALL_KINDS = {**KINDS, Proxied.kind: Proxied}
