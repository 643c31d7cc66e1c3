"""The container's health check, without a container: its two scripts against a haftp that runs.

tests/docker/run has them in a real one.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

from lib.haftp import binary, head, server_lines
from lib.net import CONTROL_PORT

SCRIPTS = os.path.join(os.path.dirname(__file__), "../../../examples/docker")


def found_by_entrypoint(folder, config):
    """What the entrypoint, which becomes haftp, leaves in its environment for the check."""
    file = folder / "haftp.cfg"
    file.write_text(config)
    program = folder / "haftp"
    program.write_text(f"""#!/bin/sh
case "$*" in
'-c -V '*) exec {binary()} "$@" ;;
*) echo "$HAFTP_HEALTH_ADDRESS" ;;
esac
""")
    program.chmod(0o755)
    entrypoint = folder / "entrypoint"  # with the file that the image puts elsewhere
    with open(f"{SCRIPTS}/entrypoint") as original:
        entrypoint.write_text(original.read().replace("/usr/local/share/haftp/container.cfg",
                                                      os.path.abspath(f"{SCRIPTS}/container.cfg")))
    environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", entrypoint, "-f", file], env=environment, capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def check(address):
    done = subprocess.run(["bash", f"{SCRIPTS}/healthcheck"], capture_output=True, text=True,
                          env={**os.environ, "HAFTP_HEALTH_ADDRESS": address}, timeout=30)
    return done.returncode, done.stdout


@pytest.mark.parametrize("options, suffix", [
    ("", ""),
    ("starttls crt {pem}", ""),
    ("starttls-required crt {pem}", ""),
    ("accept-proxy", " send-proxy"),
    ("accept-proxy starttls crt {pem}", " send-proxy"),
])
def test_a_greeting_in_the_clear_is_asked_for(lab, tmp_path, options, suffix):
    server, front = lab.servers(count=1)[0], lab.net.front()
    pem = lab.certificates.server
    config = head() + f"""
listen ftp
    bind {front}:990 ssl crt {pem}
    bind {front}:{CONTROL_PORT} {options.format(pem=pem)}
    option ftp-inspect
    ftp-data ports 20000-20009
{server_lines([server])}"""
    address = found_by_entrypoint(tmp_path, config)
    assert address == f"{front}:{CONTROL_PORT}{suffix}"
    lab.haftp(config, (front, CONTROL_PORT))
    code, said = check(address)
    assert code == 0 and said.startswith("220")
    server.kill()
    code, said = check(address)
    assert code == 1 and not said.startswith("220")


@pytest.mark.parametrize("options", ["ssl crt {pem}", "accept-netscaler-cip 5"])
def test_what_cannot_be_asked_is_said(lab, tmp_path, options):
    options = options.format(pem=lab.certificates.server)
    address = found_by_entrypoint(tmp_path, f"""
listen ftp
    bind 127.0.0.1:{CONTROL_PORT} {options}
    option ftp-inspect
    timeout client 10s
    timeout server 10s
    timeout connect 10s
    server one 127.0.0.1:21
""")
    assert address == "none"
    code, said = check(address)
    assert code == 0 and "nothing to ask" in said


def test_image_has_what_is_installed(tmp_path):
    """The build in the image sees the files that .dockerignore lets in, and no others."""
    root, context = pathlib.Path(__file__).parents[3], tmp_path / "src"
    rules = (root / ".dockerignore").read_text().split("\n")
    for path in [rule[1:] for rule in rules if rule.startswith("!")]:
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (root / path).is_dir() else shutil.copy
        copy(root / path, context / path)
    build, prefix = tmp_path / "build", tmp_path / "usr"
    for command in (["cmake", "-G", "Ninja", "-S", context, "-B", build],
                    ["cp", binary(), build / "haftp"],
                    ["cmake", "--install", build, "--prefix", prefix]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
    for path in ("sbin/haftp", "share/man/man5/haftp.cfg.5", "share/doc/haftp/LICENSE"):
        assert (prefix / path).exists()
