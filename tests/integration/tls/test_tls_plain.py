"""TLS of plain sections: ended toward clients, spoken toward servers, as HAProxy does."""

import select
import socket
import ssl
import struct
import subprocess
import time

import pytest

from lib import content
from lib.fakes import Fake, echo
from lib.haftp import head
from lib.session import drain
from lib.tls import NAME, RSA
from lib.wait import until

versions = pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])


def server_context(certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server)
    return context


def client_context(certificates, version=None, shows=None):
    context = ssl.create_default_context(cafile=certificates.ca)
    if version:
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    if shows:
        context.load_cert_chain(certificates.path(shows))
    return context


def tls_echo(certificates):
    """A server that speaks TLS from the first byte; says back what it hears, then close_notify."""
    context = server_context(certificates)

    def handle(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            while data := secure.recv(65536):
                secure.sendall(data)
            secure.unwrap()
    return handle


def connect(front, certificates, version=None, name=NAME, **more):
    raw = socket.create_connection((front, 8000), 30)
    return client_context(certificates, version, **more).wrap_socket(raw, server_hostname=name)


def section(front, target, bind="", server="", more="", default=""):
    return head("splice", 2, default) + f"""
listen plain
    bind {front}:8000 {bind}
{more}
    server one {target.address}:{target.port} {server}
"""


def start(lab, target, **words):
    front = lab.net.front()
    return front, lab.haftp(section(front, target, **words), (front, 8000))


def exchange(link, text=b"hello\n"):
    link.sendall(text)
    return link.recv(100)


def echoed(link, sent):
    """What comes back while it is sent, by one thread: two must not use the same connection."""
    got, at = bytearray(), 0
    link.setblocking(False)
    while len(got) < len(sent):
        select.select([link], [link] if at < len(sent) else [], [], 60)
        try:
            at += link.send(sent[at:at + (1 << 16)]) if at < len(sent) else 0
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        try:
            while data := link.recv(1 << 18):
                got += data
            break  # it ended
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
    link.settimeout(60)
    return bytes(got)


@versions
@pytest.mark.parametrize("to_server", ["plain", "tls"])
def test_many_bytes_both_ways(lab, version, to_server):
    certificates = lab.certificates
    sent = bytes(range(256)) * (16 * content.MIB // 256)
    handle = echo if to_server == "plain" else tls_echo(certificates)
    with Fake("echo", lab.net.server(), handle, port=7007) as target:
        front, haftp = start(lab, target, bind=f"ssl crt {certificates.server}",
                             server="ssl verify none" if to_server == "tls" else "",
                             more="    log-format \"%ft %sslv %[ssl_fc] %[ssl_bc] %[ssl_fc_sni] "
                                  "%[ssl_bc_protocol] %ts\"")
        with connect(front, certificates, version) as link:
            assert echoed(link, sent) == sent
            link.unwrap()
        spoken = version.replace("_", ".")
        haftp.wait_log(fr"plain~ {spoken} 1 {int(to_server == 'tls')} {NAME} "
                       fr"{'TLSv1.3' if to_server == 'tls' else '-'} --")


def test_only_toward_the_server(lab):
    """The server's certificate is looked at, by the name that `sni` says."""
    certificates = lab.certificates
    with Fake("echo", lab.net.server(), tls_echo(certificates), port=7007) as target:
        front, _ = start(lab, target, server=f"ssl verify required ca-file {certificates.ca} "
                                             f"sni str({NAME}) check inter 100ms")
        with socket.create_connection((front, 8000), 30) as link:
            assert exchange(link) == b"hello\n"
            link.shutdown(socket.SHUT_WR)
            assert link.recv(1) == b""


@pytest.mark.parametrize("words, why", [
    ("verify required ca-file {other}", "local issuer certificate"),
    ("verify required ca-file {ca} verifyhost elsewhere.test", "hostname mismatch"),
    ("verify required ca-file {ca} sni str(elsewhere.test) verifyhost {name}", "hostname mismatch"),
    ("verify none ssl-max-ver TLSv1.1", "."),
])
def test_servers_that_are_not_trusted(lab, words, why):
    certificates = lab.certificates
    words = words.format(ca=certificates.ca, other=certificates.path("other"), name=NAME)
    with Fake("echo", lab.net.server(), tls_echo(certificates), port=7007) as target:
        front, haftp = start(lab, target, server=f"ssl {words}", more="    retries 0")
        with socket.create_connection((front, 8000), 30) as link:
            assert link.recv(1) == b""
        haftp.wait_log(f"plain/one: TLS handshake with the server failed: .*{why}")
        haftp.wait_log(" SC ")


def test_client_certificates(lab):
    certificates = lab.certificates
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front, haftp = start(lab, target, bind=f"ssl crt {certificates.server} verify required "
                                               f"ca-file {certificates.ca}",
                             more="""
    tcp-request content reject unless { ssl_c_used }
    tcp-request content reject unless { ssl_c_s_dn(CN) client }""")
        with connect(front, certificates, shows="client") as link:
            assert exchange(link) == b"hello\n"
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            with connect(front, certificates) as link:
                assert exchange(link) == b"hello\n"
        haftp.wait_log(r"plain/1: SSL handshake failure \(the peer showed no certificate\)")
        with connect(front, certificates, shows="server") as link:
            assert exchange(link) == b""


def test_rules_look_at_what_was_decrypted(lab):
    certificates = lab.certificates
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front, _ = start(lab, target, bind=f"ssl crt {certificates.server}", more="""
    tcp-request inspect-delay 10s
    tcp-request content accept if { req.payload(0,4) -m str open }
    tcp-request content reject if { req.len ge 4 }""")
        with connect(front, certificates) as link:
            link.sendall(b"op")
            link.sendall(b"en sesame")
            assert link.recv(100) == b"open sesame"
        with connect(front, certificates) as link:
            link.sendall(b"close")
            assert link.recv(100) == b""


def test_a_client_without_close_notify(lab):
    """Plain sections are HAProxy's: FIN is an end, and the server gets all that came before it."""
    got = []

    def handle(connection):
        try:
            while data := connection.recv(100):
                got.append(data)
            got.append("end")
        except ConnectionResetError:
            got.append("reset")

    certificates = lab.certificates
    with Fake("sink", lab.net.server(), handle, port=7007) as target:
        front, haftp = start(lab, target, bind=f"ssl crt {certificates.server}")
        link = connect(front, certificates)
        link.sendall(b"half")
        until(lambda: got, 10, "the first bytes")
        link.shutdown(socket.SHUT_WR)
        until(lambda: len(got) > 1, 10, "the end")
        assert got[-1] == "end"
        link.close()


def test_a_server_without_close_notify(lab):
    """A client that reads slowly gets all that came before the server's FIN, and an end."""
    size = 600_000
    context = server_context(lab.certificates)

    def handle(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.sendall(b"x" * size)
            secure.shutdown(socket.SHUT_WR)
            secure.recv(1)

    with Fake("old", lab.net.server(), handle, port=7007) as target:
        front, _ = start(lab, target, server="ssl verify none")
        with socket.socket() as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20_000)
            link.connect((front, 8000))
            time.sleep(0.3)
            assert len(drain(link)) == size


@pytest.mark.parametrize("garbage", [b"USER anonymous\r\n", b"GET / HTTP/1.0\r\n\r\n", b"\0" * 600])
def test_garbage_is_closed_with_a_reason(lab, garbage):
    certificates = lab.certificates
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front, haftp = start(lab, target, bind=f"ssl crt {certificates.server}")
        with socket.create_connection((front, 8000), 30) as link:
            link.sendall(garbage)
            assert garbage not in drain(link)
        haftp.wait_log(r"plain/1: SSL handshake failure \(")
        with connect(front, certificates) as link:
            assert exchange(link) == b"hello\n"


def test_silence_and_half_a_hello_time_out(lab):
    certificates = lab.certificates
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front, haftp = start(lab, target, bind=f"ssl crt {certificates.server}",
                             more="    timeout client 300ms")
        for start_of_it in (b"", b"\x16\x03\x01" + struct.pack(">H", 500) + b"\x01"):
            with socket.create_connection((front, 8000), 30) as link:
                link.sendall(start_of_it)
                assert drain(link) == b""
        haftp.wait_log(r"SSL handshake failure \(it took too long\)")


def test_certificates_by_name_and_what_else_a_list_says(lab):
    certificates = lab.certificates
    listed = f"{certificates.folder}/list.txt"
    with open(listed, "w") as file:
        file.write("# the first one is for whoever names nothing known\n"
                   f"{certificates.server}\n"
                   f"{certificates.path('client')} [ssl-max-ver TLSv1.2 alpn ftp] *.client.test "
                   "!not.client.test\n")
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front, _ = start(lab, target, bind=f"ssl crt-list {listed}",
                         more="    log-format \"%[ssl_fc_sni] %[ssl_f_s_dn(CN)] %sslv\"")

        def subject(name):
            context = client_context(certificates)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.set_alpn_protocols(["ftp"])
            raw = socket.create_connection((front, 8000), 30)
            with context.wrap_socket(raw, server_hostname=name) as link:
                assert exchange(link) == b"hello\n"
                shown = ssl.DER_cert_to_PEM_cert(link.getpeercert(True))
                return shown, link.version(), link.selected_alpn_protocol()

        def pem(name):
            with open(certificates.path(name)) as both:
                return both.read().split("-----BEGIN P")[0].split("-----BEGIN E")[0]
        assert subject("a.client.test") == (pem("client"), "TLSv1.2", "ftp")
        assert subject("not.client.test") == (pem("server"), "TLSv1.3", None)
        assert subject(None) == (pem("server"), "TLSv1.3", None)


def asks(front, *words):
    """What `openssl s_client` tells of its handshake; "" when there was none."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"{front}:8000", "-brief", *words],
                          input="", capture_output=True, text=True, timeout=20)
    return done.stderr if "CONNECTION ESTABLISHED" in done.stderr else ""


def test_renegotiation_is_refused(lab):
    """A client of TLS 1.2 asks for another handshake: openssl does when it reads an R."""
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front, _ = start(lab, target, bind=f"ssl crt {lab.certificates.server}")
        done = subprocess.run(["openssl", "s_client", "-connect", f"{front}:8000", "-tls1_2"],
                              input="R\n", capture_output=True, text=True, timeout=20)
        assert "RENEGOTIATING" in done.stdout + done.stderr
        assert "no renegotiation" in done.stderr


@pytest.mark.parametrize("first", ("rsa", "ecdsa"))
def test_two_certificates_of_one_name(lab, tmp_path, first):
    """For two kinds of keys, in two files: each client gets the one that it can use."""
    paths = {"rsa": lab.certificates.issue(f"{tmp_path}/rsa.pem", NAME, key=RSA),
             "ecdsa": lab.certificates.issue(f"{tmp_path}/ecdsa.pem", NAME)}
    order = sorted(paths, key=lambda kind: kind != first)
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front, _ = start(lab, target, bind="ssl " + " ".join(f"crt {paths[kind]}"
                                                             for kind in order))
        for name in ((), ("-servername", NAME), ("-servername", "unknown.test")):
            assert "Signature type: ECDSA" in asks(front, *name)
            assert "Signature type: RSA" in asks(front, "-sigalgs", "rsa_pss_rsae_sha256", *name)
            assert "Signature type: RSA" in asks(front, "-tls1_2", "-cipher", "aRSA", *name)
            assert "Signature type: ECDSA" in asks(front, "-tls1_2", "-cipher", "aECDSA", *name)


def test_long_line_of_a_list(lab, tmp_path):
    """Each name counts, the thousandth as well."""
    listed = f"{tmp_path}/list.txt"
    other = lab.certificates.issue(f"{tmp_path}/other.pem", "n999.test")
    with open(listed, "w") as file:
        names = " ".join(f"n{number}.test" for number in range(1000))
        file.write(f"{lab.certificates.server}\n{other} {names}\n")
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front, _ = start(lab, target, bind=f"ssl crt-list {listed}")
        assert "CN = n999.test" in asks(front, "-servername", "n999.test")
        assert "CN = n999.test" not in asks(front, "-servername", "n1000.test")


def test_curves_of_a_list(lab, tmp_path):
    """Of the certificate that the client asked for, not of the first."""
    listed = f"{tmp_path}/list.txt"
    with open(listed, "w") as file:
        file.write(f"{lab.certificates.server} [curves P-521] first.test\n"
                   f"{lab.certificates.server} [ecdhe secp384r1] second.test\n"
                   f"{lab.certificates.server} third.test\n")
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front, _ = start(lab, target, bind=f"ssl crt-list {listed}")
        for name, good, bad in (("first.test", "P-521", "P-256"), ("second.test", "P-384", "P-521"),
                                ("third.test", "P-256", "brainpoolP384r1")):
            assert asks(front, "-servername", name, "-curves", good)
            assert not asks(front, "-servername", name, "-curves", bad)


def test_sessions_are_resumed_on_any_thread(lab):
    certificates = lab.certificates
    with Fake("echo", lab.net.server(), echo, port=7007) as target:
        front, haftp = start(lab, target, bind=f"ssl crt {certificates.server}",
                             more="    log-format \"resumed=%[ssl_fc_is_resumed]\"")
        context = client_context(certificates, "TLSv1_2")
        session = None
        for i in range(6):
            raw = socket.create_connection((front, 8000), 30)
            with context.wrap_socket(raw, server_hostname=NAME, session=session) as link:
                assert exchange(link) == b"hello\n"
                assert link.session_reused == (i > 0)
                session = link.session
        haftp.wait_log("resumed=1")


def test_checks_shake_hands(lab):
    certificates = lab.certificates
    with Fake("echo", lab.net.server(), tls_echo(certificates), port=7007) as good, \
            Fake("plain", lab.net.server(), echo, port=7007) as bad:
        front, haftp = start(lab, good, server="ssl verify none check inter 100ms rise 1 fall 1",
                             more="    option log-health-checks\n"
                                  f"    server two {bad.address}:{bad.port} check check-ssl "
                                  "verify none inter 100ms rise 1 fall 1")
        haftp.wait_log("Server plain/two is DOWN, reason: Layer6")
        with socket.create_connection((front, 8000), 30) as link:
            assert exchange(link) == b"hello\n"
        assert "plain/one is DOWN" not in haftp.log()


def test_checks_resume_nothing(lab):
    """Else a check would see no certificate, and not that it has expired meanwhile."""
    context, resumed = server_context(lab.certificates), []

    def handle(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            resumed.append(secure.session_reused)
            secure.sendall(b"220 here\r\n")
            secure.recv(100)

    with Fake("ftps", lab.net.server(), handle, port=7007) as target:
        start(lab, target, server="ssl verify none check inter 100ms",
              more="    option ftp-check")
        until(lambda: len(resumed) > 4, 10, "some checks")
    assert not any(resumed)
