"""Reloads: no connection is refused, no transfer breaks, and what was promised before is kept."""

import os
import re
import signal
import socket
import subprocess
import threading

import pytest

from lib.haftp import binary, ftp_sections, head
from lib.net import CONTROL_PORT, is_listening
from lib.servers import PASSIVE_PORTS
from lib.session import Session, TlsSession, drain, named_content
from lib.tls import ClientTls, ServerTls
from lib.wait import until

RANGE = (20000, 20015)


class Family:
    """A master with its workers, in front of real servers."""

    def __init__(self, lab, threads=2, data_ports=RANGE, more_global=(), bind_words="",
                 **sections):
        self.lab = lab
        self.servers, self.front = lab.farm(), lab.net.front()
        self.control = (self.front, CONTROL_PORT)
        self.login = (self.servers[0].user, self.servers[0].password)
        config = head(threads=threads, more_global=["master-worker", *more_global]) + \
            ftp_sections(self.front, self.servers, data_ports, **sections)
        if bind_words:
            bind = f"bind {self.front}:{CONTROL_PORT}"
            config = config.replace(bind, f"{bind} {bind_words}")
        self.haftp = lab.haftp(config, self.control, (self.front, data_ports[1]))
        self.config = config
        self.loaded = 1
        self.wait_loaded(1)

    def wait_loaded(self, times):
        self.loaded = times
        until(lambda: self.haftp.log().count("Loading success.") >= times, 20, "a reload")

    def reload(self, config=None, number=signal.SIGUSR2):
        if config:
            with open(self.haftp.config_path, "w") as file:
                file.write(config)
        self.haftp.process.signal(number)
        self.wait_loaded(self.loaded + 1)

    def wait_end(self, code):
        """Of the master, with this exit code."""
        assert self.haftp.process.wait(10) == code
        self.lab.forget(self.haftp)

    def session(self):
        return Session(self.control, self.login)

    def workers(self):
        pid = self.haftp.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(pid) for pid in file.read().split()]

    def wait_workers(self, count):
        until(lambda: len(self.workers()) == count, 15, f"{count} workers")
        return self.workers()


@pytest.fixture(name="family")
def a_family(lab):
    lab.need_haftp()
    return Family(lab)


def test_sessions_go_on(family):
    """A reload between 227 and connect; transfers of the old process and of the new one."""
    old = family.session()
    home = old.server_name()
    place = old.announced()
    family.reload()
    link = old.dial(place)
    old.putcmd("RETR pub/named.bin")
    assert drain(link) == named_content(home)
    link.close()
    old.end_transfer()
    new = family.session()
    for _ in range(10):
        assert old.server_name() == home
        assert old.read("pub/named.bin") == named_content(home)
        assert new.read("pub/named.bin") == named_content(new.server_name())
    assert len(family.workers()) == 2
    old.quit()
    family.wait_workers(1)
    new.quit()


def test_ten_reloads(family):
    """A session of the first generation transfers through all of them, and others between."""
    sessions = [family.session()]
    homes = [sessions[0].server_name()]
    for _ in range(10):
        family.reload(number=signal.SIGHUP)
        sessions.append(family.session())
        homes.append(sessions[-1].server_name())
        for session, home in zip(sessions[:2] + sessions[-2:], homes[:2] + homes[-2:]):
            assert session.server_name() == home
    assert len(family.workers()) == 11
    # One in the middle ends: those before it are still found.
    sessions[5].quit()
    sessions[10].quit()
    until(lambda: len(family.workers()) == 10, 15, "a worker to end")
    assert sessions[0].read("pub/named.bin") == named_content(homes[0])
    for session in sessions[:5] + sessions[6:10]:
        session.quit()
    pid, = family.wait_workers(1)
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    family.reload()
    until(lambda: family.workers() != [pid] and len(family.workers()) == 1, 15, "the old to end")
    pid, = family.workers()
    until(lambda: len(os.listdir(f"/proc/{pid}/fd")) <= descriptors, 15, "as many descriptors")


@pytest.mark.parametrize("ports, generations", (
    ((20000, 20003), 4), pytest.param((20000, 20063), 8, marks=pytest.mark.slow)))
def test_no_two_lend_one_port(lab, ports, generations):
    """Replies of all generations wait at once, of one client; each data connection finds its own
    session."""
    lab.need_haftp()
    family = Family(lab, data_ports=ports)
    sessions, homes = [], []
    for number in range(generations):
        if number:
            family.reload()
        sessions.append(family.session())
        homes.append(sessions[-1].server_name())
    places = [session.announced() for session in sessions]
    assert len(set(places)) == generations
    for session, place, home in zip(sessions, places, homes):
        link = session.dial(place)
        session.putcmd("RETR pub/named.bin")
        assert drain(link) == named_content(home)
        link.close()
        session.end_transfer()
        session.quit()


