"""The data connection goes to the control session's server, whatever else is going on."""

import collections
import itertools
import threading

import pytest

from lib.session import Session, drain, named_content

FOUR_PORTS = (20000, 20003)

both_relays = pytest.mark.parametrize("relay, threads", [
    ("copy", 1), ("copy", 4), ("splice", 1), ("splice", 4)])


@both_relays
@pytest.mark.parametrize("kind", ["vsftpd", "pureftpd"])
def test_sixty_interleaved_sessions(lab, kind, relay, threads):
    """Every step is done by all sessions before the next one, and by the last session first."""
    place = lab.place(lab.farm(kind), relay, threads)
    sessions = [Session(place.control, place.login, epsv=number % 2) for number in range(60)]
    homes = [session.server_name() for session in sessions]
    assert collections.Counter(homes) == {server.name: 20 for server in place.servers}

    for _ in range(3):
        places = [session.makepasv() for session in sessions]
        links = {}
        for number in reversed(range(60)):
            links[number] = sessions[number].dial(places[number])
        for session in sessions[::2] + sessions[1::2]:
            session.putcmd("RETR WELCOME")
        seen = [drain(links[number]).decode().strip() for number in range(60)]
        assert seen == homes
        for number, session in enumerate(sessions):
            links[number].close()
            session.end_transfer()
    for session in sessions:
        session.quit()


@both_relays
def test_four_ports_serve_forty_addresses(lab, relay, threads):
    """Forty leases at once on four ports, then forty transfers that run at the same time."""
    place = lab.place(relay=relay, threads=threads, data_ports=FOUR_PORTS)
    sessions = [Session(place.control, place.login, source=lab.net.client(number))
                for number in range(1, 41)]
    homes = [session.server_name() for session in sessions]
    places = [session.makepasv() for session in sessions]
    assert {port for _, port in places} <= set(range(FOUR_PORTS[0], FOUR_PORTS[1] + 1))

    links = [session.dial(where) for session, where in zip(sessions, places)]
    for session in sessions:
        assert session.sendcmd("RETR pub/named.bin").startswith("150")
    starts = [link.recv(1) for link in links]
    for session, home, link, start in zip(sessions, homes, links, starts):
        assert start + drain(link) == named_content(home)
        link.close()
        assert session.voidresp().startswith("226")
        session.quit()


@both_relays
def test_four_ports_serve_twenty_sessions_of_one_address(lab, relay, threads):
    """Twenty at once, each as fast as it can; nobody may read 425."""
    place = lab.place(relay=relay, threads=threads, data_ports=FOUR_PORTS)
    failures = []

    def work():
        try:
            with Session(place.control, place.login) as session:
                home = session.server_name()
                for _ in range(10):
                    assert session.server_name() == home
                assert session.read("pub/named.bin") == named_content(home)
        except Exception as error:
            failures.append(repr(error))

    clients = [threading.Thread(target=work) for _ in range(20)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert not failures


def test_ports_are_not_used_in_order(lab):
    """A guessable next port would be an invitation to thieves (passive port theft)."""
    place = lab.place()
    with Session(place.control, place.login) as session:
        ports = [session.announced()[1] for _ in range(12)]
    steps = [after - before for before, after in itertools.pairwise(ports)]
    assert len(set(steps)) > 2, f"the ports follow a pattern: {ports}"


def test_announces_the_address_that_the_client_reached(lab):
    """The servers announce addresses of another network; the client must not see them."""
    place = lab.place()
    with Session(place.control, place.login) as session:
        address, port = session.announced()
    assert address == place.address
    assert 20000 <= port <= 20099
