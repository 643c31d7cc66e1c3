/*
 * hash_map.c: the table of a smooth weighted round robin.
 *
 * In each step every server's credit grows by its weight; the first one in file order with the most
 * whole credits is written down, and pays the sum of all weights.  Nobody's whole credits grow more
 * often than its weight says, so only those that do grow are looked at: O(n log n) for a table of n
 * places, where looking at all servers in each step would stop everybody for seconds.
 */
#include "haftp/balance/hash_map.h"

#include <stdlib.h>

#include "haftp/balance/ranking.h"

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

/* Ranks count down where whole credits count up. */
#define NO_CREDIT (1u << 31)
#define NOBODY    UINT32_MAX

/* What is needed while the table is made; lists of the servers by the step of their next growth. */
struct making {
    struct hf_ranking ranking;
    uint32_t *growing;       /* by step, 1..total: the first server; or NOBODY */
    uint32_t *next_growing;  /* by server */
    uint32_t *weights, *had; /* by server: reduced weight, whole credits it ever had */
    uint32_t total;
};

/* A server has k whole credits from step k * total / weight on, rounded up. */
static void plan_growth(struct making *m, unsigned i)
{
    uint64_t step = ((uint64_t)(m->had[i] + 1) * m->total + m->weights[i] - 1) / m->weights[i];
    if (step > m->total)
        return;
    m->next_growing[i] = m->growing[step];
    m->growing[step] = i;
}

static void grow(struct making *m, unsigned step)
{
    uint32_t next;
    for (uint32_t i = m->growing[step]; i != NOBODY; i = next) {
        next = m->next_growing[i];
        m->had[i]++;
        plan_growth(m, i);
        m->ranking.ranks[i].number--;
        hf_ranking_moved(&m->ranking, i);
    }
}

static void fill(struct making *m, uint32_t *owners)
{
    for (unsigned i = 0; i < m->ranking.n; i++) {
        m->ranking.ranks[i] = (struct hf_rank){.number = NO_CREDIT, .weight = 1};
        plan_growth(m, i);
    }
    hf_ranking_sort(&m->ranking);
    for (unsigned step = 1; step <= m->total; step++) {
        grow(m, step);
        unsigned best = m->ranking.heap[0];
        owners[step - 1] = best;
        m->ranking.ranks[best].number++;
        hf_ranking_moved(&m->ranking, best);
    }
}

static bool begin(struct making *m, const struct hf_candidates *candidates)
{
    unsigned divisor = divisor_of(candidates);
    for (unsigned i = 0; i < candidates->n; i++)
        m->total += candidates->weights[i] / divisor;
    m->growing = malloc((m->total + 1) * sizeof *m->growing);
    m->next_growing = malloc(candidates->n * sizeof *m->next_growing);
    m->weights = malloc(candidates->n * sizeof *m->weights);
    m->had = calloc(candidates->n, sizeof *m->had);
    if (!m->growing || !m->next_growing || !m->weights || !m->had ||
        hf_ranking_resize(&m->ranking, candidates->n) != HF_OK)
        return false;
    memset(m->growing, 0xff, (m->total + 1) * sizeof *m->growing);
    for (unsigned i = 0; i < candidates->n; i++)
        m->weights[i] = candidates->weights[i] / divisor;
    return true;
}

static void end(struct making *m)
{
    free(m->growing);
    free(m->next_growing);
    free(m->weights);
    free(m->had);
    hf_ranking_fini(&m->ranking);
}

enum hf_status hf_hash_map_rebuild(struct hf_hash_map *map, const struct hf_candidates *candidates)
{
    struct making making = {0};
    uint32_t *owners = NULL;
    if (begin(&making, candidates))
        owners = realloc(map->owners, making.total * sizeof *owners);
    if (owners) {
        map->owners = owners;
        map->n = making.total;
        fill(&making, owners);
    }
    end(&making);
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
