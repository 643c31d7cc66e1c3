/*
 * resolve.c: names become pointers, and each name is judged once.
 */
#include "conf_int.h"
#include "expr/expr_build.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include <utlist.h>

#include "haftp/base/suggest.h"
#include "haftp/conf/load.h"
#include "words/stats_page.h"

static hf_config_algorithm_fn nearest_algorithm;

void hf_config_set_algorithm_check(hf_config_algorithm_fn fn)
{
    nearest_algorithm = fn;
}

/* ---- looking up -------------------------------------------------------------------------- */

struct hf_cfg_proxy *hf_conf_find_section(const struct hf_config *config, const char *name,
                                          unsigned caps)
{
    return hf_names_find(&config->names[caps], name);
}

const char *hf_conf_nearest_section(const struct hf_config *config, const char *name, unsigned caps)
{
    const struct hf_cfg_proxy *proxy;
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, name);
    LL_FOREACH(config->proxies, proxy)
    {
        if (proxy->caps & caps)
            hf_suggest_offer(&suggest, proxy->name);
    }
    return suggest.best ? hf_arena_printf(config->arena, "did you mean '%s'?", suggest.best) : NULL;
}

bool hf_conf_same_place(struct hf_loc a, struct hf_loc b)
{
    return a.source == b.source && a.line == b.line && a.col == b.col;
}

/* ---- default_backend --------------------------------------------------------------------- */

static void check_modes(const struct hf_cfg_proxy *proxy, const struct hf_cfg_proxy *backend,
                        struct hf_diag *diag)
{
    if (proxy->o.mode == HF_MODE_HTTP && backend->o.mode == HF_MODE_TCP)
        hf_diag_add(
            diag, HF_DIAG_ERROR, proxy->o.default_backend_loc, "write 'mode tcp' in both sections",
            "'%s' has mode http, and its backend '%s' has mode tcp.", proxy->name, backend->name);
    else if (proxy->o.mode == HF_MODE_TCP && backend->o.mode == HF_MODE_HTTP)
        hf_diag_add(diag, HF_DIAG_WARNING, backend->o.mode_loc, NULL,
                    "backend '%s' has mode http: connections from '%s' are carried as plain TCP.",
                    backend->name, proxy->name);
}

static void resolve_backend(struct hf_config *config, struct hf_cfg_proxy *proxy,
                            struct hf_diag *diag)
{
    const char *name = proxy->o.default_backend;

    proxy->backend = proxy->caps & HF_CAP_BACKEND ? proxy : NULL;
    if (!name || !(proxy->caps & HF_CAP_FRONTEND) || proxy->o.disabled)
        return;
    struct hf_cfg_proxy *backend = hf_conf_find_section(config, name, HF_CAP_BACKEND);
    if (!backend) {
        const char *hint = hf_conf_nearest_section(config, name, HF_CAP_BACKEND);
        hf_diag_add(diag, HF_DIAG_ERROR, proxy->o.default_backend_loc,
                    hint ? hint : "add a 'backend' section of that name",
                    "'%s' names no backend or listen section.", name);
        return;
    }
    if (backend == proxy)
        hf_diag_add(diag, HF_DIAG_ERROR, proxy->o.default_backend_loc,
                    "without the line, a listen section uses its own servers",
                    "'%s' is its own default_backend.", name);
    check_modes(proxy, backend, diag);
    /* A listen section with servers of its own uses them, as in HAProxy. */
    if (!proxy->servers)
        proxy->backend = backend;
}

/* ---- stick tables ------------------------------------------------------------------------ */

static const char *nearest_table(const struct hf_config *config, const char *name)
{
    const struct hf_cfg_stick_table *table;
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, name);
    LL_FOREACH(config->tables, table)
    {
        hf_suggest_offer(&suggest, table->name);
    }
    return suggest.best ? hf_arena_printf(config->arena, "did you mean '%s'?", suggest.best)
                        : HF_TABLE_EXAMPLE;
}

const struct hf_cfg_stick_table *hf_conf_find_table(const struct hf_config *config,
                                                    const char *name, struct hf_loc loc,
                                                    struct hf_diag *diag)
{
    const struct hf_cfg_stick_table *table = hf_names_find(&config->table_names, name);

    if (table)
        return table;
    if (hf_conf_find_section(config, name, HF_CAP_FRONTEND | HF_CAP_BACKEND))
        hf_diag_add(diag, HF_DIAG_ERROR, loc, HF_TABLE_EXAMPLE, "section '%s' has no stick-table.",
                    name);
    else
        hf_diag_add(diag, HF_DIAG_ERROR, loc, nearest_table(config, name),
                    "'%s' names no section with a stick-table.", name);
    return NULL;
}

