"""Clients and servers that say anything but what they should. Each ends after some seconds."""

import random
import socket
import ssl
import struct
import threading
import time

from soak import noise_tls

LIFE = 2.0  # seconds
PATIENCE = 0.25  # seconds for one read or connection
SHAPES = ("polite", "polite", "polite", "spoilt", "spoilt", "spoilt", "garbage", "flood", "silent",
          "drip", "foreign")
COMMANDS = (b"NOOP", b"PWD", b"FEAT", b"TYPE I", b"STAT", b"ABOR", b"\xff\xf4\xff\xf2ABOR",
            b"SIZE a", b"REIN", b"EPSV ALL", b"EPSV 2", b"REST 5", b"HELP", b"AUTH TLS",
            b"PBSZ 0", b"CCC", b"PORT 1,2,3,4,5,6", b"EPRT |1|127.0.0.1|80|", b"PASV",
            b"EPSV", b"LPSV", b"OPTS X", b"HOST a", b"ACCT x",
            b"USER again", b"", b" ", b"RNFR \xc3\xa4", b"MLST", b"QUIT")
MOVES = (b"RETR a", b"STOR a", b"LIST", b"APPE b", b"MLSD", b"NLST", b"STOU")
FOREIGN = (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
           b"SSH-2.0-x\r\n", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", b"\0" * 100)
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"  # of PROXY v2
REPLIES = (b"200 ok", b"220 hello", b"227 Entering (127,0,0,1,90,1)", b"229 x (|||20001|)",
           b"150 go", b"426 no", b"226 done", b"421 bye", b"550 no", b"120 soon",
           b"211-x\r\n y\r\n211 end", b"230-\r\n230 in", b"999 ?", b"22 x",
           b"227 (1,2,3,4,5,6", b"229 (|||99999|)",
           b"350 more", b"250-" + b"y" * 300)


def spoil(rng, line):
    """A line with something wrong: sometimes with itself, sometimes with how it ends."""
    line = bytearray(line)
    for _ in range(rng.choice((0, 1, 1, 2, 5))):
        at = rng.randint(0, len(line))
        kind = rng.randint(0, 6)
        if kind == 0:
            line[at:at] = bytes([rng.randint(0, 255)])
        elif kind == 1:
            del line[at:at + rng.randint(1, 4)]
        elif kind == 2:
            line[at:at] = b"\xff" + bytes([rng.choice((0xf4, 0xf2, 0xff, 0xfb))])
        elif kind == 3:
            line[at:at] = b"\0"
        elif kind == 4:
            line[at:at] = rng.choice((b"\r\n", b"\n", b"\r", b"\r\r\n"))
        elif kind == 5:
            line += b"z" * rng.choice((10, 5000, 9000, 70000))
        else:
            line = line + line
    return bytes(line) + rng.choice((b"\r\n", b"\r\n", b"\r\n", b"\n", b"", b"\r"))


def _send(rng, sock, data):
    how = rng.randint(0, 12)
    if how == 0:
        for byte in data[:200]:
            sock.send(bytes([byte]))
    elif how == 1 and len(data) > 2:
        cut = rng.randint(1, len(data) - 1)
        sock.sendall(data[:cut])
        time.sleep(rng.random() / 50)
        sock.sendall(data[cut:])
    elif how == 2 and not isinstance(sock, ssl.SSLSocket):
        sock.send(data[:1], socket.MSG_OOB)
        sock.sendall(data[1:])
    else:
        sock.sendall(data)


def _hear(sock, size=1 << 16):
    """What came, b"" for an end, None for nothing in time."""
    try:
        return sock.recv(size)
    except socket.timeout:
        return None


def _leave(rng, sock):
    """Ends a connection in one of the ways there are."""
    how = rng.randint(0, 3)
    try:
        if how == 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif how == 1:
            sock.shutdown(socket.SHUT_WR)
            _hear(sock)
        elif how == 2:
            sock.shutdown(socket.SHUT_RD)
    except OSError:
        pass
    sock.close()


def _babble(rng, sock, shape, lines, until):
    """What all that is not polite has in common, clients and servers alike."""
    while time.monotonic() < until:
        if shape == "garbage":
            _send(rng, sock, rng.randbytes(rng.choice((1, 10, 1000, 50000))))
        elif shape == "flood":
            _send(rng, sock, b"".join(rng.choice(lines) + b"\r\n" for _ in range(500)))
        elif shape == "drip":
            for byte in spoil(rng, rng.choice(lines))[:100]:
                sock.send(bytes([byte]))
        elif shape == "foreign":
            _send(rng, sock, rng.choice(FOREIGN))
        if shape in ("silent", "flood") or rng.random() < 0.5:
            if _hear(sock, rng.choice((1, 100, 1 << 16))) == b"":
                return
        elif rng.random() < 0.3:
            return


def _data_end(rng, sock, secure=None):
    """One end of a data connection, whichever; secure: a TLS context, and a session to resume."""
    sock.settimeout(PATIENCE)
    until = time.monotonic() + rng.random() * LIFE
    try:
        if secure and rng.random() < 0.9:
            sock = noise_tls.wrap(rng, sock, *secure)
        for _ in range(rng.choice((0, 1, 1, 3, 20))):
            if time.monotonic() > until:
                break
            if rng.random() < 0.5:
                sock.sendall(rng.randbytes(rng.choice((1, 1000, 100000))))
            else:
                _hear(sock, rng.choice((1, 1000, 1 << 18)))
        if rng.random() < 0.1:
            time.sleep(rng.random())
    except (OSError, ValueError):  # ValueError: the session is not of this context
        pass
    _leave(rng, sock)


def _data_thread(rng, sock, secure):
    arguments = (random.Random(rng.random()), sock, secure)
    threading.Thread(target=_data_end, args=arguments, daemon=True).start()


# ---- clients


class Client:
    """How the clients of a section begin: with TLS at once ("implicit"), after AUTH ("explicit"),
    or with a PROXY header. All of them forget it sometimes."""

    def __init__(self, tls=None, header=False):
        self.tls = tls
        self.header = header
        self.context = noise_tls.client_context() if tls else None

    def begin(self, rng, sock):
        if self.header and rng.random() < 0.9:
            sock.sendall(_header(rng))
        if self.tls == "implicit" and rng.random() < 0.9:
            return noise_tls.wrap(rng, sock, self.context)
        if self.tls == "explicit" and rng.random() < 0.8:
            _hear(sock)
            behind = b"NOOP\r\n" if rng.random() < 0.05 else b""
            sock.sendall(b"AUTH TLS\r\n" + behind)
            if (_hear(sock) or b"").startswith(b"234"):
                return noise_tls.wrap(rng, sock, self.context)
        return sock


def _header(rng):
    """A PROXY protocol header, in one piece or not, good or not."""
    good = (b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 21\r\n", b"PROXY UNKNOWN\r\n",
            b"PROXY TCP6 2001:db8::1 2001:db8::2 1000 21\r\n",
            SIGNATURE + b"\x21\x11\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\0\x14\0\x15",
            SIGNATURE + b"\x20\0\0\0")
    header = rng.choice(good)
    if rng.random() < 0.2:
        header = bytearray(header)
        header[rng.randrange(len(header))] = rng.randint(0, 255)
    return header


def one_client(rng, where, source, kind):
    try:
        if rng.random() < 0.15:  # a stranger on a data port
            place = (where[0], rng.randint(20000, 20009))
            _data_end(rng, socket.create_connection(place, PATIENCE, (source, 0)))
            return
        sock = socket.create_connection(where, LIFE, (source, 0))
    except OSError:
        return
    with sock:
        sock.settimeout(PATIENCE)
        try:
            sock = kind.begin(rng, sock)
            _client(rng, sock, rng.choice(SHAPES))
        except OSError:
            pass
        _leave(rng, sock)


def _client(rng, sock, shape):
    until = time.monotonic() + rng.random() * LIFE
    if shape not in ("polite", "spoilt"):
        _babble(rng, sock, shape, COMMANDS + MOVES, until)
        return
    _hear(sock)
    protect = isinstance(sock, ssl.SSLSocket) and rng.random() < 0.8
    for line in ((b"PBSZ 0", b"PROT P") if protect else ()) + (b"USER a", b"PASS b"):
        _send(rng, sock, line + b"\r\n")
        _hear(sock)
    while time.monotonic() < until:
        if rng.random() < 0.5:
            _client_moves(rng, sock, (sock.context, sock.session) if protect else None)
        else:
            lines = [rng.choice(COMMANDS) for _ in range(rng.choice((1, 1, 1, 2, 20)))]
            if shape == "spoilt":
                _send(rng, sock, b"".join(spoil(rng, line) for line in lines))
            else:
                _send(rng, sock, b"".join(line + b"\r\n" for line in lines))
        if _hear(sock) == b"":
            return


def _client_moves(rng, sock, secure):
    move = rng.choice(MOVES) + b"\r\n"
    if rng.random() < 0.3:
        _client_active(rng, sock, move, secure)
        return
    _send(rng, sock, rng.choice((b"PASV\r\n", b"EPSV\r\n")) + (move if rng.random() < 0.2 else b""))
    reply = _hear(sock) or b""
    port = _port_in(reply)
    data = None
    if port and rng.random() < 0.85:
        try:
            data = socket.create_connection((sock.getpeername()[0], port), PATIENCE,
                                            (sock.getsockname()[0], 0))
        except OSError:
            data = None
    if rng.random() < 0.9:
        _send(rng, sock, move)
    if data:
        _data_thread(rng, data, secure)
    if rng.random() < 0.2:
        _send(rng, sock, b"ABOR\r\n")


def _port_in(reply):
    try:
        if b"229" in reply:
            return int(reply.split(b"|||")[1].split(b"|")[0])
        if b"227" in reply:
            numbers = reply.split(b"(")[1].split(b")")[0].split(b",")
            return int(numbers[4]) * 256 + int(numbers[5])
    except (IndexError, ValueError):
        pass
    return None


def _client_active(rng, sock, move, secure):
    with socket.create_server((sock.getsockname()[0], 0)) as listener:
        listener.settimeout(PATIENCE)
        address, port = listener.getsockname()
        if rng.random() < 0.2:
            listener.close()
        _send(rng, sock, f"EPRT |1|{address}|{port}|\r\n".encode() + move)
        if rng.random() < 0.2:
            _send(rng, sock, b"ABOR\r\n")
        if rng.random() < 0.8:
            try:
                data, _ = listener.accept()
            except OSError:
                return
            _data_thread(rng, data, secure)


# ---- servers


class Server:
    """Listens until close(); a thread for each connection.

    tls: None, "implicit" (from the first byte on) or "explicit" (after AUTH), with its context."""

    def __init__(self, address, port, seed, tls=None, context=None):
        self.address = address
        self.tls = tls
        self._context = context
        self._seed = seed
        self._count = 0
        self._listener = socket.create_server((address, port), backlog=100)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        if self._listener.fileno() >= 0:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._thread.join()

    def _run(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._count += 1
            rng = random.Random(f"{self._seed}-{self._count}")
            threading.Thread(target=self._serve, args=(rng, sock), daemon=True).start()

    def _serve(self, rng, sock):
        sock.settimeout(PATIENCE)
        with sock:
            try:
                shape = rng.choice(SHAPES)
                until = time.monotonic() + (0.5 + rng.random()) * LIFE
                if self.tls == "implicit":
                    sock = noise_tls.wrap(rng, sock, self._context)
                if rng.random() < 0.9:
                    _send(rng, sock, b"220 hello\r\n")
                if shape in ("polite", "spoilt"):
                    sock = _Polite(rng, sock, shape == "spoilt", self._context).serve(until)
                else:
                    _babble(rng, sock, shape, REPLIES, until)
            except (OSError, ValueError, LookupError):  # gone, or what came was not FTP
                pass
            _leave(rng, sock)


class _Polite:
    """Answers each command as a server would, unless it is spoilt, which shows now and then."""

    def __init__(self, rng, sock, spoilt, context):
        self._rng = rng
        self._sock = sock
        self._spoilt = spoilt
        self._context = context
        self._protected = False
        self._listener = None
        self._peer = None

    def serve(self, until):
        """Returns the socket, which AUTH may have changed."""
        pending = b""
        try:
            while time.monotonic() < until:
                came = _hear(self._sock)
                if came == b"":
                    break
                *lines, pending = (pending + (came or b"")).split(b"\n")
                for line in lines:
                    self._answer(line.strip())
        finally:
            if self._listener:
                self._listener.close()
        return self._sock

    def _say(self, line):
        if self._spoilt and self._rng.random() < 0.25:
            if self._rng.random() < 0.5:
                line = self._rng.choice(REPLIES)
            _send(self._rng, self._sock, spoil(self._rng, line))
        else:
            _send(self._rng, self._sock, line + b"\r\n")

    def _answer(self, line):
        verb = line.split(b" ")[0].upper()[-4:]
        host = self._sock.getsockname()[0]
        if verb in (b"PASV", b"EPSV"):
            if self._listener:
                self._listener.close()
            self._listener = socket.create_server((host, 0))
            self._listener.settimeout(PATIENCE)
            port = self._listener.getsockname()[1]
            numbers = ",".join([*host.split("."), str(port >> 8), str(port & 255)])
            self._say(f"227 here ({numbers})".encode() if verb == b"PASV" else
                      f"229 here (|||{port}|)".encode())
        elif verb == b"PORT" and line.count(b",") == 5:
            numbers = line.split(b" ")[1].split(b",")
            self._peer = (b".".join(numbers[:4]).decode("ascii"),
                          int(numbers[4]) * 256 + int(numbers[5]))
            self._say(b"200 ok")
        elif verb == b"AUTH" and self._context and not isinstance(self._sock, ssl.SSLSocket):
            self._say(b"234 go on")
            self._sock = noise_tls.wrap(self._rng, self._sock, self._context)
        elif verb == b"PROT":
            self._protected = line.upper().endswith(b" P")
            self._say(b"200 ok")
        elif verb in (b"RETR", b"STOR", b"LIST", b"APPE", b"MLSD", b"NLST", b"STOU"):
            self._move()
        else:
            self._say({b"USER": b"331 password", b"PASS": b"230 in", b"QUIT": b"221 bye",
                       b"FEAT": b"211-f\r\n EPSV\r\n211 end"}.get(verb, b"200 ok"))

    def _move(self):
        if self._rng.random() < 0.2:
            self._say(b"550 no")
            return
        if self._rng.random() < 0.9:
            self._say(b"150 go")
        try:
            if self._peer:
                data = socket.create_connection(self._peer, PATIENCE)
            else:
                data, _ = self._listener.accept()
            _data_end(self._rng, data, (self._context,) if self._protected else None)
        except (OSError, AttributeError):
            pass
        self._peer = None
        if self._rng.random() < 0.9:
            self._say(b"226 done")
