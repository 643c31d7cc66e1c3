/*
 * shares.h: a line of total-weight length, cut into one piece per server: whose is point x?
 *
 * O(log n).  Under the owner's lock.
 */
#ifndef HAFTP_BALANCE_SHARES_H
#define HAFTP_BALANCE_SHARES_H

#include "haftp/balance/balance.h"

struct hf_shares {
    unsigned *ends; /* ends[i]: one past the last point of candidate i */
    unsigned n;
    unsigned total; /* never 0 after a rebuild that succeeded */
};

HF_MUST_USE enum hf_status hf_shares_rebuild(struct hf_shares *shares,
                                             const struct hf_candidates *candidates);
void hf_shares_fini(struct hf_shares *shares);
/* The index of the candidate that owns the point; point < total. */
unsigned hf_shares_at(const struct hf_shares *shares, unsigned point);

#endif
