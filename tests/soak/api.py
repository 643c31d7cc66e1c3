#!/usr/bin/python3
"""Random commands of the runtime API, and reloads, while sessions with transfers come and go.

    tests/soak/api.py --seconds 3600 [--clients 6] [--operators 4] [--seed 1]

Sessions may be refused or ended, as an operator asks, but a file that arrives is whole. When all is
enabled again, sessions work, nothing is counted any more that has ended, every descriptor was
given back, and the soft stop is clean. HAFTP names the binary.
"""

import argparse
import collections
import csv
import ftplib
import http.client
import os
import random
import re
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lib.fakes import Fake  # noqa: E402
from lib.haftp import head  # noqa: E402
from lib.net import CONTROL_PORT  # noqa: E402
from lib.session import Session, TlsSession, drain, named_content  # noqa: E402
from lib.tls import ClientTls  # noqa: E402
from lib.wait import until  # noqa: E402
from soak import api_words  # noqa: E402
from soak.stage import on_stage  # noqa: E402

EXPLICIT_PORT = CONTROL_PORT + 1
PAGE_PORT = 8404
AGENT_PORT = 7777
SECTION = "ftp"
RELOAD_EVERY = 1.5  # seconds
LAST_TIMEOUT = 20  # seconds until every timeout of the configuration is over


class Scene:
    """A master with its worker, three servers with health checks, one with an agent."""

    def __init__(self, lab, seed):
        self.net = lab.net
        self.servers = lab.farm("pyftpdlib")
        self.front = lab.net.front()
        self.path = os.path.join(lab.scratch(), "api.sock")
        self._tls = ClientTls(lab.certificates.ca)
        self._agent = Fake("agent", lab.net.server(), self._answer_as_agent, AGENT_PORT)
        self._moods = random.Random(seed)
        self._all_is_well = False
        self.haftp = lab.haftp(self._config(lab), (self.front, CONTROL_PORT),
                               (self.front, PAGE_PORT))
        self._loaded = 0
        self._wait_loaded()

    def _config(self, lab):
        quick = ["timeout connect 1s", "timeout client 3s", "timeout server 3s", "timeout queue 1s",
                 "timeout ftp-login 4s", "timeout check 1s", "ftp-data wait 2s"]
        lines = [f"bind {self.front}:{CONTROL_PORT}",
                 f"bind {self.front}:{EXPLICIT_PORT} starttls crt {lab.certificates.server}",
                 "option ftp-inspect", "option ftplog", "ftp-data ports 20000-20019",
                 "stick-table type ip size 1k expire 1m "
                 "store conn_cur,conn_cnt,conn_rate(1s),gpc0,gpt0,bytes_out_cnt",
                 "tcp-request connection track-sc0 src",
                 "ftp-request track-sc2 ftp.user table users if { ftp.cmd PASS }",
                 f"default-server check inter 100ms rise 1 maxconn {api_words.MAXCONN}"]
        agent = f"agent-check agent-addr {self._agent.address} " \
            f"agent-port {AGENT_PORT} agent-inter 100ms"
        for server in self.servers:
            lines.append(f"server {server.name} {server.address}:{server.port} {agent}")
            agent = ""
        body = "".join(f"    {line}\n" for line in lines)
        top = ["master-worker", f"stats socket {self.path} level admin", "stats timeout 2s",
               "stats maxconn 20"]
        return head(more_global=top, more_defaults=quick) + f"""
listen {SECTION}
{body}
backend users
    stick-table type string size 1k expire 1m store conn_cur,conn_cnt

listen page
    mode http
    bind {self.front}:{PAGE_PORT}
    stats uri /stats
    http-request use-service prometheus-exporter if {{ path /metrics }}
"""

    def _answer_as_agent(self, connection):
        word = api_words.GOOD_AGENT if self._all_is_well else self._moods.choice(api_words.AGENT)
        connection.sendall(word + b"\n")
        connection.close()

    def _wait_loaded(self):
        self._loaded += 1
        until(lambda: self.haftp.log().count("Loading success.") >= self._loaded, 20, "a reload")

    def reload(self):
        self.haftp.process.signal(signal.SIGUSR2)
        self._wait_loaded()

    def workers(self):
        pid = self.haftp.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(pid) for pid in file.read().split()]

    def connect(self):
        """To the runtime API, where nobody is ever refused."""
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(self.path)
        return client

    def ask(self, command):
        with self.connect() as client:
            client.sendall(command.encode() + b"\n")
            return drain(client).decode()

    def session(self, source, tls=False):
        login = (self.servers[0].user, self.servers[0].password)
        if tls:
            return TlsSession((self.front, EXPLICIT_PORT), login, self._tls, source=source)
        return Session((self.front, CONTROL_PORT), login, source=source)

    def enable_all(self):
        """Undoes whatever the commands and the agent did."""
        self._all_is_well = True
        for server in self.servers:
            name = f"{SECTION}/{server.name}"
            for command in (f"enable agent {name}", f"set server {name} state ready",
                            f"set server {name} addr {server.address} port {server.port}",
                            f"set server {name} check-addr {server.address} port {server.port}",
                            f"set server {name} weight 100%", f"enable health {name}",
                            f"set maxconn server {name} {api_words.MAXCONN}"):
                self.ask(command)
        until(lambda: all(row["status"].startswith(("UP", "no check")) for row in self.stat()
                          if row["svname"] not in ("FRONTEND", "BACKEND")), 10, "servers to be up")

    def stat(self):
        title, *lines = self.ask("show stat").strip().split("\n")
        names = title.removeprefix("# ").rstrip(",").split(",")
        return [dict(zip(names, row)) for row in csv.reader(lines)]

    def still_counted(self):
        """What is counted as if it still went on; empty when nothing does."""
        counted = [row for row in self.stat() if row["pxname"] == SECTION
                   and (row["scur"] != "0" or row["qcur"] not in ("0", ""))]
        for table in (SECTION, "users"):
            counted += re.findall(r".* use=[1-9].*|.*conn_cur=[1-9].*",
                                  self.ask(f"show table {table}"))
        counted += self.ask("show ftp leases").strip().split("\n")[1:]
        return counted

    def descriptors(self):
        """Of the worker, without pipes, which are kept for later transfers."""
        pid, = self.workers()
        targets = []
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                targets.append(os.readlink(f"/proc/{pid}/fd/{name}"))
            except FileNotFoundError:
                pass
        return collections.Counter(target.split(":")[0] for target in targets
                                   if not target.startswith("pipe"))

    def close(self):
        self._agent.__exit__()


