"""Peers that misbehave or are no FTP servers, as threads of the test."""

import socket
import threading


class Fake:
    """Listens on a server address; handle(connection) runs in a thread for every connection."""

    def __init__(self, name, address, handle, port=2121):
        self.name = name
        self.address = address
        self.port = port
        self.connections = 0
        self._handle = handle
        self._open = []
        self._listener = socket.create_server((address, port), backlog=100)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # close() alone would leave the accepting thread blocked on the old descriptor.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self._handle(connection)
        except OSError:
            pass


def hang(connection):
    """Accepts, and never says a word."""
    connection.recv(1)


def greet_421(connection):
    connection.sendall(b"421 Too many users.\r\n")
    connection.close()


def echo(connection):
    while data := connection.recv(1 << 16):
        connection.sendall(data)
    connection.close()


def http(connection):
    connection.recv(1 << 16)
    connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")
    connection.close()


class Nobody:
    """A server address where nothing listens."""

    def __init__(self, name, address, port=2121):
        self.name, self.address, self.port = name, address, port
