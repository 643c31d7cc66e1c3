"""Certificates for one test run, made by openssl, and what tests ask of TLS.

    ca.pem       the authority that clients and haftp trust
    server.pem   key and certificate for every address of the run's servers and fronts, and NAME
    client.pem   key and certificate of a client
    other.pem    an authority that signed none of them
"""

import dataclasses
import os
import ssl
import subprocess

NAME = "ftp.example.org"
EC = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("rsa:2048",)
DAYS = 60  # longer than haftp would warn of


class Certificates:
    def __init__(self, folder, addresses):
        """addresses: the IP addresses that the server's certificate names."""
        self.folder = folder
        os.makedirs(folder)
        self._authority("ca", "haftp tests")
        self._authority("other", "somebody else")
        names = ",".join([f"DNS:{NAME}", *(f"IP:{address}" for address in addresses)])
        self._signed("server", f"subjectAltName={names}")
        self._signed("client", "extendedKeyUsage=clientAuth")

    def issue(self, path, name=NAME, days=DAYS, key=EC):
        """One more certificate of the authority, with its key, in a file anywhere."""
        word = f"more{len(os.listdir(self.folder))}"
        self._signed(word, f"subjectAltName=DNS:{name}", days, key, name)
        os.replace(self.path(word), path)
        return path

    def path(self, name):
        return os.path.join(self.folder, f"{name}.pem")

    @property
    def ca(self):
        return self.path("ca")

    @property
    def server(self):
        return self.path("server")

    def _openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=self.folder)

    def _new_key(self, name, subject, *more, key=EC):
        self._openssl("req", "-newkey", *key, "-nodes", "-keyout", f"{name}.key",
                      "-subj", f"/CN={subject}", *more)

    def _authority(self, name, subject):
        self._new_key(name, subject, "-x509", "-days", str(DAYS), "-out", f"{name}.pem")

    def _signed(self, name, extension, days=DAYS, key=EC, subject=None):
        """Key and certificate in one file, as haproxy's `crt` wants them."""
        self._new_key(name, subject or (NAME if name == "server" else name),
                      "-out", f"{name}.req", key=key)
        with open(os.path.join(self.folder, "extension"), "w") as file:
            file.write(extension + "\n")
        self._openssl("x509", "-req", "-in", f"{name}.req", "-CA", "ca.pem", "-CAkey", "ca.key",
                      "-CAcreateserial", "-days", str(days), "-extfile", "extension",
                      "-out", f"{name}.crt")
        with open(self.path(name), "w") as both:
            for part in ("crt", "key"):
                with open(os.path.join(self.folder, f"{name}.{part}")) as file:
                    both.write(file.read())


@dataclasses.dataclass(frozen=True)
class ServerTls:
    """How a server of a test speaks TLS."""

    certificate: str = None  # key and certificate in one file; None: the run's own
    implicit: bool = False   # from the first byte, instead of after AUTH
    reuse: bool = True       # data connections must resume the control connection's session
    required: bool = True    # no login and no data in the clear


@dataclasses.dataclass(frozen=True)
class ClientTls:
    """How a client of a test speaks TLS."""

    ca: str                # the authority that it trusts
    implicit: bool = False
    version: str = None    # "1.2" or "1.3", no other; None: what both sides like best
    protect: bool = True   # PROT P, else PROT C

    def context(self):
        context = ssl.create_default_context(cafile=self.ca)
        context.check_hostname = False
        if self.version:
            only = ssl.TLSVersion[f"TLSv{self.version.replace('.', '_')}"]
            context.minimum_version = context.maximum_version = only
        return context
