/*
 * tie.c: the table of ties: client -> servers of its opaque sessions.
 */
#include "haftp/ftp/tie.h"

#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "haftp/ftp/peer.h"

/* A session has one data connection at a time (RFC 959 3.2); those before it may still be closing.
 * Without a limit, one login would open connections to the server without end. */
#define TRANSFERS_PER_SESSION 8u

/* One client, and the servers that it is tied to: mostly one. */
struct hf_tie_home {
    struct hf_peer_key key;
    struct hf_tie *ties;
    UT_hash_handle hh;
};

struct hf_ties {
    pthread_mutex_t lock;
    struct hf_tie_home *homes;
};

struct hf_ties *hf_ties_new(void)
{
    struct hf_ties *ties = calloc(1, sizeof *ties);
    if (ties)
        pthread_mutex_init(&ties->lock, NULL);
    return ties;
}

void hf_ties_free(struct hf_ties *ties)
{
    if (!ties)
        return;
    pthread_mutex_destroy(&ties->lock);
    free(ties); /* every session and transfer has left */
}

/* ---- whose data ports could be taken for one another's ------------------------------------- */

static bool same_host(const struct hf_server *a, const struct hf_server *b)
{
    return a == b || hf_addr_same_host(hf_server_addr_mt(a), hf_server_addr_mt(b));
}

/* Data connections to this bind may be for the tie. */
static bool uses(const struct hf_tie *tie, const struct hf_cfg_bind *bind)
{
    const struct hf_cfg_data_range *range = hf_data_range_on(tie->control, bind);
    return range && hf_data_range_serves(range, tie->server->cfg);
}

/* Data connections of sessions at `server` may come to a bind that the tie uses. */
static bool meets(const struct hf_tie *tie, const struct hf_cfg_proxy *control,
                  const struct hf_server *server)
{
    for (const struct hf_cfg_data_range *range = control->data_ranges; range; range = range->next) {
        if (hf_data_range_serves(range, server->cfg) && uses(tie, range->bind))
            return true;
    }
    return false;
}

/* The same of sessions at any other server of the section. */
static bool meets_others(const struct hf_tie *tie, const struct hf_cfg_proxy *control)
{
    for (const struct hf_cfg_data_range *range = control->data_ranges; range; range = range->next) {
        if (!uses(tie, range->bind))
            continue;
        for (unsigned i = 0; i < control->n_reach; i++) {
            if (hf_data_range_serves(range, control->reach[i]) &&
                !hf_addr_same_host(&control->reach[i]->addr, &tie->server->cfg->addr))
                return true;
        }
    }
    return false;
}

static bool is_binding(const struct hf_tie *tie)
{
    return hf_server_is_up_mt(tie->server);
}

/* ---- clients ------------------------------------------------------------------------------- */

static struct hf_tie_home *find_home(struct hf_ties *ties, const struct hf_addr *client,
                                     enum hf_ftp_peer rule)
{
    struct hf_peer_key key = hf_peer_key_of(client, rule);
    struct hf_tie_home *home;
    HASH_FIND(hh, ties->homes, &key, sizeof key, home);
    return home;
}

/* Whom a section takes for the same client.  Anyone may open the data connections of anyone under
 * `any`; but to put all clients at one server would be no balancing. */
static enum hf_ftp_peer narrow(const struct hf_cfg_proxy *control)
{
    return control->o.ftp_peer == HF_FTP_PEER_NETWORK ? HF_FTP_PEER_NETWORK : HF_FTP_PEER_STRICT;
}

static void drop_home_if_empty(struct hf_ties *ties, struct hf_tie_home *home)
{
    if (home->ties)
        return;
    HASH_DEL(ties->homes, home);
    free(home);
}

static struct hf_tie_home *make_home(struct hf_ties *ties, const struct hf_addr *client,
                                     enum hf_ftp_peer rule)
{
    struct hf_tie_home *home = find_home(ties, client, rule);
    if (home)
        return home;
    home = calloc(1, sizeof *home);
    if (!home)
        return NULL;
    home->key = hf_peer_key_of(client, rule);
    HASH_ADD(hh, ties->homes, key, sizeof home->key, home);
    if (home->hh.tbl)
        return home;
    free(home);
    return NULL;
}

