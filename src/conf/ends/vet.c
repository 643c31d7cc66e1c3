/*
 * vet.c: words of `bind` and `server` lines that mean more than any word.
 */
#include "vet.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "parse/build.h"
#include "parse/value.h"

#define MOST_THREADS 64

static struct hf_arena *arena_of(const struct hf_build *b)
{
    return b->config->arena;
}

static bool refuse(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *word,
                   const char *hint)
{
    hf_build_error(b, word->loc, hint, "'%s' cannot be '%s'", row->name, word->text);
    return false;
}

/* What an address was found to be. */
static bool settle(struct hf_build *b, const struct hf_word *word, bool right,
                   const struct hf_problem *problem)
{
    if (!right)
        hf_build_error(b, word->loc, problem->hint, "%s", problem->text);
    else if (problem->warning)
        hf_diag_add(b->diag, HF_DIAG_WARNING, word->loc, NULL, "%s.", problem->warning);
    return right;
}

HF_VET(any)
{
    (void)b, (void)row, (void)word;
    return true;
}

HF_VET(once)
{
    const char *const *field =
        (const char *const *)(void *)((char *)b->at[row->object] + row->offset);

    if (*field)
        hf_build_error(b, word->loc, "remove one of the lines", "'%s' was given already",
                       row->name);
    return !*field;
}

HF_VET(octal)
{
    size_t digits = strspn(word->text, "01234567");

    if (digits && digits <= 10 && !word->text[digits])
        return true;
    return refuse(b, row, word, "write the mode as octal digits, for example 660");
}

/* ---- users ------------------------------------------------------------------------------- */

HF_VET(bind_user)
{
    const struct passwd *user = getpwnam(word->text);

    (void)row;
    if (user)
        b->bind.uid = (int)user->pw_uid;
    else
        hf_build_error(b, word->loc, "create it, or name another", "this host has no user '%s'",
                       word->text);
    return user != NULL;
}

HF_VET(bind_group)
{
    const struct group *group = getgrnam(word->text);

    (void)row;
    if (group)
        b->bind.gid = (int)group->gr_gid;
    else
        hf_build_error(b, word->loc, "create it, or name another", "this host has no group '%s'",
                       word->text);
    return group != NULL;
}

/* ---- processes and threads --------------------------------------------------------------- */

/* "all", "odd", "even", "N" or "N-[M]" of 1..most. */
static bool is_set(const char *text, int most)
{
    const char *rest;

    if (strcmp(text, "all") == 0 || strcmp(text, "odd") == 0 || strcmp(text, "even") == 0)
        return true;
    int64_t first = hf_value_loose_number(text, &rest), last = first;
    if (rest == text || (*rest && *rest != '-'))
        return false;
    if (*rest == '-' && rest[1])
        last = hf_value_loose_number(rest + 1, &rest);
    else if (*rest == '-')
        last = most;
    return first >= 1 && first <= most && last >= 1 && last <= most && (!*rest || !rest[1]);
}

HF_VET(process)
{
    const char *slash = strchr(word->text, '/');
    const char *set = slash
                          ? hf_arena_strndup(arena_of(b), word->text, (size_t)(slash - word->text))
                          : word->text;

    if (is_set(set, 1) && (!slash || is_set(slash + 1, MOST_THREADS)))
        return true;
    return refuse(b, row, word, "there is one process: write 1 or all, and /THREADS behind it");
}

HF_VET(thread)
{
    const char *slash = strchr(word->text, '/');

    if (is_set(slash ? slash + 1 : word->text, MOST_THREADS) &&
        (!slash || (slash == word->text + 1 && *word->text == '1')))
        return true;
    return refuse(b, row, word, "write all, odd, even, or numbers of 1 to 64 such as 1-4");
}

HF_VET(shards)
{
    const char *rest;
    int64_t number = hf_value_loose_number(word->text, &rest);

    if (strcmp(word->text, "by-thread") == 0 || (number >= 1 && number <= MOST_THREADS))
        return true;
    return refuse(b, row, word, "write by-thread or a number of 1 to 64");
}

/* ---- protocols --------------------------------------------------------------------------- */

static bool is_http_protocol(const char *text)
{
    return strcmp(text, "h1") == 0 || strcmp(text, "h2") == 0 || strcmp(text, "fcgi") == 0;
}

HF_VET(proto)
{
    if (strcmp(word->text, "none") == 0)
        return true;
    if (!is_http_protocol(word->text))
        return refuse(b, row, word, "the protocol of plain TCP is none");
    hf_build_error(b, word->loc, "remove it: FTP and plain TCP need no other protocol",
                   "'proto %s' is for mode http", word->text);
    return false;
}

HF_VET(check_proto)
{
    if (strcmp(word->text, "none") == 0 || is_http_protocol(word->text))
        return true;
    return refuse(b, row, word, "one of none, h1, h2, fcgi");
}

HF_VET(namespace)
{
    const char *path = hf_arena_printf(arena_of(b), "/var/run/netns/%s", word->text);
    bool of_client = strcmp(word->text, "*") == 0 && row->object == HF_OBJECT_SERVER;

    if (of_client || access(path, R_OK) == 0)
        return true;
    hf_build_error(b, word->loc, "make it with `ip netns add`",
                   "this host has no network namespace '%s'", word->text);
    return false;
}

