/*
 * hash_ring.h: consistent hashing: when a server comes or goes, only its own clients move.
 *
 * A server's places on the ring depend on its name and weight alone, so two balancers with the same
 * file agree, and so do a process and its successor.  Under the owner's lock.
 */
#ifndef HAFTP_BALANCE_HASH_RING_H
#define HAFTP_BALANCE_HASH_RING_H

#include "haftp/balance/balance.h"

struct hf_ring_place {
    uint32_t at;
    uint32_t candidate;
};

struct hf_hash_ring {
    struct hf_ring_place *places; /* sorted by `at` */
    unsigned n;
};

HF_MUST_USE enum hf_status hf_hash_ring_rebuild(struct hf_hash_ring *ring,
                                                const struct hf_proxy *backend,
                                                const struct hf_candidates *candidates);
void hf_hash_ring_fini(struct hf_hash_ring *ring);
/* The owner of the first place at or after `point` that the session has not tried; NULL: all were.
 */
struct hf_server *hf_hash_ring_find(const struct hf_hash_ring *ring, uint32_t point,
                                    const struct hf_choice *choice);

#endif
