/*
 * first.c: the server with the lowest id that has a free slot, so that later ones may sleep.
 *
 * Ids count up in the order of the file, unless server lines say otherwise.
 */
#include "haftp/balance/balance.h"

static struct hf_server *pick(void *state, const struct hf_choice *choice)
{
    (void)state;
    const struct hf_candidates *from = choice->from;
    struct hf_server *best = NULL;

    for (unsigned i = 0; i < from->n; i++) {
        struct hf_server *server = from->servers[i];
        if (hf_choice_allows(choice, server) && (!best || server->cfg->id < best->cfg->id))
            best = server;
    }
    return best;
}

const struct hf_balance_ops hf_balance_first = {
    .name = "first",
    .help = "the first server, in file order or by id, that is below its maxconn",
    .pick = pick,
};
