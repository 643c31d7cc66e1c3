"""Random legal FTP sessions; the same seed gives the same session.

A session is a list of steps. Steps are tuples of plain values, so a session can be printed,
shortened and played again:

    ("login", HOW)              how a client may log in: see LOGINS
    ("say", LINE)               a command and its reply
    ("group", LINE, LINE, ...)  commands sent in one write, then all their replies
    ("open", MODE)              PASV, EPSV, PORT or EPRT, for the next transfer
    ("move", LINE, OPTIONS)     a command that moves data, with what OPTIONS says of it:
        send N      the client sends N bytes
        rest N      REST N before
        late        the client connects after the command, not before
        with MODE   the command follows PASV.. in the same write
        during X    a command while data flows, or ABOR, "ABOR telnet", "ABOR urgent", "close",
                    "reset"
    ("end", HOW)                QUIT, drop (the client just closes) or half (it closes its half)

`{root}` stands for the session's own folder. It has always the same content: see tree.py.
"""

import random

MODES = ("PASV", "EPSV", "PORT", "EPRT")
LOGINS = (*["plain"] * 8, *["pipelined"] * 3, "password first", "twice", "stranger first")
FILES = ("a", "one", "empty", "d/x", "with space", "\u00fcmlaut", "nosuch", "d/nosuch",
         "{root}/a", "{root}/d/x", "x", "../a", "locked/y", "d", "/pub/random.bin", "new1", "new2")
TARGETS = ("new1", "new2", "a", "d/new3", "{root}/d/x", "with space", "locked/y", "nosuch/y",
           "one", "d")
FOLDERS = ("d", "d/e", "e", "n1", "n2", "d/n3", "{root}", "{root}/d", "nosuch", "a", "locked")
# Only an upload that is cut short writes this one: how much of it arrives is a matter of chance.
CUT = "cut"
# What is said before a login. (ProFTPD answers SITE CHMOD twice then, and is never right again.)
STRANGERS = ("PWD", "NOOP", "SYST", "FEAT", "HELP", "STAT", "TYPE I", "PASV", "LIST", "RETR a",
             "ABOR", "REST 0", "XYZZY", "OPTS UTF8 ON", "CWD d", "ACCT x", "REIN", "MODE S")
SIZES = (0, 1, 2, 999, 4096, 20000, 70000)
LARGE = 3 << 20


def _path_command(rng):
    verb = rng.choice(("SIZE", "MDTM", "MLST", "STAT", "DELE", "SIZE", "MDTM", "CWD", "RMD", "MKD",
                       "CWD", "MFMT"))
    if verb in ("CWD", "RMD", "MKD"):
        return f"{verb} {rng.choice(FOLDERS)}"
    if verb == "MFMT":
        return f"MFMT 20050607080910 {rng.choice(FILES)}"
    return f"{verb} {rng.choice(FILES)}"


def _plain_command(rng):
    return rng.choice((
        "PWD", "NOOP", "SYST", "FEAT", "HELP", "HELP RETR", "STAT", "TYPE I", "TYPE A", "TYPE A N",
        "TYPE L 8", "TYPE E", "MODE S", "MODE B", "STRU F", "STRU R", "OPTS UTF8 ON",
        "OPTS MLST type;size;", "OPTS NONSENSE", "SITE HELP", "SITE CHMOD 640 a", "SITE NONSENSE",
        "ALLO 1000", "ACCT x", "XYZZY", "XPWD", "REST 0", "RNTO new1", "EPSV 9",
        "pwd", "noop ", "PASS again", "MODE", "TYPE", "SMNT /"))


def _say(rng):
    kind = rng.random()
    if kind < 0.15:
        return [("say", f"RNFR {rng.choice(FILES)}"), ("say", f"RNTO {rng.choice(TARGETS)}")]
    if kind < 0.2:
        return [("say", rng.choice(("CDUP", "ABOR")))]
    return [("say", _path_command(rng) if kind < 0.65 else _plain_command(rng))]


def _group(rng):
    return [("group", *(_path_command(rng) if rng.random() < 0.6 else
                        rng.choice(("PWD", "NOOP", "SYST", "TYPE I", "TYPE A", "FEAT", "REST 5"))
                        for _ in range(rng.randint(2, 8))))]


