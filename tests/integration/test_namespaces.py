"""What needs networks of its own: clients' addresses toward servers, interfaces, wildcards.

Three namespaces stand for client, haftp and server; needs root.
"""

import re
import socket

import pytest

from lib.haftp import head
from lib.net import DATA_PORTS
from lib.netns import (CLIENT, CLIENT2, CLIENT6, FRONT, FRONT2, FRONT6, INSIDE, SERVER, Wires,
                       may_have_namespaces)
from lib.servers import ALL_KINDS, Unavailable
from lib.session import Session, drain

LISTENS, IS_OVER = "0A", "06"  # states in /proc/net/tcp; the second is TIME_WAIT

pytestmark = pytest.mark.skipif(not may_have_namespaces(),
                                reason="network namespaces need root and `ip`")


class Net(Wires):
    """With a vsftpd, which logs who connects, on the server's host."""

    def __init__(self, lab):
        super().__init__()
        self.lab = lab
        self.ftpd = ALL_KINDS["vsftpd"]("ftpd", SERVER, 21, None, lab.house.new_folder("ftpd"))
        with self.server:
            self.ftpd.start()
        self.login = (self.ftpd.user, self.ftpd.password)

    def haftp(self, section, *listening, unprivileged=False):
        """haftp on its host; as an account without rights, if so wanted."""
        lines = ("user daemon", "group daemon") if unprivileged else ()
        with self.proxy:
            return self.lab.haftp(head(more_global=lines) + section, *listening)

    def data_peers(self):
        """Whom the server has data connections with."""
        with self.server:
            table = open("/proc/thread-self/net/tcp").read().splitlines()[1:]
        peers = set()
        for row in map(str.split, table):
            local, remote = (field.split(":") for field in row[1:3])
            if int(local[1], 16) != 21 and row[3] not in (LISTENS, IS_OVER):
                peers.add(socket.inet_ntoa(bytes.fromhex(remote[0])[::-1]))
        return peers

    def log(self):
        """The server's own: it names each client that connects."""
        with open(f"{self.ftpd.folder}/vsftpd.log") as log:
            return log.read()

    def close(self):
        self.ftpd.kill()
        super().close()


@pytest.fixture
def net(lab):
    try:
        net = Net(lab)
    except Unavailable as error:
        pytest.skip(str(error))
    yield net
    net.close()


def transfer(net, session, command="RETR pub/named.bin"):
    """One download over a passive data connection; whom the server's end was with meanwhile."""
    with session.dial(session.announced()) as data:
        session.putcmd(command)
        assert session.getresp()[0] == "1"
        peers = net.data_peers()
        assert drain(data)
    assert session.getresp()[0] == "2"
    return peers


