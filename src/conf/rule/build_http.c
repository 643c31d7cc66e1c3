/*
 * build_http.c: rules of HTTP, checked as HAProxy checks them, and without effect in mode tcp.
 */
#include "parse/build.h"

#include <string.h>

#include "conf_int.h"
#include "expr/expr_build.h"
#include "expr/format_build.h"
#include "haftp/base/regex.h"
#include "words/http.h"
#include "words/stats_page.h"
#include "words/syntax.h"

/* What stands behind an action, a letter each: w any word, F format, E sample, X regular
 * expression; behind a '?' come options in any order, each with the letters of its own words.  An
 * action that is not here takes whatever follows. */
#define ANSWER                                                                                     \
    "?status:w deny_status:w content-type:w file:w errorfile:w errorfiles:w lf-file:w string:w "   \
    "lf-string:F hdr:wF default-errorfiles:"
#define REDIRECT_REST  " code:w set-cookie:w clear-cookie:w drop-query: append-slash: ignore-empty:"
#define REDIRECT       "?location:F prefix:F scheme:F" REDIRECT_REST
/* The line of that name takes its texts as they are. */
#define PLAIN_REDIRECT "?location:w prefix:w scheme:w" REDIRECT_REST

static const struct {
    const char *name, *args;
} actions[] = {
    {"accept", ""},
    {"add-acl", "F"},
    {"add-header", "wF"},
    {"allow", ""},
    {"auth", "?realm:w"},
    {"cache-store", "w"},
    {"cache-use", "w"},
    {"del-acl", "F"},
    {"del-header", "w?-m:w"},
    {"del-map", "F"},
    {"deny", ANSWER},
    {"disable-l7-retry", ""},
    {"early-hint", "wF"},
    {"redirect", REDIRECT},
    {"reject", ""},
    {"replace-header", "wXF"},
    {"replace-path", "XF"},
    {"replace-pathq", "XF"},
    {"replace-uri", "XF"},
    {"replace-value", "wXF"},
    {"return", ANSWER},
    {"set-dst", "E"},
    {"set-dst-port", "E"},
    {"set-header", "wF"},
    {"set-log-level", "w"},
    {"set-map", "FF"},
    {"set-mark", "w"},
    {"set-method", "F"},
    {"set-nice", "w"},
    {"set-path", "F"},
    {"set-pathq", "F"},
    {"set-priority-class", "E"},
    {"set-priority-offset", "E"},
    {"set-query", "F"},
    {"set-src", "E"},
    {"set-src-port", "E"},
    {"set-status", "w?reason:w"},
    {"set-timeout", "ww"},
    {"set-tos", "w"},
    {"set-uri", "F"},
    {"set-var", "VE"},
    {"set-var-fmt", "VF"},
    {"silent-drop", ""},
    {"strict-mode", "w"},
    {"tarpit", ANSWER},
    {"unset-var", "V"},
    {"wait-for-handshake", ""},
};

struct http_reader {
    struct hf_build *b;
    struct hf_place place;
    const struct hf_word *words;
    unsigned n, at;
    const char *name; /* of the action */
};

static const char *find_args(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strlen(actions[i].name) == strcspn(name, "(") &&
            strncmp(actions[i].name, name, strlen(actions[i].name)) == 0)
            return actions[i].args;
    }
    return NULL;
}

/* "set-var(txn.name)" or "set-var(txn.name,ifset)" */
static bool read_variable(struct http_reader *r)
{
    const struct hf_word *word = &r->words[0];
    const char *open = strchr(word->text, '(');

    if (!open) {
        hf_build_error(r->b, word->loc, NULL, "'%s' needs a variable in parentheses", r->name);
        return false;
    }
    size_t from = (size_t)(open + 1 - word->text);
    return hf_var_parse(r->b, word, from, from + strcspn(open + 1, ",)"));
}

static bool read_regex(struct http_reader *r, const struct hf_word *word)
{
    char why[128];

    if (hf_regex_new(r->b->config->arena, word->text, false, why, sizeof why))
        return true;
    hf_build_error(r->b, word->loc, NULL, "'%s' is not a regular expression: %s", word->text, why);
    return false;
}

static bool read_letter(struct http_reader *r, char letter)
{
    unsigned used = 1;
    bool right = true;

    if (letter == 'V')
        return read_variable(r);
    if (r->at == r->n) {
        hf_build_error(r->b, r->words[r->n - 1].loc, NULL, "'%s' needs %s behind '%s'", r->name,
                       letter == 'E' ? "a sample fetch" : "another word", r->words[r->n - 1].text);
        return false;
    }
    const struct hf_word *word = &r->words[r->at];
    if (letter == 'F')
        right = hf_format_parse_here(r->b, word, &r->place);
    else if (letter == 'E')
        right = hf_expr_parse(r->b, word, r->n - r->at, &used, &r->place);
    else if (letter == 'X')
        right = read_regex(r, word);
    r->at += used;
    return right;
}