void hf_conf_check_key(const struct hf_cfg_stick_table *table, enum hf_type type, struct hf_loc loc,
                       struct hf_diag *diag)
{
    if (!hf_type_casts(type, hf_stick_sample_type(table->type)))
        hf_diag_add(diag, HF_DIAG_ERROR, loc, NULL,
                    "%s cannot be a key of the stick-table of '%s' (%s:%d).", hf_type_name(type),
                    table->name, table->loc.source->name, table->loc.line);
}

/* Those that share a table are told what they lack once all sections are known. */
static void check_table_peers(const struct hf_config *config, struct hf_diag *diag)
{
    const struct hf_cfg_stick_table *table;

    LL_FOREACH(config->tables, table)
    {
        if (table->peers && table->proxy && !table->proxy->o.disabled &&
            !hf_conf_find_other(config, "peers", table->peers))
            hf_diag_add(diag, HF_DIAG_ERROR, table->peers_loc,
                        "add a section 'peers NAME', or remove the word",
                        "no section 'peers %s' exists.", table->peers);
    }
}

static void resolve_stick_rule(struct hf_config *config, struct hf_cfg_proxy *proxy,
                               struct hf_cfg_stick_rule *rule, struct hf_diag *diag)
{
    struct hf_cfg_stick_table *table;

    if (rule->table_name)
        rule->table = hf_conf_find_table(config, rule->table_name, rule->table_name_loc, diag);
    else if (proxy->stick_table)
        rule->table = proxy->stick_table;
    else
        hf_diag_add(diag, HF_DIAG_ERROR, rule->loc, HF_TABLE_EXAMPLE,
                    "section '%s' has no stick-table.", proxy->name);
    if (rule->table && rule->store) {
        table = hf_names_find(&config->table_names, rule->table->name);
        table->remembers = true;
    }
    if (rule->table)
        hf_conf_check_key(rule->table, rule->expr ? rule->expr->type : HF_TYPE_ADDR, rule->loc,
                          diag);
}

/* ---- balance, mode, ids ------------------------------------------------------------------ */

static bool has_bad_balance(const struct hf_cfg_proxy *proxy)
{
    return nearest_algorithm && (proxy->caps & HF_CAP_BACKEND) && proxy->o.balance_loc.source &&
           nearest_algorithm(proxy->o.balance);
}

static void check_balance(struct hf_config *config, const struct hf_cfg_proxy *proxy,
                          struct hf_diag *diag)
{
    const struct hf_cfg_proxy *other;

    if (!has_bad_balance(proxy))
        return;
    /* What a defaults section handed down is told for its first heir only. */
    for (other = config->proxies; other != proxy; other = other->next) {
        if (has_bad_balance(other) &&
            hf_conf_same_place(other->o.balance_loc, proxy->o.balance_loc))
            return;
    }
    const char *nearest = nearest_algorithm(proxy->o.balance);
    hf_diag_add(diag, HF_DIAG_ERROR, proxy->o.balance_loc,
                nearest[0] ? hf_arena_printf(config->arena, "did you mean '%s'?", nearest)
                           : "one of roundrobin, static-rr, leastconn, first, source, random",
                "unknown balance algorithm '%s'.", proxy->o.balance);
}

static bool proxies_http(const struct hf_cfg_proxy *proxy)
{
    return proxy->o.mode == HF_MODE_HTTP && proxy->binds && !proxy->o.disabled;
}

/* Such a section serves no other one, so nobody misses its port but who wants the page. */
static bool serves_only_a_page(const struct hf_cfg_proxy *proxy)
{
    return proxies_http(proxy) && proxy->o.http_page && !proxy->servers &&
           !proxy->o.default_backend && !proxy->switches;
}

static void refuse_tls(const struct hf_cfg_proxy *proxy, struct hf_diag *diag)
{
    const struct hf_cfg_bind *bind;

    LL_FOREACH(proxy->binds, bind)
    {
        if (hf_bind_has_tls(bind))
            hf_diag_add(diag, HF_DIAG_ERROR, hf_bind_tls_loc(bind),
                        "bind it to 127.0.0.1, or put a section of mode tcp with TLS before it",
                        "pages of HTTP are served without TLS.");
    }
}

static void put_page_aside(struct hf_cfg_proxy *proxy, struct hf_diag *diag)
{
    const char *hindrance = hf_page_hindrance(proxy);

    proxy->is_page = true;
    proxy->o.disabled = true;
    proxy->serves_page = !hindrance;
    if (hindrance)
        hf_diag_add(diag, HF_DIAG_WARNING, proxy->loc,
                    "who may see the page can be said by 'tcp-request connection' and 'stats auth'",
                    "section '%s' serves an HTTP page, with '%s', which comes in a later version: "
                    "its port is not opened.",
                    proxy->name, hindrance);
    refuse_tls(proxy, diag);
}

static void check_mode(const struct hf_config *config, struct hf_cfg_proxy *proxy,
                       struct hf_diag *diag)
{
    const struct hf_cfg_proxy *other;

