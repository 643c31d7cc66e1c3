/*
 * check_int.h: what besides the checks themselves makes or follows the health of servers.
 *
 * All on main's thread.  Private to src/check.
 */
#ifndef HAFTP_CHECK_INT_H
#define HAFTP_CHECK_INT_H

#include "haftp/base/assert.h"
#include "haftp/base/str.h"
#include "haftp/check/check.h"

/* Servers that come back up get their share little by little (warmup.c). */
struct hf_warmup {
    struct hf_loop *loop;
    struct hf_runtime *runtime;
    struct hf_timer timer; /* set while some server is not warm */
};

void hf_warmup_init(struct hf_warmup *warmup, struct hf_runtime *runtime, struct hf_loop *loop);
/* Some server came up. */
void hf_warmup_begin(struct hf_warmup *warmup);
void hf_warmup_end(struct hf_warmup *warmup);

/* Brings `observe` results of any worker to this loop (observe.c). */
void hf_observe_begin(struct hf_loop *loop);
void hf_observe_end(void);

/* What is told of a server's reply line: its beginning, or why not if the password (NULL: none) is
 * in it (kind/ftp.c). */
void hf_check_quote(struct hf_view line, const char *password, char *out, size_t size);

/* Sessions of the server failed o.error_limit times in a row (check.c). */
void hf_check_suffer(struct hf_check_run *run);

#endif
