"""One end of a TLS connection, every byte of which is ours to send: in pieces, early, or never. And
what Python's own ssl has no words for: new keys, early data, whether the end was a clean one."""

import contextlib
import ctypes
import socket

from OpenSSL import SSL

_openssl = ctypes.CDLL("libssl.so.3")
for _function, *_types in (
        (_openssl.SSL_key_update, ctypes.c_void_p, ctypes.c_int),
        (_openssl.SSL_write_early_data, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t,
         ctypes.POINTER(ctypes.c_size_t)),
        (_openssl.SSL_get_early_data_status, ctypes.c_void_p),
        (_openssl.SSL_session_reused, ctypes.c_void_p),
        (_openssl.SSL_get_session, ctypes.c_void_p),
        (_openssl.SSL_SESSION_set_max_early_data, ctypes.c_void_p, ctypes.c_uint32)):
    _function.argtypes = _types
_openssl.SSL_get_session.restype = ctypes.c_void_p
VERSIONS = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}


class Cut(OSError):
    """The connection ended without close_notify."""


def client_context(ca, version=None):
    context = _context(version)
    context.load_verify_locations(ca)
    context.set_verify(SSL.VERIFY_PEER, lambda *arguments: arguments[-1])
    return context


def server_context(certificate, version=None):
    """certificate: it and its key, in one file."""
    context = _context(version)
    context.use_certificate_chain_file(certificate)
    context.use_privatekey_file(certificate)
    context.set_session_id(b"wire")
    return context


def _context(version):
    context = SSL.Context(SSL.TLS_METHOD)
    if version:
        context.set_min_proto_version(VERSIONS[version])
        context.set_max_proto_version(VERSIONS[version])
    return context


class Wire:
    """A little like a socket. `begun` is called between making it and the handshake."""

    def __init__(self, raw, context, server=False, session=None, piece=None, begun=None):
        """raw: a connected socket; session: the one to resume; piece: bytes that are sent at a
        time."""
        self.raw, self.piece = raw, piece
        self._has_ended = False
        self.tls = SSL.Connection(context, None)
        if piece:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if session:
            self.tls.set_session(session)
        if server:
            self.tls.set_accept_state()
        else:
            self.tls.set_connect_state()
        if begun:
            begun(self)
        self.until_done(self.tls.do_handshake)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- bytes ----

    def flush(self):
        """What TLS wants sent."""
        with contextlib.suppress(SSL.WantReadError):
            while data := self.tls.bio_read(1 << 16):
                step = self.piece or len(data)
                for at in range(0, len(data), step):
                    self.raw.sendall(data[at:at + step])

    def until_done(self, step):
        while True:
            try:
                result = step()
                self.flush()
                return result
            except SSL.WantReadError:
                self.flush()
                data = self.raw.recv(1 << 16)
                if not data:
                    raise Cut("no more bytes, and no close_notify") from None
                self.tls.bio_write(data)

    def sendall(self, data):
        for at in range(0, len(data), 1 << 14):
            self.tls.send(data[at:at + (1 << 14)])
            self.flush()

    def recv(self, size):
        """b"" at a clean end."""
        try:
            return self.until_done(lambda: self.tls.recv(size))
        except SSL.ZeroReturnError:
            return b""

    def readline(self):
        line = b""
        while not line.endswith(b"\n"):
            byte = self.recv(1)
            if not byte:
                break
            line += byte
        return line.decode()

    def drain(self):
        """All, to a clean end."""
        got = bytearray()
        while piece := self.recv(1 << 16):
            got += piece
        return bytes(got)

    # ---- ends ----

    def end(self):
        """close_notify, and FIN."""
        self.tls.shutdown()
        self.flush()
        self.raw.shutdown(socket.SHUT_WR)

    def unwrap(self):
        """Ends it, and waits for the other's end; gives the bare socket."""
        self.end()
        self.drain()
        return self.raw

    @property
    def has_ended(self):
        """The other side has said so."""
        return self._has_ended or bool(self.tls.get_shutdown() & SSL.RECEIVED_SHUTDOWN)

    def settimeout(self, seconds):
        self.raw.settimeout(seconds)

    def close(self):
        """OpenSSL would not resume a session again whose connection was not ended."""
        self._has_ended = self.has_ended
        self.tls.set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)
        self.raw.close()

    # ---- what ssl has no words for ----

    @property
    def _pointer(self):
        return int(SSL._ffi.cast("uintptr_t", self.tls._ssl))

    def update_keys(self, ask=True):
        """RFC 8446, 4.6.3; ask: the other one's, too."""
        assert _openssl.SSL_key_update(self._pointer, int(ask)) == 1
        self.until_done(self.tls.do_handshake)

    def send_early(self, data):
        """For `begun`: in the first flight, though nobody has allowed it."""
        session, sent = _openssl.SSL_get_session(self._pointer), ctypes.c_size_t()
        assert _openssl.SSL_SESSION_set_max_early_data(session, 1 << 14) == 1
        assert _openssl.SSL_write_early_data(self._pointer, data, len(data),
                                             ctypes.byref(sent)) == 1
        assert sent.value == len(data)

    @property
    def early_was_refused(self):
        return _openssl.SSL_get_early_data_status(self._pointer) == 1

    @property
    def resumed(self):
        return _openssl.SSL_session_reused(self._pointer) == 1
