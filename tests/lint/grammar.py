"""The parser is pure and reentrant, has no conflict, and its tools have nothing to say about it."""

import os
import re
import shutil
import tempfile

from tree import Skip, exists, read, run

PARSER = "grammar/haftp.y"
SCANNER = "grammar/haftp.l"
PARSER_SAYS = {
    "%expect 0": r"^%expect\s+0\s*$",
    "%define api.pure full": r"^%define\s+api\.pure\s+(full|\{full\})\s*$",
    "%define api.location.type": r"^%define\s+api\.location\.type\s",
    "%define api.prefix": r"^%define\s+api\.prefix\s",
    "%define parse.error custom": r"^%define\s+parse\.error\s+custom\s*$",
    "%define parse.lac full": r"^%define\s+parse\.lac\s+full\s*$",
    "%locations": r"^%locations\s*$",
}
SCANNER_OPTIONS = "reentrant nodefault noinput nounput noyywrap never-interactive warn".split()


def missing_directives():
    text = read(PARSER)
    for name, pattern in PARSER_SAYS.items():
        if not re.search(pattern, text, re.MULTILINE):
            yield f"{PARSER}: lacks {name}"
    options = " ".join(re.findall(r"^%option\s+(.*)$", read(SCANNER), re.MULTILINE)).split()
    for option in SCANNER_OPTIONS:
        if option not in options:
            yield f"{SCANNER}: lacks %option {option}"


def complaints(folder):
    for argv in (["bison", "-Wall", "-Werror", "-Wcounterexamples", "-o",
                  os.path.join(folder, "parser.c"), PARSER],
                 ["flex", "-o", os.path.join(folder, "scanner.c"), SCANNER]):
        code, said = run(argv)
        if code != 0 or said.strip():
            yield f"{argv[-1]}: {argv[0]} complains\n{said.rstrip()}"


def check():
    for path in (PARSER, SCANNER):
        if not exists(path):
            return [f"{path}: no such file"], ""
    for tool in ("bison", "flex"):
        if not shutil.which(tool):
            raise Skip(f"{tool} is not installed (apt-get install {tool})")
    with tempfile.TemporaryDirectory() as folder:
        return list(missing_directives()) + list(complaints(folder)), "parser and scanner"
