"""What TLS allows and few peers do, and how haftp ends its connections: each byte is the test's."""

import os
import socket
import time

import pytest
from OpenSSL import SSL

from lib.fake_ftps import FtpsServer
from lib.fakes import Fake
from lib.ftps import ftps_place
from lib.session import Session, named_content
from lib.wait import until
from lib.wire.end import Cut, Wire, client_context, server_context
from lib.wire.session import WireSession

each_version = pytest.mark.parametrize("version", ("1.2", "1.3"))


@pytest.fixture
def server(lab):
    return lab.farm("pyftpdlib")[0]


class Behind:
    """haftp in front of a server that is made of such connections."""

    def __init__(self, lab, version=None, piece=None, **wrong):
        context = server_context(lab.certificates.server, version)
        self.wires = []

        def secure(raw):
            self.wires.append(Wire(raw, context, server=True, piece=piece))
            return self.wires[-1]
        self.server = FtpsServer(lab.certificates.server, secure=secure, **wrong)
        fake = Fake("fake", lab.net.server(), self.server)
        fake.user, fake.password = "alice", "secret"
        self.place = ftps_place(lab, fake, "starttls")

    def session(self):
        return Session(self.place.where("plain"), ("alice", "secret"))


# ---- byte by byte ----------------------------------------------------------------------------

@each_version
@pytest.mark.parametrize("front", ("explicit-P", "implicit-P"))
def test_client_byte_by_byte(lab, server, front, version):
    place = ftps_place(lab, server, bind_words="data-tls-reuse")
    with WireSession(place, front, version, piece=1) as session:
        session.write("incoming/bytes", b"one by one" * 50, piece=1)
        assert session.read("incoming/bytes", piece=1) == b"one by one" * 50
        assert session.read("pub/empty", piece=1) == b""


@each_version
def test_server_byte_by_byte(lab, version):
    there = Behind(lab, version, piece=1)
    with there.session() as session:
        assert session.read("x") == b"half of it"
        session.write("x", b"y" * 5000)
        assert there.server.taken == 5000


# ---- how it ends -----------------------------------------------------------------------------

@each_version
@pytest.mark.parametrize("front", ("explicit-P", "implicit-P"))
def test_close_notify_of_data(lab, server, front, version):
    """Wire reads no end that is not a clean one."""
    place = ftps_place(lab, server)
    with WireSession(place, front, version) as session:
        assert session.read("WELCOME").decode().strip() == server.name
        assert session.read("pub/named.bin") == named_content(server.name)
        assert session.read("pub/empty") == b""
        for size in (0, 1, 200_000):
            session.write("incoming/ends", b"x" * size)
            assert os.path.getsize(server.path("incoming", "ends")) == size
        with session.transfer("LIST") as data:
            assert b"pub" in data.drain()
        assert session.reply().startswith("226")


@pytest.mark.parametrize("front", ("explicit-P", "implicit-P"))
def test_close_notify_of_control(lab, server, front):
    place = ftps_place(lab, server, more_defaults=["timeout client 700ms"])
    with WireSession(place, front) as session:
        assert session.ask("QUIT").startswith("221")
        assert session.control.drain() == b""
    with WireSession(place, front) as session:
        assert session.control.drain().startswith(b"421 ")


def test_close_notify_of_control_when_the_server_goes(lab):
    server, = lab.servers("pyftpdlib", 1)
    place = ftps_place(lab, server)
    with WireSession(place) as session:
        server.kill()
        assert session.control.drain().startswith(b"421 ")


@each_version
def test_close_notify_to_servers(lab, version):
    """Of either kind of transfer, and of the control connection: Wire.drain() of the fake would
    fail."""
    there = Behind(lab, version)
    with there.session() as session:
        session.write("x", b"")
        assert there.server.taken == 0
        session.write("x", b"x" * 100_000)
        assert there.server.taken == 100_000
        assert session.read("x") == b"half of it"
    until(lambda: there.wires[0].raw.fileno() < 0, 10, "the end of the control connection")
    assert all(wire.has_ended for wire in there.wires)


# ---- who cuts off ----------------------------------------------------------------------------

def test_upload_that_is_cut_off(lab):
    """The server must not take what came for all there is; nor the client believe that it did."""
    there = Behind(lab)
    there.server.taken = "nothing yet"
    with WireSession(there.place) as session:
        with session.transfer("STOR x") as data:
            data.sendall(b"half of it")
            data.raw.shutdown(socket.SHUT_WR)
            assert session.reply().startswith("426")
    until(lambda: there.server.taken is None, 10, "the server to see it cut off")


@pytest.mark.parametrize("command", ("RETR x", "STOR x"))
def test_server_resets_data(lab, command):
    there = Behind(lab, data="reset")
    with WireSession(there.place) as session:
        with session.transfer(command) as data:
            with pytest.raises((OSError, Cut)):
                data.drain()
        assert session.reply().startswith("426")
        there.server.data = "clean"
        assert session.read("x") == b"half of it"


def test_control_connection_is_cut_off(lab):
    """On either side: the session ends, and a client that is still there reads why."""
    there = Behind(lab)
    session = WireSession(there.place)
    session.control.raw.shutdown(socket.SHUT_WR)
    assert session.control.drain() == b""
    with WireSession(there.place) as session:
        there.wires[-1].raw.shutdown(socket.SHUT_RDWR)
        assert session.control.drain().startswith(b"421 ")


# ---- new keys --------------------------------------------------------------------------------

