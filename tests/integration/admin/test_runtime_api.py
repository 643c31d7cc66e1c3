"""The runtime API: its sockets, its language, and what its commands do to running sessions."""

import contextlib
import json
import os
import socket
import stat

import pytest

from lib.session import Api, Session, drain, named_content
from lib.wait import until


@pytest.fixture
def socket_path():
    """Short enough for a socket's name, whatever the test's own folder is."""
    path = f"/tmp/haftp-api-{os.getpid()}.sock"
    yield path
    for name in (path, path + ".user"):
        if os.path.exists(name):
            os.unlink(name)


@pytest.fixture
def place(lab, socket_path):
    return lab.place(threads=2, more_global=[
        f"stats socket {socket_path} mode 600 level admin",
        f"stats socket {socket_path}.user level user", "stats timeout 20s"])


@pytest.fixture
def api(place, socket_path):
    return Api(socket_path)


def test_the_language(api, socket_path):
    assert stat.S_IMODE(os.stat(socket_path).st_mode) == 0o600
    version = api("show version")
    assert version == "0.1.0\n"
    assert api.send("show version; show cli level\n") == f"{version}\nadmin\n\n"
    assert api.send("show version\nshow version\n") == f"{version}\n" * 2
    asked = api.send("prompt; show version\nshow cli level\nquit\n")
    assert asked == f"\n> {version}\n> admin\n\n> "
    assert api("show verison").startswith("Unknown command, but maybe one of the following")
    assert "show servers state" in api("help show servers")
    assert "'@1' is for the CLI of a master process" in api("@1 show version")
    assert api.send("set severity-output number; get weight x/y\n") == "\n[3]: No such backend.\n\n"
    assert api("show version <<\nany\nthing\n") == version
    assert "too long" in api.send("x" * 20000)


def test_a_user_may_only_look(place, socket_path):
    user = Api(socket_path + ".user")
    assert "ftp_control" in user("show backend")
    for command in ("show env", "set weight ftp_control/s1 1", "shutdown session 0x1", "operator"):
        assert user(command) == "Permission denied\n"


def state_of(api, server):
    return next(row for row in api.rows("show servers state ftp_control") if
                row["srv_name"] == server)


def test_a_drain_keeps_sessions_and_gives_no_new_ones(api, place):
    with Session(place.control, place.login) as session:
        name = session.server_name()
        assert api(f"set server ftp_control/{name} state drain") == ""
        assert state_of(api, name)["srv_admin_state"] == "8"
        assert session.read("pub/named.bin") == named_content(name)
        for _ in range(6):
            with Session(place.control, place.login) as other:
                assert other.server_name() != name
        assert api(f"set server ftp_control/{name} state ready") == ""
    seen = set()
    until(lambda: seen.add(new_server(place)) or name in seen, 20, "a server that is back")
    place.haftp.wait_log(f"Server ftp_control/{name} enters drain state. 2 active")
    place.haftp.wait_log(f"Server ftp_control/{name} is UP .leaving forced drain")


def new_server(place):
    with Session(place.control, place.login) as session:
        return session.server_name()


def test_maintenance_lets_a_transfer_end(api, place):
    with Session(place.control, place.login) as session:
        name = session.server_name()
        data = session.transfercmd("RETR pub/named.bin")
        first = data.recv(1)
        api(f"disable server ftp_control/{name}")
        assert state_of(api, name)["srv_op_state"] == "0"
        assert first + drain(data) == named_content(name)
        data.close()
        session.voidresp()
        assert session.read("pub/named.bin") == named_content(name)  # and the next one begins
        assert new_server(place) != name
        api(f"enable server ftp_control/{name}")
        assert state_of(api, name)["srv_op_state"] == "2"


def test_maintenance_ends_sessions_where_the_file_says_so(lab, socket_path):
    place = lab.place(more_global=[f"stats socket {socket_path} level admin"],
                      more_defaults=["default-server on-marked-down shutdown-sessions"])
    api = Api(socket_path)
    with Session(place.control, place.login) as session:
        assert api(f"set server ftp_control/{session.server_name()} state maint") == ""
        assert session.getline() == (
            "421 Your server has gone out of service; connect again for another one.")
    assert new_server(place)


