"""Real clients and every way in which each asks for data connections.

WAYS[name]: the client, and the one command that it uses on a family of addresses. A family is
missing where the client has no such way there:

- 227 and PORT name IPv4 addresses only, so on IPv6 there are EPSV and EPRT;
- curl takes no notice of --disable-epsv and --disable-eprt on IPv6, tnftp none of `epsv4 off`, and
  ftplib asks by EPSV and EPRT there: those ways are EPSV and EPRT over again;
- lftp 4.9 says "EPRT |2|::|" on IPv6, which names nobody: ProFTPD, Pure-FTPd, pyftpdlib and haftp
  refuse it alike, and it comes again with EPSV, 15 seconds later;
- ncftp knows IPv4 only, rclone has no active mode.
"""

from lib.clients import (TRANSFERS, Curl, CurlEprt, CurlPasv, CurlPort, Ftplib, Lftp, LftpActive,
                         Ncftp, Rclone, Tnftp, TnftpActive, Wget, WgetActive)
from lib.session import Moded


class LftpEpsv(Lftp):
    more_settings = ("set ftp:prefer-epsv yes",)


class TnftpPasv(Tnftp):
    first = ("epsv4 off",)


class TnftpPort(TnftpActive):
    first = ("epsv4 off",)


class NcftpActive(Ncftp):
    options = ("-E",)


class RclonePasv(Rclone):
    options = ("--ftp-disable-epsv",)


class FtplibPasv(Ftplib):
    """Told which command to use."""

    can = TRANSFERS
    mode = "pasv"

    def _session(self):
        return Moded(self.mode, (self.address, self.port), (self.user, self.password))


class FtplibEpsv(FtplibPasv):
    mode = "epsv"


class FtplibPort(FtplibPasv):
    mode = "port"


class FtplibEprt(FtplibPasv):
    mode = "eprt"


WAYS = {
    "curl-pasv": (CurlPasv, {4: "PASV"}),
    "curl-epsv": (Curl, {4: "EPSV", 6: "EPSV"}),
    "curl-port": (CurlPort, {4: "PORT"}),
    "curl-eprt": (CurlEprt, {4: "EPRT", 6: "EPRT"}),
    "lftp-pasv": (Lftp, {4: "PASV", 6: "EPSV"}),
    "lftp-epsv": (LftpEpsv, {4: "EPSV"}),
    "lftp-active": (LftpActive, {4: "PORT"}),
    "tnftp-pasv": (TnftpPasv, {4: "PASV"}),
    "tnftp-epsv": (Tnftp, {4: "EPSV", 6: "EPSV"}),
    "tnftp-port": (TnftpPort, {4: "PORT"}),
    "tnftp-eprt": (TnftpActive, {4: "EPRT", 6: "EPRT"}),
    "ncftp-pasv": (Ncftp, {4: "PASV"}),
    "ncftp-port": (NcftpActive, {4: "PORT"}),
    "wget-passive": (Wget, {4: "PASV", 6: "EPSV"}),
    "wget-active": (WgetActive, {4: "PORT", 6: "EPRT"}),
    "rclone-pasv": (RclonePasv, {4: "PASV"}),
    "rclone-epsv": (Rclone, {4: "EPSV", 6: "EPSV"}),
    "ftplib-pasv": (FtplibPasv, {4: "PASV"}),
    "ftplib-epsv": (FtplibEpsv, {4: "EPSV", 6: "EPSV"}),
    "ftplib-port": (FtplibPort, {4: "PORT"}),
    "ftplib-eprt": (FtplibEprt, {4: "EPRT", 6: "EPRT"}),
}
