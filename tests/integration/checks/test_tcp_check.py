"""What scripts of `tcp-check` find out. Each result was first seen at HAProxy 2.6.12 with the same
lines and servers; `SEEN` keeps its words."""

import contextlib
import re
import ssl
import time

import pytest

from lib.fakes import Fake
from lib.haftp import head
from lib.wait import until

# NAME SERVER, the lines behind `tcp-check`, and what logs said; a backslash joins lines.
SEEN = r"""
none ftp
    = Layer4 check passed
ok ftp
    expect string 220
    = Layer7 check passed, code: 0, info: "(tcp-check)"
conn ftp
    connect comment hello
    = Layer4 check passed, info: "(tcp-check)"
mis refuses
    expect string 220
    = Layer7 timeout, info: " at step 1 of tcp-check (expect string '220')"
mismr refuses
    expect min-recv 3 string 220
    = Layer7 invalid response, info: "TCPCHK did not match content '220' at step 1"
mismrc refuses
    expect min-recv 3 comment c1 string 220
    = Layer7 invalid response, info: "TCPCHK did not match content '220' at step 1 comment: c1"
closed closes
    expect string 220
    = Layer7 invalid response, info: "TCPCHK got an empty response at step 1"
closedc closes
    comment outer
    expect string 220
    = Layer7 invalid response, info: "TCPCHK got an empty response at step 2 comment: 'outer'"
toutc silent
    connect
    comment aa
    expect rstring ^220
    = Layer7 timeout, info: " at step 3 of tcp-check (expect regex) comment: 'aa'"
drip drips
    expect string 220
    = Layer7 check passed, code: 0, info: "(tcp-check)"
dripmr drips
    expect min-recv 2 string 220
    = Layer7 check passed, code: 0, info: "(tcp-check)"
notm refuses
    expect ! string 500
    = Layer7 invalid response, info: "TCPCHK matched unwanted content '500' at step 1"
notn refuses
    expect ! string 220
    = Layer7 timeout, info: " at step 1 of tcp-check (expect string '220')"
notnmr refuses
    expect min-recv 2 ! string 220
    = Layer7 check passed, code: 0, info: "(tcp-check)"
notnclose greets_and_closes
    expect ! string 500
    = Layer7 check passed, code: 0, info: "(tcp-check)"
login ftp
    expect string 220
    send USER\ u\r\n
    expect string 331
    send PASS\ GOOD\r\n
    expect rstring ^230
    send QUIT\r\n
    expect string 221
    = Layer7 check passed, code: 0, info: "(tcp-check)"
loginbad2 ftp
    connect
    expect string 220
    send USER\ u\r\n
    expect string 331
    send PASS\ BAD\r\n
    expect min-recv 3 error-status L7STS status-code res.payload(0,3) on-error\
         bad:%[res.payload(0,0)] comment cc rstring ^230
    = Layer7 wrong status, code: 530, info: "bad:530 no<0D><0A> comment: cc"
oksts ftp
    expect ok-status L7OKC status-code int(78) string 220
    = Layer7 check conditionally passed, code: 78, info: "(tcp-check)"
oksts4 ftp
    expect ok-status L4OK string 220
    = Layer4 check passed, info: "(tcp-check)"
bintout refuses
    expect binary 323230
    = Layer7 timeout, info: " at step 1 of tcp-check (expect binary '220')"
slferr ftp
    expect error-status L7OKC string-lf %[var(check.none)]
    = Layer7 invalid response, info: "log-format string evaluated to an empty string"
blferr ftp
    expect error-status L7OKC binary-lf 3%[int(2)]3
    = Layer7 invalid response, info: "Failed to parse hexastring resulting of eval of a\
         log-format string"
outer refuses
    comment above
    expect min-recv 3 string 220
    = Layer7 invalid response, info: "TCPCHK did not match content '220' at step 2 comment: above"
bin binary
    expect binary ff0001
    = Layer7 check passed, code: 0, info: "(tcp-check)"
binm binary
    expect min-recv 1 binary ff0002
    = Layer7 invalid response, info: "TCPCHK did not match content (binary) at step 1"
rbin binary
    expect rbinary ^4D41.*FF0001
    = Layer7 check passed, code: 0, info: "(tcp-check)"
rbinm binary
    expect min-recv 1 rbinary ^4d41.*ff0001
    = Layer7 invalid response, info: "TCPCHK did not match content (binary regex) at step 1"
rstrnul binary
    expect min-recv 1 rstring tail
    = Layer7 check passed, code: 0, info: "(tcp-check)"
slfempty ftp
    expect string-lf %[var(check.none)]
    = Layer7 invalid response, info: "log-format string evaluated to an empty string"
blfm ftp
    expect min-recv 1 binary-lf 32%[int(31)]30
    = Layer7 invalid response, info: "TCPCHK did not match content (log-format binary) at step 1"
blfbad ftp
    expect min-recv 1 binary-lf 3%[int(2)]3
    = Layer7 invalid response, info: "Failed to parse hexastring resulting of eval of a\
         log-format string"
big long
    expect string END
    = Layer7 invalid response, info: "TCPCHK did not match content 'END' at step 1"
seq2 asks
    expect string 200
    expect string one
    send a
    expect string 300
    send b
    expect string 400
    = Layer7 check passed, code: 0, info: "(tcp-check)"
seq2b asks
    expect string 200
    send a
    expect string 200
    = Layer7 timeout, info: " at step 3 of tcp-check (expect string '200')"
twoconn ftp
    connect
    expect string 220
    connect port {drips}
    expect string 220
    connect port {refuses}
    expect string 500
    = Layer7 check passed, code: 0, info: "(tcp-check)"
twoconnbad ftp
    connect
    expect string 220
    connect port {nobody} comment second
    = Layer4 connection problem, info: "Connection refused at step 3 of tcp-check (connect port\
         {nobody}) comment: 'second'"
refused nobody
    connect
    expect string 220
    = Layer4 connection problem, info: "Connection refused at step 1 of tcp-check (connect)"
refused0 nobody
    = Layer4 connection problem, info: "Connection refused at initial connection step of\
         tcp-check"
vars ftp
    set-var(check.x) str(abc)
    set-var-fmt(check.y) v-%[var(check.x)]
    expect on-success %[var(check.y)] string 220
    = Layer7 check passed, code: 0, info: "v-abc"
sendlf ftp
    expect string 220
    set-var(check.u) str(joe)
    send-lf USER\ %[var(check.u)]\r\n
    expect string 331
    = Layer7 check passed, code: 0, info: "(tcp-check)"
sendblf ftp
    expect string 220
    send-binary-lf 55534552%[int(20)]780d0a
    expect string 331
    = Layer7 check passed, code: 0, info: "(tcp-check)"
sendblfbad ftp
    expect string 220
    send-binary-lf 5%[int(2)]2
    expect string 331
    = Layer7 invalid response, info: "tcp-check send : failed to build log-format string at\
         step 2"
sendlfempty ftp
    expect string 220
    send-lf %[var(check.none)]
    expect string 331
    = Layer7 timeout, info: " at step 3 of tcp-check (expect string '331')"
toutst silent
    expect tout-status L6TOUT comment zz string 220
    = Layer6 timeout, info: " at step 1 of tcp-check (expect string '220') comment: 'zz'"
sendonly ftp
    send QUIT\r\n
    = Layer7 check passed, code: 0, info: "(tcp-check)"
sslno4 silent
    connect ssl
    = Layer6 timeout, info: " at step 1 of tcp-check (connect)"
errst refuses
    expect min-recv 3 error-status L4CON string 220
    = Layer4 connection problem, info: "TCPCHK did not match content '220' at step 1"
connaddr ftp
    connect addr {address}:{refuses}
    expect string 500
    = Layer7 check passed, code: 0, info: "(tcp-check)"
unset ftp
    set-var(check.x) str(abc)
    unset-var(check.x)
    expect on-success [%[var(check.x)]] string 220
    = Layer7 check passed, code: 0, info: "[]"
conncom nobody
    comment first
    connect comment mine
    = Layer4 connection problem, info: "Connection refused at step 2 of tcp-check (connect)\
         comment: 'mine'"
varidx refuses
    set-var(check.x) str(abc)
    expect min-recv 3 string 220
    = Layer7 invalid response, info: "TCPCHK did not match content '220' at step 2"
varidx2 refuses
    set-var(check.x) str(abc)
    connect
    expect min-recv 3 string 220
    = Layer7 invalid response, info: "TCPCHK did not match content '220' at step 3"
comfar ftp
    comment far
    expect string 220
    send NOOP\r\n
    expect string 220
    = Layer7 timeout, info: " at step 4 of tcp-check (expect string '220')"
expvar ftp
    expect string 220
    set-var(check.u) res.payload(0,3)
    expect on-success %[var(check.u)] string hi
    = Layer7 check passed, code: 0, info: "220"
portexpr ftp
    set-var(check.p) int({refuses})
    connect port var(check.p)
    expect string 500
    = Layer7 check passed, code: 0, info: "(tcp-check)"
longcom refuses
    expect min-recv 3 comment\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa string 220
    = Layer7 invalid response, info: "TCPCHK did not match content '220' at step 1 comment:\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
quote refuses
    expect min-recv 3 string 2\"2é0
    = Layer7 invalid response, info: "TCPCHK did not match content '2<22>2<C3><A9>0' at step 1"
"""


