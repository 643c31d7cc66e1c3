/*
 * syntax.c: the words of a line, one piece of its syntax after the other.
 */
#include "syntax.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "haftp/base/regex.h"
#include "haftp/base/str.h"
#include "haftp/base/suggest.h"

#include "page.h"
#include "parse/address.h"
#include "parse/value.h"

struct check {
    struct hf_diag *diag;
    struct hf_arena *arena;
    const struct hf_keyword *row;
};

/* One piece of a syntax. */
struct piece {
    struct hf_view text; /* without brackets, dots and limits */
    bool optional, repeated, rest;
    int64_t min, max;
};

/* ---- pieces ------------------------------------------------------------------------------ */

/* ":1..9", ":1..", ":..9"; returns what is in front of it. */
static struct hf_view take_limits(struct hf_view text, struct piece *piece)
{
    const char *colon = memchr(text.p, ':', text.n);

    if (!colon)
        return text;
    const char *dots = strstr(colon, ".."), *end = text.p + text.n;
    if (dots > colon + 1)
        piece->min = strtoll(colon + 1, NULL, 10);
    if (dots + 2 < end)
        piece->max = strtoll(dots + 2, NULL, 10);
    return hf_view(text.p, (size_t)(colon - text.p));
}

static bool ends_in_dots(struct hf_view text)
{
    return text.n >= 3 && memcmp(text.p + text.n - 3, "...", 3) == 0;
}

static bool next_piece(const char **syntax, struct piece *piece)
{
    const char *p = *syntax + strspn(*syntax, " ");
    struct hf_view text = hf_view(p, strcspn(p, " "));

    *piece = (struct piece){.min = INT64_MIN, .max = INT64_MAX};
    *syntax = p + text.n;
    if (text.n == 0)
        return false;
    if (p[0] == '[') {
        piece->optional = true;
        text = hf_view(text.p + 1, text.n - 2);
    }
    piece->rest = hf_view_is(text, "...");
    if (!piece->rest && ends_in_dots(text)) {
        piece->repeated = true;
        text.n -= 3;
    }
    piece->text = take_limits(text, piece);
    return true;
}

static bool is_choice(struct hf_view text)
{
    return memchr(text.p, '|', text.n) || islower((unsigned char)text.p[0]);
}

/* More than a few choices say nothing to the reader; the nearest one does. */
#define TOLD_CHOICES 100u

/* "one of a, b"; a single one stands for itself. */
static const char *describe_choices(const struct check *c, struct hf_view choices)
{
    const char *text = "", *p = choices.p, *end = p + choices.n;

    if (choices.n > TOLD_CHOICES)
        return "one of its keywords";
    while (p < end) {
        const char *bar = memchr(p, '|', (size_t)(end - p));
        int n = (int)((bar ? bar : end) - p);
        text = hf_arena_printf(c->arena, "%s%s%.*s", text, *text ? ", " : "", n, p);
        p += n + 1;
    }
    return strchr(text, ',') ? hf_arena_printf(c->arena, "one of %s", text)
                             : hf_arena_printf(c->arena, "'%s'", text);
}

/* "a number", "a time", "one of a, b", "NAME". */
static const char *describe(const struct check *c, const struct piece *piece)
{
    if (hf_view_is(piece->text, "NUMBER") || hf_view_is(piece->text, "INTEGER"))
        return "a number";
    if (hf_view_is(piece->text, "TIME"))
        return "a time, for example 5s or 250ms";
    if (hf_view_is(piece->text, "SIZE"))
        return "a size, for example 100 or 16k";
    if (!is_choice(piece->text))
        return hf_arena_strndup(c->arena, piece->text.p, piece->text.n);
    return describe_choices(c, piece->text);
}

static const char *usage(const struct check *c)
{
    char text[256];

    if (strlen(c->row->syntax) > TOLD_CHOICES)
        return NULL;
    return hf_arena_printf(c->arena, "usage: %s", hf_keyword_usage(c->row, text, sizeof text));
}

/* The nearest choice, else the usage. */
static const char *hint(const struct check *c, const struct hf_word *word,
                        const struct piece *piece)
{
    const char *p = piece->text.p, *end = p + piece->text.n;
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, word->text);
    while (is_choice(piece->text) && p < end) {
        const char *bar = memchr(p, '|', (size_t)(end - p));
        size_t n = (size_t)((bar ? bar : end) - p);
        hf_suggest_offer(&suggest, hf_arena_strndup(c->arena, p, n));
        p += n + 1;
    }
    return suggest.best ? hf_arena_printf(c->arena, "did you mean '%s'?", suggest.best) : usage(c);
}

/* ---- words ------------------------------------------------------------------------------- */

