"""One pyftpdlib server as a process: NAME ADDRESS PORT ANNOUNCE LOW HIGH HOME USER PASSWORD."""

import sys
import warnings

# Debian 12's pyftpdlib still uses asyncore; Python says so on every start.
warnings.simplefilter("ignore", DeprecationWarning)

from pyftpdlib.authorizers import DummyAuthorizer  # noqa: E402
from pyftpdlib.handlers import FTPHandler  # noqa: E402
from pyftpdlib.servers import FTPServer  # noqa: E402


def main(name, address, port, announce, low, high, home, user, password):
    users = DummyAuthorizer()
    users.add_user(user, password, home, perm="elradfmwMT")
    users.add_anonymous(home)
    FTPHandler.authorizer = users
    FTPHandler.banner = f"Welcome to {name}"
    FTPHandler.masquerade_address = announce
    FTPHandler.passive_ports = range(int(low), int(high) + 1)
    FTPServer.max_cons_per_ip = 0
    FTPServer((address, int(port)), FTPHandler, backlog=200).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