def wait_for_the_end(connection):
    while connection.recv(4096):
        pass


def says(*parts, ends=False):
    """Sends the parts one after the other; None: waits for a word of the check."""
    def handle(connection):
        for part in parts:
            if part is None:
                connection.recv(4096)
            else:
                connection.sendall(part)
                time.sleep(0.02)  # each is a segment of its own
        if not ends:
            wait_for_the_end(connection)
        connection.close()
    return handle


def ftp(connection):
    answers = {b"USER": b"331 pw\r\n", b"PASS": b"530 no\r\n", b"QUIT": b"221 bye\r\n"}
    connection.sendall(b"220 hi\r\n")
    for line in connection.makefile("rb"):
        good = line.strip().upper() == b"PASS GOOD"
        connection.sendall(b"230 ok\r\n" if good else answers.get(line[:4].upper(), b"500 ?\r\n"))


SERVERS = {
    "ftp": ftp,
    "refuses": says(b"500 no\r\n"),
    "closes": says(ends=True),
    "silent": says(),
    "drips": says(b"2", b"2", b"0 x\r\n"),
    "greets_and_closes": says(b"220 hi\r\n", ends=True),
    "binary": says(b"MAGIC \xff\x00\x01 tail"),
    "long": says(b"a" * 20000 + b"END"),
    "asks": says(b"200 one\r\n", None, b"300 two\r\n", None, b"400 three\r\n"),
}
PORTS = {name: 7000 + number for number, name in enumerate([*SERVERS, "nobody"])}


