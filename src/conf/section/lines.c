/*
 * lines.c: how a section that is no proxy begins, and its lines.
 */
#include "lines.h"

#include <errno.h>
#include <libgen.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "conf_int.h"
#include "haftp/base/regex.h"
#include "haftp/conf/sections.h"
#include "words/page.h"

static struct hf_arena *arena_of(struct hf_build *b)
{
    return b->config->arena;
}

/* ---- how a section begins ---------------------------------------------------------------- */

struct kind {
    const char *name;
    size_t bytes;          /* of its struct */
    size_t proxy;          /* offset of the proxy in it whose lines it shares; 0: none */
    enum hf_object object; /* that its rows fill */
    bool any_name;         /* every character may stand in its name */
};

static const struct kind kinds[] = {
    {"peers", sizeof(struct hf_cfg_peers), offsetof(struct hf_cfg_peers, section), HF_OBJECT_PEERS,
     false},
    {"resolvers", sizeof(struct hf_cfg_resolvers), 0, HF_OBJECT_RESOLVERS, false},
    {"userlist", sizeof(struct hf_cfg_userlist), 0, HF_OBJECT_NONE, false},
    {"mailers", sizeof(struct hf_cfg_mailers), 0, HF_OBJECT_MAILERS, false},
    {"ring", sizeof(struct hf_cfg_ring), offsetof(struct hf_cfg_ring, section), HF_OBJECT_RING,
     false},
    {"log-forward", sizeof(struct hf_cfg_log_forward), offsetof(struct hf_cfg_log_forward, section),
     HF_OBJECT_LOG_FORWARD, false},
    {"program", sizeof(struct hf_cfg_program), 0, HF_OBJECT_PROGRAM, true},
    {"cache", sizeof(struct hf_cfg_cache), 0, HF_OBJECT_CACHE, true},
    {"fcgi-app", sizeof(struct hf_cfg_fcgi_app), offsetof(struct hf_cfg_fcgi_app, section),
     HF_OBJECT_FCGI_APP, false},
};

/* Sections without a row here have nothing but their name. */
static const struct kind *kind_of(const char *name)
{
    static const struct kind bare = {"", sizeof(struct hf_cfg_section), 0, HF_OBJECT_NONE, false};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return &bare;
}

static bool is(const struct hf_cfg_section *section, const char *kind)
{
    return section && strcmp(section->kind, kind) == 0;
}

/* Where another section of that name is, as a hint. */
static const char *other_at(struct hf_build *b, struct hf_loc loc)
{
    return hf_arena_printf(arena_of(b), "the other one is at %s:%d", loc.source->name, loc.line);
}

/* Rings that HAProxy has without a section. */
static bool is_built_in_ring(const char *name)
{
    return strcmp(name, "stdout") == 0 || strcmp(name, "stderr") == 0 || strcmp(name, "buf0") == 0;
}

static void keep(struct hf_build *b, struct hf_cfg_section *section)
{
    struct hf_config *config = b->config;
    const char *name = hf_arena_printf(config->arena, "%s %s", section->kind, section->name);

    HF_APPEND(b, config->sections, section);
    hf_names_add(&config->other_names, config->arena, name, section);
}

/* Puts the section among the others, unless its name is taken. */
static void append(struct hf_build *b, struct hf_cfg_section *section)
{
    const struct hf_cfg_section *same = hf_conf_find_other(b->config, section->kind, section->name);
    const struct hf_cfg_proxy *proxy = NULL;

    if (is(section, "log-forward"))
        proxy = hf_conf_find_section(b->config, section->name, HF_CAP_FRONTEND | HF_CAP_BACKEND);
    if (same && section->name[0] && is(section, "userlist"))
        hf_diag_add(b->diag, HF_DIAG_WARNING, section->loc, other_at(b, same->loc),
                    "a second userlist '%s' is ignored.", section->name);
    else if ((same && section->name[0]) || proxy)
        hf_build_error(b, section->loc, other_at(b, same ? same->loc : proxy->loc),
                       "a section named '%s' exists already", section->name);
    else if (is(section, "ring") && is_built_in_ring(section->name))
        hf_build_error(b, section->loc, "choose another name", "a ring named '%s' always exists",
                       section->name);
    else
        keep(b, section);
}

/* A proxy of its own, since some of its lines are a proxy's. */
static struct hf_cfg_proxy *make_proxy(struct hf_cfg_section *section, size_t offset)
{
    struct hf_cfg_proxy *proxy = (struct hf_cfg_proxy *)(void *)((char *)section + offset);

