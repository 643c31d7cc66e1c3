"""The corpus of the differential test: its files, how each is run, and what a verdict is.

A file is run alone, from its own folder, with an empty environment. Its first line may say
otherwise: `# run: NAME=VALUE... ARGUMENT...`. With -f or -cc among the arguments, they are all
there is; else `-f FILE` follows them.
"""

import csv
import functools
import hashlib
import pathlib
import re
import shlex
import subprocess
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
VERDICTS = HERE / "verdicts.tsv"
ACCEPTED = HERE / "accepted.tsv"
SEALS = HERE / "seals.tsv"

NOWHERE = "-"
PLACE = re.compile(r"^\[ALERT\] +\(\d+\) : (?:config : )?(?:[Pp]arsing )?"
                   r"\[([^\[\]:]+):(\d+)(?::\d+)?\]", re.M)


class Verdict(NamedTuple):
    """The exit code, and the first line that an error was told of: LINE, FILE:LINE where it is
    another file than the one of the corpus, or NOWHERE."""

    code: int
    place: str


def names():
    """Of all files: TOPIC/POINT.cfg. What only other files include lies deeper, in parts/."""
    return sorted(path.relative_to(HERE).as_posix() for path in HERE.glob("*/*.cfg"))


def command(path):
    """The environment and the arguments that the file is checked with."""
    first = path.open("rb").readline().decode("utf-8", "replace")
    words = shlex.split(first.removeprefix("# run:")) if first.startswith("# run:") else []
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    while words and re.match(r"\w+=", words[0]):
        name, value = words.pop(0).split("=", 1)
        environment[name] = value
    if "-cc" in words:
        return environment, words
    return environment, ["-c", *words, *([] if "-f" in words else ["-f", path.name])]


def check(program, name, more_environment=None):
    """What `program` says of the file: its verdict, and all of its text."""
    path = HERE / name
    environment, arguments = command(path)
    result = subprocess.run([program, *arguments], cwd=path.parent, timeout=60,
                            env={**environment, **(more_environment or {})},
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False)
    text = result.stdout.decode("utf-8", "backslashreplace")
    told = places(text, path.name) if result.returncode else []
    return Verdict(result.returncode, told[0] if told else NOWHERE), text


def places(text, file):
    """All lines that errors were told of, in the order of the messages."""
    return [line if where == file else f"{where}:{line}" for where, line in PLACE.findall(text)]


def ask_haproxy(program, name):
    """HAProxy's verdict. It may fall over after the error that it has told (2.6.12 does, of a
    section whose header is wrong): then it has refused the file all the same."""
    verdict, _ = check(program, name)
    if verdict.code < 0 and verdict.place != NOWHERE:
        return verdict._replace(code=1)
    return verdict


def version(program):
    """As it stands in the table: of another one nobody expects the same verdicts."""
    result = subprocess.run([program, "-v"], capture_output=True, check=True)
    return re.search(r"version (\S+)", result.stdout.decode())[1]


def read_table(path):
    """Rows of a table with a line of headings, by file."""
    with path.open(encoding="utf-8", newline="") as table:
        return {row["file"]: row for row in csv.DictReader(table, delimiter="\t",
                                                           quoting=csv.QUOTE_NONE)}


@functools.cache
def _parts(topic):
    """All that files of this topic may include."""
    digest = hashlib.sha256()
    for path in sorted((HERE / topic).glob("*/**/*")):
        if path.is_file():
            digest.update(f"{path.relative_to(HERE)} {path.stat().st_size} ".encode())
            digest.update(path.read_bytes())
    return digest.digest()


def seal(name, row):
    """Of a file and of its recorded verdict: another one, when either has changed."""
    told = f"{row['exit']} {row['line']} {row['haproxy']} ".encode()
    return hashlib.sha256(told + _parts(name.split("/")[0]) +
                          (HERE / name).read_bytes()).hexdigest()[:12]


def verdict_of(row):
    return Verdict(int(row["exit"]), row["line"])
