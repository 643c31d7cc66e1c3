"""Sockets of the scripted peers: what was sent, what came, how it ended.

One thread moves everything: Peers.pump() writes what is queued on any connection.  Control
connections are read as bytes come; a data connection only while the script looks at it, so that one
which the script leaves alone is a slow reader.
"""

import collections
import random
import select
import socket
import struct
import time

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
EAGER_LIMIT = 256 * 1024
# Data connections carry this text again and again.  Its odd length makes a lost, doubled or
# misplaced block visible wherever it happens.
PATTERN = random.Random(959).randbytes(65521)


class FlowFailure(AssertionError):
    """The conversation went another way than its script."""


def pattern(start, count):
    """`count` bytes of the endless pattern from offset `start`."""
    at = start % len(PATTERN)
    return (PATTERN[at:] + PATTERN * (count // len(PATTERN) + 1))[:count]


def describe(data):
    """Bytes as a short text for the transcript."""
    data = bytes(data)
    if len(data) <= 120:
        return ascii(data.decode("latin-1"))
    return f"{ascii(data[:60].decode('latin-1'))}... {len(data)} bytes"


class Peer:
    """One connection of the script."""

    def __init__(self, name, sock, note):
        self.name, self.sock, self.note = name, sock, note
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.queue = collections.deque()  # bytes, (start, end) of the pattern, "shut", "close"
        self.inbox = bytearray()
        self.ended = None  # "EOF" or "RESET": what reading gave at last
        self.eager = "d" not in name  # a control connection
        self.received = self.taken = 0  # bytes that came; bytes that the script has consumed
        self.cuts = set()  # what self.received was after each recv()
        self.sent = 0  # offset of the next pattern byte to queue
        self.checked = 0  # offset of the next pattern byte to expect

    @property
    def open(self):
        """False once the script has closed it."""
        return self.sock.fileno() >= 0

    def put(self, item):
        """Queues bytes or an action behind what is queued already."""
        self.queue.append(item)

    def put_pattern(self, count):
        """Queues the next `count` bytes of the pattern."""
        self.queue.append((self.sent, self.sent + count))
        self.sent += count

    def write_some(self):
        """Writes the head of the queue as far as the kernel takes it now."""
        head = self.queue[0]
        if head == "close":
            self.close()
            return
        if head == "shut":
            self.sock.shutdown(socket.SHUT_WR)
            self.note(self.name, "half-closes")
            self.queue.popleft()
            return
        chunk = head
        if isinstance(head, tuple):
            chunk = pattern(head[0], min(head[1] - head[0], 262144))
        try:
            done = self.sock.send(chunk)
        except BlockingIOError:
            return
        except OSError as error:
            # The kernel tells a reset once: here, or at the next recv().
            self.note(self.name, f"cannot send: {error.strerror}")
            if isinstance(error, ConnectionResetError) and not self.ended:
                self.ended = "RESET"
            self.queue.clear()
            return
        self.note(self.name, f"> {describe(chunk[:done])}")
        self.queue.popleft()
        left = (head[0] + done, head[1]) if isinstance(head, tuple) else head[done:]
        if left and (not isinstance(left, tuple) or left[0] < left[1]):
            self.queue.appendleft(left)

    def read_some(self, limit):
        """Reads what has come, at most `limit` bytes."""
        try:
            data = self.sock.recv(limit)
        except BlockingIOError:
            return
        except OSError as error:
            self.ended = "RESET"
            self.note(self.name, f"< {error.strerror}")
            return
        if data:
            self.inbox += data
            self.received += len(data)
            self.cuts.add(self.received)
            self.note(self.name, f"< {describe(data)}")
        else:
            self.ended = "EOF"
            self.note(self.name, "< EOF")

    def take(self, count):
        """Removes the first `count` unread bytes and gives them."""
        data = bytes(self.inbox[:count])
        del self.inbox[:count]
        self.taken += len(data)
        return data

    def wants_reading(self, reader):
        """True when the pump shall read from this connection now."""
        if not self.open or self.ended:
            return False
        return self is reader or (self.eager and len(self.inbox) < EAGER_LIMIT)

    def close(self):
        """Ordinary close; what is still queued is lost."""
        if self.open:
            self.note(self.name, "closes")
            self.queue.clear()
            self.sock.close()

    def kill(self):
        """Closes with a reset."""
        if self.open:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.note(self.name, "resets")
            self.queue.clear()
            self.sock.close()


def listen(address, family=socket.AF_INET, backlog=64):
    """A listening socket that does not block."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(address)
    sock.listen(backlog)
    sock.setblocking(False)
    return sock


class Peers:
    """All connections of one run and its transcript."""

    def __init__(self):
        self.started = time.monotonic()
        self.all = []
        self.transcript = []

    def note(self, who, what):
        """Adds a line to the transcript."""
        self.transcript.append(f"{time.monotonic() - self.started:8.3f} {who:4} {what}")

    def add(self, name, sock):
        """A new connection under the script's care."""
        peer = Peer(name, sock, self.note)
        self.all.append(peer)
        return peer

    def pump(self, ready, timeout, reader=None, limit=65536):
        """Moves bytes until ready() is true.  False when `timeout` seconds pass before that.

        `reader` is the connection that is read from, at most `limit` bytes at a time.
        """
        deadline = time.monotonic() + timeout
        while not ready():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._turn(min(left, 0.02), reader, limit)
        return True

    def _turn(self, wait, reader, limit):
        poller, by_fd = select.poll(), {}
        for peer in self.all:
            events = select.POLLOUT if peer.open and peer.queue else 0
            events |= select.POLLIN if peer.wants_reading(reader) else 0
            if events:
                poller.register(peer.sock, events)
                by_fd[peer.sock.fileno()] = peer
        for number, events in poller.poll(wait * 1000):
            peer = by_fd[number]
            if peer.wants_reading(reader) and events & ~select.POLLOUT:
                peer.read_some(limit if peer is reader else 65536)
            if peer.open and peer.queue and events & ~select.POLLIN:
                peer.write_some()

    def connect(self, name, target, source=None, rcvbuf=0, timeout=5.0):
        """A new connection to `target` from the address `source`."""
        family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        if rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        sock.settimeout(timeout)
        was_reset = False
        try:
            if source:
                sock.bind((source, 0))
            sock.connect(target)
        except ConnectionResetError:
            was_reset = True  # it stood, and fell before connect() returned
        except OSError as error:
            sock.close()
            raise FlowFailure(f"cannot connect to {target[0]}:{target[1]}: {error}") from None
        self.note(name, f"connects to {target[0]}:{target[1]}{', is reset' if was_reset else ''}")
        peer = self.add(name, sock)
        peer.ended = "RESET" if was_reset else None
        return peer

    def accept(self, name, listener, timeout):
        """The next connection of a listener, or None."""
        found = []

        def arrived():
            try:
                found.append(listener.accept())
            except BlockingIOError:
                return False
            return True

        if not self.pump(arrived, timeout):
            return None
        sock, address = found[0]
        self.note(name, f"accepts {address[0]}:{address[1]}")
        return self.add(name, sock)

    def close(self):
        """Closes what the script left open."""
        for peer in self.all:
            peer.close()