/* Always false: what was checked is wrong. */
static bool refuse(const struct check *c, const struct hf_word *word, const struct piece *piece)
{
    hf_diag_add(c->diag, HF_DIAG_ERROR, word->loc, hint(c, word, piece),
                "'%s' expects %s, not '%s'.", c->row->name, describe(c, piece), word->text);
    return false;
}

static bool check_limits(const struct check *c, const struct hf_word *word,
                         const struct piece *piece, int64_t number)
{
    if (number >= piece->min && number <= piece->max)
        return true;
    if (piece->max == piece->min)
        hf_diag_add(c->diag, HF_DIAG_ERROR, word->loc, NULL, "'%s' can only be %lld.", c->row->name,
                    (long long)piece->min);
    else if (piece->max == INT64_MAX)
        hf_diag_add(c->diag, HF_DIAG_ERROR, word->loc, NULL, "'%s' must be %lld or more.",
                    c->row->name, (long long)piece->min);
    else
        hf_diag_add(c->diag, HF_DIAG_ERROR, word->loc, NULL, "'%s' must be between %lld and %lld.",
                    c->row->name, (long long)piece->min, (long long)piece->max);
    return false;
}

int64_t hf_syntax_loose_number(struct hf_diag *diag, struct hf_arena *arena,
                               const struct hf_keyword *row, const struct hf_word *word)
{
    char *end;
    int64_t number = strtoll(word->text, &end, 10);

    if (end != word->text && *end == '\0')
        return number;
    hf_diag_add(
        diag, HF_DIAG_WARNING, word->loc,
        hf_arena_printf(arena, "write a number; a later version may refuse '%s'", word->text),
        "'%s' of '%s' is no number and counts as %lld.", word->text, row->name, (long long)number);
    return number;
}

static bool check_integer(const struct check *c, const struct hf_word *word,
                          const struct piece *piece)
{
    char *end;
    int64_t number = strtoll(word->text, &end, 10);

    if (isspace((unsigned char)word->text[0]) || end == word->text || *end)
        return refuse(c, word, piece);
    return check_limits(c, word, piece, number);
}

static bool check_time(const struct check *c, const struct hf_word *word, const struct piece *piece)
{
    const char *rest;
    int64_t ms;

    switch (hf_value_time(word->text, HF_UNIT_MS, &ms, &rest)) {
    case HF_OK:
        return check_limits(c, word, piece, ms);
    case HF_LIMIT:
        hf_diag_add(c->diag, HF_DIAG_ERROR, word->loc,
                    "the longest time is 2147483647 ms, about 24.8 days",
                    "the time of '%s' is too long.", c->row->name);
        return false;
    default:
        return refuse(c, word, piece);
    }
}

static bool check_size(const struct check *c, const struct hf_word *word, const struct piece *piece)
{
    int64_t size;

    if (hf_value_size(word->text, &size) == HF_OK && size <= UINT32_MAX)
        return true;
    return refuse(c, word, piece);
}

/* "set-var(*)" is any word that begins with "set-var(". */
static bool is_choice_word(struct hf_view choice, const char *text)
{
    if (choice.n > 3 && memcmp(choice.p + choice.n - 3, "(*)", 3) == 0)
        return strncmp(text, choice.p, choice.n - 2) == 0;
    return hf_view_is(choice, text);
}

static bool is_one_of(struct hf_view choices, const char *text)
{
    const char *p = choices.p, *end = p + choices.n;

    while (p < end) {
        const char *bar = memchr(p, '|', (size_t)(end - p));
        size_t n = (size_t)((bar ? bar : end) - p);
        if (is_choice_word(hf_view(p, n), text))
            return true;
        p += n + 1;
    }
    return false;
}

/* What HAProxy opens while it checks must be there. */
static bool check_file(const struct check *c, const struct hf_word *word, bool is_directory)
{
    struct stat info;

    if (access(word->text, R_OK) != 0 || stat(word->text, &info) != 0) {
        hf_diag_add(c->diag, HF_DIAG_ERROR, word->loc, NULL, "'%s' of '%s' cannot be read: %s.",
                    word->text, c->row->name, strerror(errno));
        return false;
    }
    if (is_directory && !S_ISDIR(info.st_mode)) {
        hf_diag_add(c->diag, HF_DIAG_ERROR, word->loc, NULL, "'%s' of '%s' is no directory.",
                    word->text, c->row->name);
        return false;
    }
    return true;
}

static bool check_page(const struct check *c, const struct hf_word *word)
{
    const char *wrong = hf_page_wrong(word->text);

    if (wrong)
        hf_diag_add(c->diag, HF_DIAG_ERROR, word->loc, HF_PAGE_EXAMPLE,
                    "'%s' of '%s' is no answer of HTTP: %s.", word->text, c->row->name, wrong);
    return !wrong;
}

