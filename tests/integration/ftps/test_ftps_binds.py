"""What else a bind may say beside TLS: PROXY headers before it, rules behind it, and certificates
of clients."""

import socket
import ssl

import pytest

from lib.ftps import EXPLICIT_PORT, IMPLICIT_PORT, ftps_place, section
from lib.haftp import head
from lib.net import CONTROL_PORT
from lib.session import TlsSession
from lib.tls import ClientTls


@pytest.fixture
def server(lab):
    return lab.farm("pyftpdlib")[0]


class WithCertificate(TlsSession):
    """A client that shows its certificate on both kinds of connections."""

    def __init__(self, place, front, certificate, **options):
        self.certificate = certificate
        super().__init__(place.where(front), place.login, place.tls(front), **options)

    def auth(self):
        self._show()
        return super().auth()

    def getresp(self):
        self._show()
        return super().getresp()

    def _show(self):
        if self.certificate:
            self.context.load_cert_chain(self.certificate)
            self.certificate = None


def refuses(make):
    """TLS 1.3 tells a client of its certificate only when it reads."""
    with pytest.raises((ssl.SSLError, OSError, EOFError)):
        make().quit()


@pytest.mark.parametrize("front", ("explicit-P", "implicit-P"))
@pytest.mark.parametrize("reuse", (False, True))
def test_client_certificates(lab, server, front, reuse):
    """Demanded on the control connection, and on data connections that do not resume it."""
    certificates = lab.certificates
    words = f"ca-file {certificates.ca} verify required {'data-tls-reuse' if reuse else ''}"
    place = ftps_place(lab, server, bind_words=words, more=[
        'log-format "%ts %[ssl_c_s_dn(CN)] %[ssl_c_verify]"'])
    with WithCertificate(place, front, certificates.path("client")) as session:
        for _ in range(3):
            assert session.server_name() == server.name
    place.haftp.wait_log("-- client 0")
    if not reuse:
        with WithCertificate(place, front, certificates.path("client"), resume=False) as session:
            assert session.server_name() == server.name
    refuses(lambda: WithCertificate(place, front, None))
    place.haftp.wait_log("the peer showed no certificate")
    stranger = f"{lab.scratch()}/stranger.pem"
    with open(stranger, "w") as both:
        for part in ("other.pem", "other.key"):
            with open(f"{certificates.folder}/{part}") as file:
                both.write(file.read())
    refuses(lambda: WithCertificate(place, front, stranger))
    place.haftp.wait_log("the peer's certificate is refused")


def test_a_data_connection_without_a_certificate(lab, server):
    """It may be anybody's."""
    certificates = lab.certificates
    place = ftps_place(lab, server,
                       bind_words=f"ca-file {certificates.ca} verify required")
    with WithCertificate(place, "explicit-P", certificates.path("client")) as session:
        session.context = place.tls("explicit-P").context()
        session.resume = False
        with pytest.raises(OSError):
            session.server_name()
        assert session.getmultiline().startswith("522")


# ---- behind a balancer -----------------------------------------------------------------------

def test_proxy_header_before_tls(lab, server):
    """The header comes in the clear, then implicit TLS, or a greeting and AUTH."""
    text, front, _ = section(lab.net, lab.certificates, server, bind_words="accept-proxy")
    text = text.replace(f"{front}:{CONTROL_PORT} ", f"{front}:{CONTROL_PORT} accept-proxy")
    inner = lab.haftp(head() + text, (front, EXPLICIT_PORT), (front, IMPLICIT_PORT))
    outer = lab.net.front()
    lab.haftp(head() + f"""
listen outer
    no option ftp-inspect
    bind {outer}:{EXPLICIT_PORT}
    server inner {front} send-proxy
listen outer_implicit
    no option ftp-inspect
    bind {outer}:{IMPLICIT_PORT}
    server inner {front} send-proxy-v2
listen outer_data
    no option ftp-inspect
    bind {outer}:20000-20009
    server inner {front}
""", (outer, EXPLICIT_PORT), (outer, IMPLICIT_PORT))
    for port, implicit in ((EXPLICIT_PORT, False), (IMPLICIT_PORT, True)):
        tls = ClientTls(lab.certificates.ca, implicit)
        with TlsSession((outer, port), (server.user, server.password), tls,
                        source=lab.net.client(4)) as session:
            assert session.voidcmd("NOOP").startswith("2")
        inner.wait_log(rf"{lab.net.client(4)}:\d+ .* ftps~ ")


def test_no_proxy_header(lab, server):
    """TLS where a header should be: closed."""
    place = ftps_place(lab, server, bind_words="accept-proxy")
    with socket.create_connection(place.where("implicit-P"), 10) as connection:
        with pytest.raises((ssl.SSLError, OSError)):
            place.tls("implicit-P").context().wrap_socket(connection)
    place.haftp.wait_log("[Nn]ot a PROXY|PROXY header|PROXY signature")


# ---- rules -----------------------------------------------------------------------------------

def test_content_rules_behind_the_handshake(lab, server):
    """They wait for the handshake, and see what TLS told."""
    place = ftps_place(lab, server, more=[
        "tcp-request inspect-delay 5s",
        "tcp-request content accept if { ssl_fc } { ssl_fc_sni -i ftp.example.org }",
        "tcp-request content reject if { ssl_fc }"])
    context = place.tls("implicit-P").context()
    for name, welcome in (("ftp.example.org", True), ("www.example.org", False)):
        with socket.create_connection(place.where("implicit-P"), 10) as connection, \
                context.wrap_socket(connection, server_hostname=name) as secure:
            secure.settimeout(10)
            assert (secure.recv(4) == b"220 ") == welcome


def test_commands_are_judged_inside_tls(lab, server):
    """`ftp-request` rules see what TLS hides from others."""
    place = ftps_place(lab, server, more=[
        "ftp-request deny code 550 if { ftp.cmd DELE } ! { ssl_c_used }",
        "ftp-request deny code 530 if { ftp.cmd USER } ! { ftp.tls }"])
    tls = place.tls("implicit-P")
    with TlsSession(place.where("implicit-P"), place.login, tls) as session:
        session.putcmd("DELE WELCOME")
        assert session.getmultiline().startswith("550")
        assert session.server_name() == server.name
