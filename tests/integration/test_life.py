"""Start, stop and limits of the process: messages, signals, descriptors."""

import concurrent.futures
import os
import signal
import socket
import subprocess

import pytest

from lib.haftp import binary, ftp_sections, head
from lib.net import CONTROL_PORT, is_listening
from lib.session import Session, drain, named_content
from lib.wait import until

SESSIONS = 500


def run_haftp(*arguments):
    return subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("relay, threads", [("copy", 1), ("splice", 4)])
def test_descriptors_return(lab, relay, threads):
    """Sessions with transfers, failed ones and rude ones: each gives back what it took."""
    place = lab.place(relay=relay, threads=threads)

    def session(number):
        session = Session(place.control, place.login)
        session.server_name()
        if number % 4 == 0:
            session.makepasv()
        if number % 4 == 1:
            session.transfercmd("RETR pub/named.bin").close()
        if number % 4 == 2:
            session.quit()
        session.close()

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(session, range(40)))
        before = place.haftp.settled_descriptors()
        list(pool.map(session, range(SESSIONS)))
    after = place.haftp.settled_descriptors()
    # Every worker keeps a few pipes for later transfers; they may not have been opened before.
    assert after.pop("pipe", 0) - before.pop("pipe", 0) < SESSIONS / 10
    assert after == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_quick_stop(lab, number):
    """At once, even with a session open and a transfer running."""
    place = lab.place()
    session = Session(place.control, place.login)
    data = session.transfercmd("RETR pub/named.bin")
    assert data.recv(1)
    place.haftp.process.signal(number)
    assert place.haftp.process.wait(5) in (0, -number)
    session.close()


def test_soft_stop_without_sessions(lab):
    place = lab.place()
    place.haftp.process.signal(signal.SIGUSR1)
    assert place.haftp.process.wait(5) == 0


@pytest.mark.parametrize("relay, threads", [("copy", 1), ("splice", 4)])
def test_soft_stop_lets_a_session_finish(lab, relay, threads):
    """The running transfer ends well, and the session may still start another one."""
    place = lab.place(relay=relay, threads=threads)
    session = Session(place.control, place.login)
    home = session.server_name()
    data = session.transfercmd("RETR pub/named.bin")
    start = data.recv(1)
    place.haftp.process.signal(signal.SIGUSR1)
    until(lambda: not is_listening(*place.control), 10, "the control port to be closed")
    with pytest.raises(ConnectionRefusedError):
        Session(place.control)
    assert start + drain(data) == named_content(home)
    data.close()
    session.voidresp()
    assert session.server_name() == home
    assert place.haftp.process.exit_code is None
    session.quit()
    assert place.haftp.process.wait(10) == 0


def test_taken_port_is_named(lab):
    """File, line and address: an administrator should not have to search."""
    lab.need_haftp()
    front = lab.net.front()
    config = head() + ftp_sections(front, lab.farm())
    path = os.path.join(lab.scratch(), "taken.cfg")
    with open(path, "w") as file:
        file.write(config)
    line = 1 + config.splitlines().index(f"    bind {front}:{CONTROL_PORT}")
    with socket.create_server((front, CONTROL_PORT)):
        done = run_haftp("-f", path, "-db")
    assert done.returncode == 1
    assert f"{path}:{line}" in done.stderr
    assert f"{front}:{CONTROL_PORT}" in done.stderr
    assert "in use" in done.stderr.lower()


def test_missing_file_is_named(lab):
    lab.need_haftp()
    path = os.path.join(lab.scratch(), "missing.cfg")
    done = run_haftp("-f", path, "-db")
    assert done.returncode == 1
    assert path in done.stderr
    assert "no such file" in done.stderr.lower()


def test_no_arguments_shows_usage(lab):
    lab.need_haftp()
    done = run_haftp()
    assert done.returncode == 1
    assert "-f" in done.stderr


def test_pid_file(lab):
    place_folder = lab.scratch()
    path = os.path.join(place_folder, "pid")
    place = lab.place(more_global=[f"pidfile {path}"])
    until(lambda: os.path.exists(path) and os.path.getsize(path), 10, "the pid file")
    with open(path) as file:
        assert int(file.read()) == place.haftp.process.pid
