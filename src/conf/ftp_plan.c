/*
 * ftp_plan.c: which binds carry FTP control connections, and where their data ports come from.
 *
 * Files written for HAProxy do not say "FTP" anywhere, so the plan reads what their authors
 * meant from ports, cookies and servers.  The order of the rules is a promise to users:
 * the first that matches wins, and its number is shown by `-c -V`.
 */
#include <string.h>

#include "conf_int.h"
#include "ftp_plan_int.h"

static bool serves_tcp(const struct hf_cfg_proxy *proxy)
{
    return (proxy->caps & HF_CAP_FRONTEND) && proxy->o.mode == HF_MODE_TCP && !proxy->o.disabled;
}

static unsigned count_single_ports(const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_bind *bind;
    unsigned count = 0;

    for (bind = proxy->binds; bind; bind = bind->next)
        count += bind->port_lo && !bind->is_range;
    return count;
}

/* Nothing but ranges, and not a plain pipe by its author's word. */
bool hf_plan_is_range_section(const struct hf_cfg_proxy *proxy)
{
    return serves_tcp(proxy) && proxy->o.ftp_inspect != HF_NO && proxy->binds &&
           count_single_ports(proxy) == 0;
}

static bool has_control_bind(const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_bind *bind;

    for (bind = proxy->binds; bind; bind = bind->next) {
        if (bind->role == HF_BIND_CONTROL)
            return true;
    }
    return false;
}

/* ---- cookies ----------------------------------------------------------------------------- */

/* A frontend cannot have a cookie line, but the backend behind it can. */
static const struct hf_cfg_proxy *cookie_owner(const struct hf_cfg_proxy *proxy)
{
    if (!proxy->o.cookie_name && proxy->backend)
        return proxy->backend;
    return proxy;
}

const char *hf_plan_cookie(const struct hf_cfg_proxy *proxy)
{
    return cookie_owner(proxy)->o.cookie_name;
}

/* One line in `defaults` reaches every section of the file: it pairs nothing. */
static bool own_their_cookies(const struct hf_cfg_proxy *one, const struct hf_cfg_proxy *two)
{
    const struct hf_cfg_proxy *a = cookie_owner(one), *b = cookie_owner(two);

    return a == b || !hf_conf_same_place(a->o.cookie_loc, b->o.cookie_loc);
}

/* The first section of port ranges, in file order, that has this one's cookie; or NULL. */
static const struct hf_plan_peer *cookie_peers(const struct hf_plan *plan,
                                               const struct hf_cfg_proxy *proxy)
{
    const char *cookie = hf_plan_cookie(proxy);
    return cookie ? hf_names_find(&plan->cookies, cookie) : NULL;
}

static const struct hf_cfg_proxy *cookie_partner(const struct hf_plan *plan,
                                                 const struct hf_cfg_proxy *proxy)
{
    const struct hf_plan_peer *peer;

    for (peer = cookie_peers(plan, proxy); peer; peer = peer->next) {
        if (peer->section != proxy && own_their_cookies(proxy, peer->section))
            return peer->section;
    }
    return NULL;
}

/* ---- which binds are control ------------------------------------------------------------- */

static bool all_servers_on_ftp_port(const struct hf_cfg_proxy *proxy)
{
    for (unsigned i = 0; i < proxy->n_reach; i++) {
        if (hf_addr_port(&proxy->reach[i]->addr) != HF_FTP_PORT) /* 0 if it is the client's */
            return false;
    }
    return proxy->n_reach > 0;
}

/* What the binds of a section share. */
struct control_signs {
    bool servers;                       /* all are on port 21 */
    const struct hf_cfg_proxy *partner; /* a section of port ranges that shares the cookie */
};

static struct control_signs find_signs(const struct hf_plan *plan, const struct hf_cfg_proxy *proxy)
{
    return (struct control_signs){
        .servers = all_servers_on_ftp_port(proxy),
        .partner = count_single_ports(proxy) == 1 ? cookie_partner(plan, proxy) : NULL,
    };
}

