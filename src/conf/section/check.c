/*
 * check.c: what is wrong with the sections that are no proxies, once they have been read.
 */
#include "haftp/conf/sections.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include <utlist.h>

#include "conf_int.h"
#include "haftp/conf/load.h"

static bool is(const struct hf_cfg_section *section, const char *kind)
{
    return strcmp(section->kind, kind) == 0;
}

struct hf_cfg_section *hf_conf_find_other(const struct hf_config *config, const char *kind,
                                          const char *name)
{
    return hf_names_find(&config->other_names, hf_arena_printf(config->arena, "%s %s", kind, name));
}

/* HAProxy has a resolvers section of that name even where the file has none. */
#define BUILT_IN_RESOLVERS "default"

bool hf_conf_names_other(const struct hf_config *config, const char *kind, const char *name)
{
    return hf_conf_find_other(config, kind, name) ||
           (strcmp(kind, "resolvers") == 0 && strcmp(name, BUILT_IN_RESOLVERS) == 0);
}

/* ---- user lists -------------------------------------------------------------------------- */

/* The next name of "a,b,c"; p NULL: there is none. */
static struct hf_view next_name(const char **list)
{
    struct hf_view name = {NULL, 0};

    while (*list && **list == ',')
        ++*list;
    if (*list && **list) {
        name = hf_view(*list, strcspn(*list, ","));
        *list += name.n;
    }
    return name;
}

static bool has(const struct hf_config *config, const struct hf_names *names, struct hf_view name)
{
    return hf_names_find(names, hf_arena_strndup(config->arena, name.p, name.n)) != NULL;
}

static void check_userlist(const struct hf_config *config, const struct hf_cfg_userlist *list,
                           struct hf_diag *diag)
{
    const struct hf_cfg_user *user;
    const struct hf_cfg_group *group;
    const char *names;
    struct hf_view name;

    LL_FOREACH(list->users, user)
    {
        for (names = user->groups; (name = next_name(&names)).p;) {
            if (!has(config, &list->group_names, name))
                hf_diag_add(diag, HF_DIAG_ERROR, user->groups_loc, "add a line 'group NAME'",
                            "user list '%s' has no group '%.*s'.", list->head.name, (int)name.n,
                            name.p);
        }
    }
    LL_FOREACH(list->groups, group)
    {
        for (names = group->users; (name = next_name(&names)).p;) {
            if (!has(config, &list->user_names, name))
                hf_diag_add(diag, HF_DIAG_ERROR, group->users_loc, "add a line 'user NAME'",
                            "user list '%s' has no user '%.*s'.", list->head.name, (int)name.n,
                            name.p);
        }
    }
}

/* ---- the others -------------------------------------------------------------------------- */

static void check_peers(const struct hf_cfg_peers *peers, struct hf_diag *diag)
{
    if (!peers->disabled && !peers->local)
        hf_diag_add(diag, HF_DIAG_WARNING, peers->head.loc,
                    "its name is the host's, or what -L or 'localpeer' says",
                    "section 'peers %s' lacks this process itself: it is incomplete.",
                    peers->head.name);
}

static void check_resolvers(const struct hf_cfg_resolvers *resolvers, struct hf_diag *diag)
{
    if (!resolvers->nameservers && !resolvers->system)
        hf_diag_add(diag, HF_DIAG_WARNING, resolvers->head.loc,
                    "add 'parse-resolv-conf', or a line like 'nameserver dns1 192.0.2.53:53'",
                    "section 'resolvers %s' has no name server.", resolvers->head.name);
}

static void check_ring(const struct hf_cfg_ring *ring, struct hf_diag *diag)
{
    unsigned size = ring->size ? ring->size : HF_RING_SIZE;

    if (ring->maxlen > size)
        hf_diag_add(diag, HF_DIAG_WARNING, ring->head.loc, NULL,
                    "the lines of ring '%s' may not be longer than the ring, %u bytes.",
                    ring->head.name, size);
    if (ring->section.servers && (!ring->connect_ms || !ring->server_ms))
        hf_diag_add(diag, HF_DIAG_WARNING, ring->head.loc,
                    "add 'timeout connect' and 'timeout server' to it",
                    "ring '%s' has servers, but lacks a timeout.", ring->head.name);
}

static void check_log_forward(const struct hf_cfg_log_forward *forward, struct hf_diag *diag)
{
    if (!forward->section.binds && !forward->has_dgram_bind)
        hf_diag_add(diag, HF_DIAG_WARNING, forward->head.loc, "add 'dgram-bind' or 'bind'",
                    "section 'log-forward %s' has no bind: nobody can log to it.",
                    forward->head.name);
}

bool hf_conf_listens(const struct hf_cfg_section *section)
{
    const struct hf_cfg_log_forward *forward = (const struct hf_cfg_log_forward *)section;

    return is(section, "log-forward") && (forward->section.binds || forward->has_dgram_bind);
}

