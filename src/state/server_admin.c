/*
 * server_admin.c: maintenance, drains, weights, limits and addresses that change while we run.
 */
#include "haftp/state/server_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "server_int.h"

static unsigned off(const struct hf_server *server)
{
    return atomic_load(&server->off);
}

static void change(struct hf_server *server, unsigned set, unsigned clear)
{
    atomic_store(&server->off, (off(server) | set) & ~clear);
    hf_server_changed_mt(server);
}

static const char *via(const struct hf_server *server, char *text, size_t size)
{
    const struct hf_server *from = server->tracked;
    snprintf(text, size, " via %s/%s", from->proxy->cfg->name, from->cfg->name);
    return text;
}

/* ---- maintenance ------------------------------------------------------------------------- */

/* `bit` says whether somebody wants it, or the server that is tracked is in it. */
static void enter_maint(struct hf_server *server, unsigned bit)
{
    bool was_in = off(server) & HF_OFF_ANY_MAINT, was_up = hf_server_is_up_mt(server);
    bool was_wanted = was_up && !(off(server) & HF_OFF_ANY_DRAIN);
    char text[256];

    change(server, bit, 0);
    if (was_in)
        return;
    struct hf_server_news news = {
        .what = was_up ? "is going DOWN for maintenance" : "was DOWN and now enters maintenance",
        .why = bit == HF_OFF_MAINT_TRACKED ? via(server, text, sizeof text) : "",
        .leaves = true,
        .counts = was_up,
        .alarms = was_wanted,
    };
    hf_server_tell_mt(server, &news);
    if (was_up)
        hf_server_end_sessions_mt(server, false);
    hf_server_wake_mt(server); /* those who wait for it must go elsewhere */
    for (struct hf_server *one = server->trackers; one; one = one->next_tracker)
        enter_maint(one, HF_OFF_MAINT_TRACKED);
}

/* It counts as up until its checks say otherwise, or as what it tracks is. */
static void leave_maint(struct hf_server *server, unsigned bit)
{
    if (!(off(server) & bit))
        return;
    bool is_over = !(off(server) & HF_OFF_ANY_MAINT & ~bit);
    bool up = !server->tracked || hf_server_is_up_mt(server->tracked);
    char what[32];

    if (is_over) {
        if (up)
            hf_server_start_slowly(server);
        atomic_store(&server->stopping, false);
        atomic_store(&server->up, up);
        server->maint_ends++;
    }
    change(server, 0, bit);
    if (!is_over)
        return;
    snprintf(what, sizeof what, "is %s/%s", up ? "UP" : "DOWN",
             off(server) & HF_OFF_ANY_DRAIN ? "DRAIN" : "READY");
    struct hf_server_news news = {
        .what = what,
        .why = bit == HF_OFF_MAINT ? " (leaving forced maintenance)" : " (leaving maintenance)",
    };
    hf_server_tell_mt(server, &news);
    if (up)
        hf_server_end_sessions_mt(server, true);
    hf_server_wake_mt(server);
    for (struct hf_server *one = server->trackers; one; one = one->next_tracker)
        leave_maint(one, HF_OFF_MAINT_TRACKED);
}

void hf_server_set_maint(struct hf_server *server, bool on)
{
    if (!on)
        leave_maint(server, HF_OFF_MAINT);
    else if (!(off(server) & HF_OFF_MAINT))
        enter_maint(server, HF_OFF_MAINT);
}

/* ---- drains ------------------------------------------------------------------------------ */

static void enter_drain(struct hf_server *server, unsigned bit)
{
    bool was_in = off(server) & HF_OFF_ANY_DRAIN;
    char text[256];

    change(server, bit, 0);
    if (was_in)
        return;
    struct hf_server_news news = {
        .what = "enters drain state",
        .why = bit == HF_OFF_DRAIN_TRACKED ? via(server, text, sizeof text) : "",
        .counts = true,
    };
    if (hf_server_is_up_mt(server))
        hf_server_tell_mt(server, &news);
    hf_server_wake_mt(server);
    for (struct hf_server *one = server->trackers; one; one = one->next_tracker)
        enter_drain(one, HF_OFF_DRAIN_TRACKED);
}

static void leave_drain(struct hf_server *server, unsigned bit)
{
    if (!(off(server) & bit))
        return;
    change(server, 0, bit);
    if (off(server) & HF_OFF_ANY_DRAIN)
        return;
    bool up = atomic_load(&server->up);
    if (atomic_load(&server->warmth) < 100) /* its slow start begins anew */
        hf_server_start_slowly(server);
    struct hf_server_news news = {.what = up ? "is UP" : "is DOWN",
                                  .why = " (leaving forced drain)"};
    if (!(off(server) & HF_OFF_ANY_MAINT))
        hf_server_tell_mt(server, &news);
    hf_server_wake_mt(server);
    for (struct hf_server *one = server->trackers; one; one = one->next_tracker)
        leave_drain(one, HF_OFF_DRAIN_TRACKED);
}

