#!/usr/bin/env python3
"""Writes docs/reference.md and the manuals haftp.1 and haftp.cfg.5, from the rows of the program.

    docs/gen_reference.py [PROGRAM]      default: $HAFTP, else the newest build under build/

The words of the language are what `haftp -dKall` prints, the flags are src/app/options.def.
`tests/lint/reference.py` fails when a file is not what this would write.
"""

import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCS = os.path.join(ROOT, "docs")

HEAD = """\
# Reference of the configuration language

Written by `docs/gen_reference.py` from the rows in `grammar/rows`; `haftp -dKall` prints the same.
What the words do together is told in the [FTP guide](ftp-guide.md), in [rules](rules.md) and in
[operations](operations.md).

Times are a number with `us`, `ms`, `s`, `m`, `h` or `d`; a bare number is in milliseconds, in a few
words of HAProxy in seconds. Sizes may end in `k`, `m` or `g`. `no option NAME` undoes an option.

A table of words that do something comes first in each chapter, then one of those that do not:

| what it says | what happens |
| --- | --- |
| No effect, Without effect | read and checked as HAProxy does; a notice or a warning gives the reason |
| Checked, but without effect in this version | the same; all such words of a file are told in one notice at start |
| For HTTP only | a warning where it stands in a section of `mode tcp`; as a sample, it is never there |
| Refused, Not supported yet | an error at that word, which says so |

"""

# Help of a word that does nothing begins with one of these.
FATE = re.compile("No effect|Without effect|Checked, but without effect|For HTTP only|Refused|Not supported yet")
MANY = 12  # words of one reason; more are told apart by how they begin


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
    """Cells of a table. The help's last line may tell where the word is known, or what it gives."""
    where = ""
    if help_lines[-1].startswith("In "):
        where = help_lines.pop()[len("In "):-1].replace("'", "").replace(" or ", ", ")
    elif help_lines[-1].startswith(("Gives ", "Makes ")):
        where = help_lines.pop()[:-1].split(" ", 1)[1]
    return [f"`{usage}`", marked_up(" ".join(help_lines)), where]


