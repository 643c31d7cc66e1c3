"""TLS for those who behave badly: real handshakes most of the time, spoilt ones now and then."""

import ssl
import struct

SPOILT = 0.15  # of the handshakes


def client_context():
    """One that looks at no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def wrap(rng, sock, context, session=None):
    """The secured socket, or OSError, also when we spoil the handshake ourselves."""
    if rng.random() < SPOILT:
        kind = rng.randint(0, 2)
        if kind == 0:  # a record that is cut off
            sock.sendall(struct.pack(">BHH", 22, 0x0303, 500) + rng.randbytes(rng.randint(0, 499)))
        elif kind == 1:  # a whole one full of nonsense
            sock.sendall(struct.pack(">BHH", 22, 0x0301, 100) + rng.randbytes(100))
        else:
            sock.sendall(b"NOOP\r\n" * rng.randint(1, 50))
        raise ConnectionAbortedError("a handshake spoilt by us")
    server_side = context.protocol == ssl.PROTOCOL_TLS_SERVER
    return context.wrap_socket(sock, server_side=server_side, session=session,
                               suppress_ragged_eofs=True)
