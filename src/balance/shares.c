/*
 * shares.c: weights as pieces of a line.
 */
#include "haftp/balance/shares.h"

#include <stdlib.h>

enum hf_status hf_shares_rebuild(struct hf_shares *shares, const struct hf_candidates *candidates)
{
    unsigned *ends = realloc(shares->ends, candidates->n * sizeof *ends);
    if (!ends)
        return HF_NOMEM;
    shares->ends = ends;
    shares->n = candidates->n;
    shares->total = 0;
    for (unsigned i = 0; i < candidates->n; i++) {
        shares->total += candidates->shares[i];
        ends[i] = shares->total;
    }
    return HF_OK;
}

void hf_shares_fini(struct hf_shares *shares)
{
    free(shares->ends);
    shares->ends = NULL;
    shares->n = shares->total = 0;
}

unsigned hf_shares_at(const struct hf_shares *shares, unsigned point)
{
    unsigned low = 0, high = shares->n - 1;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (point < shares->ends[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
