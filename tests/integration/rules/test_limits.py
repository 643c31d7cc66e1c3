"""examples/rules/limits.cfg in front of a real server, and sessions that end in all ways."""

import concurrent.futures
import ftplib
import os
import random
import re
import socket
import struct

import pytest

from lib.haftp import ROOT, ftp_sections, head
from lib.net import CONTROL_PORT
from lib.session import Session
from lib.wait import until

PORT = 2121


def example(front, server, **changes):
    with open(os.path.join(ROOT, "examples", "rules", "limits.cfg")) as file:
        text = file.read()
    changes = {"127.0.0.1:2121": f"{front}:{PORT}",
               "127.0.0.11:2121": f"{server.address}:{server.port}", **changes}
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


class Front:
    def __init__(self, lab, **changes):
        self.server = lab.farm("proftpd")[0]
        self.address = lab.net.front()
        self.haftp = lab.haftp(example(self.address, self.server, **changes), (self.address, PORT))

    def open(self, source, password=None):
        login = (self.server.user, password or self.server.password)
        return Session((self.address, PORT), login, source=source)

    def is_refused(self, source):
        """It is closed without a word."""
        with socket.create_connection((self.address, PORT), 10, (source, 0)) as client:
            try:
                return client.recv(100) == b""
            except ConnectionResetError:
                return True


def test_sessions_at_a_time(lab):
    front = Front(lab, **{"{ sc_conn_cur(2) gt 2 }": "{ sc_conn_cur(2) gt 9 }"})
    sessions = [front.open("127.1.0.1") for _ in range(3)]
    assert front.is_refused("127.1.0.1")
    front.open("127.1.0.2").quit()
    assert all(session.nlst("pub") for session in sessions)  # data connections are none
    sessions.pop().quit()
    until(lambda: not front.is_refused("127.1.0.1"), 5, "a place for another session")


def test_sessions_a_minute(lab):
    front = Front(lab)
    for _ in range(10):
        front.open("127.1.0.1").quit()
    assert front.is_refused("127.1.0.1")
    front.open("127.1.0.2").quit()


def test_ban_after_failed_logins(lab):
    front = Front(lab)
    for _ in range(2):
        with pytest.raises(ftplib.error_perm, match="530"):
            front.open("127.1.0.1", "wrong")
    front.open("127.1.0.1").quit()
    client = ftplib.FTP(source_address=("127.1.0.1", 0))
    client.connect(front.address, PORT, 10)
    for _ in range(3):
        client.sendcmd(f"USER {front.server.user}")
        with pytest.raises(ftplib.error_perm, match="530"):
            client.sendcmd("PASS wrong")
    assert client.getline().startswith("421 ")
    client.close()
    assert front.is_refused("127.1.0.1")
    front.open("127.1.0.2").quit()


def test_sessions_of_a_user(lab):
    front = Front(lab)
    first, second = front.open("127.1.0.1"), front.open("127.1.0.2")
    with pytest.raises(ftplib.error_perm, match="530 You have two sessions already"):
        front.open("127.1.0.3")
    first.quit()
    until(lambda: may_enter(front), 5, "the user's place")
    assert second.nlst("pub")


def may_enter(front):
    try:
        front.open("127.1.0.3").quit()
        return True
    except ftplib.error_perm:
        return False


def test_who_has_had_enough(lab):
    front = Front(lab, **{"gt 10000000000": "gt 1000"})
    session = front.open("127.1.0.1")
    session.read("pub/named.bin")
    with pytest.raises(ftplib.error_temp, match="450 Enough for this hour"):
        session.read("pub/named.bin")
    front.open("127.1.0.2").read("pub/named.bin")


# ---- all ends ------------------------------------------------------------------------------------

COUNTED = ["stick-table type ip size 100k expire 1h store conn_cur,conn_cnt,bytes_out_cnt,gpc0",
           "tcp-request connection track-sc0 src",
           "tcp-request content track-sc1 int(1) table sections",
           "ftp-request track-sc2 ftp.user table users if { ftp.cmd PASS }",
           "tcp-response content sc-inc-gpc0(0) if { ftp.code 530 }"]
TABLES = """backend sections
    stick-table type integer size 10 store conn_cur,conn_cnt

backend users
    stick-table type string size 10 store conn_cur,conn_cnt

"""


def ask(path, command):
    with socket.socket(socket.AF_UNIX) as api:
        api.connect(path)
        api.sendall(command.encode() + b"\n")
        return b"".join(iter(lambda: api.recv(65536), b"")).decode()


def entries(path, table):
    """Of each entry its words: {"key": ..., "use": ..., "conn_cur": ...}"""
    lines = ask(path, f"show table {table}").splitlines()
    return [dict(word.split("=", 1) for word in line.split()[1:])
            for line in lines if line.startswith("0x")]


