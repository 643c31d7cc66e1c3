#!/usr/bin/python3
"""Holds haftp against a bare relay, HAProxy, a bare TLS server and ProFTPD's mod_proxy, in turn, on
this machine.

    ./tests/run --bench            builds, unpacks the peers, runs all of it
    tests/bench/run.py --haftp build/release/haftp --tools build/release --scenarios sessions,retr

Needs root: everything happens in a network namespace of its own (no packet filter, nobody else's
ports, `reno` instead of BBR, whose pacing would be most of what is seen on loopback), and the
balancer's processor time is counted by a control group. Load is FTP clients and servers that cost
next to nothing (load/). Prints tables with medians, least and most of the repeats, and how haftp
stands to each peer; --json and --plot keep it.
"""

import argparse
import ctypes
import fcntl
import json
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import peers

CLONE_NEWNET = 0x40000000
GIB = 1 << 30

PACE = 150 << 20  # bytes a second that all peers can move for each of four
BULK = ["--mode", "transfers", "--clients", "4", "--size"]
# name: arguments of ftp_load, what is counted, how many of it the processor time is told for
SCENARIOS = {
    "sessions": (["--mode", "sessions"], "sessions", 1000),
    "latency": (["--mode", "sessions", "--clients", "1"], "sessions", 1000),
    "commands": (["--mode", "commands"], "commands", 1000000),
    "transfers": (["--mode", "transfers", "--size", "1"], "one-byte transfers", 1000),
    "empty-uploads": (["--mode", "transfers", "--size", "0", "--upload"], "empty uploads", 1000),
    "retr": (BULK + [str(GIB)], "GiB", GIB),
    "stor": (BULK + [str(GIB), "--upload"], "GiB", GIB),
    "fairness": (BULK + [str(GIB)], "GiB", GIB),
    "fairness-paced": (BULK + [str(GIB), "--pace", str(PACE)], "GiB", GIB),
    "idle": (["--mode", "idle"], "sessions held", 1),
}
TLS_SCENARIOS = {
    "tls-handshakes": (["--mode", "handshakes", "--clients", "8", "--tls"],
                       "full handshakes", 1000),
    "tls-transfers": (["--mode", "transfers", "--clients", "8", "--size", "1", "--tls"],
                      "transfers with resumed handshakes", 1000),
    "tls-sessions": (["--mode", "sessions", "--tls"], "sessions", 1000),
    "tls-one": (["--mode", "transfers", "--clients", "1", "--size", str(GIB // 4), "--tls"],
                "GiB", GIB),
    "tls-retr": (BULK + [str(GIB // 4), "--tls"], "GiB", GIB),
    "tls-fairness": (BULK + [str(GIB // 4), "--tls"], "GiB", GIB),
    "tls-stor": (BULK + [str(GIB // 4), "--tls", "--upload"], "GiB", GIB),
}


def die(text):
    sys.exit(f"run.py: {text}")


# ---- a place of its own ----

def own_network():
    if os.geteuid() != 0:
        die("needs root, for a network namespace and a control group of its own")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        die(f"no network namespace: {os.strerror(ctypes.get_errno())}")
    with socket.socket() as any_socket:
        up = struct.pack("16sh", b"lo", 0x41)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, up)    # SIOCSIFFLAGS
    for name, value in (("tcp_congestion_control", "reno"), ("ip_local_port_range", "25000 65535"),
                        ("ip_local_reserved_ports", "50000-50499")):
        with open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as out:
            out.write(value)


class Group:
    """Processor time and memory of a peer, children that have ended included."""

    ROOTS = (("/sys/fs/cgroup", "cgroup.controllers"), ("/sys/fs/cgroup/cpuacct", "cpuacct.usage"))

    def __init__(self, name):
        for root, mark in self.ROOTS:
            if os.path.exists(f"{root}/{mark}"):
                self.path = f"{root}/haftp-bench-{os.getpid()}-{name}"
                try:
                    os.mkdir(self.path)
                except OSError:
                    continue
                return
        die("no control group can be made: processor time cannot be counted")

    def read(self, name):
        with open(f"{self.path}/{name}", encoding="ascii") as text:
            return text.read()

    def enter(self):
        with open(f"{self.path}/cgroup.procs", "w", encoding="ascii") as out:
            out.write(str(os.getpid()))

    def seconds(self):
        if os.path.exists(f"{self.path}/cpuacct.usage"):
            return int(self.read("cpuacct.usage")) / 1e9
        return int(self.read("cpu.stat").split()[1]) / 1e6

    def pids(self):
        return [int(pid) for pid in self.read("cgroup.procs").split()]

    def kib(self):
        """Memory of all processes; shared pages count in parts."""
        total = 0
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as text:
                    total += sum(int(line.split()[1]) for line in text if line.startswith("Pss:"))
            except OSError:
                pass
        return total

    def close(self):
        for wave in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.pids():
                try:
                    os.kill(pid, wave)
                except ProcessLookupError:
                    pass
            for _ in range(50):
                if not self.pids():
                    break
                time.sleep(0.05)
        os.rmdir(self.path)


def spawn(command, group, log):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                            preexec_fn=group.enter, start_new_session=True)


def await_greeting(target, process):
    host, port = target.split(":")
    for _ in range(200):
        try:
            with socket.create_connection((host, int(port)), timeout=2) as control:
                if control.recv(64).startswith(b"220"):
                    return
        except OSError:
            pass
        if process and process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"nobody greets at {target}")


# ---- one measurement ----

def load_command(options, peer):
    return [options.tools + "/ftp_load", "--target", peer.target()]


def run_loads(options, peer, *loads):
    """What each told; they run at the same time."""
    command = load_command(options, peer) + ["--seconds", str(options.seconds)]
    running = [subprocess.Popen(command + arguments, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE) for arguments in loads]
    told = []
    for process in running:
        output, complaint = process.communicate(timeout=options.seconds + 120)
        if process.returncode:
            raise RuntimeError(complaint.strip() or f"ftp_load ended with {process.returncode}")
        told.append(json.loads(output))
    return told


def measure_load(options, peer, group, name, arguments, per):
    before = group.seconds()
    beside = [["--mode", "commands", "--clients", "1"]] if "fairness" in name else []
    told, *others = run_loads(options, peer, arguments, *beside)
    spent = group.seconds() - before
    if not told["all_units"]:
        raise RuntimeError("nothing was served: " + ", ".join(told["kinds"]))
    result = {"cpu": spent / told["all_units"] * per, "rate": told["units"] / told["seconds"],
              "p50": told["waiting_ms"]["p50"], "p99": told["waiting_ms"]["p99"],
              "errors": told["errors"], "kinds": told["kinds"]}
    if per == GIB:
        result["rate"] /= GIB
    if "resumed" in told:
        result["resumed"] = told["resumed"]
    for other in others:
        result["noop_p99"] = other["waiting_ms"]["p99"]
        result["errors"] += other["errors"]
        result["kinds"] += other["kinds"]
    return result


def measure_idle(options, peer, group):
    n = min(options.idle, peer.idle_sessions)
    base = group.kib()
    command = load_command(options, peer) + ["--mode", "idle", "--clients", str(n)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as load:
        told = load.stdout.readline()
        if not told:
            raise RuntimeError(load.stderr.read().strip())
        grown = group.kib() - base
        before = group.seconds()
        time.sleep(options.seconds)
        spent = group.seconds() - before
        load.stdin.close()
        load.wait(timeout=60)
    return {"cpu": spent / options.seconds, "kib": grown / n, "rate": n,
            "errors": int(load.returncode != 0), "kinds": []}


def measure(options, kind, name, arguments, per):
    """Starts the peer, loads it, ends it."""
    peer = kind(options)
    with tempfile.TemporaryDirectory(prefix="haftp-bench-") as folder, \
            open(f"{folder}/log", "w+", encoding="utf-8", errors="replace") as log:
        os.chmod(folder, 0o755)
        group = Group(peer.name)
        try:
            command = peer.command(folder)
            process = spawn(command, group, log) if command else None
            await_greeting(peer.target(), process)
            if name == "idle":
                return measure_idle(options, peer, group)
            return measure_load(options, peer, group, name, arguments, per)
        except RuntimeError as why:
            log.seek(0)
            sys.stderr.write(f"{peer.name}, {name}: {why}\n{log.read()[-1500:]}\n")
            return None
        finally:
            group.close()


def measure_cipher():
    """What the cipher that OpenSSL's two sides agree on costs alone: nobody sends for less."""
    command = ["openssl", "speed", "-mr", "-seconds", "1", "-bytes", "16384",
               "-evp", "aes-256-gcm"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    rate = next(float(line.split(":")[-1]) for line in done.stdout.splitlines()
                if line.startswith("+F:"))
    return {"cpu": GIB / rate, "rate": rate / GIB, "errors": 0, "kinds": []}


# ---- telling ----

def spread_of(values):
    return (statistics.median(values), min(values), max(values)) if values else None


def spread(runs, key):
    return spread_of([run[key] for run in runs if key in run])


def ratio(ours, theirs, key):
    """Of runs that were neighbours in time, as the machine is not the same all along."""
    return spread_of([mine[key] / other[key] for mine, other in zip(ours, theirs)
                      if mine.get(key) and other.get(key)])


def number(value):
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def told(values):
    if values is None:
        return "-"
    return "{} ({}-{})".format(*map(number, values))


LABELS = {"cpu": "CPU", "rate": "rate", "p50": "median", "kib": "memory", "noop_p99": "NOOP p99"}


def table(name, unit, per, rows):
    lines = [f"### {name}", ""]
    many = f"{per} " if per not in (1, GIB) else ""
    head = ["", f"CPU s for {many}{unit}" if name != "idle" else "CPU s per second", f"{unit}/s"]
    keys = ["cpu", "rate"]
    if name == "idle":
        head[2], head = "held", head + ["KiB each"]
        keys.append("kib")
    elif "fairness" in name:
        head.append("ms of a NOOP beside, p99")
        keys.append("noop_p99")
    elif per != GIB:
        head += ["ms, median", "ms, p99"]
        keys += ["p50", "p99"]
    lines += ["| " + " | ".join(head + ["errors"]) + " |", "|---|" + "---:|" * len(head)]
    for peer, runs in rows.items():
        cells = [told(spread(runs, key)) for key in keys]
        if peer == "direct":
            cells[0] = "-"
        errors = str(sum(run["errors"] for run in runs))
        lines.append("| " + " | ".join([peer] + cells + [errors]) + " |")
    for peer, runs in rows.items():
        us = "haftp" + "".join(peer.partition("-")[1:])  # with TLS as they have it
        if us not in rows or peer in (us, "direct"):
            continue
        parts = []
        for key, label in LABELS.items():
            found = ratio(rows[us], runs, key)
            if key in keys and (name != "idle" or key == "kib") and found:
                parts.append(f"{label} {told(found)}")
        lines.append(f"\n{us} / {peer}: " + ", ".join(parts))
    resumed = [f"{peer} {spread(runs, 'resumed')[0]:.2f}" for peer, runs in rows.items()
               if spread(runs, "resumed")]
    if resumed:
        lines.append("\nof the data connections resumed a session: " + ", ".join(resumed))
    kinds = sorted({f"{peer}: {kind}" for peer, runs in rows.items()
                    for run in runs for kind in run["kinds"]})
    return "\n".join(lines + ([""] + kinds if kinds else [])) + "\n"


def plot(results):
    """Bars of processor time against HAProxy's (mod_proxy's for TLS), one group a scenario."""
    bars, y, parts = [], 30, []
    for name, rows in results.items():
        base = rows.get("haproxy") or rows.get("mod_proxy-tls")
        if name == "idle" or not base:
            continue
        bars.append((y, name))
        y += 18
        for peer, runs in rows.items():
            if peer == "direct":
                continue
            ratio = spread(runs, "cpu")[0] / spread(base, "cpu")[0]
            width = min(ratio, 3) * 200
            color = "#1f6f8b" if peer.startswith("haftp") else "#b8b8b8"
            parts.append(f'<rect x="130" y="{y - 10}" width="{width:.0f}" height="12" '
                         f'fill="{color}"/>'
                         f'<text x="122" y="{y}" text-anchor="end">{peer}</text>'
                         f'<text x="{135 + width:.0f}" y="{y}">{ratio:.2f}</text>')
            y += 16
        y += 12
    titles = "".join(f'<text x="10" y="{at}" font-weight="bold">{name}</text>' for at, name in bars)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="800" height="{y}" '
            f'font-family="sans-serif" font-size="11"><text x="10" y="14">Processor time for the '
            f'same work; HAProxy (TLS: mod_proxy) is 1; bars end at 3</text>'
            f'{titles}{"".join(parts)}</svg>\n')


# ---- all of it ----

def common_arguments(description, tools, seconds):
    """What every bench is told; `tools`: the programs that it runs itself."""
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--haftp", required=True, type=os.path.abspath, help="the program")
    parser.add_argument("--tools", required=True, type=os.path.abspath,
                        help=f"the folder of {tools}")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=seconds)
    parser.add_argument("--json", help="write every measurement to this file")
    parser.add_argument("--plot", help="write a picture of them to this file (SVG)")
    return parser


def arguments():
    parser = common_arguments(__doc__, "ftp_load, ftp_sink, tls_serve and splice_relay", 3)
    parser.add_argument("--packages", default=os.path.abspath("build/packages"),
                        type=os.path.abspath, help="where mod_proxy is unpacked")
    parser.add_argument("--peers", default="", help="only these, by name, with commas between")
    parser.add_argument("--scenarios", default="",
                        help="only these: " + ", ".join([*SCENARIOS, *TLS_SCENARIOS]))
    parser.add_argument("--idle", type=int, default=8000, help="idle sessions")
    return parser.parse_args()


def chosen(options):
    wanted = [name for name in options.peers.split(",") if name]
    for scenarios, kinds in ((SCENARIOS, peers.PLAIN), (TLS_SCENARIOS, peers.TLS)):
        for name, (load, unit, per) in scenarios.items():
            if options.scenarios and name not in options.scenarios.split(","):
                continue
            yield name, load, unit, per, [k for k in kinds if not wanted or k.name in wanted]


def start_sinks(options, group, folder):
    for host in sorted({*peers.SINKS, peers.BLIND}):
        target = f"{host}:{peers.SINK_PORT}"
        ports = peers.BLIND_PORTS if host == peers.BLIND else peers.SINK_PORTS
        command = [options.tools + "/ftp_sink", "--listen", target, "--ports", ports]
        await_greeting(target, spawn(command, group, None))
    target = f"{peers.SECURE}:{peers.SINK_PORT}"
    command = peers.tls_serve(options.tools, target, peers.certificate(folder))
    await_greeting(target, spawn(command, group, None))


def measure_all(options):
    results, absent = {}, set()
    for name, load, unit, per, kinds in chosen(options):
        rows = results.setdefault(name, {})
        for _ in range(options.repeats):
            for kind in kinds:
                why = kind(options).missing()
                if why:
                    absent.add(f"{kind.name} is left out: {why}")
                    continue
                if name == "idle" and kind is peers.Direct:
                    continue
                run = measure(options, kind, name, load, per)
                if run:
                    rows.setdefault(kind.name, []).append(run)
            if name in TLS_SCENARIOS and per == GIB:
                rows.setdefault("cipher-tls", []).append(measure_cipher())
        print(table(name, unit, per, rows), flush=True)
    for text in sorted(absent):
        print(text)
    return results


def keep(options, results, draw):
    """Writes the files that --json and --plot name; draw(results) gives the picture."""
    if options.json:
        with open(options.json, "w", encoding="ascii") as out:
            json.dump(results, out, indent=1)
    if options.plot:
        with open(options.plot, "w", encoding="ascii") as out:
            out.write(draw(results))


def main():
    options = arguments()
    own_network()
    sinks = Group("sinks")
    with tempfile.TemporaryDirectory(prefix="haftp-bench-") as folder:
        try:
            start_sinks(options, sinks, folder)
            results = measure_all(options)
        finally:
            sinks.close()
    keep(options, results, plot)


if __name__ == "__main__":
    main()
