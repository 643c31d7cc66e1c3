"""One place where tests get servers and haftp from, and where everything ends.

Servers and haftp processes that many tests can share are kept for the whole run; the others live
as long as their test.
"""

import contextlib
import dataclasses
import functools
import os
import shutil
import tempfile

import pytest

from lib.haftp import Haftp, ftp_sections, head
from lib.net import CONTROL_PORT, DATA_PORTS, Net
from lib.servers import ALL_KINDS, Unavailable
from lib.tls import Certificates


class Place:
    """Where clients of a test connect, and the servers behind it."""

    def __init__(self, address, servers, haftp):
        self.address = address
        self.control = (address, CONTROL_PORT)
        self.servers = servers
        self.haftp = haftp
        self.login = (servers[0].user, servers[0].password)

    def holders(self, *path):
        """The servers that have this file."""
        return [server for server in self.servers if os.path.exists(server.path(*path))]


class House:
    """Lives as long as the pytest process."""

    def __init__(self, direct):
        self.direct = direct
        self.net = Net()
        self.folder = tempfile.mkdtemp(prefix="haftp-tests-")
        # The servers' unprivileged account must be able to walk in.
        os.chmod(self.folder, 0o755)
        self._farms = {}
        self._places = {}
        self._count = 0

    def new_folder(self, name):
        self._count += 1
        return os.path.join(self.folder, f"{self._count}-{name}")

    @functools.cached_property
    def certificates(self):
        """A server's certificate is good for any address of the run's first servers and fronts."""
        return Certificates(self.new_folder("certificates"),
                            [*self.net.addresses(600), "127.0.0.1", "::1"])

    def new_servers(self, kind, count, port=CONTROL_PORT, announce=None, tls=None):
        """Fresh servers; each announces an address where nobody can reach it, or the given
        one, or its "own"."""
        if tls and not tls.certificate:
            tls = dataclasses.replace(tls, certificate=self.certificates.server)
        servers = []
        try:
            for number in range(1, count + 1):
                name = f"{kind}_{number}"
                nowhere = None if self.direct else f"10.99.{self.net.number}.{number}"
                address = self.net.server()
                where = address if announce == "own" else announce or nowhere
                server = ALL_KINDS[kind](name, address, port, where,
                                         self.new_folder(name), tls)
                servers.append(server)
                server.start()
        except BaseException as error:
            for server in servers:
                server.kill()
            if isinstance(error, Unavailable):
                pytest.skip(str(error))
            raise
        return servers

    def farm(self, kind):
        """Three servers of a kind, shared by all tests: leave them running."""
        if kind not in self._farms:
            self._farms[kind] = self.new_servers(kind, 3)
        return self._farms[kind]

    def shared_place(self, kind, relay, threads):
        """A haftp in front of a farm that keeps a client on one server; shared by all tests."""
        servers = self.farm(kind)
        if self.direct:
            return Place(servers[0].address, servers[:1], None)
        key = (kind, relay, threads)
        if key not in self._places:
            front = self.net.front()
            config = head(relay, threads) + ftp_sections(front, servers, balance="source")
            haftp = Haftp(config, self.new_folder("haftp"))
            haftp.wait_listening((front, CONTROL_PORT), (front, DATA_PORTS[1]))
            self._places[key] = Place(front, servers, haftp)
        return self._places[key]

    def close(self):
        with contextlib.ExitStack() as last:
            for server in sum(self._farms.values(), []):
                last.callback(server.kill)
            for place in self._places.values():
                last.callback(place.haftp.finish)

    def remove_folder(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Lab:
    """What one test uses; ends with it. The processes it names are shown when the test fails."""

    def __init__(self, house):
        self.house = house
        self.net = house.net
        self.shown = []
        self.has_failed = False
        self._servers = []
        self._haftps = []

    @property
    def certificates(self):
        return self.house.certificates

    def servers(self, kind="vsftpd", count=3, port=CONTROL_PORT, announce=None, tls=None):
        """Servers of its own, for a test that kills them."""
        servers = self.house.new_servers(kind, count, port, announce, tls)
        self._servers += servers
        self.shown += servers
        return servers

    def server_at(self, kind, address, port, tls=None):
        """One on an address that is no loopback address of ours: on ::1."""
        name = f"{kind}_at_{port}"
        if tls:
            tls = dataclasses.replace(tls, certificate=self.certificates.server)
        server = ALL_KINDS[kind](name, address, port, None, self.house.new_folder(name),
                                 tls).start()
        self._servers.append(server)
        self.shown.append(server)
        return server

    def farm(self, kind="vsftpd"):
        servers = self.house.farm(kind)
        self.shown += servers
        return servers

    def shared_place(self, kind, relay, threads):
        place = self.house.shared_place(kind, relay, threads)
        self.shown += place.servers + ([place.haftp] if place.haftp else [])
        return place

    def haftp(self, config, *listening, arguments=("-db",)):
        """Starts haftp and waits until it listens on these (address, port) pairs."""
        self.need_haftp()
        haftp = Haftp(config, self.house.new_folder("haftp"), arguments)
        self._haftps.append(haftp)
        self.shown.append(haftp)
        return haftp.wait_listening(*listening)

    def place(self, servers=None, relay="splice", threads=2, data_ports=DATA_PORTS,
              more_global=(), more_defaults=(), **sections):
        """A haftp of its own in front of these servers, or of a vsftpd farm."""
        servers = servers or self.farm()
        front = self.net.front()
        config = (head(relay, threads, more_global, more_defaults) +
                  ftp_sections(front, servers, data_ports, **sections))
        haftp = self.haftp(config, (front, CONTROL_PORT), (front, data_ports[1]))
        return Place(front, servers, haftp)

    def forget(self, haftp):
        """It has ended in a way that the test wanted to see."""
        haftp.assert_no_defect()
        self._haftps.remove(haftp)

    def need_haftp(self):
        if self.house.direct:
            pytest.skip("needs haftp between client and servers")

    def scratch(self):
        folder = self.house.new_folder("scratch")
        os.makedirs(folder)
        return folder

    def close(self):
        """The files of its servers go, ten megabytes each and of a thousand servers in a run; logs
        stay for the report."""
        with contextlib.ExitStack() as last:
            for server in self._servers:
                last.callback(shutil.rmtree, server.home, ignore_errors=True)
                last.callback(server.kill)
            for haftp in self._haftps:
                last.callback(haftp.finish, softly=not self.has_failed)