def table(head, rows):
    """The columns that some row fills."""
    columns = [i for i in range(len(head)) if any(row[i] for row in rows)]
    lines = [head, ("---",) * len(head)]
    lines += [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return ["| " + " | ".join(line[i] for i in columns).rstrip() + " |" for line in lines]


def does_nothing(help_lines):
    return FATE.match(help_lines[0])


def families(words):
    """Many words as several lists: those that begin alike, then the rest."""
    if len(words) <= MANY:
        return [words]
    alike = {}
    for word in words:
        alike.setdefault(re.match(r"[\w-]*?(?=[_.-]|$)|", word)[0], []).append(word)
    rest = [word for family in alike.values() if len(family) < 4 for word in family]
    lists = [family for family in alike.values() if len(family) >= 4]
    return lists + ([rest] if rest else [])


def name_of(usage):
    """The word itself, without what may stand behind it."""
    name = re.split(r" (?=[A-Z\[{%]|\S*\||\.\.\.)", usage)[0]
    return re.sub(r"\((?!\*).*", "", name)


def idle_words(words):
    """(reason, words) of those that do nothing; equal reasons are together."""
    by_reason = {}
    for usage, help_lines in words:
        if does_nothing(help_lines):
            by_reason.setdefault(help_lines[0], []).append(name_of(usage))
    for reason, names in by_reason.items():
        for family in families(names):
            yield reason, family


def idle_rows(words):
    for reason, names in idle_words(words):
        yield [", ".join(f"`{name}`" for name in names), marked_up(reason)]


def section(title, words):
    """A table of the words that do something, then one of those that do not, by the reason."""
    text = ["## " + marked_up(title), ""]
    last = "gives" if any(lines[-1].startswith(("Gives ", "Makes ")) for _, lines in words) else "in"
    active = [row(usage, list(lines)) for usage, lines in words if not does_nothing(lines)]
    idle = list(idle_rows(words))
    if active:
        text += table(("word", "meaning", last), active) + [""]
    if idle:
        lower = title if title.startswith("ACL") else title[0].lower() + title[1:]
        text += [f"### Without effect: {marked_up(lower)}", ""] if active else []
        text += table(("words", "what becomes of them"), idle) + [""]
    return "\n".join(text)


def contents(titles):
    """Links to the chapters, as the places that read Markdown name them."""
    def anchor(title):
        return re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
    return "\n".join(f"- [{marked_up(title)}](#{anchor(title)})" for title in titles) + "\n"


def listing(program):
    """What `haftp -dKall` prints."""
    return subprocess.run([program, "-dKall"], check=True, text=True, stdout=subprocess.PIPE).stdout


def reference(words):
    """The page for the web."""
    chapters = list(groups(words))
    return "\n".join([HEAD + contents(title for title, _ in chapters)] +
                     [section(*chapter) for chapter in chapters])


# ---- manuals: the same as troff ----------------------------------------------------------------

MANUAL_HEAD = """\
.\\" Written by docs/gen_reference.py from grammar/rows.
.TH HAFTP.CFG 5 "2026-11-23" "haftp {version}" "File Formats"
.SH NAME
haftp.cfg \\- configuration of haftp, in HAProxy's language
.SH DESCRIPTION
A file has one statement per line, and begins a section before the first.
Blanks separate words; quotes, backslashes and '#' work as in HAProxy, and so do environment variables in double quotes.
Lines that begin with
.BR .if ", " .elif ", " .else " and " .endif
choose what is read.
.PP
Times are a number with us, ms, s, m, h or d; a bare number is in milliseconds.
Sizes may end in k, m or g.
.B no option
undoes an option.
"""


def version():
    with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
        return re.search(r"project\(haftp VERSION ([0-9.]+)", file.read()).group(1)


def troff(text):
    """Text that troff takes as it is; 'words' in quotes are bold."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"(?<!\w)'([^']+)'(?!\w)", r"\\fB\1\\fR", text)
    return "\\&" + text if text.startswith((".", "'")) else text


def manual_words(title, words):
    lines = [f'.SH "{troff(title.replace(chr(39), "")).upper()}"']
    for usage, help_lines in words:
        if not does_nothing(help_lines):
            lines += [".TP", f".B {troff(usage)}"] + [troff(line) for line in help_lines]
    for reason, names in idle_words(words):
        lines += [".TP", f".I {troff(reason)}", troff(", ".join(names)) + "."]
    return "\n".join(lines) + "\n"


def manual_of_language(words):
    text = MANUAL_HEAD.format(version=version())
    text += "".join(manual_words(*group) for group in groups(words))
    return text + ".SH SEE ALSO\n.BR haftp (1)\n"


def flags():
    """(flag, argument, help) of each row of options.def, in order."""
    with open(os.path.join(ROOT, "src", "app", "options.def"), encoding="utf-8") as file:
        text = file.read()
    for kind, row in re.findall(r"^OPT_(\w+)\((.*?)\)$", text, flags=re.M | re.S):
        parts = re.findall(r'(?:"(?:[^"\\]|\\.)*"\s*)+|\w+', row)
        texts = ["".join(re.findall(r'"((?:[^"\\]|\\.)*)"', part)) for part in parts]
        argument = {"PIDS": " PID...", "PLAIN": "", "FLAG": "", "ACTION": ""}.get(kind)
        if argument is None:
            argument = f"[{texts[1]}]" if kind == "GLUED" else " " + texts[1]
        yield texts[0], argument, texts[-1]


def manual_of_flags():
    with open(os.path.join(DOCS, "haftp.1.in"), encoding="utf-8") as file:
        text = file.read()
    rows = [f'.TP\n.BI "{troff(flag)}" "{troff(argument)}"\n{troff(told)}\n'
            for flag, argument, told in flags()]
    return text.replace("@OPTIONS@", "".join(rows)).replace("@VERSION@", version())


def pages(program):
    """{name: text} of all that is written here."""
    words = listing(program)
    return {"reference.md": reference(words), "haftp.1": manual_of_flags(),
            "haftp.cfg.5": manual_of_language(words)}


def main(arguments):
    program = arguments[0] if arguments else find_program()
    if not program:
        print("no haftp is built: cmake --preset release && cmake --build --preset release",
              file=sys.stderr)
        return 1
    for name, text in pages(program).items():
        with open(os.path.join(DOCS, name), "w", encoding="utf-8") as page:
            page.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