    hf_build_proxy_defaults(proxy);
    proxy->loc = section->loc;
    proxy->name = section->name;
    proxy->caps = HF_CAP_FRONTEND | HF_CAP_BACKEND;
    return proxy;
}

void hf_build_other_section(struct hf_build *b, const struct hf_keyword *row,
                            const struct hf_word *name, struct hf_loc loc)
{
    const struct kind *kind = kind_of(row->name);
    struct hf_cfg_section *section = hf_arena_alloc(arena_of(b), kind->bytes);

    hf_build_section_end(b);
    if (!name && row->args[0])
        hf_build_error(b, loc, NULL, "'%s' needs a name", row->name);
    if (name && !kind->any_name)
        hf_build_check_name(b, name, hf_arena_printf(arena_of(b), "'%s' section", row->name));
    section->kind = row->name;
    section->loc = name ? name->loc : loc;
    section->name = name ? name->text : "";
    append(b, section);
    if (!is(section, "userlist"))
        hf_conf_add_pending(b->config, row->name, section->loc);
    hf_build_set_section(b, kind->proxy ? make_proxy(section, kind->proxy) : NULL, false);
    b->other = section;
    if (kind->object) {
        b->at[kind->object] = section;
        hf_build_row_defaults(section, kind->object);
    }
}

void hf_build_more_name(struct hf_build *b, const struct hf_word *word)
{
    hf_build_error(b, word->loc, NULL, "unexpected '%s' behind the section's name", word->text);
}

/* ---- addresses --------------------------------------------------------------------------- */

/* "HOST:PORT", where the port must be there. */
static bool parse_address(struct hf_build *b, const struct hf_word *word, const char *text,
                          struct hf_addr *addr)
{
    struct hf_problem problem;

    if (!hf_address_parse_host_port(arena_of(b), hf_env_expand(b->env, arena_of(b), text), 0, addr,
                                    &problem))
        hf_build_error(b, word->loc, problem.hint, "%s", problem.text);
    else if (hf_addr_port(addr) == 0)
        hf_build_error(b, word->loc, "write ADDRESS:PORT", "'%s' has no port", word->text);
    else
        return true;
    return false;
}

/* ---- peers ------------------------------------------------------------------------------- */

/* A section has either a `bind` and `server` lines, or `peer` lines. */
static void note_line(struct hf_build *b, bool *kind, bool other_kind, struct hf_loc loc)
{
    if (other_kind && !*kind)
        hf_build_error(b, loc, "beside a 'bind' line, write 'server' instead of 'peer'",
                       "'bind' and 'peer' lines cannot be mixed");
    *kind = true;
}

/* The name of this process among its peers. */
static const char *local_name(const struct hf_build *b)
{
    const char *name = b->config->global.localpeer;

    return name ? name : b->env->localpeer;
}

static void note_local_peer(struct hf_build *b, struct hf_cfg_peers *peers, struct hf_loc loc)
{
    if (peers->local)
        hf_build_error(b, loc, other_at(b, peers->local_loc),
                       "'%s' is the name of this process, and stands here already", local_name(b));
    peers->local = local_name(b);
    peers->local_loc = loc;
}

void hf_build_peer(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *name,
                   const struct hf_word *address)
{
    struct hf_cfg_peers *peers = b->at[HF_OBJECT_PEERS];
    bool is_server = strcmp(row->name, "server") == 0;
    bool is_local = strcmp(name->text, local_name(b)) == 0;

    if (!is_server) {
        note_line(b, &peers->has_peer_line, peers->has_bind, name->loc);
    }
    if (is_local)
        note_local_peer(b, peers, name->loc);
    if (is_local && is_server && address) {
        hf_build_error(b, address->loc, "remove it: the 'bind' line has the address",
                       "'%s' is this process itself and takes no address", name->text);
        address = NULL;
    } else if (!is_local && !address) {
        hf_diag_add(b->diag, HF_DIAG_WARNING, name->loc, "add its ADDRESS:PORT",
                    "peer '%s' has no address and is ignored.", name->text);
    }
    if (address)
        hf_build_server(b, name, address);
    else /* its options are checked all the same */
        hf_build_nameless_server(b);
}

void hf_build_other_bind(struct hf_build *b, const struct hf_word *address)
{
    struct hf_cfg_peers *peers = b->at[HF_OBJECT_PEERS];

    if (is(b->other, "peers")) {
        note_line(b, &peers->has_bind, peers->has_peer_line, address->loc);
        if (peers->section.binds)
            hf_build_error(b, address->loc, other_at(b, peers->section.binds->loc),
                           "a 'peers' section has one 'bind' line");
    }
    hf_build_bind(b, address);
}

