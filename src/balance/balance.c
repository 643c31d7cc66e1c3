/*
 * balance.c: asks stickiness, the section's algorithm and the backups for a server.
 */
#include "haftp/balance/balance.h"

#include <stdlib.h>

#include "haftp/base/assert.h"
#include "haftp/base/suggest.h"

#include "balance_list.inc"

#define NOT_THERE UINT32_MAX
#define N_OPS     (sizeof hf_balance_list / sizeof hf_balance_list[0])

/* The usable servers of one kind, and what the algorithm made of them. */
struct set {
    struct hf_candidates candidates;
    unsigned *candidate_of; /* by server; NOT_THERE: it is none of them */
    void *state;
};

/* A backend's `lb`. */
struct balancer {
    const struct hf_balance_ops *ops;
    struct set active, backup;
    bool limited; /* some server has a maxconn */
    bool elastic; /* and limits follow the sessions of the section (minconn) */
};

const struct hf_balance_ops *hf_balance_find(const char *name, const char **nearest)
{
    struct hf_suggest suggest;
    hf_suggest_init(&suggest, name);
    for (unsigned i = 0; i < N_OPS; i++) {
        if (strcmp(hf_balance_list[i]->name, name) == 0)
            return hf_balance_list[i];
        hf_suggest_offer(&suggest, hf_balance_list[i]->name);
    }
    if (nearest)
        *nearest = suggest.best ? suggest.best : "";
    return NULL;
}

/* ---- choices ----------------------------------------------------------------------------- */

static bool was_tried(const struct hf_pick *pick, const struct hf_server *server)
{
    for (unsigned i = 0; i < pick->n_tried; i++) {
        if (pick->tried[i] == server)
            return true;
    }
    return false;
}

bool hf_choice_untried(const struct hf_choice *choice, const struct hf_server *server)
{
    return !was_tried(choice->pick, server);
}

bool hf_choice_allows(const struct hf_choice *choice, const struct hf_server *server)
{
    return hf_choice_untried(choice, server) && !(choice->skip_full && hf_server_full_mt(server));
}

/* ---- the balancer of a backend ----------------------------------------------------------- */

static void free_balancer(struct balancer *balancer)
{
    struct set *sets[] = {&balancer->active, &balancer->backup};
    for (unsigned i = 0; i < 2; i++) {
        if (balancer->ops->release)
            balancer->ops->release(sets[i]->state);
        free(sets[i]->candidates.servers);
        free(sets[i]->candidates.weights);
        free(sets[i]->candidates.shares);
        free(sets[i]->candidate_of);
    }
    free(balancer);
}

static bool make_room(struct set *set, unsigned n_servers)
{
    set->candidates.servers = calloc(n_servers, sizeof *set->candidates.servers);
    set->candidates.weights = calloc(n_servers, sizeof *set->candidates.weights);
    set->candidates.shares = calloc(n_servers, sizeof *set->candidates.shares);
    set->candidate_of = calloc(n_servers, sizeof *set->candidate_of);
    return set->candidates.servers && set->candidates.weights && set->candidates.shares &&
           set->candidate_of;
}

static struct balancer *new_balancer(struct hf_proxy *backend)
{
    struct balancer *balancer = calloc(1, sizeof *balancer);
    if (!balancer)
        return NULL;
    balancer->ops = hf_balance_find(backend->cfg->o.balance, NULL);
    HF_ASSERT(balancer->ops); /* the configuration was checked against these names */
    for (unsigned i = 0; i < backend->n_servers; i++) {
        const struct hf_cfg_server_opts *o = &backend->servers[i]->cfg->o;
        balancer->elastic |= o->minconn > 0;
    }
    if (!make_room(&balancer->active, backend->n_servers) ||
        !make_room(&balancer->backup, backend->n_servers)) {
        free_balancer(balancer);
        return NULL;
    }
    /* Before the servers are looked at: no session that ends from then on is missed. */
    atomic_store(&backend->tells_freed, balancer->ops->freed != NULL);
    return balancer;
}

static void collect(struct set *set, const struct hf_proxy *backend, bool backup)
{
    struct hf_candidates *candidates = &set->candidates;
    candidates->n = 0;
    memset(set->candidate_of, 0xff, backend->n_servers * sizeof *set->candidate_of);
    for (unsigned i = 0; i < backend->n_servers; i++) {
        struct hf_server *server = backend->servers[i];
        unsigned weight = atomic_load_explicit(&server->weight, memory_order_acquire);
        if (server->cfg->o.backup != backup || weight == 0 || !hf_server_usable_mt(server))
            continue;
        set->candidate_of[i] = candidates->n;
        candidates->servers[candidates->n] = server;
        candidates->weights[candidates->n] = weight;
        candidates->shares[candidates->n++] = hf_server_share_mt(server);
    }
}

static enum hf_status rebuild_set(struct balancer *balancer, struct set *set,
                                  const struct hf_proxy *backend, bool backup)
{
    collect(set, backend, backup);
    for (unsigned i = 0; i < set->candidates.n; i++)
        balancer->limited |= atomic_load(&set->candidates.servers[i]->maxconn) > 0;
    if (set->candidates.n == 0 || !balancer->ops->rebuild)
        return HF_OK;
    return balancer->ops->rebuild(backend, &set->candidates, &set->state);
}

