/*
 * config_maker.h: configurations for unit tests, made by hand instead of parsed.
 *
 * Lines are numbered in the order of the calls, so that locations differ as they do in a file.
 * Each program includes it once.
 */
#ifndef HAFTP_TESTS_CONFIG_MAKER_H
#define HAFTP_TESTS_CONFIG_MAKER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/conf/model.h"

#include <utlist.h>

struct maker {
    struct hf_config config;
    struct hf_source source;
    struct hf_diag *diag;
    char *messages; /* of the last maker_has_message() */
};

static inline void maker_init(struct maker *m)
{
    memset(m, 0, sizeof *m);
    m->config.arena = hf_arena_new();
    m->source.name = "made.cfg";
    m->source.text = "";
    m->diag = hf_diag_new();
}

static inline void maker_fini(struct maker *m)
{
    free(m->messages);
    hf_diag_free(m->diag);
    hf_arena_free(m->config.arena);
}

static inline struct hf_loc maker_loc(struct maker *m)
{
    static int line;

    return (struct hf_loc){.source = &m->source, .line = ++line, .col = 1, .end_col = 2};
}

static inline struct hf_cfg_proxy *maker_proxy(struct maker *m, const char *name, unsigned caps)
{
    struct hf_cfg_proxy *proxy = HF_NEW(m->config.arena, struct hf_cfg_proxy);

    proxy->loc = maker_loc(m);
    proxy->name = name;
    proxy->caps = caps;
    proxy->id = ++m->config.n_proxies;
    proxy->o.balance = "roundrobin";
    proxy->o.timeout = (struct hf_cfg_timeouts){.connect = 5000, .client = 50000, .server = 50000};
    if (caps == (HF_CAP_FRONTEND | HF_CAP_BACKEND))
        proxy->backend = proxy;
    LL_APPEND(m->config.proxies, proxy);
    for (unsigned any = 1; any < HF_N_CAPS; any++) {
        if (caps & any)
            hf_names_add(&m->config.names[any], m->config.arena, name, proxy);
    }
    return proxy;
}

static inline struct hf_cfg_proxy *maker_listen(struct maker *m, const char *name)
{
    return maker_proxy(m, name, HF_CAP_FRONTEND | HF_CAP_BACKEND);
}

static inline struct hf_cfg_proxy *maker_backend(struct maker *m, const char *name)
{
    return maker_proxy(m, name, HF_CAP_BACKEND);
}

static inline struct hf_cfg_proxy *maker_frontend(struct maker *m, const char *name,
                                                  struct hf_cfg_proxy *backend)
{
    struct hf_cfg_proxy *proxy = maker_proxy(m, name, HF_CAP_FRONTEND);

    proxy->backend = backend;
    proxy->o.default_backend = backend ? backend->name : NULL;
    return proxy;
}

static inline struct hf_addr maker_addr(const char *host, uint16_t port)
{
    struct hf_addr addr;

    if (hf_addr_parse_host(hf_view_cstr(host), &addr) != HF_OK)
        abort();
    hf_addr_set_port(&addr, port);
    return addr;
}

static inline struct hf_cfg_bind *maker_bind(struct maker *m, struct hf_cfg_proxy *proxy,
                                             const char *host, uint16_t lo, uint16_t hi)
{
    struct hf_cfg_bind *bind = HF_NEW(m->config.arena, struct hf_cfg_bind);

    bind->loc = maker_loc(m);
    bind->proxy = proxy;
    bind->addr = maker_addr(host, lo);
    bind->port_lo = lo;
    bind->port_hi = hi;
    bind->is_range = hi > lo;
    bind->text = lo == hi ? hf_arena_printf(m->config.arena, "%s:%u", host, lo)
                          : hf_arena_printf(m->config.arena, "%s:%u-%u", host, lo, hi);
    LL_APPEND(proxy->binds, bind);
    return bind;
}

/* Port 0: the port that the client came to. */
static inline struct hf_cfg_server *maker_server(struct maker *m, struct hf_cfg_proxy *proxy,
                                                 const char *name, const char *host, uint16_t port)
{
    struct hf_cfg_server *server = HF_NEW(m->config.arena, struct hf_cfg_server);

    server->loc = maker_loc(m);
    server->name = name;
    server->proxy = proxy;
    server->index = proxy->n_servers++;
    server->id = proxy->n_servers;
    server->addr = maker_addr(host, port);
    server->port_map = port ? HF_PORT_FIXED : HF_PORT_SAME;
    LL_APPEND(proxy->servers, server);
    return server;
}

/* ftp_1, ftp_2 ... of 192.168.1.10, .11 ... */
static inline void maker_servers(struct maker *m, struct hf_cfg_proxy *proxy, unsigned n,
                                 uint16_t port)
{
    for (unsigned i = 0; i < n; i++) {
        maker_server(m, proxy, hf_arena_printf(m->config.arena, "ftp_%u", i + 1),
                     hf_arena_printf(m->config.arena, "192.168.1.%u", 10 + i), port);
    }
}

static inline void maker_cookie(struct maker *m, struct hf_cfg_proxy *proxy, const char *name)
{
    proxy->o.cookie_name = name;
    proxy->o.cookie_loc = maker_loc(m);
}

static inline struct hf_cfg_data_ref *maker_data_ref(struct maker *m, struct hf_cfg_proxy *proxy)
{
    struct hf_cfg_data_ref *ref = HF_NEW(m->config.arena, struct hf_cfg_data_ref);

    ref->loc = maker_loc(m);
    LL_APPEND(proxy->data_refs, ref);
    return ref;
}

static inline void maker_data_section(struct maker *m, struct hf_cfg_proxy *proxy,
                                      const char *section)
{
    maker_data_ref(m, proxy)->section = section;
}

static inline void maker_data_ports(struct maker *m, struct hf_cfg_proxy *proxy, uint16_t lo,
                                    uint16_t hi)
{
    struct hf_cfg_data_ref *ref = maker_data_ref(m, proxy);

    ref->lo = lo;
    ref->hi = hi;
}

/* All messages as the user reads them. */
static inline const char *maker_messages(struct maker *m)
{
    size_t size;
    FILE *out;

    free(m->messages);
    m->messages = NULL;
    out = open_memstream(&m->messages, &size);
    if (!out)
        abort();
    hf_diag_print(m->diag, out, HF_DIAG_NOTICE);
    fclose(out);
    return m->messages;
}

#endif
