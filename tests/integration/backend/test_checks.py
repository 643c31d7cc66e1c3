"""option ftp-check: what makes a server well, and what the log says of one that is not."""

import re

import pytest

from lib.fakes import Fake, hang
from lib.haftp import head, server_lines
from lib.net import CONTROL_PORT
from lib.servers import KINDS
from lib.session import Session
from lib.tls import ServerTls

SECRET = "wonder-land-7"
LOGIN = f"user alice password {SECRET}"


def scripted(*steps):
    """A server: bytes are sent, a text is the beginning of the line that must come."""
    def handle(connection):
        lines = connection.makefile("rb")
        for step in steps:
            if isinstance(step, bytes):
                connection.sendall(step)
            elif not lines.readline().startswith(step.encode()):
                connection.sendall(b"500 a wrong command\r\n")
        connection.close()
    return handle


ASKS = [b"220 ready\r\n", f"USER alice\r\n", b"331 password\r\n", f"PASS {SECRET}\r\n"]
GOOD = {
    "greeting": ("", [b"220 ready\r\n", "QUIT\r\n", b"221 bye\r\n"]),
    "in pieces": ("", [b"2", b"20-many\r\n", b"lines\r\n220 ", b"ready\r\n", "QUIT\r\n"]),
    "ready soon": ("", [b"120 in a minute\r\n", b"220 ready\r\n", "QUIT\r\n", b"221 bye\r\n"]),
    "leaves without 221": ("", [b"220 ready\r\n", "QUIT\r\n"]),
    "bare line feeds": ("", [b"220 ready\n", "QUIT\r\n", b"221 bye\n"]),
    "login": (LOGIN, [*ASKS, b"230-Hello\r\n230 in\r\n", "QUIT\r\n", b"221 bye\r\n"]),
    "no password wanted": ("user alice", [b"220 x\r\n", "USER alice\r\n", b"230 in\r\n",
                                          "QUIT\r\n"]),
    "anonymous": ("user ftp", [b"220 x\r\n", "USER ftp\r\n", b"331 mail?\r\n", "PASS haftp@\r\n",
                               b"230 in\r\n", "QUIT\r\n"]),
}
STATUS, INVALID = "Layer7 wrong status, code: ", "Layer7 invalid response"
TIMEOUT = "Layer7 timeout"
BAD = {
    "421": ("", [b"421 Too many users\r\n"],
            STATUS + '421, info: "the greeting: 421 Too many users"'),
    "421 in lines": ("", [b"421-No\r\n421 more\r\n"],
                     STATUS + '421, info: "the greeting: 421-No"'),
    "120 and no more": ("", [b"120 in a minute\r\n", "never"],
                        TIMEOUT + ', info: "waiting for the greeting"'),
    "silent": ("", ["never"], TIMEOUT + ', info: "waiting for the greeting"'),
    "half a greeting": ("", [b"220 rea", "never"], TIMEOUT),
    "closes": ("", [], INVALID + ', info: "the server closed the connection, waiting for the'),
    "http": ("", [b"HTTP/1.0 400 Bad\r\n"], INVALID + ', info: "the server sent something that'),
    "ssh": ("", [b"SSH-2.0-OpenSSH_9.2\r\n"], INVALID),
    "nul": ("", [b"220 a\0b\r\n"], INVALID),
    "endless line": ("", [b"220 " + b"x" * 20000], INVALID),
    "endless reply": ("", [b"220-x\r\n" + (b"y" * 80 + b"\r\n") * 1000], INVALID +
                      ', info: "the server\'s reply is too long'),
    "wrong password": (LOGIN, [*ASKS, b"530 Login incorrect\r\n"],
                       STATUS + '530, info: "the reply to PASS: 530 Login incorrect"'),
    "unknown user": (LOGIN, [*ASKS[:2], b"530 Who?\r\n"],
                     STATUS + '530, info: "the reply to USER: 530 Who?"'),
    "an account": (LOGIN, [*ASKS, b"332 Account?\r\n"], STATUS + "332"),
    "repeats it": (LOGIN, [*ASKS, b"530 No " + SECRET.encode() + b"\r\n"],
                   STATUS + '530, info: "the reply to PASS: (a reply that repeats the password)"'),
    "no password": ("user alice", [*ASKS[:3]], STATUS + "331, info: \"the server wants a password"),
    "leaves at login": (LOGIN, [*ASKS], INVALID + ', info: "the server closed the connection,'),
    "silent at login": (LOGIN, [*ASKS, "never"],
                        TIMEOUT + ', info: "waiting for the reply to PASS"'),
    "control bytes": ("", [b"421 \x1b[2J\r\n"], '421 <1B>[2J"'),
}


def section(number, login, fake):
    return (f"backend b{number}\n    option ftp-check {login}\n    option log-health-checks\n"
            f"    timeout check 700ms\n    server {fake.name} {fake.address}:{fake.port} check "
            "inter 3s\n")


@pytest.fixture
def checked(lab):
    """haftp with a backend for each case, and its log."""
    fakes = []

    def start(cases):
        text = head()
        for number, case in enumerate(cases.values()):
            fakes.append(Fake(f"case{number}", lab.net.server(), scripted(*case[1])))
            text += section(number, case[0], fakes[-1])
        front = lab.net.front()
        text += f"listen l\n    bind {front}:2121\n    server x {lab.net.server()}:21\n"
        return lab.haftp(text, (front, 2121))
    yield start
    for fake in fakes:
        fake.__exit__()


