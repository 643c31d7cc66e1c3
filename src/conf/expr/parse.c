/*
 * parse.c: fetch(args),conv(args),... : names looked up, types checked, places checked.
 */
#include "reader.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <utlist.h>

#include "conf_int.h"
#include "haftp/base/suggest.h"
#include "word.h"

struct hf_loc hf_reader_place(const struct hf_reader *r, const char *from, const char *to)
{
    return hf_word_part(r->word, (size_t)(from - r->word->text), (size_t)(to - r->word->text));
}

bool hf_reader_fail(struct hf_reader *r, const char *from, const char *to, const char *hint,
                    const char *format, ...)
{
    va_list args;
    char text[512];

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    hf_build_error(r->b, hf_reader_place(r, from, to), hint, "%s", text);
    return false;
}

/* ---- types ------------------------------------------------------------------------------- */

bool hf_type_casts(enum hf_type from, enum hf_type to)
{
    bool to_addr = to == HF_TYPE_ADDR || to == HF_TYPE_IPV4 || to == HF_TYPE_IPV6;

    if (from == to || from == HF_TYPE_ANY || to == HF_TYPE_ANY || from == HF_TYPE_STR ||
        to == HF_TYPE_STR || to == HF_TYPE_BIN)
        return true;
    switch (from) {
    case HF_TYPE_BOOL:
        return to == HF_TYPE_INT;
    case HF_TYPE_INT:
        return to == HF_TYPE_BOOL || to_addr;
    case HF_TYPE_ADDR:
    case HF_TYPE_IPV4:
        return to == HF_TYPE_INT || to_addr;
    case HF_TYPE_IPV6:
        return to_addr;
    default:
        return false;
    }
}

/* ---- variables --------------------------------------------------------------------------- */

static const char *const scopes[] = {"proc", "sess", "txn", "req", "res", "check"};

/* Variables that another builder brought are gone through once. */
static void know_vars(struct hf_build *b)
{
    struct hf_cfg_var *var;

    if (b->n_known_vars == b->config->n_vars)
        return;
    LL_FOREACH(b->config->vars, var)
    {
        hf_names_add(&b->var_names[var->scope], b->config->arena, var->name, var);
    }
    b->n_known_vars = b->config->n_vars;
}

static struct hf_cfg_var *intern(struct hf_build *b, enum hf_var_scope scope, const char *name)
{
    struct hf_config *config = b->config;
    struct hf_cfg_var *var;

    know_vars(b);
    var = hf_names_find(&b->var_names[scope], name);
    if (var)
        return var;
    var = HF_NEW(config->arena, struct hf_cfg_var);
    *var = (struct hf_cfg_var){.scope = scope, .name = name, .index = config->n_vars++};
    LL_PREPEND(config->vars, var);
    hf_names_add(&b->var_names[scope], config->arena, name, var);
    b->n_known_vars = config->n_vars;
    return var;
}

struct hf_cfg_var *hf_var_parse(struct hf_build *b, const struct hf_word *word, size_t from,
                                size_t to)
{
    const char *text = hf_arena_strndup(b->config->arena, word->text + from, to - from);
    const char *dot = strchr(text, '.');
    struct hf_reader r = {.b = b, .word = word, .at = word->text};

    for (size_t i = 0; dot && dot[1] && i < sizeof scopes / sizeof scopes[0]; i++) {
        if (strlen(scopes[i]) != (size_t)(dot - text) ||
            memcmp(scopes[i], text, (size_t)(dot - text)) != 0)
            continue;
        for (const char *p = dot + 1; *p; p++) {
            if (isalnum((unsigned char)*p) || *p == '_' || *p == '.')
                continue;
            const char *at = word->text + from + (p - text);
            hf_reader_fail(&r, at, at + 1, "letters, digits, '_' and '.' may be used",
                           "'%c' cannot be in the name of a variable", *p);
            return NULL;
        }
        return intern(b, (enum hf_var_scope)i, dot + 1);
    }
    hf_reader_fail(&r, word->text + from, word->text + to,
                   "it begins with its scope: proc., sess., txn., req., res. or check.",
                   "'%s' is not the name of a variable", text);
    return NULL;
}

/* ---- names ------------------------------------------------------------------------------- */

