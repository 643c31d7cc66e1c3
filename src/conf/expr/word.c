/*
 * word.c: where in the file a part of a word stands, and words as text again.
 */
#include "word.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/base/assert.h"

#include "parse/value.h"

/* The text of the file from the word's first column on; NULL when it is not there. */
static const char *raw_text(struct hf_loc loc, const char **end)
{
    const char *p = hf_source_line(loc.source, loc.line);
    const char *limit = loc.source->text + loc.source->size;

    if (!p || p + loc.end_col - 1 > limit)
        return NULL;
    *end = p + loc.end_col - 1;
    return p + loc.col - 1;
}

/* How many bytes of the file the escape at `p` takes, and how many it gives. */
static size_t escape(const char *p, const char *end, size_t *gives)
{
    *gives = 1;
    if (p + 1 == end)
        return 1;
    if (p[1] == 'x')
        return 4;
    if (!strchr(" \\#'\"nrt$", p[1]))
        *gives = 2;
    return 2;
}

struct hf_loc hf_word_part(const struct hf_word *word, size_t from, size_t to)
{
    struct hf_loc loc = word->loc;
    const char *end = NULL, *start = loc.source ? raw_text(loc, &end) : NULL;
    char quote = '\0';
    size_t at = 0;

    if (!start)
        return loc;
    for (const char *p = start; p < end && at <= to;) {
        size_t takes = 1, gives = 1;
        if (quote != '\'' && *p == '\\')
            takes = escape(p, end, &gives);
        else if (quote == '"' && *p == '$')
            return word->loc;
        else if (quote ? *p == quote : *p == '"' || *p == '\'')
            gives = 0;
        if (gives == 0)
            quote = quote ? '\0' : *p;
        if (gives && at <= from)
            loc.col = word->loc.col + (int)(p - start);
        if (gives && at < to)
            loc.end_col = word->loc.col + (int)(p - start) + (int)takes;
        at += gives;
        p += takes;
    }
    if (from >= at) /* just behind the last byte */
        loc.col = loc.end_col;
    if (loc.end_col <= loc.col)
        loc.end_col = loc.col + 1;
    return loc;
}

struct hf_loc hf_words_place(const struct hf_word *words, unsigned n)
{
    struct hf_loc loc = words[0].loc;

    loc.end_col = words[n - 1].loc.end_col;
    return loc;
}

const char *hf_words_text(struct hf_arena *arena, const struct hf_word *words, unsigned n)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    HF_ASSERT(out);
    for (unsigned i = 0; i < n; i++) {
        if (i)
            putc(' ', out);
        hf_value_print_word(out, words[i].text);
    }
    HF_ASSERT(fclose(out) == 0);
    const char *copy = hf_arena_strndup(arena, text, size);
    free(text);
    return copy;
}
