/*
 * hash_map.h: `hash-type map-based`: servers in a table, as often as their weights say.
 *
 * The order is HAProxy's, so that both give a client the same server.  A slow start does not change
 * the table: it would move everybody at each step.  Under the owner's lock.
 */
#ifndef HAFTP_BALANCE_HASH_MAP_H
#define HAFTP_BALANCE_HASH_MAP_H

#include "haftp/balance/balance.h"

struct hf_hash_map {
    uint32_t *owners; /* candidates */
    unsigned n;       /* never 0 after a rebuild that succeeded */
};

HF_MUST_USE enum hf_status hf_hash_map_rebuild(struct hf_hash_map *map,
                                               const struct hf_candidates *candidates);
void hf_hash_map_fini(struct hf_hash_map *map);
/* The owner of this hash, or the next candidate that the session has not tried; NULL: all were. */
struct hf_server *hf_hash_map_find(const struct hf_hash_map *map, uint32_t hash,
                                   const struct hf_choice *choice);

#endif
