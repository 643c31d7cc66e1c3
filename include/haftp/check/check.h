/*
 * check.h: health checks: schedule, rise and fall.
 *
 * All checks run on one loop (main's).  A kind of check is one file in src/check/kind/ exporting a
 * const struct hf_check_ops named hf_check_<file>.  Results go to hf_server_set_up_mt().  Passive
 * evidence from a worker is not a check and is not reported here.
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

struct hf_check_run; /* one connection to one server */

struct hf_check_ops {
    const char *name;
    const char *help;
    /* The connection is made, and again whenever it becomes readable: until one of the two below
     * was called, which ends the run. */
    void (*on_ready)(struct hf_check_run *run);
};

/* It speaks TLS, and the handshake is done. */
bool hf_check_is_secure(const struct hf_check_run *run);
/* `reason` as HAProxy names it ("Layer4 check passed", "Layer7 wrong status"); `info` (NULL: none)
 * says what was seen. */
void hf_check_pass(struct hf_check_run *run, const char *reason);
void hf_check_fail(struct hf_check_run *run, const char *reason, const char *info);

#endif
