/*
 * build_balance.c: how servers are chosen: balance, hash-type, option redispatch.
 */
#include "../build.h"

#include <stdlib.h>
#include <string.h>

#include "../../expr/expr_build.h"
#include "../value.h"

static struct hf_cfg_opts *opts_of(struct hf_build *b)
{
    return &b->section->o;
}

/* ---- balance ----------------------------------------------------------------------------- */

/* What may follow the algorithms that look at HTTP, checked although it is not used. */

/* The words of "uri". */
static void check_uri_words(struct hf_build *b, const struct hf_word *words, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        const char *text = words[i].text;
        if (strcmp(text, "whole") == 0 || strcmp(text, "path-only") == 0)
            continue;
        if (strcmp(text, "len") != 0 && strcmp(text, "depth") != 0) {
            hf_build_error(b, words[i].loc, "one of len N, depth N, whole, path-only",
                           "'balance uri' knows no '%s'", text);
            return;
        }
        if (++i == n || strtol(words[i].text, NULL, 10) <= 0) {
            hf_build_error(b, words[i < n ? i : n - 1].loc, NULL,
                           "'%s' of 'balance uri' needs a number of 1 or more", text);
            return;
        }
    }
}

/* The one word that may stand behind the algorithm and its argument. */
static void check_modifier(struct hf_build *b, const struct hf_word *words, unsigned n, unsigned at,
                           const char *modifier)
{
    if (n > at && strcmp(words[at].text, modifier) != 0)
        hf_build_error(b, words[at].loc,
                       hf_arena_printf(b->config->arena, "'%s' is the only one", modifier),
                       "'balance %s' knows no '%s'", words[0].text, words[at].text);
}

/* "hdr(NAME)": there must be something between the parentheses. */
static void check_argument(struct hf_build *b, const struct hf_word *word, const char *what)
{
    const char *open = strchr(word->text, '('), *close = open ? strchr(open, ')') : NULL;

    if (!close || close == open + 1)
        hf_build_error(b, word->loc, NULL, "'balance %s' needs the name of a %s in parentheses",
                       word->text, what);
}

static void check_words(struct hf_build *b, const struct hf_word *words, unsigned n)
{
    const char *name = words[0].text;

    if (strcmp(name, "uri") == 0) {
        check_uri_words(b, words, n);
    } else if (strcmp(name, "url_param") == 0) {
        if (n == 1)
            hf_build_error(b, words[0].loc, NULL, "'balance url_param' needs a parameter's name");
        check_modifier(b, words, n, 2, "check_post");
    } else if (strncmp(name, "hdr(", strlen("hdr(")) == 0) {
        check_argument(b, &words[0], "header");
        check_modifier(b, words, n, 1, "use_domain_only");
    } else if (strcmp(name, "rdp-cookie") != 0) {
        check_argument(b, &words[0], "cookie");
    }
}

static bool is_http_algorithm(const char *name)
{
    return strcmp(name, "uri") == 0 || strcmp(name, "url_param") == 0 ||
           strncmp(name, "hdr(", strlen("hdr(")) == 0;
}

/* They look at bytes that a TCP proxy never has; HAProxy takes turns instead. */
static void take_turns(struct hf_build *b, const struct hf_word *algorithm, unsigned n_words)
{
    check_words(b, algorithm, n_words);
    opts_of(b)->balance = "roundrobin";
    if (is_http_algorithm(algorithm->text))
        hf_diag_add(b->diag, HF_DIAG_WARNING, algorithm->loc,
                    "write roundrobin, leastconn, source, first, random or hash EXPRESSION",
                    "'balance %s' looks at HTTP: in mode tcp, as in HAProxy, servers take turns.",
                    algorithm->text);
    else
        hf_diag_add(b->diag, HF_DIAG_NOTICE, algorithm->loc, NULL,
                    "'balance %s' looks at RDP: what has no such cookie, FTP for one, takes turns.",
                    algorithm->text);
}

/* "random" and "random(N)": as HAProxy does, what stands behind is not looked at. */
static void random_draws(struct hf_build *b, const struct hf_word *algorithm)
{
    const char *argument = algorithm->text + strlen("random");
    struct hf_cfg_opts *o = opts_of(b);

    o->balance = "random";
    if (argument[0] != '(' || argument[1] == ')')
        return;
    long draws = strtol(argument + 1, NULL, 10);
    if (draws < 1 || draws > INT32_MAX || !strchr(argument, ')'))
        hf_build_error(b, algorithm->loc, "write random or random(2)",
                       "'%s' is not a number of draws", argument);
    else
        o->balance_draws = (unsigned)draws;
}