/* ---- sessions ------------------------------------------------------------------------------ */

static struct hf_tie *join(struct hf_ties *ties, const struct hf_cfg_proxy *control,
                           const struct hf_addr *client, struct hf_server *server,
                           enum hf_ftp_peer rule)
{
    struct hf_tie_home *home = make_home(ties, client, rule);
    struct hf_tie *tie;

    if (!home)
        return NULL;
    DL_FOREACH(home->ties, tie)
    {
        if (tie->control == control && tie->server == server)
            break;
    }
    if (!tie && (tie = calloc(1, sizeof *tie))) {
        tie->control = control;
        tie->server = server;
        tie->home = home;
        DL_APPEND(home->ties, tie);
    }
    if (tie)
        tie->n_sessions++;
    else
        drop_home_if_empty(ties, home);
    return tie;
}

static void free_if_unused(struct hf_tie *tie)
{
    if (tie->n_sessions == 0 && tie->n_transfers == 0)
        free(tie);
}

/* A transfer that still runs keeps its tie, but no other connection finds it any more. */
static void leave(struct hf_ties *ties, struct hf_tie *tie)
{
    if (!tie || --tie->n_sessions > 0)
        return;
    DL_DELETE(tie->home->ties, tie);
    drop_home_if_empty(ties, tie->home);
    tie->home = NULL;
    free_if_unused(tie);
}

static struct hf_server *find_conflict(struct hf_ties *ties, const struct hf_cfg_proxy *control,
                                       const struct hf_addr *client, const struct hf_server *server)
{
    const struct hf_tie_home *home = find_home(ties, client, narrow(control));
    const struct hf_tie *tie;

    if (!home)
        return NULL;
    DL_FOREACH(home->ties, tie)
    {
        if (!same_host(tie->server, server) && is_binding(tie) && meets(tie, control, server))
            return tie->server;
    }
    return NULL;
}

enum hf_status hf_tie_join_mt(struct hf_ties *ties, const struct hf_cfg_proxy *control,
                              const struct hf_addr *client, struct hf_server *server,
                              struct hf_bond *out, struct hf_server **elsewhere)
{
    bool any = control->o.ftp_peer == HF_FTP_PEER_ANY;
    enum hf_status status = HF_INUSE;

    *out = (struct hf_bond){NULL, NULL};
    *elsewhere = NULL;
    if (!control->data_ranges)
        return HF_OK; /* no data connection of its comes here */
    pthread_mutex_lock(&ties->lock);
    *elsewhere = find_conflict(ties, control, client, server);
    if (!*elsewhere) {
        out->tie = join(ties, control, client, server, narrow(control));
        out->wide = any && out->tie ? join(ties, control, client, server, HF_FTP_PEER_ANY) : NULL;
        status = out->tie && (out->wide || !any) ? HF_OK : HF_NOMEM;
    }
    if (status == HF_NOMEM) {
        leave(ties, out->tie);
        *out = (struct hf_bond){NULL, NULL};
    }
    pthread_mutex_unlock(&ties->lock);
    return status;
}

void hf_tie_leave_mt(struct hf_ties *ties, struct hf_bond *bond)
{
    if (!bond->tie)
        return;
    pthread_mutex_lock(&ties->lock);
    leave(ties, bond->tie);
    leave(ties, bond->wide);
    pthread_mutex_unlock(&ties->lock);
    *bond = (struct hf_bond){NULL, NULL};
}

struct hf_server *hf_tie_home_mt(struct hf_ties *ties, const struct hf_cfg_proxy *control,
                                 const struct hf_addr *client)
{
    struct hf_server *server = NULL;
    struct hf_tie *tie;

    pthread_mutex_lock(&ties->lock);
    struct hf_tie_home *home = find_home(ties, client, narrow(control));
    if (home) {
        DL_FOREACH(home->ties, tie)
        {
            if (!server && is_binding(tie) && meets_others(tie, control))
                server = tie->server;
        }
    }
    pthread_mutex_unlock(&ties->lock);
    return server;
}

