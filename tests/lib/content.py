"""Files to transfer, and their checksums."""

import hashlib
import os
import random

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