@pytest.mark.parametrize("ask", (False, True))
def test_client_changes_keys(lab, server, ask):
    """In the middle of transfers both ways, and between commands."""
    place = ftps_place(lab, server, more_global=["tune.sndbuf.client 65536"])
    wanted, step = named_content(server.name), 1 << 18
    with WireSession(place, version="1.3") as session:
        with session.transfer("RETR pub/named.bin") as data:
            data.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            got = bytearray()
            while len(got) < len(wanted) - 8 * step:  # more is on its way
                end = len(got) + step
                while len(got) < end:
                    got += data.recv(1 << 16)
                data.update_keys(ask)
            assert got + data.drain() == wanted
        assert session.reply().startswith("226")
        session.control.update_keys(ask)
        with session.transfer("STOR incoming/keys") as data:
            for at in range(0, len(wanted), step):
                data.update_keys(ask)
                data.sendall(wanted[at:at + step])
            data.unwrap()
        assert session.reply().startswith("226")
        with open(server.path("incoming", "keys"), "rb") as file:
            assert file.read() == wanted
        session.control.update_keys(ask)
        assert session.ask("NOOP").startswith("200")


def test_client_asks_for_keys_and_does_not_read(lab, server):
    """The answers wait behind what waits already, and nothing of it is lost."""
    place = ftps_place(lab, server, more_global=["tune.sndbuf.client 65536"])
    with WireSession(place, version="1.3") as session:
        with session.transfer("RETR pub/named.bin") as data:
            data.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            got = data.recv(1)
            for _ in range(20):
                data.update_keys()
            assert got + data.drain() == named_content(server.name)
        assert session.reply().startswith("226")


@pytest.mark.parametrize("ask", (False, True))
def test_server_changes_keys(lab, ask):
    there = Behind(lab, "1.3")
    there.server.before_piece = lambda data: data.update_keys(ask)
    with there.session() as session:
        for _ in range(3):
            assert session.read("x") == b"half of it"
            session.write("x", b"x" * 300_000)
            assert there.server.taken == 300_000


# ---- the first flight ------------------------------------------------------------------------

@pytest.mark.parametrize("words", ("", "data-tls-reuse"))
def test_early_data_is_not_heard(lab, server, words):
    """Somebody could send it again (RFC 8446, 8): no ticket allows it, and who sends it all the
    same is refused that, and no more."""
    place = ftps_place(lab, server, bind_words=words)
    with WireSession(place, "implicit-P", "1.3") as session:
        ticket = session.control.tls.get_session()
        with WireSession(place, "implicit-P", "1.3", login=False, session=ticket,
                         begun=lambda wire: wire.send_early(b"REIN\r\nREIN\r\n")) as again:
            assert again.control.early_was_refused and again.greeting.startswith("220")
            assert again.ask("NOOP").startswith("200")
        with session.transfer("STOR incoming/early",
                              begun=lambda wire: wire.send_early(b"twice")) as data:
            assert data.early_was_refused and data.resumed
            data.sendall(b"once")
            data.unwrap()
        assert session.reply().startswith("226")
        with open(server.path("incoming", "early"), "rb") as file:
            assert file.read() == b"once"


def test_huge_hello(lab, server):
    """Of several records; one that claims to have 16 MiB is not waited for."""
    place = ftps_place(lab, server)
    context = client_context(lab.certificates.ca)
    context.set_alpn_protos([b"%0200d" % number for number in range(300)] + [b"ftp"])
    with socket.create_connection(place.where("implicit-P"), 20) as raw:
        wire = Wire(raw, context)
        assert wire.readline().startswith("220")
    with socket.create_connection(place.where("implicit-P"), 20) as raw:
        raw.sendall(b"\x16\x03\x01\x03\xec\x01\xff\xff\xff" + bytes(1000))
        raw.settimeout(10)
        assert raw.recv(1) == b"\x15"  # an alert
    place.haftp.wait_log("SSL handshake failure")


# ---- sessions --------------------------------------------------------------------------------

@each_version
def test_a_session_outlives_its_lifetime(lab, server, version):
    """A control connection may be idle for longer than tickets are good for elsewhere; its data
    connections resume it all the same."""
    place = ftps_place(lab, server, bind_words="data-tls-reuse",
                       more_global=["tune.ssl.lifetime 1s"])
    with WireSession(place, version=version) as session:
        time.sleep(2.1)  # OpenSSL counts whole seconds
        for _ in range(2):
            assert session.read("WELCOME").decode().strip() == server.name


@each_version
def test_tickets_of_other_sessions(lab, server, version):
    """Nobody resumes with them, neither a control connection nor a data connection: they belong to
    another control connection, even of the same client."""
    place = ftps_place(lab, server)
    with WireSession(place, version=version) as session:
        ticket = session.control.tls.get_session()
        assert session.read("WELCOME")
    with WireSession(place, version=version, session=ticket) as session:
        assert not session.control.resumed
        with session.transfer("RETR WELCOME") as data:
            assert data.resumed
            data.drain()
        session.reply()
        raw = session.connect()
        session.ask("RETR WELCOME")
        with Wire(raw, session.context, session=ticket) as data:
            assert not data.resumed and data.drain().decode().strip() == server.name


# ---- TLS 1.2 ---------------------------------------------------------------------------------

def test_client_renegotiates(lab, server):
    """It is told that there will be no other handshake."""
    place = ftps_place(lab, server)
    with WireSession(place, version="1.2") as session:
        with session.transfer("STOR incoming/again") as data:
            for wire in (data, session.control):
                assert wire.tls.renegotiate()
                with pytest.raises(SSL.Error, match="no renegotiation"):
                    wire.until_done(wire.tls.do_handshake)
