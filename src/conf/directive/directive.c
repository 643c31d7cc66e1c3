/*
 * directive.c: conditional blocks and messages in configuration files.
 */
#include "directive.h"

#include <string.h>

#include "condition.h"
#include "haftp/base/suggest.h"
#include "parse/parse.h"

static struct hf_block *innermost(struct hf_directives *d)
{
    return d->depth ? &d->blocks[d->depth - 1] : NULL;
}

static bool is_dropped(struct hf_directives *d)
{
    return d->depth && !innermost(d)->reading;
}

/* What follows depends on what could not be read: it would only be guesswork. */
static void stop(struct hf_parse *parse, struct hf_loc loc, const char *hint, const char *text)
{
    hf_diag_add(parse->build.diag, HF_DIAG_ERROR, loc, hint, "%s.", text);
    parse->tokens.directives.stopped = true;
}

/* ---- conditions -------------------------------------------------------------------------- */

/* The words behind the directive with one blank between, as one text. */
static const char *join(struct hf_arena *arena, const struct hf_line *line)
{
    size_t bytes = 1;

    for (unsigned i = 1; i < line->n; i++)
        bytes += strlen(line->words[i].text) + 1;
    char *text = hf_arena_alloc(arena, bytes), *end = text;
    for (unsigned i = 1; i < line->n; i++) {
        if (i > 1)
            *end++ = ' ';
        end = stpcpy(end, line->words[i].text);
    }
    return text;
}

/* Where bytes of the joined text stand in the file; quotes and variables hide the exact column. */
static struct hf_loc place_of(const struct hf_line *line, size_t from, size_t to)
{
    for (unsigned i = 1; i < line->n; i++) {
        const struct hf_word *word = &line->words[i];
        size_t n = strlen(word->text);
        struct hf_loc loc = word->loc;
        if (from > n) {
            from -= n + 1;
            to -= n + 1;
            continue;
        }
        if ((size_t)(loc.end_col - loc.col) == n) {
            loc.col += (int)from;
            loc.end_col = word->loc.col + (int)(to < n ? to : n);
        }
        return loc;
    }
    return line->words[0].loc;
}

static bool condition_holds(struct hf_parse *parse)
{
    const struct hf_line *line = &parse->tokens.line;
    const struct hf_condition_context context = {parse->tokens.scan.arena, parse->build.env,
                                                 parse->build.config};
    struct hf_condition_fault fault;
    const char *warning;
    bool holds;

    if (hf_condition_eval(&context, join(context.arena, line), &holds, &fault, &warning) != HF_OK)
        stop(parse, place_of(line, fault.from, fault.to), fault.hint, fault.text);
    else if (warning)
        hf_diag_add(parse->build.diag, HF_DIAG_WARNING, line->words[1].loc, NULL, "%s.", warning);
    return holds;
}

static void begin_block(struct hf_parse *parse)
{
    struct hf_directives *d = &parse->tokens.directives;
    struct hf_loc loc = parse->tokens.line.words[0].loc;
    bool dropped = is_dropped(d);

    if (d->depth == HF_NESTED_CONDITIONS) {
        stop(parse, loc, "99 of them may stand within each other", "too many nested '.if'");
        return;
    }
    bool holds = !dropped && condition_holds(parse);
    d->blocks[d->depth++] =
        (struct hf_block){.opened = loc, .reading = holds, .over = dropped || holds};
}

static void next_branch(struct hf_parse *parse, struct hf_block *block)
{
    if (block->in_else) {
        stop(parse, parse->tokens.line.words[0].loc, ".else is the last branch of an .if",
             "'.elif' behind '.else'");
        return;
    }
    block->reading = !block->over && condition_holds(parse);
    block->over |= block->reading;
}

static void last_branch(struct hf_parse *parse, struct hf_block *block)
{
    if (block->in_else) {
        stop(parse, parse->tokens.line.words[0].loc, "an .if has one .else",
             "'.else' behind '.else'");
        return;
    }
    block->in_else = true;
    block->reading = !block->over;
}

