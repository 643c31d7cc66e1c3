"""ABOR in the middle of a file, of real servers, in the clear and with TLS on either side."""

import pytest

from lib.ftps import ftps_place, server_tls
from lib.session import Session, TlsSession, abort

SERVERS = ("vsftpd-plain", "vsftpd-starttls", "proftpd-plain", "proftpd-ssl", "pureftpd-starttls",
           "pyftpdlib-plain", "pyftpdlib-starttls")


@pytest.mark.parametrize("front", ("plain", "explicit-P", "implicit-P"))
@pytest.mark.parametrize("server", SERVERS)
def test_abort(lab, server, front):
    """Whatever the server makes of it, the session goes on."""
    kind, mode = server.split("-")
    behind, = lab.servers(kind, 1, tls=server_tls(mode))
    place = ftps_place(lab, behind, mode)
    tls = place.tls(front)
    session = (TlsSession(place.where(front), place.login, tls) if tls else
               Session(place.where(front), place.login))
    with session:
        for _ in range(2):
            data = session.transfercmd("RETR pub/named.bin")
            assert data.recv(1)
            replies = abort(session, data)
            # Pure-FTPd has one final reply for both, behind another 150; ProFTPD's change places.
            final = [reply for reply in replies if reply[0] != "1"]
            assert 1 <= len(final) <= 2 and set(final) <= {"225", "226", "426"}, replies
            assert len(final) == 2 or kind == "pureftpd", replies
            assert session.server_name() == behind.name
