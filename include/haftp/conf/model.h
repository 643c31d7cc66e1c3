/*
 * model.h: a configuration as plain data.
 *
 * Everything is allocated in the configuration's arena, written by the parser and the resolve
 * passes on one thread, and immutable once hf_config_load() has returned it: any thread may read
 * it.
 *
 * A field that one plain keyword fills is made from that keyword's row in grammar/rows, which says
 * its type, its default and what it means; a comment here lists such fields by name.
 *
 * Times are milliseconds; 0 means "not set" unless a field says otherwise.
 */
#ifndef HAFTP_CONF_MODEL_H
#define HAFTP_CONF_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "haftp/base/addr.h"
#include "haftp/base/arena.h"
#include "haftp/base/diag.h"
#include "haftp/base/names.h"
#include "haftp/conf/check.h"
#include "haftp/conf/endpoint.h"
#include "haftp/conf/expr.h"
#include "haftp/conf/stick_data.h"

enum hf_mode { HF_MODE_TCP, HF_MODE_HTTP };
enum hf_tristate { HF_UNSET, HF_YES, HF_NO };

/* ---- logging ----------------------------------------------------------------------------- */

enum hf_log_target_kind { HF_LOG_UNIX, HF_LOG_UDP, HF_LOG_FD };
enum hf_log_wire {
    HF_LOG_RFC3164,
    HF_LOG_RFC5424,
    HF_LOG_RAW,
    HF_LOG_SHORT,
    HF_LOG_LOCAL,
    HF_LOG_PRIORITY,
    HF_LOG_TIMED,
    HF_LOG_ISO,
    HF_LOG_USUAL, /* local; with a host name to send, rfc3164 */
};

/* `sample 1,3-4:10`: of ten lines in a row, the first, the third and the fourth. */
struct hf_cfg_sample_range {
    unsigned lo, hi; /* from 1, both included */
};

struct hf_cfg_log {
    struct hf_cfg_log *next;
    struct hf_loc loc;
    enum hf_log_target_kind kind;
    const char *path;    /* HF_LOG_UNIX */
    bool abstract;       /* `path` is a name of Linux, not a file */
    struct hf_addr addr; /* HF_LOG_UDP; port 514 unless given */
    int fd;              /* HF_LOG_FD: stdout is 1, stderr is 2 */
    int facility;        /* 0..23 */
    int max_level;       /* least urgent level that is sent, 0 emerg .. 7 debug; default 7 */
    int min_level;       /* more urgent ones are sent as this level; default 0 */
    struct hf_cfg_sample_range *sample_ranges; /* ascending */
    unsigned n_sample_ranges, sample_size;     /* 0: every line */
/* len (longest line in bytes), wire, sample (as written) */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/log.def"
};

/* ---- TLS --------------------------------------------------------------------------------- */

/* A word that may be given several times. */
struct hf_cfg_text {
    struct hf_cfg_text *next;
    const char *name; /* of its keyword */
    const char *text;
    struct hf_loc loc;
};

/* ssl-default-bind-options, ssl-default-server-options. */
struct hf_cfg_tls_options {
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/words/tls_options.def"
};

struct hf_tls_site; /* haftp/state/tls.h */

/* ---- servers ----------------------------------------------------------------------------- */

/* What is watched besides health checks; layer7 is for HTTP and watches nothing here. */
enum hf_observe { HF_OBSERVE_NONE, HF_OBSERVE_LAYER4, HF_OBSERVE_LAYER7 };
enum hf_on_error {
    HF_ON_ERROR_FAIL_CHECK,
    HF_ON_ERROR_FASTINTER,
    HF_ON_ERROR_SUDDEN_DEATH,
    HF_ON_ERROR_MARK_DOWN
};
enum hf_on_marked_down { HF_MARKED_DOWN_NOTHING, HF_MARKED_DOWN_SHUTDOWN };
enum hf_on_marked_up { HF_MARKED_UP_NOTHING, HF_MARKED_UP_SHUTDOWN_BACKUPS };

enum hf_port_map { HF_PORT_FIXED, HF_PORT_SAME, HF_PORT_OFFSET };

/* The TLS words of a server, the `ssl` flag among them. */
struct hf_cfg_server_tls {
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/ends/server_tls.def"
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/ends/server_ftps.def"
};

