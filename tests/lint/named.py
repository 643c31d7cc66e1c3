"""Every test that a table of these documents names, in its last column, exists: flows by folder and
name, files by their path, functions of tests by their name."""

import glob
import os
import re

import tree

DOCUMENTS = ["docs/security.md", "tests/flow/README.md", "tests/promises.md"]
FUNCTION = re.compile(r"^(?:def|static void) (test_\w+)\(", re.MULTILINE)
NAME = re.compile(r"`([a-z0-9_.*]+/[a-z0-9_./*]*|test_\w+)`")


def is_path(name):
    """With or without the folder of tests or of flows before it, and a flow without its ending."""
    places = (f"tests/flow/{name}.flow", f"tests/flow/{name}", f"tests/{name}", name)
    return any(glob.glob(os.path.join(tree.ROOT, place)) for place in places)


def check():
    functions = {name for path in tree.files(["tests"], [".py", ".c"])
                 for name in FUNCTION.findall(tree.read(path))}
    findings, count = [], 0
    for document in DOCUMENTS:
        for number, line in enumerate(tree.read(document).splitlines(), 1):
            last = line.rstrip("| ").rpartition("|")[2] if line.startswith("|") else ""
            for name in NAME.findall(last):
                count += 1
                if not (is_path(name) if "/" in name else name in functions):
                    findings.append(f"{document}:{number}: there is no test {name}")
    return findings, f"{count} tests in {len(DOCUMENTS)} documents"
