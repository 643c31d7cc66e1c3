/*
 * hash_map.c: the table of a smooth weighted round robin.
 *
 * In each step every server's credit grows by its weight; the first one in file order with the most
 * whole credits is written down, and pays the sum of all weights.
 */
#include "haftp/balance/hash_map.h"

#include <stdlib.h>

static unsigned common_divisor(unsigned a, unsigned b)
{
    while (b != 0) {
        unsigned rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static unsigned divisor_of(const struct hf_candidates *candidates)
{
    unsigned divisor = 0;
    for (unsigned i = 0; i < candidates->n; i++)
        divisor = common_divisor(divisor, candidates->weights[i]);
    return divisor;
}

static void fill(struct hf_hash_map *map, const struct hf_candidates *candidates, unsigned divisor,
                 int *credits)
{
    int total = (int)map->n;

    for (unsigned step = 0; step < map->n; step++) {
        unsigned best = 0;
        int most = -1;
        for (unsigned i = 0; i < candidates->n; i++) {
            credits[i] += (int)(candidates->weights[i] / divisor);
            int whole = (credits[i] + total) / total;
            if (whole > most) {
                most = whole;
                best = i;
            }
        }
        map->owners[step] = best;
        credits[best] -= total;
    }
}

enum hf_status hf_hash_map_rebuild(struct hf_hash_map *map, const struct hf_candidates *candidates)
{
    unsigned divisor = divisor_of(candidates), total = 0;
    for (unsigned i = 0; i < candidates->n; i++)
        total += candidates->weights[i] / divisor;

    int *credits = calloc(candidates->n, sizeof *credits);
    uint32_t *owners = credits ? realloc(map->owners, total * sizeof *owners) : NULL;
    if (owners) {
        map->owners = owners;
        map->n = total;
        fill(map, candidates, divisor, credits);
    }
    free(credits);
    return owners ? HF_OK : HF_NOMEM;
}

void hf_hash_map_fini(struct hf_hash_map *map)
{
    free(map->owners);
    map->owners = NULL;
    map->n = 0;
}

struct hf_server *hf_hash_map_find(const struct hf_hash_map *map, uint32_t hash,
                                   const struct hf_choice *choice)
{
    const struct hf_candidates *from = choice->from;
    unsigned owner = map->owners[hash % map->n];

    for (unsigned i = 0; i < from->n; i++) {
        struct hf_server *server = from->servers[(owner + i) % from->n];
        if (hf_choice_untried(choice, server))
            return server;
    }
    return NULL;
}
