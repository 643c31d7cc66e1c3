"""Plain TCP sections in the same file as FTP: bytes go through, nobody reads them."""

import concurrent.futures
import socket
import urllib.request

import pytest

from lib import content
from lib.fakes import Fake, echo, http
from lib.haftp import ftp_sections, head
from lib.session import Session, drain

both_relays = pytest.mark.parametrize("relay, threads", [
    ("copy", 1), ("copy", 4), ("splice", 1), ("splice", 4)])


def start(lab, target, relay, threads):
    front = lab.net.front()
    servers = lab.farm()
    lab.haftp(head(relay, threads) + ftp_sections(front, servers) + f"""
listen plain
    bind {front}:8000
    server one {target.address}:{target.port}
""", (front, 2121), (front, 8000))
    return front, servers


@both_relays
def test_http_beside_ftp(lab, relay, threads):
    with Fake("web", lab.net.server(), http, port=8080) as web:
        front, servers = start(lab, web, relay, threads)
        for _ in range(3):
            with urllib.request.urlopen(f"http://{front}:8000/", timeout=20) as page:
                assert page.read() == b"hello\n"
        with Session((front, 2121), (servers[0].user, servers[0].password)) as session:
            assert session.server_name() in [server.name for server in servers]


@both_relays
def test_echo_of_many_bytes_and_half_close(lab, relay, threads):
    """The client's end of data reaches the server while the answer still flows."""
    sent = bytes(range(256)) * (64 * content.MIB // 256)
    with Fake("echo", lab.net.server(), echo, port=7007) as target, \
            concurrent.futures.ThreadPoolExecutor(1) as pool:
        front, _ = start(lab, target, relay, threads)
        with socket.create_connection((front, 8000), 30) as link:
            answer = pool.submit(drain, link)
            link.sendall(sent)
            link.shutdown(socket.SHUT_WR)
            assert answer.result(60) == sent


def test_227_in_a_plain_section_is_only_text(lab):
    """Whoever makes a web page say 227 must not get a port (NAT slipstreaming)."""
    text = b"227 Entering Passive Mode (127,0,0,1,4,5).\r\n"
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front, _ = start(lab, target, "splice", 1)
        with socket.create_connection((front, 8000), 30) as link:
            link.sendall(text)
            link.shutdown(socket.SHUT_WR)
            assert drain(link) == text


def test_unix_sockets_on_both_sides(lab, tmp_path):
    """A client without an address is logged as HAProxy does: unix and the listener's number."""
    inside, outside, name = tmp_path / "in", tmp_path / "out", f"haftp-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(outside))
        server.listen()
        front = lab.net.front()
        lab.haftp(head("copy", 2) + f"""
listen plain
    bind {inside} mode 600
    bind abns@{name}
    bind {front}:8000
    server one {outside}
""", (front, 8000))
        assert inside.stat().st_mode & 0o777 == 0o600
        for path in (str(inside), f"\0{name}".ljust(108, "\0")):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(20)
                client.connect(path)
                client.sendall(b"ping")
                accepted, _ = server.accept()
                with accepted:
                    accepted.settimeout(20)
                    assert accepted.recv(10) == b"ping"
                    accepted.sendall(b"pong")
                    assert client.recv(10) == b"pong"


def test_source_address_and_ports_of_a_server(lab):
    front, target = lab.net.front(), lab.net.server()
    with socket.create_server((target, 8001)) as server:
        lab.haftp(head("copy", 1) + f"""
listen plain
    bind {front}:8000
    server one {target}:8001 source {front}:28100-28102
""", (front, 8000))
        seen = set()
        for _ in range(3):
            with socket.create_connection((front, 8000), 20):
                accepted, peer = server.accept()
                with accepted:
                    assert peer[0] == front
                    seen.add(peer[1])
        assert seen == {28100, 28101, 28102}
