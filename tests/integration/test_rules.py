"""examples/rules/rules.cfg, with the addresses and the hours of the test."""

import ftplib
import os
import socket

import pytest

from lib.haftp import ROOT
from lib.session import Session, named_content

FOLDER = os.path.join(ROOT, "examples", "rules")
PUBLIC, PARTNERS = 2121, 2122


def example(front, servers, night):
    """`night`: hours in which the night's backend is taken."""
    with open(os.path.join(FOLDER, "rules.cfg")) as file:
        text = file.read()
    changes = [("127.0.0.1:", f"{front}:"), ("0:5", night)]
    changes += [(f"127.0.0.1{number}:2121", f"{server.address}:{server.port}")
                for number, server in enumerate(servers, start=1)]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text.replace("default-path config", f"default-path origin {FOLDER}")


class Front:
    def __init__(self, lab, night="24:99"):
        self.servers = lab.farm()
        self.address = lab.net.front()
        self.haftp = lab.haftp(example(self.address, self.servers, night),
                               (self.address, PUBLIC), (self.address, PARTNERS))

    def session(self, source, port=PUBLIC):
        login = (self.servers[0].user, self.servers[0].password)
        return Session((self.address, port), login, source=source)

    def served_by(self, source, port=PUBLIC):
        """The number of the server that control and data connections of this client reach."""
        with self.session(source, port) as session:
            name = session.server_name()
            assert session.read("pub/named.bin") == named_content(name)
            return [server.name for server in self.servers].index(name) + 1

    def says_nothing(self, source):
        """Neither a greeting comes, nor, where the kernel lets haftp be silent, an end."""
        with socket.create_connection((self.address, PUBLIC), 10, (source, 0)) as client:
            client.settimeout(0.3)
            try:
                return client.recv(100) == b""
            except OSError:
                return True


@pytest.fixture
def front(lab):
    return Front(lab)


def test_public_clients_use_the_public_servers(front):
    assert {front.served_by("127.9.0.1") for _ in range(4)} <= {1, 2}
    front.haftp.wait_log(r"127\.9\.0\.1:\d+ .* ftp ftp_public/ftp_[12] .* zone=public\n")


def test_a_map_leads_the_office_to_its_backend(front):
    assert front.served_by("127.1.2.3") in (1, 3)
    assert front.served_by("127.1.7.1") == 3  # use-server
    front.haftp.wait_log(r"127\.1\.2\.3:\d+ .* ftp ftp_office/.* zone=office\n")
    assert front.served_by("127.1.200.1") in (1, 2)  # the longer network of the map
    front.haftp.wait_log(r"127\.1\.200\.1:\d+ .* ftp ftp_public/.* zone=public\n")


def test_blocked_networks_hear_nothing(front):
    for source in ("127.66.0.9", "127.0.0.66"):
        assert front.says_nothing(source)


def test_the_partners_port_is_for_partners(front):
    assert front.served_by("127.2.0.1", PARTNERS) == 2
    with pytest.raises((OSError, EOFError, ftplib.error_temp)):
        front.session("127.4.0.1", PARTNERS)


def test_quiet_clients_are_not_logged(front):
    assert front.served_by("127.0.0.250") in (1, 2)
    assert front.served_by("127.9.0.9") in (1, 2)
    front.haftp.wait_log(r"127\.9\.0\.9:\d+ .* zone=")
    assert "127.0.0.250:" not in front.haftp.log()


def test_the_night_has_its_own_backend(lab):
    front = Front(lab, night="0:23")
    assert front.served_by("127.9.0.1") == 3
    assert front.served_by("127.1.2.3") in (1, 3)
    front.haftp.wait_log(r"127\.1\.2\.3:\d+ .* ftp ftp_office/")


def test_a_server_that_does_not_greet_with_220_is_not_heard(lab):
    """The rule of ftp_public, with a peer that says something else."""
    with socket.create_server((lab.net.server(), 2121)) as listener:
        address = lab.net.front()
        where = listener.getsockname()
        text = example(address, lab.farm(), "24:99")
        text = text.replace(f"server ftp_1 {lab.farm()[0].address}:{lab.farm()[0].port} check\n"
                            f"    server ftp_2 {lab.farm()[1].address}:{lab.farm()[1].port} check",
                            f"server other {where[0]}:{where[1]}", 1)
        lab.haftp(text, (address, PUBLIC))
        with socket.create_connection((address, PUBLIC), timeout=10) as client:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                assert b"SSH" not in client.recv(200)
