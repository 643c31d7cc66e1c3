/*
 * rotation.h: gives servers turns in proportion to their weights, evenly spread, exact over each
 * cycle.
 *
 * A cycle is as many turns as the weights (divided by their common divisor) add up to.  Server i of
 * n with weight w has its turns at the times (k + (2i+1)/2n) / w of the cycle, k = 0..w-1; a
 * ranking gives the next one, so a turn costs O(log n).  Under the owner's lock.
 */
#ifndef HAFTP_BALANCE_ROTATION_H
#define HAFTP_BALANCE_ROTATION_H

#include "haftp/balance/balance.h"

/* For the rows of struct hf_balance_ops, whose state is a rotation.  weight_of gives a candidate's
 * weight, never 0.  Turns already had in this cycle are kept, so that a change of state does not
 * send everybody to the first server again. */
HF_MUST_USE enum hf_status hf_rotation_rebuild(void **state, const struct hf_candidates *candidates,
                                               unsigned (*weight_of)(const struct hf_candidates *,
                                                                     unsigned i));
void hf_rotation_release(void *state);
void hf_rotation_freed(void *state, const struct hf_candidates *candidates, unsigned candidate);
/* Whoever is passed over, because the choice does not allow it, keeps its turn. */
struct hf_server *hf_rotation_pick(void *state, const struct hf_choice *choice);

#endif
