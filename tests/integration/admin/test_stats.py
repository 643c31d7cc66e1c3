"""What is counted, and the three ways to read it: the runtime API, the page, metrics."""

import base64
import contextlib
import csv
import ftplib
import html.parser
import http.client
import json
import os
import re
import socket
import subprocess
import threading

import pytest

from lib.haftp import head, server_lines
from lib.net import CONTROL_PORT, is_listening
from lib.servers import unpacked_libraries, unpacked_program
from lib.session import Session, drain, named_content
from lib.wait import until

PAGE_PORT = 8404


def ask(path, command):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(path)
        client.sendall(command.encode() + b"\n")
        answer = b""
        while chunk := client.recv(1 << 16):
            answer += chunk
    return answer.decode()


def read_rows(text):
    lines = text.strip().split("\n")
    names = lines[0].removeprefix("# ").rstrip(",").split(",")
    return {(row[0], row[1]): dict(zip(names, row)) for row in csv.reader(lines[1:])}


def rows(path, command="show stat"):
    return read_rows(ask(path, command))


def numbers(row, *columns):
    return {column: int(row[column]) for column in columns}


@pytest.fixture
def watched(lab):
    """One vsftpd behind an FTP section, with a runtime API and a page."""
    server, front = lab.farm()[0], lab.net.front()
    path = os.path.join(lab.scratch(), "api.sock")
    place = (front, CONTROL_PORT)
    haftp = lab.haftp(
        head(more_global=[f"stats socket {path} level admin"]) +
        f"listen ftp\n    bind {front}:{CONTROL_PORT}\n    option ftp-inspect\n"
        "    ftp-data ports 20000-20003\n    ftp-data wait 1s\n    option socket-stats\n" +
        server_lines([server]) +
        f"listen page\n    mode http\n    bind {front}:{PAGE_PORT}\n"
        "    tcp-request connection reject if { src 127.9.9.9 }\n"
        "    stats uri /stats\n    stats auth joe:secret\n    stats refresh 7s\n"
        "    stats scope ftp\n    monitor-uri /alive\n"
        "    http-request use-service prometheus-exporter if { path /metrics }\n",
        place, (front, PAGE_PORT))
    return server, place, path, haftp


def known_traffic(server, place):
    """Downloads, an upload, a refused transfer, a port that nobody comes to, a refused login."""
    session = Session(place, (server.user, server.password))
    home = session.server_name()
    data = session.transfercmd("RETR pub/named.bin")
    assert drain(data) == named_content(home)
    data.close()
    session.voidresp()
    session.write("incoming/counted", b"x" * 1000)
    with pytest.raises(ftplib.error_perm):
        session.read("pub/is-not-there")
    session.sendcmd("PASV")
    session.quit()
    with pytest.raises(ftplib.error_perm):
        Session(place, ("nobody-of-that-name", "wrong"))


def metrics_of(place, query=""):
    connection = http.client.HTTPConnection(*place, timeout=20)
    connection.request("GET", "/metrics" + query)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def get(place, url, login=None, source=None, method="GET"):
    connection = http.client.HTTPConnection(*place, timeout=20, source_address=source)
    headers = {}
    if login:
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    connection.request(method, url, headers=headers)
    answer = connection.getresponse()
    return answer, answer.read().decode()


def check_exposition(text):
    """The rules of promtool: HELP and TYPE once before all samples of a metric, names, labels."""
    samples, seen, now = {}, set(), None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            now = line.split()[2]
            assert now not in seen, f"{now} is not in one piece"
            seen.add(now)
            assert re.fullmatch(r"[a-z][a-z0-9_]*", now)
            assert line[len("# HELP ") + len(now):].strip().endswith("."), line
        elif line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            assert name == now and kind in ("counter", "gauge")
            assert (kind == "counter") == name.endswith("_total"), line
        else:
            match = re.fullmatch(r'([a-z0-9_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)+\})?'
                                 r' (-?[0-9.]+)', line)
            assert match and match[1] == now, line
            assert (match[1], match[2]) not in samples, f"twice: {line}"
            samples[match[1], match[2]] = float(match[3])
    return samples