/* The letters of the option of that name; NULL: there is none. */
static const char *find_option(const char *options, const char *name)
{
    size_t n = strlen(name);

    while (*options) {
        size_t length = strcspn(options, ":");
        if (length == n && memcmp(options, name, n) == 0)
            return options + length + 1;
        options += strcspn(options, " ");
        options += *options == ' ';
    }
    return NULL;
}

static bool read_letters(struct http_reader *r, const char *letters)
{
    for (; *letters && !strchr("? ", *letters); letters++) {
        if (!read_letter(r, *letters))
            return false;
    }
    return true;
}

static bool read_args(struct http_reader *r, const char *args)
{
    const char *options = strchr(args, '?'), *letters;

    if (!read_letters(r, args))
        return false;
    while (options && r->at < r->n && (letters = find_option(options + 1, r->words[r->at].text))) {
        r->at++;
        if (!read_letters(r, letters))
            return false;
    }
    return hf_build_check_rest(r->b, r->at);
}

/* Where a redirection leads must be said. */
static bool check_redirect(struct http_reader *r, unsigned from, struct hf_loc loc)
{
    for (unsigned i = from; i < r->n; i++) {
        if (strcmp(r->words[i].text, "location") == 0 || strcmp(r->words[i].text, "prefix") == 0 ||
            strcmp(r->words[i].text, "scheme") == 0)
            return true;
    }
    hf_build_error(r->b, loc, "add 'location', 'prefix' or 'scheme'",
                   "'redirect' does not say where to");
    return false;
}

/* The first word is the action; the syntax of the row lists those that there are. */
static bool read_action(struct http_reader *r, const struct hf_keyword *row, struct hf_loc loc)
{
    unsigned before = hf_diag_count(r->b->diag, HF_DIAG_ERROR);
    const char *args;

    hf_syntax_check(r->b->diag, r->b->config->arena, row, r->words, r->n, loc, false);
    if (r->n == 0 || hf_diag_count(r->b->diag, HF_DIAG_ERROR) > before)
        return false;
    r->name = r->words[0].text;
    r->at = 1;
    args = find_args(r->name);
    return !args ||
           (read_args(r, args) && (strcmp(r->name, "redirect") != 0 || check_redirect(r, 1, loc)));
}

static bool read_service(struct http_reader *r, struct hf_loc loc)
{
    const struct hf_word *word = r->words;

    if (r->n == 1 && strcmp(word->text, "prometheus-exporter") == 0)
        return true;
    if (r->n == 0)
        hf_build_error(r->b, loc, "for example prometheus-exporter",
                       "the name of a service is missing");
    else if (r->n > 1)
        hf_build_check_rest(r->b, 1);
    else
        hf_build_error(r->b, word->loc, "for example prometheus-exporter",
                       "there is no service '%s'", word->text);
    return false;
}

static bool read_rule(struct http_reader *r, const struct hf_keyword *row, struct hf_loc loc)
{
    if (strcmp(row->name, "http-request use-service") == 0)
        return read_service(r, loc);
    if (strcmp(row->name, "redirect") == 0) {
        r->name = row->name;
        return check_redirect(r, 0, loc) && read_args(r, PLAIN_REDIRECT);
    }
    if (strcmp(row->name, "stats admin") != 0)
        return read_action(r, row, loc);
    if (!hf_build_check_rest(r->b, 0) || r->b->rule.cond)
        return true;
    hf_build_error(r->b, loc, "add 'if' and a condition", "'%s' needs a condition", row->name);
    return false;
}

void hf_build_http_rule(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    bool is_rule = strncmp(row->name, "http-", strlen("http-")) == 0;
    bool answers = strncmp(row->name, "http-request", strlen("http-request")) != 0 && is_rule;
    struct http_reader r = {.b = b,
                            .place = answers ? hf_place_response : hf_place_request(b),
                            .words = b->rule.words,
                            .n = b->rule.n_words};

    if (is_rule && hf_build_in_anonymous_defaults(b, loc, row->name))
        return;
    hf_http_note(b, row, loc);
    b->section->has_http_rules |= is_rule;
    if (read_rule(&r, row, loc))
        hf_page_rule(b, row, loc, hf_build_take_condition(b, &r.place));
}
