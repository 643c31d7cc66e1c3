/*
 * limits.c: how many sessions fit into how many descriptors.
 *
 * A leased data connection is never refused by maxconn, so each session is given what it may need
 * at worst: two control connections and two data connections.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "app_int.h"

#define PER_SESSION 4u
#define OTHERS      128u /* loops, logs, checks, pipes of the pool, the odd file */

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

unsigned app_limits_apply(const struct hf_config *config, unsigned n_listeners)
{
    const struct hf_cfg_global *global = &config->global;
    rlim_t fixed = n_listeners + OTHERS;

    if (!global->maxconn) {
        rlim_t have = raise_limit(global->ulimit_n ? global->ulimit_n : hard_limit());
        return have > fixed + PER_SESSION ? (unsigned)((have - fixed) / PER_SESSION) : 1;
    }
    rlim_t wanted = fixed + (rlim_t)global->maxconn * PER_SESSION;
    rlim_t have = raise_limit(global->ulimit_n > wanted ? global->ulimit_n : wanted);
    if (have < wanted)
        hf_diag_line(
            stderr, HF_DIAG_WARNING,
            "maxconn %u may need %lu file descriptors, but this process may only open %lu: "
            "raise the limit (`ulimit -n`, LimitNOFILE= of the service) or set maxconn to %lu.",
            global->maxconn, (unsigned long)wanted, (unsigned long)have,
            (unsigned long)(have > fixed ? (have - fixed) / PER_SESSION : 1));
    return global->maxconn;
}
