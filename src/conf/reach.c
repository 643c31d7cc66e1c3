/*
 * reach.c: which backends and servers a session of a section may get.
 */
#include "conf_int.h"

static bool is_listed(const struct hf_cfg_proxy *proxy, const struct hf_cfg_proxy *backend)
{
    for (unsigned i = 0; i < proxy->n_backends; i++) {
        if (proxy->backends[i] == backend)
            return true;
    }
    return false;
}

static void add(struct hf_cfg_proxy *proxy, struct hf_cfg_proxy *backend)
{
    if (backend && !is_listed(proxy, backend))
        proxy->backends[proxy->n_backends++] = backend;
}

/* A name that is made while running may be that of any backend. */
static void add_all(const struct hf_config *config, struct hf_cfg_proxy *proxy)
{
    struct hf_cfg_proxy *other;

    for (other = config->proxies; other; other = other->next) {
        if ((other->caps & HF_CAP_BACKEND) && other->o.mode == proxy->o.mode && !other->o.disabled)
            add(proxy, other);
    }
}

static unsigned most_backends(const struct hf_config *config, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_switch *choice;
    unsigned n = 1;

    for (choice = proxy->switches; choice; choice = choice->next)
        n += choice->format ? config->n_proxies : 1;
    return n;
}

static void find_backends(struct hf_config *config, struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_switch *choice;

    proxy->n_backends = proxy->n_reach = 0;
    proxy->backends =
        hf_arena_alloc(config->arena, most_backends(config, proxy) * sizeof *proxy->backends);
    add(proxy, proxy->backend);
    for (choice = proxy->switches; choice; choice = choice->next) {
        if (choice->format)
            add_all(config, proxy);
        else
            add(proxy, choice->backend);
    }
}

static void find_servers(struct hf_config *config, struct hf_cfg_proxy *proxy)
{
    struct hf_cfg_server *server;
    unsigned n = 0;

    for (unsigned i = 0; i < proxy->n_backends; i++)
        n += proxy->backends[i]->n_servers;
    proxy->reach = hf_arena_alloc(config->arena, n * sizeof *proxy->reach);
    for (unsigned i = 0; i < proxy->n_backends; i++) {
        for (server = proxy->backends[i]->servers; server; server = server->next)
            proxy->reach[proxy->n_reach++] = server;
    }
}

void hf_conf_find_reach(struct hf_config *config)
{
    struct hf_cfg_proxy *proxy;

    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        if (proxy->caps & HF_CAP_FRONTEND) {
            find_backends(config, proxy);
            find_servers(config, proxy);
        }
    }
}
