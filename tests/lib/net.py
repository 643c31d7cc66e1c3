"""Loopback addresses of our own, and what the kernel says about sockets.

Every pytest process takes a network 127.N.0.0/16 for itself, so that parallel runs on one machine
never meet. Ports can then be fixed, which keeps configurations readable. They stay below 32768,
where the kernel does not take ports for outgoing connections.
"""

import errno
import socket
import struct

CONTROL_PORT = 2121
DATA_PORTS = (20000, 20099)


class Net:
    """127.N.0.0/16, ours until this process ends."""

    def __init__(self):
        self.number, self._claim = self._take()
        self._fronts = 0
        self._servers = 0

    @staticmethod
    def _take():
        claim = socket.socket(socket.AF_UNIX)
        for number in range(10, 60):
            try:
                # A name in the abstract namespace leaves no file, and is free when we end.
                claim.bind(f"\0haftp-tests-127.{number}")
            except OSError:
                continue
            return number, claim
        raise RuntimeError("all test networks are taken: are other test runs hanging?")

    def front(self):
        """A new address for haftp to listen on."""
        self._fronts += 1
        return self._address(1, self._fronts)

    def server(self):
        """A new address for a server behind haftp."""
        self._servers += 1
        return self._address(100, self._servers)

    def client(self, number):
        """The address of the client with this number, from 1."""
        return self._address(200, number)

    def addresses(self, count):
        """The first fronts and servers, before they are handed out."""
        return [self._address(block, number) for block in (1, 100)
                for number in range(1, count + 1)]

    def _address(self, block, number):
        return f"127.{self.number}.{block + number // 250}.{1 + number % 250}"


def is_listening(address, port):
    """Asks the kernel, because a test connection would count as a session."""
    if ":" in address:
        table = "/proc/net/tcp6"
        words = struct.unpack("=4I", socket.inet_pton(socket.AF_INET6, address))
    else:
        table = "/proc/net/tcp"
        words = struct.unpack("=1I", socket.inet_aton(address))
    wanted = "".join(f"{word:08X}" for word in words) + f":{port:04X}"
    with open(table) as lines:
        next(lines)
        for line in lines:
            fields = line.split()
            if fields[1] == wanted and fields[3] == "0A":
                return True
    return False


def may_use_low_ports():
    """Port 21 needs root, a capability, or a kernel that does not mind."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.9.9.9", 21))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return True


def has_ipv6():
    """The loopback address, at least."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False
