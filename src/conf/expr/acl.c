/*
 * acl.c: a sample with flags and values to compare it to.
 */
#include <ctype.h>
#include <string.h>

#include "conf_int.h"
#include "expr_build.h"
#include "haftp/base/suggest.h"
#include "haftp/conf/pattern_index.h"
#include "word.h"

struct acl_reader {
    struct hf_build *b;
    const struct hf_word *words;
    unsigned n, at;
    struct hf_acl_test *test;
    struct hf_pattern_list list;
    bool has_method, is_map, ended; /* ended: by "--" */
    unsigned n_files;
};

static struct hf_arena *arena_of(const struct acl_reader *a)
{
    return a->b->config->arena;
}

/* ---- methods ----------------------------------------------------------------------------- */

static const char *nearest_method(struct hf_arena *arena, const char *name)
{
    static const char *const names[] = {"found", "bool", "int", "ip",  "len", "str", "beg",
                                        "end",   "sub",  "dir", "dom", "bin", "reg"};
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, name);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        hf_suggest_offer(&suggest, names[i]);
    return suggest.best
               ? hf_arena_printf(arena, "did you mean '%s'?", suggest.best)
               : "one of found, bool, int, ip, len, str, beg, end, sub, dir, dom, bin, reg";
}

static bool method_by_type(struct acl_reader *a, enum hf_match *match)
{
    switch (a->test->expr->type) {
    case HF_TYPE_BOOL:
        *match = HF_MATCH_BOOL;
        return true;
    case HF_TYPE_INT:
        *match = HF_MATCH_INT;
        return true;
    case HF_TYPE_ADDR:
    case HF_TYPE_IPV4:
    case HF_TYPE_IPV6:
        *match = HF_MATCH_IP;
        return true;
    case HF_TYPE_STR:
        *match = HF_MATCH_STR;
        return true;
    default:
        return false;
    }
}

static bool set_method(struct acl_reader *a, enum hf_match match, struct hf_loc loc)
{
    enum hf_type from = a->test->expr->type, to = hf_match_type(match);

    a->test->patterns.match = match;
    a->has_method = true;
    if (hf_type_casts(from, to))
        return true;
    hf_build_error(a->b, loc, NULL, "method '%s' compares %s, and '%s' is %s", hf_match_name(match),
                   hf_type_name(to), a->test->expr->text, hf_type_name(from));
    return false;
}

/* ---- flags ------------------------------------------------------------------------------- */

static const struct hf_word *flag_value(struct acl_reader *a, const char *what)
{
    const struct hf_word *flag = &a->words[a->at];

    if (a->at + 1 < a->n)
        return &a->words[++a->at];
    hf_build_error(a->b, flag->loc, NULL, "'%s' needs %s", flag->text, what);
    return NULL;
}

static bool read_method(struct acl_reader *a)
{
    const struct hf_word *word = flag_value(a, "a matching method");
    enum hf_match match;

    if (!word)
        return false;
    if (a->n_files) {
        hf_build_error(a->b, word->loc, "write -m in front of -f",
                       "'-m' stands behind a file that was read without it");
        return false;
    }
    if (hf_match_find(word->text, &match))
        return set_method(a, match, word->loc);
    hf_build_error(a->b, word->loc, nearest_method(arena_of(a), word->text),
                   "unknown matching method '%s'", word->text);
    return false;
}

static bool need_method(struct acl_reader *a)
{
    enum hf_match match;

    if (a->has_method)
        return true;
    if (method_by_type(a, &match))
        return set_method(a, match, a->words[0].loc);
    hf_build_error(a->b, a->words[0].loc, "for example -m str, -m reg, or -m found",
                   "'%s' is %s, so a matching method must be given", a->test->expr->text,
                   hf_type_name(a->test->expr->type));
    return false;
}

static bool read_file(struct acl_reader *a)
{
    const struct hf_word *word = flag_value(a, "the name of a file");
    unsigned n;

    if (!word || !need_method(a))
        return false;
    const struct hf_file_line *lines = hf_pattern_file_read(a->b, word->text, word->loc, &n);
    if (!lines)
        return false;
    bool resolve = a->list.resolve;
    a->list.resolve = false; /* a file has no names */
    for (unsigned i = 0; i < n; i++) {
        struct hf_view text = lines[i].text;
        size_t length = 0;
        while (length < text.n && !isspace((unsigned char)text.p[length]))
            length++;
        if (a->is_map)
            text.n = length;
        const char *wrong = hf_pattern_add(&a->list, text);
        if (!wrong)
            continue;
        hf_build_error(a->b, word->loc, NULL, "'%.*s', on line %u of '%s', is not %s", (int)text.n,
                       text.p, lines[i].number, word->text, wrong);
        return false;
    }
    a->list.resolve = resolve;
    a->n_files++;
    return true;
}

