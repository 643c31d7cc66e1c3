"""An FTPS client that is made of such connections."""

import socket

from lib.wire.end import Wire, client_context


class WireSession:
    def __init__(self, place, front="explicit-P", version=None, login=True, **options):
        """options: those of Wire, for the control connection."""
        self.address = place.address
        self.context = client_context(place.certificates.ca, version)
        raw = socket.create_connection(place.where(front), 20)
        if front.startswith("explicit"):
            self._auth(raw)
        self.control = Wire(raw, self.context, **options)
        self.greeting = self.reply() if front.startswith("implicit") else None
        if login:
            self.log_in(place.login)

    @staticmethod
    def _auth(raw):
        with raw.makefile("rb") as lines:
            assert lines.readline().startswith(b"220")
            raw.sendall(b"AUTH TLS\r\n")
            assert lines.readline().startswith(b"234")

    def log_in(self, login):
        user, password = login
        if self.ask(f"USER {user}").startswith("331"):
            assert self.ask(f"PASS {password}").startswith("230")
        for command in ("PBSZ 0", "PROT P", "TYPE I"):
            assert self.ask(command).startswith("200"), command

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.control.close()

    def reply(self):
        """The whole of it."""
        lines = [self.control.readline()]
        while lines[-1] and not (lines[-1][:3] == lines[0][:3] and lines[-1][3:4] == " "):
            lines.append(self.control.readline())
        return "".join(lines)

    def send(self, command):
        self.control.sendall(f"{command}\r\n".encode())

    def ask(self, command):
        self.send(command)
        return self.reply()

    def connect(self):
        """A socket to a data port."""
        port = int(self.ask("EPSV").split("|")[3])
        return socket.create_connection((self.address, port), 20)

    def transfer(self, command, **options):
        """Its data connection, behind the 150; options: those of Wire."""
        raw = self.connect()
        preliminary = self.ask(command)
        assert preliminary.startswith("150") or preliminary.startswith("125"), preliminary
        return Wire(raw, self.context, session=self.control.tls.get_session(), **options)

    def read(self, path, **options):
        """The whole file, whose end must be clean."""
        with self.transfer(f"RETR {path}", **options) as data:
            got = data.drain()
        assert self.reply().startswith("226")
        return got

    def write(self, path, content, **options):
        with self.transfer(f"STOR {path}", **options) as data:
            data.sendall(content)
            data.unwrap()
        assert self.reply().startswith("226")
