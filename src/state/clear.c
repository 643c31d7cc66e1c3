/*
 * clear.c: counters and highest values begin anew.
 */
#include "haftp/state/runtime.h"

static void clear_most(_Atomic unsigned *most, const _Atomic unsigned *now)
{
    atomic_store_explicit(most, atomic_load_explicit(now, memory_order_relaxed),
                          memory_order_relaxed);
}

static void clear_rate(struct hf_rate *rate)
{
    atomic_store_explicit(&rate->most, 0, memory_order_relaxed);
}

static void clear_pace(struct hf_pace *pace)
{
    for (unsigned span = 0; span < HF_N_SPANS; span++)
        atomic_store_explicit(&pace->most[span], 0, memory_order_relaxed);
}

static void clear_server(struct hf_server *server)
{
    clear_most(&server->sessions_most, &server->sessions);
    clear_most(&server->waiting.most, &server->waiting.count);
    clear_rate(&server->session_rate);
    clear_pace(&server->pace);
}

static void clear_section(struct hf_proxy *proxy)
{
    clear_most(&proxy->most_front, &proxy->sessions_front);
    clear_most(&proxy->most_back, &proxy->sessions_back);
    clear_most(&proxy->waiting.most, &proxy->waiting.count);
    clear_rate(&proxy->rate_front);
    clear_rate(&proxy->rate_back);
    clear_pace(&proxy->pace);
    for (unsigned i = 0; i < proxy->n_doors; i++)
        clear_most(&proxy->doors[i].sessions_most, &proxy->doors[i].sessions);
    for (unsigned i = 0; i < proxy->n_servers; i++)
        clear_server(proxy->servers[i]);
}

/* What only main's thread counts. */
static void clear_histories(struct hf_proxy *proxy)
{
    proxy->history.downs = 0;
    for (unsigned i = 0; i < proxy->n_servers; i++) {
        proxy->servers[i]->history.downs = 0;
        proxy->servers[i]->checked.failures = 0;
    }
}

bool hf_runtime_clear(struct hf_runtime *runtime, bool most_only)
{
    if (!most_only && !hf_tally_clear(&runtime->tally))
        return false;
    clear_rate(&runtime->connection_rate);
    clear_rate(&runtime->session_rate);
    clear_rate(&runtime->tls_rate);
    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        clear_section(runtime->proxies[i]);
        if (!most_only)
            clear_histories(runtime->proxies[i]);
    }
    return true;
}
