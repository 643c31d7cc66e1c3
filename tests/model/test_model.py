"""Some random sessions, always the same ones; tests/model/run.py plays any number."""

import pytest

from model import generate, run


@pytest.mark.parametrize("tls, sessions", [(False, 150), (True, 60)], ids=["plain", "tls"])
def test_seen_as_without_haftp(lab, tls, sessions):
    lab.need_haftp()
    findings = run.run(run.Arena(lab, tls=tls), range(sessions), parallel=8)
    assert not findings, "\n".join(map(str, findings))


def test_a_seed_is_a_session():
    assert generate.session(7) == generate.session(7) != generate.session(8)


def test_notices_what_differs(lab):
    """A haftp that denies a command must be found out, and the session be shortened to it."""
    lab.need_haftp()
    arena = run.Arena(lab, ["ftp-request deny if { ftp.cmd MKD }"])
    server = arena.servers["vsftpd"][0]
    steps = [("login", "plain"), ("say", "PWD"), ("say", "MKD new"), ("end", "QUIT")]
    text = arena.difference(server, steps)
    assert text and "MKD" in text
    assert arena.shorter(server, steps, text)[0] == [("say", "MKD new")]
