"""What administrators set and see: limits, log variables, PROXY headers that tell of TLS."""

import io
import os
import socket
import ssl
import struct
import time

import pytest

from lib import content
from lib.fakes import Fake
from lib.ftps import ftps_place
from lib.haftp import head
from lib.session import Session, TlsSession
from lib.tls import NAME, ServerTls


@pytest.fixture
def server(lab):
    return lab.farm("pyftpdlib")[0]


def secure_login(place, front="explicit-P", **options):
    return TlsSession(place.where(front), place.login, place.tls(front), **options)


# ---- limits ----------------------------------------------------------------------------------

def test_maxsslconn(lab, server):
    """AUTH reads 431, an implicit client waits; both come in when one has left. Plain sessions and
    data connections are not counted."""
    place = ftps_place(lab, server, more_global=["maxsslconn 1"])
    with Session(place.where("plain"), place.login) as plain:
        first = secure_login(place)
        for _ in range(3):
            assert first.server_name() == server.name
            assert plain.server_name() == server.name
        with Session(place.where("explicit-P")) as refused:
            refused.putcmd("AUTH TLS")
            assert refused.getmultiline().startswith("431 ")
            with socket.create_connection(place.where("implicit-P"), 10) as waiting:
                place.haftp.wait_log("maxsslconn 1 of the process is reached")
                first.close()
                waiting.settimeout(10)
                context = place.tls("implicit-P").context()
                with context.wrap_socket(waiting, server_hostname=NAME) as secure:
                    assert secure.recv(4) == b"220 "
            while True:  # until haftp has seen that it left
                refused.putcmd("AUTH TLS")
                if refused.getmultiline().startswith("234 "):
                    break


def test_maxsslconn_of_who_comes_again(lab, server):
    """A session that is over takes no place, though its client has not closed yet."""
    place = ftps_place(lab, server, more_global=["maxsslconn 1"])
    with secure_login(place) as first:
        assert first.sendcmd("QUIT").startswith("221")
        assert first.sock.recv(1) == b""
        start = time.monotonic()
        with secure_login(place) as second:
            assert second.server_name() == server.name
        assert time.monotonic() - start < 1.5


def test_an_implicit_session_that_lingers_takes_no_place(lab, server):
    place = ftps_place(lab, server, more_global=["maxsslconn 1"])
    with secure_login(place, "implicit-P") as first:
        assert first.sendcmd("QUIT").startswith("221")
        assert first.sock.recv(1) == b""
        start = time.monotonic()
        with secure_login(place, "implicit-P") as second:
            assert second.server_name() == server.name
        assert time.monotonic() - start < 1.5


def test_maxsslconn_counts_connections_to_servers(lab):
    """Each session has one; TLS with its client is a second one."""
    there, = lab.servers("vsftpd", 1, tls=ServerTls())
    place = ftps_place(lab, there, "starttls", more_global=["maxsslconn 2"])
    with secure_login(place) as first:
        assert first.server_name() == there.name
        with socket.create_connection(place.where("plain"), 10) as waiting:
            place.haftp.wait_log("maxsslconn 2 of the process is reached")
            first.quit()
            waiting.settimeout(10)
            assert waiting.recv(4) == b"220 "
            with Session(place.where("explicit-P")) as refused:
                refused.putcmd("AUTH TLS")
                assert refused.getmultiline().startswith("431 ")


def test_maxsslrate(lab, server):
    """The next one of this second has to come again, or waits."""
    place = ftps_place(lab, server, more_global=["maxsslrate 1"])
    with Session(place.where("explicit-P")) as one, Session(place.where("explicit-P")) as other:
        for session in (one, other):
            session.putcmd("AUTH TLS")
        assert sorted(session.getmultiline()[:4] for session in (one, other)) == ["234 ", "431 "]
        with secure_login(place, "implicit-P") as late:
            assert late.server_name() == server.name


# ---- log variables ---------------------------------------------------------------------------

def test_log_variables(lab):
    """Of the control connection, in a line of the user's own."""
    server, = lab.servers("vsftpd", 1, tls=ServerTls())
    place = ftps_place(lab, server, "starttls", more=[
        'log-format "tls=%sslv/%sslc/%[ssl_fc_sni]/%[ssl_fc_is_resumed]/%[ssl_fc_alpn] '
        'to=%[ssl_bc_protocol]/%[ssl_bc_cipher]/%[ssl_bc_is_resumed] bytes=%B"'])
    context = ssl.create_default_context(cafile=lab.certificates.ca)
    context.set_alpn_protocols(["ftp"])
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(place.where("implicit-P"), 10) as connection, \
            context.wrap_socket(connection, server_hostname=NAME) as secure:
        lines = secure.makefile("rb")
        assert lines.readline().startswith(b"220")
        secure.sendall(b"QUIT\r\n")
        assert lines.readline().startswith(b"221")
    place.haftp.wait_log(
        rf"tls=TLSv1\.2/ECDHE-\S+/{NAME}/0/ftp to=TLSv1\.3/TLS_\w+/0 bytes=\d+")
    with secure_login(place) as session:
        assert session.server_name() == server.name
    place.haftp.wait_log(r"tls=TLSv1\.3/TLS_\w+/-?/0/-? to=TLSv1\.3/TLS_\w+/0 ")


