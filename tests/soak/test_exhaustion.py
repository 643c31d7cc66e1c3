"""More clients than data ports, ports that are asked for and never used, logins that never come:
bounded in memory and time, others are served meanwhile, and all is well after it."""

import concurrent.futures
import ftplib
import socket

import pytest

from lib.net import CONTROL_PORT
from lib.session import Session
from lib.wait import until

CLIENTS = 200
AT_ONCE = 40  # threads: each lives through a login and two transfers
PORTS = "20200-20203"


@pytest.fixture(scope="module")
def quick(house):
    """One process without a fork for each session: the load is to be haftp's."""
    return house.farm("pyftpdlib")[:1]


def resident_kib(haftp):
    with open(f"/proc/{haftp.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def one_client(place, source):
    with Session(place.control, place.login, source=source) as session:
        return session.server_name() == session.server_name()


@pytest.mark.parametrize("ports, addresses", [("20200-20200", CLIENTS), (PORTS, 1), (PORTS, 7)])
def test_more_clients_than_ports(lab, quick, ports, addresses):
    """A port is taken by (port, client): many addresses share one. One address waits its turn."""
    place = lab.place(quick, more=[f"ftp-data ports {ports}"])
    before = place.haftp.settled_descriptors()
    sources = [lab.net.client(1 + number % addresses) for number in range(CLIENTS)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        assert all(pool.map(lambda source: one_client(place, source), sources))
    until(lambda: place.haftp.descriptors()["socket"] == before["socket"], 20,
          "all sockets to be given back")


def test_ports_asked_for_and_never_used(lab, quick):
    """The one who asked waits and reads 425; another address is served; time gives all back."""
    place = lab.place(quick, more=[f"ftp-data ports {PORTS}"], more_defaults=["ftp-data wait 7s"])
    greedy = [Session(place.control, place.login, source=lab.net.client(1)) for _ in range(4)]
    for session in greedy:
        session.announced()
    with Session(place.control, place.login, source=lab.net.client(1)) as session:
        with pytest.raises(ftplib.error_temp, match="^425 "):
            session.makepasv()
        assert one_client(place, lab.net.client(2))
        until(lambda: served(session), 20, "the unused ports to come free")
    for session in greedy:
        assert session.server_name()
        session.close()


def served(session):
    try:
        return session.server_name()
    except ftplib.error_temp:
        return None


def test_flood_of_pasv(lab, quick):
    """Each PASV replaces the one before it: a session never has more than one port."""
    place = lab.place(quick, more=[f"ftp-data ports {PORTS}"])
    with Session(place.control, place.login, source=lab.net.client(1)) as session:
        assert session.server_name()
        memory = resident_kib(place.haftp)
        sockets = place.haftp.descriptors()["socket"]
        for _ in range(30):
            session.sock.sendall(b"PASV\r\nEPSV\r\n" * 25)
            for number in range(50):
                assert session.getresp()[:3] == ("229" if number % 2 else "227")
            assert place.haftp.descriptors()["socket"] < sockets + 10
        assert one_client(place, lab.net.client(1))
        assert session.server_name()
        assert resident_kib(place.haftp) - memory < 32 << 10


def test_logins_that_never_come(lab, quick):
    """They read 421 and are gone; who logs in meanwhile is served."""
    place = lab.place(quick, more_defaults=["timeout ftp-login 2s"])
    before = place.haftp.settled_descriptors()
    idle = [socket.create_connection((place.address, CONTROL_PORT)) for _ in range(CLIENTS)]
    assert one_client(place, lab.net.client(1))
    for sock in idle:
        sock.settimeout(20)
        with sock, sock.makefile("rb") as lines:
            replies = lines.read().splitlines()
            assert replies[0].startswith(b"220") and replies[-1].startswith(b"421 ")
    until(lambda: place.haftp.descriptors()["socket"] == before["socket"], 20,
          "all sockets to be given back")
    assert one_client(place, lab.net.client(1))
