"""Long sessions, and several at a time: each data connection resumes the TLS session of its control
connection, on both sides. vsftpd and ProFTPD take no other; tickets of TLS 1.3 are good for once,
and servers give out few."""

import contextlib
import ftplib
import io
import os
import random
import uuid

import pytest

from lib import content
from lib.clients import Lftp
from lib.ftps import ftps_place, server_tls
from lib.session import TlsSession, abort, drain, named_content

SERVERS = ("vsftpd-starttls", "proftpd-ssl", *(pytest.param(server, marks=pytest.mark.long) for
           server in ("vsftpd-ssl", "proftpd-starttls", "pureftpd-starttls", "pyftpdlib-starttls",
                      "pyftpdlib-ssl")))
each_version = pytest.mark.parametrize("version", ("1.2", "1.3"))


@pytest.fixture
def meet(lab):
    """haftp in front of a fresh server."""
    def place(server, version=None, **options):
        kind, mode = server.split("-")
        behind, = lab.servers(kind, 1, tls=server_tls(mode))
        return ftps_place(lab, behind, mode, version, **options)
    return place


class Transfers:
    """One of each kind that FTP knows, with what must come of it."""

    def __init__(self, session, server):
        self.session, self.server = session, server
        self.named = named_content(server.name)

    def retr(self):
        assert self.session.server_name() == self.server.name

    def retr_large(self):
        assert self.session.read("pub/named.bin") == self.named

    def retr_empty(self):
        assert self.session.read("pub/empty") == b""

    def retr_rest(self):
        got, start = io.BytesIO(), len(self.named) - 70_000
        self.session.retrbinary("RETR pub/named.bin", got.write, rest=start)
        assert got.getvalue() == self.named[start:]

    def retr_refused(self):
        with pytest.raises(ftplib.error_perm, match="^550"):
            self.session.read("pub/nothing")

    def retr_refused_behind_a_connection(self):
        """Whose handshake never comes."""
        port = ftplib.parse229(self.session.sendcmd("EPSV"), self.session.sock.getpeername())[1]
        with self.session.dial((self.session.host, port)) as data:
            with pytest.raises(ftplib.error_perm, match="^550"):
                self.session.sendcmd("RETR pub/nothing")
            assert drain(data) == b""

    def retr_aborted(self):
        data = self.session.transfercmd("RETR pub/named.bin")
        assert data.recv(1)
        assert set(abort(self.session, data)) <= {"150", "225", "226", "426"}

    def stor(self, size=300_000):
        path, data = f"incoming/{uuid.uuid4().hex}", os.urandom(size)
        self.session.write(path, data)
        with open(self.server.path(path), "rb") as file:
            assert file.read() == data

    def stor_empty(self):
        self.stor(0)

    def stor_refused(self):
        with pytest.raises(ftplib.error_perm, match="^55"):
            self.session.write("nowhere/at/all", b"x")

    def list(self):
        lines = []
        self.session.retrlines("LIST pub", lines.append)
        assert len([line for line in lines if line.endswith((".bin", " empty"))]) == 3

    def nlst(self):
        assert {"named.bin", "random.bin", "empty"} <= \
            {os.path.basename(name) for name in self.session.nlst("pub")}

    def mlsd(self):
        names = {name for name, _ in self.session.mlsd("pub")}
        assert {"named.bin", "random.bin", "empty"} <= names


@each_version
@pytest.mark.parametrize("server", SERVERS)
def test_hundred_transfers_in_one_session(meet, server, version):
    """Of all kinds, in an order of chance."""
    place = meet(server, version)
    front = "implicit-P" if server.endswith("ssl") else "explicit-P"
    with TlsSession(place.where(front), place.login, place.tls(front, version)) as session:
        one = Transfers(session, place.servers[0])
        kinds = [one.retr, one.retr_large, one.retr_empty, one.retr_rest, one.retr_refused,
                 one.retr_refused_behind_a_connection, one.retr_aborted, one.stor, one.stor_empty,
                 one.stor_refused, one.list, one.nlst]
        if not server.startswith("vsftpd"):
            kinds.append(one.mlsd)
        chosen = random.Random(server + version).choices(kinds, k=100 - len(kinds))
        for transfer in kinds + chosen:
            transfer()
        assert session.sock.version() == f"TLSv{version}"


@pytest.mark.parametrize("server, version", (("vsftpd-starttls", "1.2"), ("proftpd-ssl", "1.3")))
def test_sessions_at_a_time(meet, server, version):
    """Their transfers begin and end in each other's midst."""
    place = meet(server, version, bind_words="data-tls-reuse")
    tls = place.tls("explicit-P", version)
    wanted = named_content(place.servers[0].name)
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(TlsSession(place.where("explicit-P"), place.login, tls))
                    for _ in range(4)]
        for _ in range(3):
            running = [(session, session.transfercmd("RETR pub/named.bin")) for session in sessions]
            got = [bytearray() for _ in running]
            while any(len(one) < len(wanted) for one in got):
                for one, (_, data) in zip(got, running):
                    one += data.recv(1 << 16)
            for one, (session, data) in zip(got, running):
                assert one == wanted and drain(data) == b""
                data.close()
                assert session.voidresp().startswith("226")


def checksums(folder):
    return {name: content.checksum(os.path.join(folder, name)) for name in os.listdir(folder)}


@pytest.mark.parametrize("server, front", (("vsftpd-starttls", "explicit-P"),
                                           ("proftpd-ssl", "implicit-P")))
def test_parallel_transfers_of_lftp(meet, lab, server, front):
    """Whole folders, four files at a time, and one file in four pieces, each on a session of its
    own."""
    place = meet(server, bind_words="data-tls-reuse")
    there = place.servers[0]
    for number in range(20):
        content.write_random(there.path("pub", f"file{number}"), 10_000 * number, number)
    lftp = Lftp(place.where(front), place.login, lab.scratch(), place.tls(front))
    lftp.script("mirror -P4 pub down", "mirror -R -P4 down incoming",
                "pget -n 4 pub/named.bin -o pieces")
    wanted = checksums(there.path("pub"))
    assert checksums(f"{lftp.folder}/down") == wanted
    assert checksums(there.path("incoming")) == wanted
    assert content.checksum(f"{lftp.folder}/pieces") == wanted["named.bin"]
