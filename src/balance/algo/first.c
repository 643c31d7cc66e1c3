/*
 * first.c: the server with the lowest id that has a free slot, so that later ones may sleep.
 *
 * Ids count up in the order of the file, unless server lines say otherwise.
 */
#include <stdlib.h>

#include "haftp/balance/ranking.h"

static enum hf_status rebuild(const struct hf_proxy *backend,
                              const struct hf_candidates *candidates, void **state)
{
    struct hf_ranking *ranking = *state ? *state : calloc(1, sizeof *ranking);

    (void)backend;
    *state = ranking;
    if (!ranking || hf_ranking_resize(ranking, candidates->n) != HF_OK)
        return HF_NOMEM;
    for (unsigned i = 0; i < ranking->n; i++) {
        const struct hf_server *server = candidates->servers[i];
        ranking->ranks[i] = (struct hf_rank){
            .full = hf_server_full_mt(server), .number = server->cfg->id, .weight = 1};
    }
    hf_ranking_sort(ranking);
    return HF_OK;
}

static void release(void *state)
{
    struct hf_ranking *ranking = state;
    if (!ranking)
        return;
    hf_ranking_fini(ranking);
    free(ranking);
}

static void freed(void *state, const struct hf_candidates *candidates, unsigned candidate)
{
    hf_ranking_freed(state, candidates, candidate, NULL);
}

static struct hf_server *pick(void *state, const struct hf_choice *choice)
{
    struct hf_ranking *ranking = state;
    unsigned first = hf_ranking_pick(ranking, choice, NULL);
    return first < ranking->n ? choice->from->servers[first] : NULL;
}

const struct hf_balance_ops hf_balance_first = {
    .name = "first",
    .help = "the first server, in file order or by id, that is below its maxconn",
    .rebuild = rebuild,
    .release = release,
    .freed = freed,
    .pick = pick,
};
