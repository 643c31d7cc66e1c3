/*
 * check.c: what lines of servers and binds name or lack, seen when all sections are known; and the
 * numbers that they have in logs and statistics.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "conf_int.h"

/* ---- names ------------------------------------------------------------------------------- */

static void check_resolvers(const struct hf_config *config, const struct hf_cfg_server *server,
                            struct hf_diag *diag)
{
    const char *name = server->o.resolvers;

    if (!name || hf_conf_names_other(config, "resolvers", name))
        return;
    hf_diag_add(diag, HF_DIAG_ERROR, server->o.resolvers_loc,
                "add a section 'resolvers NAME', or remove the word",
                "no section 'resolvers %s' exists.", name);
}

static void check_redir(const struct hf_cfg_server *server, struct hf_diag *diag)
{
    if (server->o.redir && server->proxy->o.mode == HF_MODE_TCP)
        hf_diag_add(diag, HF_DIAG_ERROR, server->o.redir_loc, "remove it: it is for HTTP only",
                    "'redir' cannot be used in mode tcp.");
}

/* ---- numbers ----------------------------------------------------------------------------- */

static int compare_ids(const void *one, const void *two)
{
    const unsigned *a = one, *b = two;
    return *a < *b ? -1 : *a > *b;
}

/* The `id`s of a section's binds, sorted, and one behind them that no bind has. */
static const unsigned *sorted_ids(struct hf_arena *arena, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_bind *bind;
    unsigned n = 0, *ids;

    LL_FOREACH(proxy->binds, bind)
    {
        n += bind->id != 0;
    }
    ids = hf_arena_alloc(arena, (n + 1) * sizeof *ids);
    n = 0;
    LL_FOREACH(proxy->binds, bind)
    {
        if (bind->id)
            ids[n++] = bind->id;
    }
    qsort(ids, n, sizeof *ids, compare_ids);
    ids[n] = UINT_MAX;
    return ids;
}

/* Each listener without an `id` gets the next free number; a range has one listener a port. */
static void number_binds(struct hf_arena *arena, struct hf_cfg_proxy *proxy)
{
    const unsigned *taken = sorted_ids(arena, proxy);
    struct hf_cfg_bind *bind;
    unsigned next = 1;

    LL_FOREACH(proxy->binds, bind)
    {
        bind->number = bind->id;
        if (bind->id)
            continue;
        for (; *taken <= next; taken++)
            next += *taken == next;
        bind->number = next;
        next += bind->port_hi - bind->port_lo + 1u;
    }
}

void hf_conf_check_ends(struct hf_config *config, struct hf_diag *diag)
{
    struct hf_cfg_proxy *proxy;
    const struct hf_cfg_server *server;

    LL_FOREACH(config->proxies, proxy)
    {
        number_binds(config->arena, proxy);
        LL_FOREACH(proxy->servers, server)
        {
            check_resolvers(config, server, diag);
            check_redir(server, diag);
        }
    }
}
