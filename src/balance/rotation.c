/*
 * rotation.c: turns in proportion to weights.
 */
#include "haftp/balance/rotation.h"

#include <stdlib.h>

struct turn {
    struct hf_server *server;
    uint32_t weight; /* divided by the common divisor of all */
    uint32_t had;    /* turns in this cycle */
    uint32_t order;  /* 2i + 1: spreads servers of one weight, and keeps them in file order */
};

struct rotation {
    struct turn *heap; /* the earliest next turn first */
    unsigned n;
    uint64_t given, cycle; /* turns of this cycle, and how many it has */
};

/* Times are (had + order / 2n) / weight; compared without fractions. */
static bool earlier(const struct rotation *r, const struct turn *a, const struct turn *b)
{
    uint64_t two_n = 2 * (uint64_t)r->n;
    uint64_t left = (two_n * a->had + a->order) * b->weight;
    uint64_t right = (two_n * b->had + b->order) * a->weight;
    return left != right ? left < right : a->order < b->order;
}

static void swap(struct rotation *r, unsigned i, unsigned j)
{
    struct turn kept = r->heap[i];
    r->heap[i] = r->heap[j];
    r->heap[j] = kept;
}

static void sift_up(struct rotation *r, unsigned i)
{
    while (i > 0 && earlier(r, &r->heap[i], &r->heap[(i - 1) / 2])) {
        swap(r, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

/* Restores the order of the first `size` entries after entry i moved to a later time. */
static void sift_down(struct rotation *r, unsigned i, unsigned size)
{
    for (;;) {
        unsigned first = i;
        for (unsigned child = 2 * i + 1; child <= 2 * i + 2 && child < size; child++) {
            if (earlier(r, &r->heap[child], &r->heap[first]))
                first = child;
        }
        if (first == i)
            return;
        swap(r, i, first);
        i = first;
    }
}

static void heapify(struct rotation *r)
{
    for (unsigned i = r->n / 2; i-- > 0;)
        sift_down(r, i, r->n);
}

static void begin_cycle(struct rotation *r)
{
    r->given = 0;
    for (unsigned i = 0; i < r->n; i++)
        r->heap[i].had = 0;
    heapify(r);
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Turns that this server has behind it, given how far the old cycle was: its own share if it took
 * part, the average if it is new, so that it neither catches up nor waits. */
static uint32_t turns_had(const struct rotation *old, const struct turn *const *old_by_index,
                          const struct turn *now)
{
    if (!old)
        return 0;
    const struct turn *before = old_by_index[now->server->index];
    uint64_t had = before ? (uint64_t)before->had * now->weight / before->weight
                          : old->given * now->weight / old->cycle;
    return had < now->weight ? (uint32_t)had : now->weight;
}

static void fill(struct rotation *r, const struct rotation *old,
                 const struct turn *const *old_by_index)
{
    uint32_t divisor = 0;
    for (unsigned i = 0; i < r->n; i++)
        divisor = common_divisor(divisor, r->heap[i].weight);
    for (unsigned i = 0; i < r->n; i++) {
        struct turn *turn = &r->heap[i];
        turn->weight /= divisor;
        turn->had = turns_had(old, old_by_index, turn);
        r->given += turn->had;
        r->cycle += turn->weight;
    }
    if (r->given >= r->cycle)
        begin_cycle(r);
    else
        heapify(r);
}

enum hf_status hf_rotation_rebuild(void **state, const struct hf_candidates *candidates,
                                   unsigned (*weight_of)(const struct hf_candidates *, unsigned i))
{
    struct rotation *old = *state;
    unsigned n_servers = candidates->servers[0]->proxy->n_servers;
    struct rotation *r = calloc(1, sizeof *r);
    struct turn *heap = calloc(candidates->n, sizeof *heap);
    const struct turn **by_index = calloc(n_servers, sizeof *by_index);
    enum hf_status status = HF_NOMEM;

    if (!r || !heap || !by_index)
        goto out;
    r->heap = heap;
    r->n = candidates->n;
    for (unsigned i = 0; i < r->n; i++) {
        heap[i].server = candidates->servers[i];
        heap[i].weight = weight_of(candidates, i);
        heap[i].order = 2 * i + 1;
    }
    for (unsigned i = 0; old && i < old->n; i++)
        by_index[old->heap[i].server->index] = &old->heap[i];
    fill(r, old, by_index);
    hf_rotation_release(old);
    *state = r;
    r = NULL;
    heap = NULL;
    status = HF_OK;
out:
    free(r);
    free(heap);
    free(by_index);
    return status;
}

void hf_rotation_release(void *state)
{
    struct rotation *r = state;
    if (!r)
        return;
    free(r->heap);
    free(r);
}

struct hf_server *hf_rotation_pick(void *state, const struct hf_choice *choice)
{
    struct rotation *r = state;
    struct hf_server *chosen = NULL;
    unsigned size = r->n;

    if (r->given >= r->cycle)
        begin_cycle(r);
    /* Those passed over are parked behind the heap's end, and put back below. */
    while (size > 0 && !hf_choice_allows(choice, r->heap[0].server)) {
        swap(r, 0, --size);
        sift_down(r, 0, size);
    }
    if (size > 0) {
        chosen = r->heap[0].server;
        r->heap[0].had++;
        r->given++;
        sift_down(r, 0, size);
    }
    while (size < r->n)
        sift_up(r, size++);
    return chosen;
}
