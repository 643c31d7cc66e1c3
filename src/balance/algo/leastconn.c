/*
 * leastconn.c: the server with the fewest sessions for its weight; taking turns among equals.
 *
 * Loads change on every thread at any moment without telling us, so a sorted structure would be
 * stale or a lock on every session's path: this looks at each candidate, which for a thousand of
 * them is a few microseconds.
 */
#include <stdlib.h>

#include "haftp/balance/load.h"

struct leastconn {
    unsigned next; /* candidate to look at first */
};

static enum hf_status rebuild(const struct hf_proxy *backend,
                              const struct hf_candidates *candidates, void **state)
{
    (void)backend;
    (void)candidates;
    if (!*state)
        *state = calloc(1, sizeof(struct leastconn));
    return *state ? HF_OK : HF_NOMEM;
}

static struct hf_server *pick(void *state, const struct hf_choice *choice)
{
    struct leastconn *leastconn = state;
    const struct hf_candidates *from = choice->from;
    unsigned start = leastconn->next % from->n;
    unsigned best = from->n;

    for (unsigned i = 0; i < from->n; i++) {
        unsigned at = (start + i) % from->n;
        if (!hf_choice_allows(choice, from->servers[at]))
            continue;
        if (best == from->n || hf_load_is_less(from, at, best))
            best = at;
    }
    if (best == from->n)
        return NULL;
    leastconn->next = best + 1;
    return from->servers[best];
}

const struct hf_balance_ops hf_balance_leastconn = {
    .name = "leastconn",
    .help = "the server with the fewest sessions in proportion to its weight",
    .rebuild = rebuild,
    .release = free,
    .pick = pick,
};
