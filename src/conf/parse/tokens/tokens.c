/*
 * tokens.c: which row a line belongs to, by its section and its first words.
 */
#include "tokens.h"

#include <stdio.h>
#include <string.h>

#include "haftp/base/assert.h"

#include "emit.h"
#include "parse/parse.h"
#include "words/stats_page.h"
#include "words/syntax.h"

#include "haftp_parser.h"

/* ---- statements -------------------------------------------------------------------------- */

static void warn_unread(struct hf_diag *diag, const struct hf_keyword *row,
                        const struct hf_word *word)
{
    hf_diag_add(diag, HF_DIAG_WARNING, word->loc, "a later version may refuse it",
                "'%s' is not read: it stands behind all that '%s' takes.", word->text, row->name);
}

static void emit_line(struct hf_parse *parse, const struct hf_keyword *row, struct hf_loc loc,
                      const struct hf_word *words, unsigned n)
{
    struct hf_tokens *t = &parse->tokens;
    struct hf_diag *diag = parse->build.diag;

    hf_tell_fate(parse, row, loc);
    hf_emit_row(t, row, loc);
    if (row->token == T_CHECK_VAR) /* has its variable in the word that the row was found by */
        hf_emit_word(t, &words[-1]);
    if (row->token == T_IGNORED) {
        if (row->checked)
            hf_syntax_check(diag, t->scan.arena, row, words, n, t->line.end, false);
        hf_page_word(&parse->build, row, words, n);
        if (row->section && n)
            hf_build_names_section(&parse->build, row->section, &words[0]);
        return;
    }
    if ((row->token == T_PARTS || row->token == T_TLS_OPTIONS) && n == 0)
        hf_syntax_check(diag, t->scan.arena, row, words, n, t->line.end, false);
    unsigned taken = hf_emit_args(t, diag, row, words, n, loc);
    if (taken < n && (row->where & HF_ANY_REST))
        warn_unread(diag, row, &words[taken]);
    else
        hf_emit_options(parse, row, words + taken, n - taken);
}

static void emit_section(struct hf_parse *parse, const struct hf_keyword *row)
{
    struct hf_tokens *t = &parse->tokens;
    const struct hf_word *words = t->line.words;

    t->section = row->opens;
    t->section_name = t->line.n > 1 ? words[1].text : "";
    t->scan.section = row->name;
    emit_line(parse, row, words[0].loc, words + 1, t->line.n - 1);
    /* Without its name there is no section that the lines below could fill. */
    if (row->args && row->args[0] && t->line.n == 1)
        t->section = HF_IN_SKIPPED;
}

/* An old spelling is read as today's. */
static const struct hf_keyword *modernise(struct hf_diag *diag, const struct hf_keyword *row,
                                          const struct hf_word *words, unsigned n, uint64_t section)
{
    char first[32], hint[256];
    unsigned matched;
    int at = snprintf(hint, sizeof hint, "write: %s", row->modern);

    for (unsigned i = 1; i < n && at < (int)sizeof hint; i++)
        at += snprintf(hint + at, sizeof hint - (size_t)at, " %s", words[i].text);
    hf_diag_add(diag, HF_DIAG_WARNING, words[0].loc, hint, "'%s' is an old spelling of '%s'.",
                row->name, row->modern);

    const char *blank = strchr(row->modern, ' ');
    snprintf(first, sizeof first, "%.*s", (int)(blank - row->modern), row->modern);
    row = hf_keyword_find(first, blank + 1, section, &matched);
    HF_ASSERT(row);
    return row;
}

/* A keyword of another kind of proxy is ignored with a warning, as HAProxy does; the row tells
 * which are refused. */
static bool belongs_to_other_proxies(const struct hf_tokens *t, const struct hf_keyword *row)
{
    return (t->section & HF_IN_PROXIES) && (row->where & HF_IN_PROXIES) &&
           !(row->where & HF_STRICT);
}

static void warn_wrong_proxy(struct hf_parse *parse, const struct hf_keyword *row,
                             struct hf_loc loc)
{
    const struct hf_tokens *t = &parse->tokens;
    const char *lacks = t->section == HF_IN_FRONTEND ? "backend" : "frontend";

    hf_diag_add(parse->build.diag, HF_DIAG_WARNING, loc, NULL,
                "'%s' ignored because %s '%s' has no %s capability.", row->name,
                hf_section_name(t->section), t->section_name, lacks);
}

