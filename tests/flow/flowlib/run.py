"""One flow against one haftp: start, warm up, play, and check that nothing is left behind."""

import pathlib
import re
import select
import tempfile
import time

from .conversation import PATIENCE, Conversation
from .peers import FlowFailure, Peers
from .proxy import Haftp, Place, configuration


START_PATIENCE = 20.0  # its ports are open before its threads run


def probe(conversation, peers, patience=PATIENCE):
    """A fresh session through any server: haftp must still do its work."""
    place = conversation.place
    client = peers.connect("C*", (place.haftp, place.control), place.client(99))
    listeners = list(conversation.listeners.values())
    if not select.select(listeners, [], [], patience)[0]:
        raise FlowFailure("a fresh session reaches no server")
    found = next(filter(None, (peers.accept("S*", one, 0.001) for one in listeners)), None)
    if not found:
        raise FlowFailure("the connection of a fresh session vanished")
    for sender, reader, line in ((found, client, b"220 probe\r\n"), (client, found, b"QUIT\r\n"),
                                 (found, client, b"221 bye\r\n")):
        sender.put(line)
        if not peers.pump(lambda r=reader, s=line: r.ended or r.inbox == s, PATIENCE, reader):
            raise FlowFailure(f"a fresh session gets no {line!r}, but {bytes(reader.inbox)!r}")
        if reader.inbox != line:
            raise FlowFailure(f"a fresh session ended early: {reader.ended}")
        reader.inbox.clear()
    found.close()
    if not peers.pump(lambda: client.ended, PATIENCE, client):
        raise FlowFailure("a session does not end after 221 and the server's close")
    client.close()


def wait_for_descriptors(haftp, baseline):
    """All sessions are over, so haftp must hold what it held before, no more and no less."""
    deadline = time.monotonic() + PATIENCE
    while len(haftp.descriptors()) != baseline:
        if time.monotonic() > deadline:
            held = "\n    ".join(haftp.descriptors())
            raise FlowFailure(f"haftp held {baseline} descriptors before and now holds\n    {held}")
        time.sleep(0.02)


def settle(haftp):
    """The number of descriptors once it stays the same for a while."""
    counts = [0]
    while len(counts) < 5 or len(set(counts[-5:])) > 1:
        time.sleep(0.01)
        counts.append(len(haftp.descriptors()))
    return counts[-1]


def check_no_password(flow, haftp):
    """No password that a client sent is in any log."""
    for step in flow.steps:
        secret = re.search(r"\b(?:PASS|ACCT) (\w{6,})", step.rest)
        if secret and secret[1] in haftp.log():
            raise FlowFailure(f"{step.where}: the secret was logged")


def play_against(haftp, flow, conversation, peers):
    """The flow and all that must hold after any flow."""
    usable = flow.option("server") != "disabled"
    if usable:
        probe(conversation, peers, START_PATIENCE)
    baseline = settle(haftp)
    conversation.play()
    conversation.check_nothing_left()
    clients = sorted({conversation.number(name) for name in conversation.actors if name[0] == "C"})
    peers.close()
    wait_for_descriptors(haftp, baseline)
    conversation.check_data_connections()
    place = conversation.place
    if flow.option("ports") != "none":
        ports = [(place.haftp, port) for port in range(place.low, place.high + 1)]
        for number in clients:
            conversation.knock(number, ports)
    conversation.check_nothing_left()
    check_no_password(flow, haftp)
    if not haftp.alive():
        raise FlowFailure(f"haftp died with {haftp.process.returncode}")
    if usable:
        conversation.reopen_servers()
        probe(conversation, peers)
    haftp.stop()


def run_flow(flow, variant, program):
    """Runs one flow in one variant; raises FlowFailure with everything one needs to see."""
    place, peers = Place(flow.option("family", "4"), flow.option("server-family", "4")), Peers()
    conversation = haftp = None
    if flow.option("ports") == "one":
        place.high = place.low
    with tempfile.TemporaryDirectory(prefix="haftp-flow-") as name:
        try:
            conversation = Conversation(flow, place, peers)
            config = configuration(flow, place, variant)
            haftp = Haftp(program, config, pathlib.Path(name), place)
            conversation.cpu_seconds, conversation.log = haftp.cpu_seconds, haftp.log
            play_against(haftp, flow, conversation, peers)
            if haftp.complaints():
                raise FlowFailure("a sanitizer complains")
        except FlowFailure as failure:
            transcript = "\n".join(peers.transcript)
            errors = pathlib.Path(name, "stderr")  # all there is when haftp did not even start
            output = haftp.output() if haftp else errors.read_text(errors="replace")
            raise FlowFailure(f"{flow.name} [{variant}]: {flow.why}\n{failure}\n"
                              f"--- transcript\n{transcript}\n{output}") from None
        finally:
            if haftp:
                haftp.kill()
            peers.close()
            if conversation:
                conversation.close()
            place.close()


def play_direct(flow):
    """Client and server of a flow talk to each other without haftp: tests the runner itself."""
    place, peers = Place(), Peers()
    conversation = Conversation(flow, place, peers, direct=True)
    try:
        conversation.play()
        conversation.check_nothing_left()
    finally:
        peers.close()
        conversation.close()
        place.close()
