"""An FTPS server that does one thing wrong; for lib.fakes.Fake."""

import select
import socket
import ssl
import struct
import time


def drop(data):
    """Reads to the end, whichever it is; gives the connection back."""
    try:
        while data.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    return data


class FtpsServer:
    """handle(connection) talks to one client of its control port.

    auth: the answer to AUTH, None: silence; behind: bytes sent with it; prot: the answer to PROT;
    early: the answer to PBSZ and PROT before the login, None: the same;
    data: how data connections end: "clean", "cut" (no close_notify), "silent" (no handshake at
    all), "garbage" (instead of one), "reset" (behind the handshake, and 226 all the same),
    "wary" (clean, and a download stops where the client has said its own end), "far" (its tickets
    come when the client has long sent all, and it reads late; its own end is clean, and long before
    its 226); thinks: seconds between a data connection and its 150;
    secure: makes a TLS connection of a bare one;
    taken: the bytes of the last upload, None: it was cut off.
    """

    def __init__(self, certificate, auth="234 Go on.", behind=b"", prot="200 Private.",
                 early=None, data="clean", thinks=0, secure=None):
        self.auth, self.behind, self.prot, self.data = auth, behind, prot, data
        self.early = early
        self.thinks = thinks
        self.heard_in_clear = []
        self.heard = []
        self.taken = None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.secure = secure or self._secure
        self.before_piece = lambda data: None  # called before a piece of a file comes or goes

    def __call__(self, connection):
        connection.sendall(b"220 Fake.\r\n")
        listener = socket.create_server((connection.getsockname()[0], 0))
        listener.settimeout(10)
        while line := self._line(connection):
            in_clear = isinstance(connection, socket.socket) and \
                not isinstance(connection, ssl.SSLSocket)
            (self.heard_in_clear if in_clear else self.heard).append(line)
            verb = line.split()[0]
            if verb == "AUTH":
                connection = self._auth(connection)
            else:
                self._answer(connection, verb, listener)
        connection.close()

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
        return self.secure(connection)

    def _secure(self, raw):
        return self.context.wrap_socket(raw, server_side=True, suppress_ragged_eofs=False)

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
        elif verb in ("RETR", "STOR", "XSTO"):
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
                self.before_piece(secure)
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
            if self.data == "reset":
                data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                secure = self._shake_late(data) if far else self.secure(data)
            except OSError:  # a client may be gone before our last part of the handshake
                data.close()
                self.taken = None
                return False
            if self.data == "reset":
                pass
            elif verb in ("STOR", "XSTO"):
                whole = self._take(secure)
            else:
                self.before_piece(secure)
                secure.sendall(b"half of it")
                if self.data == "wary" and not self._hears_end(secure):
                    secure.sendall(b", and the rest")
            ends_well = whole and self.data in ("clean", "wary", "far")
            data = secure.unwrap() if ends_well else secure
        data.close()
        if self.data == "far":
            time.sleep(0.3)
        return whole
