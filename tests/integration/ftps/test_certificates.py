"""Certificates of a running haftp: read anew on USR2, told of on HUP, and before they end."""

import base64
import os
import re
import signal
import socket
import ssl
import subprocess
import threading

import pytest

from lib.fakes import Fake, echo
from lib.ftps import ftps_place
from lib.haftp import ROOT, binary, ftp_sections, head
from lib.net import CONTROL_PORT
from lib.session import TlsSession
from lib.tls import NAME, ServerTls
from lib.wait import until

OLD, NEW = "old.example.org", "new.example.org"


class Renewable:
    """haftp whose certificate is in a file of its own, `path`."""

    def __init__(self, lab, server, folder, mode="plain", bind_words="", **options):
        self.lab = lab
        self.path = lab.certificates.issue(os.path.join(folder, "ftp.pem"), OLD)
        self.place = ftps_place(lab, server, mode, bind_words=f"crt {self.path} {bind_words}",
                                **options)
        self.haftp = self.place.haftp
        self.reloads = 0

    def renew(self, name=NEW):
        self.lab.certificates.issue(self.path, name)

    def reload(self):
        self.reloads += 1
        self.haftp.process.signal(signal.SIGUSR2)
        done = "Certificates are reloaded|The old certificates stay in use"
        until(lambda: len(re.findall(done, self.haftp.log())) == self.reloads, 10, "the reload")

    def session(self, version=None):
        return TlsSession(self.place.where("explicit-P"), self.place.login,
                          self.place.tls("explicit-P", version))

    def shows(self, name, version="1.2"):
        """The serial of the certificate that is for this name; None: there is none."""
        context = self.place.tls("explicit-P", version).context()
        with socket.create_connection(self.place.where("implicit-P"), 10) as connection:
            with context.wrap_socket(connection, server_hostname=name) as secure:
                shown = secure.getpeercert()
                return shown["serialNumber"] if ("DNS", name) in shown["subjectAltName"] else None


@pytest.fixture
def server(lab):
    return lab.farm("pyftpdlib")[0]


def files(session, server, count=3):
    for _ in range(count):
        assert session.server_name() == server.name


@pytest.mark.parametrize("version", ("1.2", "1.3"))
def test_renewed(lab, server, tmp_path, version):
    """A session goes on as it began, and resumes its own TLS session; the next one sees what is
    new."""
    there = Renewable(lab, server, tmp_path, bind_words="data-tls-reuse")
    assert there.shows(OLD) and not there.shows(NEW)
    with there.session(version) as session:
        files(session, server)
        there.renew()
        there.reload()
        files(session, server)
        assert there.shows(NEW) and not there.shows(OLD)
        with there.session(version) as another:
            files(another, server)
        files(session, server, 1)
    there.haftp.wait_log(
        rf"Certificates are reloaded; new: '{there.path}' \({NEW}, until 2.* UTC\)\. "
        "The configuration is not read again")


def test_in_the_middle_of_a_file(lab, server, tmp_path):
    there = Renewable(lab, server, tmp_path)
    with there.session() as session:
        data = session.transfercmd("RETR pub/random.bin")
        got = len(data.recv(1000))
        there.renew()
        there.reload()
        while piece := data.recv(1 << 16):
            got += len(piece)
        data.unwrap()
        assert session.voidresp().startswith("226")
        assert got == os.path.getsize(server.path("pub", "random.bin"))


@pytest.mark.parametrize("broken, words", (
    ("nothing", r"'.*ftp\.pem' holds no certificate in PEM"),
    ("no key", r"'.*ftp\.pem' holds no private key, and no file with '\.key'"),
    ("locked key", r"the private key in '.*ftp\.pem' has a passphrase.*openssl pkey"),
    ("key of another", r"the private key in '.*ftp\.pem' does not match"),
    ("gone", r"cannot read '.*ftp\.pem': No such file"),
))
def test_broken_files_change_nothing(lab, server, tmp_path, broken, words):
    there = Renewable(lab, server, tmp_path)
    before = there.shows(OLD)
    if broken == "gone":
        os.remove(there.path)
    elif broken == "nothing":
        open(there.path, "w").close()
    elif broken == "no key":
        _keep_certificate(there.path)
    elif broken == "locked key":
        _lock_key(there.path)
    else:
        with open(lab.certificates.path("client")) as other, open(there.path) as own:
            text = own.read().split("-----BEGIN")[1]
            key = other.read().split("-----BEGIN")[2]
        with open(there.path, "w") as file:
            file.write(f"-----BEGIN{text}-----BEGIN{key}")
    there.reload()
    there.haftp.wait_log(rf"Certificates are not reloaded: .*haftp\.cfg:\d+: {words}")
    there.haftp.wait_log("The old certificates stay in use. .* send USR2 again")
    assert there.shows(OLD) == before
    there.renew()
    there.reload()
    assert there.shows(NEW)


