"""Which server a session gets, and how long it waits for one."""

import collections
import socket

import pytest

from lib.haftp import server_lines
from lib.session import Session


def home(place, source=None):
    with Session(place.control, place.login, source) as session:
        return session.server_name()


def homes(place, count):
    return collections.Counter(home(place) for _ in range(count))


def lines(servers, *options):
    return "".join(server_lines([server], option) for server, option in zip(servers, options))


def test_source_keeps_a_client_on_its_server(lab):
    place = lab.place(balance="source")
    first = {number: home(place, lab.net.client(number)) for number in range(1, 25)}
    again = {number: home(place, lab.net.client(number)) for number in range(1, 25)}
    assert first == again
    assert len(set(first.values())) == 3


@pytest.mark.parametrize("balance", ["roundrobin", "static-rr"])
def test_weights(lab, balance):
    """One worker, because every worker may count its own turns."""
    servers = lab.farm()
    place = lab.place(servers, threads=1, balance=balance,
                      lines=lines(servers, "weight 1", "weight 2", "weight 5"))
    names = [server.name for server in servers]
    assert homes(place, 32) == dict(zip(names, (4, 8, 20)))


def test_leastconn(lab):
    """Nine sessions that stay: three for each server."""
    place = lab.place(balance="leastconn")
    sessions = [Session(place.control, place.login) for _ in range(9)]
    assert set(collections.Counter(s.server_name() for s in sessions).values()) == {3}


def test_first_fills_one_server_after_the_other(lab):
    servers = lab.farm()
    place = lab.place(servers, balance="first", lines=lines(servers, *["maxconn 2"] * 3))
    sessions = [Session(place.control, place.login) for _ in range(5)]
    counts = collections.Counter(session.server_name() for session in sessions)
    assert counts == {servers[0].name: 2, servers[1].name: 2, servers[2].name: 1}


def test_random_uses_all(lab):
    place = lab.place(balance="random")
    assert len(homes(place, 40)) == 3


def test_disabled_server_is_not_used(lab):
    servers = lab.farm()
    place = lab.place(servers, lines=lines(servers, "", "disabled", ""))
    assert set(homes(place, 12)) == {servers[0].name, servers[2].name}


def test_weight_0_takes_no_new_sessions(lab):
    servers = lab.farm()
    place = lab.place(servers, lines=lines(servers, "", "weight 0", ""))
    assert set(homes(place, 12)) == {servers[0].name, servers[2].name}


def test_backup_waits_for_the_others_to_fail(lab):
    servers = lab.servers("vsftpd", 2)
    place = lab.place(servers, lines=lines(servers, "check inter 100ms fall 1",
                                           "check inter 100ms backup"))
    assert set(homes(place, 6)) == {servers[0].name}
    servers[0].kill()
    place.haftp.wait_log(rf"(?i){servers[0].name}.* down")
    assert set(homes(place, 6)) == {servers[1].name}


def is_greeted(link, seconds):
    """Waits this long for a greeting: the only way to see that none comes."""
    link.settimeout(seconds)
    try:
        return link.recv(1) == b"2"
    except TimeoutError:
        return False


def test_server_maxconn_queues(lab):
    """The second session waits for the slot of the first one, and then works."""
    servers = lab.farm()[:1]
    place = lab.place(servers, lines=lines(servers, "maxconn 1"))
    first = Session(place.control, place.login)
    with socket.create_connection(place.control, 10) as second:
        assert not is_greeted(second, 0.5)
        first.quit()
        assert is_greeted(second, 10)


def test_queue_has_an_end(lab):
    servers = lab.farm()[:1]
    place = lab.place(servers, lines=lines(servers, "maxconn 1"),
                      more_defaults=["timeout queue 200ms"])
    with Session(place.control, place.login):
        with socket.create_connection(place.control, 10) as second:
            assert second.recv(100).startswith(b"421 ")


def test_section_maxconn_waits_in_the_kernel(lab):
    place = lab.place(more=["maxconn 2"])
    first = Session(place.control, place.login)
    second = Session(place.control, place.login)
    with socket.create_connection(place.control, 10) as third:
        assert not is_greeted(third, 0.5)
        # Those who were let in can work: a data connection is not a session.
        assert second.server_name()
        first.quit()
        assert is_greeted(third, 10)


def test_stick_table_remembers_clients(lab):
    """roundrobin alone would move every next session on."""
    place = lab.place(more=["stick-table type ip size 1k expire 5m", "stick on src"])
    stuck = {number: home(place, lab.net.client(number)) for number in range(1, 7)}
    assert len(set(stuck.values())) == 3
    for number in (3, 1, 6, 2, 5, 4):
        assert home(place, lab.net.client(number)) == stuck[number]


def test_stick_table_leaves_a_dead_server(lab):
    servers = lab.servers("vsftpd", 2)
    place = lab.place(servers, lines=lines(servers, *["check inter 100ms fall 1"] * 2),
                      more=["stick-table type ip size 1k expire 5m", "stick on src"])
    names = {server.name: server for server in servers}
    stuck = names.pop(home(place))
    other, = names
    stuck.kill()
    place.haftp.wait_log(rf"(?i){stuck.name}.* down")
    assert home(place) == other
