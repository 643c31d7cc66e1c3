"""Clients: of FTP, stopped between any two steps of a transfer; of the runtime API."""

import ftplib
import io
import os
import re
import socket
import ssl

from lib import content
from lib.wait import until


class Session(ftplib.FTP):
    def __init__(self, where, login=None, source=None, epsv=False, timeout=20, **more):
        """where: (address, port); source: the local address of control and data connections;
        more: for ftplib."""
        super().__init__(timeout=timeout, source_address=(source, 0) if source else None, **more)
        self._epsv = epsv
        try:
            self.connect(*where)
            if login:
                self.login(*login)
                self.voidcmd("TYPE I")
        except BaseException:
            self.close()
            raise

    def makepasv(self):
        if not self._epsv:
            return super().makepasv()
        reply = self.sendcmd("EPSV")
        return self.host, ftplib.parse229(reply, self.sock.getpeername())[1]

    def announced(self):
        """(address, port) as a PASV reply has them; ftplib itself believes the port only."""
        numbers = re.search(r"(\d+),(\d+),(\d+),(\d+),(\d+),(\d+)", self.sendcmd("PASV")).groups()
        return ".".join(numbers[:4]), int(numbers[4]) * 256 + int(numbers[5])

    def dial(self, place):
        """Opens the data connection that a passive reply promised."""
        return socket.create_connection(place, self.timeout, self.source_address)

    def end_transfer(self):
        """Reads the preliminary and the final reply of a transfer."""
        preliminary, final = self.getresp(), self.getresp()
        assert preliminary[0] == "1" and final[0] == "2", (preliminary, final)

    def read(self, path):
        """The whole file."""
        out = io.BytesIO()
        self.retrbinary(f"RETR {path}", out.write)
        return out.getvalue()

    def write(self, path, data):
        self.storbinary(f"STOR {path}", io.BytesIO(data))

    def server_name(self):
        """Which server the data connection reached."""
        return self.read("WELCOME").decode().strip()


class TlsSession(Session, ftplib.FTP_TLS):
    """The same over TLS; each data connection resumes the control connection's TLS session, unless
    `resume` says otherwise."""

    def __init__(self, where, login=None, tls=None, resume=True, **options):
        """tls: a lib.tls.ClientTls."""
        self.tls = tls
        self.resume = resume
        super().__init__(where, context=tls.context(), **options)
        try:
            if not tls.implicit:
                self.auth()
            if login:
                self.log_in(login)
        except BaseException:
            self.close()
            raise

    def log_in(self, login):
        self.login(*login, secure=False)
        self.sendcmd("PBSZ 0")
        if self.tls.protect:
            self.prot_p()
        else:
            self.prot_c()
        self.voidcmd("TYPE I")

    def getresp(self):
        """The first reply of an implicit session comes when both hands have been shaken."""
        if self.tls.implicit and not isinstance(self.sock, ssl.SSLSocket):
            self.sock = self.context.wrap_socket(self.sock, server_hostname=self.host)
            self.file = self.sock.makefile("r", encoding=self.encoding)
        return super().getresp()

    def wrap_data(self, connection):
        return self.context.wrap_socket(connection, server_hostname=self.host,
                                        session=self.sock.session if self.resume else None)

    def ntransfercmd(self, command, rest=None):
        connection, size = ftplib.FTP.ntransfercmd(self, command, rest)
        if self.tls.protect:
            connection = self.wrap_data(connection)
        return connection, size


class Moded(Session):
    """A session that asks for its data connections in one way only."""

    def __init__(self, mode, *arguments):
        super().__init__(*arguments, epsv=mode == "epsv")
        self.set_pasv(mode in ("pasv", "epsv"))
        self.mode = mode

    def sendport(self, host, port):
        return super().sendport(host, port) if self.mode == "port" else self.sendeprt(host, port)


def abort(session, data):
    """ABOR, while this data connection transfers; returns the codes of the replies until that of a
    NOOP that comes at once: one that is missing or one too many would be told from it."""
    session.putcmd("ABOR")
    data.close()
    session.putcmd("NOOP")
    replies = [session.getmultiline()]
    while not replies[-1].startswith("200"):
        replies.append(session.getmultiline())
    return [reply[:3] for reply in replies[:-1]]


def drain(data, size=1 << 16):
    """Reads a data socket to its clean end; a reset is an exception."""
    received = bytearray()
    while chunk := data.recv(size):
        received += chunk
    return bytes(received)


def named_content(name):
    """What pub/named.bin of the server with this name holds."""
    line = name.encode() + b"\n"
    return line * (8 * content.MIB // len(line))


def transfers_work(control, servers, sessions=6):
    """Each session reads from its own server, and an upload arrives there."""
    login = (servers[0].user, servers[0].password)
    seen = set()
    for number in range(sessions):
        with Session(control, login, epsv=number % 2) as session:
            home = session.server_name()
            assert session.read("pub/named.bin") == named_content(home)
            session.write(f"incoming/shape-{number}", home.encode())
            server, = [server for server in servers if server.name == home]
            with open(server.path("incoming", f"shape-{number}")) as file:
                assert file.read() == home
            seen.add(home)
    return seen


class Api:
    """A client of one socket of the runtime API; every question is a connection."""

    def __init__(self, path):
        self.path = path

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(20)
        until(lambda: os.path.exists(self.path), 20, "the socket of the runtime API")
        connection.connect(self.path)
        return connection

    def send(self, text):
        with self.connect() as connection:
            connection.sendall(text.encode())
            return drain(connection).decode()

    def __call__(self, command):
        """The answer without the empty line behind it."""
        answer = self.send(command + "\n")
        assert answer.endswith("\n")
        return answer[:-1]

    def rows(self, command, title="# "):
        """The fields of each line below the title."""
        lines = self(command).splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith(title))
        names = lines[at][len(title):].split()
        return [dict(zip(names, line.split())) for line in lines[at + 1:]]
