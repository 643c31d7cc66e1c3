"""What `global` says of threads, buffers and pipes, seen from outside in a running process."""

import contextlib
import os
import signal
import socket

import pytest

from lib import borrow, content
from lib.fakes import Fake, echo
from lib.haftp import head
from lib.servers import IS_ROOT
from lib.session import Moded, Session, drain
from lib.wait import until

HELD = 64 << 20  # more than the sockets on the way can hold
BUFFERS = ["tune.rcvbuf.client 40000", "tune.sndbuf.client 50000",
           "tune.rcvbuf.server 60000", "tune.sndbuf.server 70000"]


@pytest.fixture
def server(lab):
    server, = lab.servers("vsftpd", 1)
    content.write_sparse(server.path("pub/held"), HELD)
    return server


# ---- buffers ----

def of_peers(haftp, address):
    """The buffers of all connections with this peer, and with all others."""
    found = borrow.connections(haftp.process.pid)
    return ({tuple(sizes) for peer, *sizes in found if peer == address},
            {tuple(sizes) for peer, *sizes in found if peer != address})


@pytest.mark.parametrize("server_mode", ["auto", "port"])
@pytest.mark.parametrize("mode", ["pasv", "epsv", "port", "eprt"])
def test_buffers_of_all_connections(lab, server, mode, server_mode):
    """Control and data, accepted and made; the kernel doubles what it is asked for."""
    place = lab.place([server], more_global=BUFFERS, threads=1,
                      more_defaults=[f"ftp-data server-mode {server_mode}"])
    with Moded(mode, place.control, place.login) as session:
        data = session.transfercmd("RETR pub/held")
        assert data.recv(1)
        assert len(borrow.connections(place.haftp.process.pid)) == 4
        servers, clients = of_peers(place.haftp, server.address)
        assert (servers, clients) == ({(120000, 140000)}, {(80000, 100000)})
        drain(data)
        data.close()
        session.voidresp()


def test_buffers_are_the_kernels_otherwise(lab, server):
    place = lab.place([server], threads=1)
    with Session(place.control, place.login):
        servers, clients = of_peers(place.haftp, server.address)
        default = int(open("/proc/sys/net/ipv4/tcp_rmem").read().split()[1])
        assert {receive for receive, _ in servers | clients} == {default}


def test_buffers_of_plain_tcp(lab):
    with Fake("echo", lab.net.server(), echo) as fake:
        front = lab.net.front()
        haftp = lab.haftp(head(threads=1, more_global=BUFFERS) + f"""
listen plain
    bind {front}:7007
    server one {fake.address}:{fake.port}
""", (front, 7007))
        with socket.create_connection((front, 7007), timeout=10) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"
            assert of_peers(haftp, fake.address) == ({(120000, 140000)}, {(80000, 100000)})


# ---- pipes ----

@contextlib.contextmanager
def held_transfers(place, n):
    """Downloads that nobody reads but the given function, which takes a little of each: what haftp
    had read by then may just have fitted into sockets. They end whole."""
    with contextlib.ExitStack() as stack:
        held = []
        for _ in range(n):
            session = stack.enter_context(Session(place.control, place.login))
            data = session.transfercmd("RETR pub/held")
            got = len(data.recv(1 << 20, socket.MSG_WAITALL))
            held.append([session, data, got])

        def take_some():
            for one in held:
                one[2] += len(one[1].recv(1 << 18))
        yield take_some
        for session, data, got in held:
            assert got + len(drain(data)) == HELD
            data.close()
            session.voidresp()


root_only = pytest.mark.skipif(not IS_ROOT, reason="parallel tests of one account share the "
                               "kernel's limit of pipe memory")


@root_only
@pytest.mark.parametrize("lines, size", [([], 1 << 20), (["tune.pipesize 131072"], 131072),
                                         (["tune.pipesize 4096"], 4096)])
