/*
 * format.c: formats of log lines and of names: text, %aliases, %[expressions].
 */
#include "format_build.h"

#include <ctype.h>
#include <string.h>

#include <utlist.h>

#include "haftp/base/suggest.h"
#include "reader.h"

/* ---- aliases ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int id; /* enum hf_alias_id; -1: of HTTP */
} aliases[] = {
#define HF_ALIAS(id, word, help) {word, HF_ALIAS_##id},
#define HF_ALIAS_HTTP(word)      {word, -1},
#include "../../../grammar/rows/samples/alias.def"
};
#define N_ALIASES (sizeof aliases / sizeof aliases[0])

static const char *nearest_alias(struct hf_arena *arena, const char *name)
{
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, name);
    for (size_t i = 0; i < N_ALIASES; i++)
        hf_suggest_offer(&suggest, aliases[i].name);
    return suggest.best
               ? hf_arena_printf(arena, "did you mean '%%%s'? Write %%%% for a percent sign",
                                 suggest.best)
               : "write %% for a percent sign";
}

/* ---- pieces ------------------------------------------------------------------------------ */

struct format_reader {
    struct hf_reader r;
    struct hf_format *format;
    unsigned flags; /* set by %{...}o for all that follow */
};

static struct hf_piece *add_piece(struct format_reader *f, enum hf_piece_kind kind, unsigned flags)
{
    struct hf_piece *piece = HF_NEW(f->r.b->config->arena, struct hf_piece);

    piece->kind = kind;
    piece->flags = flags;
    LL_APPEND(f->format->pieces, piece);
    return piece;
}

static void add_text(struct format_reader *f, const char *from, size_t n)
{
    if (n)
        add_piece(f, HF_PIECE_TEXT, 0)->text =
            hf_view(hf_arena_strndup(f->r.b->config->arena, from, n), n);
}

static unsigned flag_of(char letter)
{
    switch (letter) {
    case 'Q':
        return HF_FORMAT_QUOTE;
    case 'X':
        return HF_FORMAT_HEX;
    case 'E':
        return HF_FORMAT_ESCAPE;
    default:
        return 0;
    }
}

/* "{+Q,-X}" behind the percent sign.  HAProxy reads over letters that it does not know. */
static bool read_flags(struct format_reader *f, unsigned *flags)
{
    struct hf_reader *r = &f->r;
    const char *open = r->at, *end = strchr(open, '}');
    bool set = true;

    if (!end)
        return hf_reader_fail(r, open - 1, open + 1, "for example %{+Q}ci",
                              "'%%{' without its '}'");
    for (const char *p = open + 1; p < end; p++) {
        unsigned flag = flag_of(*p);
        if (*p == '+' || *p == '-')
            set = *p == '+';
        else if (flag)
            *flags = set ? *flags | flag : *flags & ~flag;
        else if (*p != ',' && *p != ' ')
            hf_diag_add(r->b->diag, HF_DIAG_WARNING, hf_reader_place(r, p, p + 1),
                        "the flags are Q (quote), X (hexadecimal) and E (escape)",
                        "unknown flag '%c' is not read.", *p);
    }
    r->at = end + 1;
    if (isalnum((unsigned char)*r->at) || *r->at == '[')
        return true;
    return hf_reader_fail(r, open - 1, end + 1, "for example %{+Q}ci",
                          "flags without the name of a variable behind them");
}

static bool read_alias(struct format_reader *f, const char *percent, unsigned flags)
{
    struct hf_reader *r = &f->r;
    struct hf_arena *arena = r->b->config->arena;
    size_t n = 0;

    while (isalnum((unsigned char)r->at[n]))
        n++;
    const char *name = hf_arena_strndup(arena, r->at, n);
    if (n == 0)
        return hf_reader_fail(r, percent, percent + 1, "write %% for a percent sign",
                              "'%%' without the name of a variable");
    r->at += n;
    if (strcmp(name, "o") == 0) {
        f->flags = flags;
        return true;
    }
    for (size_t i = 0; i < N_ALIASES; i++) {
        if (strcmp(name, aliases[i].name) != 0)
            continue;
        if (aliases[i].id < 0 && !f->format->http.source) {
            f->format->http = hf_reader_place(r, percent, r->at);
            f->format->http_name = name;
        }
        struct hf_piece *piece = add_piece(f, HF_PIECE_ALIAS, flags);
        piece->text = hf_view(name, n);
        piece->alias = aliases[i].id;
        return true;
    }
    return hf_reader_fail(r, percent, r->at, nearest_alias(arena, name),
                          "unknown variable '%%%s' in a format", name);
}

static bool read_variable(struct format_reader *f)
{
    struct hf_reader *r = &f->r;
    const char *percent = r->at++;
    unsigned flags = f->flags;

    if (*r->at == '%') {
        add_text(f, r->at++, 1);
        return true;
    }
    if (*r->at == '{' && !read_flags(f, &flags))
        return false;
    if (*r->at != '[')
        return read_alias(f, percent, flags);
    r->at++;
    struct hf_expr *expr = hf_expr_parse_inside(r->b, r->word, &r->at, r->place);
    if (expr)
        add_piece(f, HF_PIECE_EXPR, flags)->expr = expr;
    return expr != NULL;
}

struct hf_format *hf_format_parse(struct hf_build *b, const struct hf_word *word,
                                  const struct hf_place *place)
{
    struct format_reader f = {.r = {.b = b, .word = word, .at = word->text, .place = place}};

    f.format = HF_NEW(b->config->arena, struct hf_format);
    f.format->loc = word->loc;
    f.format->text = word->text;
    while (*f.r.at) {
        size_t n = strcspn(f.r.at, "%");
        add_text(&f, f.r.at, n);
        f.r.at += n;
        if (*f.r.at && !read_variable(&f))
            return NULL;
    }
    return f.format;
}

struct hf_format *hf_format_parse_here(struct hf_build *b, const struct hf_word *word,
                                       const struct hf_place *place)
{
    struct hf_format *format = hf_format_parse(b, word, place);

    if (!format || !format->http.source || b->section->o.mode != HF_MODE_TCP)
        return format;
    hf_build_error(b, format->http, NULL, "variable '%%%s' is for mode http only",
                   format->http_name);
    return NULL;
}

struct hf_format *hf_format_new(struct hf_config *config, struct hf_diag *diag, const char *text)
{
    struct hf_env env = {0};
    struct hf_build b = {.config = config, .diag = diag, .env = &env};
    struct hf_word word = {text, {0}};

    return hf_format_parse(&b, &word, &hf_place_log);
}

bool hf_format_is_plain(const struct hf_format *format)
{
    const struct hf_piece *piece;

    LL_FOREACH(format->pieces, piece)
    {
        if (piece->kind != HF_PIECE_TEXT)
            return false;
    }
    return true;
}