struct hf_cfg_server_opts { /* what default-server may set */
/* check, backup, disabled, weight, maxconn (never below minconn), minconn (0: the limit is always
 * maxconn), maxqueue, slowstart_ms, inter_ms, fastinter_ms, downinter_ms, rise, fall, check_port,
 * check_addr, track, observe, error_limit, on_error, on_marked_down, on_marked_up, non_stick,
 * forced_id (0: none), cookie; and track_loc, observe_loc */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/server.def"
/* send_proxy and its kin, socks4, tcp_ut_ms, init_addr, resolvers, resolve_*, agent_* and such */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/ends/server_net.def"
    uint16_t check_port;                /* 0: the server's */
    struct hf_addr check_addr;          /* not set: the server's */
    struct hf_addr agent_to;            /* of agent_addr; likewise */
    const struct hf_cfg_source *source; /* NULL: the section's */
    struct hf_cfg_server_tls tls;
    struct hf_expr *sni_expr; /* of tls.sni; NULL: none */
};

struct hf_cfg_server {
    struct hf_cfg_server *next;
    struct hf_loc loc;
    const char *name;
    struct hf_cfg_proxy *proxy;
    unsigned index;                /* position in its proxy, from 0 */
    unsigned id;                   /* forced_id, or the first number that is free, from 1 */
    struct hf_cfg_server *tracked; /* resolved: whose health is ours; NULL: none */
    enum hf_reach reach;           /* INET, UNIX or ABNS */
    const char *path;              /* UNIX, ABNS; NULL: INET */
    const char *host;              /* a name, as written; NULL: the address was written */
    struct hf_addr addr; /* port as HF_PORT_FIXED gives it, else 0; not set without an address */
    struct hf_tls_site *tls_site; /* NULL: no TLS */
    bool unresolved;              /* its name has no address, and `init-addr` permits that: down */
    uint16_t port;                /* HF_PORT_FIXED: as written; else 0 */
    enum hf_port_map port_map;    /* SAME: the client's port; OFFSET: that plus port_offset */
    int port_offset;
    struct hf_cfg_server_opts o;
};

/* ---- binds ------------------------------------------------------------------------------- */

/* What a bind was taken for, and by which rule. */
enum hf_bind_role { HF_BIND_PLAIN, HF_BIND_CONTROL, HF_BIND_DATA };

/* The TLS words of a bind, the `ssl` flag among them. */
struct hf_cfg_bind_tls {
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/ends/bind_tls.def"
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/ends/bind_ftps.def"
};

struct hf_cfg_bind {
    struct hf_cfg_bind *next;
    struct hf_loc loc;
    const char *text; /* the address as written */
    struct hf_cfg_proxy *proxy;
    enum hf_reach reach;
    const char *path;          /* UNIX, ABNS */
    int fd;                    /* FD: not ours, we listen on copies of it */
    struct hf_addr addr;       /* port is port_lo; not set unless INET, or FD of that kind */
    uint16_t port_lo, port_hi; /* equal for a single port, 0 without ports */
    bool is_range;   /* written as LO-HI, if only of one port: data ports, never control */
    unsigned number; /* of its first port, in logs and statistics: `id`, or the next free one */
    bool opaque;     /* control, but in TLS that we cannot read: passed on as it comes */
    enum hf_bind_role role; /* set by the FTP plan (ftp_plan.c) */
    int role_rule;          /* number of the rule that decided; 0 for PLAIN */
    const char *role_why;   /* the rule in words, for `-c -V` and the start-up notice */
    bool derived;           /* made from `ftp-data ports`: no bind line of the file */
    /* The same range is a data range of an earlier section too: only that bind is opened. */
    struct hf_cfg_bind *shared_with;
/* name, id, maxconn (0: no limit), backlog, interface (SO_BINDTODEVICE), v6only, v4v6, transparent,
 * tcp_ut_ms, mss, tfo, defer_accept; of unix sockets: mode (octal), uid and gid (-1: not given) */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/bind.def"
    struct hf_cfg_bind_tls tls;
    struct hf_tls_site *tls_site; /* NULL: no TLS */
};

