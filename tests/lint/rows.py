"""Each row explains itself, and each keyword of the language is in a golden file.

Row macros are read from the parameter lists in grammar/rows/shapes.h: a parameter called `name` is
the keyword, one called `help` or `why` its explanation.
"""

import collections
import os
import re

from tree import exists, files, read

SHAPES = "grammar/rows/shapes.h"
# Rows of samples: their words have no line of their own that a golden file could have.
SAMPLE_SHAPES = "grammar/rows/samples/samples.h"
TOKEN = re.compile(r'\s+|/\*.*?\*/|"(?:\\.|[^"\\])*"|[A-Za-z_]\w*|.', re.DOTALL)
# Where an option may stand, as its row says, and how such a line begins.
OWNERS = {"ON_BIND": ("bind ",), "ON_SRV": ("server ", "default-server "),
          "ON_SERVER": ("server ",), "ON_DEFAULT_SERVER": ("default-server ",), "ON_LOG": ("log ",),
          "ON_TABLE": ("stick-table ",), "ON_HEADER": ("",),
          "ON_USER": ("user ",), "ON_GROUP": ("group ",), "ON_DGRAM_BIND": ("dgram-bind ",),
          "ON_COOKIE": ("cookie ",), "ON_UNIX_BIND": ("unix-bind ",),
          "ON_TLS_OPTIONS": ("ssl-default-",), "ON_TLS_BIND": ("ssl-default-bind-",),
          "ON_MASTER": ("master-worker ",), "ON_CHECK_CONNECT": ("tcp-check ",),
          "ON_CHECK_EXPECT": ("tcp-check ",), "ON_CHECK_SEND": ("tcp-check ",),
          "ON_HTTPLOG": ("option httplog ",), "ON_TCPLOG": ("option tcplog ",),
          "ON_FILTER_TRACE": ("filter trace ",),
          "ON_FILTER_FILE": ("filter spoe ", "filter opentracing "),
          "ON_FORWARD": ("option forwardfor ", "option originalto ")}
STRING = re.compile(r'"((?:\\.|[^"\\])*)"')


def calls(text):
    """Macro calls at the start of a line: (macro, its arguments, line)."""
    for match in re.finditer(r"^([A-Z][A-Z0-9_]*)\(", text, re.MULTILINE):
        yield match[1], arguments(text, match.end()), text.count("\n", 0, match.start()) + 1


def arguments(text, at):
    depth, found, argument = 1, [], ""
    for token in TOKEN.finditer(text, at):
        piece = token[0]
        depth += (piece in "([{") - (piece in ")]}")
        if depth == 0 or (piece == "," and depth == 1):
            found.append(argument.strip())
            argument = ""
        elif not piece.startswith("/*"):
            argument += piece
        if depth == 0:
            break
    return found


def string_of(argument):
    """The text of adjacent string literals; None when there is none."""
    parts = STRING.findall(argument)
    return "".join(parts) if parts else None


def shapes():
    """Macro -> names of its parameters."""
    found = re.findall(r"^#define (HF_[A-Z_]+)\(([^)]*)\)", read(SHAPES) + read(SAMPLE_SHAPES),
                       re.MULTILINE)
    return {macro: [name.strip().rstrip("_") for name in names.split(",")]
            for macro, names in reversed(found)}


def keyword_rows(findings):
    """(path, row) of each row of the language; what is wrong with one goes to the findings."""
    macros = shapes()
    for path in files(["grammar/rows"], (".def",)):
        for macro, values, line in calls(read(path)):
            where = f"{path}:{line}"
            if macro not in macros:
                findings.append(f"{where}: {macro} is not in {SHAPES}")
            elif len(values) != len(macros[macro]):
                findings.append(f"{where}: {macro} takes {len(macros[macro])} values")
            else:
                row = dict(zip(macros[macro], values))
                findings += explained(where, row)
                yield path, row


def explained(where, row):
    for field in ("help", "why"):
        if field in row and not (string_of(row[field]) or "").strip():
            yield f"{where}: the row has no {field} text"


def golden_lines():
    """Lines of the golden configurations: no comments, blanks squeezed, without a leading 'no'."""
    lines = set()
    for path in files(["tests/conf/good", "tests/conf/bad"], (".cfg",)):
        for line in read(path).splitlines():
            words = line.split("#")[0].split()
            lines.add(" ".join(words[1:] if words[:1] == ["no"] else words) + " ")
    return sorted(lines)


def is_golden(row, lines):
    """An option counts on the kind of line it belongs to, a statement at the start of one."""
    keyword = string_of(row["name"])
    start = keyword[:-2] if keyword.endswith("(*)") else keyword + " "
    for place, owners in OWNERS.items():
        if place in row.get("where", ""):
            return any(line.startswith(owners) and f" {start}" in line for line in lines)
    return any(line.startswith(start) for line in lines)


def missing_goldens(rows):
    lines = golden_lines()
    missing = collections.defaultdict(list)
    for path, row in rows:
        if "name" in row and not is_golden(row, lines):
            missing[path].append(string_of(row["name"]))
    for path, keywords in missing.items():
        yield f"{path}: in no golden file under tests/conf: {', '.join(keywords)}"


def wire_rows():
    seen = set()
    for macro, values, line in calls(read("include/haftp/wire/commands.def")):
        where = f"include/haftp/wire/commands.def:{line}"
        if macro != "X" or len(values) != 4:
            yield f"{where}: not X(ID, name, flags, help)"
            continue
        name = string_of(values[1])
        if name != values[0] or not re.fullmatch("[A-Z]{3,4}", name):
            yield f"{where}: the name must be the id, in three or four capital letters"
        if name in seen:
            yield f"{where}: {name} is there twice"
        seen.add(name)
        yield from explained(where, {"help": values[3]})


def reason_rows():
    for _, values, line in calls(read("include/haftp/state/reason.def")):
        if len(values) != 3 or not string_of(values[2]):
            yield f"include/haftp/state/reason.def:{line}: not X(NAME, letter, text)"


def check():
    findings = list(wire_rows()) + list(reason_rows())
    if not exists(SHAPES):
        return findings + [f"{SHAPES}: no such file"], ""
    rows = list(keyword_rows(findings))
    if not rows:
        findings.append(f"{os.path.dirname(SHAPES)}: no rows found")
    return findings + list(missing_goldens(rows)), f"{len(rows)} keywords"
