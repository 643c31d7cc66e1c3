#!/usr/bin/env python3
"""Runs the checks of the source tree: all, or those named. A line per check; 1 on a finding.

A check is a file in this folder with a function check(): it returns what it found (texts) and how
much it looked at, or raises tree.Skip.
"""

import importlib
import os
import sys

from tree import Skip

NOT_CHECKS = {"run.py", "tree.py"}


def checks():
    here = os.path.dirname(os.path.abspath(__file__))
    return sorted(name[:-len(".py")] for name in os.listdir(here)
                  if name.endswith(".py") and name not in NOT_CHECKS)


def report(name):
    """Prints one check's line, then its findings. True when there are none."""
    try:
        findings, extent = importlib.import_module(name).check()
    except Skip as reason:
        print(f"{name:9} skipped: {reason}")
        return True
    if not findings:
        print(f"{name:9} ok, {extent}")
        return True
    print(f"{name:9} {len(findings)} finding{'s' if len(findings) > 1 else ''}")
    for finding in findings:
        print("    " + finding.replace("\n", "\n    "))
    return False


def main(names):
    known = checks()
    for name in names:
        if name not in known:
            print(f"no check is called {name}; there are: {' '.join(known)}", file=sys.stderr)
            return 2
    good = [report(name) for name in names or known]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
