"""The haftp under test: its own loopback addresses, its configuration, its process."""

import dataclasses
import os
import pathlib
import signal
import socket
import subprocess
import time

from lib.net import is_listening

from .peers import FlowFailure

ROOT = pathlib.Path(__file__).resolve().parents[3]
SLOTS = 2500
PORTS_PER_SLOT = 8
FIRST_PORT = 10000  # below the ports that the kernel gives away by itself
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
SANITIZER_SIGNS = ("Sanitizer", "runtime error:")


def binary():
    """The haftp to test, or None."""
    if os.environ.get("HAFTP"):
        return pathlib.Path(os.environ["HAFTP"]).resolve()
    built = (ROOT / "build" / preset / "haftp" for preset in ("asan", "dev"))
    return next((path for path in built if path.exists()), None)


class Place:
    """Addresses and ports that no other run uses at the same time, on this host, by any process."""

    def __init__(self, family="4", server_family="4"):
        self.claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        start = (os.getpid() * 7919) % SLOTS
        for step in range(SLOTS):
            slot = (start + step) % SLOTS
            try:
                # A name in the abstract namespace: taken by one process, gone when it ends.
                self.claim.bind(f"\0haftp-flow-{slot}")
                break
            except OSError:
                continue
        else:
            raise RuntimeError("all test slots are taken: are other runs hanging?")
        self.net = f"127.{64 + slot // 250}.{1 + slot % 250}"
        port = FIRST_PORT + slot * PORTS_PER_SLOT
        self.control, self.low, self.high, self.plain = port, port + 1, port + 4, port + 5
        self.server_port = port + 6
        self.family, self.server_family = family, server_family
        self.haftp = "::1" if family == "6" else f"{self.net}.1"

    def client(self, number):
        """Where client `number` connects from."""
        return "::1" if self.family == "6" else f"{self.net}.{100 + number}"

    def server(self, number):
        """Where server `number` listens."""
        host = "::1" if self.server_family == "6" else f"{self.net}.{10 + number}"
        return (host, self.server_port + number - 1 if host == "::1" else self.server_port)

    def close(self):
        """Gives the addresses back."""
        self.claim.close()


def host_port(host, port):
    """An address as a configuration writes it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclasses.dataclass(frozen=True)
class Variant:
    """One column of the matrix that every flow runs in."""

    relay: str  # "copy" or "splice"
    threads: int

    def __str__(self):
        return f"{self.relay}-{self.threads}"


VARIANTS = [Variant(relay, threads) for relay in ("copy", "splice") for threads in (1, 4)]


def configuration(flow, place, variant):
    """The text of haftp.cfg for a flow."""
    names = {"haftp": place.haftp, "plain": host_port(place.haftp, place.plain)}
    servers = range(1, int(flow.option("servers", "1")) + 1)
    names |= {f"S{n}": host_port(*place.server(n)) for n in servers}
    names |= {f"H{n}": place.server(n)[0] for n in servers}
    names |= {f"D{n + 1}": str(port) for n, port in enumerate(range(place.low, place.high + 1))}

    def lines(key, indent="    "):
        texts = flow.header.get(key, [])
        for name, value in names.items():
            texts = [text.replace("{" + name + "}", value) for text in texts]
        return [indent + text for text in texts]

    text = ["global", "    log stdout format raw local0", f"    nbthread {variant.threads}"]
    text += ["    nosplice"] if variant.relay == "copy" else []
    text += lines("global")
    text += ["", "defaults", "    mode tcp", "    log global", "    option tcplog",
             "    timeout connect 2s", "    timeout client 20s", "    timeout server 20s"]
    text += ["", "listen ftp", f"    bind {host_port(place.haftp, place.control)}",
             "    option ftp-inspect", "    balance first"]
    if flow.option("ports") != "none":
        text += [f"    ftp-data ports {place.low}-{place.high}"]
    text += lines("with")
    options = " " + flow.option("server") if flow.option("server") else ""
    text += [f"    server s{n} {names[f'S{n}']}{options}" for n in servers]
    text += [""] + lines("also", "")
    return "\n".join(text) + "\n"


class Haftp:
    """One running process."""

    def __init__(self, program, config, folder, place):
        self.files = [folder / "haftp.cfg", folder / "stdout", folder / "stderr"]
        self.files[0].write_text(config)
        with open(self.files[1], "wb") as out, open(self.files[2], "wb") as err:
            self.process = subprocess.Popen(
                [program, "-db", "-f", self.files[0]], stdin=subprocess.DEVNULL, stdout=out,
                stderr=err, env=os.environ | SANITIZERS)
        deadline = time.monotonic() + 20
        while not is_listening(place.haftp, place.control):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise FlowFailure("haftp does not listen on its control port")
            time.sleep(0.01)

    def descriptors(self):
        """What the process holds open.  Pipes are left out: a pool keeps them on purpose."""
        folder, held = f"/proc/{self.process.pid}/fd", []
        for number in os.listdir(folder):
            try:
                target = os.readlink(f"{folder}/{number}")
            except FileNotFoundError:
                continue  # closed while we looked
            if not target.startswith("pipe:"):
                held.append(f"{number} {target}")
        return held

    def log(self):
        """What it has written so far."""
        return "".join(path.read_text(errors="replace") for path in self.files[1:])

    def cpu_seconds(self):
        """CPU time that the process has used so far."""
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def alive(self):
        """True while the process runs."""
        return self.process.poll() is None

    def stop(self):
        """Soft stop: with no session left haftp ends with exit code 0, after its leak checks."""
        if self.alive():
            self.process.send_signal(signal.SIGUSR1)
        try:
            code = self.process.wait(10)
        except subprocess.TimeoutExpired:
            raise FlowFailure("haftp does not end within 10 s of SIGUSR1") from None
        if code != 0:
            raise FlowFailure(f"haftp ended with {code}")

    def kill(self):
        """Ends the process whatever it does."""
        if self.alive():
            self.process.kill()
            self.process.wait()

    def complaints(self):
        """Sanitizer output, if any."""
        text = self.files[2].read_text(errors="replace")
        return text if any(sign in text for sign in SANITIZER_SIGNS) else ""

    def output(self):
        """Configuration and all output, for a report."""
        titled = (f"--- {path.name}\n{path.read_text(errors='replace')}" for path in self.files)
        return "\n".join(titled)
