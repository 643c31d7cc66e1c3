"""IPv6 clients of IPv4 servers."""

import ftplib
import os
import socket

import pytest

from lib import content
from lib.clients import Curl
from lib.haftp import head, server_lines
from lib.session import Session, named_content


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


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
{server_lines(servers)}""", ("::1", control), ("::1", low + 9))
    return "::1", control, servers


def test_epsv(place):
    address, control, servers = place
    with Session((address, control), (servers[0].user, servers[0].password)) as session:
        home = session.server_name()
        assert session.read("pub/named.bin") == named_content(home)
        session.write("incoming/six", b"six")


def test_pasv_has_no_answer(place):
    """227 cannot carry an IPv6 address; RFC 2428 wants 425 then."""
    address, control, servers = place
    with Session((address, control), (servers[0].user, servers[0].password)) as session:
        with pytest.raises(ftplib.error_temp, match="^425 "):
            session.sendcmd("PASV")
        assert session.server_name()


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
