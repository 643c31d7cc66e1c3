"""The runner itself: what it must accept and, above all, what it must notice.  Needs no haftp."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from flowlib import run, script  # noqa: E402
from flowlib.peers import FlowFailure, pattern  # noqa: E402

PARTS = HERE / "parts"
HELLO = "include hello\n"
TRANSFER = "include hello\ninclude pasv\ninclude retr\n"


def play(text):
    """Client and server of a script talk to each other directly."""
    run.play_direct(script.parse_flow("# under test\n" + text, "test", PARTS))


GOOD = {
    "lines": HELLO + "include noop\n",
    "download": HELLO + "include download\n",
    "blank line": HELLO + "S >\nC <\n",
    "leading blank": HELLO + "S >  x\nC <  x\n",
    "pattern": HELLO + "S > 331 password for you\nC < /331 .*you/\n",
    "drip": HELLO + "S drip 200 slowly\nC < 200 slowly\n",
    "one piece": HELLO + "S > 200 whole\nC < 200 whole in one piece\n",
    "same piece": HELLO + "S raw 150 a\\r\\n226 b\\r\\n\nC < 150 a\nC < 226 b in the same piece\n",
    "escapes": HELLO + "C raw a\\x00b\\r\\n\nS < a\\x00b\n",
    "repeated text": HELLO + "C > {ab*3}\nS < ababab\n",
    "optional, there": HELLO + "S raw 120 wait\\r\\n220 go\\r\\n\nC <? 120 wait\nC < 220 go\n",
    "optional, not there": HELLO + "S > 220 go\nC <? 120 wait\nC < 220 go\n",
    "skipping": HELLO + "S raw a\\r\\nb\\r\\nc\\r\\n\nC << c\n",
    "quiet": HELLO + "C < nothing 20ms\n",
    "urgent": HELLO + "C raw ab\nC urgent !\nC raw c\\r\\n\nS < /ab!?c/\n",
    "end": HELLO + "S close\nC < EOF\n",
    "reset": HELLO + "S kill\nC < RESET\n",
    "either end": HELLO + "S kill\nC < ENDED\n",
    "half-close": TRANSFER + "Cd shut\nSd < EOF\nSd > 5 bytes\nSd close\nCd < 5 bytes EOF\n",
    "slow reader": TRANSFER + "Sd > 32M bytes\nSd blocked\nSd close\nCd < 32M bytes EOF\n",
    "sent": TRANSFER + "Sd > 100 bytes\nSd sent\nCd < 100 bytes\n",
    "reset under a reader": TRANSFER + "Sd > 8M bytes\nCd < 1M bytes\nCd kill\nSd < RESET\n",
    "nobody": HELLO + "S passive\nSd nobody\n",
    "not logged": HELLO + "log no /anything/\n",
    "named copies": HELLO + "include hello as a\ninclude download as a\n",
    "repeat": HELLO + "repeat 3\ninclude noop\nend\n",
}

BAD = {
    "other line": (HELLO + "S > 200 yes\nC < 200 no\n", "came"),
    "other pattern": (HELLO + "S > 200 yes\nC < /2.. no/\n", "came"),
    "no line": (HELLO + "within 50ms C < 200 yes\n", "no line came"),
    "bare LF": (HELLO + "S raw 200 yes\\n\nC < 200 yes\n", "CRLF"),
    "several pieces": (HELLO + "S drip 200 torn\nC < 200 torn in one piece\n", "in pieces"),
    "a piece of its own": (HELLO + "S > 150 a\nC < 150 a\nS > 226 b\n"
                           "C < 226 b in the same piece\n", "of its own"),
    "not quiet": (HELLO + "S > 200 yes\nC < nothing 50ms\n", "nothing"),
    "ended, not quiet": (HELLO + "S close\nC < nothing 50ms\n", "nothing"),
    "unread at the end": (HELLO + "S > 200 yes\n", "more than the script expects"),
    "untaken connection": (HELLO + "Ca connect\n", "unexpected connection"),
    "still open": (HELLO + "within 50ms C < EOF\n", "still open"),
    "reset for EOF": (HELLO + "S kill\nC < EOF\n", "should see EOF"),
    "EOF for reset": (HELLO + "S close\nC < RESET\n", "should see RESET"),
    "bytes before EOF": (TRANSFER + "Sd > 5 bytes\nSd close\nCd < EOF\n", "should see EOF"),
    "too few bytes": (TRANSFER + "Sd > 5 bytes\nSd close\nCd < 6 bytes\n", "missing"),
    "too many bytes": (TRANSFER + "Sd > 7 bytes\nSd close\nCd < 6 bytes EOF\n", "should see EOF"),
    "wrong bytes": (TRANSFER + "Sd raw 12345\nCd < 5 bytes\n", "wrong bytes"),
    "nobody accepts": (HELLO + "S passive\nwithin 50ms Sd accept\n", "nobody connected"),
    "somebody": (HELLO + "Ca connect\nS nobody\n", "somebody connected"),
    "log": (HELLO + "within 50ms log /anything/\n", "was not logged"),
    "not blocked": (TRANSFER + "Sd > 5 bytes\nSd blocked\n", "could send everything"),
    "no 227": (HELLO + "S > 227 but no numbers\nC < {227}\n", "no proper 227"),
    "no 229": (HELLO + "S > 229 (||||)\nC < {229}\n", "no proper 229"),
    "no connection": ("C > NOOP\n", "no connection"),
}

UNREADABLE = {
    "unknown verb": "C sends hello\n",
    "verb without actor": "connect\n",
    "unknown header": "colour: red\n",
    "no time": "within soon C < x\n",
    "end alone": "end\n",
    "log without pattern": "log something\n",
    "repeat without end": "repeat 2\nC connect\n",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
def test_good_conversation(text):
    """A conversation that goes as written."""
    play(text)


@pytest.mark.parametrize("text,message", BAD.values(), ids=BAD.keys())
def test_bad_conversation(text, message):
    """A conversation that goes another way is a failure that says how."""
    with pytest.raises(FlowFailure, match=message):
        play(text)


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_unreadable_script(text):
    """A script that means nothing is refused before anything runs."""
    with pytest.raises(script.FlowSyntaxError):
        script.parse_flow("# under test\n" + text, "test", PARTS)


def test_script_must_say_what_it_shows():
    """The comment at the top is not optional."""
    with pytest.raises(script.FlowSyntaxError):
        script.parse_flow("C connect\n", "test", PARTS)


def test_pattern_is_seamless():
    """Pieces of the pattern fit together at any offset."""
    whole = pattern(0, 200000)
    for cut in (1, 65520, 65521, 65522, 131042, 199999):
        assert pattern(0, cut) + pattern(cut, 200000 - cut) == whole
