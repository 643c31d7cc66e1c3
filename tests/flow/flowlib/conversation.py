"""Runs the steps of a flow: the scripted client and server sides of one conversation."""

import re
import socket

from . import script
from .peers import FlowFailure, describe, listen, pattern

PATIENCE = 5.0  # seconds that anything expected may take, unless the step says `within`
PROMPT = 2.0  # seconds for what haftp does "at once"
IDLE_SHARE = 0.1  # of one CPU: more is no idleness, even with sanitizers and a fast timer
OPTIONAL = 0.3  # seconds that an optional line is waited for
DISCARD = 1 << 20


class Conversation:
    """Both sides of one flow.  `direct`: clients talk to the first server, no haftp between."""

    def __init__(self, flow, place, peers, direct=False):
        self.flow, self.place, self.peers, self.direct = flow, place, peers, direct
        self.actors = {}  # name -> the latest connection of that name
        self.listeners = {}  # server number -> control listener
        self.passive = {}  # control actor -> its data listener
        self.numbers = {}  # the same -> its address, known also when it is closed
        self.deaf = []  # listeners that answer nobody, and what fills them
        self.retired = []  # data listeners that a later one replaced
        self.announced = {}  # control actor -> addresses that haftp told it: 227, 229, PORT, EPRT
        self.cpu_seconds = lambda: 0.0  # of haftp so far
        self.log = lambda: ""  # what haftp has logged so far
        for number in range(1, int(flow.option("servers", "1")) + 1):
            self._open_server(number)

    # ---- names ----

    @staticmethod
    def _control(name):
        """The control actor that a data actor belongs to: Cd2 -> C."""
        return re.sub(r"d\d*$", "", name)

    @staticmethod
    def number(name):
        """Which client or server an actor is: S2d -> 2."""
        digits = re.match(r"[CS](\d*)", name)[1]
        return int(digits or 1)

    def _peer(self, name):
        if name not in self.actors:
            raise FlowFailure(f"{name} has no connection at this point of the script")
        return self.actors[name]

    def _fill(self, text, who):
        """Placeholders of a step's text."""
        names = {"haftp": self.place.haftp}
        for server, (host, port) in self.numbers.items():
            names[f"{server}.pasv"] = f"{host.replace('.', ',')},{port >> 8},{port & 255}"
        client = self._control(who)
        if client[0] == "C" and client in self.numbers:
            host, port = self.numbers[client]
            names |= {"PORT": f"PORT {names[f'{client}.pasv']}",
                      "EPRT": f"EPRT |{2 if ':' in host else 1}|{host}|{port}|"}
        own = "S" + self._control(who)[1:]
        if own in self.numbers:
            port, pasv = self.numbers[own][1], names[f"{own}.pasv"]
            names |= {"port": port, "p1": port >> 8, "p2": port & 255, "pasv": pasv,
                      "227": f"227 Entering Passive Mode ({pasv}).",
                      "229": f"229 Entering Extended Passive Mode (|||{port}|)"}
        for name, value in names.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    # ---- servers ----

    def _open_server(self, number):
        host, port = self.place.server(number)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listeners[number] = listen((host, port), family)

    def reopen_servers(self):
        """All servers listen again, whatever the script did to them."""
        for number, listener in self.listeners.items():
            if listener.fileno() < 0:
                self._open_server(number)

    def do_refuse(self, step):
        """The server's port is closed from now on."""
        self.listeners[self.number(step.who)].close()

    def do_listen(self, step):
        """The server's port is open again."""
        self._open_server(self.number(step.who))

    def do_passive(self, step):
        """passive [at N[+OFFSET]]: a data listener, with numbers {pasv}, {p1}, {p2}, {port}."""
        at = re.fullmatch(r"at (\d+)(?:\+(\d+))?", step.rest)
        port = self._data_port(at[1]) + int(at[2] or 0) if at else 0
        if step.who in self.passive:
            self.retired.append(self.passive[step.who])
        host = self._host(step.who)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.passive[step.who] = listen((host, port), family)
        self.numbers[step.who] = self.passive[step.who].getsockname()[:2]

    def _data_port(self, number):
        """The first, second ... of haftp's data ports."""
        return self.place.low + int(number) - 1

    def do_deaf(self, step):
        """The same, and its queue is full: who connects gets no answer."""
        host = self._host(step.who)
        listener = listen((host, 0), socket.AF_INET6 if ":" in host else socket.AF_INET, 0)
        self.deaf.append(listener)
        for _ in range(2):
            filler = socket.socket(listener.family)
            self.deaf.append(filler)
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        self.numbers[step.who] = listener.getsockname()[:2]

    def do_unlisten(self, step):
        """Closes the data listener; connections that wait in it are reset."""
        self.passive.pop(step.who).close()

    def _host(self, name):
        number = self.number(name)
        return self.place.server(number)[0] if name[0] == "S" else self.place.client(number)

    def _listener(self, name):
        control = self._control(name)
        if control == name:
            return self.listeners[self.number(name)]
        if control not in self.passive:
            raise FlowFailure(f"{control} has opened no data listener")
        return self.passive[control]

    def do_accept(self, step):
        """Takes the next connection to the server or to its data listener."""
        peer = self.peers.accept(step.who, self._listener(step.who), step.within or PATIENCE)
        if not peer:
            raise FlowFailure(f"nobody connected to {step.who}")
        self.actors[step.who] = peer

    def do_nobody(self, step):
        """Nobody may have connected, nor do so for a while."""
        pause = script.seconds(step.rest or "100ms")
        if self.peers.accept(step.who, self._listener(step.who), pause):
            raise FlowFailure(f"somebody connected to {step.who}")

    # ---- clients ----

    def _target(self, name, words):
        if "data" in words:
            return (self.place.haftp, self._data_port(words["data"]))
        control = words.get("to", self._control(name))
        if control != name or "to" in words:
            if not self.announced.get(control):
                raise FlowFailure(f"{control} was told no address")
            return self.announced[control][-1]
        if self.direct:
            return self.place.server(1)
        ports = {None: self.place.control, "plain": self.place.plain}
        port = words.get("port")
        return (self.place.haftp, ports[port] if port in ports else int(port))

    def do_connect(self, step):
        """connect [to ACTOR] [data N] [port plain] [rcvbuf SIZE] [reads late]: a data actor goes
        where told."""
        words = step.rest.split()
        words = dict(zip(words[::2], words[1::2]))
        peer = self.peers.connect(step.who, self._target(step.who, words), self._host(step.who),
                                  script.size(words.get("rcvbuf", "0")))
        peer.eager = peer.eager and words.get("reads") != "late"
        self.actors[step.who] = peer

    def do_knock(self, step):
        """knock [old]: data ports, all or the replaced one, must close on this client at once."""
        targets = [(self.place.haftp, p) for p in range(self.place.low, self.place.high + 1)]
        if step.rest == "old":
            known = self.announced[step.who]
            targets = [target for target in known[-2:-1] if target != known[-1]]
        self.knock(self.number(step.who), targets)

    def knock(self, number, targets):
        """Connects from client `number` to each target, which must close at once."""
        for target in targets:
            try:
                peer = self.peers.connect(f"C{number}?", target, self.place.client(number))
            except FlowFailure:
                continue  # a closed port is as good
            if not self.peers.pump(lambda p=peer: p.ended or p.inbox, PROMPT, peer) or peer.inbox:
                raise FlowFailure(f"{target[0]}:{target[1]} is open to client {number}, "
                                  "which holds no lease there")
            peer.close()

    # ---- acts ----

    def _put(self, step, item):
        peer = self._peer(step.who)
        peer.put(item)
        self.peers.pump(lambda: not peer.queue, step.within or PATIENCE)

    def do_write(self, step):
        """> LINE, or > SIZE bytes: the bytes go out in the background while the script goes on."""
        count = re.fullmatch(r"(\d+[kM]?) bytes", step.rest)
        if count:
            self._peer(step.who).put_pattern(script.size(count[1]))
        else:
            self._put(step, script.unescape(self._fill(step.rest, step.who)) + b"\r\n")

    def do_raw(self, step):
        """Bytes as they stand, in one write."""
        self._put(step, script.unescape(self._fill(step.rest, step.who)))

    def do_drip(self, step):
        """A line byte by byte, a millisecond and a segment each."""
        for byte in script.unescape(self._fill(step.rest, step.who)) + b"\r\n":
            self._put(step, bytes([byte]))
            self.peers.pump(lambda: False, 0.001)

    def do_urgent(self, step):
        """One byte with the urgent pointer of TCP set."""
        self._peer(step.who).sock.send(script.unescape(step.rest), socket.MSG_OOB)

    def do_close(self, step):
        """Ordinary close, after what is queued."""
        self._peer(step.who).put("close")
        self.peers.pump(lambda: False, 0.001)

    def do_shut(self, step):
        """End of our direction (FIN), after what is queued."""
        self._peer(step.who).put("shut")
        self.peers.pump(lambda: False, 0.001)

    def do_kill(self, step):
        """Reset, now."""
        self._peer(step.who).kill()

    def do_wait(self, step):
        """Lets time pass."""
        self.peers.pump(lambda: False, script.seconds(step.rest))

    def do_idle(self, step):
        """Lets time pass, in which haftp has nothing to do and so must use next to no CPU time."""
        pause, before = script.seconds(step.rest), self.cpu_seconds()
        self.peers.pump(lambda: False, pause)
        used = self.cpu_seconds() - before
        if used > pause * IDLE_SHARE:
            raise FlowFailure(f"haftp used {used:.2f} s of CPU time in {pause:g} s without work")

    # ---- expectations ----

    def do_sent(self, step):
        """All that was queued must get into the kernel."""
        peer = self._peer(step.who)
        if not self.peers.pump(lambda: not peer.queue, step.within or PATIENCE):
            raise FlowFailure(f"{step.who} could not send everything")

    def do_blocked(self, step):
        """Not all that was queued may get out: somebody must hold the flow back."""
        peer = self._peer(step.who)
        if self.peers.pump(lambda: not peer.queue, 0.3):
            raise FlowFailure(f"{step.who} could send everything, though nobody reads it")

    def do_expect(self, step):
        """< what must come now."""
        peer, rest, patience = self._peer(step.who), step.rest, step.within or PATIENCE
        count = re.fullmatch(r"(\d+[kM]?) bytes( EOF)?", rest)
        if count:
            self._expect_bytes(peer, script.size(count[1]), patience)
            if count[2]:
                self._expect_end(peer, "EOF", patience)
        elif rest in ("EOF", "RESET", "ENDED"):
            self._expect_end(peer, rest, patience)
        elif rest.startswith("nothing "):
            if self.peers.pump(lambda: peer.inbox or peer.ended, script.seconds(rest[8:]), peer):
                raise FlowFailure(f"{peer.name} should get nothing: {self._state(peer)}")
        else:
            whole, with_last = rest.endswith(" in one piece"), rest.endswith(" in the same piece")
            start = peer.taken
            line = self._next_line(peer, patience)
            self._check_line(step.who, line, re.sub(" in (one|the same) piece$", "", rest))
            if (whole or with_last) and peer.cuts & set(range(start + 1, peer.taken)):
                raise FlowFailure("the line came in pieces")
            if with_last and start in peer.cuts:
                raise FlowFailure("the line came behind the one before it, in a piece of its own")

    def do_log(self, step):
        """log /PATTERN/ comes in the log; log no /PATTERN/ has not come so far."""
        wanted = re.fullmatch(r"(no )?/(.*)/", step.rest)
        pattern_there = re.compile(wanted[2], re.MULTILINE)
        if wanted[1]:
            if found := pattern_there.search(self.log()):
                raise FlowFailure(f"was logged: {found[0]!r}")
        elif not self.peers.pump(lambda: pattern_there.search(self.log()),
                                 step.within or PATIENCE):
            raise FlowFailure("was not logged")

    def do_expect_optional(self, step):
        """<? a line that may come or not."""
        peer = self._peer(step.who)
        self.peers.pump(lambda: b"\n" in peer.inbox or peer.ended, OPTIONAL, peer)
        if b"\n" in peer.inbox:
            line = bytes(peer.inbox.split(b"\n", 1)[0] + b"\n")
            try:
                self._check_line(step.who, line, step.rest)
            except FlowFailure:
                return
            peer.take(len(line))

    def do_expect_later(self, step):
        """<< a line that comes after any number of others."""
        while True:
            line = self._next_line(self._peer(step.who), step.within or PATIENCE)
            try:
                self._check_line(step.who, line, step.rest)
                return
            except FlowFailure:
                continue

    @staticmethod
    def _state(peer):
        unread = f"unread: {describe(peer.inbox)}" if peer.inbox else "nothing unread"
        return f"{peer.ended or 'open'}, {unread}"

    def _next_line(self, peer, patience):
        if not self.peers.pump(lambda: b"\n" in peer.inbox or peer.ended, patience, peer):
            raise FlowFailure(f"no line came within {patience:g} s ({self._state(peer)})")
        if b"\n" not in peer.inbox:
            raise FlowFailure(f"no line came ({self._state(peer)})")
        return peer.take(peer.inbox.index(b"\n") + 1)

    def _check_line(self, who, line, wanted):
        """Compares a line with text, /pattern/, or {227} and {229} of haftp itself."""
        if not line.endswith(b"\r\n"):
            raise FlowFailure(f"the line does not end in CRLF: {describe(line)}")
        text = line[:-2].decode("latin-1")
        if wanted in ("{227}", "{229}") and who.startswith("C"):
            self._remember_address(who, text, wanted)
            return
        if wanted in ("{PORT}", "{EPRT}") and who.startswith("S"):
            self._remember_request(who, text, wanted)
            return
        wanted = self._fill(wanted, who)
        if len(wanted) > 1 and wanted[0] == wanted[-1] == "/":
            good = re.fullmatch(wanted[1:-1], text, re.DOTALL)
        else:
            wanted = script.unescape(wanted).decode("latin-1")
            good = text == wanted
        if not good:
            raise FlowFailure(f"came: {describe(line)}\n  wanted: {ascii(wanted)}")

    def _remember_address(self, who, text, wanted):
        if wanted == "{227}":
            match = re.fullmatch(r"227 Entering Passive Mode \((\d+(?:,\d+){5})\)\.", text)
            numbers = [int(n) for n in match[1].split(",")] if match else [256]
            if not match or max(numbers) > 255:
                raise FlowFailure(f"no proper 227: {text!r}")
            target = (".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5])
        else:
            match = re.fullmatch(r"229 Entering Extended Passive Mode \(\|\|\|(\d+)\|\)", text)
            if not match:
                raise FlowFailure(f"no proper 229: {text!r}")
            target = (self._peer(who).sock.getpeername()[0], int(match[1]))
        low, high = self.place.low, self.place.high
        if self.flow.option("ports") == "none":
            low, high = 1024, 65535
        if not self.direct and (target[0] != self.place.haftp or not low <= target[1] <= high):
            raise FlowFailure(f"{text!r} does not lead to haftp's data ports "
                              f"{self.place.haftp}:{low}-{high}")
        self.announced.setdefault(who, []).append(target)

    def _remember_request(self, who, text, wanted):
        """PORT or EPRT of haftp: the address is the one that its control connection has."""
        here = self._peer(who).sock.getpeername()[0]
        if wanted == "{PORT}":
            match = re.fullmatch(r"PORT (\d+,\d+,\d+,\d+),(\d+),(\d+)", text)
            host = match[1].replace(",", ".") if match else None
            port = int(match[2]) * 256 + int(match[3]) if match else 0
        else:
            match = re.fullmatch(r"EPRT \|[12]\|([^|]+)\|(\d+)\|", text)
            host, port = (match[1], int(match[2])) if match else (None, 0)
        if host != here or not 1024 <= port <= 65535:
            raise FlowFailure(f"{text!r} does not lead to {here}")
        self.announced.setdefault(who, []).append((host, port))

    def _expect_bytes(self, peer, count, patience):
        while count:
            limit = min(count, DISCARD)
            if not self.peers.pump(lambda: peer.inbox or peer.ended, patience, peer, limit):
                raise FlowFailure(f"{count} bytes still missing after {patience:g} s of silence")
            if not peer.inbox:
                raise FlowFailure(f"{peer.ended} with {count} bytes still missing")
            got = peer.take(count)
            if got != pattern(peer.checked, len(got)):
                raise FlowFailure(f"wrong bytes within {len(got)} from offset {peer.checked} on")
            peer.checked += len(got)
            count -= len(got)

    def _expect_end(self, peer, how, patience):
        def finished():
            if how != "EOF":
                peer.inbox.clear()
            return peer.ended or peer.inbox

        if not self.peers.pump(finished, patience, peer, DISCARD):
            raise FlowFailure(f"{peer.name} is still open after {patience:g} s")
        if peer.inbox or how not in (peer.ended, "ENDED"):
            raise FlowFailure(f"{peer.name} should see {how}: {self._state(peer)}")

    # ---- the whole ----

    VERBS = {">": do_write, "raw": do_raw, "drip": do_drip, "urgent": do_urgent, "close": do_close,
             "shut": do_shut, "kill": do_kill, "wait": do_wait, "idle": do_idle, "log": do_log,
             "sent": do_sent,
             "blocked": do_blocked, "<": do_expect, "<?": do_expect_optional,
             "<<": do_expect_later, "connect": do_connect, "knock": do_knock,
             "accept": do_accept, "nobody": do_nobody, "refuse": do_refuse,
             "listen": do_listen, "passive": do_passive, "unlisten": do_unlisten,
             "deaf": do_deaf}

    def play(self):
        """Runs all steps; a failure names the line."""
        for step in self.flow.steps:
            self.peers.note("--", f"{step.where}: {step.text}")
            try:
                self.VERBS[step.verb](self, step)
            except FlowFailure as failure:
                raise FlowFailure(f"{step.where}: {step.text}\n  {failure}") from None

    def check_nothing_left(self):
        """What came was expected: no unread byte, no connection that nobody took."""
        for peer in self.peers.all:
            if peer.open and not peer.ended:
                self.peers.pump(lambda p=peer: p.inbox or p.ended, 0.02, peer)
            if peer.inbox:
                raise FlowFailure(f"{peer.name} got more than the script expects: "
                                  f"{describe(peer.inbox)}")
        for number, listener in self.listeners.items():
            if listener.fileno() >= 0 and self.peers.accept("?", listener, 0.001):
                raise FlowFailure(f"an unexpected connection came to S{number}")

    def check_data_connections(self):
        """haftp may dial a data port before the client comes: by now that must have ended."""
        for listener in [*self.passive.values(), *self.retired]:
            while peer := self.peers.accept("?", listener, 0.001):
                if not self.peers.pump(lambda p=peer: p.ended, PROMPT, peer):
                    raise FlowFailure("a data connection to a server is still open")

    def close(self):
        """Closes all listeners."""
        for listener in [*self.listeners.values(), *self.passive.values(), *self.retired,
                         *self.deaf]:
            listener.close()
