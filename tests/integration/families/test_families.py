"""Every client in every way it has, on each family, in front of every server of each family.

By default every two values of any two columns meet; the whole matrix is long. What each client
cannot do is told in lib/ways.py."""

import itertools
import re

import pytest

from lib import content
from lib.haftp import head, server_lines
from lib.lab import Lab
from lib.net import has_ipv6
from lib.pairs import pairwise
from lib.servers import KINDS
from lib.ways import WAYS

pytestmark = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")

# mapped: IPv4 clients of `bind :::PORT v4v6`, whom the kernel calls ::ffff:127.0.0.1.
FRONTS = {"4": 4, "6": 6, "mapped": 4}
# auto: passive, whatever the client does; eprt: the server connects to haftp.
SERVER_MODES = ("auto", "eprt")
COLUMNS = (tuple(WAYS), tuple(FRONTS), tuple(KINDS), (4, 6), SERVER_MODES)
PORTS = 104  # for each run of the tests, which share ::1 and :: among them


def is_possible(row):
    way, front, *_ = row
    return FRONTS[front] in WAYS[way][1]


PAIRS = pairwise(COLUMNS, is_possible)
OTHERS = [row for row in itertools.product(*COLUMNS) if is_possible(row) and row not in PAIRS]


class FamiliesPlace:
    """A server, and a haftp that leads clients of all families to it in both modes."""

    def __init__(self, lab, kind, family, ports):
        """ports: an iterator of ports that are free on ::1 and ::."""
        self.front = lab.net.front()
        self.server = (lab.servers(kind, 1)[0] if family == 4 else
                       lab.server_at(kind, "::1", next(ports)))
        self.login = (self.server.user, self.server.password)
        self.where = {}
        text = "".join(self._sections(mode, ports) for mode in SERVER_MODES)
        self.haftp = lab.haftp(head() + text, *(
            ("::" if front == "mapped" else address, port)
            for (front, _), (address, port) in self.where.items()))

    def _sections(self, mode, ports):
        both, mapped = next(ports), next(ports)
        data = [next(ports) for _ in range(4)]
        self.where |= {("4", mode): (self.front, both), ("6", mode): ("::1", both),
                       ("mapped", mode): (self.front, mapped)}
        binds = {"both": (f"bind {self.front}:{both}\n    bind [::1]:{both}", data[:2]),
                 "mapped": (f"bind [::]:{mapped} v4v6", data[2:])}
        return "".join(f"""
listen {name}_{mode}
    {bind}
    option ftp-inspect
    ftp-data ports {low}-{high}
    ftp-data server-mode {mode}
    ftp-request log if {{ ftp.cmd PASV EPSV PORT EPRT LPSV LPRT }}
{server_lines([self.server])}""" for name, (bind, (low, high)) in binds.items())


@pytest.fixture(scope="module")
def places(house):
    """Made when asked for, and shared."""
    made = {}
    lab = Lab(house)
    first = 3000 + PORTS * house.net.number

    def place(kind, family) -> FamiliesPlace:
        lab.need_haftp()
        if (kind, family) not in made:
            ports = iter(range(first + 13 * len(made), first + PORTS))
            made[kind, family] = FamiliesPlace(lab, kind, family, ports)
        return made[kind, family]
    yield place
    lab.close()


def run(places, lab, way, front, kind, family, mode):
    place = places(kind, family)
    lab.shown += [place.haftp, place.server]
    before = len(place.haftp.log())
    client, commands = WAYS[way]
    content.assert_goes_both_ways(client(place.where[front, mode], place.login, lab.scratch()),
                                  place.server)
    log = place.haftp.log()[before:]
    used = set(re.findall(r"\b(PASV|EPSV|PORT|EPRT|LPSV|LPRT)\b", log))
    assert used == {commands[FRONTS[front]]}, log
    assert not re.search(r"ERROR|ALERT|::ffff:", log), log


@pytest.mark.parametrize("way, front, kind, family, mode", PAIRS)
def test_matrix(places, lab, way, front, kind, family, mode):
    run(places, lab, way, front, kind, family, mode)


@pytest.mark.long
@pytest.mark.parametrize("way, front, kind, family, mode", OTHERS)
def test_rest_of_matrix(places, lab, way, front, kind, family, mode):
    run(places, lab, way, front, kind, family, mode)
