/*
 * ranking.c: a heap of candidates that knows where each of them is.
 */
#include "haftp/balance/ranking.h"

#include <stdlib.h>

/* ---- order ------------------------------------------------------------------------------- */

static bool is_before(const struct hf_ranking *r, unsigned a, unsigned b)
{
    const struct hf_rank *x = &r->ranks[a], *y = &r->ranks[b];
    uint64_t left = x->number * y->weight, right = y->number * x->weight;

    if (x->full != y->full)
        return y->full;
    if (left != right)
        return left < right;
    return x->tie != y->tie ? x->tie < y->tie : a < b;
}

static void put_at(struct hf_ranking *r, unsigned place, unsigned candidate)
{
    r->heap[place] = candidate;
    r->places[candidate] = place;
}

static void swap(struct hf_ranking *r, unsigned i, unsigned j)
{
    unsigned kept = r->heap[i];
    put_at(r, i, r->heap[j]);
    put_at(r, j, kept);
}

static void sift_up(struct hf_ranking *r, unsigned i)
{
    for (; i > 0 && is_before(r, r->heap[i], r->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(r, i, (i - 1) / 2);
}

/* Among the first `size` entries. */
static void sift_down(struct hf_ranking *r, unsigned i, unsigned size)
{
    for (;;) {
        unsigned first = i;
        for (unsigned child = 2 * i + 1; child <= 2 * i + 2 && child < size; child++) {
            if (is_before(r, r->heap[child], r->heap[first]))
                first = child;
        }
        if (first == i)
            return;
        swap(r, i, first);
        i = first;
    }
}

void hf_ranking_sort(struct hf_ranking *r)
{
    for (unsigned i = r->n / 2; i-- > 0;)
        sift_down(r, i, r->n);
}

void hf_ranking_moved(struct hf_ranking *r, unsigned candidate)
{
    sift_up(r, r->places[candidate]);
    sift_down(r, r->places[candidate], r->n);
}

/* ---- room -------------------------------------------------------------------------------- */

enum hf_status hf_ranking_resize(struct hf_ranking *r, unsigned n)
{
    struct hf_ranking fresh = {.ranks = calloc(n, sizeof *r->ranks),
                               .heap = calloc(n, sizeof *r->heap),
                               .places = calloc(n, sizeof *r->places),
                               .n = n};
    if (!fresh.ranks || !fresh.heap || !fresh.places) {
        hf_ranking_fini(&fresh);
        return HF_NOMEM;
    }
    for (unsigned i = 0; i < n; i++)
        put_at(&fresh, i, i);
    hf_ranking_fini(r);
    *r = fresh;
    return HF_OK;
}

void hf_ranking_fini(struct hf_ranking *r)
{
    free(r->ranks);
    free(r->heap);
    free(r->places);
    *r = (struct hf_ranking){0};
}

/* ---- servers ----------------------------------------------------------------------------- */

/* True when it stands elsewhere than it did. */
static bool renew_rank(struct hf_ranking *r, const struct hf_candidates *candidates,
                       unsigned candidate, hf_rank_fn renew)
{
    struct hf_rank *rank = &r->ranks[candidate], before = *rank;

    rank->full = hf_server_full_mt(candidates->servers[candidate]);
    if (renew)
        renew(candidates, candidate, rank);
    return rank->full != before.full || rank->number != before.number ||
           rank->weight != before.weight;
}

void hf_ranking_freed(struct hf_ranking *r, const struct hf_candidates *candidates,
                      unsigned candidate, hf_rank_fn renew)
{
    if (renew_rank(r, candidates, candidate, renew))
        hf_ranking_moved(r, candidate);
}

unsigned hf_ranking_pick(struct hf_ranking *r, const struct hf_choice *choice, hf_rank_fn renew)
{
    unsigned size = r->n, found = r->n;

    while (size > 0) {
        unsigned first = r->heap[0];
        if (renew_rank(r, choice->from, first, renew)) {
            sift_down(r, 0, size);
            continue;
        }
        if (choice->skip_full && r->ranks[first].full)
            break; /* then all behind it are */
        if (hf_choice_untried(choice, choice->from->servers[first])) {
            found = first;
            break;
        }
        /* Those passed over are parked behind the heap's end, and put back below. */
        swap(r, 0, --size);
        sift_down(r, 0, size);
    }
    for (; size < r->n; size++)
        sift_up(r, size);
    return found;
}
