"""haftp as a process, and the configurations that most tests want."""

import collections
import os
import re
import shlex
import signal

from lib.net import CONTROL_PORT, DATA_PORTS, is_listening
from lib.process import Process
from lib.wait import until

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
# Signs of a defect that no run may show, whatever the test looks at.
_DEFECT = re.compile(r"Sanitizer|runtime error:|internal error:")


def binary():
    candidates = [os.environ.get("HAFTP"), f"{ROOT}/build/asan/haftp", f"{ROOT}/build/dev/haftp"]
    for path in filter(None, candidates):
        if os.access(path, os.X_OK):
            return os.path.abspath(path)
    raise FileNotFoundError("no haftp binary: build it (cmake --preset asan && cmake --build "
                            "--preset asan) or name it in HAFTP")


class Haftp:
    """One running haftp. HAFTP_WRAP runs it under a tool, such as `valgrind -q`."""

    def __init__(self, config, folder, arguments=("-db",)):
        os.makedirs(folder, exist_ok=True)
        self.config_path = os.path.join(folder, "haftp.cfg")
        with open(self.config_path, "w") as file:
            file.write(config)
        wrap = shlex.split(os.environ.get("HAFTP_WRAP", ""))
        self.process = Process(
            "haftp", [*wrap, binary(), "-f", self.config_path, *arguments],
            os.path.join(folder, "haftp.log"),
            {"ASAN_OPTIONS": "detect_leaks=1:exitcode=99",
             "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=99"})

    def wait_listening(self, *places):
        self.process.wait_ready(lambda: all(is_listening(*place) for place in places), 40)
        return self

    def log(self):
        """Everything it wrote to standard output and standard error."""
        return self.process.output()

    def wait_log(self, pattern, seconds=10):
        return until(lambda: re.search(pattern, self.log()), seconds, f"the log line {pattern!r}")

    def descriptors(self):
        """How many of each kind: Counter({"socket": 120, "pipe": 4, ...})."""
        folder = f"/proc/{self.process.pid}/fd"
        kinds = collections.Counter()
        for name in os.listdir(folder):
            try:
                target = os.readlink(os.path.join(folder, name))
            except FileNotFoundError:
                continue
            kinds["file" if target.startswith("/") else target.split(":")[0]] += 1
        return kinds

    def settled_descriptors(self):
        """The counts once they have stayed the same for half a second: closing is asynchronous."""
        counts = []

        def settled():
            counts.append(self.descriptors())
            return all(count == counts[-1] for count in counts[-25:]) and len(counts) > 25
        until(settled, 30, "the number of descriptors to settle")
        return counts[-1]

    def finish(self, softly=True):
        """Ends it and looks for defects that it reported.

        All clients are gone by now, so the soft stop must end at once: a session that it still
        waits for was forgotten. Only then does the leak sanitizer run, too; a process that dies by
        SIGTERM has no time for it.
        """
        if self.process.exit_code is None:
            self.process.signal(signal.SIGUSR1 if softly else signal.SIGTERM)
        try:
            code = self.process.wait()
        finally:
            self.process.kill()
        assert code in (0, -signal.SIGTERM, -signal.SIGINT), \
            f"haftp ended with {code}\n{self.log()[-4000:]}"
        self.assert_no_defect()

    def assert_no_defect(self):
        defect = _DEFECT.search(self.log())
        assert not defect, f"haftp reported a defect:\n{self.log()[-8000:]}"


def server_lines(servers, options="check"):
    return "".join(f"    server {server.name} {server.address}:{server.port} {options}\n"
                   for server in servers)


def head(relay="splice", threads=2, more_global=(), more_defaults=()):
    """The global and defaults sections."""
    options = [f"nbthread {threads}", "log stderr format raw local0", *more_global]
    if relay == "copy":
        options.append("nosplice")
    defaults = ["mode tcp", "log global", "option tcplog", "timeout connect 5s",
                "timeout client 60s", "timeout server 60s", *more_defaults]
    return ("global\n" + "".join(f"    {line}\n" for line in options) +
            "\ndefaults\n" + "".join(f"    {line}\n" for line in defaults) + "\n")


def ftp_sections(front, servers, data_ports=DATA_PORTS, balance="roundrobin", more=(), lines=None):
    """A control section and a data section that share a cookie, as in examples/seed-passive.cfg."""
    lines = lines or server_lines(servers)
    extra = "".join(f"    {line}\n" for line in more)
    return f"""listen ftp_control
    bind {front}:{CONTROL_PORT}
    balance {balance}
    cookie FTP_SERVER insert indirect
{extra}{lines}
listen ftp_data
    bind {front}:{data_ports[0]}-{data_ports[1]}
    balance source
    cookie FTP_SERVER
{server_lines(servers, "")}
"""
