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

/* Draws heed the weights already: of two servers without a session the first one drawn stays, or
 * weights would count twice.  HAProxy does not count the session to come either. */
static bool carries_less(const struct hf_candidates *from, unsigned a, unsigned b)
{
    uint64_t load_a = hf_load_of(from->servers[a]) - 1, load_b = hf_load_of(from->servers[b]) - 1;
    return load_a * from->shares[b] < load_b * from->shares[a];
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
        if (best == from->n || carries_less(from, drawn, best))
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
