/*
 * runtime.c: builds the live proxies and servers of a configuration.
 */
#include "haftp/state/runtime.h"

#include <stdlib.h>

#include <utlist.h>

#include "haftp/base/assert.h"
#include "haftp/base/clock.h"
#include "haftp/state/server_admin.h"
#include "haftp/state/stick.h"

static void free_server(struct hf_server *server)
{
    struct hf_server_place *place, *next;

    LL_FOREACH_SAFE(server->places, place, next)
    {
        free(place);
    }
    hf_waitlist_fini(&server->waiting);
    free(server);
}

static struct hf_server *new_server(struct hf_proxy *proxy, const struct hf_cfg_server *cfg)
{
    struct hf_server *server = calloc(1, sizeof *server);
    if (!server)
        return NULL;
    server->cfg = cfg;
    server->proxy = proxy;
    server->index = cfg->index;
    server->counts_at = hf_tally_reserve(&proxy->runtime->tally, true);
    atomic_init(&server->up, true);
    atomic_init(&server->off, (cfg->o.disabled ? HF_OFF_MAINT | HF_OFF_DISABLED : 0u) |
                                  (cfg->unresolved ? HF_OFF_UNRESOLVED : 0u));
    atomic_init(&server->maxconn, cfg->o.maxconn);
    atomic_init(&server->weight, cfg->o.weight);
    atomic_init(&server->warmth, 100);
    hf_waitlist_init(&server->waiting);
    return server;
}

static void free_doors(struct hf_proxy *proxy)
{
    for (unsigned i = 0; i < proxy->n_doors; i++)
        hf_waitlist_fini(&proxy->doors[i].entry);
    free(proxy->doors);
}

static void free_proxy(struct hf_proxy *proxy)
{
    for (unsigned i = 0; i < proxy->n_servers; i++)
        free_server(proxy->servers[i]);
    free(proxy->servers);
    free_doors(proxy);
    hf_waitlist_fini(&proxy->entry);
    hf_waitlist_fini(&proxy->waiting);
    pthread_mutex_destroy(&proxy->lb_lock);
    free(proxy);
}

static bool add_servers(struct hf_proxy *proxy)
{
    const struct hf_cfg_proxy *cfg = proxy->cfg;
    if (cfg->n_servers == 0)
        return true;
    proxy->servers = calloc(cfg->n_servers, sizeof(struct hf_server *));
    if (!proxy->servers)
        return false;
    for (const struct hf_cfg_server *s = cfg->servers; s; s = s->next) {
        HF_ASSERT(s->index == proxy->n_servers && s->index < cfg->n_servers);
        struct hf_server *server = new_server(proxy, s);
        if (!server)
            return false;
        proxy->servers[proxy->n_servers++] = server;
    }
    return true;
}

/* Whoever counts sessions can do with those of the section where there is a single bind. */
static bool needs_door(const struct hf_proxy *proxy, const struct hf_cfg_bind *bind)
{
    return bind->maxconn || proxy->cfg->o.socket_stats ||
           (proxy->runtime->config->counts_binds && proxy->cfg->binds->next);
}

/* One for each bind that has a limit, or is counted for a rule. */
static bool add_doors(struct hf_proxy *proxy)
{
    unsigned n = 0;
    for (const struct hf_cfg_bind *bind = proxy->cfg->binds; bind; bind = bind->next)
        n += needs_door(proxy, bind);
    if (n == 0)
        return true;
    proxy->doors = calloc(n, sizeof *proxy->doors);
    if (!proxy->doors)
        return false;
    for (const struct hf_cfg_bind *bind = proxy->cfg->binds; bind; bind = bind->next) {
        if (!needs_door(proxy, bind))
            continue;
        struct hf_door *door = &proxy->doors[proxy->n_doors++];
        door->bind = bind;
        door->counts_at = hf_tally_reserve(&proxy->runtime->tally, false);
        hf_waitlist_init(&door->entry);
    }
    return true;
}

struct hf_door *hf_proxy_door(const struct hf_proxy *proxy, const struct hf_cfg_bind *bind)
{
    for (unsigned i = 0; i < proxy->n_doors; i++)
        if (proxy->doors[i].bind == bind)
            return &proxy->doors[i];
    return NULL;
}

static struct hf_proxy *new_proxy(struct hf_runtime *runtime, const struct hf_cfg_proxy *cfg)
{
    struct hf_proxy *proxy = calloc(1, sizeof *proxy);
    if (!proxy)
        return NULL;
    proxy->cfg = cfg;
    proxy->runtime = runtime;
    proxy->front_at = hf_tally_reserve(&runtime->tally, true);
    proxy->back_at = hf_tally_reserve(&runtime->tally, false);
    pthread_mutex_init(&proxy->lb_lock, NULL);
    hf_waitlist_init(&proxy->entry);
    hf_waitlist_init(&proxy->waiting);
    if (!add_servers(proxy) || !add_doors(proxy))
        goto fail;
    if (cfg->stick_table)
        proxy->stick = hf_runtime_table(runtime, cfg->stick_table);
    return proxy;
fail:
    free_proxy(proxy);
    return NULL;
}

static struct hf_server *server_of(const struct hf_runtime *runtime,
                                   const struct hf_cfg_server *cfg)
{
    return hf_runtime_proxy(runtime, cfg->proxy)->servers[cfg->index];
}

/* Whatever it tracks, near or far, begins in maintenance. */
static bool is_disabled(const struct hf_cfg_server *cfg)
{
    for (cfg = cfg->tracked; cfg; cfg = cfg->tracked)
        if (cfg->o.disabled || cfg->unresolved)
            return true;
    return false;
}

