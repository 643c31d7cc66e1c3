/*
 * hash_ring.h: `hash-type consistent`: when a server comes or goes, only its own clients move.
 *
 * A server has 16 places per weight on a circle of 2^32 points, fewer while it starts slowly; where
 * they are follows from its id alone, as in HAProxy, so that both give a client the same server,
 * and so do a process and its successor.  Under the owner's lock.
 */
#ifndef HAFTP_BALANCE_HASH_RING_H
#define HAFTP_BALANCE_HASH_RING_H

#include "haftp/balance/balance.h"

struct hf_ring_place {
    uint32_t at;
    uint16_t turn; /* of its server, from 0: exists while that is below its share */
    uint32_t server;
};

struct hf_hash_ring {
    struct hf_ring_place *all; /* of every server, usable or not, sorted by `at` */
    unsigned n_all;
    unsigned n_servers;
    unsigned *built;              /* how many places of each server are in `all` */
    struct hf_ring_place *places; /* those that exist now; `server` is a candidate there */
    unsigned n;
    uint64_t shares; /* of all candidates */
};

HF_MUST_USE enum hf_status hf_hash_ring_rebuild(struct hf_hash_ring *ring,
                                                const struct hf_proxy *backend,
                                                const struct hf_candidates *candidates);
void hf_hash_ring_fini(struct hf_hash_ring *ring);
/* The owner of the place nearest to `point`; or of the next place whose server the session has not
 * tried and which is not above the share of the load that `hash-balance-factor` allows.  NULL: all
 * were tried. */
struct hf_server *hf_hash_ring_find(const struct hf_hash_ring *ring, uint32_t point,
                                    const struct hf_choice *choice);

#endif
