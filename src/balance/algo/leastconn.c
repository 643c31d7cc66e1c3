/*
 * leastconn.c: the server with the fewest sessions for its weight; taking turns among equals.
 */
#include <stdlib.h>

#include "haftp/balance/load.h"
#include "haftp/balance/ranking.h"

struct leastconn {
    struct hf_ranking ranking;
    uint64_t turn;
    uint64_t *turns; /* by server: when it was last given */
};

static void by_load(const struct hf_candidates *candidates, unsigned candidate,
                    struct hf_rank *rank)
{
    rank->number = hf_load_of(candidates->servers[candidate]);
    rank->weight = candidates->shares[candidate];
}

static bool begin(const struct hf_proxy *backend, void **state)
{
    struct leastconn *leastconn = *state;
    if (leastconn)
        return true;
    leastconn = calloc(1, sizeof *leastconn);
    if (!leastconn)
        return false;
    leastconn->turns = calloc(backend->n_servers, sizeof *leastconn->turns);
    if (!leastconn->turns) {
        free(leastconn);
        return false;
    }
    *state = leastconn;
    return true;
}

static enum hf_status rebuild(const struct hf_proxy *backend,
                              const struct hf_candidates *candidates, void **state)
{
    if (!begin(backend, state))
        return HF_NOMEM;
    struct leastconn *leastconn = *state;
    struct hf_ranking *ranking = &leastconn->ranking;
    if (hf_ranking_resize(ranking, candidates->n) != HF_OK)
        return HF_NOMEM;
    for (unsigned i = 0; i < ranking->n; i++) {
        ranking->ranks[i].full = hf_server_full_mt(candidates->servers[i]);
        ranking->ranks[i].tie = leastconn->turns[candidates->servers[i]->index];
        by_load(candidates, i, &ranking->ranks[i]);
    }
    hf_ranking_sort(ranking);
    return HF_OK;
}

static void release(void *state)
{
    struct leastconn *leastconn = state;
    if (!leastconn)
        return;
    hf_ranking_fini(&leastconn->ranking);
    free(leastconn->turns);
    free(leastconn);
}

static void freed(void *state, const struct hf_candidates *candidates, unsigned candidate)
{
    struct leastconn *leastconn = state;
    hf_ranking_freed(&leastconn->ranking, candidates, candidate, by_load);
}

static struct hf_server *pick(void *state, const struct hf_choice *choice)
{
    struct leastconn *leastconn = state;
    unsigned best = hf_ranking_pick(&leastconn->ranking, choice, by_load);
    if (best == leastconn->ranking.n)
        return NULL;
    struct hf_server *server = choice->from->servers[best];
    leastconn->turns[server->index] = leastconn->ranking.ranks[best].tie = ++leastconn->turn;
    hf_ranking_moved(&leastconn->ranking, best);
    return server;
}

const struct hf_balance_ops hf_balance_leastconn = {
    .name = "leastconn",
    .help = "the server with the fewest sessions in proportion to its weight",
    .rebuild = rebuild,
    .release = release,
    .freed = freed,
    .pick = pick,
};
