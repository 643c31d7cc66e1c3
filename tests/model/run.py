#!/usr/bin/python3
"""Plays random sessions directly and through haftp, and compares all that can be seen.

    tests/model/run.py --sessions 10000 [--first SEED] [--parallel 8] [--tls]

Half of the sessions go to vsftpd, half to ProFTPD; both must be unpacked, ./tests/run does it. With
--tls all that goes through haftp is encrypted as far as haftp, control and data. Each session has a
fresh tree. One that differs is played again, shortened as far as it still differs, and printed.
HAFTP names the binary.
"""

import argparse
import collections
import concurrent.futures
import os
import pprint
import shutil
import signal
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lib.haftp import ftp_sections, head  # noqa: E402
from lib.lab import House, Lab  # noqa: E402
from lib.net import CONTROL_PORT  # noqa: E402
from lib.process import kill_all_when_stopped  # noqa: E402
from model import compare, generate, tree  # noqa: E402
from model.player import Player  # noqa: E402

# Several of ProFTPD: it takes connections one by one, up to 0.2 s each.
KINDS = {"vsftpd": 1, "proftpd": 6}
CLIENTS = 5  # addresses that sessions come from
SHORTER_TRIES = 150
REPEATS = 3


class Finding:
    def __init__(self, seed, kind, steps, text, steady):
        self.seed, self.kind, self.steps, self.text, self.steady = seed, kind, steps, text, steady

    def __str__(self):
        again = "" if self.steady else ", not each time"
        return (f"seed {self.seed} with {self.kind}{again}:\n{pprint.pformat(self.steps)}\n"
                f"{self.text}\n")


class Arena:
    """Servers of each kind, and one haftp in front of all, each in sections of its own."""

    def __init__(self, lab, more=(), tls=False):
        """more: lines for each control section."""
        self._tls = None
        if tls:
            self._tls = ssl.create_default_context(cafile=lab.certificates.ca)
            self._tls.check_hostname = False
        self._bind_more = f" starttls crt {lab.certificates.server}" if tls else ""
        self.net = lab.net
        self.servers = {kind: lab.servers(kind, count) for kind, count in KINDS.items()}
        everyone = sum(self.servers.values(), [])
        self.fronts = {server.name: lab.net.front() for server in everyone}
        sections = "".join(self._sections(server, more) for server in everyone)
        self.haftp = lab.haftp(head(threads=2) + sections,
                               *((front, CONTROL_PORT) for front in self.fronts.values()))
        self._lock = threading.Lock()
        self._count = 0

    def _sections(self, server, more):
        text = ftp_sections(self.fronts[server.name], [server], more=more)
        for name in ("listen ftp_control", "listen ftp_data", "cookie FTP_SERVER"):
            text = text.replace(name, f"{name}_{server.name}")
        control = f"bind {self.fronts[server.name]}:{CONTROL_PORT}"
        return text.replace(control, control + self._bind_more)

    def _number(self):
        with self._lock:
            self._count += 1
            return self._count

    def play(self, server, steps, through):
        """(what was seen, the tree afterwards, the session's folder)"""
        number = self._number()
        root = f"/m{number:08}"
        tree.plant(server.path(root[1:]))
        where = self.fronts[server.name] if through else server.address
        try:
            player = Player((where, CONTROL_PORT), self.net.client(1 + number % CLIENTS), root,
                            (server.user, server.password), where if through else None,
                            self._tls if through else None)
            seen = player.play(steps)
            return seen, tree.survey(server.path(root[1:])), root
        finally:
            shutil.rmtree(server.path(root[1:]), ignore_errors=True)

    def difference(self, server, steps):
        direct, direct_tree, direct_root = self.play(server, steps, False)
        proxied, proxied_tree, proxied_root = self.play(server, steps, True)
        text = compare.difference(direct, proxied, (direct_root, proxied_root))
        if text or len(direct) != len(proxied):  # one that ended early has not done all it would
            return text
        return compare.tree_difference(direct_tree, proxied_tree)

    def shorter(self, server, steps, text):
        """Leaves out what is not needed for a difference: large parts first, then single steps."""
        tries = SHORTER_TRIES
        size = len(steps) // 2
        while size:
            start = 0
            while start < len(steps) and tries:
                tries -= 1
                fewer = steps[:start] + steps[start + size:]
                found = generate.is_legal(fewer) and self.difference(server, fewer)
                if found:
                    steps, text = fewer, found
                else:
                    start += size
            size //= 2
        return steps, text

    def judge(self, seed):
        """A Finding, or None. The seed chooses the kind of server, too."""
        kind = sorted(KINDS)[seed % len(KINDS)]
        server = self.servers[kind][seed // len(KINDS) % KINDS[kind]]
        steps = generate.session(seed)
        if self._tls and steps[-1] == ("end", "half"):
            steps[-1] = ("end", "QUIT")  # TLS has no half that could be closed
        text = self.difference(server, steps)
        if not text:
            return None
        again = [self.difference(server, steps) for _ in range(REPEATS)]
        if not all(again):
            return Finding(seed, kind, steps, text, False)
        return Finding(seed, kind, *self.shorter(server, steps, text), True)


def run(arena, seeds, parallel, report=print):
    """Plays the sessions of these seeds; returns the findings."""
    findings = []
    with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
        for done, finding in enumerate(pool.map(arena.judge, seeds), 1):
            if finding:
                findings.append(finding)
                report(finding)
            if done % 1000 == 0:
                report(f"{done} sessions, {len(findings)} findings")
    return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--tls", action="store_true")
    options = parser.parse_args()

    kill_all_when_stopped(signal.SIGTERM)
    house = House(direct=False)
    lab = Lab(house)
    start = time.monotonic()
    try:
        seeds = range(options.first, options.first + options.sessions)
        findings = run(Arena(lab, tls=options.tls), seeds, options.parallel,
                       lambda what: print(what, flush=True))
    finally:
        lab.close()
        house.close()
        house.remove_folder()
    kinds = collections.Counter("steady" if finding.steady else "now and then"
                                for finding in findings)
    print(f"{options.sessions} sessions, twice each, in {time.monotonic() - start:.0f} s; "
          f"findings: {dict(kinds) or 'none'}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
