"""Every client with every server, copied and spliced, with one worker and with four."""

import os
import uuid

import pytest

from lib import content
from lib.clients import CLIENTS
from lib.servers import KINDS, RANDOM_SIZE

pytestmark = pytest.mark.parametrize("relay, threads", [
    ("copy", 1), ("copy", 4), ("splice", 1), ("splice", 4)])


def clients_that_can(*verbs):
    names = [name for name, client in CLIENTS.items() if client.can.issuperset(verbs)]
    return pytest.mark.parametrize("client", names, indirect=True)


@pytest.fixture(params=KINDS)
def place(request, lab, relay, threads):
    return lab.shared_place(request.param, relay, threads)


@pytest.fixture
def client(request, lab, place):
    return CLIENTS[request.param](place.control, place.login, lab.scratch())


@pytest.fixture
def local(client):
    return os.path.join(client.folder, "local.bin")


@pytest.fixture
def remote():
    """A name in the one folder where clients may write."""
    return f"incoming/{uuid.uuid4().hex}"


def uploaded(place, path):
    """Where the file is that a client made: on exactly one server."""
    holders = place.holders(path)
    assert len(holders) == 1, f"{path} is on {[server.name for server in holders]}"
    return holders[0].path(path)


@clients_that_can("list")
def test_list(place, client):
    assert {"named.bin", "random.bin", "empty"} <= set(client.list("pub"))


@clients_that_can("get")
def test_get(place, client, local):
    client.get("pub/random.bin", local)
    assert content.checksum(local) == content.checksum(place.servers[0].path("pub/random.bin"))


@clients_that_can("get")
def test_get_empty(place, client, local):
    client.get("pub/empty", local)
    assert os.path.getsize(local) == 0


@clients_that_can("put")
def test_put(place, client, local, remote):
    content.write_random(local, RANDOM_SIZE, seed=1)
    client.put(local, remote)
    assert content.checksum(uploaded(place, remote)) == content.checksum(local)


@clients_that_can("put")
def test_put_empty(place, client, local, remote):
    open(local, "w").close()
    client.put(local, remote)
    assert os.path.getsize(uploaded(place, remote)) == 0


@clients_that_can("resume")
def test_resume(place, client, local):
    source = place.servers[0].path("pub/random.bin")
    with open(source, "rb") as whole, open(local, "wb") as part:
        part.write(whole.read(content.MIB))
    client.resume("pub/random.bin", local)
    assert content.checksum(local) == content.checksum(source)


@clients_that_can("put", "rename", "delete", "mkdir")
def test_change_names(place, client, local, remote):
    content.write_random(local, 1000)
    client.put(local, remote)
    client.rename(remote, remote + ".renamed")
    assert not place.holders(remote)
    assert uploaded(place, remote + ".renamed")
    client.delete(remote + ".renamed")
    assert not place.holders(remote + ".renamed")
    client.mkdir(remote)
    assert os.path.isdir(uploaded(place, remote))
