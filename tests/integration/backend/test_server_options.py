"""Options of servers at work: slow starts, borrowed health, observed errors, priorities, limits."""

import contextlib
import os
import socket

from lib.fakes import Fake, echo
from lib.haftp import head
from lib.session import drain
from lib.wait import until

PORT = 7007


def start(lab, lines, extra="", defaults=()):
    """A haftp with one worker in front of these server lines: (where to connect, haftp)."""
    front = lab.net.front()
    haftp = lab.haftp(head("copy", 1, more_defaults=defaults) +
                      f"listen plain\n    bind {front}:8000\n{lines}\n{extra}\n", (front, 8000))
    return (front, 8000), haftp


def name(text):
    """A server that says its name to all who come."""
    def handle(connection):
        connection.sendall(text)
        connection.close()
    return handle


def named(where, source=None):
    with socket.create_connection(where, 30, (source, 0) if source else None) as link:
        return drain(link)


def speaks(link, text=b"?"):
    """True: an echo server is behind this link."""
    link.sendall(text)
    return link.recv(len(text)) == text


def test_slowstart(lab):
    """A server that came back gets little at first; in the section without slowstart, its half."""
    address = lab.net.server()
    with Fake("one", lab.net.server(), name(b"1"), PORT) as one:
        slow_start = lab.net.front()
        front, haftp = start(lab, f"    server one {one.address}:{PORT}\n"
                             f"    server two {address}:{PORT} check inter 200ms rise 1\n",
                             f"listen slow\n    bind {slow_start}:8000\n"
                             f"    server one {one.address}:{PORT}\n"
                             f"    server two {address}:{PORT} check inter 200ms rise 1 "
                             "slowstart 10m\n")
        haftp.wait_log("Server plain/two is DOWN")
        haftp.wait_log("Server slow/two is DOWN")
        with Fake("two", address, name(b"2"), PORT):
            haftp.wait_log("Server plain/two is UP")
            haftp.wait_log("Server slow/two is UP")
            assert [named(front) for _ in range(20)].count(b"2") == 10
            assert [named((slow_start, 8000)) for _ in range(20)].count(b"2") <= 2


def test_track(lab):
    """Without a check of its own, a server shares the health of the one that it tracks."""
    address = lab.net.server()
    target = Fake("one", address, name(b"1"), PORT)
    with Fake("two", lab.net.server(), name(b"2"), PORT) as two:
        front, haftp = start(lab, f"    server follower {two.address}:{PORT} track real/one\n",
                             f"backend real\n    server one {address}:{PORT} check inter 100ms "
                             "rise 1 fall 1\n")
        assert named(front) == b"2"
        target.__exit__()
        haftp.wait_log(r"Server plain/follower is DOWN via real/one")
        assert named(front) == b""
        with Fake("one", address, name(b"1"), PORT):
            haftp.wait_log(r"Server plain/follower is UP via real/one")
            assert named(front) == b"2"


def test_observe_layer4_marks_down(lab):
    """The checked port is well, the one that serves refuses: sessions tell it."""
    with Fake("checked", lab.net.server(), echo, PORT) as checked, \
            Fake("spare", lab.net.server(), name(b"spare"), PORT) as spare:
        front, haftp = start(lab, f"    option redispatch\n    retries 1\n    balance first\n"
                             f"    server bad {checked.address}:7008 check port {PORT} inter 60s "
                             "observe layer4 error-limit 2 on-error mark-down\n"
                             f"    server spare {spare.address}:{PORT}\n",
                             defaults=["timeout connect 200ms"])
        for _ in range(3):
            assert named(front) == b"spare"
        haftp.wait_log(r"Server plain/bad is DOWN, reason: Health analyze, info: \"Detected 2 "
                       "consecutive errors")


def test_urgent_sessions_are_served_first(lab):
    """set-priority-class: who came last, but is urgent, gets the next slot."""
    urgent = lab.net.client(9)
    with Fake("echo", lab.net.server(), echo, PORT) as target, contextlib.ExitStack() as end:
        front, haftp = start(lab, "    timeout queue 30s\n"
                             "    tcp-request content set-priority-class int(-5) "
                             f"if {{ src {urgent} }}\n"
                             f"    server one {target.address}:{PORT} maxconn 1\n")
        served, patient, pressing = (
            end.enter_context(socket.create_connection(front, 30, (source, 0) if source else None))
            for source in (None, None, urgent))
        assert speaks(served)
        patient.sendall(b"p")
        pressing.sendall(b"u")
        until(lambda: waiting(haftp) == 3, 10, "three sessions")
        served.close()
        assert pressing.recv(1) == b"u"
        pressing.close()
        assert patient.recv(1) == b"p"


