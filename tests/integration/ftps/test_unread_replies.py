"""What was said in TLS and waits there: nothing goes ahead of it, and it gets through."""

import select
import socket
import ssl
import time

import pytest

from lib.fakes import Fake
from lib.ftps import ftps_place

LONG_LINES, FILE = 10, b"a small file"


class Talker:
    """A server whose HELP is more than a client without much room takes at once."""

    def __init__(self, replies):
        self.replies = replies  # to RETR

    def __call__(self, connection):
        connection.sendall(b"220 ready\r\n")
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                self._answer(connection, line.split()[0])

    def _answer(self, connection, verb):
        if verb == b"EPSV":
            self._listener = socket.create_server((connection.getsockname()[0], 0))
            port = self._listener.getsockname()[1]
            connection.sendall(b"229 Entering Extended Passive Mode (|||%d|)\r\n" % port)
        elif verb == b"HELP":
            connection.sendall((b"214-" + b"x" * 4000 + b"\r\n") * LONG_LINES + b"214 end\r\n")
        elif verb == b"RETR":
            with self._listener, self._listener.accept()[0] as data:
                data.sendall(FILE)
            for reply in self.replies:
                connection.sendall(reply)
        elif verb == b"QUIT":
            connection.sendall((b"221-" + b"x" * 4000 + b"\r\n") * LONG_LINES + b"221 bye\r\n")
            connection.close()
        else:
            connection.sendall(b"230 ok\r\n")


class Client:
    """It has TLS, little room, and reads only when told to."""

    def __init__(self, place):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        sock.settimeout(10)
        sock.connect(place.where("implicit-C"))
        context = ssl.create_default_context(cafile=place.certificates.ca)
        context.check_hostname = False
        self.sock = context.wrap_socket(sock)
        self.lines = self.sock.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lines.close()
        self.sock.close()

    def reply(self, code):
        for line in self.lines:
            if line.startswith(b"%d " % code):
                return line
        raise AssertionError(f"no {code} came")

    def ask(self, command, code):
        self.sock.sendall(command + b"\r\n")
        return self.reply(code)


@pytest.mark.parametrize("replies", ((b"150 here\r\n226 done\r\n",),
                                     (b"150 here\r\n", b"226 done\r\n")),
                         ids=("together", "apart"))
def test_no_byte_before_a_150_that_waits_in_tls(lab, replies):
    """The 150 stands behind replies that the client has not read, encrypted already."""
    fake = Fake("fake", lab.net.server(), Talker(replies))
    fake.user, fake.password = "alice", "secret"
    place = ftps_place(lab, fake, more_global=("tune.sndbuf.client 4096",))
    with Client(place) as client:
        client.reply(220)
        client.ask(b"USER alice", 230)
        client.ask(b"PBSZ 0", 200)
        client.ask(b"PROT C", 200)
        port = int(client.ask(b"EPSV", 229).split(b"|")[3])
        with socket.create_connection((place.where("implicit-C")[0], port), 10) as data:
            client.sock.sendall(b"HELP\r\nRETR file\r\n")
            assert select.select([data], [], [], 0.4)[0] == []
            client.reply(214)
            client.reply(150)
            with data.makefile("rb") as file:
                assert file.read() == FILE
            client.reply(226)


def test_last_words_that_wait_in_tls(lab):
    """A client that has ended its own side may still read."""
    fake = Fake("fake", lab.net.server(), Talker(()))
    fake.user, fake.password = "alice", "secret"
    place = ftps_place(lab, fake, more_global=("tune.sndbuf.client 4096",))
    with Client(place) as client:
        client.reply(220)
        client.sock.sendall(b"QUIT\r\n")
        socket.socket.shutdown(client.sock, socket.SHUT_WR)
        time.sleep(0.4)
        client.reply(221)
