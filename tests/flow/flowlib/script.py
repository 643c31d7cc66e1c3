"""The language of .flow files: text in, header and steps out.  README.md describes it."""

import dataclasses
import pathlib
import re


class FlowSyntaxError(Exception):
    """The .flow file itself is wrong."""


@dataclasses.dataclass
class Step:
    """One line of a script."""

    where: str  # file:line, for messages
    text: str
    who: str  # "C", "S2", "Cd"; "" for a step without an actor
    verb: str
    rest: str
    within: float | None  # seconds; None: the runner's patience


@dataclasses.dataclass
class Flow:
    """One .flow file."""

    name: str
    why: str  # the comment at its top
    header: dict[str, list[str]]
    steps: list[Step]

    def option(self, key, default=""):
        """The last value of a header key that may stand once."""
        return self.header.get(key, [default])[-1]


# What a header may say.  "with", "global" and "also" may be repeated.
HEADER_KEYS = {"with", "global", "also", "servers", "server", "family", "server-family", "ports"}
ALONE = {"wait", "idle", "log"}
ACTOR_VERBS = {">", "<", "<?", "<<", "raw", "drip", "urgent", "connect", "accept", "close", "shut",
               "kill", "sent", "blocked", "passive", "deaf", "unlisten", "refuse", "listen",
               "knock", "nobody"}

# C, S, C2, S3: client and server by number.  A letter: one more control connection of the same
# peer.  A "d": its data connection.
ACTOR = r"[CS]\d*[a-ce-h]?(?:d\d*)?"
STEP = re.compile(rf"(?:within (?P<within>\S+) )?(?:(?P<who>{ACTOR}) +)?"
                  r"(?P<verb>\S+)(?: (?P<rest>.*))?$")


def seconds(text):
    """'200ms' or '3s' as a number of seconds."""
    match = re.fullmatch(r"(\d+)(ms|s)", text)
    if not match:
        raise FlowSyntaxError(f"'{text}' is no time (200ms, 3s)")
    return int(match[1]) / (1000 if match[2] == "ms" else 1)


def size(text):
    """'100', '64k' or '8M' as a number of bytes."""
    match = re.fullmatch(r"(\d+)([kM]?)", text)
    if not match:
        raise FlowSyntaxError(f"'{text}' is no size (100, 64k, 8M)")
    return int(match[1]) * {"": 1, "k": 1024, "M": 1024 * 1024}[match[2]]


def unescape(text):
    r"""Bytes of a script text: \r \n \t \\ \xHH, and {TEXT*N} for a text N times."""
    def repeated(match):
        return match[1] * int(match[2])

    text = re.sub(r"\{([^{}*]+)\*(\d+)\}", repeated, text)
    escapes = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}

    def escaped(match):
        return chr(int(match[1][1:], 16)) if match[1][0] == "x" else escapes[match[1]]

    return re.sub(r"\\(x[0-9a-fA-F]{2}|[rnt\\])", escaped, text).encode("latin-1")


def parse_step(where, line):
    """One step; raises FlowSyntaxError."""
    match = STEP.match(line)
    if not match:
        raise FlowSyntaxError(f"{where}: cannot read '{line}'")
    who, verb = match["who"] or "", match["verb"]
    if verb not in (ACTOR_VERBS if who else ALONE):
        raise FlowSyntaxError(f"{where}: '{verb}' is no step of {who or 'nobody'}")
    if verb == "log" and not re.fullmatch(r"(no )?/.*/", match["rest"] or ""):
        raise FlowSyntaxError(f"{where}: log /PATTERN/, or log no /PATTERN/")
    try:
        within = seconds(match["within"]) if match["within"] else None
    except FlowSyntaxError as error:
        raise FlowSyntaxError(f"{where}: {error}") from None
    return Step(where, line, who, verb, match["rest"] or "", within)


def included(words, parts):
    """Steps of a part: `include NAME`, or `include NAME as 2`: C becomes C2 and Sd becomes S2d."""
    part = parts / (words[0] + ".part")
    steps = parse_lines(part.read_text(), part.name, parts)[1]
    if words[1:2] == ["as"]:
        steps = [dataclasses.replace(step, who=step.who[:1] + words[2] + step.who[1:]) if step.who
                 else step for step in steps]
    return steps


def parse_lines(text, name, parts):
    """(header, steps) of a script; `parts` is the folder that include looks in."""
    header, steps, blocks = {}, [], []
    for number, raw in enumerate(text.splitlines(), 1):
        where, line = f"{name}:{number}", "" if raw.startswith("#") else raw.lstrip()
        key = re.match(r"([a-z-]+): ?(.*)$", line)
        if not line:
            continue
        if key:
            if key[1] not in HEADER_KEYS:
                raise FlowSyntaxError(f"{where}: no header key '{key[1]}'")
            header.setdefault(key[1], []).append(key[2])
        elif line.startswith("include "):
            steps += included(line.split()[1:], parts)
        elif line.startswith("repeat "):
            blocks.append((where, int(line.split()[1]), steps))
            steps = []
        elif line == "end":
            if not blocks:
                raise FlowSyntaxError(f"{where}: 'end' without 'repeat'")
            _, times, outer = blocks.pop()
            steps = outer + steps * times
        else:
            steps.append(parse_step(where, line))
    if blocks:
        raise FlowSyntaxError(f"{blocks[-1][0]}: 'repeat' without 'end'")
    return header, steps


def parse_flow(text, name, parts):
    """A Flow from its text."""
    why = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        why.append(line[1:].strip())
    if not why:
        raise FlowSyntaxError(f"{name}: must begin with a comment that says what it shows")
    header, steps = parse_lines(text, name, parts)
    return Flow(name, " ".join(why), header, steps)


def load(path):
    """The Flow in a file; its parts are in the folder parts/ beside its folder."""
    path = pathlib.Path(path)
    name = f"{path.parent.name}/{path.stem}"
    return parse_flow(path.read_text(), name, path.parent.parent / "parts")
