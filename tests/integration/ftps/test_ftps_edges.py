"""FTPS where somebody does something wrong, or wants more than the other side gives."""

import ftplib
import io
import re
import socket
import ssl
import struct
import time

import pytest

from lib import content
from lib.clients import Ftplib
from lib.fake_ftps import FtpsServer, drop
from lib.fakes import Fake, hang
from lib.ftps import EXPLICIT_PORT, ftps_place
from lib.haftp import head
from lib.session import Session, TlsSession, drain
from lib.tls import ClientTls, ServerTls
from lib.wait import until


@pytest.fixture
def server(lab):
    return lab.farm("pyftpdlib")[0]


def raw(where):
    """A connection on which the greeting has been read, and a file of its lines."""
    connection = socket.create_connection(where, 10)
    lines = connection.makefile("rb")
    assert lines.readline().startswith(b"220")
    return connection, lines


def says(session, command):
    """The reply, whatever it is."""
    session.putcmd(command)
    return session.getmultiline()


def plain_login(place):
    return Session(place.where("explicit-P"), place.login)


def secure_login(place, **options):
    return TlsSession(place.where("explicit-P"), place.login, place.tls("explicit-P"), **options)


# ---- the client's side -----------------------------------------------------------------------

def test_features(lab, server):
    place = ftps_place(lab, server)
    for front, wanted in (("plain", set()), ("explicit-P", {"AUTH TLS", "PBSZ", "PROT"})):
        with Session(place.where(front)) as session:
            lines = says(session, "FEAT").splitlines()
            own = {"AUTH TLS", "PBSZ", "PROT"} & {line.strip() for line in lines}
            assert own == wanted and lines[-1].startswith("211 ")
    with TlsSession(place.where("implicit-P"), place.login, place.tls("implicit-P")) as session:
        lines = {line.strip() for line in says(session, "FEAT").splitlines()}
        assert {"PBSZ", "PROT"} <= lines and "AUTH TLS" not in lines


def test_commands(lab, server):
    place = ftps_place(lab, server)
    with Session(place.where("explicit-P")) as session:
        assert says(session, "PBSZ 0").startswith("503")
        assert says(session, "PROT P").startswith("503")
        assert says(session, "CCC").startswith("503")
        assert says(session, "AUTH GSSAPI").startswith("504")
        assert says(session, "AUTH").startswith("504")
        assert says(session, f"USER {server.user}").startswith("331")
        assert says(session, "AUTH TLS").startswith("503")
    with Session(place.where("plain")) as session:
        assert says(session, "AUTH TLS")[0] in "45"
    session = TlsSession(place.where("explicit-P"), None, place.tls("explicit-P"))
    with session:
        assert says(session, "AUTH TLS").startswith("503")
        assert says(session, "PROT P").startswith("503")
        assert says(session, "PBSZ many").startswith("501")
        assert says(session, "PBSZ 4096") == "200 PBSZ=0"
        assert says(session, "PROT S").startswith("536")
        assert says(session, "PROT X").startswith("504")
        assert says(session, "CCC").startswith("534")
        assert says(session, "ADAT abc=").startswith("503")
        session.login(*place.login, secure=False)


@pytest.mark.parametrize("word", ("SSL", "TLS-P", "tls-c"))
def test_other_names_of_auth(lab, server, word):
    """SSL and TLS-P are TLS with PROT P, TLS-C is TLS with PROT C."""
    place = ftps_place(lab, server)
    session = Session(place.where("explicit-P"))
    assert says(session, f"AUTH {word}").startswith("234")
    context = place.tls("explicit-P").context()
    session.sock = context.wrap_socket(session.sock)
    session.file = session.sock.makefile("r", encoding="utf-8")
    session.login(*place.login)
    with session:
        data = session.transfercmd("RETR WELCOME")
        if word != "tls-c":
            data = context.wrap_socket(data, session=session.sock.session)
        assert drain(data).decode().strip() == server.name
        session.voidresp()


def test_required(lab, server):
    place = ftps_place(lab, server, starttls="starttls-required", bind_words="data-tls-required")
    with Session(place.where("explicit-P")) as session:
        assert says(session, f"USER {server.user}").startswith("530")
        assert says(session, f"PASS {server.password}").startswith("530")
        assert says(session, "NOOP")[0] in "25"
    with secure_login(place) as session:
        assert session.server_name() == server.name
        assert says(session, "PROT C").startswith("534")
        assert session.server_name() == server.name
    session = TlsSession(place.where("explicit-P"), None, place.tls("explicit-P"))
    with session:
        session.login(*place.login, secure=False)
        session.sendcmd("EPSV")
        assert says(session, "RETR WELCOME").startswith("521")
        session.sendcmd("PBSZ 0")
        session.prot_p()
        assert session.server_name() == server.name


