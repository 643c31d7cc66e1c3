/*
 * check.h: health checks: schedule, rise and fall.
 *
 * All checks run on one loop (main's).  A kind of check is one file in src/check/kind/ exporting a
 * const struct hf_check_ops named hf_check_<file>.  Results go to hf_server_set_up_mt() and
 * to the server's hf_checked, and so does what sessions tell of a server with `observe`, which
 * comes to this loop by mail.
 */
#ifndef HAFTP_CHECK_CHECK_H
#define HAFTP_CHECK_CHECK_H

#include "haftp/net/loop.h"
#include "haftp/rules/eval.h"
#include "haftp/state/runtime.h"

struct hf_checks;

/* Who writes formats out, which is a sibling's work; before the checks start. */
typedef size_t (*hf_check_format_fn)(const struct hf_format *format, struct hf_eval *eval,
                                     char *text, size_t size);
void hf_checks_format_with(hf_check_format_fn fn);

/* Starts a check for each server that has one, spread over their interval.  NULL: no memory. */
struct hf_checks *hf_checks_start(struct hf_runtime *runtime, struct hf_loop *loop);
void hf_checks_stop(struct hf_checks *checks); /* NULL is fine; frees */

/* ---- commands of an administrator; main's thread ---- */

/* Some server was brought up that starts slowly. */
void hf_checks_warm(struct hf_checks *checks);
/* Of a server with checks: the next ones go there.  Until then they follow the server's address. */
void hf_check_move(struct hf_server *server, const struct hf_addr *to);
/* Where they go.  False: it has none. */
bool hf_check_address(const struct hf_server *server, struct hf_addr *out);
/* The administrator says that it is well, or not: checks count from there. */
void hf_check_settle(struct hf_server *server, bool up);
/* The same of a server with an agent, which might have said it. */
void hf_agent_settle(struct hf_server *server, bool up);

/* ---- for kinds of checks ---- */

struct hf_check_run; /* one server's checks, and the one that runs */

struct hf_check_ops {
    const char *name;
    const char *help;
    size_t state_bytes; /* what a check keeps while it runs: zeroed before; 0: nothing */
    /* Calls hf_check_connect(), or ends the run; NULL: connects as the server's line says. */
    void (*on_begin)(struct hf_check_run *run, void *state);
    /* The connection is made, and again whenever it may be read or written: until
     * hf_check_conclude() was called, which ends the run. */
    void (*on_ready)(struct hf_check_run *run, void *state);
    /* Time is up behind the connection; ends the run.  NULL: a timeout of layer 7, with where(). */
    void (*on_silence)(struct hf_check_run *run, void *state);
    /* Where the check is, for messages, behind what went wrong; NULL: nowhere that has a name. */
    void (*where)(const struct hf_check_run *run, const void *state, char *out, size_t size);
    void (*on_end)(void *state); /* frees what the state points to; NULL: nothing */
};

/* How a check gets to the server. */
struct hf_check_way {
    struct hf_addr to;       /* not set: the server's unix socket */
    bool tls, proxy, linger; /* linger: closed in order, not by a reset */
    const char *sni, *alpn;  /* of TLS; NULL: none, and as the server's line says */
};

/* As the server's line says. */
struct hf_check_way hf_check_own_way(const struct hf_check_run *run);
/* In place of the connection that there is.  May end the run. */
void hf_check_connect(struct hf_check_run *run, const struct hf_check_way *way);

/* It speaks TLS, and the handshake is done. */
bool hf_check_is_secure(const struct hf_check_run *run);
const struct hf_cfg_server *hf_check_server(const struct hf_check_run *run);
const struct hf_cfg_global *hf_check_global(const struct hf_check_run *run); /* for its limits */
/* The server agreed to TLS on this connection: on_ready() is called again when the handshake is
 * done, and a failed one ends the run. */
void hf_check_start_tls(struct hf_check_run *run);
/* HF_OK with *n > 0, HF_AGAIN, HF_EOF, or what went wrong. */
HF_MUST_USE enum hf_status hf_check_recv(struct hf_check_run *run, char *room, size_t size,
                                         size_t *n);
/* HF_OK: *n bytes were taken, perhaps not all; HF_AGAIN: none. */
HF_MUST_USE enum hf_status hf_check_send(struct hf_check_run *run, const char *p, size_t size,
                                         size_t *n);

/* The end: what was found, its code (0: none), and what was seen (NULL: nothing to tell).  The
 * text may have any bytes in it. */
void hf_check_conclude(struct hf_check_run *run, enum hf_check_status status, unsigned code,
                       const char *info);
/* The connection broke, or was never made. */
void hf_check_broke(struct hf_check_run *run, enum hf_status status);
/* Something of ours is missing: the server keeps its state. */
void hf_check_hindered(struct hf_check_run *run, enum hf_status status);

#endif
