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
    """Whoever makes a web page say 227 must not get a port (TRAPS: NAT slipstreaming)."""
    text = b"227 Entering Passive Mode (127,0,0,1,4,5).\r\n"
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front, _ = start(lab, target, "splice", 1)
        with socket.create_connection((front, 8000), 30) as link:
            link.sendall(text)
            link.shutdown(socket.SHUT_WR)
            assert drain(link) == text
