/*
 * tally.h: what is counted while traffic passes, without a lock and without a shared cache line.
 *
 * Every worker has a shard with all counters of all sections, binds and servers, and only it writes
 * there; who wants to know sums the shards.  A counter never goes back: clearing remembers what it
 * was.  Where the counters of somebody begin is its `at`, given when the configuration is made
 * live.
 */
#ifndef HAFTP_STATE_TALLY_H
#define HAFTP_STATE_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hf_count {
#define COMMON(name, where, column, metric, help) HF_COUNT_##name,
#include "haftp/state/counters.def"
    HF_N_COMMON_COUNTS,
    HF_COUNT_LAST_COMMON = HF_N_COMMON_COUNTS - 1,
#define FTP(name, where, column, metric, help) HF_COUNT_##name,
#include "haftp/state/counters.def"
    HF_N_COUNTS
};

struct hf_shard {
    struct hf_shard *next;
    _Atomic uint64_t count[];
};

struct hf_tally {
    struct hf_shard *shards; /* changes only before threads start */
    uint64_t *cleared;       /* main's thread only: what counters were then; NULL: never */
    unsigned size;           /* counters of a shard; fixed with the first one */
};

/* Room for the counters of somebody, FTP's too if `ftp`: its `at`.  Before the first shard. */
unsigned hf_tally_reserve(struct hf_tally *tally, bool ftp);
/* One for a thread that is going to count.  Before threads start.  NULL: no memory. */
struct hf_shard *hf_tally_shard(struct hf_tally *tally);
void hf_tally_fini(struct hf_tally *tally);

/* On the shard's own thread. */
static inline void hf_count(struct hf_shard *mine, unsigned at, enum hf_count what, uint64_t n)
{
    _Atomic uint64_t *count = &mine->count[at + (unsigned)what];
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* Of all threads, since it was cleared last.  Main's thread. */
uint64_t hf_tally_read(const struct hf_tally *tally, unsigned at, enum hf_count what);
/* The same since the start, whatever was cleared. */
uint64_t hf_tally_total(const struct hf_tally *tally, unsigned at, enum hf_count what);
/* Everything counts from 0 again.  Main's thread.  False: no memory, nothing has changed. */
bool hf_tally_clear(struct hf_tally *tally);

/* ---- what a row of counters.def says ---- */

struct hf_count_row {
    const char *where, *column, *metric, *help;
    bool is_ftp;
};
const struct hf_count_row *hf_count_row(enum hf_count what);

#endif
