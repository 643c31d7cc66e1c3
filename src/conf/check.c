/*
 * check.c: what is wrong only when sections are seen together, and what a section lacks.
 *
 * One cause, one message: the consequences of what has been told are not told again.
 */
#include <string.h>

#include "conf_int.h"
#include "ftp_plan_int.h"

/* ---- what a section lacks ---------------------------------------------------------------- */

bool hf_conf_gives_only_data_ports(const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_bind *bind;

    for (bind = proxy->binds; bind; bind = bind->next) {
        if (bind->role != HF_BIND_DATA)
            return false;
    }
    return proxy->binds != NULL;
}

static void check_timeouts(const struct hf_config *config, struct hf_diag *diag,
                           const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_timeouts *t = &proxy->o.timeout;
    bool accepts = proxy->binds != NULL, connects = proxy->servers != NULL;
    const char *missing =
        hf_arena_printf(config->arena, "%s%s%s", accepts && !t->client ? ", timeout client" : "",
                        connects && !t->connect ? ", timeout connect" : "",
                        connects && !t->server ? ", timeout server" : "");

    if (!*missing)
        return;
    hf_diag_add(diag, HF_DIAG_WARNING, proxy->loc,
                "add them here or in 'defaults', for example 'timeout connect 5s', 'timeout client "
                "1m', 'timeout server 1m'",
                "%s '%s' has no %s: a peer that vanishes keeps its connection for ever.",
                hf_conf_kind(proxy), proxy->name, missing + strlen(", "));
}

static void check_entrance(struct hf_diag *diag, const struct hf_cfg_proxy *proxy)
{
    if (!(proxy->caps & HF_CAP_FRONTEND))
        return;
    if (!proxy->binds) {
        hf_diag_add(diag, HF_DIAG_WARNING, proxy->loc,
                    "add a line like 'bind :21', or declare it as a 'backend'",
                    "%s '%s' has no bind: nobody can connect to it.", hf_conf_kind(proxy),
                    proxy->name);
    } else if (!proxy->n_backends && !proxy->o.default_backend &&
               !hf_conf_gives_only_data_ports(proxy)) {
        hf_diag_add(diag, HF_DIAG_ADVICE, proxy->loc, "add a line 'default_backend NAME'",
                    "%s '%s' has no default_backend: its connections cannot be served.",
                    hf_conf_kind(proxy), proxy->name);
    }
}

/* What other sections want of a section. */
struct use {
    const struct hf_cfg_proxy *user; /* the first that sends connections, maybe itself; or NULL */
    bool mentioned;                  /* also by sections that nobody connects to */
};

static void note_uses(const struct hf_cfg_proxy *proxy, struct use *uses)
{
    const struct hf_cfg_stick_rule *rule;
    bool sends = !proxy->o.disabled && proxy->binds && !hf_conf_gives_only_data_ports(proxy);

    for (unsigned i = 0; i < proxy->n_backends; i++) {
        struct use *use = &uses[proxy->backends[i]->id];
        use->mentioned = true;
        if (sends && !use->user)
            use->user = proxy;
    }
    for (rule = proxy->stick_rules; rule; rule = rule->next) {
        if (rule->table && rule->table->proxy)
            uses[rule->table->proxy->id].mentioned = true;
    }
}

/* By the ids of sections, which begin at 1. */
static const struct use *find_uses(const struct hf_config *config)
{
    struct use *uses = hf_arena_alloc(config->arena, (config->n_proxies + 1) * sizeof *uses);
    const struct hf_cfg_proxy *proxy;

    for (proxy = config->proxies; proxy; proxy = proxy->next)
        note_uses(proxy, uses);
    for (const struct hf_arg_ref *ref = config->arg_refs; ref; ref = ref->next) {
        if (ref->arg->table && ref->arg->table->proxy) /* many a backend is a table and no more */
            uses[ref->arg->table->proxy->id].mentioned = true;
    }
    return uses;
}

static void check_servers(struct hf_diag *diag, const struct hf_cfg_proxy *proxy,
                          const struct use *use)
{
    const struct hf_cfg_proxy *user = use->user;

    if (!(proxy->caps & HF_CAP_BACKEND))
        return;
    if (user && !proxy->servers) {
        hf_diag_add(diag, HF_DIAG_ADVICE, proxy->loc,
                    "add a line like 'server ftp_1 192.168.1.10:21 check'",
                    "%s '%s' has no server: every connection to '%s' will be refused.",
                    hf_conf_kind(proxy), proxy->name, user->name);
    }
    /* After an error, a misspelt default_backend say, this would be its consequence. */
    if (!(proxy->caps & HF_CAP_FRONTEND) && !use->mentioned &&
        hf_diag_count(diag, HF_DIAG_ERROR) == 0) {
        hf_diag_add(diag, HF_DIAG_NOTICE, proxy->loc, NULL, "no section uses backend '%s'.",
                    proxy->name);
    }
}

