/*
 * random.c: draws some servers by weight and takes the least loaded of them.
 */
#include <stdlib.h>

#include "haftp/balance/load.h"
#include "haftp/balance/shares.h"
#include "haftp/base/rand.h"

/* Draws that hit a server that is not allowed are repeated, but not for ever. */
#define EXTRA_DRAWS 8u
#define MAX_DRAWS   64u /* more is as good as leastconn, and slower */

struct draw {
    struct hf_shares shares;
    unsigned draws;
};

static enum hf_status rebuild(const struct hf_proxy *backend,
                              const struct hf_candidates *candidates, void **state)
{
    struct draw *draw = *state;
    if (!draw)
        draw = *state = calloc(1, sizeof *draw);
    if (!draw)
        return HF_NOMEM;
    draw->draws = backend->cfg->o.balance_draws ? backend->cfg->o.balance_draws : 2;
    if (draw->draws > MAX_DRAWS)
        draw->draws = MAX_DRAWS;
    return hf_shares_rebuild(&draw->shares, candidates);
}

static void release(void *state)
{
    struct draw *draw = state;
    if (!draw)
        return;
    hf_shares_fini(&draw->shares);
    free(draw);
}

/* Any allowed one, looking from a random place on. */
static struct hf_server *any(const struct hf_choice *choice)
{
    const struct hf_candidates *from = choice->from;
    unsigned start = hf_rand_below(from->n);

    for (unsigned i = 0; i < from->n; i++) {
        struct hf_server *server = from->servers[(start + i) % from->n];
        if (hf_choice_allows(choice, server))
            return server;
    }
    return NULL;
}

static struct hf_server *pick(void *state, const struct hf_choice *choice)
{
    const struct draw *draw = state;
    const struct hf_candidates *from = choice->from;
    unsigned best = from->n;

    for (unsigned good = 0, all = 0; good < draw->draws && all < draw->draws + EXTRA_DRAWS; all++) {
        unsigned drawn = hf_shares_at(&draw->shares, hf_rand_below(draw->shares.total));
        if (!hf_choice_allows(choice, from->servers[drawn]))
            continue;
        good++;
        if (best == from->n || hf_load_is_less(from, drawn, best))
            best = drawn;
    }
    return best < from->n ? from->servers[best] : any(choice);
}

const struct hf_balance_ops hf_balance_random = {
    .name = "random",
    .help = "draws two servers (or `random(N)`) by weight and takes the less loaded",
    .rebuild = rebuild,
    .release = release,
    .pick = pick,
};
