"""A client and a server whose data connections begin and end in any order, and what each saw.

A plan says what both do. Each remembers how its own direction ended, and how the other's did:
"clean", "cut" (TLS without close_notify), "reset", or None, when there was no end.
"""

import contextlib
import dataclasses
import re
import socket
import ssl
import struct
import threading
import time

PATIENCE = 2  # seconds that a step may take
PAUSES = (0, 0, 0, 0.003, 0.02, 0.05)


class End:
    """One end of a data connection; without `wrap` it has no TLS."""

    def __init__(self, wrap):
        self._wrap = wrap
        self._socket = None
        self._ready = False
        self.sent = self.got = 0
        self.said = self.heard = None

    def open(self, connection):
        connection.settimeout(PATIENCE)
        self._socket = connection
        self._ready = not self._wrap

    def shake(self):
        if self._wrap and self._socket and not self._ready:
            self._socket = self._wrap(self._socket)
            self._ready = True

    def send(self, size):
        if self._ready and not self.said:
            self._socket.sendall(b"x" * size)
            self.sent += size

    def read(self):
        """To the end, whichever it is."""
        if not self._ready or self.heard:
            return
        try:
            while piece := self._socket.recv(1 << 16):
                self.got += len(piece)
            self.heard = "clean"
        except TimeoutError:
            pass
        except ssl.SSLError:
            self.heard = "cut"
        except OSError:
            self.heard = "reset"

    def end(self, how):
        if not self._socket or self.said:
            return
        self.said = how
        if how == "reset":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket.close()
            self._ready, self._socket = False, None
            return
        if self._wrap and not (how == "clean" and self._ready and self._notify()):
            self.said = "cut"
        elif not self._wrap:
            self.said = "clean"
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_WR)

    def _notify(self):
        """close_notify, without waiting for the other's."""
        self._socket.setblocking(False)
        try:
            self._socket.unwrap()
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLError, OSError):
            return False
        finally:
            self._socket.settimeout(PATIENCE)
        return True

    def close(self):
        if self._socket:
            self.end("cut")
            self._socket.close()


@dataclasses.dataclass
class Plan:
    """What becomes of one session's first transfer; the second one goes by the book."""
    upload: bool
    front_tls: bool
    back_tls: bool
    active: bool     # the client listens
    inverse: bool    # haftp listens for the server
    size: int        # of each piece that is sent
    verdict: str
    client_steps: list
    server_steps: list
    client: End = None
    server: End = None
    said: str = None  # the verdict that the server gave
    reply: str = ""   # the last one of the first transfer; "": none came
    went_away: bool = False  # the client left or aborted: no reply must be its transfer's
    second: tuple = None     # (reply, how it ended, bytes) of the second transfer; None: none was
    over: threading.Event = dataclasses.field(default_factory=threading.Event)

    def is_in_step(self):
        """The server will not leave, nor say 150 behind its verdict."""
        steps = self.server_steps
        return self.reply[:3] != "421" and "leave" not in steps and \
            "verdict" in steps and "150" not in steps[steps.index("verdict"):]


def _spoilt(rng, steps, most):
    """Some change places, some are left out."""
    steps = list(steps)
    for _ in range(rng.randrange(most + 1)):
        at = rng.randrange(len(steps) - 1)
        if rng.random() < 0.7:
            steps[at:at + 2] = reversed(steps[at:at + 2])
        elif len(steps) > 2:
            del steps[at]
    return steps