ODD_FILES = {
    "pipe": "it is a pipe, a socket or a device", "socket": "it is a pipe, a socket or a device",
    "device": "it is a pipe, a socket or a device", "folder": "Is a directory",
    "large": "it is larger than 64 MB"}


def _put_odd(kind, path):
    if os.path.exists(path):
        os.remove(path)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as there:
            there.bind(path)
    elif kind == "device":
        os.symlink("/dev/zero", path)
    elif kind == "folder":
        os.mkdir(path)
    else:
        with open(path, "w") as file:
            file.truncate(100 << 20)


def test_a_folder_in_a_list(lab, server, tmp_path):
    """A line of a crt-list names a file: at start, and at USR2."""
    certificate = lab.certificates.issue(os.path.join(tmp_path, "one.pem"), OLD)
    folder, listed = os.path.join(tmp_path, "certs"), os.path.join(tmp_path, "list.txt")
    front, message = lab.net.front(), f"{listed}:1: cannot read '{folder}': Is a directory"
    os.mkdir(folder)
    _copy(certificate, os.path.join(folder, "ftp.pem"))
    config = head() + f"""
listen plain
    bind {front}:8000 ssl crt-list {listed}
    server one {server.address}:{server.port}
"""
    with open(listed, "w") as file:
        file.write(certificate)
    haftp = lab.haftp(config, (front, 8000))
    with open(listed, "w") as file:
        file.write(folder)
    haftp.process.signal(signal.SIGUSR2)
    haftp.wait_log(f"Certificates are not reloaded: .*{message}")
    written = os.path.join(tmp_path, "haftp.cfg")
    with open(written, "w") as file:
        file.write(config)
    told = subprocess.run([binary(), "-c", "-f", written], capture_output=True, text=True,
                          timeout=30)
    assert told.returncode == 1 and message in told.stderr


@pytest.mark.parametrize("kind", ODD_FILES)
def test_odd_files_are_refused_at_once(lab, tmp_path, kind):
    """At start, and by the same words at USR2, in all places where a file of TLS may stand."""
    front, says = lab.net.front(), ODD_FILES[kind]
    names = ("crt", "listed", "list", "ca", "crl", "keys")
    path = {name: os.path.join(tmp_path, name) for name in names}
    crl = _empty_crl(lab.certificates, tmp_path)

    def put_right():
        _copy(lab.certificates.server, path["crt"])
        _copy(lab.certificates.server, path["listed"])
        _copy(lab.certificates.ca, path["ca"])
        _copy(crl, path["crl"])
        for name, text in (("list", path["listed"] + "\n"), ("keys", 3 * ("A" * 64 + "\n"))):
            with open(path[name], "w") as file:
                file.write(text)

    put_right()
    config = head() + f"""
listen plain
    bind {front}:8000 ssl crt {path["crt"]} crt-list {path["list"]} ca-file {path["ca"]} \
        verify optional crl-file {path["crl"]} tls-ticket-keys {path["keys"]}
    server one 127.0.0.1:21
""".replace("\\\n        ", "")
    haftp = lab.haftp(config, (front, 8000))
    written = os.path.join(tmp_path, "haftp.cfg")
    with open(written, "w") as file:
        file.write(config)
    for name in names:
        if kind == "folder" and name in ("crt", "ca"):
            continue  # there it stands for its files
        os.remove(path[name])
        _put_odd(kind, path[name])
        message = f"cannot read '{path[name]}': {says}"
        start = subprocess.run([binary(), "-c", "-f", written], capture_output=True, text=True,
                               timeout=30)
        assert start.returncode == 1 and message in start.stderr, (name, start.stderr)
        haftp.process.signal(signal.SIGUSR2)
        haftp.wait_log(f"Certificates are not reloaded: .*{message}")
        os.rmdir(path[name]) if kind == "folder" else os.remove(path[name])
        put_right()
    haftp.process.signal(signal.SIGUSR2)
    haftp.wait_log("Certificates are reloaded; none of them has changed")


