/*
 * hash_ring.c: servers on a circle of 2^32 points.
 *
 * All places are computed and sorted once; a change of state copies those that exist now, which
 * for a thousand servers is well below a millisecond.
 */
#include "haftp/balance/hash_ring.h"

#include <stdlib.h>
#include <string.h>

#include "haftp/base/hash.h"

/* Ids are this far apart before they are spread: more than a server can have places. */
#define MOST_PLACES 4096u

static int by_place(const void *a, const void *b)
{
    const struct hf_ring_place *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->server < y->server ? -1 : x->server > y->server;
}

/* ---- all places -------------------------------------------------------------------------- */

static bool grow_built(struct hf_hash_ring *ring, const struct hf_proxy *backend)
{
    if (ring->built)
        return true;
    ring->built = calloc(backend->n_servers, sizeof *ring->built);
    ring->n_servers = backend->n_servers;
    return ring->built != NULL;
}

/* Counts what has to be there; true: more than is. */
static bool count_places(struct hf_hash_ring *ring, const struct hf_candidates *candidates)
{
    bool more = false;
    for (unsigned i = 0; i < candidates->n; i++) {
        unsigned *built = &ring->built[candidates->servers[i]->index];
        unsigned full = 16 * candidates->weights[i];
        if (full > *built) {
            *built = full;
            more = true;
        }
    }
    return more;
}

static enum hf_status compute_all(struct hf_hash_ring *ring, const struct hf_proxy *backend)
{
    size_t total = 0;
    for (unsigned i = 0; i < ring->n_servers; i++)
        total += ring->built[i];
    struct hf_ring_place *all = realloc(ring->all, total * sizeof *all);
    if (!all)
        return HF_NOMEM;
    ring->all = all;
    ring->n_all = 0;
    for (unsigned i = 0; i < ring->n_servers; i++) {
        uint32_t first = backend->servers[i]->cfg->id * MOST_PLACES;
        for (unsigned k = 0; k < ring->built[i]; k++)
            all[ring->n_all++] =
                (struct hf_ring_place){hf_hash_avalanche(first + k), (uint16_t)k, i};
    }
    qsort(all, ring->n_all, sizeof *all, by_place);
    return HF_OK;
}

/* ---- those that exist now ---------------------------------------------------------------- */

static enum hf_status copy_present(struct hf_hash_ring *ring,
                                   const struct hf_candidates *candidates)
{
    unsigned *candidate_of = malloc(ring->n_servers * sizeof *candidate_of);
    struct hf_ring_place *places = realloc(ring->places, ring->n_all * sizeof *places);
    if (places)
        ring->places = places;
    if (!candidate_of || !places) {
        free(candidate_of);
        return HF_NOMEM;
    }
    memset(candidate_of, 0xff, ring->n_servers * sizeof *candidate_of);
    ring->shares = 0;
    for (unsigned i = 0; i < candidates->n; i++) {
        candidate_of[candidates->servers[i]->index] = i;
        ring->shares += candidates->shares[i];
    }
    ring->n = 0;
    for (unsigned i = 0; i < ring->n_all; i++) {
        unsigned candidate = candidate_of[ring->all[i].server];
        if (candidate == UINT32_MAX || ring->all[i].turn >= candidates->shares[candidate])
            continue;
        places[ring->n] = ring->all[i];
        places[ring->n++].server = candidate;
    }
    free(candidate_of);
    return HF_OK;
}

enum hf_status hf_hash_ring_rebuild(struct hf_hash_ring *ring, const struct hf_proxy *backend,
                                    const struct hf_candidates *candidates)
{
    if (!grow_built(ring, backend))
        return HF_NOMEM;
    if (count_places(ring, candidates) && compute_all(ring, backend) != HF_OK)
        return HF_NOMEM;
    return copy_present(ring, candidates);
}

void hf_hash_ring_fini(struct hf_hash_ring *ring)
{
    free(ring->all);
    free(ring->built);
    free(ring->places);
    memset(ring, 0, sizeof *ring);
}

/* ---- looking up -------------------------------------------------------------------------- */

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

/* Distances go round the circle; of two that are equal, the place before the point wins. */
static unsigned place_nearest(const struct hf_hash_ring *ring, uint32_t point)
{
    unsigned after = place_after(ring, point);
    unsigned before = after ? after - 1 : ring->n - 1;
    uint32_t back = point - ring->places[before].at, forth = ring->places[after].at - point;
    return back <= forth ? before : after;
}

/* Sessions that all candidates together may have for this pick, the one to come included, so that
 * none needs more than its share of them; 0: no limit.  As in HAProxy, sessions of servers that are
 * no candidates count as well. */
static uint64_t allowed_load(const struct hf_candidates *from)
{
    const struct hf_proxy *proxy = from->servers[0]->proxy;
    unsigned factor = proxy->cfg->o.hash_balance_factor;
    uint64_t sessions = atomic_load_explicit(&proxy->served, memory_order_relaxed);
    return ((sessions + 1) * factor + 99) / 100;
}

static bool has_room(const struct hf_hash_ring *ring, const struct hf_candidates *from,
                     unsigned candidate, uint64_t allowed)
{
    uint64_t own = (allowed * from->shares[candidate] + ring->shares - 1) / ring->shares;
    return allowed == 0 ||
           atomic_load_explicit(&from->servers[candidate]->sessions, memory_order_relaxed) < own;
}

struct hf_server *hf_hash_ring_find(const struct hf_hash_ring *ring, uint32_t point,
                                    const struct hf_choice *choice)
{
    struct hf_server *otherwise = NULL; /* above its share: better than none */
    uint64_t allowed = allowed_load(choice->from);
    unsigned start = place_nearest(ring, point);

    for (unsigned i = 0; i < ring->n; i++) {
        unsigned at = start + i < ring->n ? start + i : start + i - ring->n;
        unsigned candidate = ring->places[at].server;
        struct hf_server *server = choice->from->servers[candidate];
        if (!hf_choice_untried(choice, server))
            continue;
        if (has_room(ring, choice->from, candidate, allowed))
            return server;
        if (!otherwise)
            otherwise = server;
    }
    return otherwise;
}
