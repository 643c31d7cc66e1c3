#!/usr/bin/python3
"""What one more costs: haftp's memory and processor time for a unit of work as there are more
sessions, data ports, servers, workers and stick entries.

    ./tests/run --bench-growth     builds, measures all of it
    tests/bench/growth.py --haftp build/release/haftp --tools build/release --curves servers

Whole sessions and transfers are played through haftp as run.py does it (needs root); what is too
small to be seen there (a lease, a pick of a server, a timer, an entry of a stick table) is measured
alone by bench_scale.  Prints a table for each curve; --json keeps the figures, --plot draws each of
them relative to its smallest size: a flat line costs the same at any size.
"""

import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import peers
import run

FIRST_PORT = 5000  # below the sinks' and the clients' own
ALGORITHMS = {
    "roundrobin": "balance roundrobin",
    "leastconn": "balance leastconn",
    "first": "balance first",
    "random": "balance random",
    "source": "balance source",
    "source, consistent": "balance source\n    hash-type consistent",
}
SESSIONS = [1, 10, 100, 1000, 4000, 8000, 16000, 28000]
PORTS = [10, 100, 1000, 10000]
SERVERS = [3, 10, 100, 1000]
THREADS = [1, 2, 4, 8]


class Sized(peers.Peer):
    """haftp with so many servers, ports and threads."""

    name = "haftp"

    def __init__(self, options, servers=3, ports=500, threads=1, balance="balance roundrobin"):
        super().__init__(options)
        self.servers, self.ports, self.threads = servers, ports, threads
        self.balance = balance

    def command(self, folder):
        servers = "\n".join(f"    server s{n} {peers.SINKS[n % 3]}:{peers.SINK_PORT}"
                            for n in range(self.servers))
        path = self.write(folder, "haftp.cfg", f"""global
    nbthread {self.threads}
    maxconn 30000
{peers.DEFAULTS}
listen ftp
    bind {peers.CONTROL}
    option ftp-inspect
    ftp-data ports {FIRST_PORT}-{FIRST_PORT + self.ports - 1}
    {self.balance}
{servers}
""")
        return [self.options.haftp, "-f", path, "-db", "-q"]


def own_kib(group):
    """Memory that is nobody else's: unlike the parts of shared pages, it is what one more costs."""
    total = 0
    for pid in group.pids():
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as text:
            total += sum(int(line.split()[1]) for line in text if line.startswith("Anonymous:"))
    return total


class Started:
    """A peer that runs; `start_ms` of processor time went by until it greeted."""

    def __init__(self, peer):
        self.peer = peer

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="haftp-growth-")
        self.group = run.Group("growth")
        self.log = open(self.folder.name + "/log", "w+", encoding="utf-8", errors="replace")
        process = run.spawn(self.peer.command(self.folder.name), self.group, self.log)
        try:
            run.await_greeting(self.peer.target(), process)
        except RuntimeError as why:
            self.log.seek(0)
            run.die(f"{why}: {self.log.read()[-1500:]}")
        self.start_ms = self.group.seconds() * 1000
        self.kib = own_kib(self.group)
        return self

    def __exit__(self, *_):
        self.group.close()
        self.log.close()
        self.folder.cleanup()

    def load(self, mode, clients=32, size=4096):
        """Microseconds of processor time for a unit, and units per second."""
        arguments = ["--mode", mode, "--clients", str(clients), "--size", str(size)]
        before = self.group.seconds()
        told, = run.run_loads(self.peer.options, self.peer, arguments)
        spent = self.group.seconds() - before
        if told["errors"] or not told["all_units"]:
            run.die(f"{mode}: {told['errors']} errors: {', '.join(told['kinds'])}")
        return spent / told["all_units"] * 1e6, told["units"] / told["seconds"]


# ---- curves: each yields a size and what was measured there ----

def held_sessions(options):
    room = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 700) // 2
    for n in [size for size in SESSIONS if size <= room]:
        with Started(Sized(options)) as haftp:
            command = run.load_command(options, haftp.peer) + ["--mode", "idle",
                                                               "--clients", str(n)]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True) as holder:
                if not holder.stdout.readline():
                    run.die(f"{n} sessions could not be held")
                kib = own_kib(haftp.group) - haftp.kib
                before = haftp.group.seconds()
                time.sleep(options.seconds)
                idle = haftp.group.seconds() - before
                cpu, _ = haftp.load("sessions")
                holder.stdin.close()
            yield n, {"KiB of memory, each": kib / n,
                      "CPU ms in a second, all idle": idle / options.seconds * 1000,
                      "CPU us of another session": cpu}


def open_ports(options):
    for n in PORTS:
        with Started(Sized(options, ports=n)) as haftp:
            cpu, _ = haftp.load("transfers", clients=8, size=1)
            yield n, {"CPU ms to start": haftp.start_ms, "KiB of memory at start": haftp.kib,
                      "CPU us of a transfer": cpu}


def servers(options):
    for n in SERVERS:
        row = {}
        for name, balance in ALGORITHMS.items():
            with Started(Sized(options, servers=n, balance=balance)) as haftp:
                row[f"CPU us of a session, {name}"], _ = haftp.load("sessions")
                row["CPU ms to start"], row["KiB of memory at start"] = haftp.start_ms, haftp.kib
        yield n, row


