/*
 * build_global.c: lines of `global` with a shape of their own, and texts that proxies have too.
 */
#include "parse/build.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "conf_int.h"
#include "ends/ends.h"

/* ---- description, node ------------------------------------------------------------------- */

/* Several words are one text. */
static void add_text(struct hf_build *b, const char **text, const struct hf_word *word)
{
    struct hf_arena *arena = b->config->arena;
    *text = *text ? hf_arena_printf(arena, "%s %s", *text, word->text) : word->text;
}

void hf_build_description(struct hf_build *b, const struct hf_word *word, bool first)
{
    const char **text = b->section ? &b->section->description : &b->config->global.description;

    if (first)
        *text = NULL;
    add_text(b, text, word);
}

void hf_build_node(struct hf_build *b, const struct hf_word *name)
{
    for (const char *p = name->text; *p; p++) {
        if (isalnum((unsigned char)*p) || strchr("-_.", *p))
            continue;
        hf_build_error(b, name->loc, "letters, digits, '.', '-' and '_' may be used",
                       "'%s' cannot be the name of a node", name->text);
        return;
    }
    b->config->global.node = name->text;
}

/* ---- default-path ------------------------------------------------------------------------ */

/* Files that lines name are opened while the lines are read, so the process itself goes there, and
 * comes back at the end of each file. */
static bool go(struct hf_build *b, struct hf_loc loc, const char *directory)
{
    if (b->home_fd < 0)
        b->home_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (b->home_fd >= 0 && fchdir(b->home_fd) == 0 && (!directory || chdir(directory) == 0))
        return true;
    hf_build_error(b, loc, "is there such a directory, and may it be read?",
                   "'default-path' cannot go to '%s': %s", directory ? directory : ".",
                   strerror(errno));
    return false;
}

/* "a/b.cfg" is in "a", "b.cfg" in ".". */
static const char *directory_of(struct hf_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return slash == path ? "/" : hf_arena_strndup(arena, path, (size_t)(slash - path));
}

static void apply_default_path(struct hf_build *b, struct hf_loc loc)
{
    struct hf_arena *arena = b->config->arena;

    switch (b->path_from) {
    case HF_PATH_CURRENT:
        go(b, loc, NULL);
        break;
    case HF_PATH_CONFIG:
        go(b, loc, directory_of(arena, loc.source->name));
        break;
    case HF_PATH_PARENT:
        go(b, loc, hf_arena_printf(arena, "%s/..", directory_of(arena, loc.source->name)));
        break;
    case HF_PATH_ORIGIN:
        go(b, loc, b->path_origin);
        break;
    }
}

void hf_build_default_path(struct hf_build *b, const struct hf_word *mode,
                           const struct hf_word *directory)
{
    static const char *const modes[] = {"current", "config", "parent", "origin"};

    for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(mode->text, modes[i]) != 0)
            continue;
        if (i == HF_PATH_ORIGIN && !directory) {
            hf_build_error(b, mode->loc, "usage: default-path origin DIRECTORY",
                           "'default-path origin' needs a directory");
            return;
        }
        b->path_from = (enum hf_path_from)i;
        b->path_origin = directory ? directory->text : NULL;
        apply_default_path(b, directory ? directory->loc : mode->loc);
        return;
    }
    hf_build_error(b, mode->loc, "one of current, config, parent, origin",
                   "'default-path' cannot be '%s'", mode->text);
}

void hf_build_file_place(struct hf_build *b, const struct hf_source *source)
{
    if (b->path_from != HF_PATH_CURRENT)
        apply_default_path(b, (struct hf_loc){.source = source, .line = 1, .col = 1, .end_col = 1});
}

void hf_build_go_home(struct hf_build *b)
{
    if (b->home_fd < 0)
        return;
    (void)!fchdir(b->home_fd);
    close(b->home_fd);
    b->home_fd = -1;
}

/* ---- stats socket ------------------------------------------------------------------------ */