def test_ftp_is_counted(watched):
    server, place, path, _ = watched
    known_traffic(server, place)
    until(lambda: int(rows(path)["ftp", "FRONTEND"]["scur"]) == 0, 10, "the sessions' end")
    stats = rows(path)
    front, back = stats["ftp", "FRONTEND"], stats["ftp", "BACKEND"]
    mine = next(row for row in stats.values() if row["type"] == "2")
    bind = next(row for row in stats.values() if row["type"] == "3")
    for row in front, mine:
        got = numbers(row, "stot", "ftp_logins", "ftp_logins_failed", "ftp_downloads",
                      "ftp_uploads", "ftp_downloads_broken", "ftp_downloads_aborted",
                      "ftp_uploads_broken", "ftp_data_in", "ftp_replies_5xx")
        downloads = got.pop("ftp_downloads")
        assert downloads >= 1  # the server's name is a file, too
        assert got == {"stot": 2, "ftp_logins": 1, "ftp_logins_failed": 1, "ftp_uploads": 1,
                       "ftp_downloads_broken": 0, "ftp_downloads_aborted": 0,
                       "ftp_uploads_broken": 0, "ftp_data_in": 1000, "ftp_replies_5xx": 2}
        assert int(row["bout"]) > int(row["ftp_data_out"]) > 0
        assert int(row["bin"]) > 1000
    got = numbers(front, "ftp_leases_cur", "ftp_ports_exhausted", "ftp_strangers", "ftp_sessions")
    assert got == {"ftp_leases_cur": 0, "ftp_ports_exhausted": 0, "ftp_strangers": 0,
                   "ftp_sessions": 2}
    assert int(front["ftp_leases"]) == int(front["ftp_leases_over"]) >= 4
    assert int(front["ftp_commands"]) > 8
    for column in "stot", "bin", "bout":
        assert front[column] == back[column] == mine[column]
    assert bind["stot"] == "2" and 0 < int(bind["bin"]) < int(front["bin"])  # no data connections
    assert {front["smax"], back["smax"]} <= {"1", "2"}  # the first may still be leaving


def test_a_transfer_is_seen_while_it_runs_and_an_abort_after_it(watched):
    server, place, path, _ = watched
    session = Session(place, (server.user, server.password))
    data = session.transfercmd("STOR incoming/slow")
    data.sendall(b"y" * 50000)
    until(lambda: int(rows(path)["ftp", "FRONTEND"]["ftp_data_in"]) > 0, 10, "bytes")
    assert int(rows(path)["ftp", "FRONTEND"]["scur"]) == 1
    data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    data.close()  # a reset
    with pytest.raises(ftplib.Error):
        session.voidresp()
    session.quit()
    until(lambda: rows(path)["ftp", "FRONTEND"]["ftp_uploads_aborted"] == "1", 10, "the abort")


def test_strangers_and_ports_that_nobody_came_to(watched):
    server, place, path, _ = watched
    with socket.create_connection((place[0], 20001)) as stranger:
        stranger.settimeout(10)
        try:
            assert stranger.recv(1) == b""
        except ConnectionResetError:
            pass
    session = Session(place, (server.user, server.password))
    session.sendcmd("PASV")
    front = rows(path)["ftp", "FRONTEND"]
    assert (front["ftp_strangers"], front["ftp_leases_cur"]) == ("1", "1")
    until(lambda: rows(path)["ftp", "FRONTEND"]["ftp_leases_expired"] == "1", 10, "ftp-data wait")
    assert rows(path)["ftp", "FRONTEND"]["ftp_leases_cur"] == "0"
    session.close()


