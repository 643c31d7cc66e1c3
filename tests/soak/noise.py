#!/usr/bin/python3
"""Random bytes and spoilt FTP from both sides of haftp, for as long as is asked.

    tests/soak/noise.py --seconds 3600 [--clients 8] [--seed 1]

Clients and servers that behave in all the ways of noise_peers.py talk through haftp. Meanwhile a
session with a real vsftpd must work every few seconds, through another section of the same haftp.
At the end every descriptor must have been given back, memory must not have grown, and the soft stop
must be clean. HAFTP names the binary; a sanitizer build sees more.
"""

import argparse
import dataclasses
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lib.haftp import head, server_lines  # noqa: E402
from lib.net import CONTROL_PORT  # noqa: E402
from lib.session import Session, named_content  # noqa: E402
from lib.wait import until  # noqa: E402
from soak import noise_peers, noise_tls  # noqa: E402
from soak.stage import on_stage  # noqa: E402

# Freed memory must not wait long for reuse here: it would look like growth.
SANITIZER = "env ASAN_OPTIONS=detect_leaks=1:exitcode=99:quarantine_size_mb=8"
GOOD_EVERY = 3  # seconds
WARM_UP = 20  # seconds until memory is measured
MOST_GROWTH_KIB = 48 << 10
LAST_TIMEOUT = 15  # seconds until every timeout of the configuration is over
MAD_SERVERS = 3


@dataclasses.dataclass(frozen=True)
class Variant:
    """How a noisy section differs from the others. CERT: the certificate's file."""
    lines: tuple = ()
    bind: str = ""
    client: dict = dataclasses.field(default_factory=dict)  # see noise_peers.Client
    server: str = ""  # words of its lines
    server_tls: str = None  # see noise_peers.Server


VARIANTS = (
    Variant(),
    Variant(("ftp-data server-mode port",)),
    Variant(("ftp-data server-mode epsv", "ftp-data peer any")),
    Variant(("ftp-data server-address announced", "ftp-data peer network", "option ftplog")),
    Variant(("ftp-greeting hello", "use-server mad1 if { ftp.user -m beg a }",
             "ftp-request deny if { ftp.cmd SIZE } !{ ftp.arg -m found }", "option ftplog")),
    Variant(bind="accept-proxy", client={"header": True}, server="send-proxy-v2 send-proxy-data"),
    Variant(bind="starttls crt CERT", client={"tls": "explicit"}),
    Variant(("ftp-data server-mode port",), bind="ssl crt CERT", client={"tls": "implicit"}),
    Variant(server="ssl verify none", server_tls="implicit"),
    Variant(bind="starttls crt CERT data-tls-required", client={"tls": "explicit"},
            server="starttls verify none", server_tls="explicit"),
)