bool hf_syntax_check_hex(struct hf_diag *diag, const struct hf_keyword *row,
                         const struct hf_word *word)
{
    size_t digits = strspn(word->text, "0123456789abcdefABCDEF");

    if (word->text[digits] == '\0' && digits % 2 == 0)
        return true;
    hf_diag_add(diag, HF_DIAG_ERROR, word->loc, "two digits are a byte, for example 0d0a",
                "'%s' of '%s' is no even number of hexadecimal digits.", word->text, row->name);
    return false;
}

static bool check_regex(const struct check *c, const struct hf_word *word)
{
    char why[128];

    if (hf_regex_new(c->arena, word->text, false, why, sizeof why))
        return true;
    hf_diag_add(c->diag, HF_DIAG_ERROR, word->loc, NULL, "'%s' is no regular expression: %s.",
                word->text, why);
    return false;
}

/* A number out of range is told; what is no number is left to be an expression. */
static bool check_port(const struct check *c, const struct hf_word *word)
{
    int64_t port;

    if (hf_value_number(word->text, &port) != HF_OK || (port >= 1 && port <= UINT16_MAX))
        return true;
    hf_diag_add(c->diag, HF_DIAG_ERROR, word->loc, NULL, "a port is a number from 1 to 65535.");
    return false;
}

static bool check_address(const struct check *c, const struct hf_word *word)
{
    struct hf_problem problem;
    struct hf_addr addr;

    if (word->text[0] == '/' ||
        hf_address_parse_host_port(c->arena, word->text, 0, &addr, &problem))
        return true;
    hf_diag_add(c->diag, HF_DIAG_ERROR, word->loc, problem.hint, "%s.", problem.text);
    return false;
}

/* "infinite|TIME" */
static bool ends_in_time(struct hf_view choices)
{
    static const char last[] = "|TIME";
    size_t n = sizeof last - 1;

    return choices.n > n && memcmp(choices.p + choices.n - n, last, n) == 0;
}

static bool check_word(const struct check *c, const struct hf_word *word, const struct piece *piece)
{
    if (hf_view_is(piece->text, "NUMBER"))
        return check_limits(c, word, piece,
                            hf_syntax_loose_number(c->diag, c->arena, c->row, word));
    if (hf_view_is(piece->text, "INTEGER"))
        return check_integer(c, word, piece);
    if (hf_view_is(piece->text, "TIME"))
        return check_time(c, word, piece);
    if (hf_view_is(piece->text, "SIZE"))
        return check_size(c, word, piece);
    if (hf_view_is(piece->text, "FILE"))
        return check_file(c, word, false);
    if (hf_view_is(piece->text, "PAGE"))
        return check_file(c, word, false) && check_page(c, word);
    if (hf_view_is(piece->text, "DIRECTORY"))
        return check_file(c, word, true);
    if (hf_view_is(piece->text, "HEX"))
        return hf_syntax_check_hex(c->diag, c->row, word);
    if (hf_view_is(piece->text, "REGEX"))
        return check_regex(c, word);
    if (hf_view_is(piece->text, "PORT"))
        return check_port(c, word);
    if (hf_view_is(piece->text, "ADDRESS"))
        return check_address(c, word);
    if (!is_choice(piece->text) || is_one_of(piece->text, word->text))
        return true;
    if (!ends_in_time(piece->text))
        return refuse(c, word, piece);
    return check_time(c, word, piece);
}

unsigned hf_syntax_check(struct hf_diag *diag, struct hf_arena *arena, const struct hf_keyword *row,
                         const struct hf_word *words, unsigned n, struct hf_loc end, bool is_option)
{
    const struct check c = {.diag = diag, .arena = arena, .row = row};
    const char *syntax = row->syntax;
    struct piece piece;
    unsigned i = 0;

    while (next_piece(&syntax, &piece)) {
        if (piece.rest)
            return n;
        if (i == n) {
            if (!piece.optional)
                hf_diag_add(diag, HF_DIAG_ERROR, end, usage(&c), "'%s' needs %s.", row->name,
                            describe(&c, &piece));
            return n;
        }
        do {
            bool right = check_word(&c, &words[i++], &piece);
            /* What stands behind a wrong word of a statement need not be what it seems. */
            if (!right && !is_option)
                return n;
        } while (piece.repeated && i < n);
    }
    if (i < n && !is_option)
        hf_diag_add(diag, HF_DIAG_ERROR, words[i].loc, usage(&c),
                    "unexpected '%s' behind '%s', which takes %s.", words[i].text, row->name,
                    i ? "no more words" : "no words");
    return i;
}