void hf_server_set_drain(struct hf_server *server, bool on)
{
    if (!on)
        leave_drain(server, HF_OFF_DRAIN);
    else if (!(off(server) & HF_OFF_DRAIN))
        enter_drain(server, HF_OFF_DRAIN);
}

void hf_server_set_stopping(struct hf_server *server, const char *why)
{
    char text[256];

    if (atomic_load(&server->stopping))
        return;
    atomic_store(&server->up, true);
    atomic_store(&server->stopping, true);
    hf_server_changed_mt(server);
    if (server->tracked)
        via(server, text, sizeof text);
    else
        snprintf(text, sizeof text, "%s%s", *why ? ", " : "", why);
    hf_server_tell_mt(server,
                      &(struct hf_server_news){.what = "is stopping", .why = text, .counts = true});
    hf_server_wake_mt(server);
    for (struct hf_server *one = server->trackers; one; one = one->next_tracker)
        hf_server_set_stopping(one, why);
}

/* ---- shares, limits, addresses ----------------------------------------------------------- */

void hf_server_set_weight(struct hf_server *server, unsigned weight)
{
    atomic_store(&server->weight, weight);
    atomic_fetch_add(&server->proxy->generation, 1);
    hf_server_wake_mt(server);
}

void hf_server_set_maxconn(struct hf_server *server, unsigned maxconn)
{
    atomic_store(&server->maxconn, maxconn);
    atomic_fetch_add(&server->proxy->generation, 1);
    hf_server_wake_mt(server);
}

const struct hf_addr *hf_server_addr_mt(const struct hf_server *server)
{
    const struct hf_addr *given = atomic_load_explicit(&server->given_addr, memory_order_acquire);
    return given ? given : &server->cfg->addr;
}

/* One that was given before is used again, so that going to and fro costs nothing. */
static const struct hf_addr *keep(struct hf_server *server, const struct hf_addr *addr)
{
    struct hf_server_place *place;

    LL_FOREACH(server->places, place)
    {
        if (hf_addr_equal(&place->addr, addr))
            return &place->addr;
    }
    place = malloc(sizeof *place);
    if (!place)
        return NULL;
    place->addr = *addr;
    LL_PREPEND(server->places, place);
    return &place->addr;
}

enum hf_status hf_server_set_addr(struct hf_server *server, const struct hf_addr *addr)
{
    bool as_configured = hf_addr_equal(&server->cfg->addr, addr);
    const struct hf_addr *kept = as_configured ? NULL : keep(server, addr);
    if (!kept && !as_configured)
        return HF_NOMEM;
    atomic_store_explicit(&server->given_addr, kept, memory_order_release);
    return HF_OK;
}

/* ---- as text ------------------------------------------------------------------------------- */

#define MOST_WEIGHT 256

/* Its algorithm has a table that was made at start, in HAProxy. */
static bool is_static(const struct hf_cfg_opts *o)
{
    static const char *const dynamic[] = {"roundrobin", "leastconn", "first", "random"};

    for (size_t i = 0; i < sizeof dynamic / sizeof dynamic[0]; i++) {
        if (strcmp(o->balance, dynamic[i]) == 0)
            return false;
    }
    return strcmp(o->balance, "static-rr") == 0 || o->hash_type != HF_HASH_CONSISTENT;
}

const char *hf_server_take_weight(struct hf_server *server, const char *text)
{
    long initial = (long)server->cfg->o.weight;
    char *end;

    if (!*text)
        return "Require <weight> or <weight%>.";
    long weight = strtol(text, &end, 10);
    if (end == text)
        return "Empty weight string empty or preceded by garbage";
    if (*end && strcmp(end, "%") != 0)
        return "Trailing garbage in weight string";
    if (*end) {
        if (weight < 0)
            return "Relative weight must be positive.";
        weight = weight > MOST_WEIGHT * 100 ? MOST_WEIGHT : initial * weight / 100;
        weight = weight > MOST_WEIGHT ? MOST_WEIGHT : weight;
    } else if (weight < 0 || weight > MOST_WEIGHT) {
        return "Absolute weight can only be between 0 and 256 inclusive.";
    }
    if (is_static(&server->proxy->cfg->o) && weight != 0 && weight != initial)
        return "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.";
    hf_server_set_weight(server, (unsigned)weight);
    return NULL;
}

const char *hf_server_take_maxconn(struct hf_server *server, const char *text)
{
    char *end;

    if (!*text)
        return "Require <maxconn>.";
    long maxconn = strtol(text, &end, 10);
    if (end == text || *end)
        return "maxconn string empty or preceded by garbage";
    if (maxconn < 0 || maxconn > INT32_MAX)
        return "Value out of range.";
    hf_server_set_maxconn(server, (unsigned)maxconn);
    return NULL;
}
