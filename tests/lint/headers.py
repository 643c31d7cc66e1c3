"""Each public header compiles alone, twice in a row, and is guarded by the name of its path."""

import os
import re
import shlex
import shutil

from tree import ROOT, Skip, files, read, run

FLAGS = ["-x", "c", "-std=gnu11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wshadow",
         "-Wstrict-prototypes", "-Wvla", "-D_GNU_SOURCE", f"-I{os.path.join(ROOT, 'include')}"]


def guard_of(name):
    return re.sub(r"[/.]", "_", name).upper()


def check():
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if not compiler:
        raise Skip("no C compiler (set CC)")
    libraries = shlex.split(run(["pkg-config", "--cflags", "libuv"])[1])
    findings = []
    headers = files(["include"], (".h",))
    for path in headers:
        name = os.path.relpath(path, "include")
        code, said = run([compiler, *FLAGS, *libraries, "-"], f'#include "{name}"\n' * 2)
        if code != 0:
            errors = [line for line in said.splitlines() if "error:" in line]
            findings.append("\n".join([f"{path}: does not compile alone", *errors[:1]]))
        if f"#ifndef {guard_of(name)}\n#define {guard_of(name)}\n" not in read(path):
            findings.append(f"{path}: the include guard is not {guard_of(name)}")
    return findings, f"{len(headers)} headers"
