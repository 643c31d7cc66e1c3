#!/usr/bin/python3
"""Counts haftp's own instructions for a session, a command with its reply, a transfer, a MiB.

    ./tests/run --bench-instructions
    tests/bench/instructions.py --haftp build/release-g/haftp --tools build/release-g

haftp runs under `valgrind --tool=callgrind` and is played the same conversation a few times and
many times; the difference, divided, is what one costs, told by the folder of the source it was
spent in.  Counts are the same in each run but for a few percent (how many bytes come at a time).
What the kernel does is not counted.  `--functions N` adds the N functions with the most
instructions of each.  Needs root, for a network namespace.
"""

import argparse
import os
import re
import signal
import socket
import tempfile

import peers
import run

MIB = 1 << 20


class Client:
    """Says a line, reads its replies."""

    def __init__(self):
        host, port = peers.CONTROL.split(":")
        self.host = host
        self.control = socket.create_connection((host, int(port)), timeout=60)
        self.control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = self.control.makefile("rb")
        self.expect(b"220")

    def expect(self, code):
        line = self.lines.readline()
        if not line.startswith(code + b" "):
            run.die(f"{line!r} in the place of {code.decode()}")
        return line

    def say(self, line, code):
        self.control.sendall(line + b"\r\n")
        return self.expect(code)

    def login(self):
        self.say(b"USER bench", b"331")
        self.say(b"PASS bench", b"230")
        return self

    def retrieve(self, size):
        port = int(self.say(b"EPSV", b"229").split(b"|||")[1].split(b"|")[0])
        with socket.create_connection((self.host, port), timeout=60) as data:
            self.say(b"RETR %d" % size, b"150")
            got = 0
            while True:
                n = len(data.recv(MIB, socket.MSG_TRUNC))
                if n == 0:
                    break
                got += n
        if got != size:
            run.die(f"{got} bytes of {size}")
        self.expect(b"226")

    def quit(self):
        self.say(b"QUIT", b"221")
        self.lines.close()
        self.control.close()


# ---- what is played n times ----

def play_sessions(n):
    for _ in range(n):
        Client().login().quit()


def play_commands(n):
    client = Client().login()
    for _ in range(n):
        client.say(b"NOOP", b"200")
    client.quit()


def play_transfers(n):
    client = Client().login()
    for _ in range(n):
        client.retrieve(1)
    client.quit()


def play_bulk(n):
    client = Client().login()
    client.retrieve(n * MIB)
    client.quit()


# name: what is played, few times, many times
ACTS = {
    "a session: greeting, USER, PASS, QUIT": (play_sessions, 20, 220),
    "a command and its reply: NOOP": (play_commands, 100, 2100),
    "a transfer: EPSV, RETR of one byte": (play_transfers, 20, 220),
    "a MiB of a large file, spliced": (play_bulk, 64, 576),
}


# ---- counting ----

def read_profile(path):
    """{(file, function): its own instructions}; code that was inlined counts where it is from."""
    names, costs = {}, {}
    here, inlined, skip = "", "", False

    def name(kind, text):
        number, _, given = text.partition(" ")
        if given:
            names[kind, number] = given
        return names[kind, number]

    with open(path, encoding="utf-8", errors="replace") as profile:
        for line in profile:
            key, equals, value = line.rstrip("\n").partition("=")
            if equals and key in ("fl", "fi", "fe", "fn", "cfi", "cfl", "cfn", "cob", "ob"):
                kind = {"fn": "function", "cfn": "function", "ob": "object", "cob": "object"}
                text = name(kind.get(key, "file"), value)
                if key == "fl":
                    inlined = text
                elif key in ("fi", "fe"):
                    inlined = text
                elif key == "fn":
                    here = text
            elif key == "calls":
                skip = True  # the line after it is the cost of the callee
            elif re.match(r"[0-9+*-]", line):
                if not skip:
                    parts = line.split()
                    cost = int(parts[1]) if len(parts) > 1 else 0
                    costs[inlined, here] = costs.get((inlined, here), 0) + cost
                skip = False
    return costs


def count(options, play, n):
    peer = peers.Haftp(options)
    with tempfile.TemporaryDirectory(prefix="haftp-instructions-") as folder, \
            open(folder + "/log", "w", encoding="utf-8") as log:
        out = folder + "/callgrind.out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "-q",
                   *peer.command(folder)]
        group = run.Group("instructions")
        process = run.spawn(command, group, log)
        try:
            run.await_greeting(peer.target(), process)
            play(n)
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
        finally:
            group.close()
        return read_profile(out)


# ---- telling ----

# The files that read commands and replies; then folders, and what is in none of them.
FILES = {"commands.c": "commands", "others.c": "commands", "abort.c": "commands",
         "answers.c": "commands", "ftp_cmd.c": "commands",
         "replies.c": "replies", "features.c": "replies", "final_reply.c": "replies",
         "ftp_reply.c": "replies"}
FOLDERS = {"ftp": "other ftp", "wire": "other wire", "stream": "stream", "net": "net"}
COLUMNS = ["commands", "replies", *FOLDERS.values(), "other haftp", "libraries"]


def column_of(path):
    found = re.search(r"/(?:src|include/haftp)/(\w+)/", path)
    if not found:
        return "libraries"
    return FILES.get(os.path.basename(path)) or FOLDERS.get(found[1], "other haftp")


def table(counts):
    lines = ["| instructions of | all | " + " | ".join(COLUMNS) + " |",
             "|---|" + "---:|" * (len(COLUMNS) + 1)]
    for act, costs in counts.items():
        sums = dict.fromkeys(COLUMNS, 0.0)
        for (path, _), cost in costs.items():
            sums[column_of(path)] += cost
        cells = [f"{sum(sums.values()):,.0f}"] + [f"{max(sums[c], 0):,.0f}" for c in COLUMNS]
        lines.append(f"| {act} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def functions(act, costs, n):
    total = sum(costs.values())
    lines = [f"### {act}", ""]
    for (path, function), cost in sorted(costs.items(), key=lambda item: -item[1])[:n]:
        lines.append(f"{cost:8.0f} {cost / total:6.1%}  {function} ({os.path.basename(path)})")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--haftp", required=True, help="the program, built with -g")
    parser.add_argument("--tools", required=True, help="the folder of ftp_sink")
    parser.add_argument("--functions", type=int, default=0, metavar="N",
                        help="the N functions with the most instructions, too")
    options = parser.parse_args()
    for name in ("haftp", "tools"):
        setattr(options, name, os.path.abspath(getattr(options, name)))
    run.own_network()
    counts, sinks = {}, run.Group("sinks")
    with tempfile.TemporaryDirectory(prefix="haftp-instructions-") as folder:
        try:
            run.start_sinks(options, sinks, folder)
            for act, (play, few, many) in ACTS.items():
                less, more = count(options, play, few), count(options, play, many)
                counts[act] = {key: (more[key] - less.get(key, 0)) / (many - few) for key in more}
        finally:
            sinks.close()
    print(table(counts))
    for act, costs in counts.items():
        if options.functions:
            print(functions(act, costs, options.functions))


if __name__ == "__main__":
    main()
