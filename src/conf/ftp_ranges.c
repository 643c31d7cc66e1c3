/*
 * ftp_ranges.c: the data port ranges of a control section: who may use them, what is missing.
 */
#include <string.h>

#include <utlist.h>

#include "ends/bind_index.h"
#include "ftp_plan_int.h"

bool hf_plan_is_placeholder(const struct hf_cfg_server *server)
{
    return !hf_addr_is_set(&server->addr) || hf_addr_is_any(&server->addr);
}

static bool holds_host(const struct hf_cfg_proxy *proxy, const struct hf_addr *addr)
{
    for (unsigned i = 0; i < proxy->n_reach; i++) {
        if (hf_addr_same_host(&proxy->reach[i]->addr, addr))
            return true;
    }
    return false;
}

static unsigned count_real_servers(const struct hf_cfg_proxy *proxy)
{
    unsigned count = 0;

    for (unsigned i = 0; i < proxy->n_reach; i++)
        count += !hf_plan_is_placeholder(proxy->reach[i]);
    return count;
}

bool hf_plan_servers_are_among(const struct hf_cfg_proxy *section,
                               const struct hf_cfg_proxy *control)
{
    for (unsigned i = 0; i < section->n_reach; i++) {
        const struct hf_cfg_server *server = section->reach[i];
        if (!hf_plan_is_placeholder(server) && !holds_host(control, &server->addr))
            return false;
    }
    return count_real_servers(section) > 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_ports(const struct hf_cfg_bind *a, const struct hf_cfg_bind *b)
{
    return a->port_lo == b->port_lo && a->port_hi == b->port_hi;
}

bool hf_plan_is_wildcard_for(const struct hf_cfg_bind *any, const struct hf_cfg_bind *bind)
{
    if (!hf_addr_is_any(&any->addr))
        return false;
    return any->addr.sa.sa_family == bind->addr.sa.sa_family ||
           (any->addr.sa.sa_family == AF_INET6 && !any->v6only);
}

/* Whoever came to `bind` can also reach `range` at the address they came to. */
static bool listens_where(const struct hf_cfg_bind *range, const struct hf_cfg_bind *bind)
{
    if (range->interface && !same_text(range->interface, bind->interface))
        return false;
    return hf_addr_same_host(&range->addr, &bind->addr) || hf_plan_is_wildcard_for(range, bind);
}

/* ---- claiming ---------------------------------------------------------------------------- */

/* A range serves the sessions of those servers that its section holds, where it holds any. */
static void limit_to_servers(struct hf_plan *plan, struct hf_cfg_data_range *range,
                             const struct hf_cfg_proxy *control, const struct hf_cfg_proxy *section)
{
    unsigned n = 0;

    if (!control->n_reach || section == control)
        return;
    range->only = hf_arena_alloc(plan->config->arena, control->n_reach * sizeof *range->only);
    for (unsigned i = 0; i < control->n_reach; i++) {
        if (holds_host(section, &control->reach[i]->addr))
            range->only[n++] = control->reach[i];
    }
    if (n == 0 || n == control->n_reach)
        range->only = NULL;
    else
        range->n_only = n;
}

static void tell_role(struct hf_plan *plan, struct hf_cfg_bind *bind,
                      const struct hf_cfg_proxy *control, enum hf_data_rule rule)
{
    if (bind->role == HF_BIND_DATA) {
        bind->role_why =
            hf_arena_printf(plan->config->arena, "%s, %s", bind->role_why, control->name);
        return;
    }
    bind->role = HF_BIND_DATA;
    bind->role_rule = (int)rule;
    bind->role_why = hf_arena_printf(plan->config->arena, "data ports of %s", control->name);
}

static void claim(struct hf_plan *plan, struct hf_cfg_proxy *control, struct hf_cfg_bind *bind,
                  enum hf_data_rule rule)
{
    struct hf_cfg_data_range *range;

    for (range = control->data_ranges; range; range = range->next) {
        if (range->bind == bind)
            return; /* the section is named twice */
    }
    tell_role(plan, bind, control, rule);
    range = HF_NEW(plan->config->arena, struct hf_cfg_data_range);
    range->loc = bind->loc;
    range->bind = bind;
    range->section = bind->proxy;
    limit_to_servers(plan, range, control, bind->proxy);
    LL_APPEND(control->data_ranges, range);
}

/* The same ports on several addresses are one range to its author. */
static void warn_several_ranges(struct hf_plan *plan, const struct hf_cfg_proxy *control,
                                const struct hf_cfg_bind *first, const struct hf_cfg_bind *other)
{
    hf_diag_add(plan->diag, HF_DIAG_ADVICE, other->loc,
                hf_arena_printf(plan->config->arena,
                                "write 'ftp-data ports %u-%u' in '%s' if only these are meant",
                                first->port_lo, first->port_hi, control->name),
                "%s '%s' has several port ranges: all of them are taken as FTP data ports of '%s'.",
                hf_conf_kind(other->proxy), other->proxy->name, control->name);
}

bool hf_plan_claim_section(struct hf_plan *plan, struct hf_cfg_proxy *control,
                           struct hf_cfg_proxy *section, enum hf_data_rule rule)
{
    struct hf_cfg_bind *bind, *first = NULL, *other = NULL;
    bool known = false;

    for (bind = section->binds; bind; bind = bind->next) {
        if (!bind->is_range)
            continue;
        known |= bind->role == HF_BIND_DATA;
        if (!first)
            first = bind;
        else if (!other && !same_ports(first, bind))
            other = bind;
        claim(plan, control, bind, rule);
    }
    /* Whoever named the section knows what is in it; and one warning is enough. */
    if (other && rule != HF_DATA_SECTION && !known)
        warn_several_ranges(plan, control, first, other);
    return first != NULL;
}

/* A range that the section has anyway, or a new one beside the control bind. */
static struct hf_cfg_bind *range_beside(struct hf_plan *plan, struct hf_cfg_proxy *control,
                                        const struct hf_cfg_bind *bind, struct hf_loc loc,
                                        uint16_t lo, uint16_t hi)
{
    struct hf_cfg_bind *range;
    char host[HF_ADDR_TEXT_SIZE];
    bool v6 = bind->addr.sa.sa_family == AF_INET6;

    for (range = control->binds; range; range = range->next) {
        if (range->role != HF_BIND_CONTROL && range->port_lo == lo && range->port_hi == hi &&
            listens_where(range, bind))
            return range;
    }
    range = HF_NEW(plan->config->arena, struct hf_cfg_bind);
    *range = *bind;
    range->next = NULL;
    range->loc = loc;
    range->role = HF_BIND_PLAIN; /* until it is claimed */
    range->name = NULL;
    range->id = 0;
    range->tls = (struct hf_cfg_bind_tls){0}; /* data connections have their control connection's */
    range->port_lo = lo;
    range->port_hi = hi;
    range->is_range = range->derived = true;
    hf_addr_set_port(&range->addr, lo);
    range->text = hf_arena_printf(plan->config->arena, v6 ? "[%s]:%u-%u" : "%s:%u-%u",
                                  hf_addr_host_text(&bind->addr, host), lo, hi);
    LL_APPEND(control->binds, range);
    return range;
}

void hf_plan_claim_ports(struct hf_plan *plan, struct hf_cfg_proxy *control, struct hf_loc loc,
                         uint16_t lo, uint16_t hi)
{
    struct hf_cfg_bind *bind;

    for (bind = control->binds; bind; bind = bind->next) {
        if (bind->role == HF_BIND_CONTROL)
            claim(plan, control, range_beside(plan, control, bind, loc, lo, hi), HF_DATA_PORTS);
    }
}

/* ---- what is missing --------------------------------------------------------------------- */

static bool has_range(const struct hf_cfg_proxy *control, const struct hf_cfg_server *server)
{
    const struct hf_cfg_data_range *range;

    for (range = control->data_ranges; range; range = range->next) {
        if (hf_data_range_serves(range, server))
            return true;
    }
    return false;
}

/* Every range has room for all servers: see limit_to_servers(). */
static void serve_by_all_ranges(struct hf_cfg_proxy *control, struct hf_cfg_server *server)
{
    struct hf_cfg_data_range *range;

    for (range = control->data_ranges; range; range = range->next)
        range->only[range->n_only++] = server;
}

static void serve_orphans(struct hf_plan *plan, struct hf_cfg_proxy *control)
{
    for (unsigned i = 0; i < control->n_reach; i++) {
        struct hf_cfg_server *server = control->reach[i];
        if (!control->data_ranges || has_range(control, server))
            continue;
        hf_diag_add(plan->diag, HF_DIAG_ADVICE, server->loc,
                    "add a server with this address to the section that binds its data ports",
                    "no data section of '%s' holds the address of server '%s': its sessions use "
                    "the data ports of all.",
                    control->name, server->name);
        serve_by_all_ranges(control, server);
    }
}

static bool have_a_common_host(const struct hf_cfg_proxy *a, const struct hf_cfg_proxy *b)
{
    for (unsigned i = 0; i < a->n_reach; i++) {
        if (holds_host(b, &a->reach[i]->addr))
            return true;
    }
    return false;
}

static void warn_foreign_servers(struct hf_plan *plan, const struct hf_cfg_proxy *control)
{
    const struct hf_cfg_data_range *range;
    const struct hf_cfg_proxy *section, *told = control;

    for (range = control->data_ranges; range; range = range->next) {
        section = range->bind->proxy;
        if (section == told || section == control)
            continue;
        told = section;
        if (count_real_servers(section) == 0 || count_real_servers(control) == 0 ||
            have_a_common_host(section, control))
            continue;
        hf_diag_add(plan->diag, HF_DIAG_ADVICE, section->loc,
                    "list the same servers in both, or give each section its own cookie name",
                    "'%s' gives data ports to '%s', but their servers have no address in common: "
                    "data goes to the servers of '%s'.",
                    section->name, control->name, control->name);
    }
}

/* In HAProxy the lines of the data section say how data connections begin; here those of the
 * control section do. */
static void warn_lost_headers(struct hf_plan *plan, const struct hf_cfg_proxy *control)
{
    const struct hf_cfg_data_range *range;

    for (unsigned i = 0; i < control->n_reach; i++) {
        if (control->reach[i]->o.send_proxy_data)
            return; /* its author knows */
    }
    for (range = control->data_ranges; range; range = range->next) {
        const struct hf_cfg_proxy *section = range->bind->proxy;
        for (unsigned i = 0; section != control && i < section->n_reach; i++) {
            const struct hf_cfg_server *server = section->reach[i];
            if (!hf_server_sends_proxy(&server->o) || server->proxy != section)
                continue;
            hf_diag_add(
                plan->diag, HF_DIAG_ADVICE, server->loc,
                "add 'send-proxy-data' to the servers of the control section if their data "
                "ports expect a header",
                "data connections of '%s' go by the server lines of that section: the PROXY "
                "header of server '%s' is not sent.",
                control->name, server->name);
            return;
        }
    }
}

static bool is_reachable(const struct hf_cfg_proxy *control, const struct hf_cfg_bind *bind)
{
    const struct hf_cfg_data_range *range;

    for (range = control->data_ranges; range; range = range->next) {
        if (listens_where(range->bind, bind))
            return true;
    }
    return false;
}

static void warn_unreachable(struct hf_plan *plan, const struct hf_cfg_proxy *control)
{
    const struct hf_cfg_bind *bind;

    if (!control->data_ranges || control->advertise)
        return;
    for (bind = control->binds; bind; bind = bind->next) {
        if (bind->role != HF_BIND_CONTROL || is_reachable(control, bind))
            continue;
        hf_diag_add(plan->diag, HF_DIAG_ADVICE, bind->loc,
                    "bind the port range on the same address, or tell clients another one with "
                    "'ftp-data advertise ADDRESS'",
                    "clients are told to open data connections to the address they came to, but "
                    "no data port range listens on all of '%s'.",
                    bind->text);
    }
}

void hf_plan_complete_ranges(struct hf_plan *plan, struct hf_cfg_proxy *control)
{
    serve_orphans(plan, control);
    warn_foreign_servers(plan, control);
    warn_lost_headers(plan, control);
    warn_unreachable(plan, control);
}

/* ---- one listener for equal ranges ------------------------------------------------------- */

static bool same_listener(const struct hf_cfg_bind *a, const struct hf_cfg_bind *b)
{
    return same_ports(a, b) && hf_addr_same_host(&a->addr, &b->addr) &&
           same_text(a->interface, b->interface);
}

/* The earliest data bind that listens exactly where this one does: itself, if it is the first. */
static struct hf_cfg_bind *first_like(const struct hf_bind_index *index, struct hf_cfg_bind *wanted)
{
    struct hf_cfg_bind *first = wanted;
    uint32_t host = hf_addr_hash_host(&wanted->addr);
    unsigned i = hf_bind_index_after(index, host, wanted->port_lo);

    /* Those of one first port are in file order, seen from the last here. */
    for (; i > 0 && index->at[i - 1].host == host; i--) {
        struct hf_cfg_bind *bind = index->at[i - 1].bind;
        if (bind->port_lo != wanted->port_lo)
            break;
        if (bind->role == HF_BIND_DATA && same_listener(bind, wanted))
            first = bind;
    }
    return first;
}

/* Two ranges of one control section on one listener serve the servers of both. */
static void absorb(struct hf_cfg_proxy *control, struct hf_cfg_data_range *kept,
                   struct hf_cfg_data_range *twin)
{
    if (!kept->only || !twin->only) {
        kept->only = NULL;
        kept->n_only = 0;
    }
    for (unsigned i = 0; kept->only && i < twin->n_only; i++) {
        if (!hf_data_range_serves(kept, twin->only[i]))
            kept->only[kept->n_only++] = twin->only[i];
    }
    LL_DELETE(control->data_ranges, twin);
}

static void merge_twins(struct hf_cfg_proxy *control)
{
    struct hf_cfg_data_range *kept, *twin, *next;

    for (kept = control->data_ranges; kept; kept = kept->next) {
        for (twin = kept->next; twin; twin = next) {
            next = twin->next;
            if (twin->bind == kept->bind)
                absorb(control, kept, twin);
        }
    }
}

void hf_plan_merge_ranges(struct hf_plan *plan)
{
    struct hf_cfg_proxy *proxy;
    struct hf_cfg_bind *bind, *first;
    struct hf_cfg_data_range *range;
    const struct hf_bind_index index = hf_bind_index_new(plan->config);

    for (proxy = plan->config->proxies; proxy; proxy = proxy->next) {
        for (bind = proxy->binds; bind; bind = bind->next) {
            first = bind->role == HF_BIND_DATA ? first_like(&index, bind) : bind;
            if (first != bind)
                bind->shared_with = first;
        }
    }
    for (proxy = plan->config->proxies; proxy; proxy = proxy->next) {
        for (range = proxy->data_ranges; range; range = range->next) {
            if (range->bind->shared_with)
                range->bind = range->bind->shared_with;
        }
        merge_twins(proxy);
    }
}