/* A path, or an address with a port, as on a bind line; the options are those of a bind. */
void hf_build_stats_socket(struct hf_build *b, const struct hf_word *address)
{
    struct hf_bind_address *at = HF_NEW(b->config->arena, struct hf_bind_address);
    struct hf_problem problem;
    const char *text = hf_env_expand(b->env, b->config->arena, address->text);

    b->bind = (struct hf_cfg_bind){.loc = address->loc};
    hf_build_row_defaults(&b->bind, HF_OBJECT_BIND);
    b->at[HF_OBJECT_BIND] = &b->bind;
    if (hf_address_parse_bind(b->config->arena, text, at, &problem))
        b->bind_addresses = at;
    else
        hf_build_error(b, address->loc, "a path begins with '/'; an address needs a port", "%s",
                       problem.text);
}

/* Commands in the clear where TLS was asked for would be a lie. */
static bool refuse_tls(struct hf_build *b)
{
    if (!hf_bind_has_tls(&b->bind))
        return false;
    hf_build_error(b, hf_bind_tls_loc(&b->bind),
                   "use a unix socket, or an address that only this host reaches",
                   "the runtime API has no TLS");
    return true;
}

static void tell_idle_socket_words(struct hf_build *b, const struct hf_bind_address *at)
{
    const struct hf_cfg_bind *bind = &b->bind;

    if ((bind->mode || bind->uid != -1 || bind->gid != -1) && at->reach != HF_REACH_UNIX)
        hf_diag_add(b->diag, HF_DIAG_WARNING, bind->loc, "they are for unix sockets",
                    "'mode', 'user', 'group', 'uid' and 'gid' have no effect on this address.");
    if (bind->accept_proxy || bind->accept_netscaler_cip)
        hf_diag_add(b->diag, HF_DIAG_WARNING, bind->loc, "remove it",
                    "the runtime API reads no PROXY header and no NetScaler header.");
    if (bind->maxconn)
        hf_diag_add(b->diag, HF_DIAG_NOTICE, bind->loc, NULL,
                    "'maxconn' has no effect here: 'stats maxconn' limits the clients.");
}

/* The socket of each port is opened by itself. */
static void add_stats_socket(struct hf_build *b, const struct hf_bind_address *at)
{
    struct hf_cfg_bind *bind = HF_NEW(b->config->arena, struct hf_cfg_bind);

    *bind = b->bind;
    hf_ends_stand_at(bind, at);
    LL_APPEND(b->config->global.stats_sockets, bind);
}

/* The later one takes the path away from the first, as with HAProxy. */
static void tell_second_of_path(struct hf_build *b, const struct hf_bind_address *at)
{
    const struct hf_cfg_bind *other;

    LL_FOREACH(b->config->global.stats_sockets, other)
    {
        if (!at->path || other->reach != at->reach || strcmp(other->path, at->path) != 0)
            continue;
        hf_diag_add(b->diag, HF_DIAG_WARNING, b->bind.loc, "give each line a path of its own",
                    "'%s' is the socket of %s:%d, too: nobody can reach that one any more.",
                    at->text, other->loc.source->name, other->loc.line);
        return;
    }
}

void hf_build_end_stats_socket(struct hf_build *b)
{
    const struct hf_bind_address *at = b->bind_addresses;

    b->bind_addresses = NULL;
    if (!at || !hf_build_is_sound(b) || refuse_tls(b))
        return;
    if (at->reach == HF_REACH_FD) {
        hf_build_error(b, b->bind.loc, "write a path or an address",
                       "the runtime API cannot listen on an open descriptor");
        return;
    }
    tell_second_of_path(b, at);
    tell_idle_socket_words(b, at);
    add_stats_socket(b, at);
}

/* ---- h1-case-adjust ---------------------------------------------------------------------- */

void hf_build_h1_case(struct hf_build *b, const struct hf_word *from, const struct hf_word *to)
{
    if (strcasecmp(from->text, to->text) != 0)
        hf_build_error(b, to->loc, "for example: h1-case-adjust content-length Content-Length",
                       "'%s' and '%s' may only differ in capitals", from->text, to->text);
    else if (hf_names_find(&b->cased, from->text))
        hf_build_error(b, from->loc, "remove one of them", "'%s' stands in such a line already",
                       from->text);
    else
        hf_diag_add(b->diag, HF_DIAG_NOTICE, from->loc, NULL,
                    "'h1-case-adjust' has no effect: it is for HTTP only.");
    hf_names_add(&b->cased, b->config->arena, from->text, b);
}

