"""TLS that passes through: clients and servers speak it with each other, haftp reads none of it.

The servers demand that data connections resume the control connection's TLS session, so a data
connection that came to the wrong server would fail.
"""

import concurrent.futures
import functools
import os

import pytest

from lib import content
from lib.clients import TLS_CLIENTS
from lib.haftp import ftp_sections, head, server_lines
from lib.lab import Place
from lib.net import CONTROL_PORT, may_use_low_ports
from lib.servers import PASSIVE_PORTS
from lib.session import Session, TlsSession
from lib.tls import ClientTls, ServerTls

CLIENTS = ("curl-epsv", "curl-pasv", "lftp", "ftplib")


def servers_of(lab, front, kind="vsftpd", count=3, **how):
    """Servers as the recipe wants them: they tell clients the balancer's address."""
    return lab.servers(kind, count, announce=front, tls=ServerTls(**how))


def place(lab, more=(), **how):
    """One range for all servers, the same one that they use."""
    front = lab.net.front()
    servers = servers_of(lab, front, **how)
    config = head() + ftp_sections(front, servers, PASSIVE_PORTS, more=more)
    haftp = lab.haftp(config, (front, CONTROL_PORT), (front, PASSIVE_PORTS[1]))
    return Place(front, servers, haftp)


def tls_session(lab, where, login, **options):
    return TlsSession(where, login, ClientTls(lab.certificates.ca), **options)


def check_transfers(client, server, scratch):
    """Down, up and a listing."""
    copy = os.path.join(scratch, "copy")
    client.get("pub/random.bin", copy)
    assert content.checksum(copy) == content.checksum(server.path("pub", "random.bin"))
    client.put(copy, f"incoming/{client.name}")
    stored = server.path("incoming", client.name)
    assert content.checksum(copy) == content.checksum(stored)
    assert "random.bin" in client.list("pub")


@pytest.mark.parametrize("version", ("1.2", "1.3"))
@pytest.mark.parametrize("name", CLIENTS)
def test_clients(lab, name, version):
    """AUTH TLS goes to the server, and transfers with it."""
    there = place(lab, count=1)
    tls = ClientTls(lab.certificates.ca, version=version)
    client = TLS_CLIENTS[name](there.control, there.login, lab.scratch(), tls)
    check_transfers(client, there.servers[0], client.folder)


@pytest.mark.parametrize("kind, name, version", (
    ("proftpd", "curl-epsv", "1.3"), ("proftpd", "lftp", "1.2"), ("pureftpd", "curl-pasv", "1.2"),
    ("pureftpd", "ftplib", "1.3"), ("pyftpdlib", "lftp", "1.3"), ("pyftpdlib", "ftplib", "1.2")))
def test_other_servers(lab, kind, name, version):
    """ProFTPD demands that data connections resume, the other two do not. An encrypted session that
    stays open keeps those of the client at its server, so the test knows where its files are."""
    there = place(lab, kind=kind, count=2)
    tls = ClientTls(lab.certificates.ca, version=version)
    client = TLS_CLIENTS[name](there.control, there.login, lab.scratch(), tls)
    with tls_session(lab, there.control, there.login) as held:
        home = held.server_name()
        server, = (server for server in there.servers if server.name == home)
        check_transfers(client, server, client.folder)


@pytest.mark.skipif(not may_use_low_ports(), reason="binds port 990, which this user may not")
@pytest.mark.parametrize("kind, name", (("vsftpd", "curl-epsv"), ("vsftpd", "lftp"),
                                        ("vsftpd", "ftplib"), ("proftpd", "curl-epsv"),
                                        ("proftpd", "lftp")))
def test_implicit(lab, kind, name):
    """Port 990 without `ssl`: TLS from the first byte, which the server ends."""
    front = lab.net.front()
    servers = servers_of(lab, front, kind, count=1, implicit=True)
    config = head() + f"""listen ftps
    bind {front}:990
{server_lines(servers)}
listen ftp_data
    bind {front}:{PASSIVE_PORTS[0]}-{PASSIVE_PORTS[1]}
{server_lines(servers, "")}"""
    lab.haftp(config, (front, 990), (front, PASSIVE_PORTS[1]))
    tls = ClientTls(lab.certificates.ca, implicit=True)
    login = (servers[0].user, servers[0].password)
    client = TLS_CLIENTS[name]((front, 990), login, lab.scratch(), tls)
    check_transfers(client, servers[0], client.folder)


def test_sessions_of_one_client_share_a_server(lab):
    """However many encrypted sessions a client has, they are at one server, and so is their data;
    another client has another server; and when the last one has ended, all is as before."""
    there = place(lab, required=False)
    mine = [tls_session(lab, there.control, there.login) for _ in range(4)]
    names = {session.server_name() for session in mine for _ in range(3)}
    assert len(names) == 1
    other = tls_session(lab, there.control, there.login, source=lab.net.client(1))
    assert other.server_name() not in names
    for session in [*mine, other]:
        session.quit()
    plain = [Session(there.control, there.login) for _ in range(3)]
    assert len({session.server_name() for session in plain}) == 3
    for session in plain:
        session.quit()


class Hesitant(TlsSession):
    """Connects and reads the greeting, and asks for TLS when it is told to."""

    ready = False

    def auth(self):
        if self.ready:
            super().auth()


def test_sessions_that_were_greeted_elsewhere_are_moved(lab):
    """Three servers have greeted one client before it asks the first for TLS."""
    there = place(lab)
    tls = ClientTls(lab.certificates.ca)
    sessions = [Hesitant(there.control, None, tls) for _ in range(3)]
    assert len({session.getwelcome() for session in sessions}) == 3
    for session in sessions:
        session.ready = True
        session.auth()
        session.log_in(there.login)
    assert len({session.server_name() for session in sessions}) == 1
    for session in sessions:
        session.quit()


def download(session, times):
    """What came, each time."""
    with session:
        return {session.read("pub/random.bin") for _ in range(times)}


def test_plain_and_encrypted_sessions_side_by_side(lab):
    """Clients that are read and clients that are not use the same data ports at the same time."""
    there = place(lab, required=False)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        def start(number):
            how = {"where": there.control, "login": there.login, "source": lab.net.client(number)}
            make = functools.partial(tls_session, lab) if number % 2 else Session
            return pool.submit(lambda: download(make(**how), 5))
        results = [job.result() for job in [start(number) for number in range(1, 7)]]
    files = {open(server.path("pub", "random.bin"), "rb").read() for server in there.servers}
    assert all(len(result) == 1 and result <= files for result in results)


def test_refused(lab):
    """`ftp-tls refuse`: 534, and the session in the clear goes on."""
    there = place(lab, more=("ftp-tls refuse",), count=1, required=False)
    with Session(there.control, there.login) as session:
        assert session.sendcmd("FEAT").find("AUTH") < 0
        with pytest.raises(Exception, match="534"):
            session.sendcmd("AUTH TLS")
        assert session.server_name() == there.servers[0].name
