"""examples/users/users.cfg: vsftpd has the public's files, ProFTPD the staff's; a map of users
decides, and rules say what each may do."""

import ftplib
import os
import socket

import pytest

from lib.haftp import ROOT
from lib.session import Session, named_content

FOLDER = os.path.join(ROOT, "examples", "users")
PORT = 2121
STAFF = ("alice", "wonder-land-7")
GUEST = ("anonymous", "guest@example.org")


def example(front, public, staff):
    with open(os.path.join(FOLDER, "users.cfg")) as file:
        text = file.read()
    changes = [("bind 127.0.0.1:2121", f"bind {front}:{PORT}"),
               ("default-path config", f"default-path origin {FOLDER}")]
    changes += [(f"127.0.0.{11 + i}:2121", f"{server.address}:{server.port}")
                for i, server in enumerate(public[:2] + staff[:2])]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


class Front:
    def __init__(self, lab):
        self.public, self.staff = lab.farm("vsftpd"), lab.farm("proftpd")
        self.address = lab.net.front()
        text = example(self.address, self.public, self.staff)
        self.haftp = lab.haftp(text, (self.address, PORT))

    def session(self, login=None, **options):
        return Session((self.address, PORT), login, **options)


@pytest.fixture
def front(lab):
    return Front(lab)


def names(servers):
    return [server.name for server in servers]


def assert_works_at(session, servers):
    """Control and data connections lead to the same one of these servers."""
    name = session.server_name()
    assert name in names(servers)
    assert session.read("pub/named.bin") == named_content(name)


def test_each_user_reaches_the_servers_of_the_map(front):
    for _ in range(2):
        with front.session(GUEST) as session:
            assert session.getwelcome() == ("220-Files of the public, and of our staff.\n"
                                            "220 Please log in.")
            assert_works_at(session, front.public[:2])
        with front.session(STAFF, epsv=True) as session:
            assert_works_at(session, front.staff[:1])
    front.haftp.wait_log(r'ftp public/ftp_[12] -- .* user="anonymous" last=QUIT 221\n')
    front.haftp.wait_log(r'ftp staff/files_1 -- .* user="alice" last=QUIT 221\n')


def test_the_client_reads_its_servers_features_after_the_login(front):
    with front.session() as session:
        before = session.sendcmd("FEAT")
        assert "EPSV" in before and "MLST" not in before
        session.login(*STAFF)
        after = session.sendcmd("FEAT")
        assert "MLST" in after and "EPSV" in after


def test_an_unknown_user_may_try_another_name(front):
    with front.session() as session:
        with pytest.raises(ftplib.error_perm, match="^530 No server is responsible"):
            session.login("mallory", "x")
        session.login(*STAFF)
        assert_works_at(session, front.staff[:1])
    front.haftp.wait_log(r"ftp: no backend for user 'mallory' of client ")


def test_a_wrong_password_is_the_servers_matter(front):
    with front.session() as session:
        with pytest.raises(ftplib.error_perm, match="^530"):
            session.login("alice", "wrong")
        session.login(*GUEST)
        assert_works_at(session, front.public[:2])


def test_rein_leads_to_the_other_house(front):
    with front.session(GUEST) as session:
        assert_works_at(session, front.public[:2])
        with pytest.raises(ftplib.error_perm, match="^503"):
            session.sendcmd("USER alice")
        assert session.sendcmd("REIN").startswith("220")
        session.login(*STAFF)
        session.voidcmd("TYPE I")
        assert_works_at(session, front.staff[:1])


def test_guests_read_only_and_staff_may_write(front):
    with front.session(GUEST) as session:
        with pytest.raises(ftplib.error_perm, match="^553 The public files are for reading"):
            session.write("incoming/new", b"x")
        with pytest.raises(ftplib.error_perm, match="^553"):
            session.delete("WELCOME")
        assert_works_at(session, front.public[:2])  # the lease that was not used is gone
    with front.session(STAFF) as session:
        session.write("incoming/new", b"mine")
        assert session.read("incoming/new") == b"mine"
        session.delete("incoming/new")
        with pytest.raises(ftplib.error_perm, match="^550 Permission denied"):
            session.sendcmd("SITE EXEC ls")
    front.haftp.wait_log(r"Command of .* \(ftp staff/files_1, user alice\): DELE incoming/new")


def test_everything_at_once(front):
    """A client that does not wait for answers (curl's --ftp-... never do, scripts with nc do)."""
    with socket.create_connection((front.address, PORT), timeout=10) as client:
        client.sendall(b"OPTS UTF8 ON\r\nUSER alice\r\nPASS wonder-land-7\r\nPWD\r\nQUIT\r\n")
        client.shutdown(socket.SHUT_WR)
        text = b""
        while chunk := client.recv(4096):
            text += chunk
    codes = [line[:3] for line in text.decode().splitlines() if line[3:4] == " "]
    assert codes == ["220", "200", "331", "230", "257", "221"], text


def test_the_backup_takes_over_when_the_users_server_is_down(lab):
    public, staff = lab.farm("vsftpd"), lab.servers("proftpd", 2)
    address = lab.net.front()
    lab.haftp(example(address, public, staff).replace(" check backup", " backup")
              .replace(" check\n", "\n"), (address, PORT))
    staff[0].kill()
    with Session((address, PORT), STAFF) as session:
        assert_works_at(session, staff[1:])
    staff[1].kill()
    with Session((address, PORT)) as session:
        with pytest.raises(ftplib.error_temp, match="^421 No server is available"):
            session.login(*STAFF)
