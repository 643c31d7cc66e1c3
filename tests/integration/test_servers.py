"""What server lines promise: sessions that end with their server, health that follows another's,
queues with a bound, rates."""

import contextlib
import socket
import time

from lib.fakes import Fake, echo
from lib.haftp import head
from lib.session import drain


def start(lab, lines, extra=""):
    front = lab.net.front()
    lab.haftp(head("copy", 1) + f"""
listen plain
    bind {front}:8000
{lines}
{extra}
""", (front, 8000))
    return (front, 8000)


def name(text):
    """A server that says its name to all who come."""
    def handle(connection):
        connection.sendall(text)
        connection.close()
    return handle


def says(link, text):
    """True: the server behind this link answers."""
    link.sendall(text)
    return link.recv(len(text)) == text


def test_sessions_end_with_their_server_and_those_of_backups_when_it_returns(lab):
    address, backup_address = lab.net.server(), lab.net.server()
    target = Fake("echo", address, echo, port=7007)
    with Fake("spare", backup_address, echo, port=7007) as spare:
        with target:
            front = start(lab, f"""
    default-server inter 100ms rise 1 fall 1 on-marked-down shutdown-sessions
    server one {address}:7007 check on-marked-up shutdown-backup-sessions
    server two {spare.address}:7007 backup
""")
            link = socket.create_connection(front, 30)
            assert says(link, b"first")
        with link:
            assert link.recv(1) == b""  # ended, although this client said nothing
        with socket.create_connection(front, 30) as on_backup:
            assert says(on_backup, b"second")
            with Fake("echo", address, echo, port=7007):
                assert on_backup.recv(1) == b""


def test_who_is_bound_to_a_server_with_a_full_queue_is_turned_away(lab):
    with Fake("echo", lab.net.server(), echo, port=7007) as target, contextlib.ExitStack() as end:
        front = start(lab, f"""
    balance source
    timeout queue 30s
    server one {target.address}:7007 maxconn 1 maxqueue 1
""")
        served = end.enter_context(socket.create_connection(front, 30))
        assert says(served, b"in")
        waiting = end.enter_context(socket.create_connection(front, 30))
        waiting.sendall(b"next")
        with socket.create_connection(front, 30) as turned_away:
            assert drain(turned_away) == b""
        served.close()
        assert waiting.recv(4) == b"next"


def test_new_sessions_wait_for_the_rate(lab):
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front = start(lab, f"""
    rate-limit sessions 5
    server one {target.address}:7007
""")
        began = time.monotonic()
        for _ in range(12):
            with socket.create_connection(front, 30) as link:
                assert says(link, b"x")
        # Five at once, then five a second: nobody is refused.
        assert time.monotonic() - began > 0.9


def test_a_network_is_stuck_to_its_server_unless_a_rule_says_otherwise(lab):
    with Fake("one", lab.net.server(), name(b"1"), port=7007) as one, \
            Fake("two", lab.net.server(), name(b"2"), port=7007) as two:
        front = start(lab, f"""
    stick-table type string len 20 size 1k expire 1m
    stick on src,ipmask(24) unless {{ src 127.66.2.0/24 }}
    server one {one.address}:7007
    server two {two.address}:7007
""")

        def served_by(client):
            with socket.create_connection(front, 30, (client, 0)) as link:
                return drain(link)

        first = served_by("127.66.1.1")
        assert {served_by(f"127.66.1.{host}") for host in range(2, 8)} == {first}
        assert {served_by("127.66.2.1") for _ in range(2)} == {b"1", b"2"}