/* Rule 1, `no option ftp-inspect`, and ranges have been sorted out by the caller. */
static int find_control_rule(const struct hf_plan *plan, const struct hf_cfg_bind *bind,
                             const struct control_signs *signs, const char **why)
{
    const struct hf_cfg_proxy *proxy = bind->proxy;

    if (proxy->o.ftp_inspect == HF_YES) {
        *why = "option ftp-inspect";
        return HF_CONTROL_OPTION;
    }
    if (bind->tls.starttls) {
        *why = "starttls";
        return HF_CONTROL_PORT;
    }
    if (bind->port_lo == HF_FTP_PORT || bind->port_lo == HF_FTPS_PORT) {
        *why = bind->port_lo == HF_FTP_PORT ? "port 21" : "port 990, implicit FTPS";
        return HF_CONTROL_PORT;
    }
    if (signs->servers) {
        *why = "all its servers are on port 21";
        return HF_CONTROL_SERVERS;
    }
    if (signs->partner) {
        *why = hf_arena_printf(plan->config->arena, "cookie %s is shared with the port range of %s",
                               cookie_owner(proxy)->o.cookie_name, signs->partner->name);
        return HF_CONTROL_COOKIE;
    }
    return 0;
}

static void find_control_binds(struct hf_plan *plan, struct hf_cfg_proxy *proxy)
{
    const struct control_signs signs = find_signs(plan, proxy);
    struct hf_cfg_bind *bind;

    for (bind = proxy->binds; bind; bind = bind->next) {
        bind->role = HF_BIND_PLAIN;
        if (proxy->o.ftp_inspect == HF_NO) {
            bind->role_why = "rule 1: no option ftp-inspect";
            continue;
        }
        if (bind->is_range)
            continue;
        if (!bind->port_lo) {
            bind->role_why = "a unix socket has no data ports beside it";
            continue;
        }
        bind->role_rule = find_control_rule(plan, bind, &signs, &bind->role_why);
        if (bind->role_rule)
            bind->role = HF_BIND_CONTROL;
        /* TLS from the first byte, and not ours to end: there is nothing to inspect. */
        bind->opaque = bind->role_rule && bind->port_lo == HF_FTPS_PORT && !hf_bind_has_tls(bind);
    }
}

/* ---- where the data ports come from ------------------------------------------------------ */

static void report_unknown_section(struct hf_plan *plan, const struct hf_cfg_data_ref *ref)
{
    const char *near = hf_conf_nearest_section(plan->config, ref->section, HF_CAP_FRONTEND);
    const char *hint = "name a 'listen' or 'frontend' section whose bind is a port range";

    if (hf_conf_find_section(plan->config, ref->section, HF_CAP_BACKEND))
        hint = "it is a backend, which has no binds: name the section that binds the port range";
    else if (near)
        hint = near;
    hf_diag_add(plan->diag, HF_DIAG_ERROR, ref->loc, hint,
                "ftp-data section: no listen or frontend is named '%s'.", ref->section);
}

static void claim_named_section(struct hf_plan *plan, struct hf_cfg_proxy *control,
                                const struct hf_cfg_data_ref *ref)
{
    struct hf_cfg_proxy *section =
        hf_conf_find_section(plan->config, ref->section, HF_CAP_FRONTEND);

    if (!section) {
        report_unknown_section(plan, ref);
    } else if (!serves_tcp(section)) {
        hf_diag_add(plan->diag, HF_DIAG_ERROR, ref->loc,
                    "data ports need a section that is enabled and in 'mode tcp'",
                    "ftp-data section: '%s' does not carry TCP connections.", ref->section);
    } else if (!hf_plan_claim_section(plan, control, section, HF_DATA_SECTION)) {
        hf_diag_add(plan->diag, HF_DIAG_ERROR, ref->loc,
                    "give it a line like 'bind :30000-30100', or write 'ftp-data ports "
                    "30000-30100' here instead",
                    "ftp-data section: '%s' binds no port range.", ref->section);
    }
}

