"""Nothing that was said before AUTH counts behind it: somebody on the way could have said it."""

import pytest

from lib.fakes import Fake
from lib.ftps import EXPLICIT_PORT
from lib.haftp import head
from lib.session import Session
from lib.tls import ClientTls

REPLIES = {"USER": "331 Password?", "PASS": "230 In.", "REIN": "220 Again."}


class Scribe:
    """A server that knows no TLS, and writes down what it hears."""

    def __init__(self, host="220 Welcome."):
        self.heard = []
        self.replies = {**REPLIES, "HOST": host}

    def __call__(self, connection):
        connection.sendall(b"220 ready\r\n")
        for line in connection.makefile("r", newline="\r\n"):
            self.heard.append(line.rstrip())
            reply = self.replies.get(line.split()[0], "200 Fine.")
            connection.sendall(f"{reply}\r\n".encode())


@pytest.fixture
def meet(lab):
    """A client's session with a haftp in front of these scribes: of its section itself, and of
    backend `evil`."""
    fakes = []

    def server(scribe):
        fakes.append(Fake("fake", lab.net.server(), scribe))
        return f"server s {fakes[-1].address}:{fakes[-1].port}\n"

    def session(scribe, rule="", evil=None):
        front = lab.net.front()
        text = (f"frontend ftp\n bind {front}:{EXPLICIT_PORT} starttls crt "
                f"{lab.certificates.server}\n option ftp-inspect\n ftp-data ports 20000-20009\n"
                f" {rule}\n default_backend good\nbackend good\n {server(scribe)}")
        if evil:
            text += f"backend evil\n {server(evil)}"
        lab.haftp(head() + text, (front, EXPLICIT_PORT))
        return Session((front, EXPLICIT_PORT))
    yield session
    for fake in fakes:
        fake.__exit__()


def says(session, command):
    session.putcmd(command)
    return session.getmultiline()


def begin_tls(lab, session):
    assert says(session, "AUTH TLS").startswith("234 ")
    session.sock = ClientTls(lab.certificates.ca).context().wrap_socket(session.sock)
    session.file = session.sock.makefile("r", encoding="utf-8")


def test_login_in_one_packet_with_rein(meet):
    """What stands behind REIN is a login in the clear, whenever it was read."""
    scribe = Scribe()
    with meet(scribe) as session:
        session.sock.sendall(b"REIN\r\nUSER mallory\r\nPASS xxxxxx\r\n")
        assert [session.getmultiline()[:3] for _ in range(3)] == ["220", "331", "230"]
        assert says(session, "AUTH TLS").startswith("503 ")
        assert says(session, "PWD") == "200 Fine."


@pytest.mark.parametrize("condition", ("{ ftp.host evil }", "{ ftp.host evil } !{ ftp.user root }"))
def test_host_chooses_no_server(lab, meet, condition):
    """Neither HOST, nor what the front desk would say to a server in the client's name."""
    good, evil = Scribe(), Scribe()
    with meet(good, f"use_backend evil if {condition}", evil) as session:
        assert says(session, "OPTS UTF8 ON").startswith("200 ")
        assert says(session, "CLNT mallory").startswith("200 ")
        assert says(session, "HOST evil").startswith("220 ")
        begin_tls(lab, session)
        assert says(session, "USER alice").startswith("331 ")
        assert says(session, "PASS wonder").startswith("230 ")
    assert good.heard[:2] == ["USER alice", "PASS wonder"]
    assert not any(line.startswith("USER") for line in evil.heard)


def test_host_within_tls_chooses(lab, meet):
    good, evil = Scribe(), Scribe()
    with meet(good, "use_backend evil if { ftp.host evil }", evil) as session:
        assert says(session, "HOST good").startswith("220 ")
        begin_tls(lab, session)
        assert says(session, "HOST evil").startswith("220 ")
        assert says(session, "USER alice").startswith("331 ")
    assert evil.heard[:2] == ["HOST evil", "USER alice"]


def test_host_that_the_server_took(meet):
    """It cannot be taken back, so AUTH comes too late."""
    with meet(Scribe()) as session:
        assert says(session, "HOST evil").startswith("220 ")
        assert says(session, "AUTH TLS").startswith("503 ")


def test_host_that_the_server_refused(lab, meet):
    scribe = Scribe(host="504 Unknown.")
    with meet(scribe) as session:
        assert says(session, "HOST evil").startswith("504 ")
        begin_tls(lab, session)
        assert says(session, "USER alice").startswith("331 ")
    assert scribe.heard[:2] == ["HOST evil", "USER alice"]
