/*
 * build.c: sections, what they inherit, and lines that the grammar could not read.
 */
#include "build.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "conf_int.h"
#include "haftp/base/assert.h"
#include "haftp/conf/sections.h"
#include "section/lines.h"
#include "words/http.h"

void hf_build_error(struct hf_build *b, struct hf_loc loc, const char *hint, const char *format,
                    ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    HF_ASSERT(n >= 0);
    hf_diag_add(b->diag, HF_DIAG_ERROR, loc, hint, "%s.", text);
    free(text);
}

/* ---- where the rows of the current section write to -------------------------------------- */

void hf_build_set_section(struct hf_build *b, struct hf_cfg_proxy *section, bool is_defaults)
{
    memset(b->at, 0, sizeof b->at);
    b->other = NULL;
    b->section = section;
    b->in_defaults = is_defaults;
    if (!b->put_aside)
        b->section_errors = hf_diag_count(b->diag, HF_DIAG_ERROR);
    b->at[HF_OBJECT_OPTS] = section ? &section->o : NULL;
    b->at[HF_OBJECT_GLOBAL] = section ? NULL : &b->config->global;
}

/* Such a line fills a section that nobody sees. */
void hf_build_line_apart(struct hf_build *b)
{
    struct hf_cfg_proxy *nowhere = HF_NEW(b->config->arena, struct hf_cfg_proxy);

    nowhere->name = b->section->name;
    nowhere->o = b->section->o;
    nowhere->acls = b->section->acls; /* its conditions may use them */
    nowhere->o.default_backend = NULL;
    nowhere->caps = HF_CAP_FRONTEND | HF_CAP_BACKEND;
    nowhere->backend = b->section;
    b->put_aside = b->section;
    hf_build_set_section(b, nowhere, false);
}

void hf_build_line_back(struct hf_build *b)
{
    struct hf_cfg_proxy *apart = b->section;

    if (!b->put_aside)
        return;
    if (apart->o.default_backend || apart->switches || apart->use_servers)
        HF_APPEND(b, b->config->apart, apart);
    hf_build_set_section(b, b->put_aside, false);
    b->put_aside = NULL;
}

void hf_build_proxy_defaults(struct hf_cfg_proxy *section)
{
    hf_build_row_defaults(&section->o, HF_OBJECT_OPTS);
    hf_build_row_defaults(&section->o.server, HF_OBJECT_SERVER);
    section->o.balance = "roundrobin";
    section->o.redispatch_every = -1;
}

void hf_build_init(struct hf_build *b, struct hf_config *config, struct hf_diag *diag,
                   struct hf_env *env)
{
    *b = (struct hf_build){.config = config, .diag = diag, .env = env, .home_fd = -1};
    hf_build_row_defaults(&config->global, HF_OBJECT_GLOBAL);
    hf_build_row_defaults(&config->global.tls_bind, HF_OBJECT_TLS_OPTIONS);
    hf_build_row_defaults(&config->global.tls_server, HF_OBJECT_TLS_OPTIONS);
    config->global.log_tag = "haftp";
}

/* From now on others may name it. */
static void register_defaults(struct hf_build *b, struct hf_defaults *d)
{
    struct hf_defaults *first;

    if (!d->section.name)
        return;
    hf_names_add(&b->defaults, b->config->arena, d->section.name, d);
    first = hf_names_find(&b->defaults, d->section.name);
    if (first != d)
        first->ambiguous = true;
}

void hf_build_section_end(struct hf_build *b)
{
    if (!b->section)
        return;
    hf_http_tell(b);
    b->section->faulty = hf_diag_count(b->diag, HF_DIAG_ERROR) > b->section_errors;
    if (b->in_defaults)
        register_defaults(b, b->latest);
}

void hf_build_file_begin(struct hf_build *b)
{
    hf_build_section_end(b);
    hf_build_set_section(b, NULL, false);
}

void hf_build_global(struct hf_build *b)
{
    hf_build_section_end(b);
    hf_build_set_section(b, NULL, false);
}

/* ---- inheritance ------------------------------------------------------------------------- */

/* Lists are copied: a section appends to its own. */
static struct hf_cfg_log *copy_logs(struct hf_arena *arena, const struct hf_cfg_log *from)
{
    struct hf_cfg_log *list = NULL;

