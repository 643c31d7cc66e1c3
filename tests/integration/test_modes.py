"""Every mode of the client with every mode of the server: PASV, EPSV, PORT, EPRT on either side."""

import io
import uuid

import pytest

from lib.servers import KINDS, RANDOM_SIZE
from lib.session import Session, named_content

SERVER_MODES = ("auto", "pasv", "epsv", "port", "eprt")
CLIENT_MODES = ("pasv", "epsv", "port", "eprt")


class Moded(Session):
    """A session that asks for its data connections in one way only."""

    def __init__(self, mode, *arguments):
        super().__init__(*arguments, epsv=mode == "epsv")
        self.set_pasv(mode in ("pasv", "epsv"))
        self.mode = mode

    def sendport(self, host, port):
        return super().sendport(host, port) if self.mode == "port" else self.sendeprt(host, port)


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
