#!/usr/bin/env python3
"""Writes verdicts.tsv: what the installed HAProxy says of each file of the corpus; and seals.tsv,
by which a test knows that neither the files nor the verdicts have changed since."""

import shutil
import sys

import corpus


def main():
    haproxy = shutil.which("haproxy")
    if not haproxy:
        sys.exit("haproxy is not installed: there is nobody to ask")
    version = corpus.version(haproxy)
    lines = ["file\texit\tline\thaproxy\n"]
    for name in corpus.names():
        verdict = corpus.ask_haproxy(haproxy, name)
        lines.append(f"{name}\t{verdict.code}\t{verdict.place}\t{version}\n")
    corpus.VERDICTS.write_text("".join(lines), encoding="utf-8")
    seals = [f"{name}\t{corpus.seal(name, row)}\n"
             for name, row in corpus.read_table(corpus.VERDICTS).items()]
    corpus.SEALS.write_text("".join(["file\tseal\n", *seals]), encoding="utf-8")


if __name__ == "__main__":
    main()
