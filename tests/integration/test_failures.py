"""What clients see when servers break, and what strangers get."""

import ftplib
import os
import socket
import threading

import pytest

from lib import content
from lib.clients import ClientError, Curl, Lftp, Wget
from lib.fakes import Fake, Nobody, greet_421, hang
from lib.session import Session, drain
from lib.wait import until

BIG = 256 * content.MIB
GIB = 1024 * content.MIB

both_relays = pytest.mark.parametrize("relay, threads", [
    ("copy", 1), ("copy", 4), ("splice", 1), ("splice", 4)])


def add_big_file(server):
    content.write_sparse(server.path("pub/big"), BIG)


@both_relays
@pytest.mark.parametrize("kind", ["vsftpd", "proftpd", "pyftpdlib"])
def test_server_killed_while_sending(lab, kind, relay, threads):
    """A truncated file must never look complete: the data connection ends with a reset."""
    server, = servers = lab.servers(kind, 1)
    add_big_file(server)
    place = lab.place(servers, relay, threads)
    session = Session(place.control, place.login)
    data = session.transfercmd("RETR pub/big")
    assert data.recv(1 << 16)
    server.kill()
    with pytest.raises(ConnectionResetError):
        drain(data)
    assert_failed_reply(session)


@both_relays
def test_server_killed_while_receiving(lab, relay, threads):
    server, = servers = lab.servers("vsftpd", 1)
    place = lab.place(servers, relay, threads)
    session = Session(place.control, place.login)
    data = session.transfercmd("STOR incoming/big")
    data.sendall(b"x" * content.MIB)
    server.kill()
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        while True:
            data.sendall(b"x" * content.MIB)
    assert_failed_reply(session)


def assert_failed_reply(session):
    """426, or another refusal, or the end of the control connection; never a 2xx."""
    try:
        reply = session.getresp()
    except (ftplib.error_temp, ftplib.error_perm, EOFError, ConnectionError):
        return
    pytest.fail(f"a broken transfer was called a success: {reply}")


@pytest.mark.parametrize("program", [Curl, Wget, Lftp])
def test_real_clients_notice_a_killed_server(lab, program):
    """The file is so large that the client cannot be through before the server is dead."""
    server, = servers = lab.servers("vsftpd", 1)
    open(server.path("pub/huge"), "w").close()
    os.truncate(server.path("pub/huge"), 64 * GIB)
    place = lab.place(servers)
    client = program(place.control, place.login, lab.scratch())
    local = os.path.join(client.folder, "huge")

    def kill_when_busy():
        until(lambda: os.path.exists(local) and os.path.getsize(local), 30, "the first bytes")
        server.kill()
    killer = threading.Thread(target=kill_when_busy)
    killer.start()
    with pytest.raises(ClientError):
        client.get("pub/huge", local)
    killer.join()


@pytest.mark.parametrize("bad", ["refuses", "hangs", "says 421"])
def test_bad_server_is_never_seen(lab, bad):
    """Without a health check that would have found it: every session still gets a greeting."""
    good = lab.farm()[:1]
    address = lab.net.server()
    if bad == "refuses":
        wrong = Nobody("wrong", address)
        run_with_bad_server(lab, wrong, good)
    else:
        with Fake("wrong", address, hang if bad == "hangs" else greet_421) as wrong:
            run_with_bad_server(lab, wrong, good)
            assert wrong.connections, "the bad server was never tried: this shows nothing"


def run_with_bad_server(lab, wrong, good):
    lines = "".join(f"    server {server.name} {server.address}:{server.port}\n"
                    for server in [wrong, *good])
    place = lab.place(good, lines=lines, more_defaults=["timeout ftp-greeting 300ms"])
    for _ in range(6):
        with Session(place.control, place.login) as session:
            assert session.server_name() == good[0].name


@pytest.mark.parametrize("check", ["check inter 200ms", ""])
def test_no_server_left(lab, check):
    """A reply with a reason, not a bare reset."""
    nobody = [Nobody(f"gone_{number}", lab.net.server()) for number in (1, 2)]
    lines = "".join(f"    server {server.name} {server.address}:{server.port} {check}\n"
                    for server in nobody)
    place = lab.place(lines=lines)
    for _ in range(3):
        with pytest.raises(ftplib.error_temp, match="^421 "):
            Session(place.control)


def test_checks_find_a_dead_server_and_its_return(lab):
    """A stopped server gets no sessions; once back, it gets its share again."""
    servers = lab.servers("vsftpd", 2)
    lines = "".join(f"    server {s.name} {s.address}:{s.port} check inter 100ms rise 2 fall 2\n"
                    for s in servers)
    place = lab.place(servers, lines=lines)
    servers[0].kill()
    place.haftp.wait_log(rf"(?i){servers[0].name}.* (is )?down")
    for _ in range(4):
        with Session(place.control, place.login) as session:
            assert session.server_name() == servers[1].name
    servers[0].start()
    place.haftp.wait_log(rf"(?i){servers[0].name}.* (is )?up")

    def both():
        with Session(place.control, place.login) as session:
            return session.server_name() == servers[0].name
    until(both, 10, "the returned server to be used")


def assert_turned_away(where, source):
    """The connection ends at once, without a byte; the reset may even come before we are ready."""
    try:
        with socket.create_connection(where, 10, (source, 0)) as stranger:
            assert stranger.recv(1) == b""
    except ConnectionResetError:
        pass


@both_relays
def test_stranger_on_a_data_port(lab, relay, threads):
    """Closed at once, without a byte; the client whose port it is loses nothing."""
    place = lab.place(relay=relay, threads=threads, data_ports=(20000, 20003))
    owner = Session(place.control, place.login, source=lab.net.client(1))
    home = owner.server_name()
    where = owner.makepasv()
    assert_turned_away(where, lab.net.client(2))
    owner.putcmd("RETR WELCOME")
    data = owner.dial(where)
    assert drain(data).decode().strip() == home
    data.close()
    owner.end_transfer()


def test_data_port_without_a_session(lab):
    """Nobody asked for it: the port is closed to everyone."""
    place = lab.place(data_ports=(20000, 20003))
    for port in range(20000, 20004):
        assert_turned_away((place.address, port), lab.net.client(1))


def test_only_one_connection_per_lease(lab):
    """The second connection to the same port is a stranger, even from the same address."""
    place = lab.place()
    with Session(place.control, place.login) as session:
        where = session.makepasv()
        first = session.dial(where)
        assert_turned_away(where, "127.0.0.1")
        session.putcmd("RETR WELCOME")
        assert drain(first)
        first.close()
        session.end_transfer()