def test_counters_are_cleared(watched):
    server, place, path, _ = watched
    known_traffic(server, place)
    until(lambda: int(rows(path)["ftp", "FRONTEND"]["scur"]) == 0, 10, "the sessions' end")
    assert ask(path, "clear counters").strip() == ""
    front = rows(path)["ftp", "FRONTEND"]
    assert (front["smax"], front["stot"]) == ("0", "2")
    ask(path, "clear counters all")
    session = Session(place, (server.user, server.password))
    session.sendcmd("PASV")
    ask(path, "clear counters all")
    front = rows(path)["ftp", "FRONTEND"]
    assert front["ftp_leases_cur"] == "1"  # it is no counter
    session.close()
    assert {front[name] for name in ("stot", "bin", "bout", "ftp_logins", "ftp_uploads")} == {"0"}


def test_other_formats(watched):
    _, _, path, _ = watched
    typed = ask(path, "show stat typed desc").strip()
    for line in filter(None, typed.split("\n")):
        assert re.fullmatch(r'[FBSL]\.\d+\.\d+\.\d+\.[^.]+\.1:[A-Z][A-Za-z][A-Z]:'
                            r'(str|u32|u64|s32):.*:".*"', line), line
    fields = json.loads(ask(path, "show stat json"))
    assert {value["objType"] for row in fields for value in row} == \
        {"Frontend", "Listener", "Server", "Backend"}
    info = dict(line.split(": ", 1) for line in ask(path, "show info").strip().split("\n"))
    assert info["Name"] == "haftp" and info["Nbthread"] == "2" and int(info["Uptime_sec"]) >= 0
    assert {line["field"]["name"] for line in json.loads(ask(path, "show info json"))} == set(info)
    assert "definitions" in json.loads(ask(path, "show schema json"))
    assert set(rows(path, "show stat ftp 4 -1")) == {key for key, row in rows(path).items()
                                                     if row["type"] == "2"}
    assert ask(path, "show stat nobody 1 -1").strip() == "No such proxy."


def test_metrics(watched):
    server, place, path, _ = watched
    known_traffic(server, place)
    page = (place[0], PAGE_PORT)
    until(lambda: int(rows(path)["ftp", "FRONTEND"]["scur"]) == 0, 10, "the sessions' end")
    status, text = metrics_of(page)
    assert status == 200
    samples = check_exposition(text)
    assert samples["haproxy_frontend_sessions_total", '{proxy="ftp"}'] == 2
    assert samples["haftp_ftp_logins_total", '{proxy="ftp"}'] == 1
    assert samples["haproxy_backend_status", '{proxy="ftp",state="UP"}'] == 1
    assert samples["haproxy_backend_agg_server_status", '{proxy="ftp",state="UP"}'] == 1
    assert samples["haproxy_process_nbthread", None] == 2
    front = rows(path)["ftp", "FRONTEND"]
    assert samples["haproxy_frontend_bytes_out_total", '{proxy="ftp"}'] == int(front["bout"])
    names = {name for name, _ in check_exposition(metrics_of(page, "?scope=server")[1])}
    assert names and all(name.startswith(("haproxy_server_", "haftp_server_")) for name in names)
    assert metrics_of(page, "?scope=nonsense")[0] == 400


class Outline(html.parser.HTMLParser):
    """Every element that is opened is closed, and rows have as many cells as there are columns."""
    VOID = {"meta", "br", "hr", "link"}

    def __init__(self):
        super().__init__()
        self.open, self.cells, self.widths, self.text = [], 0, [], ""

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.cells = 0
        self.cells += tag == "td"

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "tr" and self.cells:
            self.widths.append(self.cells)

    def handle_data(self, data):
        self.text += data