/* The row of a line that begins with `words`, or NULL when it was reported. */
static const struct hf_keyword *find_statement(struct hf_parse *parse, const struct hf_word *words,
                                               unsigned n, unsigned *taken)
{
    struct hf_tokens *t = &parse->tokens;
    const char *second = n > 1 ? words[1].text : NULL;
    const struct hf_keyword *row;

    if (t->section && (row = hf_keyword_find(words[0].text, second, t->section, taken)))
        return row->modern ? modernise(parse->build.diag, row, words, n, t->section) : row;
    row = hf_keyword_find(words[0].text, second, HF_IN_PROXIES, taken);
    if (row && belongs_to_other_proxies(t, row)) {
        warn_wrong_proxy(parse, row, words[0].loc);
        hf_build_line_apart(&parse->build);
        return row;
    }
    row = hf_unknown_statement(t, parse->build.diag, words, n);
    if (t->section == 0 && ++t->n_stray == HF_MOST_ERRORS)
        t->directives.stopped = true; /* it is something else than a configuration */
    /* A misspelt section is taken as the one that was meant, or all its lines would be reported. */
    if (row && row->opens && words == t->line.words && words[0].loc.col == 1)
        emit_section(parse, row);
    return NULL;
}

/* Before which words "no" and "default" may stand, whatever the section; which options have a
 * negation is said by their rows. */
static bool may_be_prefixed(const char *prefix, const char *word)
{
    static const char *const negatable[] = {"option",          "log",
                                            "busy-polling",    "set-dumpable",
                                            "strict-limits",   "insecure-fork-wanted",
                                            "numa-cpu-mapping"};

    if (strcmp(prefix, "default") == 0)
        return strcmp(word, "numa-cpu-mapping") == 0;
    for (size_t i = 0; i < sizeof negatable / sizeof negatable[0]; i++) {
        if (strcmp(word, negatable[i]) == 0)
            return true;
    }
    return false;
}

/* "no" or "default" in front of the line's keyword.  False: it was refused. */
static bool take_prefix(struct hf_parse *parse, const struct hf_word **words, unsigned *n)
{
    struct hf_tokens *t = &parse->tokens;
    const struct hf_word *prefix = *words;
    bool negates = strcmp(prefix->text, "no") == 0;

    if (!negates && strcmp(prefix->text, "default") != 0)
        return true;
    if (*n == 1 || !may_be_prefixed(prefix->text, prefix[1].text)) {
        hf_diag_add(parse->build.diag, HF_DIAG_ERROR, prefix->loc,
                    negates ? "it may stand before option, log, busy-polling, set-dumpable, "
                              "strict-limits, insecure-fork-wanted and numa-cpu-mapping"
                            : "it may stand before numa-cpu-mapping only",
                    *n == 1 ? "'%s' stands alone." : "'%s' cannot stand before '%s'.", prefix->text,
                    *n == 1 ? "" : prefix[1].text);
        return false;
    }
    if (negates)
        hf_emit(t, T_NO, prefix->loc);
    ++*words;
    --*n;
    return true;
}

/* Not all options can be taken back; those that are a flag of ours say so themselves. */
static bool may_be_negated(struct hf_parse *parse, const struct hf_keyword *row)
{
    struct hf_tokens *t = &parse->tokens;

    if (t->n_queued == 0 || !(row->where & HF_NO_NO))
        return true;
    hf_diag_add(parse->build.diag, HF_DIAG_ERROR, t->queue[0].loc,
                "remove the line: this is off unless a defaults section sets it",
                "'no' cannot stand before '%s'.", row->name);
    return false;
}

static void emit_statement(struct hf_parse *parse)
{
    struct hf_tokens *t = &parse->tokens;
    const struct hf_word *words = t->line.words;
    unsigned n = t->line.n, taken;

    if (!take_prefix(parse, &words, &n))
        return;
    const struct hf_keyword *row = find_statement(parse, words, n, &taken);
    if (!row || !may_be_negated(parse, row))
        return;
    struct hf_loc loc = words[0].loc;
    if (taken > 1)
        loc.end_col = words[taken - 1].loc.end_col;
    emit_line(parse, row, loc, words + taken, n - taken);
}