/* TLS from the first byte (`ssl`) or after AUTH (`starttls`), and where that is said. */
static inline bool hf_bind_has_tls(const struct hf_cfg_bind *bind)
{
    return bind->tls.ssl || bind->tls.starttls;
}
static inline struct hf_loc hf_bind_tls_loc(const struct hf_cfg_bind *bind)
{
    return bind->tls.ssl ? bind->tls.ssl_loc : bind->tls.starttls_loc;
}
static inline bool hf_server_has_tls(const struct hf_cfg_server_opts *server)
{
    return server->tls.ssl || server->tls.starttls;
}
static inline bool hf_server_sends_proxy_v2(const struct hf_cfg_server_opts *server)
{
    return server->send_proxy_v2 || server->send_proxy_v2_ssl || server->send_proxy_v2_ssl_cn;
}
static inline bool hf_server_sends_proxy(const struct hf_cfg_server_opts *server)
{
    return server->send_proxy || hf_server_sends_proxy_v2(server);
}
static inline struct hf_loc hf_server_tls_loc(const struct hf_cfg_server_opts *server)
{
    return server->tls.ssl ? server->tls.ssl_loc : server->tls.starttls_loc;
}

/* A set of ports that leases are drawn from: one range bind, or `ftp-data ports`. */
struct hf_cfg_data_range {
    struct hf_cfg_data_range *next;
    struct hf_loc loc;
    struct hf_cfg_bind *bind;           /* where the listeners are; its role is DATA */
    const struct hf_cfg_proxy *section; /* whose bind it was, before equal ranges became one */
    /* Servers (of those the control section reaches) this range serves; NULL: all of them. */
    struct hf_cfg_server **only;
    unsigned n_only;
};

static inline bool hf_data_range_serves(const struct hf_cfg_data_range *range,
                                        const struct hf_cfg_server *server)
{
    for (unsigned i = 0; i < range->n_only; i++)
        if (range->only[i] == server)
            return true;
    return !range->only;
}

/* ---- stickiness -------------------------------------------------------------------------- */

enum hf_stick_type {
    HF_STICK_NO_TYPE,
    HF_STICK_IP,
    HF_STICK_IPV6,
    HF_STICK_INTEGER,
    HF_STICK_STRING,
    HF_STICK_BINARY
};

/* What a sample becomes to be a key of such a table. */
static inline enum hf_type hf_stick_sample_type(enum hf_stick_type type)
{
    switch (type) {
    case HF_STICK_IP:
        return HF_TYPE_IPV4;
    case HF_STICK_IPV6:
        return HF_TYPE_IPV6;
    case HF_STICK_INTEGER:
        return HF_TYPE_INT;
    case HF_STICK_STRING:
        return HF_TYPE_STR;
    case HF_STICK_BINARY:
    case HF_STICK_NO_TYPE:
        break;
    }
    return HF_TYPE_BIN;
}
enum hf_stick_srvkey { HF_STICK_BY_NAME, HF_STICK_BY_ADDR };

struct hf_cfg_stick_table {
    struct hf_cfg_stick_table *next; /* of the configuration's list */
    struct hf_loc loc;
    const char *name;                 /* its section's; SECTION/NAME in a `peers` section */
    const struct hf_cfg_proxy *proxy; /* whose it is; NULL: of a `peers` section */
    unsigned index;                   /* among all tables, from 0 */
    struct hf_cfg_stick_stored stores[HF_N_STICK_DATA]; /* by enum hf_stick_data */
    bool remembers;                                     /* a `stick` rule stores servers in it */
/* type, length (of strings and binary keys; 0: 32), size (entries), expire_ms, nopurge, srvkey,
 * peers (NULL: not shared) and peers_loc */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/table.def"
};

struct hf_cfg_stick_rule {
    struct hf_cfg_stick_rule *next;
    struct hf_loc loc;
    bool match, store;
    bool response;          /* stick store-response: stores what is known when the server answers */
    struct hf_expr *expr;   /* NULL: src, the client's address, which most use */
    struct hf_cond *cond;   /* NULL: always */
    const char *table_name; /* NULL: the proxy's own */
    struct hf_loc table_name_loc;
    const struct hf_cfg_stick_table *table;
};

/* ---- proxies ----------------------------------------------------------------------------- */

enum hf_hash_type { HF_HASH_MAP, HF_HASH_CONSISTENT };
enum hf_hash_function {
    HF_HASH_SDBM,
    HF_HASH_DJB2,
    HF_HASH_WT6,
    HF_HASH_CRC32,
    HF_HASH_NONE /* the key is a number already */
};