static bool read_id(struct acl_reader *a)
{
    const struct hf_word *word;

    if (a->at + 1 == a->n) /* HAProxy reads nothing as no id */
        return true;
    word = &a->words[++a->at];
    if (*word->text && word->text[strspn(word->text, "0123456789")] == '\0')
        return true;
    hf_build_error(a->b, word->loc, NULL, "'%s' is not a number", word->text);
    return false;
}

static bool read_flag(struct acl_reader *a)
{
    const struct hf_word *flag = &a->words[a->at];

    switch (flag->text[1] && !flag->text[2] ? flag->text[1] : '\0') {
    case 'i':
        a->test->patterns.ignore_case = true;
        return true;
    case 'n':
        a->list.resolve = false;
        return true;
    case 'M':
        a->is_map = true;
        return true;
    case '-':
        a->ended = true;
        return true;
    case 'f':
        return read_file(a);
    case 'm':
        return read_method(a);
    case 'u':
        return read_id(a);
    default:
        hf_build_error(a->b, flag->loc, "write -- in front of values that begin with a '-'",
                       "'%s' is not a flag of ACLs", flag->text);
        return false;
    }
}

/* ---- values ------------------------------------------------------------------------------ */

/* A truth value is compared to nothing. */
static void warn_unread(struct acl_reader *a)
{
    hf_diag_add(a->b->diag, HF_DIAG_WARNING, hf_words_place(a->words + a->at, a->n - a->at),
                "remove them; write '!' in front of the ACL's name for the contrary",
                "values are not read here: '%s' is compared by '%s'.", a->test->expr->text,
                hf_match_name(a->test->patterns.match));
}

static void warn_unequal(struct acl_reader *a, const struct hf_word *word)
{
    enum hf_match match = a->test->patterns.match;

    if ((match == HF_MATCH_INT || match == HF_MATCH_LEN) && strcmp(word->text, "ne") == 0)
        hf_diag_add(a->b->diag, HF_DIAG_WARNING, word->loc,
                    "write 'eq' here and '!' in front of the ACL for the contrary",
                    "'ne' is read as 'eq', as HAProxy does.");
}

/* Verbs come in capitals and hosts in small letters: a value that is written otherwise looks right,
 * and lets everything pass that it was meant to stop. */
static void warn_wrong_case(struct acl_reader *a, const struct hf_word *word)
{
    const struct hf_expr *expr = a->test->expr;
    enum hf_match match = a->test->patterns.match;
    bool verbs = strcmp(expr->fetch.row->name, "ftp.cmd") == 0;
    bool hosts = strcmp(expr->fetch.row->name, "ftp.host") == 0;

    if ((!verbs && !hosts) || expr->n_convs || a->test->patterns.ignore_case ||
        match < HF_MATCH_STR || match > HF_MATCH_DOM)
        return;
    for (const char *p = word->text; *p; p++) {
        if (verbs ? !islower((unsigned char)*p) : !isupper((unsigned char)*p))
            continue;
        hf_diag_add(a->b->diag, HF_DIAG_WARNING, word->loc,
                    "write the value so, or compare with -i",
                    "'%s' never matches: '%s' is always in %s.", word->text, expr->fetch.row->name,
                    verbs ? "capitals" : "small letters");
        return;
    }
}

static bool read_values(struct acl_reader *a)
{
    enum hf_match match = a->test->patterns.match;

    if (a->at < a->n && (match == HF_MATCH_BOOL || match == HF_MATCH_FOUND)) {
        warn_unread(a);
        return true;
    }
    for (; a->at < a->n; a->at++) {
        const struct hf_word *word = &a->words[a->at];
        const char *wrong = hf_pattern_add(&a->list, hf_view_cstr(word->text));
        warn_unequal(a, word);
        warn_wrong_case(a, word);
        if (!wrong)
            continue;
        hf_build_error(a->b, word->loc, NULL, "'%s' is not %s", word->text, wrong);
        return false;
    }
    if (a->test->patterns.n == 0 && !a->n_files && !a->ended && match != HF_MATCH_BOOL &&
        match != HF_MATCH_FOUND)
        hf_diag_add(a->b->diag, HF_DIAG_WARNING, a->words[0].loc,
                    "write -m found to ask whether there is such a sample, -m bool for a number "
                    "other than 0, or -- if this is meant",
                    "'%s' is compared to no value: this never matches.", a->test->expr->text);
    return true;
}

