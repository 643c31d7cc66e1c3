/*
 * spread.c: a table or a circle of servers, and the functions that lead to a place in it.
 */
#include "haftp/balance/spread.h"

#include <stdlib.h>

#include "haftp/base/hash.h"

struct spread {
    bool avalanche;
    bool consistent;
    struct hf_hash_map map;
    struct hf_hash_ring ring;
};

enum hf_status hf_spread_rebuild(const struct hf_proxy *backend,
                                 const struct hf_candidates *candidates, void **state)
{
    struct spread *spread = *state;
    if (!spread)
        spread = *state = calloc(1, sizeof *spread);
    if (!spread)
        return HF_NOMEM;
    spread->avalanche = backend->cfg->o.hash_avalanche;
    spread->consistent = backend->cfg->o.hash_type == HF_HASH_CONSISTENT;
    return spread->consistent ? hf_hash_ring_rebuild(&spread->ring, backend, candidates)
                              : hf_hash_map_rebuild(&spread->map, candidates);
}

void hf_spread_release(void *state)
{
    struct spread *spread = state;
    if (!spread)
        return;
    hf_hash_map_fini(&spread->map);
    hf_hash_ring_fini(&spread->ring);
    free(spread);
}

struct hf_server *hf_spread_find(const void *state, uint32_t hash, const struct hf_choice *choice)
{
    const struct spread *spread = state;
    if (spread->avalanche)
        hash = hf_hash_avalanche(hash);
    return spread->consistent ? hf_hash_ring_find(&spread->ring, hash, choice)
                              : hf_hash_map_find(&spread->map, hash, choice);
}

/* What a key of digits says; what follows them says nothing. */
static uint32_t number_of(struct hf_view key)
{
    uint32_t number = 0;
    for (size_t i = 0; i < key.n && key.p[i] >= '0' && key.p[i] <= '9'; i++)
        number = number * 10 + (uint32_t)(key.p[i] - '0');
    return number;
}

uint32_t hf_spread_hash(const struct hf_proxy *backend, struct hf_view key)
{
    switch (backend->cfg->o.hash_function) {
    case HF_HASH_SDBM:
        return hf_hash_sdbm(key);
    case HF_HASH_DJB2:
        return hf_hash_djb2(key);
    case HF_HASH_WT6:
        return hf_hash_wt6(key);
    case HF_HASH_CRC32:
        return hf_hash_crc32(key);
    case HF_HASH_NONE:
        return number_of(key);
    }
    return 0;
}
