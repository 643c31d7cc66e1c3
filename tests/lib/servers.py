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


class Server:
    kind = None
    package = None
    user, password = "alice", "wonder-land-7"

    def __init__(self, name, address, port, announce, folder):
        """announce: the address told in 227 replies, None for the server's own."""
        self.name = name
        self.address = address
        self.port = port
        self.announce = announce or address
        self.folder = folder
        self.home = os.path.join(folder, "home")
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
        """Libraries that the host lacks are unpacked beside the server."""
        folders = glob.glob(self._unpacked("usr/lib/*-linux-gnu*"))
        folders += glob.glob(self._unpacked("lib/*-linux-gnu*"))
        return {"LD_LIBRARY_PATH": ":".join(folders)}

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

    def _unpacked(self, path):
        return os.path.abspath(os.path.join(PACKAGES, self.package, path))

    def _binary(self, path):
        binary = self._unpacked(path)
        if not os.access(binary, os.X_OK):
            raise Unavailable(f"{self.package} is not unpacked in {PACKAGES}: ./tests/run does it")
        return binary

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
            "listen": "YES", "listen_address": self.address, "listen_port": self.port,
            "background": "NO", "ftpd_banner": f"Welcome to {self.name}",
            "anonymous_enable": "YES", "no_anon_password": "NO", "local_enable": "NO",
            "anon_root": self.home, "ftp_username": ACCOUNT.pw_name,
            "nopriv_user": ACCOUNT.pw_name, "secure_chroot_dir": empty,
            "write_enable": "YES", "anon_upload_enable": "YES", "anon_mkdir_write_enable": "YES",
            "anon_other_write_enable": "YES", "anon_world_readable_only": "NO",
            "anon_umask": "022", "run_as_launching_user": "NO" if IS_ROOT else "YES",
            "pasv_address": self.announce,
            "pasv_min_port": PASSIVE_PORTS[0], "pasv_max_port": PASSIVE_PORTS[1],
            "connect_from_port_20": "NO",
            # Sandboxes that containers forbid; without them vsftpd behaves the same on the wire.
            "isolate": "NO", "isolate_network": "NO", "seccomp_sandbox": "NO",
        }
        text = "".join(f"{name}={value}\n" for name, value in settings.items())
        return [self._binary("usr/sbin/vsftpd"), self._write("vsftpd.conf", text)]


class Proftpd(Server):
    kind = "proftpd"
    package = "proftpd-core"

    def command(self):
        users = self._write("users", f"{self._account_line()}::{self.home}:/bin/sh\n")
        if IS_ROOT:
            os.chown(users, ACCOUNT.pw_uid, ACCOUNT.pw_gid)
        root = "DefaultRoot ~" if IS_ROOT else ""
        text = f"""
ServerName "{self.name}"
ServerType standalone
DefaultServer on
DefaultAddress {self.address}
SocketBindTight on
Port {self.port}
MasqueradeAddress {self.announce}
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
UseIPv6 off
MaxInstances none
PidFile {self.folder}/pid
ScoreboardFile {self.folder}/scoreboard
SystemLog {self.folder}/system.log
TransferLog none
"""
        return [self._binary("usr/sbin/proftpd"), "--nodaemon",
                "--config", self._write("proftpd.conf", text)]


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
                "--forcepassiveip", self.announce, "--noanonymous", "--dontresolve",
                "--minuid", "1", "--maxclientsnumber", "500", "--maxclientsperip", "500",
                "--limitrecursion", "10000:10", "--pidfile", os.path.join(self.folder, "pid")]


class Pyftpdlib(Server):
    """Installed as a Python module, not unpacked."""

    kind = "pyftpdlib"

    def environment(self):
        return {}

    def command(self):
        return [sys.executable, os.path.join(HERE, "pyftpdlib_server.py"), self.name, self.address,
                str(self.port), self.announce, *map(str, PASSIVE_PORTS), self.home,
                self.user, self.password]


class Proxied(Pyftpdlib):
    """Takes nobody in who is not introduced by a PROXY header."""

    kind = "proxied"

    def command(self):
        return [*super().command(), "proxy"]


KINDS = {cls.kind: cls for cls in (Vsftpd, Proftpd, Pureftpd, Pyftpdlib)}
ALL_KINDS = {**KINDS, Proxied.kind: Proxied}
