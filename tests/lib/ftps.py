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
    """One server behind haftp; each way to come has a port of its own."""

    def __init__(self, address, server, haftp, ports, certificates):
        super().__init__(address, [server], haftp)
        self.ports = ports
        self.certificates = certificates

    def where(self, front, family=4):
        """Address and port for one of FRONTS."""
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


def section(net, certificates, server, words="", bind_words="", starttls="starttls", more=(),
            ipv6=None):
    """One `listen` on a front of its own; ipv6: six free ports of ::1.

    Returns its text, the address, and the port of each way to come."""
    front = net.front()
    crt = f"crt {certificates.server} {bind_words}"
    binds = {"plain": (CONTROL_PORT, ""), "explicit": (EXPLICIT_PORT, f"{starttls} {crt}"),
             "implicit": (IMPLICIT_PORT, f"ssl {crt}")}
    ports = {(4, kind): port for kind, (port, _) in binds.items()}
    lines = [f"bind {front}:{port} {options}" for port, options in binds.values()]
    data = (20000, 20009)
    if ipv6:
        for number, (kind, (_, options)) in enumerate(binds.items()):
            ports[6, kind] = ipv6[number]
            lines.append(f"bind [::1]:{ipv6[number]} {options}")
        data = (ipv6[3], ipv6[-1])
    lines += ["option ftp-inspect", f"ftp-data ports {data[0]}-{data[1]}", *more,
              f"server {server.name} {server.address}:{server.port} {words}"]
    return "listen ftps\n" + "".join(f"    {line}\n" for line in lines), front, ports


def ftps_place(lab, server, mode="plain", version=None, more_words="", more_defaults=(), threads=2,
               more_global=(), **options):
    """haftp in front of this server; options: those of section()."""
    words = server_words(lab.certificates, mode, version) + " " + more_words
    text, front, ports = section(lab.net, lab.certificates, server, words, **options)
    config = head(threads=threads, more_global=more_global, more_defaults=more_defaults) + text
    haftp = lab.haftp(config, *((front if family == 4 else "::1", port)
                                for (family, _), port in ports.items()))
    return FtpsPlace(front, server, haftp, ports, lab.certificates)
