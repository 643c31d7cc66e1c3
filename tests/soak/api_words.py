"""What operators and agents say, rightly and wrongly, for api.py."""

MAXCONN = 4  # of a server: some sessions wait in the queue

AGENT = (b"up", b"ready up 100%", b"50%", b"drain", b"maint", b"down", b"fail", b"stopped",
         b"maxconn:2", b"nonsense", b"")
GOOD_AGENT = b"ready up 100%% maxconn:%d" % MAXCONN

PLAIN = (
    "help", "help set", "show version", "show env", "show env PATH", "show cli level",
    "show cli sockets", "show servers state", "show servers conn", "show backend", "show sess",
    "show sess all", "show ftp", "show ftp json", "show ftp leases", "show stat", "show stat json",
    "show stat typed", "show stat up", "show stat no-maint", "show stat desc", "show stat -1 7 -1",
    "show info", "show info json", "show info typed", "show schema json", "show table", "prompt",
    "clear counters", "clear counters all", "user", "operator", "quit", "set timeout cli 1s",
    "set severity-output string", "set severity-output none", "set timeout cli x", "_getsocks",
    "show nothing", "\x00\xff", "@1 show info", "set server", "set table", "; ;", "show sess 0x1",
    "shutdown session 0x1", "shutdown session", "show version <<\nshow sess\n")

OF_SERVER = (
    "get weight {s}", "set weight {s} {n}", "set weight {s} {n}%", "set weight {s} -1",
    "set server {s} weight {n}%", "set server {s} state ready", "set server {s} state drain",
    "set server {s} state maint", "set server {s} state x", "disable server {s}",
    "enable server {s}", "disable health {s}", "enable health {s}",
    "disable agent {s}", "enable agent {s}", "set server {s} health up",
    "set server {s} health stopping", "set server {s} health down", "set server {s} agent up",
    "set server {s} agent down", "set server {s} addr {a} port {p}", "set server {s} addr {a}",
    "set server {s} addr x port 0", "set server {s} check-addr {a} port {p}",
    "set server {s} check-port {p}", "set server {s} fqdn x", "set maxconn server {s} {n}",
    "set maxconn server {s} 0", "shutdown sessions server {s}", "set server {s} nonsense 1")

MENDING = (
    "enable server {s}", "set server {s} state ready", "set server {s} health up",
    "set server {s} agent up", "enable health {s}", "set server {s} weight 100%",
    f"set maxconn server {{s}} {MAXCONN}")

OF_TABLE = (
    "show table {t}", "show table {t} data.conn_cur gt 0", "show table {t} key {k}",
    "show table {t} data.nothing gt 0", "clear table {t}", "clear table {t} key {k}",
    "clear table {t} data.gpc0 gt {n}", "set table {t} key {k} data.gpc0 {n}",
    "set table {t} key {k} data.conn_cnt {n}", "set table {t} key {k} data.gpt0 {n} data.gpc0 x")

OF_SESSION = ("shutdown session {i}", "show sess {i}", "show ftp {i}", "show ftp {i} json")


class Words:
    """Lines of commands about these servers, [(address, port)] and ids of sessions."""

    def __init__(self, rng, section, servers, places, sessions):
        self._rng, self._section = rng, section
        self._servers, self._places, self._sessions = servers, places, sessions

    def line(self):
        return self._command() + self._rng.choice(("\n", "\n", "\n", ";", "\r\n"))

    def _command(self):
        rng = self._rng
        kinds = ((PLAIN, OF_SERVER, MENDING, MENDING, OF_TABLE)
                 + ((OF_SESSION,) if self._sessions else ()))
        address, port = rng.choice(self._places)
        server = rng.choice([f"{self._section}/{name}" for name in self._servers] * 4 +
                            ["x/y", self._section, "/", f"{self._section}/none"])
        return rng.choice(rng.choice(kinds)).format(
            s=server, a=address, p=port, n=rng.choice((0, 1, 2, 50, 100, 256, 257, 10**12)),
            t=rng.choice((self._section, "users", "nothing")),
            k=rng.choice(("127.0.0.1", "::1", "ftp", "x" * 200)),
            i=rng.choice(self._sessions or ["0x0"]))