static void continue_block(struct hf_parse *parse, const char *name)
{
    struct hf_directives *d = &parse->tokens.directives;
    const struct hf_line *line = &parse->tokens.line;

    if (!d->depth) {
        stop(parse, line->words[0].loc, "no block is open: an '.if' must stand above it",
             hf_arena_printf(parse->tokens.scan.arena, "'%s' without '.if'", name));
        return;
    }
    if (strcmp(name, ".elif") == 0) {
        next_branch(parse, innermost(d));
        return;
    }
    if (line->n > 1) {
        stop(parse, line->words[1].loc, "a comment is written with '#'",
             hf_arena_printf(parse->tokens.scan.arena, "unexpected '%s' behind '%s'",
                             line->words[1].text, name));
        return;
    }
    if (strcmp(name, ".else") == 0)
        last_branch(parse, innermost(d));
    else
        d->depth--;
}

/* ---- messages ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum hf_severity severity;
    bool only_on_demand, stops;
} messages[] = {
    {".notice", HF_DIAG_NOTICE, false, false},
    {".warning", HF_DIAG_WARNING, false, false},
    {".diag", HF_DIAG_NOTICE, true, false},
    {".alert", HF_DIAG_ERROR, false, true},
};
#define N_MESSAGES (sizeof messages / sizeof messages[0])

static bool say(struct hf_parse *parse, const char *name)
{
    const struct hf_line *line = &parse->tokens.line;
    size_t i = 0;

    while (i < N_MESSAGES && strcmp(messages[i].name, name) != 0)
        i++;
    if (i == N_MESSAGES)
        return false;
    if (line->n > 2) {
        hf_diag_add(parse->build.diag, HF_DIAG_ERROR, line->words[2].loc,
                    "put the message in double quotes", "'%s' takes one word.", name);
        return true;
    }
    if (!messages[i].only_on_demand || parse->tokens.directives.say_diag)
        hf_diag_add(parse->build.diag, messages[i].severity, line->words[0].loc, NULL, "'%s'.",
                    line->n > 1 ? line->words[1].text : "");
    if (messages[i].stops)
        parse->tokens.directives.stopped = true;
    return true;
}

/* ---- lines ------------------------------------------------------------------------------- */

static void unknown(struct hf_parse *parse, const struct hf_word *word)
{
    static const char *const names[] = {
#define HF_DIRECTIVE(word, args, help) word,
#include "../../../grammar/rows/samples/directive.def"
    };
    struct hf_suggest suggest;
    const char *hint = "there are .if .elif .else .endif .notice .warning .alert and .diag";

    hf_suggest_init(&suggest, word->text);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        hf_suggest_offer(&suggest, names[i]);
    if (suggest.best)
        hint = hf_arena_printf(parse->tokens.scan.arena, "did you mean '%s'?", suggest.best);
    stop(parse, word->loc, hint,
         hf_arena_printf(parse->tokens.scan.arena, "unknown directive '%s'", word->text));
}

static bool decides(const char *name)
{
    return strcmp(name, ".if") == 0 || strcmp(name, ".elif") == 0 || strcmp(name, ".else") == 0 ||
           strcmp(name, ".endif") == 0;
}

static void read_directive(struct hf_parse *parse, const struct hf_word *word)
{
    if (strcmp(word->text, ".if") == 0)
        begin_block(parse);
    else if (decides(word->text))
        continue_block(parse, word->text);
    else if (!is_dropped(&parse->tokens.directives) && !say(parse, word->text))
        unknown(parse, word);
}

bool hf_directive_line(struct hf_parse *parse)
{
    struct hf_directives *d = &parse->tokens.directives;
    const struct hf_line *line = &parse->tokens.line;
    bool is_directive = line->n && line->words[0].text[0] == '.';

    if (!is_directive)
        return is_dropped(d);
    if (!line->broken)
        read_directive(parse, &line->words[0]);
    else if (decides(line->words[0].text))
        d->stopped = true; /* its fault was told */
    return true;
}

void hf_directive_file_end(struct hf_parse *parse)
{
    struct hf_directives *d = &parse->tokens.directives;

    if (d->depth && !d->stopped) {
        const struct hf_loc opened = innermost(d)->opened;
        struct hf_loc loc = {opened.source, parse->tokens.scan.line_number - 1, 0, 0};
        stop(parse, loc, "an '.endif' is missing",
             hf_arena_printf(parse->tokens.scan.arena, "the file ends within the '.if' of line %d",
                             opened.line));
    }
    d->depth = 0;
}
