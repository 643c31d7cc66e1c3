/*
 * rows.c: a section's frontend, its binds, its servers, its backend: one row each, in this order.
 *
 * What a column means, and for whom it is empty, is HAProxy's business: measured with 2.6.
 */
#include <stdio.h>
#include <string.h>

#include <utlist.h>

#include "haftp/base/clock.h"
#include "haftp/state/tls.h"

#include "stats.h"

/* ---- setting values ---------------------------------------------------------------------- */

static void number(struct stat_row *row, enum stat_column column, uint64_t n)
{
    row->value[column] = (struct stat_value){.set = true, .number = (int64_t)n};
}

static void text(struct stat_row *row, enum stat_column column, const char *p)
{
    if (p)
        row->value[column] = (struct stat_value){.set = true, .text = p};
}

static unsigned load(const _Atomic unsigned *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static uint64_t seconds_since(uint64_t then_ms, uint64_t now_ms)
{
    return now_ms > then_ms ? (now_ms - then_ms) / 1000 : 0;
}

static bool has_ftp(const struct hf_runtime *runtime)
{
    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        if (runtime->proxies[i]->cfg->ftp_summary)
            return true;
    }
    return false;
}

/* All counters that this kind of object has. */
static void fill_counters(struct stat_row *row, unsigned at, char who)
{
    const struct hf_runtime *runtime = row->proxy->runtime;
    bool ftp = has_ftp(runtime);

    for (unsigned i = 0; i < N_STATS; i++) {
        enum hf_count count;
        if (stat_column_is_zero((enum stat_column)i, who))
            number(row, (enum stat_column)i, 0);
        if (!stat_column_counts((enum stat_column)i, &count))
            continue;
        const struct hf_count_row *what = hf_count_row(count);
        if (strchr(what->where, who) && (ftp || !what->is_ftp))
            number(row, (enum stat_column)i, hf_counted(runtime, at, count));
    }
}

static void fill_names(struct stat_row *row, const char *name, unsigned sid)
{
    text(row, STAT_PXNAME, row->proxy->cfg->name);
    text(row, STAT_SVNAME, name);
    number(row, STAT_PID, 1);
    number(row, STAT_IID, row->proxy->number);
    number(row, STAT_SID, sid);
    number(row, STAT_TYPE, row->object);
    text(row, STAT_MODE, row->proxy->cfg->o.mode == HF_MODE_HTTP ? "http" : "tcp");
    text(row, STAT_MODULES, "-");
}

static void fill_rate(struct stat_row *row, const struct hf_rate *rate)
{
    number(row, STAT_RATE, hf_rate_read_mt(rate, hf_clock_steady_ms()));
    number(row, STAT_RATE_MAX, load(&rate->most));
}

static void fill_sessions(struct stat_row *row, const _Atomic unsigned *now,
                          const _Atomic unsigned *most)
{
    number(row, STAT_SCUR, load(now));
    number(row, STAT_SMAX, load(most));
}

static void fill_queue(struct stat_row *row, const struct hf_waitlist *waiting)
{
    number(row, STAT_QCUR, load(&waiting->count));
    number(row, STAT_QMAX, load(&waiting->most));
}

static void fill_pace(struct stat_row *row, const struct hf_pace *pace)
{
    uint64_t last = atomic_load_explicit(&pace->last_ms, memory_order_relaxed);

    number(row, STAT_QTIME, hf_pace_read_mt(pace, HF_SPAN_QUEUE));
    number(row, STAT_CTIME, hf_pace_read_mt(pace, HF_SPAN_CONNECT));
    number(row, STAT_TTIME, hf_pace_read_mt(pace, HF_SPAN_TOTAL));
    number(row, STAT_QTIME_MAX, load(&pace->most[HF_SPAN_QUEUE]));
    number(row, STAT_CTIME_MAX, load(&pace->most[HF_SPAN_CONNECT]));
    number(row, STAT_TTIME_MAX, load(&pace->most[HF_SPAN_TOTAL]));
    number(row, STAT_LASTSESS,
           last ? seconds_since(last, hf_clock_steady_ms()) : (uint64_t)INT64_C(-1));
}