def test_data_is_required_to_be_private_whatever_the_command(lab):
    """Of a command that haftp does not know, the server's 1xx tells that it is a transfer."""
    def serve(connection):
        connection.sendall(b"220 Fake.\r\n")
        listener = socket.create_server((connection.getsockname()[0], 0))
        listener.settimeout(2)
        for line in connection.makefile("rb"):
            verb = line.split()[0].decode()
            connection.sendall({"USER": b"331 ok\r\n", "PASS": b"230 in\r\n",
                                "XRETR": b"150 go\r\n",
                                "EPSV": b"229 ok (|||%d|)\r\n" % listener.getsockname()[1]}
                               .get(verb, b"200 ok\r\n"))
            if verb == "XRETR":
                try:
                    data, _ = listener.accept()
                    data.sendall(b"secret")
                    data.close()
                    connection.sendall(b"226 done\r\n")
                except OSError:  # haftp was quicker to give the transfer up
                    connection.sendall(b"426 nobody there\r\n")

    with Fake("fake", lab.net.server(), serve) as fake:
        fake.user, fake.password = "alice", "secret"
        place = ftps_place(lab, fake, starttls="starttls-required", bind_words="data-tls-required")
        session = TlsSession(place.where("explicit-P"), None, place.tls("explicit-P"))
        with session:
            session.login(*place.login, secure=False)
            port = int(session.sendcmd("EPSV").split("|")[3])
            with socket.create_connection((place.address, port), 10) as data:
                session.putcmd("XRETR file")
                assert session.getmultiline().startswith("150")
                with pytest.raises(ConnectionResetError):
                    assert data.recv(100) == b"" and False, "bytes in the clear"
                assert session.getmultiline().startswith("522")


def test_nothing_overtakes_auth(lab, server):
    """What is sent behind AUTH before its answer is said in the clear: the session ends."""
    place = ftps_place(lab, server)
    connection, lines = raw(place.where("explicit-P"))
    with connection:
        connection.sendall(b"NOOP\r\nAUTH TLS\r\nABOR\r\n")
        assert lines.readline()[:1] in (b"2", b"5")
        rest = lines.read()
        assert rest.count(b"\r\n") <= 1 and not rest.startswith((b"225", b"226")), rest


def test_prot_is_per_transfer(lab, server):
    place = ftps_place(lab, server)
    with secure_login(place) as session:
        for protect in (True, False, False, True):
            session.tls = place.tls("explicit-P" if protect else "explicit-C")
            session.sendcmd(f"PROT {'P' if protect else 'C'}")
            assert session.server_name() == server.name


def test_rein(lab, server):
    """The login and PROT are forgotten, TLS is not."""
    place = ftps_place(lab, server)
    with secure_login(place) as session:
        assert says(session, "REIN").startswith("2")
        assert says(session, "PROT P").startswith("503")
        session.log_in(place.login)
        assert session.server_name() == server.name


@pytest.mark.parametrize("behind", (b"USER eve\r\n", b"N"))
def test_bytes_behind_auth(lab, server, behind):
    """Whoever can write into the connection must not be able to speak in the client's TLS."""
    place = ftps_place(lab, server)
    connection, lines = raw(place.where("explicit-P"))
    connection.sendall(b"AUTH TLS\r\n" + behind)
    rest = lines.read()
    assert rest in (b"", b"234 TLS begins now.\r\n")
    place.haftp.wait_log("behind AUTH")


def test_pipelined_before_auth(lab, server):
    """What came in the clear is answered in the clear, then TLS begins."""
    place = ftps_place(lab, server)
    connection, lines = raw(place.where("explicit-P"))
    connection.sendall(b"NOOP\r\nSYST\r\nAUTH TLS\r\n")
    assert [lines.readline()[:3] for _ in range(3)] == [b"200", b"215", b"234"]
    secure = place.tls("explicit-P").context().wrap_socket(connection)
    secure.sendall(b"NOOP\r\n")
    assert secure.recv(100).startswith(b"200")


