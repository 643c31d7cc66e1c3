"""FTPS ended by haftp: every way to come, to servers in every way, with real clients.

By default every two values of any two columns meet; the whole matrix is long, but for clients that
are met in pairs only."""

import itertools
import re

import pytest

from lib import content
from lib.clients import TLS_CLIENTS
from lib.ftps import FRONTS, SERVER_WORDS, FtpsPlace, ftps_place, server_tls
from lib.lab import Lab
from lib.net import has_ipv6
from lib.pairs import pairwise
from lib.servers import KINDS
from lib.wait import until

pytestmark = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")

# Pure-FTPd has implicit TLS only where it was built for nothing else.
SERVERS = tuple(f"{kind}-{mode}" for kind in KINDS for mode in SERVER_WORDS
                if (kind, mode) != ("pureftpd", "ssl"))
COLUMNS = (SERVERS, tuple(TLS_CLIENTS), tuple(FRONTS), ("1.2", "1.3"), (4, 6, "mapped"), (4, 6))


def is_possible(row):
    """227 names no IPv6 address, lftp says EPRT |2|::|, rclone has no PROT C, and plain on both
    sides is no TLS."""
    server, client, front, _, family, _ = row
    return not (client in ("curl-pasv", "lftp-active") and family == 6) and \
        not (client == "rclone" and front.endswith("-C")) and \
        not (front == "plain" and server.endswith("-plain"))


PAIRS = pairwise(COLUMNS, is_possible)
IN_PAIRS_ONLY = ("wget", "wget-active", "rclone")
OTHERS = [row for row in itertools.product(*COLUMNS)
          if is_possible(row) and row not in PAIRS and row[1] not in IN_PAIRS_ONLY]


def rows(chosen):
    """What of a row makes a place of its own, then the rest. pytest keeps a place while this is the
    very same, not only equal, and where it is told the scope."""
    same = {}

    def of_row(row):
        server, client, front, version, family, behind = row
        place = same.setdefault((server, version, behind), (*server.split("-"), version, behind))
        return pytest.param(place, client, front, family,
                            id=f"{server}-on-{behind}-{version}-{client}-{front}-{family}")
    return pytest.mark.parametrize("place, client, front, family",
                                   sorted(map(of_row, chosen), key=lambda row: row.id),
                                   indirect=["place"], scope="module")


@pytest.fixture(scope="module")
def place(house, request):
    """A server, and haftp in front of it; one at a time, so rows are sorted."""
    kind, mode, version, family = request.param
    lab = Lab(house)
    try:
        lab.need_haftp()
        yield new_place(lab, kind, mode, version, family)
    finally:
        lab.close()


def new_place(lab, kind, mode, version, family) -> FtpsPlace:
    """Ports of ::1 and :: are everybody's, so each run of the tests has some of its own."""
    ports = range(12000 + 100 * lab.net.number, 12100 + 100 * lab.net.number)
    if family == 6:
        server = lab.server_at(kind, "::1", ports[0], server_tls(mode))
    else:
        server, = lab.servers(kind, 1, tls=server_tls(mode))
    return ftps_place(lab, server, mode, version, ipv6=ports[10:16], mapped=ports[20:26],
                      more=["option ftplog"])


def assert_was_as_told(haftp, since, client, protected):
    """The lines of transfers: all in the client's mode, and of the version that was asked for, each
    with the session of the control connection, or of none.  protected: that version, None: PROT C.
    """
    line = re.compile(r" ([A-Z]+) (down|up)/(\w+)/[AI] (\S+) (\d+) ")

    def transfers_of_log():
        found = line.findall(haftp.log()[since:])
        return found if {"RETR", *(["STOR"] if "put" in client.can else [])} <= \
            {command for command, *_ in found} else None
    mode = "active" if client.name.endswith("-active") else "passive"
    tls = f"TLSv{protected}/resumed" if protected else "-"
    found = until(transfers_of_log, 10, "the lines of the transfers")
    assert {line[2:] for line in found} == {(mode, tls, "226")}, found


def run(place, lab, client, front, family):
    lab.shown += [place.haftp, *place.servers]
    since = len(place.haftp.log())
    client = TLS_CLIENTS[client](place.where(front, family), place.login, lab.scratch(),
                                 place.tls(front, place.version))
    content.assert_goes_both_ways(client, place.servers[0])
    assert_was_as_told(place.haftp, since, client,
                       place.version if front.endswith("-P") else None)


@rows(PAIRS)
def test_matrix(place, lab, client, front, family):
    run(place, lab, client, front, family)


@pytest.mark.long
@rows(OTHERS)
def test_rest_of_matrix(place, lab, client, front, family):
    run(place, lab, client, front, family)