void hf_build_peers_table(struct hf_build *b, const struct hf_word *name)
{
    b->table_name = name->text;
    hf_build_stick_table(b, name->loc);
    b->table->name = hf_arena_printf(arena_of(b), "%s/%s", b->other->name, name->text);
}

void hf_build_peers_table_end(struct hf_build *b)
{
    struct hf_cfg_peers *peers = b->at[HF_OBJECT_PEERS];

    if (b->table_name && b->section->stick_table) {
        struct hf_cfg_peers_table *table = HF_NEW(arena_of(b), struct hf_cfg_peers_table);
        table->name = b->table_name;
        table->table = b->section->stick_table;
        HF_APPEND(b, peers->tables, table);
        b->section->stick_table = NULL;
    }
    b->table_name = NULL;
}

/* ---- resolvers --------------------------------------------------------------------------- */

void hf_build_nameserver(struct hf_build *b, const struct hf_word *name,
                         const struct hf_word *address)
{
    struct hf_cfg_resolvers *resolvers = b->at[HF_OBJECT_RESOLVERS];
    struct hf_cfg_nameserver *server = HF_NEW(arena_of(b), struct hf_cfg_nameserver);
    const struct hf_cfg_nameserver *other;
    const char *text = address->text;

    hf_build_check_name(b, name, "name server");
    LL_FOREACH(resolvers->nameservers, other)
    {
        if (strcmp(other->name, name->text) == 0) {
            hf_build_error(b, name->loc, other_at(b, other->loc),
                           "a name server '%s' exists already", name->text);
            break;
        }
    }
    server->tcp = strncmp(text, "tcp@", strlen("tcp@")) == 0;
    if (server->tcp || strncmp(text, "udp@", strlen("udp@")) == 0)
        text += strlen("udp@");
    if (!parse_address(b, address, text, &server->addr))
        return;
    server->loc = name->loc;
    server->name = name->text;
    HF_APPEND(b, resolvers->nameservers, server);
}

/* ---- user lists -------------------------------------------------------------------------- */

void hf_build_user(struct hf_build *b, const struct hf_word *name)
{
    struct hf_cfg_userlist *list = (struct hf_cfg_userlist *)b->other;
    struct hf_cfg_user *user = HF_NEW(arena_of(b), struct hf_cfg_user), *other;

    user->loc = name->loc;
    user->name = name->text;
    b->at[HF_OBJECT_USER] = user;
    other = hf_names_find(&list->user_names, user->name);
    if (other) {
        hf_diag_add(b->diag, HF_DIAG_WARNING, name->loc, other_at(b, other->loc),
                    "a second user '%s' is ignored.", user->name);
        return;
    }
    HF_APPEND(b, list->users, user);
    hf_names_add(&list->user_names, arena_of(b), user->name, user);
}

void hf_build_group(struct hf_build *b, const struct hf_word *name)
{
    struct hf_cfg_userlist *list = (struct hf_cfg_userlist *)b->other;
    struct hf_cfg_group *group = HF_NEW(arena_of(b), struct hf_cfg_group), *other;

    hf_build_check_name(b, name, "group");
    group->loc = name->loc;
    group->name = name->text;
    b->at[HF_OBJECT_GROUP] = group;
    other = hf_names_find(&list->group_names, group->name);
    if (other) {
        hf_diag_add(b->diag, HF_DIAG_WARNING, name->loc, other_at(b, other->loc),
                    "a second group '%s' is ignored.", group->name);
        return;
    }
    HF_APPEND(b, list->groups, group);
    hf_names_add(&list->group_names, arena_of(b), group->name, group);
}

/* HAProxy takes a last option without its value for an empty one. */
void hf_build_dangling(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    hf_diag_add(b->diag, HF_DIAG_WARNING, loc, NULL, "'%s' has no value.", row->name);
}

/* ---- mailers, rings, log-forward --------------------------------------------------------- */

void hf_build_mailer(struct hf_build *b, const struct hf_word *name, const struct hf_word *address)
{
    struct hf_cfg_mailers *mailers = b->at[HF_OBJECT_MAILERS];
    struct hf_cfg_mailer *mailer = HF_NEW(arena_of(b), struct hf_cfg_mailer);

    hf_build_check_name(b, name, "mailer");
    if (!parse_address(b, address, address->text, &mailer->addr))
        return;
    mailer->loc = name->loc;
    mailer->name = name->text;
    HF_APPEND(b, mailers->mailers, mailer);
}