static void add_site(struct stat_row *row, const struct hf_tls_site *site)
{
    const struct hf_tls_counts *counts = &site->counts;
    uint64_t full = atomic_load_explicit(&counts->full, memory_order_relaxed);
    uint64_t resumed = atomic_load_explicit(&counts->resumed, memory_order_relaxed);

    row->value[STAT_SSL_SESS].number += (int64_t)(full + resumed);
    row->value[STAT_SSL_REUSED].number += (int64_t)resumed;
    row->value[STAT_SSL_FAILED].number +=
        (int64_t)atomic_load_explicit(&counts->failed, memory_order_relaxed);
}

static bool is_of_row(const struct hf_tls_site *site, const struct stat_row *row)
{
    switch (row->object) {
    case STAT_FRONTEND:
        return site->bind && site->bind->proxy == row->proxy->cfg;
    case STAT_LISTENER:
        return row->bind->tls_site == site;
    case STAT_SERVER:
        return row->server->cfg->tls_site == site;
    default:
        return site->server && site->server->proxy == row->proxy->cfg;
    }
}

static void fill_tls(struct stat_row *row)
{
    const struct hf_tls_site *site;

    number(row, STAT_SSL_SESS, 0);
    number(row, STAT_SSL_REUSED, 0);
    number(row, STAT_SSL_FAILED, 0);
    LL_FOREACH(row->proxy->runtime->config->tls_sites, site)
    {
        if (is_of_row(site, row))
            add_site(row, site);
    }
}

/* ---- frontend ---------------------------------------------------------------------------- */

static unsigned limit_of(const struct hf_proxy *proxy)
{
    return proxy->cfg->o.maxconn ? proxy->cfg->o.maxconn : proxy->runtime->maxconn;
}

/* Those that are awaited now are no counter: clearing changes nothing about them. */
static void fill_leases(struct stat_row *row)
{
    const struct hf_tally *tally = &row->proxy->runtime->tally;
    uint64_t over = hf_tally_total(tally, row->proxy->front_at, HF_COUNT_FTP_LEASES_OVER);
    uint64_t given = hf_tally_total(tally, row->proxy->front_at, HF_COUNT_FTP_LEASES);

    if (row->value[STAT_FTP_LEASES].set)
        number(row, STAT_FTP_LEASES_CUR, given > over ? given - over : 0);
}

static void fill_frontend(struct stat_row *row)
{
    const struct hf_proxy *proxy = row->proxy;
    bool stopping = atomic_load_explicit(&proxy->runtime->stopping, memory_order_relaxed);

    fill_names(row, "FRONTEND", 0);
    fill_counters(row, proxy->front_at, 'F');
    fill_leases(row);
    fill_sessions(row, &proxy->sessions_front, &proxy->most_front);
    number(row, STAT_SLIM, limit_of(proxy));
    text(row, STAT_STATUS, stopping ? "STOP" : "OPEN");
    fill_rate(row, &proxy->rate_front);
    number(row, STAT_RATE_LIM, proxy->cfg->o.session_rate);
    number(row, STAT_CONN_RATE, (uint64_t)row->value[STAT_RATE].number);
    number(row, STAT_CONN_RATE_MAX, load(&proxy->rate_front.most));
    fill_tls(row);
}

/* ---- binds ------------------------------------------------------------------------------- */

static void fill_listener(struct stat_row *row)
{
    const struct hf_door *door = hf_proxy_door(row->proxy, row->bind);
    bool full = row->bind->maxconn && load(&door->sessions) >= row->bind->maxconn;

    snprintf(row->texts[0], sizeof row->texts[0], "sock-%u", row->bind->number);
    fill_names(row, row->bind->name ? row->bind->name : row->texts[0], row->bind->number);
    fill_counters(row, door->counts_at, 'L');
    row->value[STAT_STOT] = row->value[STAT_CONN_TOT]; /* HAProxy's binds count connections */
    row->value[STAT_CONN_TOT].set = false;
    fill_sessions(row, &door->sessions, &door->sessions_most);
    number(row, STAT_SLIM, row->bind->maxconn);
    text(row, STAT_STATUS, full ? "FULL" : "OPEN");
    text(row, STAT_ADDR, row->bind->text);
    fill_tls(row);
}

/* ---- servers ----------------------------------------------------------------------------- */

const char *const stat_state_names[STAT_N_STATES] = {"DOWN", "UP", "MAINT", "DRAIN", "NOLB"};

static const struct hf_server *checked_one(const struct hf_server *server)
{
    while (server->tracked)
        server = server->tracked;
    return server;
}