def test_good_servers(checked):
    haftp = checked(GOOD)
    for number, name in enumerate(GOOD):
        line = haftp.wait_log(rf"Health check for server b{number}/\S+ (\w+), reason: (.*)")
        assert line[1] == "succeeded" and "Layer7 check passed" in line[2], f"{name}: {line[0]}"
    assert SECRET not in haftp.log()


def test_bad_servers(checked):
    haftp = checked(BAD)
    for number, (name, (_, _, expected)) in enumerate(BAD.items()):
        line = haftp.wait_log(rf"Server b{number}/case{number} is DOWN, (.*)")
        assert expected in line[1], f"{name}: {line[0]}"
    assert SECRET not in haftp.log()


def front_of(lab, server, login, options=""):
    """login None: a plain `check`."""
    front = lab.net.front()
    kind = "" if login is None else f"    option ftp-check {login}\n"
    text = head() + (f"listen ftp\n    bind {front}:{CONTROL_PORT}\n    option ftp-inspect\n"
                     "    ftp-data ports 20000-20099\n"
                     f"{kind}    option log-health-checks\n" +
                     server_lines([server], f"check inter 30s {options}"))
    return (front, CONTROL_PORT), lab.haftp(text, (front, CONTROL_PORT))


@pytest.mark.parametrize("kind", KINDS)
def test_real_servers(lab, kind):
    """Each lets its user in, and the sessions of clients go on beside the checks."""
    server = lab.farm(kind)[0]
    control, haftp = front_of(lab, server, f"user {server.user} password {server.password}")
    haftp.wait_log(r"Health check for server ftp/\S+ succeeded, reason: Layer7 check passed")
    with Session(control, (server.user, server.password)) as session:
        assert session.server_name() == server.name
    assert server.password not in haftp.log()


@pytest.mark.parametrize("kind", ["proftpd", "pyftpdlib"])
def test_real_servers_refuse_a_wrong_password(lab, kind):
    server = lab.farm(kind)[0]
    _, haftp = front_of(lab, server, f"user {server.user} password not-{SECRET}")
    haftp.wait_log(r"is DOWN, reason: Layer7 wrong status, code: 530, info: \"the reply to PASS")
    assert f"not-{SECRET}" not in haftp.log()


def test_with_a_proxy_header(lab):
    """The check introduces itself as the line says, without an address to tell."""
    with Fake("proxied", lab.net.server(),
              scripted("PROXY UNKNOWN\r\n", b"220 ready\r\n", "QUIT\r\n", b"221 bye\r\n")) as fake:
        _, haftp = front_of(lab, fake, "", "send-proxy")
        haftp.wait_log(r"succeeded, reason: Layer7 check passed")


def test_connecting_is_not_enough(lab):
    """A server that accepts and hangs is well for a TCP check, and not for this one."""
    with Fake("hangs", lab.net.server(), hang) as fake:
        front = lab.net.front()
        servers = f"    server hangs {fake.address}:{fake.port} check inter 300ms fall 1\n"
        haftp = lab.haftp(head() + f"listen ftp\n    bind {front}:2121\n    timeout check 300ms\n"
                          f"{servers}    option ftp-check\nbackend plain\n{servers}",
                          (front, 2121))
        haftp.wait_log(r"Server ftp/hangs is DOWN, reason: Layer7 timeout")
        assert not re.search(r"plain/hangs is DOWN", haftp.log())


@pytest.mark.parametrize("kind, implicit", [("vsftpd", False), ("proftpd", False),
                                            ("pyftpdlib", False), ("vsftpd", True)])
def test_servers_that_want_tls(lab, kind, implicit):
    """They refuse logins in the clear; the check speaks TLS as the server's line says."""
    server, = lab.servers(kind, 1, tls=ServerTls(required=True, implicit=implicit))
    word = "ssl" if implicit else "starttls"
    authority = lab.certificates.ca
    _, haftp = front_of(lab, server, f"user {server.user} password {server.password}",
                        f"{word} verify required ca-file {authority}")
    haftp.wait_log(r"succeeded, reason: Layer7 check passed")


@pytest.mark.parametrize("implicit, passed", [(False, "Layer7"), (True, "Layer6")])
def test_plain_checks_speak_tls_as_sessions_do(lab, implicit, passed):
    """A server that only accepts the connection would be called well while all sessions fail."""
    server, = lab.servers("pyftpdlib", 1, tls=ServerTls(required=True, implicit=implicit))
    word = "ssl" if implicit else "starttls"
    _, haftp = front_of(lab, server, None, f"{word} verify required ca-file {lab.certificates.ca}")
    haftp.wait_log(rf"succeeded, reason: {passed} check passed")


def test_plain_check_of_a_server_without_tls(lab):
    with Fake("plain", lab.net.server(),
              scripted(b"220 ready\r\n", "AUTH TLS\r\n", b"530 Log in first\r\n")) as fake:
        _, haftp = front_of(lab, fake, None, "starttls verify none")
        haftp.wait_log(r"is DOWN, reason: Layer7 wrong status, code: 530, info: .the reply to AUTH")


def test_bytes_behind_auth(lab):
    """Somebody on the way may have put them there."""
    with Fake("injected", lab.net.server(),
              scripted(b"220 ready\r\n", "AUTH TLS\r\n", b"234 go\r\n331 x\r\n", "never")) as fake:
        _, haftp = front_of(lab, fake, LOGIN, "starttls verify none")
        haftp.wait_log(r"is DOWN, reason: Layer7 invalid response, info: \"bytes came behind")