/* ---- addresses --------------------------------------------------------------------------- */

HF_VET(host)
{
    struct hf_problem problem;
    struct hf_addr addr;

    (void)row;
    return settle(b, word,
                  hf_address_parse_host(arena_of(b), hf_env_expand(b->env, arena_of(b), word->text),
                                        &addr, &problem),
                  &problem);
}

HF_VET(agent_addr)
{
    struct hf_cfg_server_opts *server = b->at[HF_OBJECT_SERVER];
    struct hf_problem problem;

    (void)row;
    return settle(b, word,
                  hf_address_parse_host(arena_of(b), hf_env_expand(b->env, arena_of(b), word->text),
                                        &server->agent_to, &problem),
                  &problem);
}

HF_VET(socks4)
{
    struct hf_problem problem;
    struct hf_addr addr;
    uint16_t lo, hi;

    if (!settle(b, word,
                hf_address_parse_source(arena_of(b), hf_env_expand(b->env, arena_of(b), word->text),
                                        false, &addr, &lo, &hi, &problem),
                &problem))
        return false;
    return lo || refuse(b, row, word, "it needs a port: write ADDRESS:PORT");
}

HF_VET(check_addr)
{
    struct hf_cfg_server_opts *server = b->at[HF_OBJECT_SERVER];
    struct hf_problem problem;
    uint16_t lo, hi;

    (void)row;
    if (!settle(b, word,
                hf_address_parse_source(arena_of(b), hf_env_expand(b->env, arena_of(b), word->text),
                                        false, &server->check_addr, &lo, &hi, &problem),
                &problem))
        return false;
    if (lo)
        server->check_port = lo;
    return true;
}

/* HAProxy keeps the low 16 bits of whatever number it finds. */
HF_VET(check_port)
{
    struct hf_cfg_server_opts *server = b->at[HF_OBJECT_SERVER];
    const char *rest;
    int64_t number = hf_value_loose_number(word->text, &rest);

    (void)row;
    server->check_port = (uint16_t)number;
    if (*rest || number < 0 || number > UINT16_MAX)
        hf_diag_add(b->diag, HF_DIAG_WARNING, word->loc, "write a port of 1 to 65535",
                    "'%s' is not a port: it is read as %u, as HAProxy does.", word->text,
                    server->check_port);
    return true;
}

/* ---- lists ------------------------------------------------------------------------------- */

/* Calls fn for each piece between commas; false as soon as it does not agree. */
static bool all_pieces(struct hf_build *b, const char *list, bool (*fn)(const char *piece))
{
    while (*list) {
        size_t n = strcspn(list, ",");
        if (n && !fn(hf_arena_strndup(arena_of(b), list, n)))
            return false;
        list += n + (list[n] == ',');
    }
    return true;
}

static bool is_network(const char *piece)
{
    const char *slash = strchr(piece, '/');
    struct hf_addr addr;
    int64_t bits;

    if (hf_addr_parse_host(hf_view(piece, slash ? (size_t)(slash - piece) : strlen(piece)), &addr))
        return false;
    if (!slash)
        return true;
    return hf_value_number(slash + 1, &bits) == HF_OK &&
           bits <= (addr.sa.sa_family == AF_INET ? 32 : 128);
}

HF_VET(networks)
{
    return all_pieces(b, word->text, is_network) ||
           refuse(b, row, word, "write networks such as 10.0.0.0/8, with commas between");
}

static bool is_resolve_option(const char *piece)
{
    return strcmp(piece, "allow-dup-ip") == 0 || strcmp(piece, "ignore-weight") == 0 ||
           strcmp(piece, "prevent-dup-ip") == 0;
}

HF_VET(resolve_opts)
{
    return all_pieces(b, word->text, is_resolve_option) ||
           refuse(b, row, word, "allow-dup-ip, ignore-weight, prevent-dup-ip, with commas between");
}

static bool is_init_method(const char *piece)
{
    struct hf_addr addr;

    return strcmp(piece, "last") == 0 || strcmp(piece, "libc") == 0 || strcmp(piece, "none") == 0 ||
           hf_addr_parse_host(hf_view_cstr(piece), &addr) == HF_OK;
}

HF_VET(init_addr)
{
    return all_pieces(b, word->text, is_init_method) ||
           refuse(b, row, word, "last, libc, none or an IP address, with commas between");
}

static bool is_proxy_option(const char *piece)
{
    static const char *const known[] = {"ssl",      "cert-cn",   "ssl-cipher", "cert-sig",
                                        "cert-key", "authority", "crc32c",     "unique-id"};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(piece, known[i]) == 0)
            return true;
    }
    return false;
}

HF_VET(proxy_v2_options)
{
    return all_pieces(b, word->text, is_proxy_option) ||
           refuse(b, row, word,
                  "ssl, cert-cn, ssl-cipher, cert-sig, cert-key, authority, crc32c, unique-id");
}