def test_weights(api, place):
    names = [server.name for server in place.servers]
    for name in names[1:]:
        assert api(f"set weight ftp_control/{name} 0%") == ""
    assert api(f"get weight ftp_control/{names[1]}") == "0 (initial 1)\n"
    assert {new_server(place) for _ in range(4)} == {names[0]}
    assert "between 0 and 256" in api(f"set weight ftp_control/{names[1]} 257")
    assert api(f"set server ftp_control/{names[1]} weight 100%") == ""
    assert {new_server(place) for _ in range(4)} == set(names[:2])


def test_a_limit_that_changes(api, place):
    first = place.servers[0].name
    for server in place.servers[1:]:
        api(f"disable server ftp_control/{server.name}")
    api(f"set maxconn server ftp_control/{first} 1")
    with Session(place.control, place.login):
        with socket.create_connection(place.control, timeout=20) as waiting:
            until(lambda: "waits for a server" in api("show sess"), 20, "a session that waits")
            api(f"set maxconn server ftp_control/{first} 2")
            assert waiting.recv(100).startswith(b"220")


def test_who_waits_is_kept_when_the_last_server_goes(api, place):
    """Until `timeout queue`; who comes now is refused at once."""
    first = place.servers[0].name
    for server in place.servers[1:]:
        api(f"disable server ftp_control/{server.name}")
    api(f"set maxconn server ftp_control/{first} 1")
    for go in ("state drain", "state maint", "weight 0"):
        back = "weight 1" if go == "weight 0" else "state ready"
        with Session(place.control, place.login):
            waiting = socket.create_connection(place.control, timeout=20)
            until(lambda: "waits for a server" in api("show sess"), 20, "a session that waits")
            api(f"set server ftp_control/{first} {go}")
            with socket.create_connection(place.control, timeout=20) as late:
                assert late.recv(100).startswith(b"421")
            assert "waits for a server" in api("show sess")
        api(f"set server ftp_control/{first} {back}")
        with waiting:
            assert waiting.recv(100).startswith(b"220")


def test_what_a_server_is_called(api, place):
    name = place.servers[0].name

    def status():
        lines = [line.split(",") for line in api("show stat ftp_control 4 -1").splitlines()]
        return next(line[17] for line in lines if line[1:2] == [name])

    for state, shown in (("maint", "MAINT"), ("drain", "DRAIN"), ("ready", "UP")):
        api(f"set server ftp_control/{name} state {state}")
        until(lambda: status() == shown, 20, f"the status {shown}")
    api(f"set server ftp_control/{name} weight 0")
    assert status() == "UP"
    assert "requires a port" in api(f"set server ftp_control/{name} check-port")
    assert "requires an address" in api(f"set server ftp_control/{name} check-addr")
    assert status() == "UP"


def test_a_server_that_moves(api, place):
    """Sessions stay where they are, with their data connections; new ones go to the new address."""
    one, two = place.servers[:2]
    for server in place.servers[1:]:
        api(f"disable server ftp_control/{server.name}")
    with Session(place.control, place.login) as session:
        assert session.server_name() == one.name
        assert "IP changed from" in api(
            f"set server ftp_control/{one.name} addr {two.address} port {two.port}")
        assert session.read("pub/named.bin") == named_content(one.name)
        assert new_server(place) == two.name
    assert state_of(api, one.name)["srv_addr"] == two.address


