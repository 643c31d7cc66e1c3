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


# The question of sock_diag(7) and its answers.
_NETLINK_SOCK_DIAG, _BY_FAMILY, _REQUEST_ALL, _DONE, _ERROR = 4, 20, 0x301, 3, 2
_LISTENS = 1 << 10
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
# family, protocol, extensions, padding, states; then the socket: port, peer's port, addresses, ...
_QUESTION = struct.Struct("=BBBxI2s46x")
_ANSWER = struct.Struct("=8x16s")  # among others the address


def _listening(family, port):
    """The address of each socket that listens on this port."""
    question = _QUESTION.pack(family, socket.IPPROTO_TCP, 0, _LISTENS, port.to_bytes(2, "big"))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.send(_HEADER.pack(_HEADER.size + len(question), _BY_FAMILY, _REQUEST_ALL, 1, 0) +
                    question)
        while True:
            batch = kernel.recv(1 << 16)
            while batch:
                length, kind, *_ = _HEADER.unpack_from(batch)
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    raise OSError("the kernel does not tell who listens (sock_diag)")
                yield _ANSWER.unpack_from(batch, _HEADER.size)[0]
                batch = batch[(length + 3) & ~3:]


def is_listening(address, port):
    """Asks the kernel, because a test connection would count as a session. /proc/net/tcp would say
    so, too, but with all the connections that ended within the last minute: tens of thousands."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    wanted = socket.inet_pton(family, address)
    return any(there[:len(wanted)] == wanted for there in _listening(family, port))


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
