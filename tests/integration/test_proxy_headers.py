"""PROXY headers on the way in: haftp behind another balancer, with real servers.

The other balancer is a haftp that passes bytes on without reading them.
"""

import ftplib
import socket
import struct

import pytest

from lib.haftp import head, server_lines
from lib.net import CONTROL_PORT, DATA_PORTS
from lib.session import Session, drain, transfers_work
from lib.wait import until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
CLIENT, VIP = "192.0.2.7", "198.51.100.1"  # no such hosts here


def v1(client=CLIENT, port=40000, to_port=CONTROL_PORT):
    return f"PROXY TCP4 {client} {VIP} {port} {to_port}\r\n".encode()


def v2(client=CLIENT, port=40000, extensions=b""):
    body = (socket.inet_aton(client) + socket.inet_aton(VIP) +
            struct.pack("!HH", port, CONTROL_PORT) + extensions)
    return SIGNATURE + b"\x21\x11" + struct.pack("!H", len(body)) + body


class Announced(Session):
    """A client whose connections begin with a header, as its balancer would send it."""

    def __init__(self, where, login=None, header=v1(), source=None):
        self.header = header
        super().__init__(where, login, source)

    def connect(self, host="", port=0, timeout=-999, source_address=None):
        self.host, self.port = host, port
        self.sock = socket.create_connection((host, port), self.timeout, self.source_address)
        self.af = self.sock.family
        self.sock.sendall(self.header)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome

    def fetch(self, path, header=None):
        """Over a data connection to haftp's own address, whatever was announced."""
        _, port = self.announced()
        with self.dial((self.host, port)) as data:
            data.sendall(header or self.header)
            self.putcmd(f"RETR {path}")
            content = drain(data)
        self.end_transfer()
        return content


def is_closed(data, seconds=10):
    data.settimeout(seconds)
    try:
        return data.recv(1) == b""
    except ConnectionResetError:
        return True


def assert_refused(where, words, source=None):
    """It is closed, whether it can still say this or not."""
    try:
        with socket.create_connection(where, 20, source) as data:
            data.sendall(words)
            assert is_closed(data)
    except ConnectionError:
        pass


def behind(lab, bind="accept-proxy", more=""):
    """One section with data ports; `bind`: options of its bind."""
    servers = lab.farm("vsftpd")
    front = lab.net.front()
    haftp = lab.haftp(head() + f"""
listen ftp
    bind {front}:{CONTROL_PORT} {bind}
    ftp-data ports {DATA_PORTS[0]}-{DATA_PORTS[1]}
    option ftp-inspect
    balance source
{more}
{server_lines(servers)}""", (front, CONTROL_PORT), (front, DATA_PORTS[1]))
    return front, servers, haftp


@pytest.mark.parametrize("word", ["send-proxy", "send-proxy-v2"])
def test_behind_a_balancer(lab, word):
    """Clients come, are told the balancer's address, and their data connections find them."""
    front, servers, haftp = behind(lab)
    outer = lab.net.front()
    lab.haftp(head() + f"""
listen outer
    bind {outer}:{CONTROL_PORT}
    bind {outer}:{DATA_PORTS[0]}-{DATA_PORTS[1]}
    no option ftp-inspect
    server inner {front} {word}
""", (outer, CONTROL_PORT), (outer, DATA_PORTS[1]))
    transfers_work((outer, CONTROL_PORT), servers)
    login = (servers[0].user, servers[0].password)
    with Session((outer, CONTROL_PORT), login, source=lab.net.client(3)) as session:
        assert session.announced()[0] == outer
        session.read("pub/named.bin")
    haftp.wait_log(rf"{lab.net.client(3)}:\d+ .* ftp ")


def test_a_balancer_that_tells_on_control_only(lab):
    """Its data connections come from itself then, and a data bind without the word expects that."""
    servers = lab.farm("vsftpd")
    front, outer = lab.net.front(), lab.net.front()
    lab.haftp(head() + f"""
frontend control
    bind {front}:{CONTROL_PORT} accept-proxy
    bind {front}:{DATA_PORTS[0]}-{DATA_PORTS[1]}
    option ftp-inspect
    default_backend servers
backend servers
    balance source
{server_lines(servers)}""", (front, CONTROL_PORT), (front, DATA_PORTS[1]))
    lab.haftp(head() + f"""
listen outer
    bind {outer}:{CONTROL_PORT}
    no option ftp-inspect
    server inner {front} send-proxy
listen outer_data
    bind {outer}:{DATA_PORTS[0]}-{DATA_PORTS[1]}
    no option ftp-inspect
    server inner {front}
""", (outer, CONTROL_PORT), (outer, DATA_PORTS[1]))
    transfers_work((outer, CONTROL_PORT), servers)