@pytest.mark.parametrize("front", ("explicit-P", "implicit-P"))
def test_garbage_instead_of_a_handshake(lab, server, front):
    place = ftps_place(lab, server)
    connection = socket.create_connection(place.where(front), 10)
    if front == "explicit-P":
        lines = connection.makefile("rb")
        lines.readline()
        connection.sendall(b"AUTH TLS\r\n")
        assert lines.readline().startswith(b"234")
    connection.sendall(b"USER alice\r\nPASS wonder\r\n")
    try:
        while connection.recv(1000):
            pass
    except ConnectionResetError:
        pass
    place.haftp.wait_log("TLS handshake failed|SSL handshake failure")


@pytest.mark.parametrize("front", ("explicit-P", "implicit-P"))
def test_no_handshake_at_all(lab, server, front):
    place = ftps_place(lab, server, more_defaults=["timeout client 500ms"])
    connection = socket.create_connection(place.where(front), 10)
    connection.settimeout(8)
    if front == "explicit-P":
        lines = connection.makefile("rb")
        lines.readline()
        connection.sendall(b"AUTH TLS\r\n")
        assert lines.readline().startswith(b"234")
    assert connection.recv(100) == b""


def test_server_refuses_the_transfer(lab, server):
    """No handshake then: the client may never begin one."""
    place = ftps_place(lab, server)
    with secure_login(place) as session:
        for _ in range(3):
            port = ftplib.parse229(session.sendcmd("EPSV"), session.sock.getpeername())[1]
            with session.dial((place.address, port)) as data:
                assert says(session, "RETR nothing").startswith("550")
                assert data.recv(1) == b""
        assert session.server_name() == server.name


def assert_refused(session, code):
    """The data connection breaks, or is ended before; then the reply comes."""
    try:
        session.server_name()
    except OSError:
        assert session.getmultiline().startswith(code)
    except ftplib.Error as error:
        assert str(error).startswith(code)
    else:
        raise AssertionError("the transfer succeeded")


def test_reuse_is_demanded(lab, server):
    place = ftps_place(lab, server, bind_words="data-tls-reuse")
    for version in ("1.2", "1.3"):
        tls = place.tls("explicit-P", version)
        with TlsSession(place.where("explicit-P"), place.login, tls) as session:
            for _ in range(3):
                assert session.server_name() == server.name
        with TlsSession(place.where("explicit-P"), place.login, tls, resume=False) as session:
            assert_refused(session, "522")
    place.haftp.wait_log("was not resumed")


def test_a_ticket_for_each_data_connection(lab, server):
    """Clients of TLS 1.3 may use each ticket once: there is always a new one, also for uploads, and
    behind transfers that follow each other quickly."""
    place = ftps_place(lab, server, bind_words="data-tls-reuse")
    with TlsSession(place.where("explicit-P"), place.login, place.tls("explicit-P", "1.3")) as \
            session:
        used = set()
        for number in range(8):
            used.add(session.sock.session.id)
            if number % 2:
                session.storbinary("STOR incoming/tickets", io.BytesIO(b"x" * 100_000))
            else:
                assert session.server_name() == server.name
            assert len(used) == number + 1


def test_sessions_of_others_are_no_reuse(lab, server):
    """Only the session of this very control connection proves that the client is the same."""
    place = ftps_place(lab, server, bind_words="data-tls-reuse")
    with secure_login(place) as other, secure_login(place) as session:
        session.wrap_data = lambda data: session.context.wrap_socket(
            data, server_hostname=session.host, session=other.sock.session)
        session.context = other.context
        assert_refused(session, "522")
    place.haftp.wait_log("was not resumed")


def test_lines_of_transfers_tell_whether_they_were_protected(lab, server):
    place = ftps_place(lab, server, more=["option ftplog"])
    with secure_login(place) as session:
        session.retrlines("LIST", str)
        session.resume = False
        session.storbinary("STOR incoming/new", io.BytesIO(b"x"))
        session.sendcmd("PROT C")
        session.tls = place.tls("explicit-C")
        session.retrlines("NLST", str)
    place.haftp.wait_log(r" ftps~ .* LIST down/passive/A TLSv1\.3/resumed 226 ")
    place.haftp.wait_log(r" ftps~ .* STOR up/passive/I TLSv1\.3 226 ")
    place.haftp.wait_log(r" ftps .* NLST down/passive/A - 226 ")
    place.haftp.wait_log(r" ftps~ .* session - TLSv1\.3 ")
    assert "refused" not in place.haftp.log()