def transfer_actively(net, session, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listener:
        listener.settimeout(20)
        (session.sendeprt if ":" in address else session.sendport)(*listener.getsockname()[:2])
        session.putcmd("RETR pub/named.bin")
        data, peer = listener.accept()
        with data:
            assert session.getresp()[0] == "1"
            peers = net.data_peers()
            assert drain(data)
        assert session.getresp()[0] == "2"
        return peers, peer


def is_turned_away(place, client):
    """The reset may come before connect() has returned."""
    try:
        with socket.create_connection(place, 20, (client, 0)) as connection:
            return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def ftp(*lines, binds=(f"{FRONT}:21",), server=""):
    text = "".join(f"    bind {bind}\n" for bind in binds)
    more = "".join(f"    {line}\n" for line in lines)
    return f"""
listen ftp
{text}    ftp-data ports {DATA_PORTS[0]}-{DATA_PORTS[1]}
{more}    server ftpd {SERVER}:21 {server}
"""


@pytest.mark.parametrize("unprivileged", [False, True], ids=["root", "unprivileged"])
@pytest.mark.parametrize("words", ["usesrc clientip", "usesrc client"])
def test_server_sees_the_client(net, words, unprivileged):
    """`source 0.0.0.0 usesrc clientip`: control and data, passive and active, also without root."""
    net.bring_replies_home()
    net.haftp(ftp(f"source 0.0.0.0 {words}"), (FRONT, 21), unprivileged=unprivileged)
    with net.client:
        for client in (CLIENT, CLIENT2):
            with Session((FRONT, 21), net.login, source=client) as session:
                assert transfer(net, session) == {client}
                peers, peer = transfer_actively(net, session, client)
                assert peers == {client}
                assert peer == (FRONT, 20)
    for client in (CLIENT, CLIENT2):
        assert re.search(f'CONNECT: Client "(::ffff:)?{client}"', net.log())


def test_server_sees_the_address_of_source(net):
    """One address of ours out of two, for control and data."""
    net.proxy.ip("address add 10.77.2.9/24 dev inside")
    net.haftp(ftp("source 10.77.2.9"), (FRONT, 21))
    with net.client, Session((FRONT, 21), net.login) as session:
        assert transfer(net, session) == {"10.77.2.9"}
        assert transfer_actively(net, session, CLIENT)[0] == {"10.77.2.9"}
    assert '10.77.2.9"' in net.log()


def test_server_sees_a_foreign_address(net):
    """`usesrc ADDRESS` of a host that is not ours."""
    net.bring_replies_home()
    net.haftp(ftp("source 0.0.0.0 usesrc 10.77.1.200"), (FRONT, 21))
    with net.client, Session((FRONT, 21), net.login) as session:
        assert transfer(net, session) == {"10.77.1.200"}


def test_interface(net):
    """`bind ... interface` takes nobody who comes by another one; data ports neither."""
    net.haftp(ftp("option ftp-inspect", binds=["*:21 interface outside"],
                  server="source 0.0.0.0 interface inside"), ("0.0.0.0", 21))
    with net.client, Session((FRONT, 21), net.login) as session:
        place = session.announced()
        assert place[0] == FRONT
        with net.server:
            for port in (21, place[1]):
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection((INSIDE, port), 5)
        with session.dial(place) as data:
            session.putcmd("RETR WELCOME")
            assert drain(data)
        session.end_transfer()


@pytest.mark.parametrize("binds", [
    ["*:21"], [f"{FRONT}:21", f"{FRONT2}:21"], ["0.0.0.0:21", ":::21 v6only"], [":::21 v4v6"]],
                         ids=["star", "two", "both-families", "dual-stack"])
def test_told_what_was_used(net, binds):
    """Two addresses, as of two names or of one name's round robin: each client reads its own, and
    is connected to from there."""
    net.haftp(ftp("option ftp-inspect", binds=binds),
              (binds[0].split()[0].removesuffix(":21").replace("*", "0.0.0.0"), 21))
    with net.client:
        for front in (FRONT, FRONT2):
            with Session((front, 21), net.login) as session:
                assert session.announced()[0] == front
                assert session.server_name() == "ftpd"
                assert transfer_actively(net, session, CLIENT)[1] == (front, 20)
        if any(":::" in bind for bind in binds):
            with Session((FRONT6, 21), net.login, epsv=True) as session:
                assert session.server_name() == "ftpd"
                assert transfer_actively(net, session, CLIENT6)[1][:2] == (FRONT6, 20)


def test_ipv4_clients_of_an_ipv6_wildcard(net):
    """`:::21 v4v6`: an IPv4 client is one, in replies, rules and leases."""
    haftp = net.haftp(ftp(f"tcp-request connection reject unless {{ src {CLIENT} {CLIENT6} }}",
                          binds=[":::21 v4v6"]), ("::", 21))
    with net.client:
        with Session((FRONT, 21), net.login, source=CLIENT) as session:
            place = session.announced()
            assert place[0] == FRONT
            assert is_turned_away(place, CLIENT2)
            with session.dial(place) as data:
                session.putcmd("RETR WELCOME")
                assert drain(data)
            session.end_transfer()
            assert transfer_actively(net, session, CLIENT)[1] == (FRONT, 20)
        with Session((FRONT6, 21), net.login, epsv=True) as session:
            assert session.server_name() == "ftpd"
        assert is_turned_away((FRONT, 21), CLIENT2)
    haftp.wait_log("without a transfer, closed")


def test_transparent_bind(net):
    """haftp answers for an address that is routed to it and that it does not have."""
    address = "10.77.3.3"
    net.client.ip("route add 10.77.3.0/24 via", FRONT)
    net.proxy.ip("route add local 10.77.3.0/24 dev lo")
    net.haftp(ftp(binds=[f"{address}:21 transparent"]), (address, 21))
    with net.client, Session((address, 21), net.login) as session:
        assert session.announced()[0] == address
        assert transfer(net, session) == {INSIDE}
        assert transfer_actively(net, session, CLIENT)[1][0] in (address, FRONT)


def test_direct_active(net):
    """`ftp-data direct`, with the server seeing clients: it connects to the client itself."""
    net.bring_replies_home()
    net.haftp(ftp("source 0.0.0.0 usesrc clientip", "ftp-data direct"), (FRONT, 21))
    net.proxy.ip("rule del iif inside lookup 100")
    net.proxy.ip("rule add iif inside sport 21 lookup 100")
    net.client.ip(f"route add {SERVER} via", FRONT)
    with net.proxy:
        with open("/proc/sys/net/ipv4/ip_forward", "w") as switch:
            switch.write("1")
    with net.client, Session((FRONT, 21), net.login) as session:
        peers, peer = transfer_actively(net, session, CLIENT)
        assert peers == {CLIENT} and peer[0] == SERVER
        place = session.announced()
        assert place[0] == SERVER
        with session.dial(place) as data:
            session.putcmd("RETR WELCOME")
            assert drain(data) == b"ftpd\n"
        session.end_transfer()


def test_maxconn_of_a_bind(net):
    """Data connections do not count; the next client waits, the other bind's clients do not."""
    net.haftp(ftp(binds=[f"{FRONT}:21 maxconn 1", f"{FRONT2}:21"]), (FRONT, 21), (FRONT2, 21))
    with net.client, Session((FRONT, 21), net.login) as session:
        assert transfer(net, session)
        with socket.create_connection((FRONT, 21), 20) as waiting, \
                socket.create_connection((FRONT2, 21), 20) as other:
            assert other.recv(100).startswith(b"220")
            waiting.settimeout(0.3)
            with pytest.raises(TimeoutError):
                waiting.recv(100)
            assert transfer(net, session)
            session.quit()
            waiting.settimeout(20)
            assert waiting.recv(100).startswith(b"220")
