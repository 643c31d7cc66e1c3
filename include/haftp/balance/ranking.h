/*
 * ranking.h: candidates in the order in which they are to be given, as a heap.
 *
 * Who comes first is asked where it stands now, at each pick; who stands better than before must
 * be told of (hf_ranking_freed()).  So loads may grow unnoticed on any thread, and a pick costs
 * O(log n) for each session that came or went since the one before.  Under the owner's lock.
 */
#ifndef HAFTP_BALANCE_RANKING_H
#define HAFTP_BALANCE_RANKING_H

#include "haftp/balance/balance.h"

/* Before others: who is not full, then by number / weight, then by tie, then in file order. */
struct hf_rank {
    bool full;
    uint32_t weight; /* never 0 */
    uint64_t number; /* times any weight: below 2^64 */
    uint64_t tie;
};

struct hf_ranking {
    struct hf_rank *ranks; /* by candidate */
    unsigned *heap;        /* candidates, a heap */
    unsigned *places;      /* by candidate: where it is in the heap */
    unsigned n;
};

/* Brings number and weight of a candidate up to date. */
typedef void (*hf_rank_fn)(const struct hf_candidates *candidates, unsigned candidate,
                           struct hf_rank *rank);

/* Room for n candidates, whose ranks are to be filled in before hf_ranking_sort().  On failure it
 * is as before. */
HF_MUST_USE enum hf_status hf_ranking_resize(struct hf_ranking *ranking, unsigned n);
void hf_ranking_fini(struct hf_ranking *ranking);
/* Any of the ranks have changed.  O(n). */
void hf_ranking_sort(struct hf_ranking *ranking);
/* The rank of one has changed. */
void hf_ranking_moved(struct hf_ranking *ranking, unsigned candidate);
/* A candidate may stand better than it did.  `renew` may be NULL: only whether it is full is
 * asked for anew. */
void hf_ranking_freed(struct hf_ranking *ranking, const struct hf_candidates *candidates,
                      unsigned candidate, hf_rank_fn renew);
/* The first one that the choice allows; ranking->n: there is none. */
unsigned hf_ranking_pick(struct hf_ranking *ranking, const struct hf_choice *choice,
                         hf_rank_fn renew);

#endif
