/*
 * spread.h: what `hash-type` says: from a hash to a server.
 *
 * For algorithms that bind a client to a server; values and places are HAProxy's.  Under the
 * owner's lock.
 */
#ifndef HAFTP_BALANCE_SPREAD_H
#define HAFTP_BALANCE_SPREAD_H

#include "haftp/balance/hash_map.h"
#include "haftp/balance/hash_ring.h"
#include "haftp/base/str.h"

/* For the rows of struct hf_balance_ops. */
HF_MUST_USE enum hf_status hf_spread_rebuild(const struct hf_proxy *backend,
                                             const struct hf_candidates *candidates, void **state);
void hf_spread_release(void *state);
/* NULL: the session has tried all. */
struct hf_server *hf_spread_find(const void *state, uint32_t hash, const struct hf_choice *choice);
/* By the function of `hash-type`. */
uint32_t hf_spread_hash(const struct hf_proxy *backend, struct hf_view key);

#endif