class Load(threading.Thread):
    """Sessions with transfers, one after the other, until it is told to stop."""

    def __init__(self, open_session):
        super().__init__(daemon=True)
        self.open_session = open_session
        self.over = threading.Event()
        self.sessions = 0
        self.failure = None

    def run(self):
        try:
            while not self.over.is_set():
                session = self.open_session()
                home = session.server_name()
                for _ in range(2):
                    assert session.read("pub/named.bin") == named_content(home)
                session.quit()
                self.sessions += 1
        except BaseException as error:  # pylint: disable=broad-except
            self.failure = error


@pytest.mark.parametrize("ports", [
    (20000, 20003), pytest.param((20000, 20031), marks=pytest.mark.slow)])
def test_under_load(lab, ports):
    """Not one connection is refused, not one file is wrong, with four data ports as with many."""
    lab.need_haftp()
    family = Family(lab, data_ports=ports)
    run_load(family.session, lambda: [family.reload() for _ in range(5)])
    family.wait_workers(1)
    assert "without a transfer" not in family.haftp.log()


def run_load(open_session, change):
    """Sessions and transfers all along, while change() is called; none may fail."""
    loads = [Load(open_session) for _ in range(6)]
    for load in loads:
        load.start()
    change()
    done = sum(load.sessions for load in loads)
    until(lambda: sum(load.sessions for load in loads) > done + 6, 20, "sessions afterwards")
    for load in loads:
        load.over.set()
    for load in loads:
        load.join(30)
        assert load.failure is None, load.failure


def test_under_load_with_tls(lab):
    """The same with FTPS that ends here: every data connection resumes its session."""
    lab.need_haftp()
    family = Family(lab, more=["option ftp-inspect"],
                    bind_words=f"starttls crt {lab.certificates.server} data-tls-reuse")
    tls = ClientTls(lab.certificates.ca)
    run_load(lambda: TlsSession(family.control, family.login, tls),
             lambda: [family.reload() for _ in range(3)])


def test_tls_that_passes_through(lab):
    """Data connections that nobody can read: each comes to its session's server, old or new."""
    lab.need_haftp()
    front = lab.net.front()
    servers = lab.servers(count=2, announce=front, tls=ServerTls())
    config = head(more_global=["master-worker"]) + ftp_sections(front, servers, PASSIVE_PORTS)
    haftp = lab.haftp(config, (front, CONTROL_PORT), (front, PASSIVE_PORTS[1]))
    where, login = (front, CONTROL_PORT), (servers[0].user, servers[0].password)
    tls = ClientTls(lab.certificates.ca)
    old = TlsSession(where, login, tls)
    home = old.server_name()
    haftp.process.signal(signal.SIGUSR2)
    until(lambda: haftp.log().count("Loading success.") == 2, 20, "a reload")
    assert old.server_name() == home
    for _ in range(3):
        with TlsSession(where, login, tls) as new:
            assert new.server_name() == home
            assert old.server_name() == home
    old.quit()


def test_a_bad_file_changes_nothing(family):
    session = family.session()
    home = session.server_name()
    worker, = family.workers()
    with open(family.haftp.config_path, "a") as file:
        file.write("    nonsense\n")
    family.haftp.process.signal(signal.SIGUSR2)
    family.haftp.wait_log("Loading failure!")
    assert re.search(r"haftp.cfg:\d+:\d+\] : unknown keyword 'nonsense'", family.haftp.log())
    assert family.workers() == [worker]
    assert session.server_name() == home
    family.session().quit()
    taken = family.config.replace(f"bind {family.front}:{CONTROL_PORT}", "bind 192.0.2.1:21")
    family.haftp.process.signal(0)
    with open(family.haftp.config_path, "w") as file:
        file.write(taken)
    family.haftp.process.signal(signal.SIGHUP)
    until(lambda: family.haftp.log().count("Loading failure!") == 2, 20, "the second failure")
    assert session.server_name() == home
    family.session().quit()
    session.quit()
    family.reload(family.config)
    family.session().quit()


