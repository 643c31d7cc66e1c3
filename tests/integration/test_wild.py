"""Every file of examples/shapes, started for real: only addresses and paths are replaced.

10.0.0.N becomes an address of haftp's, 192.168.1.1N that of an FTP server, all on port 21. A chroot
is left out: the leak checker cannot look out of it.
"""

import glob
import os
import re

import pytest

from lib.haftp import ROOT
from lib.net import may_use_low_ports
from lib.session import transfers_work

pytestmark = pytest.mark.skipif(not may_use_low_ports(),
                                reason="this account may not listen on port 21")

SHAPES = sorted(glob.glob(os.path.join(ROOT, "examples/shapes/*.cfg")))
KINDS = ("vsftpd", "proftpd", "pureftpd", "pyftpdlib")
SERVER, FRONT = re.compile(r"192\.168\.1\.1(\d)"), re.compile(r"10\.0\.0\.([12])\b(?!/)")


def kind_for(path):
    if "proxy-protocol" in path:
        return "proxied"
    return KINDS[SHAPES.index(path) % len(KINDS)]


@pytest.fixture(params=SHAPES, ids=lambda path: os.path.basename(path)[:-len(".cfg")])
def shape(request, lab):
    """(haftp's addresses, servers) with haftp running on the shape's file."""
    with open(request.param) as file:
        text = file.read()
    count = len(set(SERVER.findall(text)))
    servers = lab.servers(kind_for(request.param), count, port=21)
    fronts = {number: lab.net.front() for number in set(FRONT.findall(text))}
    config = SERVER.sub(lambda match: servers[int(match[1]) - 1].address, text)
    config = FRONT.sub(lambda match: fronts[match[1]], config)
    config = re.sub(r"(?m)^\s*chroot\s.*$", "", config)
    config = config.replace("/tmp/haftp", os.path.join(lab.scratch(), "haftp"))
    lab.haftp(config, *((front, 21) for front in fronts.values()))
    return list(fronts.values()), servers


def test_shape_transfers(shape):
    """Passive transfers of both kinds, up and down, each with the session's own server."""
    fronts, servers = shape
    for front in fronts:
        assert transfers_work((front, 21), servers, sessions=3)
