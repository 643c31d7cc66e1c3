"""Copies of a process's descriptors, so that the kernel can be asked about them."""

import contextlib
import ctypes
import fcntl
import os
import socket

_PIDFD_GETFD = 438  # on all architectures
_syscall = ctypes.CDLL(None, use_errno=True).syscall


@contextlib.contextmanager
def _copy(pidfd, number):
    copy = _syscall(_PIDFD_GETFD, pidfd, number, 0)
    if copy < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    try:
        yield copy
    finally:
        os.close(copy)


def _copies(pid, kind):
    """Copies of all descriptors of a kind ("socket", "pipe"), one at a time."""
    pidfd = os.pidfd_open(pid)
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):  # closed meanwhile
                if os.readlink(f"/proc/{pid}/fd/{name}").startswith(kind + ":"):
                    with _copy(pidfd, int(name)) as copy:
                        yield copy
    finally:
        os.close(pidfd)


def connections(pid):
    """(host of the peer, bytes of the receive buffer, of the send buffer) of each."""
    found = []
    for copy in _copies(pid, "socket"):
        with socket.socket(fileno=os.dup(copy)) as sock:
            try:
                found.append((sock.getpeername()[0],
                              sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
                              sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)))
            except OSError:  # listens, or is no TCP socket
                pass
    return found


def pipe_sizes(pid):
    """Bytes of each of its pipes; a pipe has two ends."""
    return [fcntl.fcntl(copy, fcntl.F_GETPIPE_SZ) for copy in _copies(pid, "pipe")]
