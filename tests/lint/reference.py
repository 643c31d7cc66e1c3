"""docs/reference.md is what docs/gen_reference.py writes today."""

import os
import subprocess
import sys

import tree

sys.path.insert(0, os.path.join(tree.ROOT, "docs"))
import gen_reference  # noqa: E402


def check():
    program = gen_reference.find_program()
    if not program:
        raise tree.Skip("no haftp is built; HAFTP may name one")
    try:
        wanted = gen_reference.reference(program)
    except (OSError, subprocess.CalledProcessError) as error:
        return [f"{program} -dKall: {error}"], "nothing"
    if not tree.exists("docs/reference.md") or tree.read("docs/reference.md") != wanted:
        return ["docs/reference.md is stale: run docs/gen_reference.py"], "nothing"
    return [], f"{wanted.count(chr(10))} lines"


if __name__ == "__main__":
    findings, extent = check()
    print("\n".join(findings) or f"reference ok, {extent}")
    sys.exit(1 if findings else 0)