def _empty_crl(certificates, folder):
    path = os.path.join(folder, "empty.crl")
    config = os.path.join(folder, "ca.cnf")
    with open(config, "w") as file:
        file.write(f"[ca]\ndefault_ca = own\n[own]\ndatabase = {folder}/index.txt\n"
                   "default_md = sha256\ndefault_crl_days = 1\n")
    open(os.path.join(folder, "index.txt"), "w").close()
    subprocess.run(["openssl", "ca", "-gencrl", "-config", config, "-keyfile",
                    certificates.ca.replace(".pem", ".key"), "-cert", certificates.ca, "-out",
                    path], check=True, capture_output=True, timeout=30)
    return path


def _keep_certificate(path, behind=""):
    with open(path) as file:
        certificate = file.read().split("-----BEGIN")[1]
    with open(path, "w") as file:
        file.write(f"-----BEGIN{certificate}{behind}")


def _lock_key(path):
    locked = subprocess.run(["openssl", "pkey", "-in", path, "-aes256", "-passout", "pass:x"],
                            check=True, capture_output=True, text=True, timeout=30)
    _keep_certificate(path, locked.stdout)


@pytest.mark.parametrize("kind", ("crt", "crt strict-sni", "crt-list"))
def test_nobody_loses_the_last_certificate(lab, server, tmp_path, kind):
    """A folder that is emptied, and a list, are no reason to refuse everybody."""
    certificate = lab.certificates.issue(os.path.join(tmp_path, "one.pem"), OLD)
    folder, listed = os.path.join(tmp_path, "certs"), os.path.join(tmp_path, "list.txt")
    os.mkdir(folder)
    _copy(certificate, os.path.join(folder, "ftp.pem"))
    with open(listed, "w") as file:
        file.write(f"{certificate}\n")
    front = lab.net.front()
    source = listed if kind == "crt-list" else folder
    word, *more = kind.split()
    haftp = lab.haftp(head() + f"""
listen plain
    bind {front}:8000 ssl {word} {source} {" ".join(more)}
    server one {server.address}:{server.port}
""", (front, 8000))
    if source == listed:
        open(listed, "w").close()
    else:
        os.remove(os.path.join(folder, "ftp.pem"))
    haftp.process.signal(signal.SIGUSR2)
    haftp.wait_log(rf"Certificates are not reloaded: .*haftp\.cfg:\d+: '{source}' holds no "
                   "certificate")
    haftp.wait_log("The old certificates stay in use")
    context = ssl.create_default_context(cafile=lab.certificates.ca)
    with socket.create_connection((front, 8000), 10) as connection, \
            context.wrap_socket(connection, server_hostname=OLD) as secure:
        assert ("DNS", OLD) in secure.getpeercert()["subjectAltName"]


def test_what_root_may_not_read(lab, tmp_path):
    """Where root has no power over files, as under a service manager, that is what is said."""
    path = lab.certificates.issue(os.path.join(tmp_path, "ftp.pem"), OLD)
    config = os.path.join(tmp_path, "haftp.cfg")
    os.chmod(path, 0o600)
    os.chown(path, 65534, 65534)
    with open(config, "w") as file:
        file.write(head() + f"""
listen plain
    bind 127.0.0.1:8000 ssl crt {path}
    server one 127.0.0.1:21
""")
    told = subprocess.run(["setpriv", "--bounding-set=-dac_override,-dac_read_search", binary(),
                           "-c", "-f", config], capture_output=True, text=True, timeout=30)
    assert told.returncode == 1
    assert f"cannot read '{path}': Permission denied: root reads what others own" in told.stderr