static size_t name_length(const char *text)
{
    size_t n = 0;

    while (isalnum((unsigned char)text[n]) || (text[n] && strchr("._-+", text[n])))
        n++;
    return n;
}

static const char *suggestion(struct hf_arena *arena, const char *name,
                              const struct hf_sample_row *rows, unsigned n)
{
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, name);
    for (unsigned i = 0; i < n; i++)
        hf_suggest_offer(&suggest, rows[i].name);
    return suggest.best ? hf_arena_printf(arena, "did you mean '%s'?", suggest.best) : NULL;
}

/* Names that only ACLs know. */
static const struct {
    const char *name, *fetch, *method;
} acl_names[] = {
#define HF_ACL_NAME(word, fetch, method) {word, fetch, method},
#include "../../../grammar/rows/samples/acl.def"
};

static const struct hf_sample_row *find_acl_name(struct hf_view name, const char **method)
{
    for (size_t i = 0; i < sizeof acl_names / sizeof acl_names[0]; i++) {
        if (!hf_view_is(name, acl_names[i].name))
            continue;
        *method = acl_names[i].method;
        return hf_fetch_find(hf_view_cstr(acl_names[i].fetch));
    }
    return NULL;
}

static bool unknown_fetch(struct hf_reader *r, struct hf_view name)
{
    struct hf_arena *arena = r->b->config->arena;
    const char *text = hf_arena_strndup(arena, name.p, name.n), *method;
    const char *hint = suggestion(arena, text, hf_fetches, hf_n_fetches);

    if (hf_conv_find(name))
        hint = hf_arena_printf(arena,
                               "'%s' is a converter: it goes behind a sample fetch and a "
                               "comma",
                               text);
    else if (find_acl_name(name, &method))
        hint = "this spelling is for ACLs only";
    return hf_reader_fail(r, name.p, name.p + name.n, hint, "unknown sample fetch '%s'", text);
}

static bool unknown_conv(struct hf_reader *r, struct hf_view name)
{
    struct hf_arena *arena = r->b->config->arena;
    const char *text = hf_arena_strndup(arena, name.p, name.n);

    return hf_reader_fail(r, name.p, name.p + name.n, suggestion(arena, text, hf_convs, hf_n_convs),
                          "unknown converter '%s'", text);
}

/* What has no effect is said once per word. */
static void tell_fate(struct hf_reader *r, const struct hf_sample_row *row, const char *from)
{
    struct hf_loc loc = hf_reader_place(r, from, r->at);

    if (row->id == HF_SAMPLE_LATER)
        hf_conf_add_pending(r->b->config, row->name, loc);
    else if (row->id == HF_SAMPLE_HTTP && r->b->section && r->b->section->o.mode == HF_MODE_TCP)
        hf_diag_add(r->b->diag, HF_DIAG_WARNING, loc, "it is for HTTP only",
                    "'%s' never gives anything in mode tcp.", row->name);
}

/* ---- the parts --------------------------------------------------------------------------- */

static bool check_place(struct hf_reader *r, const struct hf_sample_row *row, const char *from)
{
    if (!r->place || (row->known & r->place->known))
        return true;
    return hf_reader_fail(r, from, r->at, NULL, "'%s' looks at %s, which %s does not know",
                          row->name, hf_known_text(row->known), r->place->name);
}

static bool read_fetch(struct hf_reader *r, struct hf_expr *expr, const char **method)
{
    struct hf_view name = hf_view(r->at, name_length(r->at));
    const struct hf_sample_row *row = method ? find_acl_name(name, method) : NULL;

    if (name.n == 0)
        return hf_reader_fail(r, r->at, r->at + 1, "for example src or dst_port",
                              "a sample fetch is missing here");
    if (!row)
        row = hf_fetch_find(name);
    if (!row)
        return unknown_fetch(r, name);
    r->name = name.p;
    r->at += name.n;
    if (!hf_reader_args(r, row, &expr->fetch) || !check_place(r, row, name.p))
        return false;
    tell_fate(r, row, name.p);
    r->b->config->ftp_samples |= hf_conf_ftp_sample(row);
    r->b->config->counts_binds |= row->id == HF_FETCH_dst_conn;
    expr->type = row->out;
    return true;
}