    if (serves_only_a_page(proxy))
        put_page_aside(proxy, diag);

    /* A mistake in one of its lines says more than that the section is out of scope. */
    if (!proxies_http(proxy) || proxy->faulty)
        return;
    for (other = config->proxies; other != proxy; other = other->next) {
        if (proxies_http(other) && hf_conf_same_place(other->o.mode_loc, proxy->o.mode_loc))
            return;
    }
    hf_diag_add(diag, HF_DIAG_ERROR, proxy->o.mode_loc,
                "write 'mode tcp', or leave this section to HAProxy",
                "section '%s' proxies HTTP, which is out of haftp's scope.", proxy->name);
}

static void check_external(const struct hf_config *config, const struct hf_cfg_proxy *proxy,
                           struct hf_diag *diag)
{
    if (proxy->o.external_check && (proxy->caps & HF_CAP_BACKEND) && !config->global.external_check)
        hf_diag_add(diag, HF_DIAG_ERROR, proxy->loc, "add a line 'external-check' to 'global'",
                    "section '%s' has 'option external-check', which 'global' does not allow.",
                    proxy->name);
}

static void check_id(struct hf_config *config, struct hf_cfg_proxy *proxy, struct hf_names *ids,
                     struct hf_diag *diag)
{
    const struct hf_cfg_proxy *other;
    const char *id;

    if (!proxy->o.forced_id)
        return;
    id = hf_arena_printf(config->arena, "%u", proxy->o.forced_id);
    other = hf_names_find(ids, id);
    if (other)
        hf_diag_add(diag, HF_DIAG_ERROR, proxy->o.forced_id_loc, "each 'id' may be used once",
                    "sections '%s' and '%s' have the same id %s.", other->name, proxy->name, id);
    hf_names_add(ids, config->arena, id, proxy);
}

/* ---- log targets ------------------------------------------------------------------------- */

/* The section's own targets, then the global ones where `log global` asks for them. */
static void collect_logs(struct hf_config *config, struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_log *lists[] = {proxy->o.logs,
                                        proxy->o.log_global ? config->global.logs : NULL};

    proxy->logs_all = NULL;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (const struct hf_cfg_log *log = lists[i]; log; log = log->next) {
            struct hf_cfg_log *copy = HF_NEW(config->arena, struct hf_cfg_log);
            *copy = *log;
            copy->next = NULL;
            LL_APPEND(proxy->logs_all, copy);
        }
    }
}

/* ---- user and group ---------------------------------------------------------------------- */

static const struct passwd *find_user(const char *name, struct hf_loc loc, struct hf_diag *diag)
{
    const struct passwd *user = getpwnam(name);
    if (!user)
        hf_diag_add(diag, HF_DIAG_ERROR, loc, "create it, or name another",
                    "this host has no user '%s'.", name);
    return user;
}

static const struct group *find_group(const char *name, struct hf_loc loc, struct hf_diag *diag)
{
    const struct group *group = getgrnam(name);
    if (!group)
        hf_diag_add(diag, HF_DIAG_ERROR, loc, "create it, or name another",
                    "this host has no group '%s'.", name);
    return group;
}

static void resolve_identity(struct hf_cfg_global *global, struct hf_diag *diag)
{
    const struct passwd *user;
    const struct group *group;

    if (global->user && (user = find_user(global->user, global->user_loc, diag))) {
        global->set_uid = true;
        global->uid = user->pw_uid;
        global->uid_loc = global->user_loc;
    }
    if (global->group && (group = find_group(global->group, global->group_loc, diag))) {
        global->set_gid = true;
        global->gid = group->gr_gid;
        global->gid_loc = global->group_loc;
    }
    if (global->unix_user)
        find_user(global->unix_user, global->unix_user_loc, diag);
    if (global->unix_group)
        find_group(global->unix_group, global->unix_group_loc, diag);
}

void hf_conf_resolve(struct hf_config *config, struct hf_diag *diag)
{
    struct hf_names ids = {0};
    struct hf_cfg_proxy *proxy;
    struct hf_cfg_stick_rule *rule;

    resolve_identity(&config->global, diag);
    hf_conf_resolve_args(config, diag);
    check_table_peers(config, diag);
    LL_FOREACH(config->proxies, proxy)
    {
        resolve_backend(config, proxy, diag);
        LL_FOREACH(proxy->stick_rules, rule)
        {
            resolve_stick_rule(config, proxy, rule, diag);
        }
        hf_conf_resolve_rules(config, proxy, diag);
        check_balance(config, proxy, diag);
        check_mode(config, proxy, diag);
        hf_conf_check_named(config, proxy, diag);
        hf_conf_check_spoe(proxy, diag);
        check_external(config, proxy, diag);
        check_id(config, proxy, &ids, diag);
        collect_logs(config, proxy);
    }
    hf_conf_resolve_apart(config, diag);
    hf_conf_check_ends(config, diag);
}