/* An empty word ("" or an unset variable) ends a line, as in HAProxy. */
static void cut_at_empty_word(struct hf_line *line, struct hf_diag *diag)
{
    for (unsigned i = 1; i < line->n; i++) {
        if (line->words[i].text[0] != '\0')
            continue;
        if (i + 1 < line->n)
            hf_diag_add(diag, HF_DIAG_WARNING, line->words[i].loc,
                        "if it is a variable, is it set?",
                        "an empty word ends the line: what follows it is not read.");
        else
            hf_diag_add(diag, HF_DIAG_NOTICE, line->words[i].loc, "if it is a variable, is it set?",
                        "an empty word at the end of the line is not read.");
        line->n = i;
        return;
    }
}

/* "[name]": HAProxy's way to keep several programs' sections in one file.  It changes nothing for
 * the sections that it knows. */
static void check_scope(struct hf_diag *diag, const struct hf_line *line)
{
    const struct hf_word *word = &line->words[0];
    size_t n = strspn(word->text + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_.:");

    if (n == 0 || strcmp(word->text + 1 + n, "]") != 0)
        hf_diag_add(diag, HF_DIAG_ERROR, word->loc,
                    "write [name], with nothing but a comment behind",
                    "this is not the name of a scope.");
    else if (line->n > 1)
        hf_diag_add(diag, HF_DIAG_ERROR, line->words[1].loc, "only a comment may stand there",
                    "unexpected '%s' behind the scope %s.", line->words[1].text, word->text);
    else
        hf_diag_add(diag, HF_DIAG_NOTICE, word->loc, NULL,
                    "the scope %s has no effect: what follows is read as without it.", word->text);
}

/* Lines that are no statement, whatever the section. */
static bool is_no_statement(struct hf_parse *parse)
{
    struct hf_line *line = &parse->tokens.line;

    if (hf_directive_line(parse))
        return true;
    if (line->n == 0 || line->broken)
        return line->n == 0;
    if (line->words[0].text[0] == '[') {
        check_scope(parse->build.diag, line);
        return true;
    }
    if (line->words[0].text[0] != '\0')
        return false;
    if (line->n > 1)
        hf_diag_add(parse->build.diag, HF_DIAG_WARNING, line->words[0].loc,
                    "if it is a variable, is it set?",
                    "the line begins with an empty word: it is not read.");
    return true;
}

/* Its lines would only give one message after the other. */
static void stop_at_binary(struct hf_parse *parse)
{
    struct hf_tokens *t = &parse->tokens;

    if (t->scan.lines_with_nul < HF_BINARY_LINES || t->directives.stopped)
        return;
    hf_diag_add(parse->build.diag, HF_DIAG_ERROR, t->line.end, "is it the right file?",
                "this file is binary: what follows was not read.");
    t->directives.stopped = true;
}

static void emit_words(struct hf_parse *parse)
{
    struct hf_tokens *t = &parse->tokens;
    unsigned matched;

    stop_at_binary(parse);
    if (is_no_statement(parse))
        return;
    const struct hf_keyword *top =
        hf_keyword_find(t->line.words[0].text, NULL, HF_ON_TOP, &matched);

    if (t->line.broken) {
        /* The lines of a section whose name could not be read say nothing of any other section. */
        if (top)
            t->section = HF_IN_SKIPPED;
        return;
    }
    cut_at_empty_word(&t->line, parse->build.diag);
    if (top)
        emit_section(parse, top);
    else if (t->section != HF_IN_SKIPPED)
        emit_statement(parse);
}

bool hf_tokens_read_line(struct hf_parse *parse)
{
    struct hf_tokens *t = &parse->tokens;

    t->n_queued = t->next = 0;
    while (t->n_queued == 0) {
        if (hf_diag_count(parse->build.diag, HF_DIAG_ERROR) >= HF_MOST_ERRORS ||
            t->directives.stopped || !hf_scan_next(&t->scan, &t->line))
            return false;
        parse->build.errors_before = hf_diag_count(parse->build.diag, HF_DIAG_ERROR);
        emit_words(parse); /* tells of words that no row knows */
        /* A line that was reported as unknown leaves at most a "no" behind. */
        if (t->n_queued == 1 && t->queue[0].kind == T_NO)
            t->n_queued = 0;
    }
    hf_emit(t, T_EOL, t->line.end);
    return true;
}
