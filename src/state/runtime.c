/*
 * runtime.c: builds the live proxies and servers of a configuration.
 */
#include "haftp/state/runtime.h"

#include <stdlib.h>

#include "haftp/base/assert.h"
#include "haftp/state/stick.h"

static void free_server(struct hf_server *server)
{
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
    atomic_init(&server->up, true);
    atomic_init(&server->maint, cfg->o.disabled);
    atomic_init(&server->weight, cfg->o.weight);
    hf_waitlist_init(&server->waiting);
    return server;
}

static void free_proxy(struct hf_proxy *proxy)
{
    for (unsigned i = 0; i < proxy->n_servers; i++)
        free_server(proxy->servers[i]);
    free(proxy->servers);
    hf_stick_free(proxy->stick);
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

static struct hf_proxy *new_proxy(struct hf_runtime *runtime, const struct hf_cfg_proxy *cfg)
{
    struct hf_proxy *proxy = calloc(1, sizeof *proxy);
    if (!proxy)
        return NULL;
    proxy->cfg = cfg;
    proxy->runtime = runtime;
    pthread_mutex_init(&proxy->lb_lock, NULL);
    hf_waitlist_init(&proxy->entry);
    hf_waitlist_init(&proxy->waiting);
    if (!add_servers(proxy))
        goto fail;
    if (cfg->stick_table) {
        proxy->stick = hf_stick_new(cfg->stick_table);
        if (!proxy->stick)
            goto fail;
    }
    return proxy;
fail:
    free_proxy(proxy);
    return NULL;
}

struct hf_runtime *hf_runtime_new(const struct hf_config *config)
{
    struct hf_runtime *runtime = calloc(1, sizeof *runtime);
    if (!runtime)
        return NULL;
    runtime->config = config;
    runtime->maxconn = config->global.maxconn;
    hf_waitlist_init(&runtime->entry);
    runtime->proxies = calloc(config->n_proxies ? config->n_proxies : 1, sizeof(struct hf_proxy *));
    if (!runtime->proxies)
        goto fail;
    for (const struct hf_cfg_proxy *p = config->proxies; p; p = p->next) {
        HF_ASSERT(p->id == runtime->n_proxies + 1 && p->id <= config->n_proxies);
        struct hf_proxy *proxy = new_proxy(runtime, p);
        if (!proxy)
            goto fail;
        runtime->proxies[runtime->n_proxies++] = proxy;
    }
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
    hf_waitlist_fini(&runtime->entry);
    free(runtime);
}

struct hf_proxy *hf_runtime_proxy(const struct hf_runtime *runtime, const struct hf_cfg_proxy *cfg)
{
    HF_ASSERT(cfg->id >= 1 && cfg->id <= runtime->n_proxies);
    return runtime->proxies[cfg->id - 1];
}