def cases():
    case = None
    for line in re.sub(r"\\\n {8}", "", SEEN).strip().splitlines():
        if not line.startswith(" "):
            case = (*line.split(), [])
        elif line.startswith("    = "):
            yield *case, line[len("    = "):]
        else:
            case[2].append(line.strip())


def section(name, server, steps, address):
    lines = "\n".join(f"    tcp-check {step}" for step in steps)
    return f"""
backend {name}
    option tcp-check
{lines}
    server s {address}:{PORTS[server]} check inter 700ms verify none
"""


def fill(text, places):
    return re.sub(r"\{(\w+)\}", lambda found: str(places[found[1]]), text)


DEFAULTS = ("option log-health-checks", "timeout check 400ms")


def test_results_are_those_of_haproxy(lab):
    address, front = lab.net.server(), lab.net.front()
    places = {"address": address, **PORTS}
    config = head("copy", 1, more_defaults=DEFAULTS) + f"""
listen plain
    bind {front}:8000
    server s {address}:{PORTS["ftp"]}
"""
    expected = {}
    for name, server, steps, result in cases():
        config += section(name, server, [fill(step, places) for step in steps], address)
        expected[name] = fill(result, places)

    with contextlib.ExitStack() as servers:
        for name, handle in SERVERS.items():
            servers.enter_context(Fake(name, address, handle, port=PORTS[name]))
        haftp = lab.haftp(config, (front, 8000))
        until(lambda: len(told(haftp)) == len(expected), 10, "a result of each script")
        assert told(haftp) == expected


