"""Which end of a data connection says when that all is said, and what may still be on its way."""

import socket
import ssl
import time

import pytest

from lib.clients import Curl, Lftp
from lib.fake_ftps import FtpsServer
from lib.fakes import Fake
from lib.ftps import ftps_place
from lib.session import Session, TlsSession

LOGIN = ("alice", "secret")
FILE = b"half of it"  # what the server sends


class OwnUploads(FtpsServer):
    """take(connection, secure) is what it does with an upload, behind the handshake."""

    def _answer(self, connection, verb, listener):
        if verb != "STOR":
            super()._answer(connection, verb, listener)
            return
        data, _ = listener.accept()
        connection.sendall(b"150 Here it comes.\r\n")
        with self.context.wrap_socket(data, server_side=True) as secure:
            self.take(connection, secure)


class Full(OwnUploads):
    """Breaks an upload off without close_notify, and says why."""

    def take(self, connection, secure):
        secure.recv(100)
        socket.socket.shutdown(secure, socket.SHUT_WR)
        time.sleep(0.2)
        connection.sendall(b"552 No room left.\r\n")


class Mute(OwnUploads):
    """Ends its own side of an upload at once, and believes every end of the client's."""

    def take(self, connection, secure):
        secure.setblocking(False)
        with pytest.raises(ssl.SSLWantReadError):
            secure.unwrap()
        socket.socket.shutdown(secure, socket.SHUT_WR)
        secure.settimeout(10)
        self._take(secure)
        connection.sendall(b"226 Done.\r\n")


class Far:
    """haftp in front of a server with TLS whose tickets and whose 226 come late."""

    def __init__(self, lab, server=FtpsServer, **wrong):
        self.server = server(lab.certificates.server, **wrong)
        fake = Fake("fake", lab.net.server(), self.server)
        fake.user, fake.password = LOGIN
        self.place = ftps_place(lab, fake, "starttls")

    def session(self, front):
        tls = self.place.tls(front)
        if not tls:
            return Session(self.place.where(front), LOGIN)
        return TlsSession(self.place.where(front), LOGIN, tls)


@pytest.mark.parametrize("front", ("plain", "explicit-P"))
@pytest.mark.parametrize("kind", (Curl, Lftp))
def test_uploads_of_clients_that_leave_at_once(lab, kind, front):
    """They send close_notify and FIN, and close without reading ours.  The reset that they answer
    it with must not reach the server, which has yet to read most of the file."""
    there, folder, size = Far(lab, data="far"), lab.scratch(), 400_000
    with open(f"{folder}/file", "wb") as file:
        file.write(b"x" * size)
    client = kind(there.place.where(front), LOGIN, folder, there.place.tls(front))
    client.put(f"{folder}/file", "x")
    assert there.server.taken == size


@pytest.mark.parametrize("how", ("notify and close", "close", "end"))
@pytest.mark.parametrize("front", ("plain", "explicit-P"))
def test_clients_that_know_the_size(lab, front, how):
    """They end their side between the last byte and the server's 226."""
    with Far(lab, data="far").session(front) as session:
        data = session.transfercmd("RETR x")
        assert data.recv(100) == FILE
        if how == "notify and close" and front != "plain":
            data.setblocking(False)
            with pytest.raises(ssl.SSLWantReadError):
                data.unwrap()
        if how == "end":
            socket.socket.shutdown(data, socket.SHUT_WR)
        else:
            data.close()
        assert session.voidresp().startswith("226")
        data.close()


def test_a_receiver_that_ends_without_close_notify(lab):
    """Nothing can be cut off of what nobody sends."""
    with Far(lab, data="far").session("explicit-P") as session:
        data = session.transfercmd("RETR x")
        socket.socket.shutdown(data, socket.SHUT_WR)
        assert data.recv(100) == FILE
        assert session.voidresp().startswith("226")


@pytest.mark.parametrize("front", ("plain", "explicit-P"))
def test_a_file_cut_off_behind_the_receivers_end(lab, front):
    """The client has said that it sends nothing, but nobody told the server: what ends without
    close_notify may still be cut off, whatever the server says later."""
    with Far(lab, data="cut", thinks=0.3).session(front) as session:
        data = session.transfercmd("RETR x")
        if front != "plain":
            data.suppress_ragged_eofs = False
        with pytest.raises(OSError):  # a reset, perhaps before our own end; or no close_notify
            socket.socket.shutdown(data, socket.SHUT_WR)
            while data.recv(100):
                pass
            raise AssertionError("it ended as if it were whole")
        assert session.getmultiline().startswith("426")


@pytest.mark.parametrize("front", ("plain", "explicit-P"))
def test_why_an_upload_was_broken_off(lab, front):
    """The server's own words are better than that it ended without close_notify: it was not to
    send anything."""
    with Far(lab, Full).session(front) as session:
        data = session.transfercmd("STOR x")
        data.sendall(b"x" * 1000)
        assert session.getmultiline() == "552 No room left."
        data.close()


@pytest.mark.parametrize("clean", (True, False))
def test_an_upload_behind_the_servers_end(lab, clean):
    """That we have told the client the server's end does not make the client's own a clean one."""
    with Far(lab, Mute).session("explicit-P") as session:
        data = session.transfercmd("STOR x")
        data.settimeout(10)
        assert data.recv(1) == b""
        data.sendall(b"x" * 1000)
        if clean:
            data.unwrap()
        data.close()
        assert session.getmultiline().startswith("226" if clean else "426")


def test_pipelined_behind_the_login(lab):
    """A server that takes PROT behind the login only has it before it hears of a file."""
    there = Far(lab, early="530 Log in first.")
    with socket.create_connection(there.place.where("plain"), 10) as connection:
        lines = connection.makefile("rb")
        assert lines.readline().startswith(b"220")
        connection.sendall(b"USER alice\r\nNOOP\r\nEPSV\r\nSTOR x\r\n")
        assert [lines.readline()[:3] for _ in range(2)] == [b"230", b"500"]
        port = int(lines.readline().split(b"|")[3])
        with socket.create_connection((there.place.address, port), 10) as data:
            data.sendall(b"precious")
        assert [lines.readline()[:3] for _ in range(2)] == [b"150", b"226"]
        lines.close()
    heard = [line for line in there.server.heard[2:] if line != "NOOP"]
    assert heard == ["USER alice", "PBSZ 0", "PROT P", "EPSV", "STOR x"]
    assert there.server.taken == len(b"precious")


@pytest.mark.parametrize("front", ("plain", "explicit-P"))
def test_an_upload_by_a_command_that_is_unknown(lab, front):
    """That it is one is seen by who sends; the server hears the file's end, and need not wait."""
    there = Far(lab)
    with there.session(front) as session:
        data = session.transfercmd("XSTO x")
        data.sendall(b"precious")
        if front != "plain":
            data = data.unwrap()
        data.shutdown(socket.SHUT_WR)
        assert session.voidresp().startswith("226")
        data.close()
    assert there.server.taken == len(b"precious")