class Scene:
    """haftp, mad servers and a good one."""

    def __init__(self, lab, seed):
        self.net = lab.net
        self.fronts = [lab.net.front() for _ in VARIANTS]
        self.good_front = lab.net.front()
        self.good, = lab.servers("vsftpd", 1)
        self._certificate = lab.certificates.server
        context = noise_tls.server_context(self._certificate)
        self.mad = {tls: [noise_peers.Server(lab.net.server(), CONTROL_PORT, seed + number, tls,
                                             context if tls else None)
                          for number in range(MAD_SERVERS)]
                    for tls in (None, "explicit", "implicit")}
        self.haftp = lab.haftp(self._config(), (self.fronts[0], CONTROL_PORT),
                               (self.good_front, CONTROL_PORT))
        self._log_read = 0

    def _config(self):
        quick = ["timeout connect 1s", "timeout client 3s", "timeout server 3s",
                 "timeout ftp-login 4s", "timeout ftp-greeting 1s", "ftp-data wait 2s"]
        noisy = ""
        for number, (front, variant) in enumerate(zip(self.fronts, VARIANTS)):
            bind = variant.bind.replace("CERT", self._certificate)
            lines = [f"bind {front}:{CONTROL_PORT} {bind}", "option ftp-inspect", "balance random",
                     "ftp-data ports 20000-20009", "retries 1", *quick, *variant.lines]
            lines += [f"server mad{n} {server.address}:{CONTROL_PORT} {variant.server}"
                      for n, server in enumerate(self.mad[variant.server_tls])]
            noisy += f"listen noisy{number}\n" + "".join(f"    {line}\n" for line in lines)
        return head(threads=2) + noisy + f"""
listen good
    bind {self.good_front}:{CONTROL_PORT}
    option ftp-inspect
    ftp-data ports 20000-20003
{server_lines([self.good])}"""

    def good_session(self):
        login = (self.good.user, self.good.password)
        with Session((self.good_front, CONTROL_PORT), login) as session:
            assert session.read("pub/named.bin") == named_content(self.good.name)
            session.write("incoming/good", b"good")

    def assert_well(self):
        code = self.haftp.process.exit_code
        assert code is None, f"haftp ended with {code}\n{self.haftp.log()[-6000:]}"
        with open(self.haftp.process.log, errors="replace") as log:
            log.seek(self._log_read)
            new = log.read()
            self._log_read = log.tell()
        assert "Sanitizer" not in new and "runtime error" not in new and \
            "internal error" not in new, new[-6000:]

    def resident_kib(self):
        with open(f"/proc/{self.haftp.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))

    def close(self):
        for servers in self.mad.values():
            for server in servers:
                server.close()


class Crowd:
    """Clients, one after the other in each of some threads."""

    def __init__(self, scene, count, seed):
        self.sessions = 0
        self._scene = scene
        self._kinds = [noise_peers.Client(**variant.client) for variant in VARIANTS]
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(random.Random(f"{seed}-{n}"),))
                         for n in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self, rng):
        while not self._over.is_set():
            source = self._scene.net.client(rng.randint(1, 4))
            number = rng.randrange(len(VARIANTS))
            where = (self._scene.fronts[number], CONTROL_PORT)
            noise_peers.one_client(rng, where, source, self._kinds[number])
            self.sessions += 1

    def end(self):
        self._over.set()
        for thread in self._threads:
            thread.join()


def without_pipes(descriptors):
    """Pipes are kept for later transfers."""
    return {kind: count for kind, count in descriptors.items() if kind != "pipe"}


def make_noise(scene, seconds, clients, seed):
    """Returns how many noisy and good sessions there were, and the memory grown in KiB."""
    scene.good_session()
    before = scene.haftp.settled_descriptors()
    crowd = Crowd(scene, clients, seed)
    start = time.monotonic()
    good, memory = 0, None
    try:
        while time.monotonic() < start + seconds:
            scene.assert_well()
            scene.good_session()
            good += 1
            if memory is None and time.monotonic() > start + min(WARM_UP, seconds / 2):
                memory = scene.resident_kib()
            time.sleep(min(GOOD_EVERY, seconds / 4))
    finally:
        crowd.end()
        scene.close()
    until(lambda: without_pipes(scene.haftp.descriptors()) == without_pipes(before), LAST_TIMEOUT,
          f"all descriptors but {dict(before)} to be given back")
    grown = scene.resident_kib() - memory
    assert grown < MOST_GROWTH_KIB, f"{grown} KiB more than after the warm-up"
    scene.good_session()
    scene.assert_well()
    return crowd.sessions, good, grown


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    os.environ.setdefault("HAFTP_WRAP", SANITIZER)
    with on_stage(lambda lab: Scene(lab, options.seed)) as scene:
        noisy, good, grown = make_noise(scene, options.seconds, options.clients, options.seed)
    print(f"{noisy} noisy sessions and {good} good ones in {options.seconds:.0f} s; all "
          f"descriptors given back, memory grew by {grown} KiB, no complaint of a sanitizer")


if __name__ == "__main__":
    main()
