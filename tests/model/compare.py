"""What may differ between a session played directly and the same one through haftp: RULES.

Everything else must be equal: codes and texts of all replies, data, the tree afterwards.
"""

import collections
import re

from model.generate import CUT

_LISTINGS = ("LIST", "NLST", "MLSD")
# A time that is not the fixed one of the planted tree is "now", in whatever form.
_STAMP = re.compile(r"\b(?!2001|2005)20\d{12}\b")
_LIST_TIME = re.compile(r"\b[A-Z][a-z]{2} [ \d]\d (?:\d\d:\d\d| 20(?!01|05)\d\d)")
_UNIQUE_FACT = re.compile(r"unique=\w+;")
_UNIQUE_NAME = re.compile(r"\bftp\w{6}\b")


def plain(text, root):
    """A text without what differs from one run to the next."""
    text = _STAMP.sub("NOW", text.replace(root, "{root}"))
    text = _UNIQUE_FACT.sub("unique=U;", _LIST_TIME.sub("NOW", text))
    return _UNIQUE_NAME.sub("ftpUNIQUE", text)


def listed(data, root):
    """The lines of a listing in any order, without the file whose size is a matter of chance."""
    lines = plain(data.decode("utf-8", "replace"), root).splitlines()
    return sorted(line for line in lines
                  if not line.endswith(" " + CUT) and line != CUT and not line.startswith("total "))


Rule = collections.namedtuple("Rule", "name applies view why")


def _verb(seen):
    step = seen.step
    return step[1].split(" ")[0].upper() if step[0] in ("say", "move") else ""


def _during(seen):
    return seen.step[2].get("during", "") if seen.step[0] == "move" else ""


def _codes(seen):
    return seen.codes


def _sorted_codes(seen):
    return sorted(seen.codes)


def _finals(seen):
    return [code for code in seen.codes if code >= 200]


def _how_many_finals(seen):
    return len(_finals(seen)), all(code < 500 or code == 550 for code in _finals(seen))


# The first rule that applies says what is looked at. A view of None: nothing.
RULES = (
    Rule("nothing open", lambda s: not s.opened, lambda s: None,
         "after a refused transfer haftp has closed the data connection, as most servers do, and "
         "answers 425; vsftpd sends the next file into its own, which nobody may hold any more"),
    Rule("aborted", lambda s: _during(s).startswith("ABOR"), _how_many_finals,
         "how far a transfer is when ABOR comes is chance: 426 and 226, 226 and 225, 426 and 225 "
         "are all right (RFC 959 4.1.3); but each command has its one reply"),
    Rule("broken off", lambda s: _during(s) in ("close", "reset"), _how_many_finals,
         "what a server says of a client that closes early depends on what it had sent by then"),
    Rule("leaving", lambda s: _during(s) == "QUIT", lambda s: s.codes[-1:],
         "ProFTPD ends a transfer at once when it reads QUIT, if it reads it before the end"),
    Rule("in passing", lambda s: _during(s) in ("NOOP", "STAT"), _sorted_codes,
         "a server may answer while data flows, or after it"),
    Rule("data connection named", lambda s: s.step[0] == "open" or
         (s.step[0] == "move" and "with" in s.step[2]), _codes,
         "haftp names its own ports, and answers PORT and EPRT in its own words"),
    Rule("features", lambda s: _verb(s) == "FEAT" or (s.step[0] == "group" and "FEAT" in s.step),
         _codes, "haftp hides what does not work through it"),
    Rule("status", lambda s: _verb(s) == "STAT" and s.step[1] == "STAT", _codes,
         "the status of a session names its client, and vsftpd and ProFTPD see haftp's address"),
    Rule("unwanted protocol", lambda s: s.step[1:] == ("EPSV 9",), lambda s: None,
         "haftp knows without asking which protocols a client can use (RFC 2428 2)"),
)


def _texts(seen, root):
    return [(code, [plain(line, root) for line in lines]) for code, lines in seen.replies]


def _view(rule, seen, root):
    return rule.view(seen) if rule else _texts(seen, root)


def _data(seen, root):
    if seen.data is None:
        return None
    if _verb(seen) in _LISTINGS:
        return listed(seen.data, root)
    return seen.data


def _by_chance(seen):
    """Whether data came, and how much, is no matter of the session's."""
    return _during(seen) == "QUIT" or not seen.opened


def _step_differs(direct, proxied, roots):
    rule = next((rule for rule in RULES if rule.applies(direct)), None)
    views = [_view(rule, seen, root) for seen, root in zip((direct, proxied), roots)]
    if views[0] != views[1]:
        return "replies" + (f" (rule {rule.name!r})" if rule else "")
    if _by_chance(direct):
        return None
    if direct.notes != proxied.notes:
        return "notes"
    data = [_data(seen, root) for seen, root in zip((direct, proxied), roots)]
    if data[0] != data[1]:
        return f"data: {_brief(data[0])} and {_brief(data[1])}"
    return None


def _brief(data):
    if isinstance(data, bytes):
        return f"{len(data)} bytes"
    return data


def difference(direct, proxied, roots):
    """The first difference between two lists of what was seen, as text; None: there is none."""
    for one, other in zip(direct, proxied):
        what = _step_differs(one, other, roots)
        if what:
            return "\n".join([f"at {one.step}: {what}",
                              f"  directly:      {one.replies} {one.notes}",
                              f"  through haftp: {other.replies} {other.notes}"])
    short = min(direct, proxied, key=len)
    if len(direct) != len(proxied) and not _by_chance(short[-1]):
        return f"{len(direct)} steps were played directly, {len(proxied)} through haftp"
    return None


def tree_difference(direct, proxied):
    """The same for what survey() found on the servers."""
    def known(tree):
        return sorted((_UNIQUE_NAME.sub("ftpUNIQUE", path), fact)
                      for path, fact in tree.items()
                      if path.rpartition("/")[2] != CUT)
    one, other = known(direct), known(proxied)
    if one == other:
        return None
    return f"the tree: only directly: {[e for e in one if e not in other]}, " \
           f"only through haftp: {[e for e in other if e not in one]}"