enum stat_state stat_server_state(const struct hf_server *server)
{
    unsigned off = load(&server->off);
    if (off & HF_OFF_ANY_MAINT)
        return STAT_MAINT;
    if (!hf_server_is_up_mt(server))
        return STAT_DOWN;
    if (atomic_load_explicit(&server->stopping, memory_order_relaxed))
        return STAT_NOLB;
    return off & HF_OFF_ANY_DRAIN || load(&server->weight) == 0 ? STAT_DRAIN : STAT_UP;
}

void stat_server_status(const struct hf_server *server, char *out, size_t size)
{
    const struct hf_server *by = checked_one(server);
    const struct hf_cfg_server_opts *o = &by->cfg->o;
    enum stat_state state = stat_server_state(server);
    unsigned health = by->checked.health, off = load(&server->off);

    /* Only an administrator or an agent drains, in this column: no weight does. */
    if (state == STAT_DRAIN && !(off & HF_OFF_ANY_DRAIN))
        state = STAT_UP;
    if (state == STAT_MAINT && server->cfg->unresolved)
        snprintf(out, size, "MAINT (resolution)");
    else if (state == STAT_MAINT && off & HF_OFF_MAINT_TRACKED)
        snprintf(out, size, "MAINT (via %s/%s)", server->tracked->proxy->cfg->name,
                 server->tracked->cfg->name);
    else if (state == STAT_DRAIN && by->agent && !by->agent_unasked)
        snprintf(out, size, "DRAIN (agent)");
    else if (state == STAT_DOWN && by->agent && !by->agent_unasked && !by->agent_checked.health)
        snprintf(out, size, "DOWN (agent)");
    else if (state == STAT_UP && (!by->check || by->unchecked))
        snprintf(out, size, "no check");
    else if (by->check && (state == STAT_UP || state == STAT_DRAIN) && health >= o->rise &&
             health < o->rise + o->fall - 1)
        snprintf(out, size, "%s %u/%u", stat_state_names[state], health - o->rise + 1, o->fall);
    else if (by->check && state == STAT_DOWN && health > 0 && health < o->rise)
        snprintf(out, size, "DOWN %u/%u", health, o->rise);
    else
        snprintf(out, size, "%s", stat_state_names[state]);
}

static bool is_in_maint(const struct hf_server *server)
{
    return load(&server->off) & HF_OFF_ANY_MAINT;
}

/* One answer of an agent is enough, either way. */
static void fill_agent(struct stat_row *row)
{
    const struct hf_checked *told = &row->server->agent_checked;

    number(row, STAT_AGENT_RISE, 1);
    number(row, STAT_AGENT_FALL, 1);
    number(row, STAT_AGENT_HEALTH, told->health);
    text(row, STAT_AGENT_STATUS, told->status ? told->status : "INI");
    text(row, STAT_AGENT_DESC, told->status ? told->what : "Initializing");
    if (!told->status)
        return;
    number(row, STAT_AGENT_DURATION, told->took_ms);
    if (hf_check_status_has_code(told->found))
        number(row, STAT_AGENT_CODE, (unsigned)told->code);
    text(row, STAT_LAST_AGT, told->info);
}

static void fill_check(struct stat_row *row)
{
    const struct hf_server *server = row->server;
    const struct hf_checked *checked = &server->checked;
    const struct hf_cfg_server_opts *o = &server->cfg->o;
    uint64_t now_ms = hf_clock_steady_ms();

    number(row, STAT_LASTCHG, seconds_since(server->history.since_ms, now_ms));
    if (server->agent && !server->agent_unasked)
        fill_agent(row);
    if (server->tracked) {
        snprintf(row->texts[2], sizeof row->texts[2], "%s/%s", server->tracked->proxy->cfg->name,
                 server->tracked->cfg->name);
        text(row, STAT_TRACKED, row->texts[2]);
    }
    if (!server->check || server->unchecked)
        return;
    number(row, STAT_CHKFAIL, checked->failures);
    number(row, STAT_CHKDOWN, server->history.downs);
    number(row, STAT_DOWNTIME, hf_history_down_ms(&server->history, now_ms) / 1000);
    if (is_in_maint(server))
        return;
    number(row, STAT_CHECK_RISE, o->rise);
    number(row, STAT_CHECK_FALL, o->fall);
    number(row, STAT_CHECK_HEALTH, checked->health);
    text(row, STAT_CHECK_STATUS, checked->status ? checked->status : "INI");
    text(row, STAT_CHECK_DESC, checked->status ? checked->what : "Initializing");
    if (!checked->status)
        return;
    number(row, STAT_CHECK_DURATION, checked->took_ms);
    if (checked->code)
        number(row, STAT_CHECK_CODE, (unsigned)checked->code);
    text(row, STAT_LAST_CHK, checked->info);
}

