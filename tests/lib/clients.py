"""Real FTP clients behind one set of verbs. Paths on the server are relative to the login folder.

A verb that a client has no way to do is listed nowhere in its `can`; a verb that fails raises
ClientError with all that the client printed.
"""

import os
import re
import shutil
import subprocess

from lib.session import Session, TlsSession

EVERY_VERB = frozenset("list get put resume rename delete mkdir".split())


class ClientError(Exception):
    pass


class Client:
    name = None
    can = EVERY_VERB

    def __init__(self, where, login, folder, tls=None):
        """tls: a lib.tls.ClientTls, None: in the clear; see TLS_CLIENTS."""
        self.address, self.port = where
        self.host = f"[{self.address}]" if ":" in self.address else self.address  # in a URL
        self.user, self.password = login
        self.folder = folder
        self.tls = tls

    def run(self, argv, script=None, timeout=120):
        """Runs the client in its own home folder, where nobody's settings are."""
        if not shutil.which(argv[0]):
            raise ClientError(f"{argv[0]} is not installed: ./tests/run does it")
        environment = {"HOME": self.folder, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                       **({"SSL_CERT_FILE": self.tls.ca} if self.tls else {})}  # rclone's
        done = subprocess.run(argv, input=script, timeout=timeout, env=environment,
                              cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise ClientError(f"{' '.join(argv)}\n{script or ''}\nexit code {done.returncode}\n"
                              f"{done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout

    def _need(self, path):
        """Some clients end well whatever happened; then only the file tells."""
        if not os.path.exists(path):
            raise ClientError(f"{self.name} says nothing, but there is no {path}")


class Curl(Client):
    name = "curl-epsv"
    options = ()

    def _curl(self, *words):
        """A transfer that stands still for 20 seconds has failed, however large it is."""
        return self.run(["curl", "-sS", "--connect-timeout", "20", "--speed-limit", "1",
                         "--speed-time", "20", "--user", f"{self.user}:{self.password}",
                         *self.options, *self._tls_options(), *words])

    def _tls_options(self):
        if not self.tls:
            return []
        versions = {None: [], "1.2": ["--tls-max", "1.2"], "1.3": ["--tlsv1.3"]}
        return ["--cacert", self.tls.ca, *versions[self.tls.version],
                "--ssl-reqd" if self.tls.protect else "--ftp-ssl-control"]

    def _url(self, path):
        scheme = "ftps" if self.tls and self.tls.implicit else "ftp"
        return f"{scheme}://{self.host}:{self.port}/{path}"

    def list(self, path):
        return self._curl("--list-only", self._url(path + "/")).split()

    def get(self, path, local):
        self._curl("-o", local, self._url(path))

    def put(self, local, path):
        self._curl("-T", local, self._url(path))

    def resume(self, path, local):
        self._curl("-C", "-", "-o", local, self._url(path))

    def rename(self, old, new):
        self._quote(f"RNFR {old}", f"RNTO {new}")

    def delete(self, path):
        self._quote(f"DELE {path}")

    def mkdir(self, path):
        self._quote(f"MKD {path}")

    def _quote(self, *commands):
        words = [word for command in commands for word in ("-Q", command)]
        self._curl("-I", *words, self._url(""))


class CurlPasv(Curl):
    name = "curl-pasv"
    options = ("--disable-epsv",)


TRANSFERS = frozenset(("list", "get", "put", "resume"))


class CurlPort(Curl):
    name = "curl-port"
    can = TRANSFERS
    options = ("--ftp-port", "-", "--disable-eprt")


class CurlEprt(Curl):
    name = "curl-eprt"
    can = TRANSFERS
    options = ("--ftp-port", "-")


class Lftp(Client):
    name = "lftp"
    passive = "yes"
    more_settings = ()

    def script(self, *commands):
        """Settings that make it fail instead of trying again for minutes."""
        scheme = "ftps://" if self.tls and self.tls.implicit else ""
        settings = ["set cmd:fail-exit yes", "set net:timeout 30", "set net:max-retries 1",
                    *self._tls_settings(), f"set ftp:passive-mode {self.passive}",
                    *self.more_settings,
                    f"open -u {self.user},{self.password} -p {self.port} {scheme}{self.host}"]
        return self.run(["lftp", "-c", "; ".join([*settings, *commands])])

    def _tls_settings(self):
        if not self.tls:
            return ["set ftp:ssl-allow no"]
        protect = "yes" if self.tls.protect else "no"
        only = f":-VERS-ALL:+VERS-TLS{self.tls.version}" if self.tls.version else ""
        return ["set ftp:ssl-force yes", f"set ftp:ssl-protect-data {protect}",
                f"set ftp:ssl-protect-list {protect}", f"set ssl:ca-file {self.tls.ca}",
                f"set ssl:priority NORMAL{only}"]

    def list(self, path):
        return [os.path.basename(name) for name in self.script(f"cls -1 -q {path}/").split()]

    def get(self, path, local):
        self.script(f"get {path} -o {local}")

    def put(self, local, path):
        self.script(f"put {local} -o {path}")

    def resume(self, path, local):
        self.script(f"get -c {path} -o {local}")

    def rename(self, old, new):
        self.script(f"mv {old} {new}")

    def delete(self, path):
        self.script(f"rm {path}")

    def mkdir(self, path):
        self.script(f"mkdir {path}")


class LftpActive(Lftp):
    name = "lftp-active"
    can = TRANSFERS
    passive = "no"


class Tnftp(Client):
    name = "tnftp"
    passive = "on"
    first = ()

    def _session(self, *commands):
        """Its exit code tells nothing about commands read from a script, its output does."""
        lines = [*self.first, f"open {self.address} {self.port}",
                 f"user {self.user} {self.password}",
                 f"passive {self.passive}", "binary", *commands, "quit"]
        output = self.run(["tnftp", "-i", "-n", "-v"], "\n".join(lines) + "\n")
        if re.search(r"^(4|5)\d\d |Not connected|Login failed", output, re.MULTILINE):
            raise ClientError(f"tnftp: {commands}\n{output}")
        return output

    def list(self, path):
        listing = os.path.join(self.folder, "tnftp.listing")
        self._session(f"nlist {path} {listing}")
        with open(listing) as names:
            return [os.path.basename(name) for name in names.read().split()]

    def get(self, path, local):
        self._session(f"get {path} {local}")
        self._need(local)

    def put(self, local, path):
        self._session(f"put {local} {path}")

    def resume(self, path, local):
        """It continues `local` only under the name that the server uses."""
        folder, name = os.path.split(path)
        here = os.path.join(self.folder, name)
        shutil.move(local, here)
        self._session(f"cd {folder}", f"lcd {self.folder}", f"reget {name}")
        shutil.move(here, local)

    def rename(self, old, new):
        self._session(f"rename {old} {new}")

    def delete(self, path):
        self._session(f"delete {path}")

    def mkdir(self, path):
        self._session(f"mkdir {path}")


class TnftpActive(Tnftp):
    name = "tnftp-active"
    can = TRANSFERS
    passive = "off"


class Ncftp(Client):
    name = "ncftp"
    can = frozenset(("list", "get", "put", "resume"))
    options = ()

    def _account(self, tool):
        return [tool, *self.options, "-u", self.user, "-p", self.password, "-P", str(self.port),
                "-t", "30"]

    def list(self, path):
        url = f"ftp://{self.address}:{self.port}/{path}/"
        lines = self.run([*self._account("ncftpls"), "-l", url]).splitlines()
        return [line.split()[-1] for line in lines if line.strip()]

    def get(self, path, local):
        """It continues a file that is there already."""
        self.run([*self._account("ncftpget"), "-V", "-z", "-C", self.address, path, local])
        self._need(local)

    def put(self, local, path):
        self.run([*self._account("ncftpput"), "-V", "-C", self.address, local, path])

    def resume(self, path, local):
        self.get(path, local)


class Wget(Client):
    name = "wget"
    can = frozenset(("list", "get", "resume"))
    options = ()

    def _wget(self, *words):
        self.run(["wget", "-nv", *self.options, *self._tls_options(), "--tries=1", "--timeout=30",
                  f"--ftp-user={self.user}",
                  f"--ftp-password={self.password}", *words])

    def _tls_options(self):
        if not self.tls:
            return []
        only = f":-VERS-ALL:+VERS-TLS{self.tls.version}" if self.tls.version else ""
        return [f"--ca-certificate={self.tls.ca}", f"--ciphers=NORMAL{only}", "--ftps-resume-ssl",
                *(["--ftps-implicit"] if self.tls.implicit else []),
                *([] if self.tls.protect else ["--ftps-clear-data-connection"])]

    def _url(self, path):
        return f"{'ftps' if self.tls else 'ftp'}://{self.host}:{self.port}/{path}"

    def list(self, path):
        page = os.path.join(self.folder, "index.html")
        self._wget("-O", page, self._url(path + "/"))
        with open(page) as html:
            return re.findall(r'<a href="[^"]*/([^/"]+)/?">', html.read())

    def get(self, path, local):
        self._wget("-O", local, self._url(path))

    def resume(self, path, local):
        """With -O it would start again; without, it continues the file of the same name."""
        here = os.path.join(self.folder, os.path.basename(path))
        shutil.move(local, here)
        self._wget("-c", self._url(path))
        shutil.move(here, local)


class WgetActive(Wget):
    name = "wget-active"
    options = ("--no-passive-ftp",)


class Rclone(Client):
    name = "rclone"
    can = frozenset(("list", "get", "put", "rename", "delete", "mkdir"))
    options = ()

    def _rclone(self, *words):
        if not hasattr(self, "_secret"):
            self._secret = self.run(["rclone", "obscure", self.password]).strip()
        return self.run(["rclone", *self.options, *self._tls_options(),
                         "--config", "/dev/null", "--ftp-host", self.host,
                         "--ftp-port", str(self.port), "--ftp-user", self.user,
                         "--ftp-pass", self._secret, "--retries", "1", "--low-level-retries", "1",
                         "--contimeout", "30s", "--timeout", "60s", *words])

    def _tls_options(self):
        """It has no PROT C, and asks the environment for authorities."""
        if not self.tls:
            return []
        return ["--ftp-tls" if self.tls.implicit else "--ftp-explicit-tls",
                *(["--ftp-disable-tls13"] if self.tls.version == "1.2" else [])]

    def list(self, path):
        return [name.rstrip("/") for name in self._rclone("lsf", f":ftp:{path}").split()]

    def get(self, path, local):
        self._rclone("copyto", f":ftp:{path}", local)

    def put(self, local, path):
        self._rclone("copyto", local, f":ftp:{path}")

    def rename(self, old, new):
        self._rclone("moveto", f":ftp:{old}", f":ftp:{new}")

    def delete(self, path):
        self._rclone("deletefile", f":ftp:{path}")

    def mkdir(self, path):
        self._rclone("mkdir", f":ftp:{path}")


class Ftplib(Client):
    name = "ftplib"

    passive = True

    def _session(self):
        where, login = (self.address, self.port), (self.user, self.password)
        session = TlsSession(where, login, self.tls) if self.tls else Session(where, login)
        session.set_pasv(self.passive)
        return session

    def list(self, path):
        with self._session() as session:
            return [os.path.basename(name) for name in session.nlst(path)]

    def get(self, path, local):
        with self._session() as session, open(local, "wb") as file:
            session.retrbinary(f"RETR {path}", file.write)

    def put(self, local, path):
        with self._session() as session, open(local, "rb") as file:
            session.storbinary(f"STOR {path}", file)

    def resume(self, path, local):
        with self._session() as session, open(local, "ab") as file:
            session.retrbinary(f"RETR {path}", file.write, rest=file.tell())

    def rename(self, old, new):
        with self._session() as session:
            session.rename(old, new)

    def delete(self, path):
        with self._session() as session:
            session.delete(path)

    def mkdir(self, path):
        with self._session() as session:
            session.mkd(path)


class FtplibActive(Ftplib):
    name = "ftplib-active"
    can = TRANSFERS
    passive = False


CLIENTS = {cls.name: cls
           for cls in (Curl, CurlPasv, CurlPort, CurlEprt, Lftp, LftpActive, Tnftp, TnftpActive,
                       Ncftp, Wget, Rclone, Ftplib, FtplibActive)}

# Those that speak TLS, when their `tls` says so. Not curl in active mode: 7.88 hangs there, with
# any server (its issue 10666).
TLS_CLIENTS = {cls.name: cls for cls in (Curl, CurlPasv, Lftp, LftpActive, Ftplib, FtplibActive,
                                         Wget, WgetActive, Rclone)}
