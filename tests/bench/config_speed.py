#!/usr/bin/env python3
"""How much CPU `-c` takes on a large file, haftp beside HAProxy.

    tests/bench/config_speed.py [--haftp PROGRAM] [--haproxy PROGRAM] [--runs N] [--keep FILE]

Writes three files: 10,000 servers in 500 sections, in one, and in as many. Each program checks
each file in turn, so that both see the same noise; the figure is the ratio of the medians of user
and system time. 1 when haftp takes more than HAProxy. Compare the release build:

    cmake --preset release && cmake --build --preset release && tests/bench/config_speed.py
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

HEAD = """\
global
    log 127.0.0.1 local0
    maxconn 2000

defaults
    mode tcp
    log global
    option tcplog
    timeout connect 5s
    timeout client 1m
    timeout server 1m
"""

SECTION = """
listen tcp_{0}
    bind 127.0.{2}.{3}:{1}
    balance leastconn
    stick-table type ip size 10k expire 30m
    stick on src
"""

SERVER = "    server srv_{0}_{1} 10.{2}.{3}.{4}:8021 check inter 2s rise 2 fall 3 weight 10 " \
         "maxconn 100\n"


def generate(sections, servers):
    text = [HEAD]
    for section in range(sections):
        text.append(SECTION.format(section, 20000 + section % 500, section // 250, section % 250))
        text += [SERVER.format(section, i, section % 200, section // 200 + i // 250, i % 250 + 1)
                 for i in range(servers)]
    return "".join(text)


def cpu_seconds(program, path):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([program, "-c", "-f", path], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{program} refuses {path}:\n{done.stderr.decode()[:2000]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(title, path, programs, runs):
    """Prints a line; the ratio."""
    times = [[], []]
    for _ in range(runs):
        for taken, program in zip(times, programs):
            taken.append(cpu_seconds(program, path))
    ours, theirs = (statistics.median(taken) for taken in times)
    print(f"{title:20} haftp {ours * 1000:7.1f} ms   haproxy {theirs * 1000:7.1f} ms   "
          f"ratio {ours / theirs:.2f}")
    return ours / theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--haftp", default=os.path.join(ROOT, "build", "release", "haftp"))
    parser.add_argument("--haproxy", default=shutil.which("haproxy"))
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--keep", help="write the file of 500 sections here, and stop")
    options = parser.parse_args()
    if options.keep:
        with open(options.keep, "w", encoding="utf-8") as file:
            file.write(generate(500, 20))
        return 0
    if not options.haproxy:
        sys.exit("there is no haproxy to compare with: install it, or name it by --haproxy")
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for sections, servers in ((500, 20), (1, 10000), (10000, 1)):
            path = os.path.join(folder, f"{sections}.cfg")
            with open(path, "w", encoding="utf-8") as file:
                file.write(generate(sections, servers))
            ratios.append(compare(f"{sections} x {servers} servers", path,
                                  (options.haftp, options.haproxy), options.runs))
    return 1 if max(ratios) >= 1 else 0


if __name__ == "__main__":
    sys.exit(main())