static void check_program(const struct hf_cfg_program *program, struct hf_diag *diag)
{
    if (!program->command)
        hf_diag_add(diag, HF_DIAG_ERROR, program->head.loc, "add a line 'command PROGRAM'",
                    "program '%s' lacks a command.", program->head.name);
    if (program->user && !getpwnam(program->user))
        hf_diag_add(diag, HF_DIAG_ERROR, program->user_loc, "create it, or name another",
                    "this host has no user '%s'.", program->user);
    if (program->group && !getgrnam(program->group))
        hf_diag_add(diag, HF_DIAG_ERROR, program->group_loc, "create it, or name another",
                    "this host has no group '%s'.", program->group);
}

static void check_cache(const struct hf_cfg_cache *cache, struct hf_diag *diag)
{
    uint64_t half = ((uint64_t)cache->total_mb << 20) / 2;

    if (!cache->total_mb)
        hf_diag_add(diag, HF_DIAG_ERROR, cache->head.loc, "add a line 'total-max-size MEGABYTES'",
                    "cache '%s' has no size.", cache->head.name);
    else if (cache->object_bytes > half)
        hf_diag_add(diag, HF_DIAG_ERROR, cache->head.loc, NULL,
                    "'max-object-size' of cache '%s' is more than half of its size.",
                    cache->head.name);
}

static void check_fcgi_app(const struct hf_cfg_fcgi_app *app, struct hf_diag *diag)
{
    if (!app->docroot)
        hf_diag_add(diag, HF_DIAG_ERROR, app->head.loc, "add a line 'docroot DIRECTORY'",
                    "application '%s' has no document root.", app->head.name);
}

void hf_conf_check_sections(const struct hf_config *config, struct hf_diag *diag)
{
    const struct hf_cfg_section *section;

    LL_FOREACH(config->sections, section)
    {
        if (is(section, "peers"))
            check_peers((const struct hf_cfg_peers *)section, diag);
        else if (is(section, "resolvers"))
            check_resolvers((const struct hf_cfg_resolvers *)section, diag);
        else if (is(section, "userlist"))
            check_userlist(config, (const struct hf_cfg_userlist *)section, diag);
        else if (is(section, "ring"))
            check_ring((const struct hf_cfg_ring *)section, diag);
        else if (is(section, "log-forward"))
            check_log_forward((const struct hf_cfg_log_forward *)section, diag);
        else if (is(section, "program"))
            check_program((const struct hf_cfg_program *)section, diag);
        else if (is(section, "cache"))
            check_cache((const struct hf_cfg_cache *)section, diag);
        else if (is(section, "fcgi-app"))
            check_fcgi_app((const struct hf_cfg_fcgi_app *)section, diag);
    }
}

/* HAProxy sends mail only where all three are known. */
static void check_mail(const struct hf_config *config, const struct hf_cfg_proxy *proxy,
                       struct hf_diag *diag)
{
    const struct hf_cfg_opts *o = &proxy->o;

    if (o->mailers && o->mail_from && o->mail_to &&
        !hf_conf_find_other(config, "mailers", o->mailers))
        hf_diag_add(diag, HF_DIAG_ERROR, o->mailers_loc, "add such a section, or remove the line",
                    "no section 'mailers %s' exists.", o->mailers);
}

/* What several heirs of a defaults section name is told of the first. */
static bool was_told(const struct hf_config *config, const struct hf_cfg_proxy *proxy,
                     const struct hf_cfg_named *named)
{
    const struct hf_cfg_proxy *other;
    const struct hf_cfg_named *same;

    for (other = config->proxies; other != proxy; other = other->next) {
        LL_FOREACH(other->o.named, same)
        {
            if (same == named)
                return true;
        }
    }
    return false;
}

void hf_conf_check_named(const struct hf_config *config, const struct hf_cfg_proxy *proxy,
                         struct hf_diag *diag)
{
    const struct hf_cfg_named *named;

    check_mail(config, proxy, diag);
    LL_FOREACH(proxy->o.named, named)
    {
        if (!hf_conf_names_other(config, named->kind, named->name) &&
            !was_told(config, proxy, named))
            hf_diag_add(diag, HF_DIAG_ERROR, named->loc, "add such a section, or remove the line",
                        "no section '%s %s' exists.", named->kind, named->name);
    }
}

void hf_config_check_master(const struct hf_config *config, bool master_worker,
                            struct hf_diag *diag)
{
    const struct hf_cfg_section *section;

    LL_FOREACH(config->sections, section)
    {
        if (!master_worker && is(section, "program")) {
            hf_diag_add(diag, HF_DIAG_ERROR, section->loc,
                        "add 'master-worker' to 'global', or start with -W",
                        "a 'program' section needs a master process.");
            return;
        }
    }
}