/* The key that servers follow from. */
static void hash_of(struct hf_build *b, const struct hf_word *words, unsigned n)
{
    unsigned used;

    if (n == 1) {
        hf_build_error(b, words[0].loc, "for example: balance hash src",
                       "'balance hash' needs a sample");
        return;
    }
    opts_of(b)->balance = "hash";
    opts_of(b)->balance_expr = hf_expr_parse(b, words + 1, n - 1, &used, &hf_place_backend);
    if (opts_of(b)->balance_expr && used + 1 < n)
        hf_build_error(b, words[used + 1].loc, NULL, "'balance hash' takes nothing behind '%s'",
                       words[used].text);
}

/* Names that are none of these are judged by those who know the algorithms. */
void hf_build_balance(struct hf_build *b, struct hf_loc loc)
{
    const struct hf_word *words = b->rule.words;
    unsigned n = b->rule.n_words;
    const char *name = n ? words[0].text : "roundrobin";
    struct hf_cfg_opts *o = opts_of(b);

    o->balance_loc = n ? words[0].loc : loc;
    o->balance_draws = 0;
    o->balance_expr = NULL;
    if (is_http_algorithm(name) || strncmp(name, "rdp-cookie", strlen("rdp-cookie")) == 0)
        take_turns(b, words, n);
    else if (strncmp(name, "random", strlen("random")) == 0)
        random_draws(b, words);
    else if (strcmp(name, "hash") == 0)
        hash_of(b, words, n);
    else
        o->balance = name;
}

/* ---- hash-type --------------------------------------------------------------------------- */

/* Also sets what HAProxy hashes with when the line says no more. */
void hf_build_hash_type(struct hf_build *b, const struct hf_word *method)
{
    struct hf_cfg_opts *o = opts_of(b);

    if (strcmp(method->text, "map-based") == 0)
        o->hash_type = HF_HASH_MAP;
    else if (strcmp(method->text, "consistent") == 0)
        o->hash_type = HF_HASH_CONSISTENT;
    else if (strcmp(method->text, "avalanche") == 0)
        hf_build_error(b, method->loc, "write: hash-type map-based sdbm avalanche",
                       "'hash-type avalanche' is no longer known");
    else
        hf_build_error(b, method->loc, "one of map-based, consistent", "'hash-type' cannot be '%s'",
                       method->text);
    o->hash_function = HF_HASH_SDBM;
    o->hash_avalanche = o->hash_type == HF_HASH_CONSISTENT;
}

/* By enum hf_hash_function. */
static const char *const function_names[] = {"sdbm", "djb2", "wt6", "crc32", "none"};

const char *hf_hash_function_name(enum hf_hash_function function)
{
    return function_names[function];
}

void hf_build_hash_function(struct hf_build *b, const struct hf_word *function)
{
    struct hf_cfg_opts *o = opts_of(b);

    o->hash_avalanche = false; /* unless the line says so */
    for (size_t i = 0; i < sizeof function_names / sizeof function_names[0]; i++) {
        if (strcmp(function->text, function_names[i]) == 0) {
            o->hash_function = (enum hf_hash_function)i;
            return;
        }
    }
    hf_build_error(b, function->loc, "one of sdbm, djb2, wt6, crc32, none",
                   "unknown hash function '%s'", function->text);
}

void hf_build_hash_modifier(struct hf_build *b, const struct hf_word *modifier)
{
    if (strcmp(modifier->text, "avalanche") == 0)
        opts_of(b)->hash_avalanche = true;
    else
        hf_build_error(b, modifier->loc, "'avalanche' is the only one",
                       "unknown modifier '%s' of a hash function", modifier->text);
}

/* HAProxy reads what digits there are. */
void hf_build_hash_factor(struct hf_build *b, const struct hf_word *percent)
{
    long n = strtol(percent->text, NULL, 10);

    if (n < 0 || (n > 0 && n <= 100) || n > INT32_MAX)
        hf_build_error(b, percent->loc, "for example 150",
                       "'hash-balance-factor' must be 0, or more than 100 percent");
    else
        opts_of(b)->hash_balance_factor = (unsigned)n;
}

/* ---- redispatch -------------------------------------------------------------------------- */

/* HAProxy reads a number of any sign, and 0 where there is none. */
void hf_build_redispatch(struct hf_build *b, enum hf_tristate on, const struct hf_word *every)
{
    long n = every ? strtol(every->text, NULL, 10) : -1;

    opts_of(b)->redispatch = on;
    opts_of(b)->redispatch_every = n > INT16_MAX ? INT16_MAX : n < INT16_MIN ? INT16_MIN : (int)n;
}