static void check_log_targets(const struct hf_config *config, struct hf_diag *diag,
                              const struct hf_cfg_proxy *proxy)
{
    bool wants_lines =
        proxy->o.tcplog || proxy->o.ftplog || proxy->o.xferlog || proxy->o.log_format;

    if (!wants_lines || proxy->logs_all || !proxy->binds || hf_conf_gives_only_data_ports(proxy))
        return;
    hf_diag_add(diag, HF_DIAG_WARNING, proxy->loc,
                config->global.logs
                    ? "add a line 'log global' here or in 'defaults'"
                    : "add 'log stdout format raw local0' to 'global', and 'log global' here",
                "%s '%s' chooses what to log, but has no log target: nothing is logged.",
                hf_conf_kind(proxy), proxy->name);
}

/* Servers want to be told an id that the sessions of this section have not. */
static void check_unique_ids(struct hf_diag *diag, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_server_opts *o;

    if (proxy->o.unique_id_format || !proxy->binds)
        return;
    for (unsigned i = 0; i < proxy->n_reach; i++) {
        o = &proxy->reach[i]->o;
        if (!o->proxy_v2_options || !strstr(o->proxy_v2_options, "unique-id"))
            continue;
        hf_diag_add(diag, HF_DIAG_NOTICE, o->proxy_v2_options_loc,
                    "add a line like 'unique-id-format %ci:%cp-%Ts' there, or in 'defaults'",
                    "'unique-id' tells nothing of sessions of '%s', which has no "
                    "'unique-id-format'.",
                    proxy->name);
        return;
    }
}

static void check_steps(struct hf_diag *diag, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_check_script *script = proxy->o.check_script;

    if (script && script->owner == proxy && !proxy->o.tcp_check)
        hf_diag_add(diag, HF_DIAG_WARNING, script->loc, "add a line 'option tcp-check'",
                    "%s '%s' has tcp-check lines without 'option tcp-check': they are ignored.",
                    hf_conf_kind(proxy), proxy->name);
}

/* ---- descriptors ------------------------------------------------------------------------- */

static unsigned count_listeners(const struct hf_config *config)
{
    const struct hf_cfg_proxy *proxy;
    const struct hf_cfg_bind *bind;
    unsigned count = 0;

    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        for (bind = proxy->binds; bind; bind = bind->next) {
            if (!bind->shared_with && !proxy->o.disabled)
                count += bind->port_hi - bind->port_lo + 1u;
        }
    }
    return count;
}

/* Two ends of the control connection and two of a transfer. */
#define DESCRIPTORS_PER_SESSION 4u

static void check_descriptors(const struct hf_config *config, struct hf_diag *diag)
{
    const struct hf_cfg_global *global = &config->global;
    uint64_t needed = (uint64_t)global->maxconn * DESCRIPTORS_PER_SESSION + count_listeners(config);

    if (!global->ulimit_n || !global->maxconn || global->ulimit_n >= needed)
        return;
    hf_diag_add(diag, HF_DIAG_ADVICE, (struct hf_loc){0},
                "leave 'ulimit-n' out: it is then derived from 'maxconn'",
                "ulimit-n %u is too low for maxconn %u, which can need %llu descriptors with a "
                "transfer in every session.",
                global->ulimit_n, global->maxconn, (unsigned long long)needed);
}

/* The one limit by which nobody comes in, however long he waits. */
static void check_tls_places(const struct hf_config *config, struct hf_diag *diag,
                             const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_global *global = &config->global;
    const struct hf_cfg_bind *bind;

    if (global->maxsslconn != 1 || !proxy->reaches_tls)
        return;
    for (bind = proxy->binds; bind; bind = bind->next) {
        if (!hf_bind_has_tls(bind) || bind->role == HF_BIND_DATA)
            continue;
        hf_diag_add(diag, HF_DIAG_WARNING, global->maxsslconn_loc,
                    "raise it to 2 at least, or leave it out",
                    "maxsslconn 1 is not enough for one session of '%s' with TLS: it has a "
                    "connection with TLS on both sides.",
                    proxy->name);
        return;
    }
}

void hf_conf_check(struct hf_config *config, struct hf_diag *diag)
{
    const struct hf_cfg_proxy *proxy;
    const struct use *uses = find_uses(config);

    hf_conf_check_sections(config, diag);
    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        if (proxy->o.disabled)
            continue;
        check_timeouts(config, diag, proxy);
        check_entrance(diag, proxy);
        check_servers(diag, proxy, &uses[proxy->id]);
        check_log_targets(config, diag, proxy);
        check_steps(diag, proxy);
        check_unique_ids(diag, proxy);
        check_tls_places(config, diag, proxy);
    }
    hf_conf_check_ports(config, diag);
    hf_conf_check_rules(config, diag);
    check_descriptors(config, diag);
    hf_conf_tell_pending(config, diag);
}
