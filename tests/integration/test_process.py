"""What the process tells whoever starts and stops it, and what a stop leaves working."""

import os
import re
import resource
import select
import signal
import socket
import subprocess

import pytest

from lib.haftp import binary, ftp_sections, head, server_lines
from lib.net import CONTROL_PORT, is_listening
from lib.session import Session, drain, named_content
from lib.wait import until

SHARED_PORT = 2323


def written(lab, config):
    path = os.path.join(lab.scratch(), "haftp.cfg")
    with open(path, "w") as file:
        file.write(config)
    return path


def start(*arguments, before=()):
    """In the background: returns when the command has."""
    return subprocess.run([*before, binary(), *arguments], capture_output=True, text=True,
                          timeout=60)


@pytest.mark.parametrize("threads", [1, 16])
def test_soft_stop_keeps_borrowed_ports(lab, threads):
    """One data port, which is some other worker's: that worker has no session, but is needed."""
    server, front = lab.farm()[0], lab.net.front()
    control = (front, CONTROL_PORT)
    haftp = lab.haftp(head(threads=threads) + f"listen ftp\n    bind {front}:{CONTROL_PORT}\n"
                      "    option ftp-inspect\n    ftp-data ports 20000-20000\n" +
                      server_lines([server]), control, (front, 20000))
    session = Session(control, (server.user, server.password))
    home = session.server_name()
    haftp.process.signal(signal.SIGUSR1)
    until(lambda: not is_listening(*control), 10, "the control port to be closed")
    for _ in range(3):
        data = session.transfercmd("RETR pub/named.bin")
        assert drain(data) == named_content(home)
        data.close()
        session.voidresp()
    session.quit()
    assert haftp.process.wait(10) == 0


def test_second_signal_ends_a_soft_stop(lab):
    place = lab.place(threads=4)
    session = Session(place.control, place.login)
    place.haftp.process.signal(signal.SIGUSR1)
    until(lambda: not is_listening(*place.control), 10, "the control port to be closed")
    place.haftp.process.signal(signal.SIGTERM)
    assert place.haftp.process.wait(5) in (0, -signal.SIGTERM)
    session.close()


@pytest.mark.parametrize("more", ([], ["chroot SCRATCH"], ["chroot SCRATCH", "master-worker"]))
def test_daemon_returns_when_it_works(lab, more):
    """It leaves the terminal also where /dev/null is out of reach: else whoever reads what it says
    (start() does) waits for ever."""
    lab.need_haftp()
    front, pidfile = lab.net.front(), os.path.join(lab.scratch(), "pid")
    more = [line.replace("SCRATCH", lab.scratch()) for line in more]
    config = head(more_global=["daemon", f"pidfile {pidfile}", *more]) + \
        ftp_sections(front, lab.farm())
    done = start("-f", written(lab, config))
    try:
        assert done.returncode == 0, done.stderr
        assert is_listening(front, CONTROL_PORT)
    finally:
        with open(pidfile) as file:
            os.kill(int(file.read()), signal.SIGTERM)
    until(lambda: not is_listening(front, CONTROL_PORT), 10, "the daemon to end")


def test_pid_for_a_pipe(lab):
    """Nobody reads it: an error, and no waiting.  Somebody does: the pipe stays where it was."""
    pipe, front = os.path.join(lab.scratch(), "pipe"), lab.net.front()
    os.mkfifo(pipe)
    config = head(more_global=[f"pidfile {pipe}"]) + ftp_sections(front, lab.farm())
    done = start("-db", "-f", written(lab, config))
    assert done.returncode == 1
    assert "a pipe that nobody reads" in done.stderr, done.stderr
    reader = os.open(pipe, os.O_RDWR)  # else it is at its end until somebody writes
    haftp = lab.haftp(config, (front, CONTROL_PORT))
    assert select.select([reader], [], [], 10)[0]  # ports are open before the pid is written
    assert int(os.read(reader, 100)) == haftp.process.pid
    os.close(reader)
    haftp.finish()
    assert os.path.exists(pipe)


def test_daemon_tells_why_it_does_not_start(lab):
    lab.need_haftp()
    front = lab.net.front()
    config = (head(more_global=["daemon", "pidfile /nonexistent/haftp.pid"]) +
              ftp_sections(front, lab.farm()))
    done = start("-f", written(lab, config))
    assert done.returncode == 1
    assert "/nonexistent/haftp.pid" in done.stderr
    assert not is_listening(front, CONTROL_PORT)


