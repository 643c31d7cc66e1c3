"""A pyftpdlib server as a process: NAME ADDRESS PORT ANNOUNCE LOW HIGH HOME USER PASSWORD [MODE].

With mode `proxy` each control connection must begin with a PROXY header, of either version, and the
greeting tells the address that it names. With `tls CERTIFICATE` AUTH works, with `tls-required
CERTIFICATE` nothing works without.
"""

import socket
import struct
import sys
import warnings

# Debian 12's pyftpdlib still uses asyncore; Python says so on every start.
warnings.simplefilter("ignore", DeprecationWarning)

from pyftpdlib.authorizers import DummyAuthorizer  # noqa: E402
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler  # noqa: E402
from pyftpdlib.servers import FTPServer  # noqa: E402


SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def client_of(sock):
    """The client that the header names; the header is read, and nothing behind it."""
    sock.settimeout(5)
    start = sock.recv(12, socket.MSG_WAITALL)
    if start == SIGNATURE:
        command, family, size = struct.unpack("!BBH", sock.recv(4, socket.MSG_WAITALL))
        body = sock.recv(size, socket.MSG_WAITALL)
        assert command == 0x21 and family in (0x11, 0x21), (command, family)
        width, kind = (4, socket.AF_INET) if family == 0x11 else (16, socket.AF_INET6)
        return socket.inet_ntop(kind, body[:width])
    while not start.endswith(b"\r\n"):
        start += sock.recv(1)
        assert len(start) <= 107, start
    words = start.decode().split()
    assert words[0] == "PROXY" and words[1] in ("TCP4", "TCP6"), start
    return words[2]


class ProxiedHandler(FTPHandler):
    """Waits for the header: its sender speaks at once, so nobody else is kept waiting."""

    def __init__(self, conn, server, ioloop=None):
        self.proxied = None
        try:
            self.proxied = client_of(conn)
        except (OSError, AssertionError, IndexError, struct.error):
            pass  # a health check, or somebody who may not come
        super().__init__(conn, server, ioloop)

    def handle(self):
        if not self.proxied:
            self.close()
            return
        self.banner = f"{self.banner} {self.proxied}"
        super().handle()


class ImplicitHandler(TLS_FTPHandler):
    """Which pyftpdlib has not by itself: hands are shaken before it greets."""

    def handle(self):
        self.secure_connection(self.ssl_context)

    def handle_ssl_established(self):
        super().handle()


HANDLERS = {"plain": FTPHandler, "proxy": ProxiedHandler, "tls": TLS_FTPHandler,
            "tls-required": TLS_FTPHandler, "tls-implicit": ImplicitHandler}


def main(name, address, port, announce, low, high, home, user, password, mode="plain",
         certificate=None):
    handler = HANDLERS[mode]
    handler.certfile = certificate
    handler.tls_control_required = handler.tls_data_required = mode in ("tls-required",
                                                                        "tls-implicit")
    users = DummyAuthorizer()
    users.add_user(user, password, home, perm="elradfmwMT")
    users.add_anonymous(home)
    handler.authorizer = users
    handler.banner = f"Welcome to {name}"
    handler.masquerade_address = announce
    handler.passive_ports = range(int(low), int(high) + 1)
    FTPServer.max_cons_per_ip = 0
    FTPServer((address, int(port)), handler, backlog=200).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
