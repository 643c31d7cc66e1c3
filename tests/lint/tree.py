"""What the checks share: which files there are, and how a check says that it cannot run."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Skip(Exception):
    """The check cannot run here; its text says why and what would help."""


def files(folders, endings):
    """Paths relative to the root, sorted. Python's leftovers are not ours."""
    found = []
    for folder in folders:
        for where, below, names in os.walk(os.path.join(ROOT, folder)):
            below[:] = [name for name in below if name != "__pycache__"]
            found += [os.path.relpath(os.path.join(where, name), ROOT)
                      for name in names if name.endswith(tuple(endings))]
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def exists(path):
    return os.path.exists(os.path.join(ROOT, path))


def run(argv, text=None):
    """Runs a tool in the root; returns its exit code and all that it said."""
    done = subprocess.run(argv, cwd=ROOT, input=text, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout
