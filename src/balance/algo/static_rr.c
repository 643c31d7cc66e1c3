/*
 * static_rr.c: each server in turn, by its weight in the configuration.
 */
#include "haftp/balance/rotation.h"

static unsigned configured_weight(const struct hf_candidates *candidates, unsigned i)
{
    unsigned weight = candidates->servers[i]->cfg->o.weight;
    return weight ? weight : 1; /* 0 in the file, raised at run time */
}

static enum hf_status rebuild(const struct hf_proxy *backend,
                              const struct hf_candidates *candidates, void **state)
{
    (void)backend;
    return hf_rotation_rebuild(state, candidates, configured_weight);
}

const struct hf_balance_ops hf_balance_static_rr = {
    .name = "static-rr",
    .help = "each server in turn, as often as its configured weight says",
    .rebuild = rebuild,
    .release = hf_rotation_release,
    .freed = hf_rotation_freed,
    .pick = hf_rotation_pick,
};
