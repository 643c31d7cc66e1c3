#!/usr/bin/env python3
"""Writes docs/reference.md from the keyword rows that the program itself prints.

    docs/gen_reference.py [PROGRAM]      default: $HAFTP, else the newest build under build/

`tests/lint/reference.py` fails when the file is not what this would write.
"""

import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "reference.md")

HEAD = """\
# Reference of the configuration language

Written by `docs/gen_reference.py` from the rows in `grammar/rows`; `haftp -dKall` prints the same.
What the words do together is told in the [FTP guide](ftp-guide.md) and in
[operations](operations.md).

Times are a number with `us`, `ms`, `s`, `m`, `h` or `d`; a bare number is in milliseconds. Sizes
may end in `k`, `m` or `g`. `no option NAME` undoes an option.
"""

# A word's help tells what becomes of it; words that do something have a help of their own.
FATES = [
    (re.compile("^Not supported yet"),
     "Known from HAProxy and not supported yet; each is an error that says so"),
    (re.compile("^For HTTP only"), "For HTTP only; no effect in `mode tcp`, with a warning"),
    (re.compile("^Accepted|accepted, does nothing"), "Accepted, nothing to do here"),
]


def find_program():
    """$HAFTP, or what was built last."""
    if os.environ.get("HAFTP"):
        return os.environ["HAFTP"]
    built = glob.glob(os.path.join(ROOT, "build", "*", "haftp"))
    return max(built, key=os.path.getmtime) if built else None


def entries(lines):
    """[usage, [help lines]] of each word: usage is indented by two blanks, help by more."""
    found = []
    for line in lines:
        if line.startswith("   "):
            found[-1][1].append(line.strip())
        else:
            found.append([line.strip(), []])
    return found


def groups(listing):
    """(title, entries) of each group; groups are set apart by a blank line."""
    for part in listing.split("\n\n")[1:]:
        title, *lines = part.strip("\n").split("\n")
        yield title, entries(lines)


def marked_up(text):
    """'words' in quotes as `words`; an apostrophe stays."""
    return re.sub(r"(?<!\w)'([^']+)'(?!\w)", r"`\1`", text)


def row(usage, help_lines):
    """Cells of a table; the help's last line may tell in which sections the word is known."""
    where = ""
    if help_lines[-1].startswith("In "):
        where = help_lines[-1][len("In "):-1].replace("'", "").replace(" or ", ", ")
        help_lines = help_lines[:-1]
    return f"`{usage}`", marked_up(" ".join(help_lines)), where


def table(rows):
    columns = 3 if any(row[2] for row in rows) else 2
    lines = [("keyword", "meaning", "in")[:columns], ("---",) * columns]
    lines += [[cell.replace("|", "\\|") for cell in row[:columns]] for row in rows]
    return ["| " + " | ".join(line).rstrip() + " |" for line in lines]


def fate(help_lines):
    for pattern, title in FATES:
        if pattern.search(help_lines[0]):
            return title
    return None


def section(title, words):
    """A table of the words that do something, then those that do not, by the reason."""
    text = ["## " + marked_up(title), ""]
    active = [row(*word) for word in words if not fate(word[1])]
    if active:
        text += table(active) + [""]
    for _, reason in FATES:
        names = [usage for usage, lines in words if fate(lines) == reason]
        if names:
            text += [reason + ": " + ", ".join(f"`{name}`" for name in names) + ".", ""]
    return "\n".join(text)


def reference(program):
    """The whole page."""
    listing = subprocess.run([program, "-dKall"], check=True, text=True, stdout=subprocess.PIPE)
    return "\n".join([HEAD] + [section(*group) for group in groups(listing.stdout)])


def main(arguments):
    program = arguments[0] if arguments else find_program()
    if not program:
        print("no haftp is built: cmake --preset release && cmake --build --preset release",
              file=sys.stderr)
        return 1
    with open(PAGE, "w", encoding="utf-8") as page:
        page.write(reference(program))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
