"""Configurations as administrators wrote them for HAProxy, unchanged but for the addresses."""

import os
import subprocess

import pytest

from lib.clients import Curl
from lib.haftp import ROOT, binary, head, server_lines
from lib.net import may_use_low_ports
from lib.session import Session, transfers_work

needs_port_21 = pytest.mark.skipif(not may_use_low_ports(),
                                   reason="this account may not listen on port 21")


def check_file(path, *options):
    return subprocess.run([binary(), "-c", *options, "-f", path], capture_output=True, text=True,
                          timeout=30)


@pytest.mark.parametrize("seed, warnings", [
    ("seed-basic.cfg", ["bind 10.0.0.1:21"]),
    ("seed-passive.cfg", ["nbproc", "cookie"])])
def test_seeds_are_accepted_as_they_are(lab, seed, warnings):
    lab.need_haftp()
    done = check_file(os.path.join(ROOT, "examples", seed))
    assert done.returncode == 0, done.stderr
    for words in warnings:
        assert words in done.stderr


def test_check_explains_each_control_bind(lab):
    lab.need_haftp()
    done = check_file(os.path.join(ROOT, "examples/seed-passive.cfg"), "-V")
    text = done.stdout + done.stderr
    assert done.returncode == 0
    assert "10.0.0.1:21" in text and "50000-50100" in text and "ftp_data" in text


def seed(lab, name):
    """An example before its servers.  Only the addresses are replaced: port 21, the range and the
    servers' lines stay."""
    servers = lab.servers("vsftpd", 3, port=21)
    front = lab.net.front()
    with open(os.path.join(ROOT, "examples", name)) as file:
        config = file.read().replace("10.0.0.1", front)
    for number, server in enumerate(servers):
        config = config.replace(f"192.168.1.{10 + number}", server.address)
    return config, front, servers


@needs_port_21
def test_seed_passive_transfers(lab):
    config, front, servers = seed(lab, "seed-passive.cfg")
    lab.haftp(config, (front, 21), (front, 50100))
    assert len(transfers_work((front, 21), servers)) == 3


@needs_port_21
def test_seed_basic_transfers(lab):
    """No data ports are named: any free port will do."""
    config, front, servers = seed(lab, "seed-basic.cfg")
    lab.haftp(config, (front, 21))
    assert len(transfers_work((front, 21), servers)) == 3


@needs_port_21
def test_tutorial_shape(lab):
    """HAProxy's passive FTP tutorial: one frontend with both binds, servers without a port."""
    servers = lab.servers("proftpd", 3, port=21)
    front = lab.net.front()
    lines = "".join(f"    server {s.name} {s.address} check port 21\n" for s in servers)
    lab.haftp(head() + f"""
frontend ftp_in
    bind {front}:21
    bind {front}:20000-20099
    default_backend ftp_servers

backend ftp_servers
    stick-table type ip size 10k expire 30m
    stick on src
{lines}""", (front, 21), (front, 20099))
    assert len(transfers_work((front, 21), servers)) == 1


def test_two_frontends_on_one_backend(lab):
    servers = lab.farm("pureftpd")
    front = lab.net.front()
    lines = "".join(f"    server {s.name} {s.address}:{s.port}\n" for s in servers)
    lab.haftp(head() + f"""
frontend control
    bind {front}:2121
    option ftp-inspect
    default_backend servers

frontend data
    bind {front}:20000-20099
    default_backend servers

backend servers
{lines}""", (front, 2121), (front, 20099))
    assert len(transfers_work((front, 2121), servers)) == 3


def test_ports_mapped_by_hand(lab):
    """Plain sections lead each data port to the server, which announces haftp: left alone."""
    front = lab.net.front()
    server, = lab.servers("vsftpd", 1, announce=front)
    haftp = lab.haftp(head() + f"""
listen control
    bind {front}:2121
    option ftp-inspect
    server one {server.address}:{server.port}

listen mapped
    bind {front}:30000-30999
    no option ftp-inspect
    server one {server.address}
""", (front, 2121), (front, 30999))
    with Session((front, 2121), (server.user, server.password)) as session:
        address, port = session.announced()
        assert address == front and 30000 <= port <= 30999
    assert transfers_work((front, 2121), [server]) == {server.name}
    haftp.wait_log(r" mapped mapped/one ")


def test_one_range_per_server(lab):
    """A session draws only ports of the section that holds its server."""
    servers = lab.farm("vsftpd")
    front = lab.net.front()
    lines = "".join(f"    server {s.name} {s.address}:{s.port}\n" for s in servers)
    ranges = {server.name: (20000 + 100 * n, 20009 + 100 * n) for n, server in enumerate(servers)}
    sections = "".join(f"""
listen data_{server.name}
    bind {front}:{ranges[server.name][0]}-{ranges[server.name][1]}
    server only {server.address}
""" for server in servers)
    lab.haftp(head() + f"""
listen control
    bind {front}:2121
    option ftp-inspect
{lines}{sections}""", (front, 2121), (front, 20209))
    assert len(transfers_work((front, 2121), servers)) == 3
    for _ in range(6):
        with Session((front, 2121), (servers[0].user, servers[0].password)) as session:
            low, high = ranges[session.server_name()]
            assert low <= session.announced()[1] <= high


def test_ftp_data_ports(lab):
    """haftp's own spelling: one section says it all."""
    servers = lab.farm("pyftpdlib")
    front = lab.net.front()
    lines = "".join(f"    server {s.name} {s.address}:{s.port} check\n" for s in servers)
    lab.haftp(head() + f"""
listen ftp
    bind {front}:2121
    option ftp-inspect
    ftp-data ports 20000-20009
{lines}""", (front, 2121), (front, 20009))
    assert len(transfers_work((front, 2121), servers)) == 3


def test_curl_reaches_every_server_of_a_mixed_pool(lab):
    """Different programs, different replies: still one service."""
    servers = [lab.farm(kind)[0] for kind in ("proftpd", "pureftpd", "pyftpdlib")]
    place = lab.place(servers)
    seen = set()
    for number in range(6):
        curl = Curl(place.control, place.login, lab.scratch())
        curl.get("WELCOME", f"{curl.folder}/welcome")
        with open(f"{curl.folder}/welcome") as file:
            seen.add(file.read().strip())
    assert seen == {server.name for server in servers}


def test_two_addresses_in_one_section(lab):
    """Each client's data port is on the address that it came to."""
    servers = lab.farm()
    fronts = lab.net.front(), lab.net.front()
    assert fronts[0] != fronts[1]
    lab.haftp(head() + f"""
listen ftp
    bind {fronts[0]}:2121
    bind {fronts[1]}:2121
    option ftp-inspect
    ftp-data ports 50000-50003
{server_lines(servers)}""", (fronts[0], 50003), (fronts[1], 50003))
    for front in fronts:
        assert transfers_work((front, 2121), servers)
