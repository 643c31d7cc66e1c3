"""What haftp writes about sessions, and where to."""

import ftplib
import os
import re
import signal
import socket

import pytest

from lib.haftp import DATA_PORTS, ftp_sections, head
from lib.session import Session
from lib.wait import until

# The format of `option tcplog`, as HAProxy's manual has it.
TCPLOG = re.compile(
    r"(?P<client>[\d.]+):\d+ \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\.\d{3}\] ftp_control "
    r"ftp_control/(?P<server>\S+) (?P<queue>-?\d+)/(?P<connect>-?\d+)/(?P<total>\d+) "
    r"(?P<bytes>\d+) (?P<state>\S\S) \d+/\d+/\d+/\d+/(?P<retries>\+?\d+) \d+/\d+$", re.MULTILINE)


def one_session(place):
    with Session(place.control, place.login) as session:
        return session.server_name()


def test_tcplog_line(lab):
    place = lab.place()
    name = one_session(place)
    line = place.haftp.wait_log(TCPLOG.pattern.replace("$", "(?=\n)"))
    assert line["client"] == "127.0.0.1"
    assert line["server"] == name
    assert line["state"] == "--"
    assert int(line["connect"]) >= 0
    assert int(line["bytes"]) > 0


def test_tcplog_of_a_session_without_server(lab):
    place = lab.place(lines=f"    server gone {lab.net.server()}:2121\n",
                      more_defaults=["timeout connect 500ms", "retries 1"])
    with pytest.raises(Exception, match="421"):
        Session(place.control)
    line = place.haftp.wait_log(TCPLOG.pattern.replace("$", "(?=\n)"))
    assert line["state"].startswith("S")


def test_syslog_over_udp(lab):
    """<priority>date tag[pid]: the line."""
    with socket.socket(type=socket.SOCK_DGRAM) as syslog:
        syslog.bind((lab.net.server(), 5140))
        syslog.settimeout(20)
        address, port = syslog.getsockname()
        place = lab.place(more_global=[f"log {address}:{port} local0"])
        name = one_session(place)
        while True:
            line = syslog.recv(4096).decode()
            assert re.match(r"<\d+>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S*haftp\[\d+\]: ", line)
            if f"ftp_control/{name} " in line:
                break
    # local0 is facility 16, a session is logged at level info.
    assert line.startswith("<134>")


def test_standard_error_instead_of_a_missing_dev_log(lab):
    """A container that runs a file written for a host must say something, and warn once."""
    missing = os.path.join(lab.scratch(), "no-syslog-here")
    servers = lab.farm()
    front = lab.net.front()
    config = head().replace("log stderr format raw local0", f"log {missing} local0")
    haftp = lab.haftp(config + ftp_sections(front, servers), (front, 2121))
    with Session((front, 2121), (servers[0].user, servers[0].password)) as session:
        name = session.server_name()
    haftp.wait_log(f"ftp_control/{name} ")
    assert haftp.log().count(missing) == 1


def test_logasap_logs_while_the_session_lives(lab):
    place = lab.place(more_defaults=["option logasap"])
    with Session(place.control, place.login) as session:
        name = session.server_name()
        line = place.haftp.wait_log(rf"ftp_control/{name} \d+/\d+/\+\d+ \+")
        assert line


def test_a_session_is_told_that_haftp_stops(lab):
    place = lab.place()
    with Session(place.control, place.login):
        place.haftp.process.signal(signal.SIGUSR1)
        assert place.haftp.wait_log(r"Soft stop: no new sessions, 1 goes on")


