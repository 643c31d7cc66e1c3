"""The reference and the manuals are what docs/gen_reference.py writes today."""

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
        wanted = gen_reference.pages(program)
    except (OSError, subprocess.CalledProcessError) as error:
        return [f"{program} -dKall: {error}"], "nothing"
    stale = [f"docs/{name} is stale: run docs/gen_reference.py" for name, text in wanted.items()
             if not tree.exists(f"docs/{name}") or tree.read(f"docs/{name}") != text]
    return stale, f"{sum(text.count(chr(10)) for text in wanted.values())} lines"


if __name__ == "__main__":
    findings, extent = check()
    print("\n".join(findings) or f"reference ok, {extent}")
    sys.exit(1 if findings else 0)