def told(haftp):
    """By section, the first result of its server."""
    results = {}
    for name, text in re.findall(r"Health check for server (\w+)/s \w+(?: \w+)?, "
                                 r"reason: (.*), check duration: ", haftp.log()):
        results.setdefault(name, text)
    return results


LOGIN = r"""
    option tcp-check
    tcp-check connect
    tcp-check expect rstring ^220 comment greeting
    tcp-check send "USER {user}\r\n"
    tcp-check expect min-recv 3 error-status L7STS status-code "res.payload(0,3)" rstring ^331
    tcp-check send "PASS {password}\r\n"
    tcp-check expect min-recv 3 error-status L7STS status-code "res.payload(0,3)" comment login \
rstring ^230
    tcp-check send "EPSV\r\n"
    tcp-check expect min-recv 3 comment "a free port" rstring ^229
    tcp-check send "QUIT\r\n"
    tcp-check expect rstring ^221
"""


@pytest.mark.parametrize("kind", ["vsftpd", "proftpd"])
def test_a_script_logs_in(lab, kind):
    server, front = lab.farm(kind)[0], lab.net.front()
    login = LOGIN.replace("\\\n", "")
    good = fill(login, {"user": server.user, "password": server.password})
    bad = fill(login, {"user": "nobody-here", "password": "wrong"})
    haftp = lab.haftp(head("copy", 1, more_defaults=("option log-health-checks",
                                                     "timeout check 10s")) + f"""
listen good
    bind {front}:8000
{good}
    server s {server.address}:{server.port} check inter 700ms
backend bad
{bad}
    server s {server.address}:{server.port} check inter 700ms
""", (front, 8000))
    until(lambda: len(told(haftp)) == 2, 20, "both results")
    assert told(haftp)["good"] == 'Layer7 check passed, code: 0, info: "(tcp-check)"'
    assert told(haftp)["bad"].startswith("Layer7 wrong status, code: 530, info: ")


def test_a_script_speaks_tls(lab):
    """In the clear without `ssl`, as the server's line says with `default`."""
    address, front = lab.net.server(), lab.net.front()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(lab.certificates.path("server"))

    def handle(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.sendall(b"220 hi\r\n")
            secure.recv(64)

    with Fake("ftps", address, handle, port=7990):
        haftp = lab.haftp(head("copy", 1, more_defaults=("option log-health-checks",)) + f"""
listen own
    bind {front}:8000
    option tcp-check
    tcp-check connect ssl sni ftp.example.org
    tcp-check expect string 220
    server s {address}:7990 check inter 700ms verify none
backend as_server
    option tcp-check
    tcp-check connect default
    tcp-check expect string 220
    server s {address}:7990 check inter 700ms ssl verify none
backend handshake
    option tcp-check
    tcp-check connect default
    server s {address}:7990 check inter 700ms ssl verify none
""", (front, 8000))
        until(lambda: len(told(haftp)) == 3, 10, "all results")
    assert told(haftp) == {
        "own": 'Layer7 check passed, code: 0, info: "(tcp-check)"',
        "as_server": 'Layer7 check passed, code: 0, info: "(tcp-check)"',
        "handshake": 'Layer6 check passed, info: "(tcp-check)"',
    }