    for (; from; from = from->next) {
        struct hf_cfg_log *copy = HF_NEW(arena, struct hf_cfg_log);
        *copy = *from;
        copy->next = NULL;
        LL_APPEND(list, copy);
    }
    return list;
}

static struct hf_cfg_data_ref *copy_data_refs(struct hf_arena *arena,
                                              const struct hf_cfg_data_ref *from)
{
    struct hf_cfg_data_ref *list = NULL;

    for (; from; from = from->next) {
        struct hf_cfg_data_ref *copy = HF_NEW(arena, struct hf_cfg_data_ref);
        *copy = *from;
        copy->next = NULL;
        LL_APPEND(list, copy);
    }
    return list;
}

static void inherit(struct hf_build *b, struct hf_cfg_proxy *to, const struct hf_cfg_proxy *from)
{
    to->o = from->o;
    to->o.logs = copy_logs(b->config->arena, from->o.logs);
    to->data_refs = copy_data_refs(b->config->arena, from->data_refs);
    to->advertise = hf_build_copy_data_rules(b->config->arena, from->advertise);
    to->direct = hf_build_copy_data_rules(b->config->arena, from->direct);
    hf_build_inherit_rules(b, to, from);
}

/* A new anonymous section starts afresh, a named one too: only `from` hands down. */
void hf_build_defaults(struct hf_build *b, struct hf_loc loc)
{
    struct hf_defaults *d = HF_NEW(b->config->arena, struct hf_defaults);

    hf_build_section_end(b);
    d->section.loc = loc;
    hf_build_proxy_defaults(&d->section);
    b->latest = d;
    hf_build_set_section(b, &d->section, true);
}

/* HAProxy only complains: which settings a section gets should not depend on its place in the file
 * when another one asks for them by name. */
static void check_two_ways(struct hf_build *b, const struct hf_defaults *d, bool knew_both,
                           struct hf_loc loc)
{
    if (knew_both || !d->by_name || !d->by_order)
        return;
    hf_diag_add(b->diag, HF_DIAG_WARNING, loc,
                "write 'from' in each section, or add a defaults section above those that do not",
                "defaults section '%s' is used by name and by its place in the file.",
                d->section.name);
}

static bool has_rules(const struct hf_cfg_proxy *section)
{
    for (unsigned set = 0; set < HF_RULES_FTP; set++) {
        if (section->rules[set])
            return true;
    }
    return section->has_http_rules;
}

/* HAProxy's rules are handed down to frontends or to backends, which must be able to have all of
 * them.  `ftp-request` may be anywhere. */
static void check_heir(struct hf_build *b, struct hf_defaults *d)
{
    const unsigned both = HF_CAP_FRONTEND | HF_CAP_BACKEND;
    struct hf_cfg_rule *const *rules = d->section.rules;
    unsigned caps = b->section->caps;
    const char *why = NULL;

    if (!has_rules(&d->section))
        return;
    if (b->in_defaults)
        why = "cannot be handed on by another defaults section";
    else if (caps == both)
        why = "cannot be used by a listen section";
    else if (caps == HF_CAP_BACKEND && (rules[HF_RULES_CONNECTION] || rules[HF_RULES_SESSION]))
        why = "are for frontends: they look at connections and sessions";
    else if (caps == HF_CAP_FRONTEND && rules[HF_RULES_RESPONSE])
        why = "are for backends: they look at responses";
    else if ((d->heirs | caps) == both)
        why = "cannot be used by a frontend and by a backend";
    if (why)
        hf_build_error(b, b->section->loc, "write the rules into the sections themselves",
                       "the rules of defaults section '%s' %s", d->section.name, why);
    else
        d->heirs |= caps;
}

static struct hf_defaults *find_defaults(struct hf_build *b, const struct hf_word *name)
{
    struct hf_defaults *found = hf_names_find(&b->defaults, name->text);

    if (!found) {
        hf_build_error(b, name->loc, "it must stand above this line",
                       "there is no defaults section named '%s'", name->text);
    } else if (found->ambiguous) {
        hf_build_error(b, name->loc, "give them different names",
                       "several defaults sections are named '%s'", name->text);
        found = NULL;
    }
    return found;
}

