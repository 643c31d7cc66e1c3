"""Clients on IPv6; IPv4 clients that a dual-stack bind sees as IPv4-mapped addresses. What real
clients do on each family: test_families.py."""

import ftplib
import os

import pytest

from lib import content
from lib.clients import Curl
from lib.haftp import head, server_lines
from lib.net import has_ipv6
from lib.session import Session, drain, named_content


pytestmark = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")


@pytest.fixture
def place(lab):
    """::1 is a single address: the ports tell parallel runs apart."""
    servers = lab.farm()
    number = lab.net.number
    control, low = 2000 + number, 10000 + 10 * number
    lab.haftp(head() + f"""
listen ftp
    bind [::1]:{control}
    option ftp-inspect
    ftp-data ports {low}-{low + 9}
    ftp-data advertise 192.0.2.1 if {{ dst 127.0.0.0/8 }}
{server_lines(servers)}""", ("::1", control), ("::1", low + 9))
    return "::1", control, servers


def test_epsv(place):
    address, control, servers = place
    with Session((address, control), (servers[0].user, servers[0].password)) as session:
        home = session.server_name()
        assert session.read("pub/named.bin") == named_content(home)
        session.write("incoming/six", b"six")


def test_pasv_has_no_answer(place):
    """227 cannot carry an IPv6 address; RFC 2428 wants 425 then. `advertise` is for others here."""
    address, control, servers = place
    with Session((address, control), (servers[0].user, servers[0].password)) as session:
        with pytest.raises(ftplib.error_temp, match="^425 "):
            session.sendcmd("PASV")
        assert session.server_name()


def test_pasv_of_a_client_with_both_families(lab):
    """It is told an IPv4 address, and comes there from an address that only `peer any` lets in."""
    servers = lab.farm()
    front, number = lab.net.front(), lab.net.number
    control, low = 2100 + number, 12000 + 10 * number
    lab.haftp(head() + f"""
listen ftp
    bind {front}:{control}
    bind [::1]:{control}
    option ftp-inspect
    ftp-data ports {low}-{low + 9}
    ftp-data peer any
    ftp-data advertise {front}
{server_lines(servers)}""", (front, control), ("::1", low + 9))
    with Session(("::1", control), (servers[0].user, servers[0].password)) as session:
        told = session.announced()
        assert told[0] == front
        session.putcmd("RETR WELCOME")
        with session.dial(told) as data:
            assert drain(data).decode().strip() in {server.name for server in servers}
        session.end_transfer()


def test_curl(place, lab):
    address, control, servers = place
    curl = Curl((address, control), (servers[0].user, servers[0].password), lab.scratch())
    local = os.path.join(curl.folder, "random.bin")
    curl.get("pub/random.bin", local)
    assert content.checksum(local) == content.checksum(servers[0].path("pub/random.bin"))


def test_one_section_on_both_families(lab):
    """Clients are told a port of the address that they came to, whichever family that is."""
    servers = lab.farm()
    number = lab.net.number
    front = lab.net.front()
    control, low = 2000 + number, 10000 + 10 * number
    lab.haftp(head() + f"""
listen ftp
    bind {front}:{control}
    bind [::1]:{control}
    option ftp-inspect
    ftp-data ports {low}-{low + 9}
{server_lines(servers)}""", (front, control), ("::1", low + 9))
    login = (servers[0].user, servers[0].password)
    for address, epsv in ((front, True), (front, False), ("::1", True)):
        with Session((address, control), login, epsv=epsv) as session:
            assert session.read("pub/named.bin") == named_content(session.server_name())


def test_mapped_clients_are_told_ipv4(lab):
    """Whom the kernel calls ::ffff:127.0.0.1 is an IPv4 client, in all that haftp says."""
    servers, front = lab.farm(), lab.net.front()
    control, low = 2300 + lab.net.number, 11000 + 10 * lab.net.number
    haftp = lab.haftp(head() + f"""
listen ftp
    bind [::]:{control} v4v6
    option ftp-inspect
    ftp-data ports {low}-{low + 9}
{server_lines(servers)}""", ("::", control))
    with Session((front, control), (servers[0].user, servers[0].password)) as session:
        assert session.announced()[0] == front
        assert session.server_name()
        with pytest.raises(ftplib.error_perm, match=r"^522 .*\(1\)"):
            session.sendcmd("EPSV 2")
    haftp.wait_log(r"(?m)^127\.0\.0\.1:\d+ .* ftp ftp/")
    assert "::ffff" not in haftp.log()
