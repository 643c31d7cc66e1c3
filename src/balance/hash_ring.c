/*
 * hash_ring.c: servers on a circle of 2^32 points.
 */
#include "haftp/balance/hash_ring.h"

#include <stdlib.h>

/* Places of an average server when the section is small (shares within some percent of the
 * weights), and about how many all servers of a large one have together. */
#define PLACES_PER_SERVER 160u
#define PLACES_IN_ALL     65536u

static uint32_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdu;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53u;
    x ^= x >> 33;
    return (uint32_t)x;
}

static uint64_t hash_name(const char *name)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    return h;
}

/* Places per 256 of weight.  Follows from the file alone: if it followed from who is up now, every
 * change would move everybody. */
static uint64_t density(const struct hf_proxy *backend)
{
    uint64_t weights = 0;
    for (unsigned i = 0; i < backend->n_servers; i++)
        weights += backend->servers[i]->cfg->o.weight;
    if (weights == 0)
        weights = 1;
    uint64_t in_all = (uint64_t)PLACES_PER_SERVER * backend->n_servers;
    if (in_all > PLACES_IN_ALL)
        in_all = PLACES_IN_ALL;
    return (256 * in_all + weights - 1) / weights;
}

static unsigned places_of(unsigned weight, uint64_t per_256)
{
    unsigned places = (unsigned)(weight * per_256 / 256);
    return places ? places : 1;
}

static int by_place(const void *a, const void *b)
{
    const struct hf_ring_place *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->candidate < y->candidate ? -1 : x->candidate > y->candidate;
}

enum hf_status hf_hash_ring_rebuild(struct hf_hash_ring *ring, const struct hf_proxy *backend,
                                    const struct hf_candidates *candidates)
{
    uint64_t per_256 = density(backend);
    unsigned *counts = calloc(candidates->n, sizeof *counts);
    if (!counts)
        return HF_NOMEM;
    unsigned total = 0;
    for (unsigned i = 0; i < candidates->n; i++)
        total += counts[i] = places_of(candidates->weights[i], per_256);

    struct hf_ring_place *places = realloc(ring->places, total * sizeof *places);
    if (!places) {
        free(counts);
        return HF_NOMEM;
    }
    ring->places = places;
    ring->n = 0;
    for (unsigned i = 0; i < candidates->n; i++) {
        uint64_t name = hash_name(candidates->servers[i]->cfg->name);
        for (unsigned k = 0; k < counts[i]; k++)
            places[ring->n++] = (struct hf_ring_place){mix(name + k * 0x9e3779b97f4a7c15u), i};
    }
    free(counts);
    qsort(places, ring->n, sizeof *places, by_place);
    return HF_OK;
}

void hf_hash_ring_fini(struct hf_hash_ring *ring)
{
    free(ring->places);
    ring->places = NULL;
    ring->n = 0;
}

/* The first place at or after the point, going round at the end. */
static unsigned place_after(const struct hf_hash_ring *ring, uint32_t point)
{
    unsigned low = 0, high = ring->n;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (ring->places[middle].at < point)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ring->n ? low : 0;
}

struct hf_server *hf_hash_ring_find(const struct hf_hash_ring *ring, uint32_t point,
                                    const struct hf_choice *choice)
{
    unsigned start = place_after(ring, point);
    for (unsigned i = 0; i < ring->n; i++) {
        unsigned at = start + i < ring->n ? start + i : start + i - ring->n;
        struct hf_server *server = choice->from->servers[ring->places[at].candidate];
        if (hf_choice_untried(choice, server))
            return server;
    }
    return NULL;
}