def test_sessions_are_listed_and_ended(api, place):
    with Session(place.control, place.login) as session:
        name = session.server_name()
        data = session.transfercmd("RETR pub/named.bin")
        data.recv(1)
        row = until(lambda: next((row for row in api.rows("show ftp") if
                                  row["direction"] == "down"), None), 20, "a transfer")
        assert row["doing"] == "RETR" and row["backend/server"] == f"ftp_control/{name}"
        assert row["user"] == place.login[0] and row["file"].endswith(".bin")
        shown = json.loads(api("show ftp ftp_control json"))
        assert shown["id"] == row["id"] and shown["direction"] == "download"
        assert "transfer=download" in api(f"show ftp {row['id']}")
        assert row["id"] in api("show sess")
        assert api("shutdown session 0x1") == "No such session (use 'show sess').\n"
        assert api(f"shutdown session {row['id']}") == ""
        data.close()
        while not session.getline().startswith("421 The administrator has ended"):
            pass
    until(lambda: api("show sess") == "", 20, "the session to be gone")


def test_sessions_of_a_server_are_ended(api, place):
    sessions = [Session(place.control, place.login) for _ in range(6)]
    victim = sessions[0].server_name()
    staying = [session for session in sessions if session.server_name() != victim]
    assert api(f"shutdown sessions server ftp_control/{victim}") == ""
    assert sessions[0].getline().startswith("421 The administrator")
    for session in staying:
        assert session.voidcmd("NOOP").startswith("200")
    for session in sessions:
        session.close()


def test_leases_are_listed(api, place):
    assert api.rows("show ftp leases") == []
    with Session(place.control, place.login) as session:
        where = session.announced()
        assert api.rows("show ftp leases") == [
            {"data_port": f"{where[0]}:{where[1]}", "client": session.sock.getsockname()[0]}]
        assert json.loads(api("show ftp leases json")) == api.rows("show ftp leases")[0]


def test_who_does_not_read_holds_nobody_up(api, place):
    """Its answers stop being made; others are served; the client itself gets all when it reads."""
    with api.connect() as deaf:
        deaf.settimeout(0.5)
        with pytest.raises(socket.timeout):
            while True:
                deaf.sendall(b"help;" * 1000 + b"help\n")
        assert api("show cli level") == "admin\n"
        assert new_server(place)


def is_overtaken(api, commands, lines=8):
    """Are five clients answered one after the other while one of many commands still waits?"""
    with api.connect() as busy:
        busy.sendall((b"show version;" * (commands - 1) + b"show version\n") * lines)
        for _ in range(5):
            assert api("show version") == "0.1.0\n"
        busy.setblocking(False)
        answers = b""
        with contextlib.suppress(BlockingIOError):
            while piece := busy.recv(1 << 20):
                answers += piece
    return answers.count(b"0.1.0") < commands * lines


def test_many_commands_at_once_hold_nobody_up(api):
    # The machine may have stopped us for as long as all of them take.
    assert any(is_overtaken(api, 1000) for _ in range(5))


def test_more_clients_than_may_wait(lab, socket_path):
    lab.place(more_global=[f"stats socket {socket_path} level admin", "stats maxconn 2"])
    api = Api(socket_path)
    with api.connect() as one, api.connect() as two, api.connect() as three:
        one.sendall(b"prompt\n")
        two.sendall(b"prompt\n")
        assert one.recv(10) and two.recv(10)
        three.sendall(b"show cli level\n")
        three.settimeout(0.2)
        with pytest.raises(socket.timeout):
            three.recv(10)
        three.settimeout(20)
        one.close()
        assert drain(three) == b"admin\n\n"


def test_silence_ends_a_client(lab, socket_path):
    lab.place(more_global=[f"stats socket {socket_path}", "stats timeout 200ms"])
    with Api(socket_path).connect() as connection:
        connection.sendall(b"prompt\n")
        assert drain(connection) == b"\n> "


def test_a_socket_that_cannot_be_had(lab):
    lab.need_haftp()
    from lib.haftp import Haftp
    haftp = Haftp("global\n    stats socket /nowhere/at/all.sock\nlisten a\n    bind "
                  f"{lab.net.front()}:2121\n    server s 127.0.0.1:1\n", lab.scratch())
    haftp.process.wait(10)
    assert "haftp.cfg:2" in haftp.log() and "stats socket: cannot listen on" in haftp.log()