def workers(options):
    for n in THREADS:
        with Started(Sized(options, threads=n)) as haftp:
            start = {"CPU ms to start": haftp.start_ms, "KiB of memory at start": haftp.kib}
            cpu, rate = haftp.load("sessions")
            bulk, _ = haftp.load("transfers", clients=4, size=run.GIB)
            yield n, {**start, "CPU us of a session": cpu, "sessions/s": rate,
                      "CPU ms of a GiB down": bulk * run.GIB / 1000}


CURVES = {"sessions held": held_sessions, "data ports": open_ports, "servers": servers,
          "workers": workers}


# ---- all of it ----

def measure_curve(options, curve):
    """{size: {what: [values]}}, the repeats in turn."""
    sizes = {}
    for _ in range(options.repeats):
        for size, row in curve(options):
            for what, value in row.items():
                sizes.setdefault(size, {}).setdefault(what, []).append(value)
    return sizes


def measure_parts(options):
    """{(of, unit): {size: {what: [value]}}} of bench_scale, whose lines end with figures."""
    done = subprocess.run([options.tools + "/bench_scale"], capture_output=True, text=True,
                          check=True, timeout=600)
    parts = {}
    for line in done.stdout.splitlines():
        head, value, unit = line.rsplit(None, 2)
        what, size, of = head.rsplit(None, 2)
        rows = parts.setdefault(f"{of}, {unit}", {})
        rows.setdefault(int(size), {})[what] = [float(value)]
    return parts


def table(name, sizes):
    whats = list(dict.fromkeys(what for row in sizes.values() for what in row))
    lines = [f"### {name}", "", f"| {name} | " + " | ".join(f"{n:,}" for n in sizes) + " |",
             "|---|" + "---:|" * len(sizes)]
    for what in whats:
        cells = [run.number(statistics.median(row[what])) if what in row else ""
                 for row in sizes.values()]
        lines.append(f"| {what} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


COLORS = ["#1f6f8b", "#c0504d", "#7a9a3a", "#8064a2", "#d98a2b", "#3b3b3b", "#4bacc6", "#b05b8e"]
WIDTH, HEIGHT, LEFT, LEGEND = 360, 150, 40, 14


def lines_of(sizes):
    """What was measured at more than one size, relative to the smallest."""
    for what in dict.fromkeys(what for row in sizes.values() for what in row):
        points = [(n, statistics.median(row[what])) for n, row in sizes.items() if what in row]
        if len(points) > 1 and points[0][1] > 0:
            yield what, [(n, value / points[0][1]) for n, value in points]


def panel(name, sizes, top):
    drawn = list(lines_of(sizes))
    low, high = math.log10(min(sizes)), math.log10(max(sizes))
    most = max((value for _, points in drawn for _, value in points), default=1)
    decades = max(1, math.ceil(math.log10(max(most, 1.0001))))

    def x(n):
        return LEFT + (math.log10(n) - low) / (high - low or 1) * WIDTH

    def y(value):
        return top + 20 + HEIGHT * (1 - (math.log10(max(value, 0.1)) + 1) / (decades + 1))

    parts = [f'<text x="{LEFT}" y="{top + 10}" font-weight="bold">{name}</text>']
    for decade in range(-1, decades + 1):
        at = y(10 ** decade)
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{at:.0f}" y2="{at:.0f}" '
                     f'stroke="{"#999" if decade == 0 else "#ddd"}"/><text x="{LEFT - 4}" '
                     f'y="{at + 4:.0f}" text-anchor="end">{10 ** decade:g}</text>')
    for n in sizes:
        parts.append(f'<text x="{x(n):.0f}" y="{top + HEIGHT + 34}" '
                     f'text-anchor="middle">{n:,}</text>')
    for i, (what, points) in enumerate(drawn):
        color = COLORS[i % len(COLORS)]
        dash = ' stroke-dasharray="5 3"' if i >= len(COLORS) else ""
        path = " ".join(f"{x(n):.0f},{y(value):.1f}" for n, value in points)
        at = top + 24 + i * LEGEND
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" '
                     f'stroke-width="2"{dash}/><text x="{LEFT + WIDTH + 16}" y="{at}" '
                     f'fill="{color}">{what}</text>')
    return "".join(parts), max(HEIGHT + 50, 40 + len(drawn) * LEGEND)


def plot(results):
    parts, top = [], 30
    for name, sizes in results.items():
        drawn, height = panel(name, sizes, top)
        parts.append(drawn)
        top += height
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="860" height="{top}" '
            f'font-family="sans-serif" font-size="11"><text x="10" y="14">What one costs as there '
            f'are more; 1 is what it costs at the smallest size; both scales by powers of ten'
            f'</text>{"".join(parts)}</svg>\n')


def arguments():
    parser = run.common_arguments(__doc__, "ftp_load, ftp_sink and bench_scale", 1)
    parser.add_argument("--curves", default="",
                        help="only these: " + ", ".join([*CURVES, "parts"]))
    return parser.parse_args()


def main():
    options = arguments()
    wanted = [name for name in options.curves.split(",") if name] or [*CURVES, "parts"]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    run.own_network()
    results, sinks = {}, run.Group("sinks")
    with tempfile.TemporaryDirectory(prefix="haftp-growth-") as folder:
        try:
            run.start_sinks(options, sinks, folder)
            for name, curve in CURVES.items():
                if name in wanted:
                    results[name] = measure_curve(options, curve)
                    print(table(name, results[name]), flush=True)
        finally:
            sinks.close()
    if "parts" in wanted:
        for name, sizes in measure_parts(options).items():
            results[name] = sizes
            print(table(name, sizes), flush=True)
    run.keep(options, results, plot)


if __name__ == "__main__":
    main()