@pytest.mark.parametrize("version", ("1.2", "1.3"))
def test_lines_of_transfers_tell_of_their_own_tls(lab, version):
    """Whether each end resumed: the server demands it of us, the client does as it likes."""
    server, = lab.servers("vsftpd", 1, tls=ServerTls())
    place = ftps_place(lab, server, "starttls", version, more=[
        'log-format "%[ftp.cmd] %sslv/%[ssl_fc_is_resumed] '
        'to=%[ssl_bc_protocol]/%[ssl_bc_is_resumed]"'])
    tls = place.tls("explicit-P", version)
    with TlsSession(place.where("explicit-P"), place.login, tls) as session:
        assert session.server_name() == server.name
        place.haftp.wait_log(rf"RETR TLSv{version}/1 to=TLSv{version}/1")
        session.resume = False
        session.storbinary("STOR incoming/new", io.BytesIO(b"x"))
        place.haftp.wait_log(rf"STOR TLSv{version}/0 to=TLSv{version}/1")
        assert session.sendcmd("QUIT").startswith("221")
    place.haftp.wait_log(rf"QUIT TLSv{version}/0 to=TLSv{version}/0")


def reset(session):
    session.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(session.sock.detach())


def test_lines_of_what_a_reset_ended(lab):
    """They still tell of TLS."""
    server, = lab.servers("vsftpd", 1, tls=ServerTls())
    place = ftps_place(lab, server, "starttls", more=[
        'log-format "%ts %sslv to=%[ssl_bc_protocol] %B"'])
    content.write_sparse(server.path("pub", "large"), 64 << 20)
    session = secure_login(place)
    data = session.transfercmd("RETR pub/large")
    assert data.recv(1000)
    reset(session)
    place.haftp.wait_log(r"(?s)CD TLSv1.3 to=TLSv1.3 .*CD TLSv1.3 to=TLSv1.3 ")


# ---- PROXY headers ---------------------------------------------------------------------------

class Told:
    """A server that keeps the header that it was sent, and says no more."""

    def __init__(self):
        self.header = b""

    def __call__(self, connection):
        data = connection.recv(16, socket.MSG_WAITALL)
        data += connection.recv(struct.unpack(">H", data[14:16])[0], socket.MSG_WAITALL)
        self.header = data
        connection.sendall(b"220 Ready\r\n")
        connection.recv(100)


def tlvs(data):
    found = {}
    while data:
        kind, size = struct.unpack(">BH", data[:3])
        found[kind], data = data[3:3 + size], data[3 + size:]
    return found


@pytest.mark.parametrize("words, shows, expected", (
    ("send-proxy-v2-ssl", None, (1, 1, {0x21})),
    ("send-proxy-v2-ssl", "client", (7, 0, {0x21})),
    ("send-proxy-v2-ssl-cn", "client", (7, 0, {0x21, 0x22})),
    ("send-proxy-v2 proxy-v2-options ssl,cert-cn,ssl-cipher,cert-sig,cert-key,crc32c", "client",
     (7, 0, {0x21, 0x22, 0x23, 0x24, 0x25})),
    ("send-proxy-v2-ssl", "plain", (0, 1, set())),
))
def test_proxy_header_tells_of_tls(lab, words, shows, expected):
    """PP2_TYPE_SSL: who is client, whether its certificate is good, and what was asked for."""
    told, front, certificates = Told(), lab.net.front(), lab.certificates
    with Fake("told", lab.net.server(), told) as target:
        lab.haftp(head() + f"""
listen ftp
    bind {front}:990 ssl crt {certificates.server} ca-file {certificates.ca} verify optional
    bind {front}:21
    option ftp-inspect
    ftp-data ports 20000-20009
    server one {target.address}:{target.port} {words}
""", (front, 990))
        connection = socket.create_connection((front, 21 if shows == "plain" else 990), 10)
        if shows != "plain":
            context = ssl.create_default_context(cafile=certificates.ca)
            context.check_hostname = False
            if shows:
                context.load_cert_chain(certificates.path(shows))
            connection = context.wrap_socket(connection)
        with connection:
            assert connection.recv(4) == b"220 "
    found = tlvs(told.header[28:])[0x20]
    client, verify = struct.unpack(">BI", found[:5])
    inside = tlvs(found[5:])
    assert (client, verify, set(inside)) == expected
    if client:
        assert inside[0x21] == b"TLSv1.3"
    if 0x22 in inside:
        assert inside[0x22] == b"client"
    if 0x25 in inside:
        assert inside[0x25] == b"EC256" and inside[0x24] == b"ecdsa-with-SHA256"
        assert inside[0x23].startswith(b"TLS_")
