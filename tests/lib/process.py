"""A child process with a log file, ended together with everything that it started."""

import atexit
import os
import signal
import subprocess

from lib.wait import until

_running = set()


class Process:
    def __init__(self, name, argv, log, env=None):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = log
        # vsftpd, an inetd child by origin, writes its last words to its standard input.
        with open(log, "ab+") as output:
            self._popen = subprocess.Popen(
                self.argv, stdin=output, stdout=output, stderr=output,
                env={**os.environ, **(env or {})}, start_new_session=True)
        self.pid = self._popen.pid
        _running.add(self)

    @property
    def exit_code(self):
        """None while it runs; negative: the signal that ended it."""
        return self._popen.poll()

    def output(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def wait_ready(self, ready, seconds=20):
        """Waits for ready(), but not for a process that has already ended."""
        def ready_or_dead():
            if self.exit_code is not None:
                raise AssertionError(f"{self.name} ended with {self.exit_code} while it started:\n"
                                     f"{' '.join(self.argv)}\n{self.output()}")
            return ready()
        until(ready_or_dead, seconds, f"{self.name} to start")

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self, seconds=20):
        """The exit code, once the process has ended by itself."""
        try:
            code = self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {seconds} s") from None
        _running.discard(self)
        return code

    def kill(self):
        """SIGKILL to the process and all its children, sessions of a forking server included."""
        _running.discard(self)
        if self.exit_code is not None:
            return
        # Stopped first: a server that forks between a look and a kill would leave a child behind.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in _tree(self.pid):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
        self._popen.wait()


def _tree(root):
    """The process and its descendants, parents first: a dead parent has no more children."""
    children = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as stat:
                # The command's name may hold blanks and brackets; the parent follows the last one.
                parent = int(stat.read().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(entry))
    tree = [root]
    for pid in tree:
        tree += children.get(pid, [])
    return tree


def kill_all():
    for process in list(_running):
        process.kill()


def kill_all_when_stopped(*signals):
    """A test run that is itself stopped must not leave its servers behind."""
    def on_signal(number, _):
        kill_all()
        os._exit(128 + number)
    for number in signals:
        signal.signal(number, on_signal)


atexit.register(kill_all)
