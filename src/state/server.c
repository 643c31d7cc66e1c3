/*
 * server.c: whether a server takes sessions, its slots, and who is told of its changes.
 */
#include <stdio.h>

#include "haftp/base/assert.h"
#include "haftp/base/clock.h"
#include "server_int.h"

static const struct hf_server_listener *listener;
static hf_server_evict_fn evictor;
static hf_server_errors_fn on_errors;

void hf_server_listen(const struct hf_server_listener *who)
{
    listener = who;
}

void hf_server_on_evict(hf_server_evict_fn fn)
{
    evictor = fn;
}

void hf_server_on_errors(hf_server_errors_fn fn)
{
    on_errors = fn;
}

bool hf_server_is_up_mt(const struct hf_server *server)
{
    return atomic_load_explicit(&server->up, memory_order_acquire) &&
           !(atomic_load_explicit(&server->off, memory_order_acquire) & HF_OFF_ANY_MAINT);
}

bool hf_server_usable_mt(const struct hf_server *server)
{
    return hf_server_is_up_mt(server) &&
           !(atomic_load_explicit(&server->off, memory_order_acquire) & HF_OFF_ANY_DRAIN) &&
           !atomic_load_explicit(&server->stopping, memory_order_acquire) &&
           atomic_load_explicit(&server->weight, memory_order_acquire) > 0;
}

static unsigned count_usable(const struct hf_proxy *proxy, bool backup)
{
    unsigned n = 0;
    for (unsigned i = 0; i < proxy->n_servers; i++) {
        const struct hf_server *server = proxy->servers[i];
        n += server->cfg->o.backup == backup && hf_server_usable_mt(server);
    }
    return n;
}

unsigned hf_proxy_usable_mt(const struct hf_proxy *proxy)
{
    return count_usable(proxy, false);
}

unsigned hf_proxy_usable_backups_mt(const struct hf_proxy *proxy)
{
    return count_usable(proxy, true);
}

/* ---- how much it may have ---------------------------------------------------------------- */

#define SHARES_PER_WEIGHT 16u

unsigned hf_server_share_mt(const struct hf_server *server)
{
    unsigned weight = atomic_load_explicit(&server->weight, memory_order_acquire);
    unsigned warmth = atomic_load_explicit(&server->warmth, memory_order_acquire);
    unsigned steps = 1 + SHARES_PER_WEIGHT * warmth / 100;
    return weight * (steps < SHARES_PER_WEIGHT ? steps : SHARES_PER_WEIGHT);
}

unsigned hf_server_limit_mt(const struct hf_server *server)
{
    const struct hf_cfg_server_opts *o = &server->cfg->o;
    unsigned maxconn = atomic_load_explicit(&server->maxconn, memory_order_relaxed);
    unsigned limit = maxconn;
    if (limit == 0)
        return 0;
    if (o->minconn && o->minconn < maxconn) {
        const struct hf_proxy *proxy = server->proxy;
        unsigned now = atomic_load_explicit(&proxy->sessions_back, memory_order_relaxed);
        if (now < proxy->fullconn)
            limit = (unsigned)((uint64_t)now * maxconn / proxy->fullconn);
        if (limit < o->minconn)
            limit = o->minconn;
    }
    unsigned warmth = atomic_load_explicit(&server->warmth, memory_order_relaxed);
    limit = (unsigned)((uint64_t)limit * warmth / 100);
    return limit ? limit : 1;
}

bool hf_server_full_mt(const struct hf_server *server)
{
    unsigned limit = hf_server_limit_mt(server);
    return limit && atomic_load_explicit(&server->sessions, memory_order_relaxed) >= limit;
}

bool hf_server_queue_full_mt(const struct hf_server *server)
{
    unsigned most = server->cfg->o.maxqueue;
    /* Who was woken may wait on. */
    unsigned waiting = hf_waitlist_count_mt(&server->waiting) +
                       atomic_load_explicit(&server->waiting.woken, memory_order_relaxed);
    return most && waiting >= most;
}

static bool is_counted(const struct hf_proxy *proxy)
{
    return proxy->cfg->o.hash_balance_factor > 0;
}

bool hf_server_take_mt(struct hf_server *server)
{
    unsigned limit = hf_server_limit_mt(server);
    unsigned now = atomic_load_explicit(&server->sessions, memory_order_relaxed);
    do {
        if (limit && now >= limit)
            return false;
    } while (!atomic_compare_exchange_weak(&server->sessions, &now, now + 1));
    hf_note_most(&server->sessions_most, now + 1);
    if (is_counted(server->proxy))
        atomic_fetch_add_explicit(&server->proxy->served, 1, memory_order_relaxed);
    return true;
}

/* Who reads the list takes `freed` back before it looks at the sessions: so it sees what we did, or
 * finds us on the list again. */
static void tell_freed(struct hf_server *server)
{
    struct hf_proxy *proxy = server->proxy;

    if (!atomic_load(&proxy->tells_freed) || atomic_load(&server->freed) ||
        atomic_exchange(&server->freed, true))
        return;
    struct hf_server *first = atomic_load(&proxy->freed);
    do {
        server->next_freed = first;
    } while (!atomic_compare_exchange_weak(&proxy->freed, &first, server));
}