void hf_build_from(struct hf_build *b, const struct hf_word *name)
{
    struct hf_defaults *found = find_defaults(b, name);

    if (!found)
        return;
    hf_build_check_name(b, name, "defaults section that others name");
    inherit(b, b->section, &found->section);
    check_heir(b, found);
    if (b->in_defaults)
        return;
    bool knew_both = found->by_name && found->by_order;
    found->by_name = true;
    check_two_ways(b, found, knew_both, name->loc);
}

void hf_build_no_from(struct hf_build *b)
{
    struct hf_defaults *latest = b->latest;

    if (b->in_defaults || !latest)
        return;
    bool knew_both = latest->by_name && latest->by_order;
    latest->by_order = true;
    check_heir(b, latest);
    check_two_ways(b, latest, knew_both, b->section->loc);
}

/* `defaults from` has the name "from". */
void hf_build_empty_from(struct hf_build *b, struct hf_loc loc)
{
    if (b->in_defaults && !b->section->name)
        b->section->name = "from";
    else
        hf_build_error(b, loc, "write: from NAME", "'from' needs the name of a defaults section");
    hf_build_no_from(b);
}

/* ---- frontend, listen, backend ----------------------------------------------------------- */

static bool is_name(const char *text)
{
    for (; *text; text++) {
        if (!isalnum((unsigned char)*text) && !strchr("-_.:", *text))
            return false;
    }
    return true;
}

void hf_build_check_name(struct hf_build *b, const struct hf_word *name, const char *kind)
{
    if (!is_name(name->text))
        hf_build_error(b, name->loc, "letters, digits, '-', '_', '.' and ':' may be used",
                       "'%s' cannot be the name of a %s", name->text, kind);
}

/* The section that has this name already, or NULL: a frontend and a backend may share one, and
 * HAProxy also lets a listen section follow a backend of its name. */
static const struct hf_loc *find_namesake(const struct hf_build *b, const char *name, unsigned caps)
{
    const unsigned role = caps & HF_CAP_FRONTEND ? HF_CAP_FRONTEND : HF_CAP_BACKEND;
    const struct hf_cfg_proxy *other = hf_conf_find_section(b->config, name, role);
    const struct hf_cfg_section *forward = hf_conf_find_other(b->config, "log-forward", name);

    if (other)
        return &other->loc;
    return forward ? &forward->loc : NULL;
}

static void check_duplicate(struct hf_build *b, const struct hf_word *name, unsigned caps)
{
    const struct hf_loc *other = find_namesake(b, name->text, caps);

    if (!other)
        return;
    bool is_same_file = other->source != name->loc.source && other->line == name->loc.line &&
                        strcmp(other->source->name, name->loc.source->name) == 0;
    hf_build_error(b, name->loc,
                   is_same_file ? "this file was read before: it is given twice"
                                : hf_arena_printf(b->config->arena, "the other one is at %s:%d",
                                                  other->source->name, other->line),
                   "a section named '%s' exists already", name->text);
}

/* Whoever looks for any of several HF_CAP_* finds the first section that has one of them. */
static void append_proxy(struct hf_build *b, struct hf_cfg_proxy *proxy)
{
    struct hf_config *config = b->config;

    proxy->id = ++config->n_proxies;
    if (b->last_proxy)
        b->last_proxy->next = proxy;
    else
        config->proxies = proxy;
    b->last_proxy = proxy;
    for (unsigned caps = 1; caps < HF_N_CAPS; caps++) {
        if (proxy->caps & caps)
            hf_names_add(&config->names[caps], config->arena, proxy->name, proxy);
    }
}

static void begin_proxy(struct hf_build *b, const struct hf_word *name, unsigned caps,
                        const char *kind)
{
    struct hf_config *config = b->config;
    struct hf_cfg_proxy *proxy = HF_NEW(config->arena, struct hf_cfg_proxy);

    hf_build_section_end(b);
    hf_build_check_name(b, name, kind);
    check_duplicate(b, name, caps);
    if (b->latest)
        inherit(b, proxy, &b->latest->section);
    else
        hf_build_proxy_defaults(proxy);
    proxy->loc = name->loc;
    proxy->name = name->text;
    proxy->caps = caps;
    append_proxy(b, proxy);
    hf_build_set_section(b, proxy, false);
}

