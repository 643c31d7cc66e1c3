/*
 * proxy.c: fetches of sections, servers and tables: names, numbers, counts.
 */
#include "../rules_int.h"
#include "haftp/state/stick.h"

/* hf_server_share_mt() counts in sixteenths. */
#define SHARES_PER_WEIGHT 16u

static int64_t load(const _Atomic unsigned *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* ---- who they are ------------------------------------------------------------------------ */

/* The one in parentheses; in empty ones, the section that the rule is in. */
static const struct hf_proxy *proxy_arg(const struct hf_conv *call, const struct hf_eval *eval)
{
    const struct hf_cfg_proxy *cfg =
        hf_has_arg(call, 0) && call->args[0].proxy ? call->args[0].proxy : eval->section;
    return eval->runtime && cfg ? hf_runtime_proxy(eval->runtime, cfg) : NULL;
}

static const struct hf_server *server_arg(const struct hf_conv *call, const struct hf_eval *eval)
{
    const struct hf_cfg_server *cfg = hf_has_arg(call, 0) ? call->args[0].server : NULL;
    if (!eval->runtime || !cfg)
        return NULL;
    return hf_runtime_proxy(eval->runtime, cfg->proxy)->servers[cfg->index];
}

static const struct hf_cfg_proxy *frontend_of(const struct hf_eval *eval)
{
    return eval->facts && eval->facts->frontend ? eval->facts->frontend->cfg : NULL;
}

/* Until a backend was chosen, a session is in the backend of its frontend's name. */
static const struct hf_cfg_proxy *backend_of(const struct hf_eval *eval)
{
    if (eval->facts && eval->facts->backend)
        return eval->facts->backend->cfg;
    return frontend_of(eval);
}

/* ---- numbers and names ------------------------------------------------------------------- */

static enum hf_truth out_id(struct hf_sample *out, const struct hf_eval *eval,
                            const struct hf_cfg_proxy *wanted)
{
    if (!wanted || !eval->runtime)
        return HF_FALSE;
    return hf_out_number(out, hf_runtime_proxy(eval->runtime, wanted)->number);
}

FETCH(fe_id)
{
    UNUSED(call);
    return out_id(out, eval, frontend_of(eval));
}

FETCH(be_id)
{
    UNUSED(call);
    return out_id(out, eval, backend_of(eval));
}

FETCH(fe_name)
{
    UNUSED(call);
    const struct hf_cfg_proxy *proxy = frontend_of(eval);
    return proxy ? hf_out_text(out, proxy->name) : HF_FALSE;
}

FETCH(be_name)
{
    UNUSED(call);
    const struct hf_cfg_proxy *proxy = backend_of(eval);
    return proxy ? hf_out_text(out, proxy->name) : HF_FALSE;
}

FETCH(fe_defbe)
{
    UNUSED(call);
    const struct hf_cfg_proxy *proxy = frontend_of(eval);
    return proxy && proxy->o.default_backend ? hf_out_text(out, proxy->o.default_backend)
                                             : HF_FALSE;
}

FETCH(srv_id)
{
    UNUSED(call);
    const struct hf_server *server = eval->facts ? eval->facts->server : NULL;
    return server ? hf_out_number(out, server->cfg->id) : HF_FALSE;
}

FETCH(srv_name)
{
    UNUSED(call);
    const struct hf_server *server = eval->facts ? eval->facts->server : NULL;
    return server ? hf_out_text(out, server->cfg->name) : HF_FALSE;
}

/* ---- timeouts ---------------------------------------------------------------------------- */

#define FETCH_TIMEOUT(name, section_of, field)                                                     \
    FETCH(name)                                                                                    \
    {                                                                                              \
        UNUSED(call);                                                                              \
        const struct hf_cfg_proxy *proxy = section_of(eval);                                       \
        return proxy ? hf_out_number(out, proxy->o.timeout.field) : HF_FALSE;                      \
    }

FETCH_TIMEOUT(fe_client_timeout, frontend_of, client)
FETCH_TIMEOUT(be_server_timeout, backend_of, server)
FETCH_TIMEOUT(be_connect_timeout, backend_of, connect)
FETCH_TIMEOUT(be_queue_timeout, backend_of, queue)
FETCH_TIMEOUT(be_tunnel_timeout, backend_of, tunnel)

/* Nothing changes them while a session runs. */
FETCH(cur_server_timeout)
{
    return hf_do_fetch_be_server_timeout(call, eval, out);
}

FETCH(cur_tunnel_timeout)
{
    return hf_do_fetch_be_tunnel_timeout(call, eval, out);
}

/* ---- sessions ---------------------------------------------------------------------------- */

FETCH(fe_conn)
{
    const struct hf_proxy *proxy = proxy_arg(call, eval);
    return proxy ? hf_out_number(out, load(&proxy->sessions_front)) : HF_FALSE;
}

FETCH(be_conn)
{
    const struct hf_proxy *proxy = proxy_arg(call, eval);
    return proxy ? hf_out_number(out, load(&proxy->sessions_back)) : HF_FALSE;
}

FETCH(srv_conn)
{
    const struct hf_server *server = server_arg(call, eval);
    return server ? hf_out_number(out, load(&server->sessions)) : HF_FALSE;
}

/* -1: without end. */
static int64_t free_slots(const struct hf_server *server)
{
    int64_t limit = hf_server_limit_mt(server), used = load(&server->sessions);
    if (limit == 0)
        return -1;
    return limit > used ? limit - used : 0;
}

FETCH(srv_conn_free)
{
    const struct hf_server *server = server_arg(call, eval);
    return server ? hf_out_number(out, free_slots(server)) : HF_FALSE;
}

/* Backup servers count only when no other can be used. */
FETCH(be_conn_free)
{
    const struct hf_proxy *proxy = proxy_arg(call, eval);
    int64_t sum = 0;
    if (!proxy)
        return HF_FALSE;
    bool on_backup = hf_proxy_usable_mt(proxy) == 0, one_found = false;
    for (unsigned i = 0; i < proxy->n_servers; i++) {
        const struct hf_server *server = proxy->servers[i];
        if (server->cfg->o.backup != on_backup || !hf_server_usable_mt(server))
            continue;
        if (on_backup && one_found && !proxy->cfg->o.allbackups)
            break;
        one_found = true;
        int64_t slots = free_slots(server);
        if (slots < 0)
            return hf_out_number(out, slots);
        sum += slots;
    }
    return hf_out_number(out, sum);
}

/* Sessions and places in queues; -1: a server has no bound. */
FETCH(connslots)
{
    const struct hf_proxy *proxy = proxy_arg(call, eval);
    int64_t sum = 0;
    if (!proxy)
        return HF_FALSE;
    for (unsigned i = 0; i < proxy->n_servers; i++) {
        const struct hf_server *server = proxy->servers[i];
        unsigned maxconn = load(&server->maxconn), maxqueue = server->cfg->o.maxqueue;
        if (!hf_server_is_up_mt(server))
            continue;
        if (maxconn == 0 || maxqueue == 0)
            return hf_out_number(out, -1);
        sum += (int64_t)maxconn - load(&server->sessions);
        sum += (int64_t)maxqueue - hf_waitlist_count_mt(&server->waiting);
    }
    return hf_out_number(out, sum);
}

FETCH(dst_conn)
{
    UNUSED(call);
    const struct hf_proxy *proxy = eval->facts ? eval->facts->frontend : NULL;
    if (!proxy)
        return HF_FALSE;
    const struct hf_door *door = hf_proxy_door(proxy, eval->facts->bind);
    return hf_out_number(out, load(door ? &door->sessions : &proxy->sessions_front));
}

/* ---- rates ------------------------------------------------------------------------------- */

FETCH(fe_sess_rate)
{
    const struct hf_proxy *proxy = proxy_arg(call, eval);
    return proxy ? hf_out_number(out, hf_rate_read_mt(&proxy->rate_front, eval->now_ms)) : HF_FALSE;
}

FETCH(be_sess_rate)
{
    const struct hf_proxy *proxy = proxy_arg(call, eval);
    return proxy ? hf_out_number(out, hf_rate_read_mt(&proxy->rate_back, eval->now_ms)) : HF_FALSE;
}

FETCH(srv_sess_rate)
{
    const struct hf_server *server = server_arg(call, eval);
    return server ? hf_out_number(out, hf_rate_read_mt(&server->session_rate, eval->now_ms))
                  : HF_FALSE;
}

/* ---- queues ------------------------------------------------------------------------------ */

static int64_t queued(const struct hf_proxy *proxy)
{
    int64_t sum = hf_waitlist_count_mt(&proxy->waiting);
    for (unsigned i = 0; i < proxy->n_servers; i++)
        sum += hf_waitlist_count_mt(&proxy->servers[i]->waiting);
    return sum;
}

FETCH(queue)
{
    const struct hf_proxy *proxy = proxy_arg(call, eval);
    return proxy ? hf_out_number(out, queued(proxy)) : HF_FALSE;
}

FETCH(srv_queue)
{
    const struct hf_server *server = server_arg(call, eval);
    return server ? hf_out_number(out, hf_waitlist_count_mt(&server->waiting)) : HF_FALSE;
}

/* Rounded up; without servers it counts double, as nobody takes them. */
FETCH(avg_queue)
{
    const struct hf_proxy *proxy = proxy_arg(call, eval);
    if (!proxy)
        return HF_FALSE;
    int64_t all = queued(proxy), servers = hf_usable_servers(proxy);
    return hf_out_number(out, servers ? (all + servers - 1) / servers : 2 * all);
}

/* ---- servers ----------------------------------------------------------------------------- */

unsigned hf_usable_servers(const struct hf_proxy *proxy)
{
    unsigned active = hf_proxy_usable_mt(proxy);
    if (active)
        return active;
    unsigned backup = hf_proxy_usable_backups_mt(proxy);
    return backup && !proxy->cfg->o.allbackups ? 1 : backup;
}

FETCH(nbsrv)
{
    const struct hf_proxy *proxy = proxy_arg(call, eval);
    return proxy ? hf_out_number(out, hf_usable_servers(proxy)) : HF_FALSE;
}

FETCH(srv_is_up)
{
    const struct hf_server *server = server_arg(call, eval);
    return server ? hf_out_bool(out, hf_server_is_up_mt(server)) : HF_FALSE;
}

FETCH(srv_iweight)
{
    const struct hf_server *server = server_arg(call, eval);
    return server ? hf_out_number(out, server->cfg->o.weight) : HF_FALSE;
}

FETCH(srv_uweight)
{
    const struct hf_server *server = server_arg(call, eval);
    return server ? hf_out_number(out, load(&server->weight)) : HF_FALSE;
}

/* Less than its own while it starts slowly. */
FETCH(srv_weight)
{
    const struct hf_server *server = server_arg(call, eval);
    if (!server)
        return HF_FALSE;
    return hf_out_number(out,
                         (hf_server_share_mt(server) + SHARES_PER_WEIGHT - 1) / SHARES_PER_WEIGHT);
}

/* ---- stick tables ------------------------------------------------------------------------ */

FETCH(table_cnt)
{
    struct hf_stick_table *table = hf_table_arg(call, 0, eval);
    return table ? hf_out_number(out, hf_stick_count_mt(table, eval->now_ms)) : HF_FALSE;
}

FETCH(table_avl)
{
    struct hf_stick_table *table = hf_table_arg(call, 0, eval);
    if (!table)
        return HF_FALSE;
    return hf_out_number(out, (int64_t)hf_stick_cfg(table)->size -
                                  hf_stick_count_mt(table, eval->now_ms));
}
