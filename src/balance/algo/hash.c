/*
 * hash.c: the same value of an expression, the same server, as long as the servers stay the same.
 *
 * Who has no such value is dealt out in turn.
 */
#include <stdlib.h>

#include "haftp/balance/rotation.h"
#include "haftp/balance/spread.h"

struct by_key {
    void *spread;
    void *rotation;
};

static unsigned weight_now(const struct hf_candidates *candidates, unsigned i)
{
    return candidates->shares[i];
}

static enum hf_status rebuild(const struct hf_proxy *backend,
                              const struct hf_candidates *candidates, void **state)
{
    struct by_key *by = *state;
    if (!by)
        by = *state = calloc(1, sizeof *by);
    if (!by)
        return HF_NOMEM;
    enum hf_status status = hf_spread_rebuild(backend, candidates, &by->spread);
    return status == HF_OK ? hf_rotation_rebuild(&by->rotation, candidates, weight_now) : status;
}

static void release(void *state)
{
    struct by_key *by = state;
    if (!by)
        return;
    hf_spread_release(by->spread);
    hf_rotation_release(by->rotation);
    free(by);
}

static void freed(void *state, const struct hf_candidates *candidates, unsigned candidate)
{
    const struct by_key *by = state;
    hf_rotation_freed(by->rotation, candidates, candidate);
}

static struct hf_server *pick(void *state, const struct hf_choice *choice)
{
    const struct by_key *by = state;
    return choice->pick->hashed ? hf_spread_find(by->spread, choice->pick->hash, choice)
                                : hf_rotation_pick(by->rotation, choice);
}

const struct hf_balance_ops hf_balance_hash = {
    .name = "hash",
    .help = "by the value of an expression: the same value gets the same server",
    .binds = true,
    .needs_key = true,
    .rebuild = rebuild,
    .release = release,
    .freed = freed,
    .pick = pick,
};