static void fill_address(struct stat_row *row)
{
    const struct hf_cfg_server *cfg = row->server->cfg;

    if (cfg->path)
        snprintf(row->texts[1], sizeof row->texts[1], "%s", cfg->path);
    else if (hf_addr_is_set(&cfg->addr))
        hf_addr_text(&cfg->addr, row->texts[1]);
    else
        snprintf(row->texts[1], sizeof row->texts[1], "%s", cfg->host ? cfg->host : "");
    text(row, STAT_ADDR, row->texts[1]);
}

static void fill_weight(struct stat_row *row)
{
    const struct hf_server *server = row->server;
    unsigned warmth = load(&server->warmth);

    number(row, STAT_UWEIGHT, load(&server->weight));
    number(row, STAT_WEIGHT, (hf_server_share_mt(server) + 15) / 16);
    if (warmth < 100 && stat_server_state(server) == STAT_UP)
        number(row, STAT_THROTTLE, warmth);
}

static void fill_server(struct stat_row *row)
{
    const struct hf_server *server = row->server;
    const struct hf_cfg_server_opts *o = &server->cfg->o;

    fill_names(row, server->cfg->name, server->cfg->id);
    fill_counters(row, server->counts_at, 'S');
    fill_queue(row, &server->waiting);
    fill_sessions(row, &server->sessions, &server->sessions_most);
    if (load(&server->maxconn))
        number(row, STAT_SLIM, load(&server->maxconn));
    if (o->maxqueue)
        number(row, STAT_QLIMIT, o->maxqueue);
    stat_server_status(server, row->texts[0], sizeof row->texts[0]);
    text(row, STAT_STATUS, row->texts[0]);
    fill_weight(row);
    number(row, STAT_ACT, !o->backup);
    number(row, STAT_BCK, o->backup);
    fill_rate(row, &server->session_rate);
    fill_check(row);
    fill_pace(row, &server->pace);
    fill_address(row);
    text(row, STAT_COOKIE, o->cookie);
    number(row, STAT_USED_CONN, load(&server->sessions));
    number(row, STAT_NEED_CONN, load(&server->sessions));
    fill_tls(row);
}

/* ---- backend ----------------------------------------------------------------------------- */

/* Of the servers that get sessions now: the others, or else the backups. */
static unsigned weight_of(const struct hf_proxy *proxy, bool own)
{
    bool backups = hf_proxy_usable_mt(proxy) == 0;
    unsigned sum = 0;

    for (unsigned i = 0; i < proxy->n_servers; i++) {
        const struct hf_server *server = proxy->servers[i];
        if (server->cfg->o.backup != backups || !hf_server_usable_mt(server))
            continue;
        sum += own ? load(&server->weight) : (hf_server_share_mt(server) + 15) / 16;
        if (backups && !proxy->cfg->o.allbackups)
            break;
    }
    return sum;
}

static void fill_backend(struct stat_row *row)
{
    const struct hf_proxy *proxy = row->proxy;
    uint64_t now_ms = hf_clock_steady_ms();
    unsigned active = hf_proxy_usable_mt(proxy), backups = hf_proxy_usable_backups_mt(proxy);

    fill_names(row, "BACKEND", 0);
    fill_counters(row, proxy->back_at, 'B');
    fill_queue(row, &proxy->waiting);
    fill_sessions(row, &proxy->sessions_back, &proxy->most_back);
    number(row, STAT_SLIM, proxy->fullconn);
    text(row, STAT_STATUS, active + backups > 0 || proxy->n_servers == 0 ? "UP" : "DOWN");
    number(row, STAT_WEIGHT, weight_of(proxy, false));
    number(row, STAT_UWEIGHT, weight_of(proxy, true));
    number(row, STAT_ACT, active);
    number(row, STAT_BCK, backups);
    number(row, STAT_CHKDOWN, proxy->history.downs);
    number(row, STAT_LASTCHG, seconds_since(proxy->history.since_ms, now_ms));
    number(row, STAT_DOWNTIME, hf_history_down_ms(&proxy->history, now_ms) / 1000);
    fill_rate(row, &proxy->rate_back);
    fill_pace(row, &proxy->pace);
    text(row, STAT_ALGO, proxy->cfg->o.balance);
    number(row, STAT_AGG_SERVER_STATUS, 0);
    number(row, STAT_AGG_CHECK_STATUS, 0);
    fill_tls(row);
}