# ---- who comes -----------------------------------------------------------------------------------

def transfer(scene, rng):
    """One session; what it does may fail, but may not look well and be wrong."""
    source = scene.net.client(rng.randint(1, 3))
    with scene.session(source, tls=rng.random() < 0.3) as session:
        home = session.server_name()
        for _ in range(rng.randint(0, 2)):
            deed = rng.randrange(5)
            if deed == 0:
                session.write(f"incoming/{rng.randrange(100)}", b"x" * rng.randrange(100_000))
            elif deed == 1:
                session.announced()
            elif deed == 2:
                session.transfercmd("RETR pub/named.bin").close()
                return
            else:
                assert session.read("pub/named.bin") == named_content(home), "a wrong file"
        if rng.random() < 0.7:
            session.quit()


def look(scene, rng):
    """At the page, to its end or not."""
    client = http.client.HTTPConnection(scene.front, PAGE_PORT, timeout=10)
    client.request("GET", rng.choice(("/stats", "/stats;csv", "/metrics", "/nothing")))
    if rng.random() < 0.7:
        client.getresponse().read()
    client.close()


def operate(scene, rng):
    """One connection to the runtime API, by somebody who may leave at any time."""
    names = [server.name for server in scene.servers]
    places = [(server.address, server.port) for server in scene.servers]
    live = re.findall(r"0x[0-9a-f]+", scene.ask("show sess")) if rng.random() < 0.2 else []
    words = api_words.Words(rng, SECTION, names, places, live)
    text = "".join(words.line() for _ in range(rng.choice((1, 1, 1, 3, 30)))).encode()
    with scene.connect() as client:
        way = rng.randrange(8)
        if way == 0:  # leaves in the middle of its own words
            client.sendall(text[:rng.randrange(len(text))])
        elif way == 1:  # leaves without listening
            client.sendall(text)
        elif way == 2:  # listens to the beginning
            client.sendall(text * 20)
            client.recv(100)
        elif way == 3:  # speaks for a while, without listening
            client.settimeout(0.2)
            client.sendall(text * 2000)
        else:
            client.sendall(text)
            drain(client)