def leave(session, how):
    """One of the ways in which sessions end; the socket is closed behind it."""
    if how == "quit":
        session.quit()
    elif how == "lease":
        session.makepasv()
    elif how == "download":
        session.transfercmd("RETR pub/named.bin").close()
    elif how == "reset":
        session.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif how == "transfer":
        session.read("pub/named.bin")
    session.close()


WAYS = ("quit", "lease", "download", "reset", "transfer", "close", "stranger", "wrong")


@pytest.mark.parametrize("threads, sessions", [
    (1, 150), (4, 150), pytest.param(4, 4000, marks=pytest.mark.slow)])
def test_every_count_is_given_back(lab, tmp_path, threads, sessions):
    api, random_ends = str(tmp_path / "api"), random.Random(threads)
    front, servers = lab.net.front(), lab.farm("proftpd")
    control, login = (front, CONTROL_PORT), (servers[0].user, servers[0].password)
    lab.haftp(head("splice", threads, [f"stats socket {api} level admin"]) + TABLES +
              ftp_sections(front, servers, more=COUNTED), control)

    def session(number):
        how, source = random_ends.choice(WAYS), f"127.1.{number % 7}.1"
        if how == "stranger":
            socket.create_connection(control, 10, (source, 0)).close()
            return
        if how == "wrong":
            with pytest.raises(ftplib.error_perm):
                Session(control, (login[0], "wrong"), source=source)
            return
        leave(Session(control, login, source=source), how)

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        list(pool.map(session, range(sessions)))

    def counted():
        return entries(api, "ftp_control") + entries(api, "sections") + entries(api, "users")
    until(lambda: all(entry["use"] == entry["conn_cur"] == "0" for entry in counted()), 20,
          "all sessions to be let go")
    assert sum(int(entry["conn_cnt"]) for entry in entries(api, "ftp_control")) == sessions
    assert {entry["key"] for entry in entries(api, "users")} == {login[0]}
    assert any(int(entry["gpc0"]) for entry in entries(api, "ftp_control"))


# ---- by hand -------------------------------------------------------------------------------------

# What HAProxy 2.6 says to the same words, but for the addresses of its entries.
CONVERSATION = [
    ("set table t key 192.0.2.7 data.gpc0 5 data.conn_rate 3", ""),
    ("show table t", "# table: t, type: ip, size:10, used:1\n"
                     "0xP: key=192.0.2.7 use=0 exp=0 gpc0=5 conn_rate(10000)=3 conn_cur=0\n"),
    ("show table t data.gpc0 gt 5", "# table: t, type: ip, size:10, used:1\n"),
    ("show table t key 192.0.2.8", ""),
    ("show table t data.gpt0 gt 5", "Filter entry #1: Data type not stored in this table\n"),
    ("show table t data.gpc0 above 5", "Filter entry #1: Require and operator among "
                                       '"eq", "ne", "le", "ge", "lt", "gt"\n'),
    ("show table t data.gpc0 gt 5 gpt0 eq 3", "Filter entry #2: Unknown data type\n"),
    ("clear table t" + 4 * " data.gpc0 gt 1" + " data.gpc0 gt 9",
     "Detected extra data in filter, 16th word of input, after '1'\n"),
    ("set table n key 4294967297", "Invalid key\n"),
    ("set table n key 4294967295 data.gpc0 1", ""),
    ("show table n", "# table: n, type: integer, size:10, used:1\n"
                     "0xP: key=4294967295 use=0 exp=0 gpc0=1\n"),
    ("set table t key nobody", "Invalid key\n"),
    ("show table nowhere", "No such table\n"),
    ("set table t key", "Key value expected\n"),
    ("set table t data.gpc0 1", "content-based lookup is only supported with the "
                                '"show" and "clear" actions\n'),
    ("set table t key 192.0.2.7 gpc0 1", '"data.<type>" followed by a value expected\n'),
    ("set table s key a\\ b=\xe4 data.gpc 1", ""),
    ("show table s", "# table: s, type: string, size:10, used:1\n"
                     "0xP: key=a\\ b\\=\\xC3\\xA4 use=0 exp=0 gpc0=1 gpc1=0\n"),
    ("clear table t data.gpc0 ne 5", ""),
    ("clear table t key 192.0.2.7", ""),
    ("show table t", "# table: t, type: ip, size:10, used:0\n"),
]


def test_tables_by_hand(lab, tmp_path):
    api = str(tmp_path / "api")
    front = Front(lab, **{"log stdout format raw local0": f"stats socket {api} level admin",
                          "backend ftp_bans": """backend t
    stick-table type ip size 10 store gpc0,conn_rate(10s),conn_cur
backend s
    stick-table type string size 10 store gpc(2)
backend n
    stick-table type integer size 10 store gpc0
backend ftp_bans"""})
    for command, answer in CONVERSATION:
        assert re.sub("0x[0-9a-f]+:", "0xP:", ask(api, command)) == answer + "\n", command
    session = front.open("127.1.0.1")
    assert ask(api, "clear table ftp_bans key 127.1.0.1") == \
        "Entry currently in use, cannot remove\n\n"
    session.quit()