bool hf_tie_activity(const struct hf_bond *bond, uint64_t *last_ms)
{
    const struct hf_tie *ties[] = {bond->tie, bond->wide};
    bool runs = false;

    *last_ms = 0;
    for (unsigned i = 0; i < 2 && ties[i]; i++) {
        uint64_t ms = atomic_load_explicit(&ties[i]->transferred_ms, memory_order_relaxed);
        runs |= atomic_load_explicit(&ties[i]->n_transfers, memory_order_relaxed) > 0;
        if (ms > *last_ms)
            *last_ms = ms;
    }
    return runs;
}

/* ---- transfers ----------------------------------------------------------------------------- */

/* The tie of this home whose data ports those of the bind are.  One at a server that is down gives
 * way to another.  *several: it cannot be told. */
static struct hf_tie *find_tie(struct hf_tie_home *home, const struct hf_cfg_bind *bind,
                               bool *several)
{
    struct hf_tie *tie, *found = NULL;

    *several = false;
    DL_FOREACH(home->ties, tie)
    {
        if (!uses(tie, bind) || tie->n_foreign == tie->n_sessions)
            continue;
        if (!found || (is_binding(tie) && !is_binding(found)))
            found = tie;
        else if (is_binding(tie) && !same_host(tie->server, found->server))
            *several = true;
    }
    return found;
}

enum hf_status hf_tie_transfer_mt(struct hf_ties *ties, const struct hf_cfg_bind *bind,
                                  const struct hf_addr *peer, struct hf_tie **out)
{
    static const enum hf_ftp_peer rules[] = {HF_FTP_PEER_STRICT, HF_FTP_PEER_NETWORK,
                                             HF_FTP_PEER_ANY};
    enum hf_status status = HF_NOTFOUND;
    bool several;

    pthread_mutex_lock(&ties->lock);
    for (unsigned i = 0; i < 3 && status == HF_NOTFOUND; i++) {
        struct hf_tie_home *home = find_home(ties, peer, rules[i]);
        struct hf_tie *tie = home ? find_tie(home, bind, &several) : NULL;
        if (!tie)
            continue;
        *out = tie;
        if (several)
            status = HF_INUSE;
        else if (tie->n_transfers >= TRANSFERS_PER_SESSION * tie->n_sessions)
            status = HF_LIMIT;
        else
            status = HF_OK;
    }
    if (status == HF_OK)
        (*out)->n_transfers++;
    pthread_mutex_unlock(&ties->lock);
    return status;
}

void hf_tie_transfer_ended_mt(struct hf_ties *ties, struct hf_tie *tie, uint64_t now_ms)
{
    pthread_mutex_lock(&ties->lock);
    atomic_store_explicit(&tie->transferred_ms, now_ms, memory_order_relaxed);
    tie->n_transfers--;
    free_if_unused(tie);
    pthread_mutex_unlock(&ties->lock);
}

/* ---- several processes --------------------------------------------------------------------- */

void hf_tie_each_mt(struct hf_ties *ties, hf_tie_fn fn, void *arg)
{
    struct hf_tie_home *home, *next;
    struct hf_tie *tie;

    pthread_mutex_lock(&ties->lock);
    HASH_ITER(hh, ties->homes, home, next)
    {
        struct hf_addr client = hf_peer_key_address(&home->key);
        if (!hf_addr_is_set(&client))
            continue; /* `ftp-data peer any`: the same session has a home of its own, too */
        DL_FOREACH(home->ties, tie)
        {
            if (tie->n_sessions > tie->n_foreign)
                fn(tie, &client, arg);
        }
    }
    pthread_mutex_unlock(&ties->lock);
}

void hf_tie_adopt_mt(struct hf_ties *ties, const struct hf_cfg_proxy *control,
                     const struct hf_addr *client, struct hf_server *server, struct hf_bond *out)
{
    *out = (struct hf_bond){NULL, NULL};
    if (!control->data_ranges)
        return;
    pthread_mutex_lock(&ties->lock);
    out->tie = join(ties, control, client, server, narrow(control));
    if (out->tie)
        out->tie->n_foreign++;
    pthread_mutex_unlock(&ties->lock);
}

void hf_tie_abandon_mt(struct hf_ties *ties, struct hf_bond *bond)
{
    if (!bond->tie)
        return;
    pthread_mutex_lock(&ties->lock);
    bond->tie->n_foreign--;
    leave(ties, bond->tie);
    pthread_mutex_unlock(&ties->lock);
    *bond = (struct hf_bond){NULL, NULL};
}
