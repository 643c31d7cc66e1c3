"""Three hosts on one machine, as network namespaces: a client, haftp's, and a server's.

    client --- 10.77.1.0/24 --- proxy --- 10.77.2.0/24 --- server

Whoever is root may have them. A process that is started inside `with net.server:` lives there, and
a socket that is opened there stays there.
"""

import contextlib
import ctypes
import os
import subprocess

CLONE_NEWNET = 0x40000000
CLIENT, CLIENT2, SERVER = "10.77.1.2", "10.77.1.3", "10.77.2.2"
FRONT, FRONT2, INSIDE = "10.77.1.1", "10.77.1.11", "10.77.2.1"
FRONT6, CLIENT6 = "fd77::1", "fd77::2"

_libc = ctypes.CDLL(None, use_errno=True)


def ip(*words):
    """The command of that name, which must work."""
    done = subprocess.run(["ip", *" ".join(words).split()], capture_output=True, text=True,
                          timeout=20, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


class Host:
    """One namespace; `with host:` moves this thread into it."""

    def __init__(self, name):
        self.name = name
        self._back = []
        ip("netns add", name)

    def ip(self, *words):
        """In this namespace."""
        return ip("-n", self.name, *words)

    def __enter__(self):
        self._back.append(os.open("/proc/self/ns/net", os.O_RDONLY))
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        self._enter(there)
        os.close(there)
        return self

    def __exit__(self, *_):
        back = self._back.pop()
        self._enter(back)
        os.close(back)

    @staticmethod
    def _enter(namespace):
        if _libc.setns(namespace, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


class Wires:
    """The three hosts; the server's host routes everything through haftp's."""

    def __init__(self):
        tag = f"ht{os.getpid()}"
        self._hosts = []
        self.client, self.proxy, self.server = (self._host(f"{tag}{x}") for x in "cps")
        self._wire(self.client, "eth0", self.proxy, "outside")
        self._wire(self.server, "eth0", self.proxy, "inside")
        for host, link, *addresses in (
                (self.client, "eth0", f"{CLIENT}/24", f"{CLIENT2}/24", f"{CLIENT6}/64"),
                (self.proxy, "outside", f"{FRONT}/24", f"{FRONT2}/24", f"{FRONT6}/64"),
                (self.proxy, "inside", f"{INSIDE}/24"), (self.server, "eth0", f"{SERVER}/24")):
            for address in addresses:
                host.ip("address add", address, "dev", link, "nodad" if ":" in address else "")
        self.server.ip("route add default via", INSIDE)

    def _host(self, name):
        host = Host(name)
        self._hosts.append(host)
        host.ip("link set lo up")
        return host

    @staticmethod
    def _wire(one, one_name, other, other_name):
        one.ip("link add", one_name, "type veth peer name", other_name, "netns", other.name)
        one.ip("link set", one_name, "up")
        other.ip("link set", other_name, "up")

    def bring_replies_home(self):
        """What the server sends to clients' addresses is for sockets here: `usesrc` needs it."""
        self.proxy.ip("rule add iif inside lookup 100")
        self.proxy.ip("route add local 10.77.1.0/24 dev lo table 100")

    def close(self):
        """The wires go with their ends."""
        for host in self._hosts:
            with contextlib.suppress(OSError):
                ip("netns delete", host.name)


def may_have_namespaces():
    """Root, with `ip`, where namespaces may be made."""
    if os.geteuid() != 0:
        return False
    try:
        ip("netns add", f"ht{os.getpid()}try")
        ip("netns delete", f"ht{os.getpid()}try")
    except OSError:
        return False
    return True
