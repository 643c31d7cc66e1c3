"""An FTPS server that does one thing wrong; for lib.fakes.Fake."""

import select
import socket
import ssl
import time


def drop(data):
    """Reads to the end, whichever it is."""
    try:
        while data.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass


class FtpsServer:
    """handle(connection) talks to one client of its control port.

    auth: the answer to AUTH, None: silence; behind: bytes sent with it; prot: the answer to PROT;
    early: the answer to PBSZ and PROT before the login, None: the same;
    data: how data connections end: "clean", "cut" (no close_notify), "silent" (no handshake at
    all), "garbage" (instead of one), "wary" (clean, and a download stops where the client has said
    its own end), "far" (its tickets come when the client has long sent all, and it reads late;
    its own end is clean, and long before its 226); thinks: seconds between a data connection and
    its 150.  taken: the bytes of the last upload, None: it was cut off.
    """

    def __init__(self, certificate, auth="234 Go on.", behind=b"", prot="200 Private.",
                 early=None, data="clean", thinks=0):
        self.auth, self.behind, self.prot, self.data = auth, behind, prot, data
        self.early = early
        self.thinks = thinks
        self.heard_in_clear = []
        self.heard = []
        self.taken = None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)

    def __call__(self, connection):
        connection.sendall(b"220 Fake.\r\n")
        listener = socket.create_server((connection.getsockname()[0], 0))
        listener.settimeout(10)
        while line := self._line(connection):
            secure = isinstance(connection, ssl.SSLSocket)
            (self.heard if secure else self.heard_in_clear).append(line)
            verb = line.split()[0]
            if verb == "AUTH":
                connection = self._auth(connection)
            else:
                self._answer(connection, verb, listener)

    @staticmethod
    def _line(connection):
        line = b""
        while not line.endswith(b"\n"):
            byte = connection.recv(1)
            if not byte:
                return None
            line += byte
        return line.decode().strip()

    def _auth(self, connection):
        if not self.auth:
            return connection
        connection.sendall(self.auth.encode() + b"\r\n" + self.behind)
        if not self.auth.startswith("234"):
            return connection
        return self.context.wrap_socket(connection, server_side=True)

    def _answer(self, connection, verb, listener):
        def say(text):
            connection.sendall(text.encode() + b"\r\n")
        port = listener.getsockname()[1]
        answers = {"PBSZ": "200 PBSZ=0", "PROT": self.prot, "USER": "230 Welcome.",
                   "TYPE": "200 Binary.", "PWD": '257 "/"', "EPSV": f"229 Passive (|||{port}|)",
                   "PASV": f"227 Passive (127,0,0,1,{port // 256},{port % 256})",
                   "QUIT": "221 Bye."}
        if self.early and verb in ("PBSZ", "PROT") and \
                not any(line.startswith("USER") for line in self.heard):
            say(self.early)
        elif verb in ("RETR", "STOR"):
            data, _ = listener.accept()
            time.sleep(self.thinks)
            say("150 Here it comes.")
            whole = self._transfer(data, verb)
            say("226 Done." if whole else "426 It was cut off.")
        else:
            say(answers.get(verb, "500 What?"))

    @staticmethod
    def _hears_end(secure):
        secure.settimeout(0.3)
        try:
            return not secure.recv(1)
        except TimeoutError:
            return False
        finally:
            secure.settimeout(10)

    def _shake_late(self, data):
        """The client's part of the handshake is read, and answered with tickets, only when it and
        all behind it has been on its way for long."""
        secure = self.context.wrap_socket(data, server_side=True, do_handshake_on_connect=False,
                                          suppress_ragged_eofs=False)
        select.select([secure], [], [], 10)
        secure.setblocking(False)
        try:
            secure.do_handshake()
        except ssl.SSLWantReadError:
            time.sleep(0.3)
        secure.settimeout(10)
        secure.do_handshake()
        time.sleep(0.2)
        return secure

    def _take(self, secure):
        """True: to its end, which was a clean one."""
        taken = 0
        self.taken = None
        try:
            while piece := secure.recv(1 << 16):
                taken += len(piece)
        except OSError:
            return False
        self.taken = taken
        return True

    def _transfer(self, data, verb):
        """True when all went well."""
        whole = True
        data.settimeout(10)
        if self.data == "silent":
            drop(data)
        elif self.data == "garbage":
            data.sendall(b"this is no TLS\r\n" * 20)
        else:
            far = self.data == "far"
            secure = self._shake_late(data) if far else \
                self.context.wrap_socket(data, server_side=True, suppress_ragged_eofs=False)
            if verb == "STOR":
                whole = self._take(secure)
            else:
                secure.sendall(b"half of it")
                if self.data == "wary" and not self._hears_end(secure):
                    secure.sendall(b", and the rest")
            data = secure.unwrap() if self.data in ("clean", "wary", "far") else secure
        data.close()
        if self.data == "far":
            time.sleep(0.3)
        return whole