struct hf_acl_test *hf_acl_parse(struct hf_build *b, const struct hf_word *words, unsigned n,
                                 struct hf_loc loc)
{
    struct acl_reader a = {.b = b, .words = words, .n = n};
    const char *method;
    enum hf_match match;
    unsigned used;

    if (n == 0) {
        hf_build_error(b, loc, "for example: src 10.0.0.0/8", "a sample fetch is missing here");
        return NULL;
    }
    a.test = HF_NEW(b->config->arena, struct hf_acl_test);
    a.test->loc = hf_words_place(words, n);
    a.test->text = hf_words_text(b->config->arena, words, n);
    a.test->expr = hf_expr_parse_acl(b, words, n, &used, &method);
    if (!a.test->expr)
        return NULL;
    a.list = (struct hf_pattern_list){.arena = b->config->arena,
                                      .patterns = &a.test->patterns,
                                      .resolve = true,
                                      .versions = method && strcmp(method, "int") == 0};
    if (method && hf_match_find(method, &match) && !set_method(&a, match, words[0].loc))
        return NULL;
    for (a.at = used; a.at < n && !a.ended && words[a.at].text[0] == '-'; a.at++) {
        if (!read_flag(&a))
            return NULL;
    }
    if (!need_method(&a) || !read_values(&a))
        return NULL;
    hf_patterns_index(b->config->arena, &a.test->patterns);
    return a.test;
}

/* ---- predefined -------------------------------------------------------------------------- */

static const struct {
    const char *name, *test;
} predefined[] = {
#define HF_ACL_PREDEFINED(word, test) {word, test},
#include "../../../grammar/rows/samples/acl.def"
};

struct hf_acl *hf_acl_predefined(struct hf_build *b, const struct hf_word *name)
{
    struct hf_arena *arena = b->config->arena;
    struct hf_word words[4];
    unsigned n = 0;

    for (size_t i = 0; i < sizeof predefined / sizeof predefined[0]; i++) {
        if (strcmp(name->text, predefined[i].name) != 0)
            continue;
        for (const char *p = predefined[i].test; *p; p += strcspn(p, " "), p += *p == ' ')
            words[n++] = (struct hf_word){hf_arena_strndup(arena, p, strcspn(p, " ")), name->loc};
        struct hf_acl *acl = HF_NEW(arena, struct hf_acl);
        acl->name = predefined[i].name;
        acl->predefined = true;
        acl->loc = name->loc;
        acl->tests = hf_acl_parse(b, words, n, name->loc);
        return acl;
    }
    return NULL;
}

/* ---- places ------------------------------------------------------------------------------ */

/* The first test that can be true somewhere else only; NULL: one can be true here. */
static const struct hf_acl_test *misplaced(const struct hf_acl *acl, unsigned known)
{
    for (const struct hf_acl_test *test = acl->tests; test; test = test->next) {
        if (test->expr->fetch.row->known & known)
            return NULL;
    }
    return acl->tests;
}

static void check_term(struct hf_build *b, const struct hf_cond *cond, const struct hf_acl *acl,
                       const struct hf_place *place)
{
    const struct hf_acl_test *test = misplaced(acl, place->known);
    const char *name;

    if (!test)
        return;
    name = acl->name ? hf_arena_printf(b->config->arena, "ACL '%s'", acl->name) : "this test";
    hf_diag_add(b->diag, HF_DIAG_WARNING, acl->name ? cond->loc : acl->loc, NULL,
                "%s never matches here: '%s' looks at %s, which %s does not know.", name,
                test->expr->fetch.row->name, hf_known_text(test->expr->fetch.row->known),
                place->name);
}

void hf_cond_check_place(struct hf_build *b, const struct hf_cond *cond,
                         const struct hf_place *place)
{
    const struct hf_cond_all *all;
    const struct hf_cond_term *term;

    if (!cond)
        return;
    for (all = cond->any; all; all = all->next) {
        for (term = all->terms; term; term = term->next)
            check_term(b, cond, term->acl, place);
    }
}

const struct hf_acl_test *hf_cond_find(const struct hf_cond *cond,
                                       bool (*is)(const struct hf_expr *expr))
{
    const struct hf_cond_all *all;
    const struct hf_cond_term *term;
    const struct hf_acl_test *test;

    for (all = cond ? cond->any : NULL; all; all = all->next) {
        for (term = all->terms; term; term = term->next) {
            for (test = term->acl->tests; test; test = test->next) {
                if (is(test->expr))
                    return test;
            }
        }
    }
    return NULL;
}
