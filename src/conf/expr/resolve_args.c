/*
 * resolve_args.c: names in expressions and rules become pointers.
 */
#include "conf_int.h"

#include <string.h>

#include <utlist.h>

#include "haftp/base/suggest.h"
#include "haftp/conf/sections.h"

/* ---- arguments --------------------------------------------------------------------------- */

/* The table of the argument's name, else that of the section. */
static void resolve_table(struct hf_config *config, const struct hf_arg_ref *ref,
                          struct hf_diag *diag)
{
    struct hf_arg *arg = ref->arg;

    if (*arg->text)
        arg->table = hf_conf_find_table(config, arg->text, arg->loc, diag);
    else if (ref->section && ref->section->stick_table)
        arg->table = ref->section->stick_table;
    else if (ref->section)
        hf_diag_add(diag, HF_DIAG_ERROR, arg->loc, "name the section that has one",
                    "section '%s' has no stick-table.", ref->section->name);
    if (arg->table && ref->key)
        hf_conf_check_key(arg->table, ref->key->type, arg->loc, diag);
}

static void resolve_section(struct hf_config *config, const struct hf_arg_ref *ref,
                            struct hf_diag *diag)
{
    unsigned caps = ref->letter == 'f' ? HF_CAP_FRONTEND : HF_CAP_BACKEND;
    const char *kind = ref->letter == 'f' ? "frontend" : "backend";
    struct hf_arg *arg = ref->arg;

    if (!*arg->text) { /* this section */
        arg->proxy = ref->section;
        if (arg->proxy && !(arg->proxy->caps & caps))
            hf_diag_add(diag, HF_DIAG_ERROR, arg->loc, "give its name as an argument",
                        "'%s' is no %s.", arg->proxy->name, kind);
        return;
    }
    arg->proxy = hf_conf_find_section(config, arg->text, caps);
    if (!arg->proxy)
        hf_diag_add(diag, HF_DIAG_ERROR, arg->loc, hf_conf_nearest_section(config, arg->text, caps),
                    "'%s' names no %s.", arg->text, kind);
}

static struct hf_cfg_server *find_server(const struct hf_cfg_proxy *proxy, const char *name)
{
    struct hf_cfg_server *server;

    LL_FOREACH(proxy->servers, server)
    {
        if (strcmp(server->name, name) == 0)
            return server;
    }
    return NULL;
}

static const char *nearest_server(struct hf_arena *arena, const struct hf_cfg_proxy *proxy,
                                  const char *name)
{
    struct hf_cfg_server *server;
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, name);
    LL_FOREACH(proxy->servers, server)
    {
        hf_suggest_offer(&suggest, server->name);
    }
    return suggest.best ? hf_arena_printf(arena, "did you mean '%s'?", suggest.best) : NULL;
}

/* "server", or "backend/server". */
static void resolve_server(struct hf_config *config, const struct hf_arg_ref *ref,
                           struct hf_diag *diag)
{
    struct hf_arg *arg = ref->arg;
    const char *slash = strchr(arg->text, '/'), *name = slash ? slash + 1 : arg->text;
    const struct hf_cfg_proxy *proxy = ref->section;

    if (slash) {
        const char *backend =
            hf_arena_strndup(config->arena, arg->text, (size_t)(slash - arg->text));
        proxy = hf_conf_find_section(config, backend, HF_CAP_BACKEND);
        if (!proxy) {
            hf_diag_add(diag, HF_DIAG_ERROR, arg->loc,
                        hf_conf_nearest_section(config, backend, HF_CAP_BACKEND),
                        "'%s' names no backend.", backend);
            return;
        }
    }
    arg->server = proxy ? find_server(proxy, name) : NULL;
    if (!arg->server)
        hf_diag_add(diag, HF_DIAG_ERROR, arg->loc,
                    proxy ? nearest_server(config->arena, proxy, name) : "write BACKEND/SERVER",
                    "'%s' has no server '%s'.", proxy ? proxy->name : "this section", name);
}

static void resolve_userlist(struct hf_config *config, struct hf_arg *arg, struct hf_diag *diag)
{
    arg->userlist = (struct hf_cfg_userlist *)hf_conf_find_other(config, "userlist", arg->text);
    if (!arg->userlist)
        hf_diag_add(diag, HF_DIAG_ERROR, arg->loc, "add a 'userlist' section of that name",
                    "there is no userlist '%s'.", arg->text);
}

void hf_conf_resolve_args(struct hf_config *config, struct hf_diag *diag)
{
    const struct hf_arg_ref *ref;

    LL_FOREACH(config->arg_refs, ref)
    {
        if (ref->section && ref->section->o.disabled)
            continue;
        if (ref->letter == 'S')
            resolve_server(config, ref, diag);
        else if (ref->letter == 'u')
            resolve_userlist(config, ref->arg, diag);
        else if (ref->letter == 't')
            resolve_table(config, ref, diag);
        else
            resolve_section(config, ref, diag);
    }
}