/* In the order of the file. */
static void link_trackers(struct hf_runtime *runtime)
{
    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        const struct hf_proxy *proxy = runtime->proxies[i];
        for (unsigned k = 0; k < proxy->n_servers; k++) {
            struct hf_server *server = proxy->servers[k];
            if (!server->cfg->tracked)
                continue;
            server->tracked = server_of(runtime, server->cfg->tracked);
            LL_APPEND2(server->tracked->trackers, server, next_tracker);
            if (is_disabled(server->cfg))
                atomic_fetch_or(&server->off, HF_OFF_MAINT_TRACKED);
        }
    }
}

/* A tenth of the connections that the sections which lead here may have. */
static unsigned default_fullconn(const struct hf_runtime *runtime, const struct hf_cfg_proxy *back)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        const struct hf_cfg_proxy *front = runtime->proxies[i]->cfg;
        for (unsigned k = 0; k < front->n_backends; k++) {
            if (front->backends[k] == back)
                sum += front->o.maxconn ? front->o.maxconn : runtime->maxconn;
        }
    }
    return (unsigned)((sum + 9) / 10);
}

void hf_runtime_set_maxconn(struct hf_runtime *runtime, unsigned maxconn)
{
    runtime->maxconn = maxconn;
    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        struct hf_proxy *proxy = runtime->proxies[i];
        unsigned chosen = proxy->cfg->o.fullconn;
        proxy->fullconn = chosen ? chosen : default_fullconn(runtime, proxy->cfg);
    }
}

static bool add_tables(struct hf_runtime *runtime)
{
    const struct hf_config *config = runtime->config;
    if (config->n_tables == 0)
        return true;
    runtime->tables = calloc(config->n_tables, sizeof(struct hf_stick_table *));
    if (!runtime->tables)
        return false;
    for (const struct hf_cfg_stick_table *table = config->tables; table; table = table->next) {
        HF_ASSERT(table->index == runtime->n_tables && table->index < config->n_tables);
        struct hf_stick_table *live = hf_stick_new(table);
        if (!live)
            return false;
        runtime->tables[runtime->n_tables++] = live;
    }
    return true;
}

static bool is_taken(const struct hf_runtime *runtime, unsigned number)
{
    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        if (runtime->proxies[i]->cfg->o.forced_id == number)
            return true;
    }
    return false;
}

static bool has_chosen_numbers(const struct hf_runtime *runtime)
{
    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        if (runtime->proxies[i]->cfg->o.forced_id)
            return true;
    }
    return false;
}

static void number_sections(struct hf_runtime *runtime)
{
    bool any_chosen = has_chosen_numbers(runtime);
    unsigned last = runtime->config->global.stats_sockets ? 1 : 0; /* HAProxy's own frontend */

    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        struct hf_proxy *proxy = runtime->proxies[i];
        if (!proxy->cfg->o.forced_id) {
            do
                last++;
            while (any_chosen && is_taken(runtime, last));
        }
        proxy->number = proxy->cfg->o.forced_id ? proxy->cfg->o.forced_id : last;
    }
}

static void begin_histories(struct hf_runtime *runtime)
{
    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        struct hf_proxy *proxy = runtime->proxies[i];
        hf_history_begin(&proxy->history, false, runtime->started_ms);
        for (unsigned k = 0; k < proxy->n_servers; k++)
            hf_history_begin(&proxy->servers[k]->history, false, runtime->started_ms);
    }
}

struct hf_runtime *hf_runtime_new(const struct hf_config *config)
{
    struct hf_runtime *runtime = calloc(1, sizeof *runtime);
    if (!runtime)
        return NULL;
    runtime->config = config;
    runtime->started_ms = hf_clock_steady_ms();
    runtime->started_us = hf_clock_wall_us();
    hf_waitlist_init(&runtime->entry);
    hf_waitlist_init(&runtime->tls_entry);
    runtime->proxies = calloc(config->n_proxies ? config->n_proxies : 1, sizeof(struct hf_proxy *));
    if (!runtime->proxies || !add_tables(runtime))
        goto fail;
    for (const struct hf_cfg_proxy *p = config->proxies; p; p = p->next) {
        HF_ASSERT(p->id == runtime->n_proxies + 1 && p->id <= config->n_proxies);
        struct hf_proxy *proxy = new_proxy(runtime, p);
        if (!proxy)
            goto fail;
        runtime->proxies[runtime->n_proxies++] = proxy;
    }
    link_trackers(runtime);
    begin_histories(runtime);
    number_sections(runtime);
    hf_runtime_set_maxconn(runtime, config->global.maxconn);
    return runtime;
fail:
    hf_runtime_free(runtime);
    return NULL;
}

void hf_runtime_free(struct hf_runtime *runtime)
{
    if (!runtime)
        return;
    for (unsigned i = 0; i < runtime->n_proxies; i++)
        free_proxy(runtime->proxies[i]);
    free(runtime->proxies);
    for (unsigned i = 0; i < runtime->n_tables; i++)
        hf_stick_free(runtime->tables[i]);
    free(runtime->tables);
    hf_waitlist_fini(&runtime->entry);
    hf_waitlist_fini(&runtime->tls_entry);
    hf_tally_fini(&runtime->tally);
    free(runtime);
}

struct hf_proxy *hf_runtime_proxy(const struct hf_runtime *runtime, const struct hf_cfg_proxy *cfg)
{
    HF_ASSERT(cfg->id >= 1 && cfg->id <= runtime->n_proxies);
    return runtime->proxies[cfg->id - 1];
}

struct hf_stick_table *hf_runtime_table(const struct hf_runtime *runtime,
                                        const struct hf_cfg_stick_table *cfg)
{
    HF_ASSERT(cfg->index < runtime->n_tables);
    return runtime->tables[cfg->index];
}
