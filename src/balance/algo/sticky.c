/*
 * sticky.c: the server of the session before, for as long as it can be had; then the next one that
 * can, which is kept likewise.  So one server works at a time, and none is gone back to.
 */
#include <stdlib.h>

#include "haftp/balance/balance.h"

struct sticky {
    struct hf_server *server; /* NULL: none yet */
};

static bool is_among(const struct hf_candidates *candidates, const struct hf_server *server)
{
    for (unsigned i = 0; i < candidates->n; i++) {
        if (candidates->servers[i] == server)
            return true;
    }
    return false;
}

static enum hf_status rebuild(const struct hf_proxy *backend,
                              const struct hf_candidates *candidates, void **state)
{
    struct sticky *sticky = *state ? *state : calloc(1, sizeof *sticky);

    (void)backend;
    if (!sticky)
        return HF_NOMEM;
    if (!is_among(candidates, sticky->server))
        sticky->server = NULL;
    *state = sticky;
    return HF_OK;
}

static struct hf_server *pick(void *state, const struct hf_choice *choice)
{
    struct sticky *sticky = state;

    if (sticky->server && hf_choice_allows(choice, sticky->server))
        return sticky->server;
    for (unsigned i = 0; i < choice->from->n; i++) {
        if (hf_choice_allows(choice, choice->from->servers[i])) {
            sticky->server = choice->from->servers[i];
            return sticky->server;
        }
    }
    return NULL;
}

const struct hf_balance_ops hf_balance_sticky = {
    .name = "sticky",
    .help = "one server as long as it can be had, then another, without going back",
    .rebuild = rebuild,
    .release = free,
    .pick = pick,
};