class Crowd:
    """People of one kind: each thread does the same again and again until the crowd ends."""

    def __init__(self, scene, deed, count, seed, allowed):
        self.done = self.failed = 0
        self.surprises = []
        self._scene, self._deed, self._allowed = scene, deed, allowed
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(random.Random(f"{seed}-{n}"),))
                         for n in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self, rng):
        while not self._over.is_set():
            try:
                self._deed(self._scene, rng)
                self.done += 1
            except self._allowed:
                self.failed += 1
            except BaseException as error:  # pylint: disable=broad-except
                self.surprises.append(error)
                return

    def end(self):
        self._over.set()
        for thread in self._threads:
            thread.join()


def play(scene, seconds, clients, operators, seed):
    """Returns how many sessions, pages and connections to the API went well."""
    start = time.monotonic()
    crowds = [Crowd(scene, transfer, clients, f"t{seed}", (ftplib.Error, OSError, EOFError)),
              Crowd(scene, look, 1, f"l{seed}", (OSError, http.client.HTTPException)),
              Crowd(scene, operate, operators, f"o{seed}",
                    (TimeoutError, BrokenPipeError, ConnectionResetError))]
    try:
        while (left := start + seconds - time.monotonic()) > 0:
            assert scene.haftp.process.exit_code is None
            if left > RELOAD_EVERY:
                time.sleep(RELOAD_EVERY * random.random())
                scene.reload()
            else:
                time.sleep(left)
    finally:
        for crowd in crowds:
            crowd.end()
    surprises = sum((crowd.surprises for crowd in crowds), [])
    assert not surprises, surprises
    look_back(scene)
    return [(crowd.done, crowd.failed) for crowd in crowds]


def look_back(scene):
    """All is enabled again: nothing may be left of what was."""
    scene.enable_all()
    until(lambda: len(scene.workers()) == 1, LAST_TIMEOUT, "the old workers to end")
    until(lambda: not scene.still_counted(), LAST_TIMEOUT, "sessions to be forgotten")
    homes = set()
    until(lambda: homes.add(whole_session(scene)) or len(homes) == len(scene.servers), 20,
          "sessions on every server")
    until(lambda: not scene.still_counted(), 10, "the last sessions to be forgotten")
    scene.haftp.assert_no_defect()
    # A worker that has lived through all this holds what one holds that has just begun.
    lived = least_descriptors(scene)
    scene.reload()
    until(lambda: len(scene.workers()) == 1, LAST_TIMEOUT, "the last old worker to end")
    fresh = least_descriptors(scene)
    assert lived == fresh, (lived, fresh)


def least_descriptors(scene):
    """Checks open a socket now and then: the smallest count of some."""
    counts = []
    until(lambda: counts.append(scene.descriptors()) or len(counts) > 20, 10, "counts")
    return min(counts, key=lambda count: sum(count.values()))


def whole_session(scene):
    with scene.session(scene.net.client(1)) as session:
        home = session.server_name()
        assert session.read("pub/named.bin") == named_content(home)
        session.write("incoming/last", b"last")
        session.quit()
    return home


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--operators", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    with on_stage(lambda lab: Scene(lab, options.seed)) as scene:
        counts = play(scene, options.seconds, options.clients, options.operators, options.seed)
    print("(well, not well) sessions: {}, pages: {}, API connections: {}; nothing left over"
          .format(*counts))


if __name__ == "__main__":
    main()
