/*
 * roundrobin.c: each server in turn, by its weight as it is now.
 */
#include "haftp/balance/rotation.h"

static unsigned weight_now(const struct hf_candidates *candidates, unsigned i)
{
    return candidates->shares[i];
}

static enum hf_status rebuild(const struct hf_proxy *backend,
                              const struct hf_candidates *candidates, void **state)
{
    (void)backend;
    return hf_rotation_rebuild(state, candidates, weight_now);
}

const struct hf_balance_ops hf_balance_roundrobin = {
    .name = "roundrobin",
    .help = "each server in turn, as often as its weight says",
    .rebuild = rebuild,
    .release = hf_rotation_release,
    .freed = hf_rotation_freed,
    .pick = hf_rotation_pick,
};