/* True as soon as there is such a line, even a wrong one: its error has been told, and another rule
 * is not what the author asked for. */
static bool claim_named_sections(struct hf_plan *plan, struct hf_cfg_proxy *control)
{
    const struct hf_cfg_data_ref *ref;
    bool any = false;

    for (ref = control->data_refs; ref; ref = ref->next) {
        if (!ref->section)
            continue;
        claim_named_section(plan, control, ref);
        any = true;
    }
    return any;
}

static bool claim_named_ports(struct hf_plan *plan, struct hf_cfg_proxy *control)
{
    const struct hf_cfg_data_ref *ref;
    bool any = false;

    for (ref = control->data_refs; ref; ref = ref->next) {
        if (ref->section)
            continue;
        hf_plan_claim_ports(plan, control, ref->loc, ref->lo, ref->hi);
        any = true;
    }
    return any;
}

static bool claim_by_cookie(struct hf_plan *plan, struct hf_cfg_proxy *control)
{
    const struct hf_plan_peer *peer;
    bool any = false;

    for (peer = cookie_peers(plan, control); peer; peer = peer->next) {
        if (own_their_cookies(control, peer->section))
            any |= hf_plan_claim_section(plan, control, peer->section, HF_DATA_COOKIE);
    }
    return any;
}

static bool claim_by_servers(struct hf_plan *plan, struct hf_cfg_proxy *control)
{
    bool any = false;

    for (unsigned i = 0; i < plan->n_near; i++) {
        struct hf_cfg_proxy *section = plan->near[i];
        if (hf_plan_is_range_section(section) && hf_plan_servers_are_among(section, control))
            any |= hf_plan_claim_section(plan, control, section, HF_DATA_SERVERS);
    }
    return any;
}

static enum hf_data_rule find_data_rule(struct hf_plan *plan, struct hf_cfg_proxy *control)
{
    if (claim_named_sections(plan, control))
        return HF_DATA_SECTION;
    if (claim_named_ports(plan, control))
        return HF_DATA_PORTS;
    if (hf_plan_claim_section(plan, control, control, HF_DATA_OWN))
        return HF_DATA_OWN;
    if (claim_by_cookie(plan, control))
        return HF_DATA_COOKIE;
    if (claim_by_servers(plan, control))
        return HF_DATA_SERVERS;
    return HF_DATA_NONE;
}

static const char *describe_data_rule(const struct hf_plan *plan,
                                      const struct hf_cfg_proxy *control)
{
    switch (control->data_rule) {
    case HF_DATA_SECTION:
        return "ftp-data section";
    case HF_DATA_PORTS:
        return "ftp-data ports";
    case HF_DATA_OWN:
        return "the section binds them itself";
    case HF_DATA_COOKIE:
        return hf_arena_printf(plan->config->arena, "both share cookie %s",
                               cookie_owner(control)->o.cookie_name);
    case HF_DATA_SERVERS:
        return "its servers are servers of this section";
    default:
        return "no port range in the file is for it";
    }
}

static bool is_all_opaque(const struct hf_cfg_proxy *control)
{
    const struct hf_cfg_bind *bind;

    for (bind = control->binds; bind; bind = bind->next) {
        if (bind->role == HF_BIND_CONTROL && !bind->opaque)
            return false;
    }
    return true;
}

/* haftp cannot open ports for replies that it cannot read. */
static void warn_no_opaque_data_ports(struct hf_plan *plan, const struct hf_cfg_proxy *control)
{
    if (hf_diag_count(plan->diag, HF_DIAG_ERROR) > 0)
        return;
    hf_diag_add(
        plan->diag, HF_DIAG_ADVICE, control->loc,
        "add a line like 'ftp-data ports 30000-30100' and give the servers the same passive "
        "ports and this balancer's address",
        "%s '%s' passes FTP over TLS on but has no data ports: transfers work only where "
        "clients reach the servers themselves.",
        hf_conf_kind(control), control->name);
}

