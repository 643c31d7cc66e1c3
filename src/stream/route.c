/*
 * route.c: which backend, and which of its servers if a rule names one.
 */
#include "route_int.h"

#include <string.h>

#include "haftp/log/format.h"
#include "haftp/net/socket.h"
#include "haftp/stream/rules.h"

#define NAME_BYTES 256u

void hf_route_know(struct hf_eval *eval, struct hf_session *session, struct hf_watch *front,
                   const struct hf_cfg_proxy *section)
{
    struct hf_view bytes;

    hf_rules_prepare(eval, session, section);
    (void)hf_rules_peek_client(session, front, &bytes);
    if (bytes.n)
        eval->request = bytes;
}

/* ---- use_backend -------------------------------------------------------------------------- */

static struct hf_proxy *find_backend(const struct hf_runtime *runtime, const char *name)
{
    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        struct hf_proxy *proxy = runtime->proxies[i];
        if ((proxy->cfg->caps & HF_CAP_BACKEND) && strcmp(proxy->cfg->name, name) == 0)
            return proxy;
    }
    return NULL;
}

static struct hf_proxy *backend_of(const struct hf_cfg_switch *choice, struct hf_eval *eval)
{
    char name[NAME_BYTES];

    if (choice->backend)
        return hf_runtime_proxy(eval->runtime, choice->backend);
    hf_log_format_text(choice->format, eval, name, sizeof name);
    return find_backend(eval->runtime, name);
}

static struct hf_proxy *choose(struct hf_session *session, struct hf_watch *front)
{
    const struct hf_cfg_proxy *frontend = session->facts.frontend->cfg;
    const struct hf_cfg_switch *choice = frontend->switches;
    struct hf_proxy *backend;
    struct hf_eval eval;

    if (choice)
        hf_route_know(&eval, session, front, frontend);
    for (; choice; choice = choice->next) {
        /* A made-up name that no backend has counts as no choice. */
        if (hf_cond_eval(choice->cond, &eval) == HF_TRUE && (backend = backend_of(choice, &eval)))
            return backend;
    }
    return frontend->backend ? hf_runtime_proxy(session->engine->runtime, frontend->backend) : NULL;
}

void hf_route_backend(struct hf_session *session, struct hf_watch *front)
{
    struct hf_proxy *backend = choose(session, front);

    session->facts.backend = backend;
    if (!backend)
        return;
    unsigned before = atomic_fetch_add_explicit(&backend->sessions_back, 1, memory_order_relaxed);
    hf_note_most(&backend->most_back, before + 1);
    hf_rate_count_mt(&backend->rate_back, hf_loop_now(session->engine->loop));
    hf_count(session->engine->shard, backend->back_at, HF_COUNT_SESSIONS, 1);
    atomic_store_explicit(&backend->pace.last_ms, hf_loop_now(session->engine->loop),
                          memory_order_relaxed);
}

/* ---- use-server --------------------------------------------------------------------------- */

static const struct hf_server *find_server(const struct hf_proxy *backend, const char *name)
{
    for (unsigned i = 0; i < backend->n_servers; i++) {
        if (strcmp(backend->servers[i]->cfg->name, name) == 0)
            return backend->servers[i];
    }
    return NULL;
}

static const struct hf_server *server_of(const struct hf_cfg_use_server *choice,
                                         const struct hf_proxy *backend, struct hf_eval *eval)
{
    char name[NAME_BYTES];

    if (choice->server)
        return backend->servers[choice->server->index];
    hf_log_format_text(choice->format, eval, name, sizeof name);
    return find_server(backend, name);
}

void hf_route_server(struct hf_session *session, struct hf_watch *front)
{
    const struct hf_proxy *backend = session->facts.backend;
    const struct hf_cfg_use_server *choice = backend ? backend->cfg->use_servers : NULL;
    struct hf_eval eval;

    if (choice)
        hf_route_know(&eval, session, front, backend->cfg);
    for (; choice; choice = choice->next) {
        if (hf_cond_eval(choice->cond, &eval) != HF_TRUE)
            continue;
        const struct hf_server *server = server_of(choice, backend, &eval);
        /* One that is down leaves the session to the next rule, or to `balance`. */
        if (server && (hf_server_is_up_mt(server) || backend->cfg->o.persist)) {
            session->wanted = server;
            return;
        }
    }
}
