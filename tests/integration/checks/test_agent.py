"""Agents: what their words do to servers, and what logs say. Those words of logs were first seen at
HAProxy 2.6.12 with the same agents."""

import contextlib
import re
import socket

from lib.fakes import Fake, hang
from lib.haftp import head
from lib.wait import until

# What the agent says, and what logs say of that; None: nothing, as no state is told.
SEEN = [
    (b"up\n", 'succeeded, reason: Layer7 check passed, code: 0, info: "via agent : up"'),
    (b"DOWN\r\n", 'failed, reason: Layer7 wrong status, code: 0, info: "via agent : DOWN"'),
    (b"stopped # gone\n",
     'failed, reason: Layer7 wrong status, code: 0, info: "via agent : stopped (gone)"'),
    (b"50% up\n", 'succeeded, reason: Layer7 check passed, code: 0, info: "via agent : up"'),
    (b"up 30%,maxconn:7 # text here\n",
     'succeeded, reason: Layer7 check passed, code: 0, info: "via agent : up (text here)"'),
    (b"  up bogus\n",
     'succeeded, reason: Layer7 check passed, code: 0, info: "via agent : up (bogus)"'),
    (b"up; down\n", 'failed, reason: Layer7 wrong status, code: 0, info: "via agent : down (up;)"'),
    (b"", 'failed, reason: Layer7 invalid response, '
          'info: "TCPCHK got an empty response at step 2"'),
    (b"up", 'failed, reason: Layer7 timeout, info: "Ignoring incomplete line from agent"'),
    (None, "failed, reason: Layer7 timeout"),
    (b"fail#because\n", None),
    (b"bogus\n", None),
    (b"ready\n", None),
    (b"75%\n", None),
]


def agent(*answers):
    """The last one again and again."""
    left = list(answers)

    def handle(connection):
        answer = left.pop(0) if len(left) > 1 else left[0]
        if answer is None:
            hang(connection)
        connection.sendall(answer)
        connection.close()
    return handle


def name(text):
    def handle(connection):
        connection.sendall(text)
        connection.close()
    return handle


def test_what_is_told(lab):
    address, front = lab.net.server(), lab.net.front()
    lines = [f"    server s{number} {address}:7000 agent-check agent-port {7100 + number} "
             "agent-inter 500ms" for number in range(len(SEEN))]
    with contextlib.ExitStack() as agents:
        for number, (answer, _) in enumerate(SEEN):
            agents.enter_context(Fake("agent", address, agent(answer), port=7100 + number))
        asked = agents.enter_context(Fake("last", address, agent(b"up\n"), port=7200))
        haftp = lab.haftp(head("copy", 1, more_defaults=("option log-health-checks",
                                                         "timeout check 300ms")) + f"""
listen plain
    bind {front}:8000
{chr(10).join(lines)}
    server last {address}:7000 agent-check agent-port 7200 agent-inter 500ms
""", (front, 8000))
        expected = {f"s{number}": text for number, (_, text) in enumerate(SEEN) if text}
        until(lambda: len(told(haftp)) == len(expected) and asked.connections > 2, 10,
              "a result of each agent")
        assert told(haftp) == expected


def told(haftp):
    found = re.findall(r"Agent check for server plain/(s\d+) (.*), check duration: ", haftp.log())
    return {server: text for server, text in reversed(found)}


def served_by(front):
    with socket.create_connection(front, 10) as link:
        return link.recv(16)


def test_who_gets_sessions(lab):
    """Drain, maintenance, weight and health, in turn: sessions go to the other server."""
    one, two, front = lab.net.server(), lab.net.server(), (lab.net.front(), 8000)
    words = [b"drain\n"]

    def handle(connection):
        connection.sendall(words[0])
        connection.close()

    def is_out():
        return {served_by(front) for _ in range(4)} == {b"two"}

    def is_in():
        return b"one" in {served_by(front) for _ in range(4)}

    with Fake("one", one, name(b"one"), port=7007), Fake("two", two, name(b"two"), port=7007), \
            Fake("agent", one, handle, port=7100):
        lab.haftp(head("copy", 1) + f"""
listen plain
    bind {front[0]}:{front[1]}
    server one {one}:7007 check inter 100ms agent-check agent-port 7100 agent-inter 100ms
    server two {two}:7007
""", front)
        for out, back in ((b"drain\n", b"ready\n"), (b"maint\n", b"ready\n"), (b"0%\n", b"100%\n"),
                          (b"down\n", b"up\n")):
            words[0] = out
            until(is_out, 5, f"no session after {out}")
            words[0] = back
            until(is_in, 5, f"sessions after {back}")


def test_the_question_is_sent_and_the_address_may_be_another(lab):
    server, elsewhere, front = lab.net.server(), lab.net.server(), lab.net.front()
    heard = []

    def handle(connection):
        heard.append(connection.recv(64))
        connection.sendall(b"up\n")
        connection.close()

    with Fake("agent", elsewhere, handle, port=7100):
        lab.haftp(head("copy", 1) + f"""
listen plain
    bind {front}:8000
    default-server agent-addr {elsewhere} agent-port 7100 agent-send "ftp_1\\n" agent-inter 100ms
    server one {server}:7007 agent-check
""", (front, 8000))
        until(lambda: heard, 5, "a question")
        assert heard[0] == b"ftp_1\n"
