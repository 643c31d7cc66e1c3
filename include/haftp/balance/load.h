/*
 * load.h: which of two candidates carries less.  Any thread.
 */
#ifndef HAFTP_BALANCE_LOAD_H
#define HAFTP_BALANCE_LOAD_H

#include "haftp/balance/balance.h"

/* Sessions had and waited for, and the one to come, in proportion to the weight. */
static inline uint64_t hf_load_of(const struct hf_server *server)
{
    return (uint64_t)atomic_load_explicit(&server->sessions, memory_order_relaxed) +
           hf_waitlist_count_mt(&server->waiting) + 1;
}

static inline bool hf_load_is_less(const struct hf_candidates *candidates, unsigned a, unsigned b)
{
    return hf_load_of(candidates->servers[a]) * candidates->shares[b] <
           hf_load_of(candidates->servers[b]) * candidates->shares[a];
}

#endif