/* Who may open a data connection: the client's address, its /24 or /64, anyone. */
enum hf_ftp_peer { HF_FTP_PEER_STRICT, HF_FTP_PEER_NETWORK, HF_FTP_PEER_ANY };

/* How a server is asked for a data connection. */
enum hf_ftp_server_mode {
    HF_FTP_SERVER_AUTO,
    HF_FTP_SERVER_PASV,
    HF_FTP_SERVER_EPSV,
    HF_FTP_SERVER_PORT,
    HF_FTP_SERVER_EPRT
};

struct hf_cfg_timeouts { /* ms; 0: none (infinite) */
/* connect, client, server, queue, check, tunnel, client_fin, server_fin, ftp_greeting, ftp_login */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/timeout.def"
};

/* A section that some line names, which must exist although nothing is done with it. */
struct hf_cfg_named {
    struct hf_cfg_named *next;
    struct hf_loc loc;
    const char *kind, *name; /* "http-errors" */
};

enum hf_format_use {
    HF_LOG_FORMAT,
    HF_LOG_FORMAT_SD,
    HF_ERROR_LOG_FORMAT,
    HF_UNIQUE_ID_FORMAT,
    HF_N_FORMAT_LINES
};

/* A format as written.  It is read when all files have been, since only the last line of a section
 * counts. */
struct hf_cfg_format_line {
    struct hf_loc loc;
    const char *text;
    bool handed_down; /* by a defaults section, to all who have this line */
    bool read;
    struct hf_format *format; /* NULL: not read, or wrong */
};

/* An engine that `filter spoe` configures by a file, or a group that a rule asks of one. */
struct hf_cfg_spoe {
    struct hf_cfg_spoe *next;
    struct hf_loc loc;
    const char *engine; /* NULL: the filter names none */
    const char *name;   /* of the file, or of the group */
};

/* `option ftp-check`. */
struct hf_cfg_ftp_check {
    const char *user, *password; /* NULL: not given */
};

/* What a defaults section hands down.  Built by copying, so it holds values and arena pointers. */
/* ---- pages that a section of mode http serves itself ------------------------------------- */

struct hf_cfg_page_name {
    struct hf_cfg_page_name *next;
    const char *text;
};
struct hf_cfg_exporter { /* http-request use-service prometheus-exporter, the last line first */
    struct hf_cfg_exporter *next;
    const struct hf_cond *cond; /* NULL: always */
};
struct hf_cfg_page {
    bool stats;                     /* some `stats` word stands there */
    const char *uri, *realm;        /* NULL: HAProxy's defaults */
    struct hf_cfg_page_name *users; /* "name:password"; NULL: everybody */
    struct hf_cfg_page_name *scope; /* sections, "." for this one; NULL: all */
    unsigned refresh_s;             /* 0: not by itself */
    bool hides_version, shows_legends;
    const char *node, *description; /* NULL: not shown; "": as the global section says */
    const char *monitor_uri;        /* NULL: none */
    struct hf_cfg_exporter *exporters;
    const char *other_rule; /* a rule for HTTP that is only checked; NULL: none */
    struct hf_loc other_loc;
};

struct hf_cfg_opts {
    struct hf_cfg_timeouts timeout;
    enum hf_tristate redispatch;
    int redispatch_every; /* N: at every N-th retry; -N: at the N-th but last; 0: never by count */
    const char *balance;  /* algorithm's name, default "roundrobin" */
    struct hf_loc balance_loc;
    unsigned balance_draws;       /* random(N); 0: not given, 2 */
    struct hf_expr *balance_expr; /* of balance hash */
    enum hf_hash_type hash_type;
    enum hf_hash_function hash_function;
    bool hash_avalanche;          /* mix the hash once more */
    unsigned hash_balance_factor; /* percent of the average load at most; 0: no limit */
    const char *cookie_name;      /* NULL: none; names the control/data pairing */
    struct hf_loc cookie_loc;
    struct hf_cfg_log *logs;    /* of this section, without `log global` */
    struct hf_cfg_named *named; /* the last line first */
    bool log_global;
    bool http_page; /* a word of a page that the section itself serves in mode http */
    struct hf_cfg_page page;
    struct hf_cfg_server_opts server;         /* default-server */
    const struct hf_cfg_source *source;       /* NULL: the kernel chooses */
    const struct hf_cfg_ftp_check *ftp_check; /* NULL: none */
    struct hf_cfg_check_script *check_script; /* `tcp-check` lines, for tcp_check; NULL: none */
    struct hf_cfg_format_line *format_lines[HF_N_FORMAT_LINES]; /* NULL: not given */
    /* Of sections that log, as those lines give them. */
    struct hf_format *log_format; /* NULL: what tcplog or the default says */
    struct hf_format *log_format_sd, *error_log_format, *unique_id_format;
/* ftp_inspect, tcplog, ftplog, xferlog, dontlognull, dontlog_normal, log_separate_errors, logasap,
 * log_health_checks, tcpka_client, tcpka_server, nolinger, allbackups, persist, abortonclose,
 * external_check, tcp_check */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/option.def"
/* mode, maxconn (0: the process limit), backlog, retries, disabled, log_tag (NULL: the
 * global one), default_backend, ftp_data_wait (ms), ftp_peer, ftp_server_announced,
 * forced_id, fullconn (0: derived), session_rate (per second, 0: no limit); and mode_loc,
 * default_backend_loc */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/proxy.def"
};