@pytest.mark.parametrize("version", ("1.2", "1.3"))
def test_a_refused_data_connection_begins_nothing(lab, server, version):
    """Its TLS session is as unknown as it is itself."""
    place = ftps_place(lab, server, bind_words="data-tls-reuse")
    tls = place.tls("explicit-P", version)
    with TlsSession(place.where("explicit-P"), place.login, tls) as session:
        begun = []

        def wrap(data):
            secure = session.context.wrap_socket(data, server_hostname=session.host,
                                                 session=begun[-1] if begun else None)
            begun.append(secure.session)
            return secure

        session.wrap_data = wrap
        for _ in range(3):
            assert_refused(session, "522")
        del session.wrap_data
        assert session.server_name() == server.name


@pytest.mark.parametrize("lenient", (False, True))
def test_upload_without_close_notify(lab, server, lenient):
    place = ftps_place(lab, server, bind_words="data-tls-eof-lenient" if lenient else "")
    with secure_login(place) as session:
        data = session.transfercmd("STOR incoming/cut")
        data.sendall(b"half of it")
        socket.socket.shutdown(data, socket.SHUT_WR)
        reply = session.getmultiline()
        assert reply.startswith("226" if lenient else "426"), reply
    if not lenient:
        place.haftp.wait_log("without close_notify")


@pytest.mark.parametrize("how", ("garbage", "silence"))
def test_no_tls_on_the_data_connection(lab, server, how):
    place = ftps_place(lab, server, more=["ftp-data wait 700ms"])
    with secure_login(place) as session:
        session.tls = place.tls("explicit-C")  # it only says that it protects
        data = session.transfercmd("RETR pub/named.bin")
        if how == "garbage":
            data.sendall(b"this is no TLS\r\n" * 20)
        reply = session.getmultiline()
        assert reply.startswith("522"), reply
        data.close()
        session.tls = place.tls("explicit-P")
        assert session.server_name() == server.name


# ---- the server's side -----------------------------------------------------------------------

class Fakes:
    """haftp in front of one server that does something wrong."""

    def __init__(self, lab, more_words="", more=(), **wrong):
        self.server = FtpsServer(lab.certificates.server, **wrong)
        self.fake = Fake("fake", lab.net.server(), self.server)
        self.place = ftps_place_of_fake(lab, self.fake, more_words, more)

    def session(self):
        return Session(self.place.where("plain"), ("alice", "secret"))


def ftps_place_of_fake(lab, fake, more_words="", more=(), mode="starttls"):
    fake.user, fake.password = "alice", "secret"
    return ftps_place(lab, fake, mode, more_words=more_words,
                      more=["retries 0", "timeout ftp-greeting 1s", *more])


def refused(place):
    with socket.create_connection(place.where("plain"), 10) as connection:
        reply = connection.makefile("rb").read()
    assert reply.startswith(b"421 ") and reply.count(b"\n") == 1, reply


@pytest.mark.parametrize("wrong, words", (
    ({"auth": "500 What?"}, "AUTH TLS was answered with 500"),
    ({"auth": "500 What?"}, "the server refused TLS"),
    ({"auth": "234 Go on.", "behind": b"200 injected\r\n"}, "before TLS"),
    ({"prot": "536 No."}, "PROT P was answered with 536"),
    ({"auth": None}, "421 for client"),
    ({"secure": drop}, "421 for client"),
))
def test_server_cannot_be_brought_to_tls(lab, wrong, words):
    """The client reads 421, and the server nothing of the client's in the clear."""
    there = Fakes(lab, **wrong)
    refused(there.place)
    there.place.haftp.wait_log(words)
    assert set(there.server.heard_in_clear) == {"AUTH TLS"}


def test_implicit_server_is_silent(lab):
    with Fake("fake", lab.net.server(), hang) as fake:
        place = ftps_place_of_fake(lab, fake, mode="ssl")
        refused(place)
        assert fake.connections == 1


@pytest.mark.parametrize("early", ("503 Log in first.", "530 Log in first."))
def test_server_wants_prot_behind_the_login(lab, early):
    """It is asked again before it hears anything else."""
    there = Fakes(lab, early=early)
    with there.session() as session:
        for _ in range(2):
            assert session.read("x") == b"half of it"
    assert there.server.heard[:5] == ["PBSZ 0", "PROT P", "USER alice", "PBSZ 0", "PROT P"]
    assert there.server.heard.count("PROT P") == 2


