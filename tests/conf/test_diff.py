"""The same verdict as HAProxy's, and the same first line of error, on every file of diff/.

HAProxy's verdicts are recorded in diff/verdicts.tsv. Where haftp differs on purpose, what it says
and why stands in diff/accepted.tsv. Where HAProxy names no line (what it finds when all sections
are read), haftp may name one.
"""

import pathlib
import shutil
import sys

import pytest

from test_conf import program

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "diff"))
import corpus  # noqa: E402

NAMES = corpus.names()
TOPICS = sorted({name.split("/")[0] for name in NAMES})
RECORDED = corpus.read_table(corpus.VERDICTS)
ACCEPTED = corpus.read_table(corpus.ACCEPTED)
SEALS = corpus.read_table(corpus.SEALS)


def of_topic(topic):
    return [name for name in NAMES if name.startswith(f"{topic}/")]


def agrees(ours, theirs):
    return ours.code == theirs.code and theirs.place in (ours.place, corpus.NOWHERE)


def told(name, ours, expected, text):
    return (f"\n{name}: exit {ours.code} at line {ours.place}, "
            f"expected exit {expected.code} at line {expected.place}\n{text.rstrip()}\n")


@pytest.mark.parametrize("topic", TOPICS)
def test_verdicts_are_those_of_haproxy(topic):
    wrong = []
    for name in of_topic(topic):
        ours, text = corpus.check(program(), name)
        theirs = corpus.verdict_of(RECORDED[name])
        expected = corpus.verdict_of(ACCEPTED[name]) if name in ACCEPTED else theirs
        if not (ours == expected if name in ACCEPTED else agrees(ours, theirs)):
            wrong.append(told(name, ours, expected, text))
    assert not wrong, f"{len(wrong)} of {len(of_topic(topic))} differ:\n" + "".join(wrong)


def test_every_file_has_a_verdict_and_every_verdict_a_file():
    assert list(RECORDED) == NAMES, "run diff/record.py where haproxy is installed"
    assert set(ACCEPTED) <= set(NAMES)


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_difference_is_one_and_has_a_reason(name):
    row = ACCEPTED[name]
    assert not agrees(corpus.verdict_of(row), corpus.verdict_of(RECORDED[name]))
    assert row["reason"]


def is_sealed(name):
    return name in SEALS and SEALS[name]["seal"] == corpus.seal(name, RECORDED[name])


@pytest.mark.parametrize("whole", [
    pytest.param(False, id="changed"),
    pytest.param(True, id="all", marks=[pytest.mark.slow, pytest.mark.long])])
@pytest.mark.parametrize("topic", TOPICS)
def test_recorded_verdicts_are_those_of_haproxy(topic, whole):
    """Those that diff/record.py wrote are: it is asked about what has changed since."""
    names = [name for name in of_topic(topic) if whole or not is_sealed(name)]
    if not names:
        return
    haproxy = shutil.which("haproxy")
    if not haproxy:
        pytest.skip("haproxy is not installed")
    version = corpus.version(haproxy)
    if any(RECORDED[name]["haproxy"] != version for name in names):
        pytest.skip(f"recorded with another version than {version}")
    wrong = [name for name in names
             if corpus.ask_haproxy(haproxy, name) != corpus.verdict_of(RECORDED[name])]
    assert not wrong, "diff/record.py says otherwise now"
