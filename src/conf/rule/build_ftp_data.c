/*
 * build_ftp_data.c: `ftp-data advertise` and `ftp-data direct`: what a client is told of its data
 * connections, under conditions.
 */
#include <string.h>

#include <utlist.h>

#include "expr/expr_build.h"
#include "parse/build.h"

static struct hf_arena *arena_of(const struct hf_build *b)
{
    return b->config->arena;
}

/* 227 can name IPv4 only, and 229 names nothing. */
static bool read_address(struct hf_build *b, struct hf_cfg_data_rule *rule,
                         const struct hf_word *word)
{
    const char *host = hf_env_expand(b->env, arena_of(b), word->text);
    struct hf_addr literal;
    unsigned n = 0;

    rule->host = host;
    if (hf_addr_lookup(host, AF_INET, &rule->addr, 1, &n) == HF_OK && n &&
        !hf_addr_is_any(&rule->addr))
        return true;
    if (!*host)
        hf_build_error(b, word->loc, "if it is a variable, is it set?", "an address is empty");
    else if (hf_addr_parse_host(hf_view_cstr(host), &literal) == HF_OK)
        hf_build_error(
            b, word->loc,
            "a PASV reply can only name IPv4 addresses that a client can connect to, and "
            "an EPSV reply names none",
            "'%s' cannot be told to clients", host);
    else
        hf_build_error(b, word->loc, "names are looked up once, at start",
                       "'%s' is neither an address nor a name with an IPv4 address", host);
    return false;
}

/* Lines of the section itself come before those of its defaults. */
static void add(struct hf_build *b, struct hf_cfg_data_rule **list, struct hf_cfg_data_rule *rule)
{
    for (; *list && !(*list)->inherited; list = &(*list)->next) {
        if (!(*list)->cond)
            hf_diag_add(b->diag, HF_DIAG_WARNING, rule->loc, "the first line that fits counts",
                        "the line %d before has no condition, so this one is never looked at.",
                        (*list)->loc.line);
    }
    rule->next = *list;
    *list = rule;
}

void hf_build_ftp_data(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    struct hf_cfg_data_rule *rule = HF_NEW(arena_of(b), struct hf_cfg_data_rule);
    bool direct = strcmp(row->name, "ftp-data direct") == 0;

    rule->loc = loc;
    if (!direct && b->rule.n_words == 0) {
        hf_build_error(b, loc, "for example 'ftp-data advertise 203.0.113.10'",
                       "'%s' needs an address", row->name);
        return;
    }
    if (!direct && !read_address(b, rule, b->rule.words))
        return;
    if (!hf_build_check_rest(b, direct ? 0 : 1))
        return;
    rule->cond = hf_build_take_condition(b, &hf_place_ftp_data);
    add(b, direct ? &b->section->direct : &b->section->advertise, rule);
}

struct hf_cfg_data_rule *hf_build_copy_data_rules(struct hf_arena *arena,
                                                  const struct hf_cfg_data_rule *from)
{
    struct hf_cfg_data_rule *list = NULL;

    for (; from; from = from->next) {
        struct hf_cfg_data_rule *copy = HF_NEW(arena, struct hf_cfg_data_rule);
        *copy = *from;
        copy->inherited = true;
        copy->next = NULL;
        LL_APPEND(list, copy);
    }
    return list;
}