def test_server_has_no_prot_behind_the_login_either(lab):
    """No file goes without TLS."""
    there = Fakes(lab, early="530 Log in first.", prot="536 No.")
    with Session(there.place.where("plain")) as session:
        assert says(session, "USER alice").startswith("230")
        assert drain(session.sock) == b"421 The server does not protect data connections.\r\n"
    there.place.haftp.wait_log("PROT P behind the login was answered with 536")


@pytest.mark.parametrize("mode", ("starttls", "ssl"))
@pytest.mark.parametrize("words", ("ca-file {other}", "verifyhost another.example.org"))
def test_certificate_is_not_good(lab, mode, words):
    server, = lab.servers("vsftpd", 1, tls=ServerTls(implicit=mode == "ssl"))
    words = words.format(other=lab.certificates.path("other"))
    place = ftps_place(lab, server, mode, more_words=words, more=["retries 0"])
    refused(place)
    place.haftp.wait_log("TLS handshake failed")


def test_next_server_after_a_bad_one(lab, server):
    """A server without TLS is one that is down."""
    good, = lab.servers("pyftpdlib", 1, tls=ServerTls())
    place = ftps_place(lab, good, "starttls", more=[
        "balance first",
        f"server bad {server.address}:{server.port} starttls verify none"])
    place.login = good.user, good.password
    for _ in range(3):
        with Session(place.where("plain"), place.login) as session:
            assert session.server_name() == good.name


def test_download_without_close_notify(lab):
    """A file that somebody on the way has cut off must not look complete."""
    with Fakes(lab, data="cut").session() as session:
        data = session.transfercmd("RETR x")
        with pytest.raises(ConnectionResetError):
            drain(data)
        assert session.getmultiline().startswith("426")


def test_download_without_close_notify_from_a_lenient_server(lab):
    with Fakes(lab, "data-tls-eof-lenient", data="cut").session() as session:
        assert session.read("x") == b"half of it"


@pytest.mark.parametrize("front", ("plain", "explicit-P"))
def test_a_client_that_ends_first(lab, front):
    """It says that it sends nothing, and wants the whole file all the same."""
    there = Fakes(lab, data="wary")
    if front == "plain":
        with there.session() as session:
            data = session.transfercmd("RETR x")
            data.shutdown(socket.SHUT_WR)
            assert drain(data) == b"half of it, and the rest"
            assert session.voidresp().startswith("226")
        return
    where, tls = there.place.where(front), there.place.tls(front)
    with TlsSession(where, ("alice", "secret"), tls) as session:
        session.wrap_data = lambda data: data
        data = session.transfercmd("RETR x")
        assert _read_after_own_end(session, data) == b"half of it, and the rest"
        assert session.voidresp().startswith("226")


