"""`ftp-data` lines with conditions, and who is told which address."""

import ftplib

import pytest

from lib.haftp import head, server_lines
from lib.net import CONTROL_PORT, DATA_PORTS
from lib.session import Session, drain


def section(lab, servers, lines="", binds=None):
    """A control section with data ports; binds: addresses, one for each line."""
    fronts = binds or [lab.net.front()]
    text = "".join(f"    bind {front}:{CONTROL_PORT}\n" for front in fronts)
    haftp = lab.haftp(head() + f"""
listen ftp
{text}    ftp-data ports {DATA_PORTS[0]}-{DATA_PORTS[1]}
    option ftp-inspect
{lines}
{server_lines(servers)}""", *((front, CONTROL_PORT) for front in fronts if "." in front))
    return fronts[0], haftp


def login_of(servers):
    return servers[0].user, servers[0].password


def test_first_advertise_that_fits(lab):
    """Split horizon: inside, outside, and a name for everybody else."""
    servers = lab.farm("vsftpd")
    inside, outside = lab.net.client(1), lab.net.client(2)
    front, _ = section(lab, servers, f"""
    acl inside src {inside}
    ftp-data advertise 192.0.2.1 if inside
    ftp-data advertise 192.0.2.2 if {{ src {outside} }} {{ dst {lab.net.client(99)} }}
    ftp-data advertise 192.0.2.3 unless inside {{ src {outside} }}
    ftp-data advertise localhost""")
    for source, told in ((inside, "192.0.2.1"), (outside, "192.0.2.3")):
        with Session((front, CONTROL_PORT), login_of(servers), source=source) as session:
            assert session.announced()[0] == told
            assert session.server_name()


def test_advertise_without_a_fit_is_the_address_that_was_used(lab):
    servers = lab.farm("vsftpd")
    front, _ = section(lab, servers, "    ftp-data advertise 192.0.2.1 if { always_false }")
    with Session((front, CONTROL_PORT), login_of(servers)) as session:
        assert session.announced()[0] == front


def test_lines_of_the_section_come_before_its_defaults(lab):
    servers = lab.farm("vsftpd")
    front = lab.net.front()
    lab.haftp(head() + f"""
    ftp-data advertise 192.0.2.9
listen ftp
    bind {front}:{CONTROL_PORT}
    ftp-data ports {DATA_PORTS[0]}-{DATA_PORTS[1]}
    option ftp-inspect
    ftp-data advertise 192.0.2.1 if {{ src {lab.net.client(1)} }}
{server_lines(servers)}""", (front, CONTROL_PORT))
    for number, told in ((1, "192.0.2.1"), (2, "192.0.2.9")):
        with Session((front, CONTROL_PORT), login_of(servers),
                     source=lab.net.client(number)) as session:
            assert session.announced()[0] == told


def test_direct_for_some(lab):
    """The server's own address for those whom it fits, haftp's for the others."""
    servers = lab.servers("vsftpd", 1, announce="own")
    direct, usual = lab.net.client(1), lab.net.client(2)
    front, _ = section(lab, servers, f"    ftp-data direct if {{ src {direct} }}")
    for source, told in ((direct, servers[0].address), (usual, front)):
        with Session((front, CONTROL_PORT), login_of(servers), source=source) as session:
            assert session.announced()[0] == told
            session.sendcmd("NOOP")
    with Session((front, CONTROL_PORT), login_of(servers), source=usual) as session:
        assert session.server_name()


def test_direct_does_not_bounce(lab):
    """PORT is forwarded, but only with the client's own address and no low port."""
    servers = lab.farm("vsftpd")
    front, _ = section(lab, servers, "    ftp-data direct")
    client = lab.net.client(1)
    with Session((front, CONTROL_PORT), login_of(servers), source=client) as session:
        for place in ((lab.net.client(2), 50000), (client, 80)):
            with pytest.raises(ftplib.error_perm, match="504"):
                session.sendport(*place)


def test_two_addresses_each_told(lab):
    """Two VIPs on one section: each client is told the one that it came to."""
    servers = lab.farm("vsftpd")
    fronts = [lab.net.front(), lab.net.front()]
    section(lab, servers, binds=fronts)
    for front in fronts:
        with Session((front, CONTROL_PORT), login_of(servers)) as session:
            assert session.announced()[0] == front
            assert session.server_name()


def test_another_address_of_ours_is_told(lab):
    """Clients come to one address for control and to the other for data: the ports are there."""
    servers = lab.farm("vsftpd")
    fronts = [lab.net.front(), lab.net.front()]
    section(lab, servers, f"    ftp-data advertise {fronts[1]}", binds=fronts)
    for front in fronts:
        with Session((front, CONTROL_PORT), login_of(servers)) as session:
            told = session.announced()
            assert told[0] == fronts[1]
            session.putcmd("RETR WELCOME")
            with session.dial(told) as data:
                assert drain(data).decode().strip() in {server.name for server in servers}
            session.end_transfer()