def test_hangup_logs_what_was_counted(lab):
    """Sections with what they refused, servers with their sessions."""
    place = lab.place(more=["ftp-request deny if { ftp.cmd DELE }"])
    with Session(place.control, place.login) as session:
        name = session.server_name()
        with pytest.raises(ftplib.error_perm):
            session.delete("x")
        with socket.socket() as stranger:
            stranger.bind((place.control[0], 0))
            with pytest.raises(ConnectionResetError):  # perhaps before connect() returns
                stranger.connect((place.control[0], DATA_PORTS[0]))
                stranger.recv(1)
        assert place.haftp.wait_log(f"data port {DATA_PORTS[0]} without a transfer")
        place.haftp.process.signal(signal.SIGHUP)
        assert place.haftp.wait_log(
            r"Proxy ftp_control\. Conn: 1.1 active .FE.BE., \d+ total; denied: 0 connections, "
            r"0 sessions, 0 contents, 0 responses, 1 commands; data ports: 0 strangers, 0 times")
        assert place.haftp.wait_log(r"Proxy ftp_data\. .* data ports: 1 strangers, 0 times")
        assert place.haftp.wait_log(rf"Server ftp_control/{name} is UP\. Conn: 1 active, ")


def test_what_a_log_format_knows_at_the_end(lab):
    """The client's connection is still there to be asked; variables of the request are not, as in
    HAProxy."""
    place = lab.place(more_defaults=[
        "log-format \"rtt=%[fc_rtt] s=%[var(sess.s)] t=%[var(txn.t)] r=%[var(req.r)] %s\""],
        more=["tcp-request connection set-var(sess.s) str(S)",
              "tcp-request content set-var(txn.t) str(T)",
              "tcp-request content set-var(req.r) str(R)"])
    name = one_session(place)
    assert place.haftp.wait_log(rf"rtt=\d+ s=S t=T r=- {name}")


# date, seconds, host, then the columns that are compared: size, path, type, action, direction,
# access mode, user, service, authentication, id, status.
XFERLOG = re.compile(r"^\w{3} \w{3} [ \d]\d [\d:]{8} \d{4} \d+ (\S+) (\d+ \S+ [ab] _ [oi] [arg] "
                     r"\S+ ftp \d \S+ [ci])$", re.MULTILINE)


def transfers(text, server):
    """What an xferlog tells, in one server's words or in ours: names as a client sees them, and
    the anonymous user by name, where vsftpd has the password."""
    found = XFERLOG.findall(text.replace(server.home, ""))
    return [columns.replace(f" a {server.password} ", " a anonymous ") for _, columns in found]


@pytest.mark.parametrize("kind", ["vsftpd", "proftpd"])
def test_xferlog_is_what_the_server_writes(lab, kind):
    server, = servers = lab.servers(kind, 1)
    place = lab.place(servers, more=["option xferlog"])
    with Session(place.control, place.login) as session:
        session.read("/pub/random.bin")
        session.read("/pub/empty")
        session.write("/incoming/with blank", b"x" * 12345)
        session.nlst("/pub")
        session.cwd("/pub")
        session.read("random.bin")
    wanted = until(lambda: len(found := transfers(read(server.xferlog), server)) == 4 and found,
                   10, "four lines of the server")
    place.haftp.wait_log("(?s)(random.bin b _ o .*){2}")
    assert transfers(place.haftp.log(), server) == wanted
    assert "127.0.0.1" in XFERLOG.search(place.haftp.log())[1]


def read(path):
    with open(path) as file:
        return file.read()


def test_ftplog_adds_up(lab):
    """The line of a session has the sum of its transfers."""
    place = lab.place(more=["option ftplog"])
    with Session(place.control, place.login) as session:
        name = session.server_name()
        session.write("incoming/sum", b"x" * 1000)
    line = place.haftp.wait_log(r'session - - 221 (\d+) 2 "anonymous" "finished"')
    assert int(line[1]) == len(name) + 1 + 1000
    assert re.search(r' STOR up/passive/I - 226 1000 \d+ "anonymous" "finished" "~/incoming/sum"',
                     place.haftp.log())
    assert place.login[1] not in place.haftp.log()


def test_kernel_view_in_lines_of_transfers(lab):
    """fc_rtt and its kin: of the client's control connection, since the other one is closed."""
    place = lab.place(more_defaults=["log-format \"%[ftp.cmd] rtt=%[fc_rtt(us)]\""])
    one_session(place)
    assert place.haftp.wait_log(r"RETR rtt=\d+")