def _read_after_own_end(session, data):
    """close_notify right behind the handshake, then all that comes."""
    read, write = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure = session.context.wrap_bio(read, write, server_hostname=session.host,
                                      session=session.sock.session)
    got = b""

    def until_done(step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                data.sendall(write.read())
                read.write(data.recv(1 << 16))
            except ssl.SSLZeroReturnError:
                return b""
    until_done(secure.do_handshake)
    with pytest.raises(ssl.SSLWantReadError):
        secure.unwrap()
    while piece := until_done(lambda: secure.read(1000)):
        got += piece
    data.close()
    return got


@pytest.mark.parametrize("how", ("garbage", "silent"))
def test_server_without_tls_on_the_data_connection(lab, how):
    there = Fakes(lab, data=how)
    with there.session() as session:
        session.transfercmd("RETR x")
        assert session.getmultiline().startswith("426")
    there.place.haftp.wait_log("data connection to server fake")


@pytest.mark.parametrize("front", ("plain", "explicit-P"))
def test_a_150_that_is_long_in_coming(lab, front):
    """Whoever begins TLS only behind it, client or server, is not late."""
    there = Fakes(lab, thinks=2, more=["ftp-data wait 700ms"])
    if front == "plain":
        with there.session() as session:
            assert session.read("x") == b"half of it"
        return
    where, tls = there.place.where(front), there.place.tls(front)
    with TlsSession(where, ("alice", "secret"), tls) as session:
        assert session.read("x") == b"half of it"
        session.wrap_data = lambda data: data  # its time begins behind the 150, and ends
        data = session.transfercmd("RETR x")
        there.place.haftp.wait_log("the client did not begin TLS in time")
        data.close()
        assert session.getmultiline().startswith("421")  # this server leaves, then


# ---- sizes -----------------------------------------------------------------------------------

@pytest.mark.long
@pytest.mark.parametrize("mode", ("plain", "starttls"))
def test_4_gib(lab, mode):
    """Checksums of both ways."""
    size = 4 << 30
    server, = lab.servers("vsftpd", 1, tls=ServerTls() if mode != "plain" else None)
    place = ftps_place(lab, server, mode)
    content.write_sparse(server.path("pub", "large"), size)
    wanted = content.checksum(server.path("pub", "large"))
    client = Ftplib(place.where("explicit-P"), place.login, lab.scratch(), place.tls("explicit-P"))
    local = f"{client.folder}/large"
    client.get("pub/large", local)
    assert content.checksum(local) == wanted
    client.put(local, "incoming/large")
    assert content.checksum(server.path("incoming", "large")) == wanted


# ---- a server chosen by the login ------------------------------------------------------------

def test_routing_by_user(lab):
    """TLS with the client before there is a server, then with the server, for both names."""
    servers = [lab.servers(kind, 1, tls=ServerTls())[0] for kind in ("proftpd", "pyftpdlib")]
    front, certificates = lab.net.front(), lab.certificates
    backends = "".join(f"""
backend {name}
    server {server.name} {server.address}:{server.port} starttls verify required ca-file \
{certificates.ca}
""" for name, server in zip(("one", "two"), servers))
    lab.haftp(head() + f"""
frontend ftp
    bind {front}:{EXPLICIT_PORT} starttls-required crt {certificates.server}
    ftp-data ports 20000-20009
    use_backend one if {{ ftp.user alice }} {{ ftp.tls }}
    default_backend two
{backends}""", (front, EXPLICIT_PORT))
    tls = ClientTls(certificates.ca)
    login = (servers[0].user, servers[0].password)
    with Session((front, EXPLICIT_PORT)) as session:
        assert " AUTH TLS" in says(session, "FEAT").splitlines()
        assert says(session, "USER alice").startswith("530")
    for user, server in ((login, servers[0]), (("anonymous", "me@here"), servers[1])):
        with TlsSession((front, EXPLICIT_PORT), user, tls) as session:
            assert session.server_name() == server.name
            assert session.server_name() == server.name


@pytest.mark.parametrize("front", ("explicit-P", "implicit-P"))
@pytest.mark.parametrize("how", ("reset", "end"))
def test_client_leaves_in_the_handshake(lab, server, front, how):
    """One line that says so, with its reason, and nothing lingers."""
    place = ftps_place(lab, server)
    connection = socket.create_connection(place.where(front), 10)
    if front == "explicit-P":
        lines = connection.makefile("rb")
        lines.readline()
        connection.sendall(b"AUTH TLS\r\n")
        assert lines.readline().startswith(b"234")
        lines.close()
    connection.sendall(b"\x16\x03\x01\x01\x00\x01")
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    before = time.monotonic()
    connection.close()
    why = "connection reset by the peer" if how == "reset" else "the connection ended during"
    if front == "implicit-P":
        place.haftp.wait_log(rf"ftps/3: SSL handshake failure \({why}")
        assert "~ ftps/" not in place.haftp.log()
    else:
        place.haftp.wait_log(f"the TLS handshake failed: {why}")
        place.haftp.wait_log(r" ftps~ ftps/\S+ \S+ \d+ CR ")
    assert time.monotonic() - before < 1.5


def test_no_line_of_who_leaves_in_the_handshake(lab, server):
    """`option dontlognull` is for health checks of others."""
    place = ftps_place(lab, server, more_defaults=["option dontlognull"])
    for end in (False, True):
        with socket.create_connection(place.where("implicit-P"), 10) as connection:
            if end:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      struct.pack("ii", 1, 0))
    with TlsSession(place.where("implicit-P"), place.login, place.tls("implicit-P")) as session:
        assert session.server_name() == server.name
    place.haftp.wait_log(r" ftps~ ftps/\S+ ")
    assert "handshake failure" not in place.haftp.log()
