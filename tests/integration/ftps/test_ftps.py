"""FTPS ended by haftp: every way to come, to servers in every way, with real clients.

By default every two values of any two columns meet; the whole matrix is long."""

import itertools
import os
import uuid

import pytest

from lib import content
from lib.clients import TLS_CLIENTS, Client
from lib.ftps import FRONTS, FtpsPlace, ftps_place, server_tls
from lib.lab import Lab
from lib.net import has_ipv6
from lib.pairs import pairwise
from lib.session import TlsSession, named_content

SERVERS = ("vsftpd-plain", "vsftpd-starttls", "vsftpd-ssl", "proftpd-plain", "proftpd-starttls",
           "proftpd-ssl", "pureftpd-plain", "pureftpd-starttls", "pyftpdlib-plain",
           "pyftpdlib-starttls")
COLUMNS = (SERVERS, tuple(TLS_CLIENTS), tuple(FRONTS), ("1.2", "1.3"), (4, 6))


def is_possible(row):
    """227 names no IPv6 address, lftp says EPRT |2|::|, and plain on both sides is no TLS."""
    server, client, front, _, family = row
    return not (client in ("curl-pasv", "lftp-active") and family == 6) and \
        not (front == "plain" and server.endswith("-plain"))


PAIRS = pairwise(COLUMNS, is_possible)
OTHERS = [row for row in itertools.product(*COLUMNS) if is_possible(row) and row not in PAIRS]


@pytest.fixture(scope="module")
def places(house):
    """A server, and haftp in front of it, for each kind of server and version; made when asked
    for."""
    made = {}
    lab = Lab(house)

    def place(kind, mode, version) -> FtpsPlace:
        lab.need_haftp()
        key = (kind, mode)
        if key not in made:
            made[key], = lab.servers(kind, 1, tls=server_tls(mode))
        key = (kind, mode, version if mode != "plain" else None)
        if key not in made:
            low = 12000 + 100 * lab.net.number + 6 * sum(len(key) == 3 for key in made)
            made[key] = ftps_place(lab, made[key[:2]], mode, key[2], ipv6=range(low, low + 6))
        return made[key]
    yield place
    lab.close()


def transfers(client: Client, place: FtpsPlace):
    server, = place.servers
    local = os.path.join(client.folder, "local.bin")
    remote = f"incoming/{uuid.uuid4().hex}"
    assert {"named.bin", "random.bin", "empty"} <= set(client.list("pub"))
    client.get("pub/random.bin", local)
    assert content.checksum(local) == content.checksum(server.path("pub/random.bin"))
    client.put(local, remote)
    assert content.checksum(server.path(remote)) == content.checksum(local)


def run(places, lab, server, client, front, version, family):
    kind, mode = server.split("-")
    place = places(kind, mode, version)
    lab.shown += [place.haftp, *place.servers]
    transfers(TLS_CLIENTS[client](place.where(front, family), place.login, lab.scratch(),
                                  place.tls(front, version)), place)


@pytest.mark.parametrize("server, client, front, version, family", PAIRS)
def test_matrix(places, lab, server, client, front, version, family):
    run(places, lab, server, client, front, version, family)


@pytest.mark.long
@pytest.mark.parametrize("server, client, front, version, family", OTHERS)
def test_rest_of_matrix(places, lab, server, client, front, version, family):
    run(places, lab, server, client, front, version, family)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
@pytest.mark.parametrize("server, client, front, family", (
    ("vsftpd-starttls", "curl-epsv", "explicit-P", 4), ("vsftpd-ssl", "lftp", "implicit-P", 6),
    ("proftpd-starttls", "lftp", "explicit-P", 4), ("proftpd-ssl", "ftplib-active", "plain", 6),
    ("pureftpd-starttls", "ftplib", "implicit-C", 4), ("pyftpdlib-starttls", "curl-pasv",
                                                       "explicit-P", 4)))
def test_servers_on_ipv6(lab, server, client, front, family):
    """Whatever the client's side has."""
    kind, mode = server.split("-")
    first = 19000 + 10 * lab.net.number
    there = lab.server_at(kind, "::1", first, server_tls(mode))
    ipv6 = range(first + 1, first + 7) if family == 6 else None
    place = ftps_place(lab, there, mode, ipv6=ipv6)
    transfers(TLS_CLIENTS[client](place.where(front, family), place.login, lab.scratch(),
                                  place.tls(front)), place)


@pytest.mark.parametrize("version", ("1.2", "1.3"))
@pytest.mark.parametrize("server", ("vsftpd-starttls", "vsftpd-ssl", "proftpd-starttls",
                                    "pureftpd-starttls"))
def test_many_transfers_in_one_session(places, lab, server, version):
    """Each of them resumes the session of the control connection, on both sides; tickets of TLS 1.3
    are good for once, and servers give out few."""
    place = places(*server.split("-"), version)
    lab.shown += [place.haftp, *place.servers]
    name = place.servers[0].name
    with TlsSession(place.where("explicit-P"), place.login,
                    place.tls("explicit-P", version)) as session:
        for number in range(12):
            path, data = f"incoming/{uuid.uuid4().hex}", b"%d" % number * 20000
            session.write(path, data)
            assert os.path.getsize(place.servers[0].path(path)) == len(data)
            assert session.read("pub/empty") == b""
            assert session.server_name() == name
        assert session.read("pub/named.bin") == named_content(name)
        session.write(path, b"")
        assert os.path.getsize(place.servers[0].path(path)) == 0