/* Beside an error it would only stand in its way. */
static void warn_no_data_ports(struct hf_plan *plan, const struct hf_cfg_proxy *control)
{
    if (hf_diag_count(plan->diag, HF_DIAG_ERROR) > 0 || (control->direct && !control->direct->cond))
        return;
    hf_diag_add(plan->diag, HF_DIAG_ADVICE, control->loc,
                "add a line like 'ftp-data ports 30000-30100' and open these ports in the firewall",
                "%s '%s' carries FTP but has no data ports: every transfer will use any port that "
                "is free.",
                hf_conf_kind(control), control->name);
}

/* Their data connections have no address to go to. */
static void check_server_addresses(struct hf_plan *plan, const struct hf_cfg_proxy *control)
{
    const struct hf_cfg_server *server = control->backend ? control->backend->servers : NULL;

    for (; server; server = server->next) {
        if (server->reach != HF_REACH_INET && !control->backend->o.ftp_server_announced)
            hf_diag_add(plan->diag, HF_DIAG_ERROR, server->loc,
                        "write its IP address, or 'ftp-data server-address announced'",
                        "FTP server '%s' is a unix socket: its data connections cannot be made.",
                        server->name);
    }
}

static void warn_deferred_accept(struct hf_plan *plan, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_bind *bind;

    for (bind = proxy->binds; bind; bind = bind->next) {
        if (bind->defer_accept && bind->role != HF_BIND_PLAIN && !bind->derived)
            hf_diag_add(plan->diag, HF_DIAG_ADVICE, bind->defer_accept_loc,
                        "remove it: FTP servers speak first",
                        "'defer-accept' has no effect on a bind that carries FTP.");
    }
}

static void find_data_ports(struct hf_plan *plan, struct hf_cfg_proxy *control)
{
    unsigned errors = hf_diag_count(plan->diag, HF_DIAG_ERROR);

    hf_plan_find_near(plan, control);
    control->data_rule = find_data_rule(plan, control);
    control->data_why = describe_data_rule(plan, control);
    hf_plan_find_mapped(plan, control);
    if (control->data_rule == HF_DATA_NONE && !is_all_opaque(control))
        warn_no_data_ports(plan, control);
    else if (control->data_rule == HF_DATA_NONE && !control->n_mapped)
        warn_no_opaque_data_ports(plan, control);
    else if (hf_diag_count(plan->diag, HF_DIAG_ERROR) == errors)
        hf_plan_complete_ranges(plan, control);
}

/* ---- what looks like FTP but is not ------------------------------------------------------ */

static void warn_unused_refs(struct hf_plan *plan, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_data_ref *ref;

    for (ref = proxy->data_refs; ref; ref = ref->next) {
        /* `ftp-data ports` may come from `defaults`, where it is meant for other sections. */
        bool own = ref->loc.source == proxy->loc.source && ref->loc.line > proxy->loc.line;
        if (own)
            hf_diag_add(plan->diag, HF_DIAG_ADVICE, ref->loc,
                        "if its single-port binds are FTP, say so with 'option ftp-inspect'",
                        "ftp-data %s has no effect: no bind of '%s' carries FTP control "
                        "connections.",
                        ref->section ? "section" : "ports", proxy->name);
    }
}

static void warn_plain_ranges(struct hf_plan *plan, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_bind *bind;

    for (bind = proxy->binds; bind; bind = bind->next) {
        if (bind->role != HF_BIND_PLAIN || !bind->is_range || proxy->o.ftp_inspect == HF_NO)
            continue;
        if (bind->port_lo <= HF_FTP_PORT && bind->port_hi >= HF_FTP_PORT) {
            hf_diag_add(plan->diag, HF_DIAG_ADVICE, bind->loc,
                        "give port 21 a bind of its own, like 'bind :21'",
                        "port 21 inside a port range is not taken for FTP: it is passed through as "
                        "plain TCP.");
        } else if (proxy->o.ftp_inspect == HF_YES) {
            hf_diag_add(plan->diag, HF_DIAG_ADVICE, bind->loc,
                        "name this section in the FTP section with 'ftp-data section'",
                        "option ftp-inspect has no effect on a port range that no FTP section uses "
                        "for data: it carries plain TCP.");
        }
    }
}