/* ---- choices ----------------------------------------------------------------------------- */

static void resolve_switch(struct hf_config *config, const struct hf_cfg_proxy *proxy,
                           struct hf_cfg_switch *choice, struct hf_diag *diag)
{
    if (choice->format)
        return;
    choice->backend = hf_conf_find_section(config, choice->name, HF_CAP_BACKEND);
    if (!choice->backend) {
        const char *hint = hf_conf_nearest_section(config, choice->name, HF_CAP_BACKEND);
        hf_diag_add(diag, HF_DIAG_ERROR, choice->loc,
                    hint ? hint : "add a 'backend' section of that name",
                    "'%s' names no backend or listen section.", choice->name);
    } else if (choice->backend == proxy) {
        hf_diag_add(diag, HF_DIAG_ERROR, choice->loc, "remove the line",
                    "section '%s' uses itself as its backend.", proxy->name);
    }
}

static void resolve_use_server(struct hf_config *config, const struct hf_cfg_proxy *proxy,
                               struct hf_cfg_use_server *choice, struct hf_diag *diag)
{
    if (choice->format)
        return;
    choice->server = find_server(proxy, choice->name);
    if (!choice->server)
        hf_diag_add(diag, HF_DIAG_ERROR, choice->loc,
                    nearest_server(config->arena, proxy, choice->name), "'%s' has no server '%s'.",
                    proxy->name, choice->name);
}

/* ---- formats ----------------------------------------------------------------------------- */

/* What a defaults section handed down is told for its first heir only. */
static bool was_told(const struct hf_config *config, const struct hf_cfg_proxy *proxy,
                     const struct hf_format *format)
{
    const struct hf_cfg_proxy *other;

    for (other = config->proxies; other != proxy; other = other->next) {
        const struct hf_cfg_opts *o = &other->o;
        if (o->mode == HF_MODE_TCP && (other->caps & HF_CAP_FRONTEND) &&
            (o->log_format == format || o->log_format_sd == format ||
             o->error_log_format == format || o->unique_id_format == format))
            return true;
    }
    return false;
}

static void check_format(const struct hf_config *config, const struct hf_cfg_proxy *proxy,
                         const struct hf_format *format, struct hf_diag *diag)
{
    if (!format || !format->http.source || proxy->o.mode != HF_MODE_TCP ||
        !(proxy->caps & HF_CAP_FRONTEND) || was_told(config, proxy, format))
        return;
    hf_diag_add(diag, HF_DIAG_ERROR, format->http, NULL,
                "variable '%%%s' is for mode http only, and '%s' is in mode tcp.",
                format->http_name, proxy->name);
}

/* ---- rules on replies ---------------------------------------------------------------------- */

/* ftp.code changes with each reply, so such a rule is for each. */
static bool is_code(const struct hf_expr *expr)
{
    return expr->fetch.row->id == HF_FETCH_ftp_code;
}

/* Once all lines of the ACLs that they name are there. */
static void find_reply_rules(struct hf_cfg_rule *rules)
{
    for (; rules; rules = rules->next)
        rules->each_reply = hf_cond_find(rules->cond, is_code) != NULL;
}

/* ---- all of a section ----------------------------------------------------------------------- */

void hf_conf_resolve_rules(struct hf_config *config, struct hf_cfg_proxy *proxy,
                           struct hf_diag *diag)
{
    struct hf_cfg_switch *choice;
    struct hf_cfg_use_server *use;

    if (proxy->o.disabled)
        return;
    find_reply_rules(proxy->rules[HF_RULES_RESPONSE]);
    LL_FOREACH(proxy->switches, choice)
    {
        resolve_switch(config, proxy, choice, diag);
    }
    LL_FOREACH(proxy->use_servers, use)
    {
        resolve_use_server(config, proxy, use, diag);
    }
    check_format(config, proxy, proxy->o.log_format, diag);
    check_format(config, proxy, proxy->o.log_format_sd, diag);
    check_format(config, proxy, proxy->o.error_log_format, diag);
    check_format(config, proxy, proxy->o.unique_id_format, diag);
}

/* HAProxy looks up the names of such lines, although it never uses them. */
void hf_conf_resolve_apart(struct hf_config *config, struct hf_diag *diag)
{
    const struct hf_cfg_proxy *line;

    LL_FOREACH(config->apart, line)
    {
        const struct hf_cfg_proxy *owner = line->backend;
        struct hf_cfg_switch own = {.loc = line->o.default_backend_loc,
                                    .name = line->o.default_backend};
        struct hf_cfg_use_server *use;
        if (owner->o.disabled)
            continue;
        if (own.name)
            resolve_switch(config, owner, &own, diag);
        if (line->switches)
            resolve_switch(config, owner, line->switches, diag);
        LL_FOREACH(line->use_servers, use)
        {
            resolve_use_server(config, owner, use, diag);
        }
    }
}