def test_authorities_and_toward_servers(lab, tmp_path):
    """`ca-file` of a server's line is read anew, too, and `crt-list` with its lines."""
    server, = lab.servers("vsftpd", 1, tls=ServerTls())
    ca = os.path.join(tmp_path, "ca.pem")
    listed = os.path.join(tmp_path, "list.txt")
    _copy(lab.certificates.ca, ca)
    added = lab.certificates.issue(os.path.join(tmp_path, "added.pem"), NEW)
    with open(listed, "w") as file:
        file.write(f"{lab.certificates.server}\n")
    there = Renewable(lab, server, tmp_path, "starttls", more_words=f"ca-file {ca}",
                      bind_words=f"crt-list {listed}", more=["retries 0"])
    assert not there.shows(NEW)
    with there.session() as session:
        files(session, server)
        _copy(lab.certificates.path("other"), ca)
        with open(listed, "w") as file:
            file.write(f"{lab.certificates.server}\n{added}\n")
        there.reload()
        files(session, server)
    assert there.shows(NEW)
    with socket.create_connection(there.place.where("plain"), 10) as connection:
        assert connection.recv(100).startswith(b"421")


def _copy(source, target):
    with open(source) as text, open(target, "w") as copy:
        copy.write(text.read())


def _keys(path, keys):
    with open(path, "w") as file:
        file.write("".join(base64.b64encode(key).decode() + "\n" for key in keys))


def test_ticket_keys_rotate(lab, server, tmp_path):
    """Sessions keep the keys of their tickets; a file that is too short changes nothing."""
    path = os.path.join(tmp_path, "keys")
    keys = [os.urandom(48) for _ in range(4)]
    _keys(path, keys[:3])
    there = Renewable(lab, server, tmp_path, bind_words=f"tls-ticket-keys {path}")
    with there.session("1.2") as session:
        files(session, server)
        _keys(path, keys[1:])
        there.reload()
        files(session, server)
        _keys(path, keys[:1])
        there.reload()
        there.haftp.wait_log("must have three lines or more")
        files(session, server)