/* A section of ranges with the same servers, which no FTP section has taken. */
static const struct hf_cfg_proxy *find_plain_ranges(struct hf_plan *plan,
                                                    const struct hf_cfg_proxy *proxy)
{
    hf_plan_find_near(plan, proxy);
    for (unsigned i = 0; i < plan->n_near; i++) {
        const struct hf_cfg_proxy *other = plan->near[i];
        if (hf_plan_is_range_section(other) && other->o.ftp_inspect == HF_UNSET &&
            other->binds->role == HF_BIND_PLAIN && hf_plan_servers_are_among(other, proxy))
            return other;
    }
    return NULL;
}

/* One port here, a range there, the same servers: most likely FTP on a port of its own. */
static void warn_pair_looks_like_ftp(struct hf_plan *plan, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_proxy *ranges;

    if (!proxy->binds || proxy->binds->next || proxy->binds->is_range ||
        proxy->o.ftp_inspect != HF_UNSET || proxy->binds->role != HF_BIND_PLAIN ||
        !(ranges = find_plain_ranges(plan, proxy)))
        return;
    hf_diag_add(plan->diag, HF_DIAG_ADVICE, proxy->binds->loc,
                "write 'option ftp-inspect' if this is FTP, 'no option ftp-inspect' if it is not",
                "'%s' has a port, and '%s' a range of ports, of the same servers like FTP, but no "
                "rule takes it for FTP: all of it is plain TCP.",
                proxy->name, ranges->name);
}

/* One port and a range of ports, none of them taken for FTP: most likely FTP on a port of its own,
 * which would silently be balanced as plain TCP and fail at the first transfer. */
static void warn_looks_like_ftp(struct hf_plan *plan, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_bind *bind, *single = NULL, *range = NULL;

    for (bind = proxy->binds; bind; bind = bind->next) {
        if (bind->role != HF_BIND_PLAIN)
            return;
        if (bind->is_range)
            range = bind;
        else
            single = bind;
    }
    if (!single || !range || proxy->o.ftp_inspect != HF_UNSET || count_single_ports(proxy) != 1)
        return;
    hf_diag_add(plan->diag, HF_DIAG_ADVICE, single->loc,
                "write 'option ftp-inspect' if this is FTP, 'no option ftp-inspect' if it is not",
                "%s '%s' has a port and a range of ports like FTP, but no rule takes it for FTP: "
                "all of it is plain TCP.",
                hf_conf_kind(proxy), proxy->name);
}

void hf_conf_ftp_plan(struct hf_config *config, struct hf_diag *diag)
{
    struct hf_plan plan = {.config = config, .diag = diag};
    struct hf_cfg_proxy *proxy;

    hf_plan_index_cookies(&plan);
    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        if (serves_tcp(proxy))
            find_control_binds(&plan, proxy);
    }
    hf_plan_index_hosts(&plan, false);
    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        if (!has_control_bind(proxy))
            continue;
        check_server_addresses(&plan, proxy);
        find_data_ports(&plan, proxy);
    }
    hf_plan_index_hosts(&plan, true);
    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        if (has_control_bind(proxy))
            hf_plan_summarize(&plan, proxy);
        else if (serves_tcp(proxy))
            warn_unused_refs(&plan, proxy);
        if (serves_tcp(proxy)) {
            hf_plan_check_tls(&plan, proxy);
            warn_deferred_accept(&plan, proxy);
            warn_plain_ranges(&plan, proxy);
            warn_looks_like_ftp(&plan, proxy);
            warn_pair_looks_like_ftp(&plan, proxy);
        }
    }
    hf_plan_merge_ranges(&plan);
}