static bool read_conv(struct hf_reader *r, struct hf_expr *expr)
{
    struct hf_view name = hf_view(r->at, name_length(r->at));
    const struct hf_sample_row *row = hf_conv_find(name);
    struct hf_conv conv;

    if (!row)
        return unknown_conv(r, name);
    if (!hf_type_casts(expr->type, row->in))
        return hf_reader_fail(r, name.p, name.p + name.n, NULL,
                              "converter '%s' takes %s, and what comes before it is %s", row->name,
                              hf_type_name(row->in), hf_type_name(expr->type));
    r->name = name.p;
    r->at += name.n;
    if (!hf_reader_args(r, row, &conv))
        return false;
    tell_fate(r, row, name.p);
    expr->type = row->out; /* of any type: nobody knows any more what it is */
    struct hf_conv *convs =
        hf_arena_alloc(r->b->config->arena, (expr->n_convs + 1) * sizeof *convs);
    if (expr->n_convs)
        memcpy(convs, expr->convs, expr->n_convs * sizeof *convs);
    convs[expr->n_convs++] = conv;
    expr->convs = convs;
    return true;
}

/* ",conv,conv": HAProxy lets commas be repeated and end the expression. */
static bool read_convs(struct hf_reader *r, struct hf_expr *expr, char end)
{
    while (*r->at == ',') {
        while (*r->at == ',')
            r->at++;
        if (*r->at == '\0')
            break;
        if (!read_conv(r, expr))
            return false;
    }
    if (*r->at && *r->at != end)
        return hf_reader_fail(r, r->at, r->at + 1, "converters are set apart by commas",
                              "unexpected '%c' in an expression", *r->at);
    return true;
}

static struct hf_expr *begin(struct hf_reader *r, const char **method, char end)
{
    struct hf_expr *expr = HF_NEW(r->b->config->arena, struct hf_expr);
    const char *from = r->at;

    if (!read_fetch(r, expr, method) || !read_convs(r, expr, end))
        return NULL;
    expr->loc = hf_reader_place(r, from, r->at);
    expr->text = hf_arena_strndup(r->b->config->arena, from, (size_t)(r->at - from));
    return expr;
}

static bool is_converter_word(const char *text)
{
    size_t n = name_length(text);

    return strchr("(,", text[n]) && hf_conv_find(hf_view(text, n));
}

static struct hf_expr *parse_words(struct hf_build *b, const struct hf_word *words, unsigned n,
                                   unsigned *used, const struct hf_place *place,
                                   const char **method)
{
    struct hf_reader r = {.b = b, .word = words, .at = n ? words[0].text : "", .place = place};
    struct hf_expr *expr;

    *used = n ? 1 : 0;
    if (n == 0)
        return NULL;
    expr = begin(&r, method, '\0');
    while (expr && *used < n && is_converter_word(words[*used].text)) {
        r.word = &words[*used];
        r.at = r.word->text;
        if (!read_conv(&r, expr) || !read_convs(&r, expr, '\0'))
            return NULL;
        expr->text = hf_arena_printf(b->config->arena, "%s,%s", expr->text, r.word->text);
        expr->loc.end_col = r.word->loc.end_col;
        (*used)++;
    }
    return expr;
}

struct hf_expr *hf_expr_parse(struct hf_build *b, const struct hf_word *words, unsigned n,
                              unsigned *used, const struct hf_place *place)
{
    return parse_words(b, words, n, used, place, NULL);
}

struct hf_expr *hf_expr_parse_inside(struct hf_build *b, const struct hf_word *word,
                                     const char **at, const struct hf_place *place)
{
    struct hf_reader r = {.b = b, .word = word, .at = *at, .place = place};
    const char *from = *at;
    struct hf_expr *expr = begin(&r, NULL, ']');

    if (expr && *r.at != ']') {
        hf_reader_fail(&r, from - 1, from, "put the word into quotes if it has blanks in it",
                       "'[' without its ']'");
        return NULL;
    }
    *at = r.at + 1;
    return expr;
}

struct hf_expr *hf_expr_parse_acl(struct hf_build *b, const struct hf_word *words, unsigned n,
                                  unsigned *used, const char **method)
{
    *method = NULL;
    return parse_words(b, words, n, used, NULL, method);
}
