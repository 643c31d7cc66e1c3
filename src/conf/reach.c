/*
 * reach.c: which backends and servers a session of a section may get.
 */
#include "conf_int.h"

/* The frontends are looked at one after the other. */
struct search {
    struct hf_config *config;
    struct hf_cfg_proxy *proxy; /* the one that backends are found for now */
    unsigned *found_for; /* by id of a backend: the id of the last one that it was found for */
};

static void add(struct search *search, struct hf_cfg_proxy *backend)
{
    struct hf_cfg_proxy *proxy = search->proxy;

    if (!backend || search->found_for[backend->id] == proxy->id)
        return;
    search->found_for[backend->id] = proxy->id;
    proxy->backends[proxy->n_backends++] = backend;
}

/* A name that is made while running may be that of any backend. */
static void add_all(struct search *search)
{
    const struct hf_cfg_proxy *proxy = search->proxy;
    struct hf_cfg_proxy *other;

    for (other = search->config->proxies; other; other = other->next) {
        if ((other->caps & HF_CAP_BACKEND) && other->o.mode == proxy->o.mode && !other->o.disabled)
            add(search, other);
    }
}

static unsigned most_backends(const struct search *search)
{
    const struct hf_cfg_switch *choice;
    unsigned n = 1;

    for (choice = search->proxy->switches; choice; choice = choice->next, n++) {
        if (choice->format)
            return search->config->n_proxies;
    }
    return n;
}

static void find_backends(struct search *search)
{
    struct hf_cfg_proxy *proxy = search->proxy;
    const struct hf_cfg_switch *choice;

    proxy->n_backends = proxy->n_reach = 0;
    proxy->reaches_tls = false;
    proxy->backends = hf_arena_alloc(search->config->arena,
                                     most_backends(search) * sizeof(struct hf_cfg_proxy *));
    add(search, proxy->backend);
    for (choice = proxy->switches; choice; choice = choice->next) {
        if (choice->format)
            add_all(search);
        else
            add(search, choice->backend);
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
        for (server = proxy->backends[i]->servers; server; server = server->next) {
            proxy->reach[proxy->n_reach++] = server;
            proxy->reaches_tls = proxy->reaches_tls || hf_server_has_tls(&server->o);
        }
    }
}

void hf_conf_find_reach(struct hf_config *config)
{
    struct search search = {.config = config};
    size_t bytes = (config->n_proxies + 1) * sizeof *search.found_for;

    search.found_for = hf_arena_alloc(config->arena, bytes);
    for (struct hf_cfg_proxy *proxy = config->proxies; proxy; proxy = proxy->next) {
        if (!(proxy->caps & HF_CAP_FRONTEND))
            continue;
        search.proxy = proxy;
        find_backends(&search);
        find_servers(config, proxy);
    }
}