@pytest.mark.parametrize("word", ["send-proxy", "send-proxy-v2 proxy-v2-options crc32c,authority"])
def test_two_that_read_ftp(lab, word):
    """haftp behind haftp: the outer one tells of data connections, too, with `send-proxy-data`."""
    front, servers, haftp = behind(lab)
    outer = lab.net.front()
    lab.haftp(head() + f"""
listen outer
    bind {outer}:{CONTROL_PORT}
    ftp-data ports 21000-21099
    option ftp-inspect
    server inner {front}:{CONTROL_PORT} {word} send-proxy-data
""", (outer, CONTROL_PORT), (outer, 21099))
    transfers_work((outer, CONTROL_PORT), servers)
    login = (servers[0].user, servers[0].password)
    with Session((outer, CONTROL_PORT), login, source=lab.net.client(3)) as session:
        assert session.read("WELCOME")
    haftp.wait_log(rf"{lab.net.client(3)}:\d+ .* ftp ")


def test_lease_is_for_the_announced_client(lab):
    front, servers, haftp = behind(lab)
    login = (servers[0].user, servers[0].password)
    with Announced((front, CONTROL_PORT), login, v2()) as session:
        address, port = session.announced()
        assert address == VIP
        with session.dial((front, port)) as thief:
            thief.sendall(v2("192.0.2.8"))
            assert is_closed(thief)
        with session.dial((front, port)) as silent:  # no header: not even looked at
            silent.sendall(b"hello, I am the client\r\n")
            assert is_closed(silent)
        with session.dial((front, port)) as data:
            header = v2(port=40001)
            for byte in header[:-1]:
                data.send(bytes([byte]))
            session.putcmd("RETR WELCOME")
            data.send(header[-1:])
            assert drain(data).decode().strip()
        session.end_transfer()
    haftp.wait_log("without a transfer, closed")
    haftp.wait_log("does not begin with a PROXY header")


def test_ports_of_its_own(lab):
    """Without a range, a data port opened for one transfer wants the header as well."""
    servers = lab.farm("vsftpd")
    front = lab.net.front()
    lab.haftp(head() + f"""
listen ftp
    bind {front}:{CONTROL_PORT} accept-proxy
    option ftp-inspect
{server_lines(servers)}""", (front, CONTROL_PORT))
    with Announced((front, CONTROL_PORT), (servers[0].user, servers[0].password)) as session:
        assert session.fetch("WELCOME")
        _, port = session.announced()
        with session.dial((front, port)) as thief:
            thief.sendall(v1("192.0.2.8"))
            assert is_closed(thief)
        with session.dial((front, port)) as data:
            data.sendall(v1())
            session.putcmd("RETR WELCOME")
            assert drain(data)
        session.end_transfer()


def test_ports_of_its_own_believe_whom_the_rules_name(lab):
    """A stranger's header is none, although the control connection had one."""
    trusted, front = lab.net.client(7), lab.net.front()
    server = lab.farm("vsftpd")[0]
    haftp = lab.haftp(head() + f"""
listen ftp
    bind {front}:{CONTROL_PORT}
    tcp-request connection expect-proxy layer4 if {{ src {trusted} }}
    option ftp-inspect
{server_lines([server])}""", (front, CONTROL_PORT))
    with Announced((front, CONTROL_PORT), (server.user, server.password),
                   source=trusted) as session:
        _, port = session.announced()
        assert_refused((front, port), v1(), (lab.net.client(66), 0))
        with session.dial((front, port)) as data:
            data.sendall(v1())
            session.putcmd("RETR WELCOME")
            assert drain(data).decode().strip() == server.name
        session.end_transfer()
    haftp.wait_log(f"connection from {lab.net.client(66)}:.* without a transfer, closed")


@pytest.mark.parametrize("rule", ("connection", "session"))
def test_ports_of_its_own_ask_the_rules(lab, rule):
    """The transfer of a client whose data connection a rule refuses hears of it."""
    front = lab.net.front()
    server = lab.farm("vsftpd")[0]
    lab.haftp(head() + f"""
listen ftp
    bind {front}:{CONTROL_PORT}{" accept-proxy" if rule == "session" else ""}
    tcp-request {rule} reject unless {{ dst_port {CONTROL_PORT} }}
    option ftp-inspect
{server_lines([server])}""", (front, CONTROL_PORT))
    headers = (v1(), v1(to_port=2020)) if rule == "session" else (b"", b"")
    with Announced((front, CONTROL_PORT), (server.user, server.password), headers[0]) as session:
        _, port = session.announced()
        assert_refused((front, port), headers[1])
        session.putcmd("RETR WELCOME")
        while (reply := session.getmultiline()).startswith("1"):
            pass
        assert reply.startswith(("425", "426")), reply


