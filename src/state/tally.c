/*
 * tally.c: shards of counters, and their sums.
 */
#include "haftp/state/tally.h"

#include <stdlib.h>
#include <utlist.h>

#include "haftp/base/assert.h"

#define CACHE_LINE 64u

unsigned hf_tally_reserve(struct hf_tally *tally, bool ftp)
{
    unsigned at = tally->size;

    HF_ASSERT(!tally->shards);
    tally->size += (unsigned)(ftp ? HF_N_COUNTS : HF_N_COMMON_COUNTS);
    return at;
}

struct hf_shard *hf_tally_shard(struct hf_tally *tally)
{
    size_t bytes = sizeof(struct hf_shard) + tally->size * sizeof(uint64_t);
    struct hf_shard *shard =
        aligned_alloc(CACHE_LINE, (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);

    if (!shard)
        return NULL;
    for (unsigned i = 0; i < tally->size; i++)
        atomic_init(&shard->count[i], 0);
    LL_PREPEND(tally->shards, shard);
    return shard;
}

void hf_tally_fini(struct hf_tally *tally)
{
    struct hf_shard *shard, *next;

    LL_FOREACH_SAFE(tally->shards, shard, next)
    free(shard);
    free(tally->cleared);
    *tally = (struct hf_tally){0};
}

static uint64_t sum(const struct hf_tally *tally, unsigned index)
{
    const struct hf_shard *shard;
    uint64_t n = 0;

    LL_FOREACH(tally->shards, shard)
    {
        n += atomic_load_explicit(&shard->count[index], memory_order_relaxed);
    }
    return n;
}

uint64_t hf_tally_read(const struct hf_tally *tally, unsigned at, enum hf_count what)
{
    unsigned index = at + (unsigned)what;
    return sum(tally, index) - (tally->cleared ? tally->cleared[index] : 0);
}

uint64_t hf_tally_total(const struct hf_tally *tally, unsigned at, enum hf_count what)
{
    return sum(tally, at + (unsigned)what);
}

bool hf_tally_clear(struct hf_tally *tally)
{
    if (!tally->cleared)
        tally->cleared = calloc(tally->size ? tally->size : 1, sizeof *tally->cleared);
    if (!tally->cleared)
        return false;
    for (unsigned i = 0; i < tally->size; i++)
        tally->cleared[i] = sum(tally, i);
    return true;
}

const struct hf_count_row *hf_count_row(enum hf_count what)
{
    static const struct hf_count_row rows[HF_N_COUNTS] = {
#define COMMON(name, where, column, metric, help)                                                  \
    [HF_COUNT_##name] = {where, column, metric, help, false},
#define FTP(name, where, column, metric, help)                                                     \
    [HF_COUNT_##name] = {where, column, metric, help, true},
#include "haftp/state/counters.def"
    };
    return &rows[what];
}
