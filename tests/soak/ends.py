#!/usr/bin/python3
"""Data connections that begin and end in any order: nobody may be told a lie, and all must end.

    tests/soak/ends.py --sessions 2000 [--parallel 12] [--seed 1]

A file that one side has not ended, or whose server has not said 226, must look whole to nobody; a
transfer that failed must leave the next one of its session in peace. HAFTP names the binary.
"""

import argparse
import collections
import concurrent.futures
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lib.fakes import Fake  # noqa: E402
from lib.haftp import head  # noqa: E402
from lib.lab import House, Lab  # noqa: E402
from lib.net import CONTROL_PORT  # noqa: E402
from lib.tls import ClientTls  # noqa: E402
from lib.wait import until  # noqa: E402
from soak.ends_peers import Client, Server, make_plan, strict  # noqa: E402

EXPLICIT_PORT = CONTROL_PORT + 1
LAST_TIMEOUT = 15  # seconds until every timeout of the configuration is over


def lies(plan):
    """What a side was made to believe that was not so."""
    client, server = plan.client, plan.server
    succeeded = plan.reply.startswith("226") and not plan.went_away
    if plan.second and plan.second != ("226 This is it.", "clean", plan.size):
        yield f"the second transfer: {plan.second}"
    if "command" in plan.client_steps and not plan.reply and not plan.went_away:
        yield "no final reply"
    if not server:
        return
    source, sink = (client, server) if plan.upload else (server, client)
    if succeeded and plan.said != "226":
        yield "226 that the server did not say"
    if succeeded and source.said != "clean":
        yield "226 for a file that was not ended"
    if sink.heard == "clean" and sink.got:
        if source.said != "clean" or sink.got != source.sent:
            yield "a file that looks whole"
        if not plan.upload and plan.said != "226":
            yield "a file that looks whole, and the server said that it failed"


class Scene:
    """haftp between such clients and servers; a section for each kind of server."""

    def __init__(self, lab, seed):
        self._seed = seed
        self._plans = {}
        self._context = strict(ClientTls(lab.certificates.ca).context())
        server = Server(lab.certificates.server, random.Random(seed), self._plans)
        self._fake = Fake("fake", lab.net.server(), server, CONTROL_PORT)
        self._fronts = {kind: lab.net.front() for kind in
                        ((tls, inverse) for tls in (False, True) for inverse in (False, True))}
        sections = "".join(self._section(lab, *kind) for kind in self._fronts)
        quick = ["retries 0", "timeout connect 1s", "timeout client 3s", "timeout server 3s",
                 "timeout ftp-login 8s", "ftp-data wait 2s", "option ftp-inspect", "option ftplog"]
        self.haftp = lab.haftp(head(more_defaults=quick) + sections,
                               *((front, CONTROL_PORT) for front in self._fronts.values()))

    def _section(self, lab, tls, inverse):
        front = self._fronts[tls, inverse]
        lines = [f"bind {front}:{CONTROL_PORT}",
                 f"bind {front}:{EXPLICIT_PORT} starttls crt {lab.certificates.server}",
                 "ftp-data ports 20000-20099", *(["ftp-data server-mode port"] if inverse else []),
                 f"server fake {self._fake.address}:{CONTROL_PORT}"
                 + (" starttls verify none" if tls else "")]
        return f"listen tls_{tls:d}_inverse_{inverse:d}\n" + "".join(f"    {x}\n" for x in lines)

    def play(self, number):
        """One session; returns its plan."""
        rng = random.Random(f"{self._seed}-{number}")
        plan = self._plans[number] = make_plan(rng)
        front = self._fronts[plan.back_tls, plan.inverse]
        port = EXPLICIT_PORT if plan.front_tls else CONTROL_PORT
        Client((front, port), number, plan, self._context, rng)
        return plan

    def close(self):
        self._fake.__exit__()


def without_pipes(descriptors):
    """Pipes are kept for later transfers."""
    return {kind: count for kind, count in descriptors.items() if kind != "pipe"}


def play(scene, sessions, parallel):
    """Returns how many there were of each reply, and [(lie, plan)]."""
    before = without_pipes(scene.haftp.settled_descriptors())
    replies, told = collections.Counter(), []
    with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
        for plan in pool.map(scene.play, range(sessions)):
            replies[plan.reply[:3] or "none"] += 1
            replies["second"] += plan.second is not None
            told += [(lie, plan) for lie in lies(plan)]
    until(lambda: without_pipes(scene.haftp.descriptors()) == before, LAST_TIMEOUT,
          f"all descriptors but {before} to be given back")
    return replies, told


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--parallel", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    house = House(direct=False)
    lab = Lab(house)
    scene = Scene(lab, options.seed)
    try:
        replies, told = play(scene, options.sessions, options.parallel)
    except BaseException:
        lab.has_failed = True
        raise
    finally:
        scene.close()
        lab.close()
        house.close()
        house.remove_folder()
    print(f"{options.sessions} sessions; replies: {dict(replies)}")
    for lie, plan in told:
        print(f"{lie}: {plan}\n    client: {vars(plan.client)}\n    server: {vars(plan.server)}")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