/* ---- walking ----------------------------------------------------------------------------- */

enum { AT_FRONTEND, AT_LISTENERS, AT_SERVERS, AT_BACKEND, AT_END };

static bool wants(const struct stat_filter *filter, enum stat_object object)
{
    return filter->types == -1 || filter->types & 1 << object;
}

static bool shows_section(const struct stat_filter *filter, const struct hf_proxy *proxy)
{
    return (!proxy->cfg->o.disabled || proxy->cfg->is_page) &&
           (!filter->iid || filter->iid == proxy->number) &&
           (!filter->shows || filter->shows(proxy, filter->arg));
}

static bool shows_server(const struct stat_filter *filter, const struct hf_server *server)
{
    enum stat_state state = stat_server_state(server);

    if (filter->sid != -1 && (unsigned)filter->sid != server->cfg->id)
        return false;
    return !(filter->no_maint && state == STAT_MAINT) &&
           !(filter->up && (state == STAT_MAINT || state == STAT_DOWN));
}

static const struct hf_cfg_bind *bind_at(const struct hf_proxy *proxy, uint64_t index)
{
    const struct hf_cfg_bind *bind = proxy->cfg->binds;
    while (bind && index-- > 0)
        bind = bind->next;
    return bind;
}

static void begin_row(struct stat_row *row, enum stat_object object, const struct hf_proxy *proxy)
{
    memset(row->value, 0, sizeof row->value);
    row->object = object;
    row->proxy = proxy;
}

static bool next_listener(const struct hf_proxy *proxy, const struct stat_filter *filter,
                          struct stat_cursor *cursor, struct stat_row *row)
{
    const struct hf_cfg_bind *bind;

    while (proxy->cfg->o.socket_stats && wants(filter, STAT_LISTENER) &&
           (bind = bind_at(proxy, cursor->index))) {
        cursor->index++;
        if (bind->derived || (filter->sid != -1 && (unsigned)filter->sid != bind->number))
            continue;
        begin_row(row, STAT_LISTENER, proxy);
        row->bind = bind;
        fill_listener(row);
        return true;
    }
    return false;
}

static bool next_server(const struct hf_proxy *proxy, const struct stat_filter *filter,
                        struct stat_cursor *cursor, struct stat_row *row)
{
    while (wants(filter, STAT_SERVER) && cursor->index < proxy->n_servers) {
        const struct hf_server *server = proxy->servers[cursor->index++];
        if (!shows_server(filter, server))
            continue;
        begin_row(row, STAT_SERVER, proxy);
        row->server = server;
        fill_server(row);
        return true;
    }
    return false;
}

/* Of one section; false: it has no more. */
static bool next_of(const struct hf_proxy *proxy, const struct stat_filter *filter,
                    struct stat_cursor *cursor, struct stat_row *row)
{
    unsigned caps = proxy->cfg->caps;

    for (; cursor->phase < AT_END; cursor->phase++, cursor->index = 0) {
        switch (cursor->phase) {
        case AT_FRONTEND:
            if (cursor->index++ || !(caps & HF_CAP_FRONTEND) || !wants(filter, STAT_FRONTEND) ||
                filter->sid > 0)
                break;
            begin_row(row, STAT_FRONTEND, proxy);
            fill_frontend(row);
            return true;
        case AT_LISTENERS:
            if (next_listener(proxy, filter, cursor, row))
                return true;
            break;
        case AT_SERVERS:
            if (next_server(proxy, filter, cursor, row))
                return true;
            break;
        default:
            if (cursor->index++ || !(caps & HF_CAP_BACKEND) || !wants(filter, STAT_BACKEND) ||
                filter->sid > 0)
                break;
            begin_row(row, STAT_BACKEND, proxy);
            fill_backend(row);
            return true;
        }
    }
    return false;
}

bool stat_next(const struct hf_runtime *runtime, const struct stat_filter *filter,
               struct stat_cursor *cursor, struct stat_row *row)
{
    for (; cursor->proxy < runtime->n_proxies; cursor->proxy++, cursor->phase = 0) {
        const struct hf_proxy *proxy = runtime->proxies[cursor->proxy];
        if (shows_section(filter, proxy) && next_of(proxy, filter, cursor, row))
            return true;
    }
    return false;
}