/* What samples of an FTP conversation look at, as bits. */
enum hf_ftp_sample {
    HF_FTP_SAMPLE_USER = 1 << 0,
    HF_FTP_SAMPLE_HOST = 1 << 1,
    HF_FTP_SAMPLE_TLS = 1 << 2,
    HF_FTP_SAMPLE_COMMAND = 1 << 3, /* verb, and code of the last reply */
    HF_FTP_SAMPLE_ARG = 1 << 4,
    HF_FTP_SAMPLE_TRANSFER = 1 << 5, /* of transfers; in log lines only */
};

/* `ftp-data section NAME` or `ftp-data ports LO-HI`. */
struct hf_cfg_data_ref {
    struct hf_cfg_data_ref *next;
    struct hf_loc loc;
    const char *section; /* NULL: a range */
    uint16_t lo, hi;
};

/* `ftp-data advertise` and `ftp-data direct`: the first one whose condition is met counts. */
struct hf_cfg_data_rule {
    struct hf_cfg_data_rule *next;
    struct hf_loc loc;
    const char *host;     /* advertise: as written */
    struct hf_addr addr;  /* advertise: IPv4 */
    struct hf_cond *cond; /* NULL: always */
    bool inherited;       /* from a defaults section */
};

enum { HF_CAP_FRONTEND = 1, HF_CAP_BACKEND = 2, HF_N_CAPS = 4 };

struct hf_cfg_proxy {
    struct hf_cfg_proxy *next;
    struct hf_loc loc;
    const char *name;
    unsigned caps;           /* HF_CAP_*: a listen has both */
    unsigned id;             /* from 1, in file order */
    const char *description; /* free text; NULL: none */
    struct hf_cfg_opts o;
    bool faulty;      /* a line of it was wrong, which was told */
    bool is_page;     /* mode http, for a page of its own only: it carries no sessions */
    bool serves_page; /* and the page is served */
    struct hf_cfg_bind *binds;
    struct hf_cfg_server *servers;
    unsigned n_servers;
    struct hf_cfg_stick_table *stick_table; /* NULL: none */
    struct hf_cfg_stick_rule *stick_rules;
    struct hf_acl *acls; /* in file order, those of defaults first */
    struct hf_cfg_rule *rules[HF_N_RULE_SETS];
    bool has_http_rules;                            /* checked, and without effect */
    unsigned inspect_delay_ms, inspect_response_ms; /* tcp-request, tcp-response inspect-delay */
    struct hf_cfg_switch *switches;                 /* use_backend */
    struct hf_cfg_use_server *use_servers;
    struct hf_cfg_persist *persist_rules;
    struct hf_cfg_spoe *spoe_filters, *spoe_groups; /* checked only */
    /* Of sections with binds: what of an FTP login the choice of backend and server depends on, as
     * enum hf_ftp_sample; 0: nothing, a server is chosen before the client says anything. */
    unsigned ftp_chooses_by;
    struct hf_cfg_data_ref *data_refs; /* as written; the FTP plan reads them */
    struct hf_cfg_data_rule *advertise, *direct;
    struct hf_cfg_proxy *backend; /* resolved: default_backend, or the proxy itself; NULL: none */
    /* Resolved, of sections with binds: every section that a session may get a server of
     * (`use_backend` too), the default one first; and all their servers. */
    struct hf_cfg_proxy **backends;
    unsigned n_backends;
    struct hf_cfg_server **reach;
    unsigned n_reach;
    bool reaches_tls;            /* one of them has TLS */
    struct hf_cfg_log *logs_all; /* resolved: where this proxy's lines go */
    /* FTP plan, for proxies with a control bind. */
    struct hf_cfg_data_range *data_ranges; /* NULL: ephemeral ports */
    /* Plain binds that lead to one server of this section each, port by port: a server that
     * announces such a port with our address is left alone. */
    struct hf_cfg_bind **mapped;
    unsigned n_mapped;
    int data_rule;           /* number of the rule that gave the ranges */
    const char *data_why;    /* the rule in words */
    const char *ftp_summary; /* all of the plan in one sentence; NULL: no control bind */
};