void hf_build_listen(struct hf_build *b, const struct hf_word *name)
{
    begin_proxy(b, name, HF_CAP_FRONTEND | HF_CAP_BACKEND, "listen section");
}

void hf_build_frontend(struct hf_build *b, const struct hf_word *name)
{
    begin_proxy(b, name, HF_CAP_FRONTEND, "frontend");
}

void hf_build_backend(struct hf_build *b, const struct hf_word *name)
{
    begin_proxy(b, name, HF_CAP_BACKEND, "backend");
}

/* An address as HAProxy had it there until 1.9.  Behind the name of defaults it reads past words.
 */
void hf_build_header_word(struct hf_build *b, const struct hf_word *word)
{
    bool may_listen = b->section->caps & HF_CAP_FRONTEND;

    if (b->in_defaults && !b->section->name) {
        b->section->name = word->text;
        return;
    }
    if (b->in_defaults) {
        hf_diag_add(b->diag, HF_DIAG_WARNING, word->loc, "remove it",
                    "'%s' behind the section's name is not read.", word->text);
        return;
    }
    if (!may_listen || !strchr(word->text, ':')) {
        hf_build_more_name(b, word);
        return;
    }
    hf_diag_add(
        b->diag, HF_DIAG_WARNING, word->loc,
        hf_arena_printf(b->config->arena, "on a line of its own below, write: bind %s", word->text),
        "the address of '%s' on the section's first line is an old spelling.", b->section->name);
    hf_build_bind(b, word);
    hf_build_line_end(b);
}

/* ---- servers ----------------------------------------------------------------------------- */

static void note_server(struct hf_build *b, struct hf_cfg_server *server)
{
    hf_names_add(&b->server_names, b->config->arena, server->name, server);
    b->last_server = server;
}

/* Another section than last time: its servers are gone through once. */
static void turn_to_section(struct hf_build *b)
{
    struct hf_cfg_server *server;

    if (b->servers_of == b->section)
        return;
    b->servers_of = b->section;
    b->server_names = (struct hf_names){0};
    b->last_server = NULL;
    LL_FOREACH(b->section->servers, server)
    {
        note_server(b, server);
    }
}

struct hf_cfg_server *hf_build_find_server(struct hf_build *b, const char *name)
{
    turn_to_section(b);
    return hf_names_find(&b->server_names, name);
}

void hf_build_append_server(struct hf_build *b, struct hf_cfg_server *server)
{
    turn_to_section(b);
    if (b->last_server)
        b->last_server->next = server;
    else
        b->section->servers = server;
    server->index = b->section->n_servers++;
    note_server(b, server);
}

/* ---- what the grammar could not read ----------------------------------------------------- */

static const char *usage(struct hf_arena *arena, const struct hf_keyword *row)
{
    char text[256];

    if (!row)
        return NULL;
    return hf_arena_printf(arena, "usage: %s", hf_keyword_usage(row, text, sizeof text));
}

/* The text of the file between two columns, without its quotes being looked at. */
static const char *text_at(struct hf_arena *arena, struct hf_loc loc)
{
    const char *p = hf_source_line(loc.source, loc.line);
    const char *end = loc.source->text + loc.source->size;

    if (!p || p + loc.end_col - 1 > end)
        return "";
    return hf_arena_strndup(arena, p + loc.col - 1, (size_t)(loc.end_col - loc.col));
}

void hf_build_syntax_error(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc,
                           bool at_end, const char *const *expected, unsigned n_expected)
{
    struct hf_arena *arena = b->config->arena;
    const char *hint = usage(arena, row), *wanted = "";

    for (unsigned i = 0; i < n_expected; i++)
        wanted = hf_arena_printf(arena, "%s%s%s", wanted, i ? " or " : "", expected[i]);
    if (at_end && row)
        hf_build_error(b, loc, hint, "'%s' needs %s", row->name,
                       n_expected ? wanted : "more words");
    else if (n_expected)
        hf_build_error(b, loc, hint, "unexpected '%s', expected %s", text_at(arena, loc), wanted);
    else
        hf_build_error(b, loc, hint, "unexpected '%s'", text_at(arena, loc));
}
