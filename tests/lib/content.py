"""Files to transfer, and their checksums."""

import hashlib
import os
import random
import uuid

MIB = 1 << 20


def checksum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_random(path, size, seed=0):
    """The same bytes for the same seed: a failure can be repeated."""
    with open(path, "wb") as file:
        file.write(random.Random(seed).randbytes(size))


def write_sparse(path, size):
    """Mostly holes, but every MiB is stamped with its number: nothing can be swapped or lost."""
    with open(path, "wb") as file:
        for offset in range(0, size, MIB):
            file.seek(offset)
            file.write(offset.to_bytes(8, "big"))
        os.truncate(path, size)


def assert_goes_both_ways(client, server):
    """A listing, a download and, of a client that can, an upload; all of it to the last byte."""
    local = os.path.join(client.folder, "local.bin")
    remote = f"incoming/{uuid.uuid4().hex}"
    assert {"named.bin", "random.bin", "empty"} <= set(client.list("pub"))
    client.get("pub/random.bin", local)
    assert checksum(local) == checksum(server.path("pub/random.bin"))
    if "put" in client.can:
        client.put(local, remote)
        assert checksum(server.path(remote)) == checksum(local)
        os.remove(server.path(remote))
    os.remove(local)  # of all rows of a matrix together, the disk would be full
