"""The benchmark still runs: a fifth of a second for each figure, and all figures are there."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from lib.haftp import binary
from lib.servers import IS_ROOT

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = ["ftp_load", "ftp_sink", "splice_relay", "tls_serve"]
SCENARIOS = ["commands", "transfers", "idle"]
LOADED, HELD = {"cpu", "rate", "p50", "p99"}, {"rate"}  # what is never zero


def build_tools(folder):
    for tool in TOOLS:
        subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-pthread",
                        f"{HERE}/load/{tool}.c", "-o", f"{folder}/{tool}", "-lssl", "-lcrypto"],
                       check=True, timeout=60)


@pytest.mark.skipif(not IS_ROOT, reason="a network namespace and a control group need root")
def test_every_figure_is_measured(tmp_path):
    build_tools(tmp_path)
    command = [sys.executable, "-B", f"{HERE}/run.py", "--haftp", binary(), "--tools", tmp_path,
               "--peers", "splice,haftp,haproxy", "--scenarios", ",".join(SCENARIOS),
               "--repeats", "1", "--seconds", "0.2", "--idle", "20",
               "--json", tmp_path / "all.json", "--plot", tmp_path / "all.svg"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "no control group" in done.stderr or "no network namespace" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr

    results = json.loads((tmp_path / "all.json").read_text())
    peers = {"splice", "haftp"} | ({"haproxy"} if shutil.which("haproxy") else set())
    assert list(results) == SCENARIOS
    for name, rows in results.items():
        assert set(rows) == peers
        for runs in rows.values():
            run, = runs
            assert run["errors"] == 0 and ("kib" in run) == (name == "idle"), run
            assert all(run[figure] > 0 for figure in (HELD if name == "idle" else LOADED)), run
        assert f"### {name}" in done.stdout
    assert (tmp_path / "all.svg").read_text().startswith("<svg")