def _listing(rng):
    verb = rng.choice(("LIST", "NLST", "MLSD"))
    return verb if rng.random() < 0.5 else f"{verb} {rng.choice(FOLDERS)}"


def _transfer(rng):
    """What is moved, and what happens meanwhile."""
    options = {}
    kind = rng.random()
    if kind < 0.25:
        line = _listing(rng)
    elif kind < 0.5:
        line = f"RETR {rng.choice(FILES[:-2])}"
        if rng.random() < 0.3:
            options["rest"] = rng.choice((0, 1, 5, 500, 100000))
    elif kind < 0.58:
        line, options["during"] = "RETR /pub/random.bin", rng.choice(
            ("NOOP", "STAT", "ABOR", "ABOR telnet", "ABOR urgent", "close", "NOOP", "QUIT"))
    elif kind < 0.66:
        line, options["send"] = f"STOR {CUT}", 200000
        options["during"] = rng.choice(("ABOR", "ABOR telnet", "ABOR urgent", "reset"))
    else:
        verb = rng.choice(("STOR", "STOR", "STOR", "APPE", "STOU"))
        line = verb if verb == "STOU" else f"{verb} {rng.choice(TARGETS)}"
        options["send"] = LARGE if rng.random() < 0.05 else rng.choice(SIZES)
        if verb == "STOR" and rng.random() < 0.2:
            options["rest"] = rng.choice((0, 1, 5))
        if rng.random() < 0.15:
            options["during"] = rng.choice(("NOOP", "STAT"))
    return line, options


def _move(rng):
    line, options = _transfer(rng)
    steps = []
    opening = rng.random()
    if opening < 0.05:
        line, options = rng.choice(("LIST", "RETR a", "NLST d", "RETR nosuch")), {}
    elif opening < 0.15:
        options["with"] = rng.choice(MODES)
    else:
        steps = [("open", rng.choice(MODES)) for _ in range(rng.choice((1,) * 12 + (2, 2, 3)))]
        if rng.random() < 0.1:
            steps.append(("say", rng.choice(("NOOP", "TYPE I", "PWD", "ABOR"))))
    if rng.random() < 0.3 and "with" not in options:
        options["late"] = True
    steps.append(("move", line, options))
    if options.get("during") == "QUIT":
        steps.append(("end", "QUIT"))
    return steps


def is_legal(steps):
    """Are these steps what a client may do, and haftp does as servers do? Three things are not.

    An upload without a data connection of its own: servers begin it all the same, or not, as they
    like. And ABOR between PORT and its transfer: ProFTPD gives up a passive port then, but not the
    client's address, and behind haftp it has a passive port where the client said PORT. And REST
    before a transfer without a data connection: vsftpd keeps it for another one.
    """
    mode, rest = None, False
    for step in steps:
        if step[0] == "open":
            mode = step[1]
        elif step[0] == "say" and step[1] == "ABOR" and mode in ("PORT", "EPRT"):
            return False
        elif step[0] == "group":
            rest = rest or any(line.startswith("REST") for line in step[1:])
        elif step[0] == "move":
            if rest and not (mode or "with" in step[2]):
                return False
            rest = False
            if "send" in step[2] and not (mode or "with" in step[2]):
                return False
            mode = None
    return True


def session(seed):
    """The session with this seed."""
    rng = random.Random(seed)
    while not is_legal(steps := _session(rng)):
        pass
    return steps


def _session(rng):
    steps = []
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        steps.append(("say", rng.choice(STRANGERS)))
    steps.append(("login", rng.choice(LOGINS)))
    for _ in range(rng.randint(3, 12)):
        kind = rng.random()
        if kind < 0.42:
            steps += _move(rng)
        elif kind < 0.52:
            steps += _group(rng)
        elif kind < 0.54:
            steps += [("say", "REIN"), ("login", "plain")]
        elif kind < 0.56:
            steps.append(("open", rng.choice(("PASV", "EPSV"))))
        else:
            steps += _say(rng)
        if steps[-1][0] == "end":
            return steps
    steps.append(("end", rng.choice(("QUIT", "QUIT", "QUIT", "drop", "half"))))
    return steps