def waiting(haftp):
    """Connections of clients that haftp has accepted: those to port 8000."""
    own = set(haftp_sockets(haftp))
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in list(table)[1:]]
    return sum(1 for row in rows if row[9] in own and row[3] == "01"
               and row[1].endswith(":1F40"))


def haftp_sockets(haftp):
    """Inodes of its sockets."""
    folder = f"/proc/{haftp.process.pid}/fd"
    for entry in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            target = os.readlink(os.path.join(folder, entry))
            if target.startswith("socket:["):
                yield target[8:-1]


def test_who_waited_longest_is_served_first_whatever_it_waits_for(lab):
    """One waits for any server, then one for this very server: the slot goes to the older one."""
    bound = lab.net.client(9)
    for order in ((None, bound), (bound, None)):
        with Fake("echo", lab.net.server(), echo, PORT) as target, contextlib.ExitStack() as end:
            front, haftp = start(lab, "    timeout queue 30s\n    balance leastconn\n"
                                 f"    use-server one if {{ src {bound} }}\n"
                                 f"    server one {target.address}:{PORT} maxconn 1\n")
            served = end.enter_context(socket.create_connection(front, 30))
            assert speaks(served)
            links = []
            for number, source in enumerate(order):
                link = end.enter_context(
                    socket.create_connection(front, 30, (source, 0) if source else None))
                link.sendall(b"w")
                links.append(link)
                until(lambda n=number: waiting(haftp) == n + 2, 10, "it to be accepted")
            served.close()
            assert links[0].recv(1) == b"w", f"order {order}"
            links[1].settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                assert not links[1].recv(1), "both have the only slot"
            links[0].close()
            links[1].settimeout(30)
            assert links[1].recv(1) == b"w"


def test_bind_maxconn(lab):
    """One bind is full, the other one of the same section is not."""
    second = lab.net.front()
    with Fake("echo", lab.net.server(), echo, PORT) as target, contextlib.ExitStack() as end:
        start(lab, f"    server one {target.address}:{PORT}\n",
              f"listen limited\n    bind {second}:8001 maxconn 1\n"
              f"    bind {second}:8002\n    server one {target.address}:{PORT}\n")
        first = end.enter_context(socket.create_connection((second, 8001), 30))
        assert speaks(first)
        other = end.enter_context(socket.create_connection((second, 8002), 30))
        assert speaks(other)
        waits = end.enter_context(socket.create_connection((second, 8001), 30))
        waits.sendall(b"w")
        waits.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            assert not waits.recv(1), "the second session of this bind was served"
        first.close()
        waits.settimeout(30)
        assert waits.recv(1) == b"w"


def test_maxqueue_with_leastconn(lab):
    """Nobody is turned away as long as any server may come free: the section's queue takes all."""
    with Fake("echo", lab.net.server(), echo, PORT) as target, contextlib.ExitStack() as end:
        front, _ = start(lab, "    timeout queue 30s\n    balance leastconn\n"
                         f"    server one {target.address}:{PORT} maxconn 1 maxqueue 1\n")
        links = []
        for number in range(4):
            links.append(end.enter_context(socket.create_connection(front, 30)))
            links[-1].sendall(b"%d" % number)
        for number, link in enumerate(links):
            assert link.recv(1) == b"%d" % number
            link.close()


def test_dst_conn_counts_the_bind(lab):
    """As HAProxy's: connections of the same listener, not of the whole section."""
    with Fake("echo", lab.net.server(), echo, PORT) as target, contextlib.ExitStack() as end:
        second = lab.net.front()
        front, _ = start(lab, f"    bind {second}:8003\n"
                         "    tcp-request connection reject if { dst_conn gt 2 }\n"
                         f"    server one {target.address}:{PORT}\n")
        for where in (front, front, (second, 8003), (second, 8003)):
            assert speaks(end.enter_context(socket.create_connection(where, 30)))
        with socket.create_connection(front, 30) as third:
            assert drain(third) == b""
