"""docs/ftps.md word for word, and examples/tls.cfg, in a network namespace of their own."""

import os
import re
import subprocess

import pytest

from lib.haftp import ROOT, binary
from lib.servers import IS_ROOT

PAGE = os.path.join(ROOT, "docs/ftps.md")


def five_minutes():
    """The commands of the first chapter, and its configuration."""
    with open(PAGE) as page:
        chapter = page.read().split("\n## ")[1]
    config, = re.findall(r"```haproxy\n(.*?)```", chapter, re.DOTALL)
    return re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL), config


# Ports are waited for, and what was started is ended: a reader's fingers do that.
SCRIPT = """
set -e
ip link set lo up
trap 'for pid in $(jobs -p); do kill $pid; done; wait' EXIT
listens() {{ for i in $(seq 200); do ss -ltn | grep -q ":$1 " && return; sleep 0.05; done; }}
{server}
listens 2100
{certificate}
{start}
listens 2990
echo == explicit; {explicit}
echo == implicit; {implicit}
echo == plain; {plain}
"""


@pytest.mark.skipif(not IS_ROOT, reason="a network namespace needs root")
def test_five_minutes(lab):
    lab.need_haftp()
    folder = lab.scratch()
    (server, certificate, start, tries), config = five_minutes()
    with open(os.path.join(folder, "ftps.cfg"), "w") as file:
        file.write(config)
    explicit, implicit, plain = tries.strip().splitlines()
    script = SCRIPT.format(server=server, certificate=certificate, start=start, explicit=explicit,
                           implicit=implicit, plain=plain)
    path = f"{os.path.dirname(binary())}:{os.environ['PATH']}"
    done = subprocess.run(["unshare", "--net", "bash", "-c", script], cwd=folder, timeout=60,
                          env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    _, first, second, third = re.split(r"== \w+\n", done.stdout)
    assert "hello.txt" in first and second == "hello\n" and third == "refused\n", done.stdout


def test_example(lab):
    """Its own commands make the certificates; only their folder is another."""
    lab.need_haftp()
    folder = lab.scratch()
    config = os.path.join(folder, "tls.cfg")
    with open(os.path.join(ROOT, "examples/tls.cfg")) as example:
        text = example.read().replace("/etc/haftp", folder)
    with open(config, "w") as file:
        file.write(text)
    commands = re.findall(r"^# {5}(.*)", text, flags=re.M)[:-1]  # the last one checks
    made = subprocess.run(["bash", "-ec", "\n".join(commands)], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    done = subprocess.run([binary(), "-c", "-V", "-f", config], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "demands TLS by AUTH" in done.stdout and "ends their TLS" in done.stdout