def test_pipes_are_as_large_as_was_asked(lab, server, lines, size):
    place = lab.place([server], threads=1, more_global=lines)
    with held_transfers(place, 1) as take_some:
        def is_held():
            take_some()  # haftp has pipes for other purposes, too: these have the kernel's size
            return borrow.pipe_sizes(place.haftp.process.pid).count(size) == 2
        until(is_held, 10, "a pipe to be held")


@root_only
@pytest.mark.parametrize("lines, pipes", [([], 3), (["maxpipes 1"], 1), (["nosplice"], 0)])
def test_no_more_pipes_than_was_said(lab, server, lines, pipes):
    """Whoever gets none is copied, and loses nothing."""
    place = lab.place([server], threads=1, more_global=lines)
    with Session(place.control, place.login):  # all threads are there, with pipes of their own
        before = place.haftp.settled_descriptors()["pipe"]
    with held_transfers(place, 3) as take_some:
        def are_held():
            take_some()
            return place.haftp.descriptors()["pipe"] >= before + 2 * pipes
        until(are_held, 10, "the pipes")
    # Fewer: one with bytes left in it is closed.
    assert place.haftp.descriptors()["pipe"] <= before + 2 * pipes


# ---- threads ----

def threads_of(lab, least, *lines):
    """How many there are, main included, when there are at least so many, and after a session."""
    with Fake("echo", lab.net.server(), echo) as fake:
        front = lab.net.front()
        config = head().replace("    nbthread 2\n", "".join(f"    {line}\n" for line in lines))
        haftp = lab.haftp(config + f"""
listen plain
    bind {front}:7007
    server one {fake.address}:{fake.port}
""", (front, 7007))

        def count():
            return len(os.listdir(f"/proc/{haftp.process.pid}/task"))

        until(lambda: count() >= least, 10, f"{least} threads")
        with socket.create_connection((front, 7007), 10) as connection:
            connection.sendall(b"x")
            assert connection.recv(1) == b"x"
        return count()


def test_as_many_workers_as_was_said(lab):
    for number in (1, 3):
        assert threads_of(lab, 1 + number, f"nbthread {number}") == 1 + number


def test_a_worker_for_each_usable_cpu(lab):
    usable = os.sched_getaffinity(0)
    assert threads_of(lab, 1 + len(usable)) == 1 + len(usable)
    os.sched_setaffinity(0, {min(usable)})
    try:
        assert threads_of(lab, 2) == 2
    finally:
        os.sched_setaffinity(0, usable)


# ---- accepting ----

def states_of(haftp):
    """Of its threads: a signal stops one after the other."""
    folder = f"/proc/{haftp.process.pid}/task"
    states = set()
    for thread in os.listdir(folder):
        with open(f"{folder}/{thread}/stat") as stat:
            states.add(stat.read().rpartition(")")[2].split()[0])
    return states


@pytest.mark.parametrize("lines, least, most", [([], 64, 64), (["tune.maxaccept 3"], 3, 6)])
def test_a_crowd_at_one_port_waits_for_its_turn(lab, lines, least, most):
    """A hundred come to one port while haftp sleeps, then one to another: how many of the hundred
    go before it? The server is told by PROXY headers, in the order in which it is connected to."""
    listener = socket.create_server((lab.net.server(), 7007), backlog=200)
    listener.settimeout(10)
    host, port = listener.getsockname()
    front = lab.net.front()
    haftp = lab.haftp(head(threads=1, more_global=lines) + "".join(f"""
listen plain_{there}
    bind {front}:{there}
    server one {host}:{port} send-proxy
""" for there in (7001, 7002)), (front, 7001), (front, 7002))
    with contextlib.ExitStack() as stack:
        stack.enter_context(listener)
        haftp.process.signal(signal.SIGSTOP)
        until(lambda: states_of(haftp) == {"T"}, 10, "haftp to stop")
        for there in [7001] * 100 + [7002]:
            stack.enter_context(socket.create_connection((front, there), timeout=10))
        haftp.process.signal(signal.SIGCONT)
        order = []
        for _ in range(101):
            connection, _ = listener.accept()
            stack.enter_context(connection)
            order.append(connection.makefile("rb").readline().split()[-1])
    assert least <= order.index(b"7002") <= most