/* A ring is never made smaller than it is; HAProxy does not read units here. */
void hf_build_ring_size(struct hf_build *b, int64_t bytes, struct hf_loc loc)
{
    struct hf_cfg_ring *ring = b->at[HF_OBJECT_RING];

    if (ring->backing_file)
        hf_build_error(b, loc, "put 'size' above 'backing-file'",
                       "the size of a ring that is in a file already cannot be changed");
    else if (bytes < ring->size || bytes < HF_RING_SIZE || bytes > INT32_MAX)
        hf_build_error(b, loc, "write it in bytes, without a unit: 65536",
                       "a ring of %lld bytes would be smaller than it is already, or too large",
                       (long long)bytes);
    else
        ring->size = (unsigned)bytes;
}

/* HAProxy opens the file while it reads the line, and makes it; here it must only be possible. */
void hf_build_ring_file(struct hf_build *b, const struct hf_word *file)
{
    struct hf_cfg_ring *ring = b->at[HF_OBJECT_RING];
    char *folder = hf_arena_strdup(arena_of(b), file->text);

    if (ring->backing_file)
        hf_build_error(b, file->loc, "remove one of the lines",
                       "ring '%s' has the file '%s' already", ring->head.name, ring->backing_file);
    else if (access(file->text, F_OK) == 0 ? access(file->text, R_OK | W_OK) != 0
                                           : access(dirname(folder), W_OK | X_OK) != 0)
        hf_build_error(b, file->loc, "its folder must exist, and be writable",
                       "cannot open '%s': %s", file->text, strerror(errno));
    else
        ring->backing_file = file->text;
}

void hf_build_ring_timeout(struct hf_build *b, struct hf_loc loc)
{
    hf_diag_add(b->diag, HF_DIAG_WARNING, loc, "only 'timeout connect' and 'timeout server' are",
                "this timeout is not read in a 'ring' section.");
}

void hf_build_dgram_bind(struct hf_build *b, const struct hf_word *address)
{
    struct hf_cfg_log_forward *forward = b->at[HF_OBJECT_LOG_FORWARD];
    struct hf_bind_address ignored = {0};
    struct hf_problem problem;

    forward->has_dgram_bind = true;
    if (!hf_address_parse_datagram(arena_of(b), hf_env_expand(b->env, arena_of(b), address->text),
                                   &ignored, &problem))
        hf_build_error(b, address->loc, problem.hint, "%s", problem.text);
}

/* ---- programs, caches, error pages, applications, namespaces ------------------------------ */

void hf_build_command(struct hf_build *b, const struct hf_word *word)
{
    struct hf_cfg_program *program = b->at[HF_OBJECT_PROGRAM];

    program->command = word->text;
}

void hf_build_cache_vary(struct hf_build *b, const struct hf_word *word, struct hf_loc loc)
{
    if (!word || (strcmp(word->text, "on") != 0 && strcmp(word->text, "off") != 0))
        hf_diag_add(b->diag, HF_DIAG_WARNING, word ? word->loc : loc, NULL,
                    "'process-vary' is 'on' or 'off'; anything else is ignored.");
}

/* A status that HAProxy has a page for. */
static bool has_page(int64_t status)
{
    static const int pages[] = {200, 400, 401, 403, 404, 405, 407, 408, 410, 413,
                                421, 422, 425, 429, 500, 501, 502, 503, 504};

    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (pages[i] == status)
            return true;
    }
    return false;
}

void hf_build_error_file(struct hf_build *b, int64_t status, struct hf_loc loc,
                         const struct hf_word *file)
{
    if (!has_page(status)) {
        hf_build_error(b, loc, NULL, "there is no error page for status %lld", (long long)status);
        return;
    }
    if (access(file->text, R_OK) != 0) {
        hf_build_error(b, file->loc, NULL, "cannot open '%s': %s", file->text, strerror(errno));
        return;
    }
    const char *wrong = hf_page_wrong(file->text);
    if (wrong)
        hf_build_error(b, file->loc, HF_PAGE_EXAMPLE, "'%s' is no answer of HTTP: %s", file->text,
                       wrong);
}

void hf_build_path_info(struct hf_build *b, const struct hf_word *word)
{
    char error[128];

    if (!hf_regex_new(arena_of(b), word->text, false, error, sizeof error))
        hf_build_error(b, word->loc, NULL, "'%s' is not a regular expression: %s", word->text,
                       error);
}

void hf_build_namespace(struct hf_build *b, const struct hf_word *name)
{
    const char *path = hf_arena_printf(arena_of(b), "/var/run/netns/%s", name->text);

    if (access(path, R_OK) != 0)
        hf_build_error(b, name->loc, "'ip netns add' makes one",
                       "this host has no network namespace '%s'", name->text);
}