def make_plan(rng):
    upload = rng.random() < 0.5
    ends = [rng.choice(("clean", "clean", "clean", "cut", "reset"))]
    sends = ["send"] * rng.randrange(4)
    client = ["open", "command", "shake", *(sends + ends if upload else ["read"])]
    server = ["open", "150", "shake", *(["read"] if upload else sends), *ends, "verdict"]
    if rng.random() < 0.5:
        client[:2] = reversed(client[:2])
    client, server = _spoilt(rng, client, 2), _spoilt(rng, server, 3)
    for odd, chance in (("abort", 0.08), ("leave", 0.08), ("clean", 0.08), ("cut", 0.05)):
        if rng.random() < chance:
            client.insert(rng.randrange(len(client) + 1), odd)
    if rng.random() < 0.05:
        server.insert(rng.randrange(len(server) + 1), "leave")
    return Plan(upload, *(rng.random() < 0.5 for _ in range(3)), rng.random() < 0.4,
                rng.choice((1, 10, 5000, 70_000, 400_000)),
                rng.choice(("226", "226", "226", "426", "550")), client, server)


def _line(connection):
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            raise EOFError
        line += byte
    return line.decode().strip()


def strict(context):
    """The same, but FIN alone is no end of TLS."""
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


class Left(Exception):
    """A peer has closed its control connection on purpose."""


class Server:
    """handle(connection) for lib.fakes.Fake; the user's name is the number of a plan."""

    def __init__(self, certificate, rng, plans):
        self._rng, self._plans = rng, plans
        self._context = strict(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        self._context.load_cert_chain(certificate)

    def _wrap(self, connection):
        return self._context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=False)

    def __call__(self, connection):
        connection.settimeout(60)
        connection.sendall(b"220 Here.\r\n")
        with contextlib.suppress(OSError, EOFError, Left):
            _ServerSession(self, connection, self._rng, self._plans).run(self._wrap)


class _ServerSession:
    def __init__(self, server, connection, rng, plans):
        self._server, self._rng, self._plans = server, rng, plans
        self._connection = connection
        self._here = connection.getsockname()[0]
        self._plan = self._dial = self._listener = None

    def _say(self, text):
        self._connection.sendall(text.encode() + b"\r\n")

    def run(self, wrap):
        tls = None
        try:
            while True:
                verb, _, word = _line(self._connection).partition(" ")
                if verb == "AUTH":
                    self._say("234 Go on.")
                    self._connection, tls = wrap(self._connection), wrap
                elif verb in ("RETR", "STOR"):
                    self._transfer(tls)
                else:
                    self._say(self._answer(verb, word))
        finally:
            self._connection.close()
            if self._listener:
                self._listener.close()

    def _listen(self):
        """At a port of its own for each transfer: somebody may still come to the one before."""
        if self._listener:
            self._listener.close()
        self._listener = socket.create_server((self._here, 0))
        self._listener.settimeout(1)
        self._dial = lambda: self._listener.accept()[0]
        return self._listener.getsockname()[1]

    def _answer(self, verb, word):
        if verb == "USER":
            self._plan = self._plans[int(word)]
            return "230 Welcome."
        if verb in ("PORT", "EPRT"):
            fields = word.split("|") if verb == "EPRT" else word.split(",")
            place = (fields[2], int(fields[3])) if verb == "EPRT" else \
                (".".join(fields[:4]), int(fields[4]) * 256 + int(fields[5]))
            self._dial = lambda: socket.create_connection(place, PATIENCE, (self._here, 0))
            return "200 So be it."
        if verb == "EPSV":
            return f"229 Come (|||{self._listen()}|)"
        if verb == "PASV":
            port = self._listen()
            return f"227 Come ({self._here.replace('.', ',')},{port // 256},{port % 256})"
        return {"ABOR": "226 Aborted.", "QUIT": "221 Bye."}.get(verb, "200 Fine.")

    def _transfer(self, tls):
        plan, first = self._plan, self._plan.server is None
        end = End(tls)
        steps = ["open", "150", "shake", "send", "clean", "verdict"]
        verdict = "226"
        if first:
            plan.server, steps, verdict = end, plan.server_steps, plan.verdict
        try:
            for step in steps:
                time.sleep(self._rng.choice(PAUSES))
                with contextlib.suppress(OSError):
                    self._step(step, end, verdict, plan)
            if "verdict" not in steps:
                self._say("426 Given up.")
        finally:
            end.close()
            plan.over.set()

    def _step(self, step, end, verdict, plan):
        if step == "open":
            end.open(self._dial())
        elif step == "150":
            self._say("150 Now.")
        elif step == "verdict":
            if plan.server is end:
                plan.said = verdict
            self._say(f"{verdict} This is it.")
        elif step == "leave":
            self._connection.close()
            raise Left
        elif step == "send":
            end.send(plan.size)
        else:
            getattr(end, step, lambda: end.end(step))()