/* Only one reads at a time, so the first one cannot go and come back meanwhile. */
struct hf_server *hf_proxy_next_freed_locked(struct hf_proxy *proxy)
{
    struct hf_server *first = atomic_load(&proxy->freed);
    while (first && !atomic_compare_exchange_weak(&proxy->freed, &first, first->next_freed))
        continue;
    if (first)
        atomic_store(&first->freed, false);
    return first;
}

/* Both who wait for this very server and who wait for any: those come first who waited longest, or
 * are more urgent. */
static void wake_one(struct hf_server *server)
{
    struct hf_waitlist *own = &server->waiting, *all = &server->proxy->waiting;
    bool others_first = hf_waitlist_precedes_mt(all, own);

    hf_waitlist_wake_mt(others_first ? all : own);
    hf_waitlist_wake_mt(others_first ? own : all);
}

void hf_server_put_mt(struct hf_server *server)
{
    unsigned before = atomic_fetch_sub(&server->sessions, 1);
    HF_ASSERT(before > 0);
    if (is_counted(server->proxy))
        atomic_fetch_sub_explicit(&server->proxy->served, 1, memory_order_relaxed);
    tell_freed(server);
    wake_one(server);
}

/* ---- its health -------------------------------------------------------------------------- */

void hf_server_wake_mt(struct hf_server *server)
{
    hf_waitlist_wake_all_mt(&server->waiting);
    hf_waitlist_wake_all_mt(&server->proxy->waiting);
}

static void evict(struct hf_server *server, enum hf_reason reason)
{
    if (evictor)
        evictor(server, reason);
}

/* What the server line wants done besides. */
void hf_server_end_sessions_mt(struct hf_server *server, bool up)
{
    const struct hf_proxy *proxy = server->proxy;
    const struct hf_cfg_server_opts *o = &server->cfg->o;

    if (!up && o->on_marked_down == HF_MARKED_DOWN_SHUTDOWN)
        evict(server, HF_REASON_SERVER_DOWN);
    if (!up || o->on_marked_up != HF_MARKED_UP_SHUTDOWN_BACKUPS || o->backup ||
        atomic_load_explicit(&server->weight, memory_order_relaxed) == 0)
        return;
    for (unsigned i = 0; i < proxy->n_servers; i++) {
        if (proxy->servers[i]->cfg->o.backup)
            evict(proxy->servers[i], HF_REASON_SERVER_UP);
    }
}

void hf_server_changed_mt(struct hf_server *server)
{
    struct hf_proxy *proxy = server->proxy;
    uint64_t now_ms = hf_clock_steady_ms();
    atomic_fetch_add(&proxy->generation, 1);
    bool down = hf_proxy_usable_mt(proxy) == 0 && hf_proxy_usable_backups_mt(proxy) == 0;

    hf_history_change(&server->history, !hf_server_is_up_mt(server), now_ms);
    proxy->lost_last = down && !proxy->history.down;
    if (down != proxy->history.down)
        hf_history_change(&proxy->history, down, now_ms);
}

void hf_server_set_up_mt(struct hf_server *server, bool up, const char *why)
{
    char via[256];

    if (atomic_load(&server->up) == up && !atomic_load(&server->stopping))
        return;
    atomic_store(&server->stopping, false);
    if (up)
        hf_server_start_slowly(server);
    atomic_store(&server->up, up);
    hf_server_changed_mt(server);
    if (listener)
        listener->on_state(server, up, why);
    hf_server_end_sessions_mt(server, up);
    /* Up: there may be room now.  Down: those who wait for this server must go elsewhere. */
    hf_server_wake_mt(server);

    snprintf(via, sizeof via, "via %s/%s", server->proxy->cfg->name, server->cfg->name);
    for (struct hf_server *follower = server->trackers; follower; follower = follower->next_tracker)
        hf_server_set_up_mt(follower, up, via);
}

void hf_server_start_slowly(struct hf_server *server)
{
    if (!server->cfg->o.slowstart_ms)
        return;
    server->warm_from_ms = 0;
    atomic_store(&server->warmth, 0);
}

void hf_server_warm_mt(struct hf_server *server, unsigned percent)
{
    atomic_store(&server->warmth, percent);
    atomic_fetch_add(&server->proxy->generation, 1);
    if (atomic_load_explicit(&server->maxconn, memory_order_relaxed))
        hf_server_wake_mt(server); /* its limit has grown, too */
}

void hf_server_observed_mt(struct hf_server *server, bool reached)
{
    if (server->cfg->o.observe == HF_OBSERVE_NONE)
        return;
    if (reached) {
        atomic_store_explicit(&server->errors, 0, memory_order_relaxed);
        return;
    }
    /* Exactly one of those who fail at a time is the one too many. */
    unsigned errors = atomic_fetch_add_explicit(&server->errors, 1, memory_order_relaxed) + 1;
    if (errors != server->cfg->o.error_limit)
        return;
    atomic_store_explicit(&server->errors, 0, memory_order_relaxed);
    if (on_errors)
        on_errors(server);
}

void hf_server_tell_mt(const struct hf_server *server, const struct hf_server_news *news)
{
    if (listener && listener->on_admin)
        listener->on_admin(server, news);
}

void hf_server_note_mt(const struct hf_server *server, const char *text)
{
    if (listener)
        listener->on_note(server, text);
}