@pytest.mark.parametrize("line, without, said", (
    ("pidfile /nonexistent/pid", None, ":13] : cannot write the pid file '/nonexistent/pid': No"),
    ("chroot /nonexistent", None, ":12] : cannot chroot to '/nonexistent': No such file"),
    ("uid 12345", "setuid", ":9] : cannot change the user to '12345': Operation not"),
    ("user nobody", "setuid", ":10] : cannot change the user to 'nobody': Operation not"),
    ("gid 12345", "setgid", ":9] : cannot drop the supplementary groups: Operation not"),
))
def test_what_the_system_refuses_names_its_line(lab, line, without, said):
    """`without`: a right that the process lacks."""
    path = written(lab, f"global\n    {line}\n" + ftp_sections(lab.net.front(), lab.farm()))
    lacking = ["setpriv", "--bounding-set", f"-{without}"] if without else []
    done = subprocess.run([*lacking, binary(), "-db", "-f", path], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 1
    assert f"config : parsing [{path}:2{said}" in done.stderr, done.stderr


def test_quiet_in_the_file(lab):
    """A warning (no timeouts) is not told at start, but when the file is checked."""
    lab.need_haftp()
    front = lab.net.front()
    config = f"global\n    quiet\nlisten plain\n    bind {front}:{CONTROL_PORT}\n" \
             f"    server s {front}:1\n"
    haftp = lab.haftp(config, (front, CONTROL_PORT))
    assert haftp.log() == ""
    assert "no timeout client" in start("-c", "-f", written(lab, config)).stderr


def test_running_out_of_descriptors_is_told(lab):
    """Accepting pauses; the log says so, and what to do; then it goes on."""
    place = lab.place(threads=1)
    Session(place.control, place.login).quit()  # the worker is there, with what it needs
    pid = place.haftp.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
    with socket.create_connection(place.control, 10) as link:
        place.haftp.wait_log("Accepting pauses: .*Raise the limit")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        link.settimeout(10)
        assert link.recv(3) == b"220"


def test_each_reason_of_a_range_is_told(lab):
    """One port is taken, and for most of the others descriptors are lacking: two things to do."""
    lab.need_haftp()
    front = lab.net.front()
    config = head(threads=1) + f"listen ftp\n    bind {front}:{CONTROL_PORT}\n" \
        f"    option ftp-inspect\n    ftp-data ports 20000-20099\n    server s {front}:1\n"
    with socket.create_server((front, 20003)):
        done = start("-db", "-f", written(lab, config), before=["prlimit", "--nofile=60:60"])
    assert done.returncode == 1
    assert re.search(r"address already in use.*\n.*a program listens there", done.stderr)
    assert re.search(r"out of file descriptors.*\n.*raise the limit", done.stderr)
    assert re.search(r"nor for \d\d more ports of this line", done.stderr)


def test_few_descriptors_are_told_at_start(lab):
    """Nobody said how many sessions there should be, and hardly any fit: that is no wish."""
    lab.need_haftp()
    front = lab.net.front()
    config = head(threads=1, more_global=["pidfile /nonexistent/ends-it-here.pid"]) + \
        f"listen plain\n    bind {front}:{CONTROL_PORT}\n    server s {front}:1\n"
    done = start("-db", "-f", written(lab, config), before=["prlimit", "--nofile=200:200"])
    told = r"only \d+ sessions? at a time fits? into the 200 file desc"
    assert re.search(told, done.stderr), done


def test_binds_of_one_file_may_share_a_port(lab):
    """As in HAProxy: any address, one of them, and the same once more in another plain section."""
    lab.need_haftp()
    front = lab.net.front()
    section = f"    server s {front}:1\n"
    lab.haftp(head() + f"listen one\n    bind *:{SHARED_PORT}\n    bind {front}:{SHARED_PORT}\n"
              f"{section}listen two\n    bind {front}:{SHARED_PORT}\n{section}",
              (front, SHARED_PORT), ("0.0.0.0", SHARED_PORT))


def test_bind_inside_the_data_ports(lab):
    """HAProxy's `-c` has nothing against binds that meet; the start cannot have both."""
    lab.need_haftp()
    front = lab.net.front()
    config = head() + f"""listen ftp
    bind {front}:{CONTROL_PORT}
    option ftp-inspect
    ftp-data ports 20000-20009
    server s {front}:1
listen web
    bind {front}:20005
    server s {front}:1
"""
    path, lines = written(lab, config), config.splitlines()
    places = [f"{path}:{1 + lines.index(line)}"
              for line in ("    ftp-data ports 20000-20009", f"    bind {front}:20005")]
    done = start("-c", "-f", path)
    assert done.returncode == 0
    assert "port 20005" in done.stderr and "WARNING" in done.stderr
    assert all(place in done.stderr for place in places)
    done = start("-db", "-f", path)
    assert done.returncode == 1
    assert f"{front}:20005" in done.stderr and "cannot bind socket" in done.stderr