/* The range of a control section whose ports this bind opens; or NULL. */
static inline const struct hf_cfg_data_range *hf_data_range_on(const struct hf_cfg_proxy *control,
                                                               const struct hf_cfg_bind *bind)
{
    const struct hf_cfg_data_range *range = control->data_ranges;
    while (range && range->bind != bind)
        range = range->next;
    return range;
}

/* ---- global and the whole ---------------------------------------------------------------- */

struct hf_cfg_global {
    bool set_uid, set_gid;
    uid_t uid; /* resolved from user or uid */
    gid_t gid;
    struct hf_loc uid_loc, gid_loc; /* of the line that counts */
    const char *log_hostname;       /* log-send-hostname; NULL: do not send */
    struct hf_cfg_log *logs;
    const char *node, *description; /* NULL: not given */
    struct hf_cfg_tls_options tls_bind, tls_server;
    struct hf_cfg_bind *stats_sockets; /* of the runtime API; no section has them */
    struct hf_cfg_rule *startup_vars;  /* set-var and set-var-fmt of global, in order */
/* daemon, master_worker, quiet, zero_warning, maxconn (0: from the descriptor limit), nbthread (0:
 * usable CPUs), ulimit_n (0: what maxconn needs), hard_stop_after_ms, spread_checks (percent),
 * user, group, chroot, pidfile, log_tag (default "haftp"), pipesize (0: 1 MiB), maxpipes (0:
 * derived), nosplice, maxaccept (0: default), maxconnrate and maxsessrate (per second, 0: no
 * limit), stats_timeout_ms, stats_maxconn, ftp_max_command,
 * ftp_max_reply_line, ftp_max_reply (bytes), rcvbuf_client, rcvbuf_server,
 * sndbuf_client, sndbuf_server (bytes, 0: the kernel's), localpeer, experimental, unix_prefix,
 * unix_mode, unix_user, unix_group, unix_uid, unix_gid (unix-bind, as written); and user_loc,
 * group_loc, unix_user_loc, unix_group_loc */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/global.def"
};

/* A word that was read and checked, and does nothing in this version. */
struct hf_cfg_pending {
    struct hf_cfg_pending *next;
    const char *name;
    struct hf_loc loc; /* of the first */
    unsigned n;
};

struct hf_config {
    struct hf_arena *arena;
    struct hf_source *sources;
    struct hf_cfg_global global;
    struct hf_cfg_proxy *proxies; /* in file order */
    unsigned n_proxies;
    struct hf_names names[HF_N_CAPS]; /* sections by name, for each choice of HF_CAP_* */
    struct hf_cfg_stick_table *tables, *last_table; /* in file order */
    unsigned n_tables;
    struct hf_names table_names;
    /* Lines that their section cannot have, each as a section of its own whose `backend` is that
     * section: names in them are looked up, nothing else is done. */
    struct hf_cfg_proxy *apart;
    struct hf_arg_ref *arg_refs;     /* all of them */
    struct hf_cfg_section *sections; /* all others, in file order (sections.h) */
    struct hf_names other_names;     /* to them: "userlist NAME" */
    struct hf_cfg_pending *pending;  /* in the order of the files */
    struct hf_tls_site *tls_sites;   /* of all binds and servers */
    struct hf_cfg_var *vars;
    unsigned n_vars;
    bool counts_binds;                      /* some expression asks for the sessions of a bind */
    unsigned ftp_samples;                   /* enum hf_ftp_sample: which are used anywhere */
    const struct hf_cfg_rule **ftp_denials; /* rules that deny commands, by their index */
    unsigned n_ftp_denials;
};

#endif