/* The balancer, knowing the servers' present state; NULL: out of memory. */
static struct balancer *current_balancer_locked(struct hf_proxy *backend)
{
    /* Read before the servers are: what changes meanwhile is seen by the next pick. */
    unsigned generation = atomic_load(&backend->generation);
    struct balancer *balancer = backend->lb;

    if (balancer && backend->lb_generation == generation)
        return balancer;
    if (!balancer)
        balancer = backend->lb = new_balancer(backend);
    if (!balancer)
        return NULL;
    if (rebuild_set(balancer, &balancer->active, backend, false) != HF_OK ||
        rebuild_set(balancer, &balancer->backup, backend, true) != HF_OK) {
        /* Half built is worse than not built: the next pick begins anew. */
        free_balancer(balancer);
        backend->lb = NULL;
        return NULL;
    }
    backend->lb_generation = generation;
    return balancer;
}

void hf_balance_fini(struct hf_proxy *backend)
{
    if (backend->lb)
        free_balancer(backend->lb);
    backend->lb = NULL;
}

/* ---- sessions that ended ----------------------------------------------------------------- */

static void tell_freed(const struct balancer *balancer, const struct hf_server *server)
{
    const struct set *set = server->cfg->o.backup ? &balancer->backup : &balancer->active;
    unsigned candidate = set->candidate_of[server->index];
    if (candidate != NOT_THERE)
        balancer->ops->freed(set->state, &set->candidates, candidate);
}

/* A limit that follows the sessions of the section may have grown for anybody. */
static void catch_up_locked(const struct balancer *balancer, struct hf_proxy *backend)
{
    struct hf_server *server;

    if (!balancer->ops->freed)
        return;
    while ((server = hf_proxy_next_freed_locked(backend)) != NULL)
        tell_freed(balancer, server);
    for (unsigned i = 0; balancer->elastic && i < backend->n_servers; i++)
        tell_freed(balancer, backend->servers[i]);
}

/* ---- picking ----------------------------------------------------------------------------- */

static struct hf_server *ask_algorithm(const struct balancer *balancer, const struct set *set,
                                       const struct hf_pick *pick)
{
    struct hf_choice choice = {&set->candidates, pick, true};
    if (set->candidates.n == 0)
        return NULL;
    struct hf_server *server = balancer->ops->pick(set->state, &choice);
    if (!server && balancer->limited) {
        choice.skip_full = false;
        server = balancer->ops->pick(set->state, &choice);
    }
    return server;
}

/* One backup at a time: the first in file order takes all, unless the section says otherwise. */
static struct hf_server *ask_backups(const struct balancer *balancer,
                                     const struct hf_proxy *backend, const struct hf_pick *pick)
{
    if (backend->cfg->o.allbackups)
        return ask_algorithm(balancer, &balancer->backup, pick);
    for (unsigned i = 0; i < balancer->backup.candidates.n; i++) {
        struct hf_server *server = balancer->backup.candidates.servers[i];
        if (!was_tried(pick, server))
            return server;
    }
    return NULL;
}

/* A tried server that is merely full is worth waiting for; one that failed is not. */
static bool some_active_is_full(const struct balancer *balancer)
{
    const struct hf_candidates *active = &balancer->active.candidates;
    for (unsigned i = 0; balancer->limited && i < active->n; i++) {
        if (hf_server_full_mt(active->servers[i]))
            return true;
    }
    return false;
}

/* Who has no key that its server could follow from is nobody's in particular. */
static bool binds(const struct balancer *balancer, const struct hf_pick *pick)
{
    return balancer->ops->binds && (!balancer->ops->needs_key || pick->hashed);
}

static struct hf_server *balance_locked(struct hf_proxy *backend, struct hf_pick *pick)
{
    const struct balancer *balancer = current_balancer_locked(backend);
    if (!balancer)
        return NULL;
    catch_up_locked(balancer, backend);
    struct hf_server *server = ask_algorithm(balancer, &balancer->active, pick);
    pick->bound = server && binds(balancer, pick);
    if (server || some_active_is_full(balancer))
        return server;
    server = ask_backups(balancer, backend, pick);
    /* A backup that takes all is nobody's in particular: the next one may help it out. */
    pick->bound = server && binds(balancer, pick) && backend->cfg->o.allbackups;
    return server;
}

/* Weight 0 keeps the clients it has; `option persist` and force-persist keep
 * them even when it is down. */
static struct hf_server *ask_memory(const struct hf_proxy *backend, const struct hf_pick *pick)
{
    struct hf_server *server = pick->unstick ? NULL : pick->remembered;

    if (!server || was_tried(pick, server))
        return NULL;
    bool anyway = backend->cfg->o.persist || pick->forced;
    return anyway || hf_server_is_up_mt(server) ? server : NULL;
}

struct hf_server *hf_balance_pick_mt(struct hf_proxy *backend, struct hf_pick *pick)
{
    pick->bound = pick->stuck = false;
    if (backend->n_servers == 0)
        return NULL;
    struct hf_server *server = ask_memory(backend, pick);
    if (server) {
        pick->bound = pick->stuck = true;
        return server;
    }
    pthread_mutex_lock(&backend->lb_lock);
    server = balance_locked(backend, pick);
    pthread_mutex_unlock(&backend->lb_lock);
    return server;
}
