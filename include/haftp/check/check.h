/*
 * check.h: health checks: schedule, rise and fall.
 *
 * All checks run on one loop (main's).  A kind of check is one file in src/check/kind/ exporting a
 * const struct hf_check_ops named hf_check_<file>.  Results go to hf_server_set_up_mt(), and so
 * does what sessions tell of a server with `observe`, which comes to this loop by mail.
 */
#ifndef HAFTP_CHECK_CHECK_H
#define HAFTP_CHECK_CHECK_H

#include "haftp/net/loop.h"
#include "haftp/state/runtime.h"

struct hf_checks;

/* Starts a check for each server that has one, spread over their interval.  NULL: no memory. */
struct hf_checks *hf_checks_start(struct hf_runtime *runtime, struct hf_loop *loop);
void hf_checks_stop(struct hf_checks *checks); /* NULL is fine; frees */

/* ---- for kinds of checks ---- */

struct hf_check_run; /* one server's checks, and the one that runs */

struct hf_check_ops {
    const char *name;
    const char *help;
    size_t state_bytes; /* what a check keeps while it runs: zeroed before; 0: nothing */
    /* The connection is made, and again whenever it may be read or written: until hf_check_pass()
     * or hf_check_fail() was called, which ends the run. */
    void (*on_ready)(struct hf_check_run *run, void *state);
    void (*on_end)(void *state); /* frees what the state points to; NULL: nothing */
};

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
/* All of it at once: it must be short. */
HF_MUST_USE enum hf_status hf_check_send(struct hf_check_run *run, const char *p, size_t n);
/* What is waited for, told when time runs out: a constant text, "the greeting". */
void hf_check_awaits(struct hf_check_run *run, const char *what);

/* `reason` as HAProxy names it ("Layer4 check passed", "Layer7 wrong status"); `info` (NULL: none)
 * says what was seen. */
void hf_check_pass(struct hf_check_run *run, const char *reason);
void hf_check_fail(struct hf_check_run *run, const char *reason, const char *info);

#endif