def test_local_keeps_the_connections_own_addresses(lab):
    front, servers, _ = behind(lab)
    header = SIGNATURE + b"\x20\x00\x00\x00"
    login = (servers[0].user, servers[0].password)
    with Announced((front, CONTROL_PORT), login, header) as session:
        assert session.announced()[0] == front
        assert session.fetch("WELCOME")


def test_port_must_name_the_announced_client(lab):
    """The bounce check looks at the client, not at the balancer."""
    front, servers, _ = behind(lab)
    with Announced((front, CONTROL_PORT), (servers[0].user, servers[0].password)) as session:
        with pytest.raises(ftplib.error_perm, match="504"):
            session.sendcmd("PORT 127,0,0,1,200,1")
        assert session.sendcmd(f"PORT {CLIENT.replace('.', ',')},200,1").startswith("200")


def test_only_where_configured(lab):
    """`expect-proxy` with a condition: others' headers are commands that no server knows."""
    trusted = lab.net.client(7)
    front, servers, _ = behind(lab, bind="", more=f"""
    tcp-request connection expect-proxy layer4 if {{ src {trusted} }}""")
    login = (servers[0].user, servers[0].password)
    with Session((front, CONTROL_PORT), login) as session:
        assert session.read("WELCOME")
    with socket.create_connection((front, CONTROL_PORT), 20) as liar:
        liar.sendall(v1() + b"QUIT\r\n")
        replies = drain(liar)
        assert replies.startswith(b"220") and b"\r\n5" in replies
    with socket.create_connection((front, CONTROL_PORT), 20, (trusted, 0)) as teller:
        teller.sendall(v1())
        assert teller.recv(100).startswith(b"220")


@pytest.mark.parametrize("garbage, said", [
    (b"USER anonymous\r\n", "does not begin with"),
    (b"PROXY TCP4 1.2.3.4 1.2.3.4 1 99999\r\n", "malformed"),
    (SIGNATURE + b"\x21\x11\xff\xff", "malformed"),
    (b"PROXY TC", "ended in the middle")])
def test_garbage_is_closed_and_logged(lab, garbage, said):
    front, servers, haftp = behind(lab)
    with socket.create_connection((front, CONTROL_PORT), 20) as client:
        client.sendall(garbage)
        if said.startswith("ended"):
            client.shutdown(socket.SHUT_WR)
        assert is_closed(client)
    haftp.wait_log(said)
    with Announced((front, CONTROL_PORT), (servers[0].user, servers[0].password)) as session:
        assert session.fetch("WELCOME")


def test_silence_ends(lab):
    """On control and data ports; nothing is left open."""
    front, _, haftp = behind(lab, more="    timeout client 1s")
    before = haftp.settled_descriptors()
    silent = [socket.create_connection((front, port), 20) for port in (CONTROL_PORT, DATA_PORTS[0])]
    for client in silent:
        assert is_closed(client)
        client.close()
    haftp.wait_log("took too long")
    until(lambda: haftp.descriptors() == before, 20, "all descriptors to be closed")


def test_stop_with_a_header_outstanding(lab):
    """Whoever still owes a header on a data port does not hold the process up."""
    front, _, haftp = behind(lab)
    with socket.create_connection((front, DATA_PORTS[0]), 20) as silent:
        haftp.wait_listening((front, CONTROL_PORT))
        haftp.finish()
        assert is_closed(silent)


def test_rules_see_the_sender_then_the_client(lab):
    """`tcp-request connection` before the header, `session` behind it, on data ports as well."""
    front, servers, _ = behind(lab, more=f"""
    tcp-request connection reject if {{ src {lab.net.client(9)} }}
    tcp-request session reject if {{ src 192.0.2.66 }}""")
    login = (servers[0].user, servers[0].password)
    with Announced((front, CONTROL_PORT), login) as session:
        assert session.fetch("WELCOME")
    for header, source in ((v1("192.0.2.66"), None), (v1(), (lab.net.client(9), 0))):
        assert_refused((front, CONTROL_PORT), header, source)
