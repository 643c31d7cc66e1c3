"""haftp with TLS on either side, in front of real servers."""

from lib.haftp import head
from lib.lab import Place
from lib.net import CONTROL_PORT
from lib.tls import ClientTls, ServerTls

EXPLICIT_PORT, IMPLICIT_PORT = 2122, 2990
# How a client comes: TLS or not, implicit, PROT P.
FRONTS = {"plain": None, "explicit-P": (False, True), "explicit-C": (False, False),
          "implicit-P": (True, True), "implicit-C": (True, False)}
# How a server is reached: the words of its line.
SERVER_WORDS = {"plain": "", "starttls": "starttls", "ssl": "ssl"}


def server_tls(mode, **options):
    return None if mode == "plain" else ServerTls(implicit=mode == "ssl", **options)


class FtpsPlace(Place):
    """One server behind haftp; each way to come has a port of its own, on each family."""

    def __init__(self, address, server, haftp, ports, certificates, version=None):
        """version: of TLS with the server, None: any."""
        super().__init__(address, [server], haftp)
        self.ports = ports
        self.certificates = certificates
        self.version = version

    def where(self, front, family=4):
        """Address and port for one of FRONTS; family: 4, 6, or mapped, which is an IPv4 client of
        `bind :::PORT v4v6`."""
        kind = front.split("-")[0]
        return ("::1" if family == 6 else self.address), self.ports[family, kind]

    def tls(self, front, version=None):
        if not FRONTS[front]:
            return None
        implicit, protect = FRONTS[front]
        return ClientTls(self.certificates.ca, implicit, version, protect)


def server_words(certificates, mode, version=None):
    if mode == "plain":
        return ""
    only = f"ssl-min-ver TLSv{version} ssl-max-ver TLSv{version}" if version else ""
    return f"{SERVER_WORDS[mode]} verify required ca-file {certificates.ca} {only}"


def _listen(name, server, words, binds, data, more):
    """binds: an address with its port, and its options, of each."""
    lines = [*(f"bind {bind} {options}" for bind, options in binds),
             "option ftp-inspect", f"ftp-data ports {data[0]}-{data[1]}", *more,
             f"server {server.name} {server.address}:{server.port} {words}"]
    return f"listen {name}\n" + "".join(f"    {line}\n" for line in lines)


def section(net, certificates, server, words="", bind_words="", starttls="starttls", more=(),
            ipv6=None, mapped=None):
    """One `listen` on a front of its own; ipv6: six free ports of ::1; mapped: six of ::, for one
    more `listen`.

    Returns its text, the address, and the port of each way to come."""
    front = net.front()
    crt = f"crt {certificates.server} {bind_words}"
    options = {"plain": "", "explicit": f"{starttls} {crt}", "implicit": f"ssl {crt}"}
    usual = dict(zip(options, (CONTROL_PORT, EXPLICIT_PORT, IMPLICIT_PORT)))
    ports = {(4, kind): port for kind, port in usual.items()}
    ports |= {(6, kind): port for kind, port in zip(options, ipv6 or ())}
    ports |= {("mapped", kind): port for kind, port in zip(options, mapped or ())}

    def binds(family, address):
        return [(f"{address}:{port}", options[kind]) for (of, kind), port in ports.items()
                if of == family]
    text = _listen("ftps", server, words, binds(4, front) + binds(6, "[::1]"),
                   (ipv6[3], ipv6[-1]) if ipv6 else (20000, 20009), more)
    if mapped:
        text += _listen("mapped", server, words,
                        [(where, f"v4v6 {options}") for where, options in binds("mapped", "[::]")],
                        (mapped[3], mapped[-1]), more)
    return text, front, ports


def ftps_place(lab, server, mode="plain", version=None, more_words="", more_defaults=(), threads=2,
               more_global=(), **options):
    """haftp in front of this server; options: those of section()."""
    words = server_words(lab.certificates, mode, version) + " " + more_words
    text, front, ports = section(lab.net, lab.certificates, server, words, **options)
    config = head(threads=threads, more_global=more_global, more_defaults=more_defaults) + text
    listens = {4: front, 6: "::1", "mapped": "::"}
    haftp = lab.haftp(config, *((listens[family], port) for (family, _), port in ports.items()))
    return FtpsPlace(front, server, haftp, ports, lab.certificates, version)
