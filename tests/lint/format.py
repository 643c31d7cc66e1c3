"""All C as clang-format 14 writes it; other sources within 100 columns, no tabs, no blank ends."""

import shutil

from tree import ROOT, Skip, files, read, run

VERSION = 14  # others write the same style differently
MAX_COLUMNS = 100


def formatter():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        if shutil.which(name) and f" {VERSION}." in run([name, "--version"])[1]:
            return name
    raise Skip(f"clang-format {VERSION} is not installed (apt-get install clang-format-{VERSION})")


def plain_findings(path):
    for number, line in enumerate(read(path).splitlines(), 1):
        if len(line) > MAX_COLUMNS:
            yield f"{path}:{number}: {len(line)} columns, {MAX_COLUMNS} at most"
        if "\t" in line:
            yield f"{path}:{number}: a tab"
        if line != line.rstrip():
            yield f"{path}:{number}: blanks at the end"


def check():
    tool = formatter()
    findings = []
    c_files = files(["src", "include", "grammar", "tests"], (".c", ".h"))
    for path in c_files:
        code, said = run([tool, "--dry-run", "-Werror", "--ferror-limit=1", path])
        if code != 0:
            where = said.split(" error:")[0].replace(ROOT + "/", "")
            findings.append(f"{where} differs from its format: {tool} -i {path}")
    others = files(["src", "include", "grammar", "tests"], (".def", ".y", ".l", ".py"))
    findings += [finding for path in others for finding in plain_findings(path)]
    return findings, f"{len(c_files) + len(others)} files"