def test_page(watched):
    _, place, path, _ = watched
    page = (place[0], PAGE_PORT)
    answer, body = get(page, "/stats")
    assert answer.status == 401 and "Basic" in answer.headers["WWW-Authenticate"]
    for wrong in "joe:", "joe:secre", "joe:secretsecret", "jo:secret", ":":
        assert get(page, "/stats", wrong)[0].status == 401
    answer, body = get(page, "/stats", "joe:secret")
    assert answer.status == 200 and answer.headers["Refresh"] == "7"
    outline = Outline()
    outline.feed(body)
    assert not outline.open and len(set(outline.widths)) == 1 and len(outline.widths) == 4
    assert "FRONTEND" in outline.text and "page" not in outline.text.split("Statistics")[0]
    assert "Refresh" not in get(page, "/stats;norefresh", "joe:secret")[0].headers
    assert set(read_rows(get(page, "/stats;csv", "joe:secret")[1])) == \
        {key for key in rows(path) if key[0] == "ftp"}  # the scope
    json.loads(get(page, "/stats;json", "joe:secret")[1])
    assert get(page, "/alive")[0].status == 200
    assert get(page, "/elsewhere")[0].status == 404
    assert get(page, "/stats", "joe:secret", method="POST")[0].status == 405
    with pytest.raises((http.client.HTTPException, OSError)):
        get(page, "/alive", source=("127.9.9.9", 0))
    assert rows(path)["page", "FRONTEND"]["dcon"] == "1"


# ---- beside HAProxy ------------------------------------------------------------------------


class Echo(threading.Thread):
    """Reads until the client has ended, then says as much."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.listener = socket.create_server((address, 7009))
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                said = b""
                while chunk := client.recv(1 << 16):
                    said += chunk
                client.sendall(said)


PLAIN = """
listen a
    bind {front}:7001 name one
    bind {front}:7002
    tcp-request connection reject if {{ src 127.9.9.9 }}
    tcp-request content reject if {{ dst_port 7002 }}
    server s1 {server}:7009 maxconn 10
    server s2 {server}:7010 backup
frontend f
    bind {front}:7003
    default_backend b
backend b
    balance leastconn
    server x {server}:7010
    server y {server}:7009 disabled weight 3
"""


def plain_traffic(front):
    for port, source in [(7001, None)] * 3 + [(7001, ("127.9.9.9", 0)), (7002, None), (7003, None)]:
        with contextlib.suppress(OSError), \
                socket.create_connection((front, port), 10, source_address=source) as client:
            if port == 7001:  # HAProxy counts bytes that no server ever gets
                client.sendall(b"z" * 321)
                client.shutdown(socket.SHUT_WR)
            while client.recv(1 << 16):
                pass


# Times depend on the machine; addresses and numbers of processes are those of each.
OF_THE_MACHINE = re.compile(r"addr|lastchg|lastsess|downtime|.time(_max)?|rate(_max)?"
                            r"|conn_rate(_max)?|need_conn_est|smax|h[12]_.*|pid")


def test_plain_sections_count_as_haproxys(lab):
    server, tables = lab.net.server(), []
    echo = Echo(server)
    defaults = ["option socket-stats", "retries 2", "timeout connect 300ms"]
    for kind in "haproxy", "haftp":
        front, path = lab.net.front(), os.path.join(lab.scratch(), f"{kind}.sock")
        config = (head(more_global=[f"stats socket {path} level admin", "maxconn 1000"],
                       more_defaults=defaults) + PLAIN.format(front=front, server=server))
        if kind == "haftp":
            lab.haftp(config, (front, 7001))
        else:
            file = os.path.join(lab.scratch(), "haproxy.cfg")
            with open(file, "w") as out:
                out.write(config)
            process = subprocess.Popen(
                [unpacked_program("haproxy", "usr/sbin/haproxy"), "-db", "-f", file],
                env={**os.environ, **unpacked_libraries("haproxy")}, stderr=subprocess.DEVNULL)
        try:
            until(lambda: is_listening(front, 7003) and os.path.exists(path), 20, kind)
            plain_traffic(front)
            until(lambda: all(row["scur"] == "0" for row in rows(path).values()), 20, "the end")
            tables.append(rows(path))
        finally:
            if kind == "haproxy":
                process.terminate()
                process.wait()
    echo.listener.close()
    theirs, ours = tables
    assert list(theirs) == list(ours)
    names = list(next(iter(theirs.values())))
    assert list(next(iter(ours.values())))[:len(names)] == names
    different = {(key, name, theirs[key][name], ours[key][name]) for key in theirs
                 for name in names if theirs[key][name] != ours[key][name] and
                 not OF_THE_MACHINE.fullmatch(name)}
    assert different == set()
