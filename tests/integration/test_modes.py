"""Every mode of the client with every mode of the server: PASV, EPSV, PORT, EPRT on either side."""

import io
import socket
import uuid

import pytest

from lib.haftp import head
from lib.net import may_use_low_ports
from lib.servers import IS_ROOT, KINDS, RANDOM_SIZE
from lib.session import Moded, drain, named_content

SERVER_MODES = ("auto", "pasv", "epsv", "port", "eprt")
CLIENT_MODES = ("pasv", "epsv", "port", "eprt")


@pytest.fixture(params=KINDS)
def servers(request, lab):
    return lab.farm(request.param)


@pytest.mark.parametrize("server_mode", SERVER_MODES)
@pytest.mark.parametrize("mode", CLIENT_MODES)
def test_modes(lab, servers, server_mode, mode):
    served = lab.place(servers, more_defaults=[f"ftp-data server-mode {server_mode}"])
    with Moded(mode, served.control, served.login) as session:
        home = session.server_name()
        assert session.read("pub/named.bin") == named_content(home)
        assert session.read("pub/empty") == b""
        path = f"incoming/{uuid.uuid4().hex}"
        session.write(path, b"x" * RANDOM_SIZE)
        session.storbinary(f"APPE {path}", io.BytesIO(b"the end"))
        assert session.size(path) == RANDOM_SIZE + 7


@pytest.mark.skipif(not IS_ROOT or not may_use_low_ports(),
                    reason="binds port 21, then becomes another user: both need root")
def test_active_mode_comes_from_port_20(lab):
    """From the address that the client came to, and as another user."""
    server, = lab.servers("vsftpd", 1, port=21)
    front = lab.net.front()
    haftp = lab.haftp(head(more_global=["user nobody"]) + f"""
listen ftp
    bind {front}:21
    server one {server.address}:21
""", (front, 21))
    with open(f"/proc/{haftp.process.pid}/status") as status:
        fields = dict(line.split(":\t", 1) for line in status.read().splitlines())
    assert fields["Uid"].split()[0] != "0" and int(fields["CapEff"], 16) == 1 << 10
    for _ in range(2):
        with Moded("port", (front, 21), (server.user, server.password)) as session:
            listener = socket.create_server((session.sock.getsockname()[0], 0))
            with listener:
                session.sendport(*listener.getsockname())
                session.putcmd("RETR WELCOME")
                connection, peer = listener.accept()
                assert peer == (front, 20)
                with connection:
                    assert connection.makefile("rb").read().decode().strip() == server.name
            session.end_transfer()


def test_active_client_uses_its_port_again(lab):
    """The connection before it is in TIME_WAIT with both its ports: only then another port than the
    one below the control port will do."""
    place = lab.place()
    with Moded("port", place.control, place.login) as session:
        with socket.create_server((session.sock.getsockname()[0], 0)) as listener:
            listener.settimeout(20)
            ports = []
            for _ in range(4):
                session.sendport(*listener.getsockname())
                session.putcmd("RETR WELCOME")
                connection, (host, port) = listener.accept()
                with connection:
                    assert drain(connection).decode().strip()
                session.end_transfer()
                assert host == place.address
                ports.append(port)
    assert ports[0] == place.control[1] - 1