class Client:
    """One session at `where`, by its plan."""

    def __init__(self, where, number, plan, context, rng):
        self._rng, self._plan, self._context = rng, plan, context
        self._where = where
        self._control = self._listener = None
        plan.client = End(self._wrap if plan.front_tls else None)
        with contextlib.suppress(OSError, EOFError), contextlib.ExitStack() as last:
            last.callback(self._close)
            self._log_in(number)
            self._first()
            if plan.reply[:1] in ("2", "4", "5") and not plan.went_away and plan.is_in_step():
                self._second()
        plan.over.wait(10)

    def _close(self):
        self._plan.client.close()
        for each in (self._control, self._listener):
            if each:
                each.close()

    def _wrap(self, connection):
        return self._context.wrap_socket(connection, suppress_ragged_eofs=False,
                                         session=self._control.session)

    def _ask(self, command):
        self._control.sendall(command.encode() + b"\r\n")
        return _line(self._control)

    def _log_in(self, number):
        self._control = socket.create_connection(self._where, 10)
        self._control.settimeout(10)
        _line(self._control)
        if self._plan.front_tls:
            self._ask("AUTH TLS")
            self._control = self._context.wrap_socket(self._control, suppress_ragged_eofs=False)
            self._ask("PBSZ 0")
            self._ask("PROT P")
        self._ask(f"USER {number}")

    def _prepare(self, active):
        """How the data connection is opened."""
        if not active:
            reply = self._ask("EPSV")
            if not reply.startswith("229"):
                raise EOFError(reply)
            port = int(re.search(r"\|(\d+)\|", reply)[1])
            return lambda: socket.create_connection((self._where[0], port), PATIENCE)
        here = self._control.getsockname()[0]
        self._listener = socket.create_server((here, 0))
        self._listener.settimeout(PATIENCE)
        self._ask(f"EPRT |1|{here}|{self._listener.getsockname()[1]}|")
        return lambda: self._listener.accept()[0]

    def _first(self):
        plan, dial = self._plan, self._prepare(self._plan.active)
        for step in plan.client_steps:
            time.sleep(self._rng.choice(PAUSES))
            try:
                self._step(step, plan.client, dial)
            except OSError:
                pass
        if not plan.upload:
            plan.client.read()
        if "command" not in plan.client_steps or "leave" in plan.client_steps:
            plan.over.set()
            return
        plan.reply = _line(self._control)
        while plan.reply.startswith("1"):
            plan.reply = _line(self._control)

    def _step(self, step, end, dial):
        if step == "open":
            end.open(dial())
        elif step == "command":
            self._control.sendall(b"STOR x\r\n" if self._plan.upload else b"RETR x\r\n")
        elif step == "abort":
            self._plan.went_away = True
            self._control.sendall(b"ABOR\r\n")
        elif step == "leave":
            self._plan.went_away = True
            self._control.close()
        elif step == "send":
            end.send(self._plan.size)
        else:
            getattr(end, step, lambda: end.end(step))()

    def _second(self):
        plan, end = self._plan, End(self._wrap if self._plan.front_tls else None)
        plan.client.close()
        plan.second = ("none", None, 0)
        dial = self._prepare(False)
        end.open(dial())
        try:
            self._ask("RETR x")
            end.shake()
            end.read()
            plan.second = (_line(self._control), end.heard, end.got)
        finally:
            end.close()
