"""Includes only go down: a file sees its own floor and lower ones, never a sibling. And sizes."""

import collections
import os
import re

from tree import exists, files, read

FLOOR = {"base": 0, "wire": 1, "conf": 2, "net": 2, "state": 3, "rules": 4, "balance": 5,
         "check": 5, "log": 5, "stream": 6, "ftp": 7, "admin": 8, "app": 9}
CODE = (".c", ".h", ".def", ".y", ".l")
MAX_LINES = 800
MAX_FILES = 20
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def floor_of(path):
    """The grammar is part of conf; None: on no floor we know."""
    parts = path.split(os.sep)
    if parts[0] == "grammar":
        return "conf"
    name = parts[2] if parts[0] == "include" else parts[1]
    return name if name in FLOOR else None


def private_headers():
    """Name of each header under src -> the floors that have one of that name."""
    owners = collections.defaultdict(set)
    for path in files(["src"], (".h",)):
        owners[os.path.basename(path)].add(floor_of(path))
    return owners


def wrong_public(path, floor, other, included):
    if other not in FLOOR:
        yield f"{path}: includes {included}, which is on no floor"
    elif other != floor and FLOOR[other] >= FLOOR[floor]:
        yield f"{path}: {floor} (floor {FLOOR[floor]}) includes {included} of {other} " \
              f"(floor {FLOOR[other]})"


def wrong_private(path, floor, owners, included):
    """A name that nobody owns is made by the build."""
    name = os.path.basename(included)
    if path.startswith("include"):
        yield f"{path}: a public header includes {included}, which is private"
    elif name in owners and floor not in owners[name]:
        yield f"{path}: includes {included}, which is private to {' and '.join(owners[name])}"


def wrong_arrows(path, owners):
    floor = floor_of(path)
    if floor is None:
        yield f"{path}: this folder is on no floor: add it to FLOOR in tests/lint/floors.py"
        return
    for included in INCLUDE.findall(read(path)):
        if included.startswith("haftp/"):
            yield from wrong_public(path, floor, included.split("/")[1], included)
        elif "rows/" in included:  # the keyword rows are public, and belong to conf
            yield from wrong_public(path, floor, "conf", included)
        else:
            yield from wrong_private(path, floor, owners, included)


def too_big():
    """What src/ARCHITECTURE.md names in backquotes has been argued for there."""
    notes = read("src/ARCHITECTURE.md") if exists("src/ARCHITECTURE.md") else ""
    folders = collections.Counter()
    for path in files(["src", "include", "grammar", "tests"], CODE + (".py",)):
        folders[os.path.dirname(path)] += 1
        lines = read(path).count("\n")
        if lines > MAX_LINES and f"`{path}`" not in notes:
            yield f"{path}: {lines} lines, {MAX_LINES} at most: split it"
    for folder, count in sorted(folders.items()):
        if count > MAX_FILES and f"`{folder}`" not in notes:
            yield f"{folder}: {count} files, {MAX_FILES} at most: split it"


def check():
    owners = private_headers()
    code = files(["src", "include", "grammar"], CODE)
    findings = [finding for path in code for finding in wrong_arrows(path, owners)]
    return findings + list(too_big()), f"{len(code)} files"
