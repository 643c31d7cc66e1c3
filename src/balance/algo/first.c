/*
 * first.c: the first server of the file that has a free slot, so that later ones may sleep.
 */
#include "haftp/balance/balance.h"

static struct hf_server *pick(void *state, const struct hf_choice *choice)
{
    (void)state;
    const struct hf_candidates *from = choice->from;
    struct hf_server *best = NULL;

    for (unsigned i = 0; i < from->n; i++) {
        struct hf_server *server = from->servers[i];
        if (!hf_choice_allows(choice, server))
            continue;
        if (choice->skip_full)
            return server;
        /* All are full: where the fewest wait. */
        if (!best || hf_waitlist_count_mt(&server->waiting) < hf_waitlist_count_mt(&best->waiting))
            best = server;
    }
    return best;
}

const struct hf_balance_ops hf_balance_first = {
    .name = "first",
    .help = "the first server, in file order, that is below its maxconn",
    .pick = pick,
};
