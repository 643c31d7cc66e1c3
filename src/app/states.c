/*
 * states.c: what HUP logs: how each section and each server is doing.
 *
 * The shape is HAProxy's: a name, what it does now, what it has done since the start.
 */
#include <stdio.h>

#include "app_int.h"
#include "haftp/log/log.h"

static unsigned long long count(const struct hf_proxy *proxy, unsigned at, enum hf_count what)
{
    return (unsigned long long)hf_counted(proxy->runtime, at, what);
}

/* Of a section with binds, the frontend's, which has all of a listen. */
static unsigned counts_at(const struct hf_proxy *proxy)
{
    return proxy->cfg->caps & HF_CAP_FRONTEND ? proxy->front_at : proxy->back_at;
}

/* "; denied: 3 connections, 0 sessions, 0 contents, 0 responses, 12 commands" of a section that has
 * such rules. */
static void tell_denied(const struct hf_proxy *proxy, char *out, size_t size)
{
    bool any = false;

    for (unsigned set = 0; set < HF_N_RULE_SETS; set++)
        any = any || proxy->cfg->rules[set];
    *out = '\0';
    if (any)
        snprintf(out, size,
                 "; denied: %llu connections, %llu sessions, %llu contents, %llu responses, "
                 "%llu commands",
                 count(proxy, proxy->front_at, HF_COUNT_DENIED_CONNECTIONS),
                 count(proxy, proxy->front_at, HF_COUNT_DENIED_SESSIONS),
                 count(proxy, counts_at(proxy), HF_COUNT_DENIED_REQUESTS),
                 count(proxy, counts_at(proxy), HF_COUNT_DENIED_RESPONSES),
                 count(proxy, proxy->front_at, HF_COUNT_FTP_DENIED));
}

static bool has_to_do_with_ftp(const struct hf_proxy *proxy)
{
    const struct hf_cfg_bind *bind = proxy->cfg->binds;

    while (bind && bind->role == HF_BIND_PLAIN)
        bind = bind->next;
    return bind != NULL;
}

static void tell_data(const struct hf_proxy *proxy, char *out, size_t size)
{
    *out = '\0';
    if (has_to_do_with_ftp(proxy))
        snprintf(out, size, "; data ports: %llu strangers, %llu times none was free",
                 count(proxy, proxy->front_at, HF_COUNT_FTP_STRANGERS),
                 count(proxy, proxy->front_at, HF_COUNT_FTP_PORTS_EXHAUSTED));
}

static void tell_headers(const struct hf_proxy *proxy, char *out, size_t size)
{
    unsigned long long bad = count(proxy, proxy->front_at, HF_COUNT_BAD_HEADERS);

    *out = '\0';
    if (bad)
        snprintf(out, size, "; %llu without the PROXY header they need", bad);
}

static void log_section(const struct hf_proxy *proxy)
{
    char denied[160], data[96], headers[64];

    tell_denied(proxy, denied, sizeof denied);
    tell_data(proxy, data, sizeof data);
    tell_headers(proxy, headers, sizeof headers);
    hf_log_event_mt(proxy, HF_LEVEL_NOTICE,
                    "Proxy %s. Conn: %u+%u active (FE+BE), %llu total%s%s%s.", proxy->cfg->name,
                    atomic_load_explicit(&proxy->sessions_front, memory_order_relaxed),
                    atomic_load_explicit(&proxy->sessions_back, memory_order_relaxed),
                    count(proxy, counts_at(proxy), HF_COUNT_SESSIONS), denied, data, headers);
}

static void log_server(const struct hf_server *server)
{
    hf_log_event_mt(server->proxy, HF_LEVEL_NOTICE,
                    "Server %s/%s is %s. Conn: %u active, %llu total, %llu failed.",
                    server->proxy->cfg->name, server->cfg->name,
                    hf_server_is_up_mt(server) ? "UP" : "DOWN",
                    atomic_load_explicit(&server->sessions, memory_order_relaxed),
                    count(server->proxy, server->counts_at, HF_COUNT_SESSIONS),
                    count(server->proxy, server->counts_at, HF_COUNT_FAILED_CONNECTS));
}

void app_log_states(const struct hf_runtime *runtime)
{
    for (unsigned p = 0; p < runtime->n_proxies; p++) {
        const struct hf_proxy *proxy = runtime->proxies[p];
        if (proxy->cfg->o.disabled)
            continue;
        log_section(proxy);
        for (unsigned i = 0; i < proxy->n_servers; i++)
            log_server(proxy->servers[i]);
    }
}
