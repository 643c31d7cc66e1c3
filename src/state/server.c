/*
 * server.c: whether a server takes sessions, its slots, and who is told of its changes.
 */
#include "haftp/base/assert.h"
#include "haftp/state/runtime.h"

static const struct hf_server_listener *listener;

void hf_server_listen(const struct hf_server_listener *who)
{
    listener = who;
}

bool hf_server_is_up_mt(const struct hf_server *server)
{
    return atomic_load_explicit(&server->up, memory_order_acquire) &&
           !atomic_load_explicit(&server->maint, memory_order_acquire);
}

bool hf_server_usable_mt(const struct hf_server *server)
{
    return hf_server_is_up_mt(server) &&
           atomic_load_explicit(&server->weight, memory_order_acquire) > 0;
}

unsigned hf_proxy_usable_mt(const struct hf_proxy *proxy, bool backup)
{
    unsigned n = 0;
    for (unsigned i = 0; i < proxy->n_servers; i++) {
        const struct hf_server *server = proxy->servers[i];
        n += server->cfg->o.backup == backup && hf_server_usable_mt(server);
    }
    return n;
}

bool hf_server_full_mt(const struct hf_server *server)
{
    unsigned limit = server->cfg->o.maxconn;
    return limit && atomic_load_explicit(&server->sessions, memory_order_relaxed) >= limit;
}

bool hf_server_take_mt(struct hf_server *server)
{
    unsigned limit = server->cfg->o.maxconn;
    unsigned now = atomic_load_explicit(&server->sessions, memory_order_relaxed);
    do {
        if (limit && now >= limit)
            return false;
    } while (!atomic_compare_exchange_weak(&server->sessions, &now, now + 1));
    atomic_fetch_add_explicit(&server->sessions_total, 1, memory_order_relaxed);
    return true;
}

void hf_server_put_mt(struct hf_server *server)
{
    unsigned before = atomic_fetch_sub(&server->sessions, 1);
    HF_ASSERT(before > 0);
    hf_waitlist_wake_mt(&server->waiting);
    hf_waitlist_wake_mt(&server->proxy->waiting);
}

void hf_server_set_up_mt(struct hf_server *server, bool up, const char *why)
{
    if (atomic_exchange(&server->up, up) == up)
        return;
    atomic_fetch_add(&server->proxy->generation, 1);
    if (listener)
        listener->on_state(server, up, why);
    /* Up: there may be room now.  Down: those who wait for this server must go elsewhere. */
    hf_waitlist_wake_all_mt(&server->waiting);
    hf_waitlist_wake_all_mt(&server->proxy->waiting);
}

void hf_server_note_mt(const struct hf_server *server, const char *text)
{
    if (listener)
        listener->on_note(server, text);
}
