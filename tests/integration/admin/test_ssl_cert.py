"""Certificates that are replaced by the runtime API while sessions run."""

import os
import re
import socket

import pytest

from lib.ftps import ftps_place
from lib.session import Api, TlsSession

OLD, NEW = "old.example.org", "new.example.org"


class There:
    """haftp whose certificate, `path`, is on two lines; `text` makes others."""

    def __init__(self, lab, folder, socket_path):
        self.lab, self.folder = lab, str(folder)
        self.path = self.issue("ftp.pem", OLD)
        self.place = ftps_place(lab, lab.farm("pyftpdlib")[0],
                                bind_words=f"crt {self.path} data-tls-reuse",
                                more_global=[f"stats socket {socket_path} mode 600 level admin"])
        self.api = Api(socket_path)

    def issue(self, name, host):
        return self.lab.certificates.issue(os.path.join(self.folder, name), host)

    def text(self, host=NEW, what=".*"):
        """A new certificate and its key, or what of its blocks is asked for."""
        with open(self.issue("other.pem", host)) as file:
            found = re.finditer(r"-----BEGIN (.*?)-----\n.*?-----END .*?-----\n", file.read(), re.S)
            return "".join(one[0] for one in found if re.fullmatch(what, one[1]))

    def set(self, payload, ending=""):
        return self.api.send(f"set ssl cert {self.path}{ending} <<\n{payload}\n")

    def session(self):
        return TlsSession(self.place.where("explicit-P"), self.place.login,
                          self.place.tls("explicit-P", None))

    def shown(self, host=OLD):
        """The serial that a client who asks for this host sees, and the first name."""
        context = self.place.tls("explicit-P", "1.2").context()
        with socket.create_connection(self.place.where("implicit-P"), 10) as connection:
            with context.wrap_socket(connection, server_hostname=host) as secure:
                cert = secure.getpeercert()
                return cert["serialNumber"], cert["subjectAltName"][0][1]


@pytest.fixture
def there(lab, tmp_path):
    path = f"/tmp/haftp-cert-{os.getpid()}.sock"
    yield There(lab, tmp_path, path)
    if os.path.exists(path):
        os.unlink(path)


def test_commit(there):
    """The session before goes on and resumes its own; the file is not needed any more."""
    serial = there.shown()[0]
    assert f"Serial: {serial}\n" in there.api(f"show ssl cert {there.path}")
    with there.session() as session:
        session.server_name()
        assert there.set(there.text()) == f"Transaction created for certificate {there.path}!\n\n"
        listed = there.api("show ssl cert").splitlines()
        assert listed[:3] == ["# transaction", f"*{there.path}", "# filename"]
        assert there.path in listed[3:]
        to_come = there.api(f"show ssl cert *{there.path}")
        assert "Status: Unused" in to_come and f"DNS:{NEW}" in to_come
        assert "PRIVATE" not in to_come
        assert there.shown()[0] == serial
        os.remove(there.path)
        answer = there.api(f"commit ssl cert {there.path}")
        assert answer == f"Committing {there.path}..\nSuccess!\n"
        session.server_name()
        now, name = there.shown(NEW)
        assert now != serial and name == NEW and f"Serial: {now}\n" in to_come
        with there.session() as another:
            another.server_name()
        session.server_name()
    assert there.api("show ssl cert").startswith("# filename\n")
    there.place.haftp.wait_log(f"Certificate '{there.path}' is replaced by the runtime API")


def test_what_is_wrong_changes_nothing(there):
    api, path = there.api, there.path
    before = there.shown()
    assert "not referenced by the configuration!\nCan't update nope!" in api.send(
        f"set ssl cert nope <<\n{there.text()}\n")
    assert there.set("garbage\n").startswith(
        f"unable to load certificate from file '{path}'.\nCan't load the payload\n")
    assert api(f"commit ssl cert {path}") == f"No ongoing transaction!\nCan't commit {path}!\n"
    there.set(there.text(what="CERTIFICATE"))
    assert "at least a certificate and a private key!" in api(f"commit ssl cert {path}")
    assert there.set(there.text("x.example.org", ".*KEY"), ".key") == (
        f"Transaction updated for certificate {path}!\n\n")
    assert api(f"commit ssl cert {path}").startswith("inconsistencies between private key and")
    assert "is about" in api("abort ssl cert nope")
    assert api(f"abort ssl cert {path}") == f"Transaction aborted for certificate '{path}'!\n"
    assert there.shown() == before
