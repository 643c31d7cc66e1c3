"""Plays a session's steps as a client, and notes everything that the client could see."""

import hashlib
import posixpath
import re
import socket
import ssl
import struct

PATIENCE = 20  # seconds for anything; nothing here should need one
CHUNK = 1 << 16


class Ended(Exception):
    """The control connection is over; the text says how."""


class Seen:
    """What came of one step: replies, each a code and its lines, and the data."""

    def __init__(self, step):
        self.step = step
        self.replies = []
        self.opened = True  # was a data connection agreed on?
        self.data = None   # bytes of a download that was read to its end
        self.notes = []    # what is neither

    @property
    def codes(self):
        return [code for code, _ in self.replies]


class Player:
    """One client. `told`: the address that replies must name; None: they name none of use.
    `tls`: the context of a client that encrypts everything, but shows only what it does in it."""

    def __init__(self, where, source, root, login, told=None, tls=None):
        self.root = self.cwd = root
        self.login = login
        self.told = told
        self.tls = tls
        self.said_quit = False
        self.offer = None  # ("passive", address), ("active", listener), or nothing
        self.seen = []
        self.ready = None  # a data connection made in advance
        self.sock = socket.create_connection(where, PATIENCE, (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = self.sock.makefile("rb")

    def _encrypt(self):
        """Behind the greeting, so that what follows is as without."""
        for line, expected in (("AUTH TLS", 234), ("PBSZ 0", 200), ("PROT P", 200)):
            self.put(line)
            if self.final(Seen((line,))) != expected:
                raise Ended(f"{line} refused")
            if line == "AUTH TLS":
                self.lines.close()
                self.sock = self.tls.wrap_socket(self.sock)
                self.lines = self.sock.makefile("rb")

    # ---- control connection

    def put(self, *lines):
        raw = b"".join(line.replace("{root}", self.root).encode() + b"\r\n" for line in lines)
        self._put_raw(raw)

    def _put_raw(self, raw, flags=0):
        try:
            self.sock.send(raw, 0 if self.tls else flags)
        except OSError as error:
            raise Ended(f"sending: {type(error).__name__}") from None

    def _line(self):
        try:
            line = self.lines.readline(1 << 16)
        except socket.timeout:
            raise Ended("no reply in time") from None
        except OSError:
            raise Ended("reset") from None
        if not line.endswith(b"\n"):
            raise Ended("EOF" if not line else "EOF in a line")
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def reply(self, seen):
        """Reads one reply, all its lines, notes it, and returns its code."""
        lines = [self._line()]
        start = lines[0][:3]
        if lines[0][3:4] == "-":
            while not (lines[-1].startswith(start + " ") and len(lines) > 1):
                lines.append(self._line())
        code = int(start) if start.isdigit() else 0
        seen.replies.append((code, lines))
        return code

    def final(self, seen):
        """The same, preliminary replies passed over."""
        while (code := self.reply(seen)) < 200 and code:
            pass
        return code

    def command(self, seen, line):
        self.put(line)
        code = self.final(seen)
        self._follow(line, code)
        return code

    def _follow(self, line, code):
        """Where we are: a session must never leave its own folder."""
        verb, _, path = line.partition(" ")
        if verb == "CWD" and 200 <= code < 300:
            self.cwd = posixpath.normpath(
                posixpath.join(self.cwd, path.replace("{root}", self.root)))
        elif verb == "CDUP" and 200 <= code < 300:
            self.cwd = posixpath.dirname(self.cwd)

    # ---- steps

    def play(self, steps):
        """Returns what was seen, as far as the session went."""
        try:
            self.seen.append(Seen(("connect",)))
            self.reply(self.seen[0])
            if self.tls:
                self._encrypt()
            for step in steps:
                self.seen.append(Seen(step))
                getattr(self, "do_" + step[0])(self.seen[-1], *step[1:])
        except Ended as how:
            self.seen[-1].notes.append(f"control connection: {how}")
        finally:
            self._forget_offer()
            self.lines.close()
            self.sock.close()
        return self.seen

    def do_login(self, seen, how):
        user, password = (f"USER {self.login[0]}", f"PASS {self.login[1]}")
        if how == "stranger first":
            self.command(seen, "USER stranger")
            self.command(seen, "PASS wrong")
        elif how == "password first":
            self.command(seen, password)
        if how == "pipelined":
            self.put(user, password)
            self.final(seen)
            self.final(seen)
        else:
            self.command(seen, user)
            self.command(seen, password)
        if how == "twice":
            self.command(seen, user)
            self.command(seen, password)
        self.command(seen, "CWD {root}")

    def do_say(self, seen, line):
        if line == "CDUP" and self.cwd == self.root:
            seen.notes.append("left out, at the top")
            return
        self.command(seen, line)

    def do_group(self, seen, *lines):
        self.put(*lines)
        for line in lines:
            self._follow(line, self.final(seen))

    def do_end(self, seen, how):
        if how == "drop":
            return
        if how == "QUIT" and not self.said_quit:
            self.put("QUIT")
            self.final(seen)
        elif how == "half":
            self.sock.shutdown(socket.SHUT_WR)
        while True:
            self.reply(seen)

    # ---- data connections

    def _forget_offer(self):
        if self.ready:
            self.ready.close()
        if self.offer and self.offer[0] == "active":
            self.offer[1].close()
        self.ready = self.offer = None

    def _opening(self, mode):
        """The command for a mode; for an active one somebody listens from now on."""
        if mode in ("PASV", "EPSV"):
            return mode
        listener = socket.create_server((self.sock.getsockname()[0], 0))
        listener.settimeout(PATIENCE)
        self.offer = ("active", listener)
        address, port = listener.getsockname()
        if mode == "EPRT":
            return f"EPRT |1|{address}|{port}|"
        return "PORT " + ",".join([*address.split("."), str(port >> 8), str(port & 255)])

    def _opened(self, seen, mode):
        """Reads the answer to a mode's command."""
        code = self.final(seen)
        text = seen.replies[-1][1][-1]
        if code == 227:
            numbers = [int(n) for n in re.search(r"(\d+,){5}\d+", text).group().split(",")]
            address = ".".join(map(str, numbers[:4]))
            if self.told and address != self.told:
                seen.notes.append(f"told the address {address}")
            self.offer = ("passive", numbers[4] * 256 + numbers[5])
        elif code == 229:
            self.offer = ("passive", int(re.search(r"\(\|\|\|(\d+)\|\)", text).group(1)))
        elif code != 200:
            self._forget_offer()

    def do_open(self, seen, mode):
        self._forget_offer()
        self.put(self._opening(mode))
        self._opened(seen, mode)

    def _connect(self):
        """To a passive port. None where nobody listens (any more)."""
        if self.ready or not self.offer or self.offer[0] != "passive":
            return
        place = (self.sock.getpeername()[0], self.offer[1])
        try:
            self.ready = socket.create_connection(place, PATIENCE,
                                                  (self.sock.getsockname()[0], 0))
        except OSError:
            self.ready = None

    def _data(self, seen):
        """The data connection, once the server said that the transfer begins."""
        if self.offer and self.offer[0] == "active":
            try:
                self.ready, peer = self.offer[1].accept()
                if peer[0] != self.sock.getpeername()[0]:
                    seen.notes.append(f"data connection from {peer[0]}")
            except OSError as error:
                seen.notes.append(f"no data connection: {type(error).__name__}")
        if self.ready:
            self.ready.settimeout(PATIENCE)
            if self.tls:
                self.ready = self.tls.wrap_socket(self.ready, session=self.sock.session)
        return self.ready

    def do_move(self, seen, line, options):
        seen.opened = bool(self.offer or "with" in options)
        if "rest" in options:
            self.command(seen, f"REST {options['rest']}")
        if "with" in options:
            self._forget_offer()
            self.put(self._opening(options["with"]), line)
            self._opened(seen, options["with"])
        else:
            if "late" not in options:
                self._connect()
            self.put(line)
        self._connect()
        try:
            if self.reply(seen) >= 200:
                return
            data = self._data(seen)
            if data:
                self._exchange(seen, data, options)
            else:
                self.final(seen)
        finally:
            self._forget_offer()

    def _exchange(self, seen, data, options):
        up, during = "send" in options, options.get("during")
        owed = 1
        if up:
            content = payload(options["send"])
            first = self._send(seen, data, content[:len(content) // 2]) if during else None
        elif during:
            first = self._receive(seen, data, CHUNK)
        if during in ("close", "reset"):
            if during == "reset":
                data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._close(data)
        elif during:
            self._say_during(during)
            owed = 2
        if during and (during.startswith("ABOR") or during in ("close", "reset")):
            if not up and during != "close":
                self._receive(seen, data, None, noted=False)
            data.close()
        elif up:
            self._send(seen, data, content[len(content) // 2:] if during else content)
            self._close(data)
        else:
            rest = self._receive(seen, data, None)
            seen.data = (first if during else b"") + rest
            data.close()  # ProFTPD waits for this before it says 226, ten seconds long
        for _ in range(owed):
            self.final(seen)

    @staticmethod
    def _close(data):
        """So that the other side knows that this was all."""
        if isinstance(data, ssl.SSLSocket):
            try:
                data.unwrap()
            except OSError:
                pass  # it did not wait for the end
        data.close()

    def _say_during(self, during):
        verb, _, how = during.partition(" ")
        if how:
            self._put_raw(b"\xff\xf4")
            self._put_raw(b"\xff", socket.MSG_OOB if how == "urgent" else 0)
            self._put_raw(b"\xf2ABOR\r\n")
        else:
            self.said_quit = verb == "QUIT"
            self.put(verb)

    @staticmethod
    def _send(seen, data, content):
        try:
            data.sendall(content)
        except OSError as error:
            seen.notes.append(f"data: {type(error).__name__} while sending")

    @staticmethod
    def _receive(seen, data, most, noted=True):
        """Up to `most` bytes at once, or everything to the end."""
        received = bytearray()
        try:
            while chunk := data.recv(CHUNK):
                received += chunk
                if most:
                    break
        except OSError as error:
            if noted:
                seen.notes.append(f"data: {type(error).__name__}")
        return bytes(received)


def payload(size):
    """What a client sends: every block differs, so that nothing can be swapped or lost."""
    blocks = (hashlib.sha256(str(n).encode()).digest() for n in range(size // 32 + 1))
    return b"".join(blocks)[:size]