/* ---- cpu-map ----------------------------------------------------------------------------- */

#define MOST_THREADS 64
#define MOST_CPUS    1024

/* "3", "1-4"; how many numbers that is, or 0 when it is something else or out of limits. */
static unsigned count_range(const char *text, size_t n, long least, long most)
{
    char *end;

    if (n == 0 || !isdigit((unsigned char)text[0]))
        return 0;
    long from = strtol(text, &end, 10), to = from;
    if (end < text + n && *end == '-' && isdigit((unsigned char)end[1]))
        to = strtol(end + 1, &end, 10);
    if (end != text + n || from < least || to < least || from > most || to > most)
        return 0;
    return (unsigned)labs(to - from) + 1;
}

/* A set of threads; 0 when it is none. */
static unsigned count_threads(const char *text, size_t n)
{
    struct hf_view set = hf_view(text, n);

    if (hf_view_is(set, "all"))
        return MOST_THREADS;
    if (hf_view_is(set, "odd") || hf_view_is(set, "even"))
        return MOST_THREADS / 2;
    return count_range(text, n, 1, MOST_THREADS);
}

void hf_build_cpu_map(struct hf_build *b, const struct hf_word *threads, const struct hf_word *cpus)
{
    const char *text = threads->text, *slash;

    b->cpu_map_auto = strncmp(text, "auto:", strlen("auto:")) == 0;
    b->cpu_map_cpus = 0;
    b->cpu_map_loc = threads->loc;
    if (b->cpu_map_auto)
        text += strlen("auto:");
    slash = strchr(text, '/');
    unsigned first = count_threads(text, slash ? (size_t)(slash - text) : strlen(text));
    unsigned second = slash ? count_threads(slash + 1, strlen(slash + 1)) : 1;
    b->cpu_map_threads = first * second;
    if (!b->cpu_map_threads)
        hf_build_error(b, threads->loc,
                       "for example 1, 1-4, 1/1-4, all, odd or even; threads 1 to 64",
                       "'%s' is no set of threads", threads->text);
    hf_build_cpu_set(b, cpus);
}

void hf_build_cpu_set(struct hf_build *b, const struct hf_word *cpus)
{
    for (const char *p = cpus->text;; p++) {
        size_t n = strcspn(p, ",");
        unsigned count = count_range(p, n, 0, MOST_CPUS - 1);
        if (!count) {
            hf_build_error(b, cpus->loc, "for example 0, 0-3 or 0,2; CPUs 0 to 1023",
                           "'%s' is no set of CPUs", cpus->text);
            return;
        }
        b->cpu_map_cpus += count;
        p += n;
        if (!*p)
            return;
    }
}

void hf_build_end_cpu_map(struct hf_build *b)
{
    if (b->cpu_map_auto && b->cpu_map_threads && b->cpu_map_threads != b->cpu_map_cpus)
        hf_build_error(b, b->cpu_map_loc, "give one CPU to each thread, or leave 'auto:' out",
                       "'cpu-map auto' needs as many CPUs as threads");
}

/* ---- words that HAProxy calls experimental ----------------------------------------------- */

/* The options that follow are written to the struct of this line. */
void hf_build_tls_options(struct hf_build *b, const struct hf_keyword *row)
{
    struct hf_cfg_global *global = &b->config->global;

    b->at[HF_OBJECT_TLS_OPTIONS] =
        row->options & HF_ON_TLS_BIND ? &global->tls_bind : &global->tls_server;
}

void hf_build_experiment(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc,
                         const struct hf_word *value)
{
    if (!b->config->global.experimental)
        hf_build_error(b, loc, "add a line 'expose-experimental-directives' above it",
                       "'%s' is experimental", row->name);
    else if (strcmp(value->text, "on") != 0 && strcmp(value->text, "off") != 0)
        hf_build_error(b, value->loc, "one of on, off", "'%s' cannot be '%s'", row->name,
                       value->text);
    else
        hf_diag_add(b->diag, HF_DIAG_NOTICE, loc, NULL,
                    "'%s' has no effect: descriptors are always edge-triggered.", row->name);
}
