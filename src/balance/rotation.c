/*
 * rotation.c: turns in proportion to weights.
 */
#include "haftp/balance/rotation.h"

#include <stdlib.h>

#include "haftp/balance/ranking.h"

struct turn {
    struct hf_server *server;
    uint32_t weight; /* divided by the common divisor of all */
    uint32_t had;    /* turns in this cycle */
};

struct rotation {
    struct hf_ranking ranking; /* the earliest next turn first */
    struct turn *turns;        /* by candidate */
    unsigned n;
    uint64_t given, cycle; /* turns of this cycle, and how many it has */
};

/* Times are (had + order / 2n) / weight, without the fraction; `order`, which is 2i + 1, spreads
 * servers of one weight, and keeps them in file order. */
static void set_rank(struct rotation *r, unsigned i)
{
    const struct turn *turn = &r->turns[i];
    struct hf_rank *rank = &r->ranking.ranks[i];
    uint32_t order = 2 * i + 1;

    rank->number = 2 * (uint64_t)r->n * turn->had + order;
    rank->weight = turn->weight;
    rank->tie = order;
}

static void rank_all(struct rotation *r)
{
    for (unsigned i = 0; i < r->n; i++)
        set_rank(r, i);
    hf_ranking_sort(&r->ranking);
}

static void begin_cycle(struct rotation *r)
{
    r->given = 0;
    for (unsigned i = 0; i < r->n; i++)
        r->turns[i].had = 0;
    rank_all(r);
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
        divisor = common_divisor(divisor, r->turns[i].weight);
    for (unsigned i = 0; i < r->n; i++) {
        struct turn *turn = &r->turns[i];
        turn->weight /= divisor;
        turn->had = turns_had(old, old_by_index, turn);
        r->given += turn->had;
        r->cycle += turn->weight;
        r->ranking.ranks[i].full = hf_server_full_mt(turn->server);
    }
    if (r->given >= r->cycle)
        begin_cycle(r);
    else
        rank_all(r);
}

static struct rotation *new_rotation(unsigned n)
{
    struct rotation *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->n = n;
    r->turns = calloc(n, sizeof *r->turns);
    if (!r->turns || hf_ranking_resize(&r->ranking, n) != HF_OK) {
        hf_rotation_release(r);
        return NULL;
    }
    return r;
}

enum hf_status hf_rotation_rebuild(void **state, const struct hf_candidates *candidates,
                                   unsigned (*weight_of)(const struct hf_candidates *, unsigned i))
{
    struct rotation *old = *state;
    unsigned n_servers = candidates->servers[0]->proxy->n_servers;
    struct rotation *r = new_rotation(candidates->n);
    const struct turn **by_index = calloc(n_servers, sizeof *by_index);

    if (!r || !by_index) {
        hf_rotation_release(r);
        free(by_index);
        return HF_NOMEM;
    }
    for (unsigned i = 0; i < r->n; i++) {
        r->turns[i].server = candidates->servers[i];
        r->turns[i].weight = weight_of(candidates, i);
    }
    for (unsigned i = 0; old && i < old->n; i++)
        by_index[old->turns[i].server->index] = &old->turns[i];
    fill(r, old, by_index);
    free(by_index);
    hf_rotation_release(old);
    *state = r;
    return HF_OK;
}

void hf_rotation_release(void *state)
{
    struct rotation *r = state;
    if (!r)
        return;
    hf_ranking_fini(&r->ranking);
    free(r->turns);
    free(r);
}

void hf_rotation_freed(void *state, const struct hf_candidates *candidates, unsigned candidate)
{
    struct rotation *r = state;
    hf_ranking_freed(&r->ranking, candidates, candidate, NULL);
}

struct hf_server *hf_rotation_pick(void *state, const struct hf_choice *choice)
{
    struct rotation *r = state;

    if (r->given >= r->cycle)
        begin_cycle(r);
    unsigned next = hf_ranking_pick(&r->ranking, choice, NULL);
    if (next == r->n)
        return NULL;
    r->turns[next].had++;
    r->given++;
    set_rank(r, next);
    hf_ranking_moved(&r->ranking, next);
    return choice->from->servers[next];
}