def test_in_the_background(lab):
    """The command returns when all works; a reload that fails is told in the log, in full."""
    lab.need_haftp()
    pidfile, front = os.path.join(lab.scratch(), "pid"), lab.net.front()
    path = os.path.join(lab.scratch(), "haftp.cfg")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as logs:
        logs.bind((front, 0))
        logs.settimeout(20)
        config = f"""global
    master-worker
    daemon
    chroot {lab.scratch()}
    pidfile {pidfile}
    log {front}:{logs.getsockname()[1]} local0
    nbthread 1
""" + ftp_sections(front, lab.farm(), RANGE)
        with open(path, "w") as file:
            file.write(config)
        done = subprocess.run([binary(), "-f", path], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        with open(pidfile) as file:
            master = int(file.read())
        try:
            for _ in range(2):
                os.kill(master, signal.SIGUSR2)
                until(lambda: b"Stopped" in logs.recv(2000), 20, "the old worker to end")
            with open(path, "a") as file:
                file.write("    nonsense\n")
            os.kill(master, signal.SIGUSR2)
            until(lambda: b"unknown keyword 'nonsense'" in logs.recv(2000), 20, "what was wrong")
            assert is_listening(front, CONTROL_PORT)
        finally:
            os.kill(master, signal.SIGTERM)
    until(lambda: not os.path.exists(f"/proc/{master}"), 10, "the master to end")


def test_ports_come_and_go(family):
    """Ports that the new file has not are listened to by the old process while it needs them."""
    old = family.session()
    home = old.server_name()
    family.reload(family.config.replace("20000-20015", "20100-20101"))
    until(lambda: is_listening(family.front, 20100), 10, "the new ports")
    assert old.read("pub/named.bin") == named_content(home)
    new = family.session()
    new.server_name()
    family.reload()  # back again while the old one still has them
    assert old.read("pub/named.bin") == named_content(home)
    new.server_name()
    last = family.session()
    home = last.server_name()
    for _ in range(20):  # on the old one's ports, which must not come to the old one
        assert last.server_name() == home
    for session in (old, new, last):
        session.quit()
    family.wait_workers(1)
    assert not is_listening(family.front, 20000)


def test_threads_and_limits_change(lab):
    lab.need_haftp()
    family = Family(lab, threads=1)
    old = family.session()
    for threads in (4, 2):
        family.reload(family.config.replace("nbthread 1", f"nbthread {threads}"))
        for _ in range(8):
            session = family.session()
            session.server_name()
            session.quit()
    old.server_name()
    old.quit()
    family.wait_workers(1)


def test_who_waits_for_room(lab):
    """One session fills the process: the next was accepted and waits there, others in the queue."""
    lab.need_haftp()
    family = Family(lab, threads=1, more_global=["maxconn 1"])
    inside = family.session()
    waiting = [socket.create_connection(family.control, 10) for _ in range(3)]
    family.haftp.wait_log("maxconn 1 of the process is reached")
    family.reload()
    for link in waiting:
        assert link.recv(3) == b"220"
        link.close()
    inside.quit()


def test_active_mode(family):
    old = family.session()
    home = old.server_name()
    old.set_pasv(False)
    family.reload()
    assert old.read("pub/named.bin") == named_content(home)
    old.quit()


def test_hard_stop_ends_the_old_worker(lab):
    lab.need_haftp()
    family = Family(lab, more_global=["hard-stop-after 1s"])
    old = family.session()
    family.reload()
    family.wait_workers(1)
    assert old.sock.recv(3) == b"421"
    old.close()
    family.haftp.wait_log("Former worker .* exited with code 0")


def test_runtime_api_goes_on(lab):
    """Its sockets are the new process's, by address as by path."""
    lab.need_haftp()
    path, front = os.path.join(lab.scratch(), "api"), lab.net.front()
    family = Family(lab, more_global=[f"stats socket {path}", f"stats socket ipv4@{front}:9999"])
    old = family.session()

    def ask(family_of_socket, where):
        with socket.socket(family_of_socket) as link:
            link.settimeout(10)
            link.connect(where)
            link.sendall(b"show version\n")
            return link.recv(100)

    for _ in range(2):
        family.reload()
        for _ in range(5):
            assert ask(socket.AF_UNIX, path)
            assert ask(socket.AF_INET, (front, 9999))
    old.quit()


def test_most_reloads(lab):
    lab.need_haftp()
    family = Family(lab, more_global=["mworker-max-reloads 1"])
    old = family.session()
    family.reload()
    old.server_name()
    family.reload()
    family.wait_workers(1)
    old.close()


def test_a_worker_is_killed(family):
    worker, = family.workers()
    os.kill(worker, signal.SIGKILL)
    family.wait_end(137)
    family.haftp.wait_log(r"Current worker \(\d+\) exited with code 137 \(Killed\)")
    family.haftp.wait_log(r"All workers exited. Exiting... \(137\)")


def test_others_survive_one(lab):
    """`no exit-on-failure`: those that finish after a reload go on."""
    lab.need_haftp()
    family = Family(lab)
    family.reload(family.config.replace("master-worker", "master-worker no-exit-on-failure"))
    old = family.session()
    family.reload()
    worker = next(pid for pid in family.workers()
                  if f"New worker ({pid}) forked" in family.haftp.log().splitlines()[-1] or
                  pid == max(family.workers()))
    os.kill(worker, signal.SIGKILL)
    family.haftp.wait_log(r"exited with code 137")
    old.voidcmd("NOOP")
    old.quit()
    family.wait_end(137)


def test_a_failed_reload_forgets_nothing(family):
    """What the last good file said of workers that die still holds, and who is current."""
    former, = family.workers()
    old = family.session()
    family.reload()
    current, = set(family.workers()) - {former}
    with open(family.haftp.config_path, "a") as file:
        file.write("    nonsense\n")
    family.haftp.process.signal(signal.SIGUSR2)
    family.haftp.wait_log("Loading failure!")
    os.kill(current, signal.SIGKILL)
    family.wait_end(137)
    assert f"Current worker ({current}) exited with code 137 (Killed)" in family.haftp.log()
    assert f"Former worker ({former}) exited" in family.haftp.log()
    old.close()


def test_a_candidate_is_killed(family):
    """While it reads its file, from a pipe that nobody writes."""
    worker, = family.workers()
    os.unlink(family.haftp.config_path)
    os.mkfifo(family.haftp.config_path)
    family.haftp.process.signal(signal.SIGUSR2)
    candidate, = set(family.wait_workers(2)) - {worker}
    os.unlink(family.haftp.config_path)
    with open(family.haftp.config_path, "w") as file:
        file.write(family.config)  # a report of this test reads it, too
    os.kill(candidate, signal.SIGKILL)
    family.haftp.wait_log("Loading failure!")
    assert f"The new worker ({candidate}) was ended by signal 9" in family.haftp.log()
    family.session().quit()


def test_workers_end_with_their_master(family):
    worker, = family.workers()
    os.kill(family.haftp.process.pid, signal.SIGKILL)
    until(lambda: not is_listening(*family.control), 10, "the worker to end")
    family.wait_end(-9)
    until(lambda: not os.path.exists(f"/proc/{worker}"), 10, "the worker to be gone")


def test_systemd_is_told(lab, monkeypatch):
    lab.need_haftp()
    path = os.path.join(lab.scratch(), "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(path)
        told.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        front = lab.net.front()
        haftp = lab.haftp(head() + ftp_sections(front, lab.farm(), RANGE), (front, CONTROL_PORT),
                          arguments=("-Ws", "-db"))
        assert b"READY=1" in told.recv(1000)
        haftp.process.signal(signal.SIGHUP)
        assert b"RELOADING=1" in told.recv(1000)
        assert b"READY=1" in told.recv(1000)
        haftp.process.signal(signal.SIGTERM)
        assert b"STOPPING=1" in told.recv(1000)
        assert haftp.process.wait(10) == 0


def test_pidfile_names_the_master(lab):
    lab.need_haftp()
    pidfile = os.path.join(lab.scratch(), "pid")
    family = Family(lab, more_global=[f"pidfile {pidfile}"])
    family.reload()
    with open(pidfile) as file:
        assert int(file.read()) == family.haftp.process.pid
    family.haftp.finish()
    assert not os.path.exists(pidfile)


# ---- without a master ----


class Single:
    """Processes that follow each other by -sf, -st or -x."""

    def __init__(self, lab, more_global=()):
        self.lab = lab
        self.servers, self.front = lab.farm(), lab.net.front()
        self.control = (self.front, CONTROL_PORT)
        self.config = head(more_global=more_global) + \
            ftp_sections(self.front, self.servers, RANGE)
        self.process = lab.haftp(self.config, self.control)

    def session(self):
        return Session(self.control, (self.servers[0].user, self.servers[0].password))

    def follow(self, *arguments):
        """Starts the next one; returns the one before."""
        before = self.process
        self.process = self.lab.haftp(self.config, self.control, arguments=("-db", *arguments))
        before.wait_log("Soft stop|Stopping")
        return before


@pytest.mark.parametrize("option", ["-sf", "-st"])
def test_following_by_pid(lab, option):
    lab.need_haftp()
    single = Single(lab)
    session = single.session()
    home, place = session.server_name(), session.announced()
    before = single.follow(option, str(single.process.process.pid))
    if option == "-sf":
        link = session.dial(place)
        session.putcmd("RETR pub/named.bin")
        assert drain(link) == named_content(home)
        link.close()
        session.end_transfer()
        assert session.server_name() == home
        session.quit()
    else:
        assert session.sock.recv(3) == b"421"
        session.close()
    assert before.process.wait(10) in (0, -signal.SIGTERM)
    assert "hands nothing over" not in single.process.log()
    single.session().quit()


def test_following_under_load(lab):
    lab.need_haftp()
    single = Single(lab)

    def follow_twice():
        for _ in range(2):
            before = single.follow("-sf", str(single.process.process.pid))
        assert before.process.wait(20) == 0

    run_load(single.session, follow_twice)


def test_three_generations(lab):
    """The one in the middle ends first; the last one knows the first all the same."""
    lab.need_haftp()
    single = Single(lab)
    session = single.session()
    home = session.server_name()
    single.follow("-sf", str(single.process.process.pid))
    middle = single.follow("-sf", str(single.process.process.pid))
    assert middle.process.wait(10) == 0
    assert session.read("pub/named.bin") == named_content(home)
    session.quit()


def test_a_follower_that_dies(lab):
    """It had the old process hold, and is gone: that accepts again at once, with all its ports."""
    lab.need_haftp()
    single = Single(lab)
    line = offered_line(single.process.process.pid)
    with line:
        line.send(b"hold 77")
        while not line.recv(10000).startswith(b"held 77"):
            pass
        line.send(b"sockets " + b"9" * 100)  # no process's id: no answer, and no harm
    session = single.session()
    session.server_name()
    assert len({session.announced() for _ in range(40)}) > 4
    session.quit()


def offered_line(pid):
    """As `-sf PID` gets it."""
    name = (b"\0haftp-%d" % pid).ljust(108, b"\0")
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        until(lambda: link.connect_ex(name) == 0, 10, "the process to offer its sockets")
        text, fds, _, _ = socket.recv_fds(link, 100, 64)
    assert text == b"line"
    for fd in fds[1:]:
        os.close(fd)
    line = socket.socket(fileno=fds[0])
    line.settimeout(10)
    return line


def test_pidfile_is_the_followers(lab):
    """The one before has it no more, and does not take it away."""
    lab.need_haftp()
    pidfile = os.path.join(lab.scratch(), "pid")
    single = Single(lab, [f"pidfile {pidfile}"])
    before = single.follow("-sf", str(single.process.process.pid))
    assert before.process.wait(10) == 0
    with open(pidfile) as file:
        assert int(file.read()) == single.process.process.pid
    single.process.finish()
    assert not os.path.exists(pidfile)


def test_following_by_socket(lab):
    lab.need_haftp()
    path = os.path.join(lab.scratch(), "api")
    single = Single(lab, [f"stats socket {path} level user expose-fd listeners"])
    session = single.session()
    home = session.server_name()
    single.follow("-x", path)
    assert session.read("pub/named.bin") == named_content(home)
    session.quit()


def test_a_socket_that_gives_nothing(lab):
    lab.need_haftp()
    path = os.path.join(lab.scratch(), "api")
    single = Single(lab, [f"stats socket {path} level admin"])
    done = subprocess.run([binary(), "-db", "-f", single.process.config_path, "-x", path],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "needs 'expose-fd listeners'" in done.stderr
    done = subprocess.run([binary(), "-db", "-f", single.process.config_path, "-x", path + "x"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "Failed to get the sockets from the old process" in done.stderr
    single.session().quit()


def test_following_a_master(lab):
    """Its workers hand their sockets over, of whatever age; it ends with the last one."""
    lab.need_haftp()
    family = Family(lab)
    session = family.session()
    home = session.server_name()
    family.reload()
    haftp = lab.haftp(family.config, family.control,
                      arguments=("-db", "-sf", str(family.haftp.process.pid)))
    haftp.wait_log("Loading success")
    family.wait_workers(1)
    assert session.read("pub/named.bin") == named_content(home)
    other = family.session()
    other.server_name()
    other.quit()
    session.quit()
    assert family.haftp.process.wait(10) == 0
    assert "hands nothing over" not in haftp.log()


def test_following_a_stranger(lab):
    """A process that is no haftp gives nothing: we start beside it, and tell it to finish."""
    lab.need_haftp()
    single = Single(lab)
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        front = lab.net.front()
        config = head() + ftp_sections(front, single.servers, RANGE)
        haftp = lab.haftp(config, (front, CONTROL_PORT),
                          arguments=("-db", "-sf", str(sleeper.pid)))
        assert sleeper.wait(10) == -signal.SIGUSR1
    haftp.wait_log(f"Process {sleeper.pid} hands nothing over")
