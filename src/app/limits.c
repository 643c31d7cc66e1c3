/*
 * limits.c: how many sessions fit into how many descriptors.
 *
 * A leased data connection is never refused by maxconn, so each session is given what it may need
 * most needs: two control connections and two data connections.
 */
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>

#include "app_int.h"

#define PER_SESSION 4u
#define PER_LOOP    8u   /* epoll, libuv's own and its wake-ups; one loop per worker and main's */
#define OTHERS      64u  /* logs, checks, the odd file */
#define MOST_PIPES  256u /* unless `maxpipes` says otherwise */

static rlim_t raise_limit(rlim_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    if (limit.rlim_cur >= wanted)
        return limit.rlim_cur;
    struct rlimit more = {.rlim_cur = wanted,
                          .rlim_max = limit.rlim_max < wanted ? wanted : limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0)
        return wanted;
    limit.rlim_cur = limit.rlim_max; /* all that we may have */
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : 0;
}

static rlim_t hard_limit(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : 1024;
}

/* A pipe has two descriptors.  Where those are few, splice gets a quarter of them at most: a relay
 * without a pipe copies, a session without a descriptor cannot be. */
static unsigned pipes_within(const struct hf_cfg_global *global, rlim_t descriptors)
{
    if (global->nosplice)
        return 0;
    if (global->maxpipes)
        return global->maxpipes;
    return descriptors / 8 < MOST_PIPES ? (unsigned)(descriptors / 8) : MOST_PIPES;
}

static unsigned sessions_within(rlim_t descriptors, rlim_t fixed)
{
    rlim_t n = descriptors > fixed + PER_SESSION ? (descriptors - fixed) / PER_SESSION : 1;
    return n < UINT_MAX ? (unsigned)n : UINT_MAX;
}

static void warn_shortage(unsigned maxconn, rlim_t wanted, rlim_t have, rlim_t fixed)
{
    hf_diag_line(stderr, HF_DIAG_WARNING,
                 "maxconn %u may need %lu file descriptors, but this process may only open %lu: "
                 "raise the limit (`ulimit -n`, LimitNOFILE= of the service) or set maxconn to %u.",
                 maxconn, (unsigned long)wanted, (unsigned long)have, sessions_within(have, fixed));
}

/* Nobody chose so small a number. */
#define FEW_SESSIONS 100u

static void warn_few(unsigned maxconn, rlim_t have)
{
    if (maxconn < FEW_SESSIONS)
        hf_diag_line(stderr, HF_DIAG_WARNING,
                     "only %u %s at a time %s into the %lu file descriptors that this process may "
                     "open: raise the limit (`ulimit -n`, LimitNOFILE= of the service), or say "
                     "'maxconn %u' if that is enough.",
                     maxconn, maxconn == 1 ? "session" : "sessions", maxconn == 1 ? "fits" : "fit",
                     (unsigned long)have, maxconn);
}

struct app_limits app_limits_apply(const struct hf_config *config, unsigned n_listeners,
                                   unsigned n_workers)
{
    const struct hf_cfg_global *global = &config->global;
    rlim_t fixed = n_listeners + OTHERS + (rlim_t)PER_LOOP * (n_workers + 1);

    if (!global->maxconn) {
        rlim_t have = raise_limit(global->ulimit_n ? global->ulimit_n : hard_limit());
        unsigned pipes = pipes_within(global, have);
        unsigned maxconn = sessions_within(have, fixed + 2 * (rlim_t)pipes);
        warn_few(maxconn, have);
        return (struct app_limits){maxconn, pipes};
    }
    rlim_t pipes = pipes_within(global, RLIM_INFINITY);
    rlim_t wanted = fixed + 2 * pipes + (rlim_t)global->maxconn * PER_SESSION;
    rlim_t have = raise_limit(global->ulimit_n > wanted ? global->ulimit_n : wanted);
    if (have < wanted) {
        pipes = pipes_within(global, have);
        wanted = fixed + 2 * pipes + (rlim_t)global->maxconn * PER_SESSION;
    }
    if (have < wanted)
        warn_shortage(global->maxconn, wanted, have, fixed + 2 * pipes);
    return (struct app_limits){global->maxconn, (unsigned)pipes};
}
