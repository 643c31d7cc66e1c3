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
#include "haftp/net/tls.h"

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

/* One server's checks, one after the other; or those of its agent. */
struct hf_check_run {
    struct hf_checks *checks;
    struct hf_server *server;
    bool is_agent;
    const char *question; /* of an agent; NULL: it speaks first */
    const struct hf_check_ops *ops;
    struct hf_check_way way; /* of the connection that there is */
    struct hf_watch watch;
    struct hf_tls *tls;    /* NULL: plain text, or not connected */
    struct hf_timer timer; /* the next check, or the end of this one's patience */
    uint64_t began_ms;
    unsigned rise, fall, health;
    unsigned maint_ends;       /* of the server, as it was at the last result */
    struct hf_addr given;      /* where an administrator sends it; not set: nowhere */
    enum hf_check_status last; /* what the one before came to */
    void *state;               /* of the kind; NULL: no check runs, or it keeps none */
    bool running;
    bool connected;
    bool secure;   /* TLS stands, or is not spoken */
    bool upgrades; /* it begins in the middle of the conversation */
    bool hindered; /* we could not even try, and have said so */
};

struct hf_checks {
    struct hf_loop *loop;
    struct hf_reap reap;
    struct hf_warmup warmup;
    unsigned spread_percent;
    unsigned n;
    struct hf_check_run runs[];
};

/* check.c */
/* The time between two checks of a server that stays as it is. */
unsigned hf_check_interval(const struct hf_check_run *run);
/* The next check, an interval from now. */
void hf_check_schedule(struct hf_check_run *run);
/* The next check, unless one runs, `fastinter` from now. */
void hf_check_soon(struct hf_check_run *run);

/* run.c */
void hf_check_begin(struct hf_check_run *run);
void hf_check_close(
    struct hf_check_run *run); /* the connection, and what the kind keeps; idempotent */

/* health.c */
/* In maintenance, or `disable health`: no check begins, and what one found does not count.  Agents
 * are asked in maintenance, too: they may end it. */
bool hf_check_is_paused(const struct hf_check_run *run);
/* What a check has found, as hf_check_conclude() was told, becomes of the server. */
void hf_check_count(struct hf_check_run *run, enum hf_check_status status, unsigned code,
                    const char *info, unsigned took_ms);
/* How it stands, for statistics: at the beginning, and when a check begins. */
void hf_check_show(const struct hf_check_run *run);

static inline const struct hf_cfg_server_opts *hf_check_opts(const struct hf_check_run *run)
{
    return &run->server->cfg->o;
}

/* Brings `observe` results of any worker to this loop (observe.c). */
void hf_observe_begin(struct hf_loop *loop);
void hf_observe_end(void);

/* What is told of a server's reply line: its beginning, or why not if the password (NULL: none) is
 * in it (kind/ftp.c). */
void hf_check_quote(struct hf_view line, const char *password, char *out, size_t size);

/* Sessions of the server failed o.error_limit times in a row (health.c). */
void hf_check_suffer(struct hf_check_run *run);

/* As hf_checks_format_with() was told. */
size_t hf_check_format(const struct hf_format *format, struct hf_eval *eval, char *text,
                       size_t size);

#endif