def test_tickets_outlive_a_rotation(lab, tmp_path):
    """Of plain sections: a ticket is good as long as its key is in the file, whoever read that."""
    path, front = os.path.join(tmp_path, "keys"), lab.net.front()
    keys = [os.urandom(80) for _ in range(7)]
    _keys(path, keys[:3])
    context = ssl.create_default_context(cafile=lab.certificates.ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with Fake("echo", lab.net.server(), echo) as target:
        haftp = lab.haftp(head() + f"""
listen plain
    bind {front}:8000 ssl crt {lab.certificates.server} tls-ticket-keys {path}
    server one {target.address}:{target.port}
""", (front, 8000))

        def come(session=None):
            with socket.create_connection((front, 8000), 10) as connection, \
                    context.wrap_socket(connection, server_hostname=NAME,
                                        session=session) as secure:
                return secure.session_reused, secure.session

        def rotate(new, times):
            _keys(path, new)
            haftp.process.signal(signal.SIGUSR2)
            until(lambda: haftp.log().count("Certificates are reloaded") == times, 10, "the reload")
        first = come()[1]
        assert come(first)[0]
        rotate(keys[1:4], 1)
        resumed, second = come(first)
        assert resumed
        rotate(keys[4:], 2)
        assert not come(first)[0] and not come(second)[0]


def test_reloads_while_clients_come(lab, server, tmp_path):
    """Nobody is refused, whatever thread takes a connection while the contexts change."""
    there = Renewable(lab, server, tmp_path, threads=2)
    stop, wrong = threading.Event(), []

    def come():
        while not stop.is_set():
            if not there.shows(OLD):
                wrong.append("refused")
    threads = [threading.Thread(target=come) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(12):
        there.reload()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
    there.haftp.wait_log("none of them has changed")


def test_nothing_to_reload(lab, server):
    """Whoever expects the configuration to be read again is told."""
    front = lab.net.front()
    haftp = lab.haftp(head() + ftp_sections(front, [server]), (front, CONTROL_PORT))
    haftp.process.signal(signal.SIGUSR2)
    haftp.wait_log("no line of the configuration has any. To change the configuration, start")


def test_without_rights(lab, tmp_path):
    """Root read the file at start; who runs now may not, and the message says so."""
    if os.geteuid() != 0:
        pytest.skip("only root can give up its rights")
    path = lab.certificates.issue(os.path.join(tmp_path, "ftp.pem"), OLD)
    front = lab.net.front()
    haftp = lab.haftp(_unprivileged(front, path), (front, 2122))
    haftp.process.signal(signal.SIGUSR2)
    haftp.wait_log(rf"cannot read '{path}': Permission denied")
    haftp.wait_log("all files must be readable by user nobody")


def _unprivileged(front, path):
    return f"""
global
    log stderr format short local0
    user nobody
defaults
    log global
    mode tcp
    timeout connect 1s
    timeout client 1s
    timeout server 1s
listen plain
    bind {front}:2122 ssl crt {path}
    server one {front}:1
"""


def test_what_hup_tells(lab, tmp_path):
    """Each line with TLS: its certificates, and its handshakes: full, resumed, failed."""
    server, = lab.servers("vsftpd", 1, tls=ServerTls())
    there = Renewable(lab, server, tmp_path, "starttls")
    with there.session() as session:
        files(session, server, 3)
    with socket.create_connection(there.place.where("implicit-P"), 10) as connection:
        connection.sendall(b"this is no TLS\r\n" * 20)
        assert connection.recv(100)[:1] in (b"", b"\x15")
    failed = re.compile(r"Bind \S+:2990 of ftps, TLS handshakes: 0 full, 0 resumed, 1 failed\.")

    def failure_is_told():  # it is counted when the connection is gone, a moment behind the alert
        there.haftp.process.signal(signal.SIGHUP)
        return failed.search(there.haftp.log())

    until(failure_is_told, 10, "the failed handshake to be counted")
    where = re.escape(f"{there.place.address}:2122")
    there.haftp.wait_log(rf"Bind {where} of ftps, TLS handshakes: 1 full, 3 resumed, 0 failed\.")
    there.haftp.wait_log(rf"Bind {where} of ftps, certificate '{there.path}' \({OLD}\), until 2")
    there.haftp.wait_log(
        rf"Server ftps/{server.name}, TLS handshakes: [1-9] full, 3 resumed, 0 failed\.")


def _check(folder, path, *arguments):
    config = os.path.join(folder, "check.cfg")
    with open(config, "w") as file:
        file.write(_unprivileged("127.0.0.1", path).replace("    user nobody\n", ""))
    done = subprocess.run([binary(), "-c", *arguments, "-f", config], capture_output=True,
                          text=True, timeout=20)
    return done.returncode, done.stderr


def test_advice_about_the_end(lab, tmp_path):
    """Told at its line, and no error even with -dW."""
    path = os.path.join(tmp_path, "ftp.pem")
    for days, words in ((5, r"expires in [45] days, on 2"), (-1, "has expired on 2"),
                        (1, "expires (within a day|in 1 day), on"), (60, None)):
        lab.certificates.issue(path, OLD, days)
        code, text = _check(tmp_path, path, "-dW")
        assert code == 0
        if words:
            assert re.search(rf"check\.cfg:11:(\d+)\].*'{path}' \({OLD}\) {words}", text), text
            assert re.search(r" crt \S+\n[ |]+\^" + "~" * (len(path) - 1) + r"\n", text), text
        else:
            assert "certificate" not in text


def test_hook_of_certbot(lab, server, tmp_path):
    """The script of docs/ftps.md, word for word."""
    with open(os.path.join(ROOT, "docs/ftps.md")) as page:
        script, = re.findall(r"```sh\n(#!/bin/sh\n.*?)```", page.read(), re.DOTALL)
    pid = os.path.join(tmp_path, "pid")
    there = Renewable(lab, server, tmp_path, more_global=[f"pidfile {pid}"])
    until(lambda: os.path.exists(pid) and os.path.getsize(pid), 10, "the pid file")
    folder = lab.certificates.folder
    lab.certificates.issue(os.path.join(tmp_path, "both.pem"), NEW)
    newest = max((name for name in os.listdir(folder) if name.startswith("more") and
                  name.endswith(".crt")), key=lambda name: os.stat(f"{folder}/{name}").st_mtime_ns)
    _copy(f"{folder}/{newest}", f"{tmp_path}/fullchain.pem")
    _copy(f"{folder}/{newest[:-4]}.key", f"{tmp_path}/privkey.pem")
    subprocess.run(["sh", "-c", script], check=True, timeout=20, env={
        **os.environ, "RENEWED_LINEAGE": str(tmp_path), "HAFTP_PEM": there.path,
        "HAFTP_GROUP": str(os.getgid()), "HAFTP_PIDFILE": pid})
    there.haftp.wait_log("Certificates are reloaded; new:")
    assert there.shows(NEW)
    assert os.stat(there.path).st_mode & 0o777 == 0o640
