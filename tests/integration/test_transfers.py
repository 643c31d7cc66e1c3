"""Large files, large folders, and clients that open many connections."""

import hashlib
import os
import socket
import subprocess

import pytest

from lib import content
from lib.clients import Curl, Lftp
from lib.servers import IS_ROOT, KINDS, RANDOM_SIZE
from lib.session import Session, drain
from lib.wait import until

GIB = 1 << 30
NAMES = 5000


@pytest.mark.slow
@pytest.mark.parametrize("relay, threads", [("copy", 1), ("splice", 4)])
def test_one_gibibyte_down_and_up(lab, relay, threads):
    place = lab.shared_place("vsftpd", relay, threads)
    source = os.path.join(lab.scratch(), "gibibyte")
    content.write_sparse(source, GIB)
    expected = content.checksum(source)
    for server in place.servers:
        os.link(source, server.path("pub/gibibyte"))
    try:
        digest = hashlib.sha256()
        with Session(place.control, place.login) as session:
            session.retrbinary("RETR pub/gibibyte", digest.update, blocksize=1 << 18)
        assert digest.hexdigest() == expected

        curl = Curl(place.control, place.login, lab.scratch())
        curl.put(source, "incoming/gibibyte")
        holder, = place.holders("incoming/gibibyte")
        assert content.checksum(holder.path("incoming/gibibyte")) == expected
        os.unlink(holder.path("incoming/gibibyte"))
    finally:
        for server in place.servers:
            os.unlink(server.path("pub/gibibyte"))


@pytest.mark.parametrize("relay", ["copy", "splice"])
def test_relay_is_the_one_that_was_asked_for(lab, relay):
    """A bulk transfer that waits for its reader holds a pipe, unless `nosplice` forbids it.

    Root only: the kernel limits the pipe memory of all processes of another account together.
    """
    if not IS_ROOT:
        pytest.skip("parallel tests of one account share the kernel's limit of pipe memory")
    server, = lab.servers("vsftpd", 1)
    size = 64 << 20  # more than the sockets on the way can hold
    content.write_sparse(server.path("pub/waits"), size)
    place = lab.place([server], relay=relay, threads=1)
    before = place.haftp.descriptors()["pipe"]
    with Session(place.control, place.login) as session:
        data = session.transfercmd("RETR pub/waits")
        received = len(data.recv(1 << 20, socket.MSG_WAITALL))
        if relay == "splice":
            until(lambda: place.haftp.descriptors()["pipe"] > before, 10, "a pipe to be held")
        received += len(drain(data))
        data.close()
        session.voidresp()
    assert received == size
    # The pool keeps pipes, so one that the transfer took is still there.
    assert (place.haftp.descriptors()["pipe"] > before) == (relay == "splice")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("relay", ["copy", "splice"])
def test_folder_of_5000_names(lab, kind, relay):
    place = lab.shared_place(kind, relay, 4)
    names = {f"file-{number:04}-with-a-rather-long-name" for number in range(NAMES)}
    for server in place.servers:
        os.makedirs(server.path("pub/many"), exist_ok=True)
        for name in names:
            open(server.path("pub/many", name), "w").close()
    with Session(place.control, place.login) as session:
        session.cwd("pub/many")
        assert names <= set(session.nlst())
        lines = []
        session.retrlines("LIST", lines.append)
        assert names <= {line.split()[-1] for line in lines}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("relay, threads", [("copy", 1), ("splice", 4)])
class TestLftp:
    def client(self, lab, kind, relay, threads):
        place = lab.shared_place(kind, relay, threads)
        return place, Lftp(place.control, place.login, lab.scratch())

    def test_mirror_down(self, lab, kind, relay, threads):
        place, lftp = self.client(lab, kind, relay, threads)
        copy = os.path.join(lftp.folder, "copy")
        lftp.script(f"mirror --no-perms --parallel=3 --exclude many --exclude gibibyte pub {copy}")
        subprocess.run(["diff", "-r", "-x", "many", "-x", "gibibyte", "-x", "named.bin",
                        copy, place.servers[0].path("pub")], check=True)
        # The balance keeps a client on one server, so the named file must be of one server too.
        with open(os.path.join(copy, "named.bin"), "rb") as named:
            assert set(named.read().split()) <= {s.name.encode() for s in place.servers}

    def test_mirror_up(self, lab, kind, relay, threads):
        place, lftp = self.client(lab, kind, relay, threads)
        tree = os.path.join(lftp.folder, "tree")
        for number in range(20):
            os.makedirs(os.path.join(tree, f"folder-{number % 4}"), exist_ok=True)
            content.write_random(os.path.join(tree, f"folder-{number % 4}", f"file-{number}"),
                                 10000 * number, seed=number)
        name = f"incoming/tree-{relay}-{threads}"
        lftp.script(f"mirror --reverse --no-perms --parallel=4 {tree} {name}")
        holder, = place.holders(name)
        subprocess.run(["diff", "-r", tree, holder.path(name)], check=True)

    def test_pget_with_four_connections(self, lab, kind, relay, threads):
        place, lftp = self.client(lab, kind, relay, threads)
        local = os.path.join(lftp.folder, "random.bin")
        lftp.script(f"pget -n 4 pub/random.bin -o {local}")
        assert os.path.getsize(local) == RANDOM_SIZE
        assert content.checksum(local) == content.checksum(place.servers[0].path("pub/random.bin"))
