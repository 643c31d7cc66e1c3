/*
 * values.c: the positional words of a row become numbers, times, sizes or words.
 */
#include "emit.h"

#include <stdio.h>
#include <string.h>

#include "parse/parse.h"
#include "parse/value.h"
#include "words/syntax.h"

#include "haftp_parser.h"

/* "timeout client 30": milliseconds, as in HAProxy, and hardly ever meant. */
#define SUSPICIOUS_MS 100

static void advise_unit(struct hf_diag *diag, const struct hf_keyword *row,
                        const struct hf_word *word, int64_t ms)
{
    char hint[96];

    if (row->unit != HF_UNIT_MS || ms == 0 || ms >= SUSPICIOUS_MS ||
        word->text[strspn(word->text, "0123456789")])
        return;
    snprintf(hint, sizeof hint, "write '%lds' for seconds, '%ldms' if it is right", (long)ms,
             (long)ms);
    hf_diag_add(diag, HF_DIAG_ADVICE, word->loc, hint,
                "'%s' of '%s' has no unit: it is milliseconds.", word->text, row->name);
}

static void emit_time(struct hf_tokens *t, struct hf_diag *diag, const struct hf_keyword *row,
                      const struct hf_word *word)
{
    const char *rest;
    int64_t ms;

    switch (hf_value_time(word->text, row->unit ? row->unit : HF_UNIT_MS, &ms, &rest)) {
    case HF_OK:
        if (*rest)
            hf_diag_add(diag, HF_DIAG_WARNING, word->loc,
                        "the units are us, ms, s, m, h and d; a later version may refuse this",
                        "'%s' behind the unit of '%s' is not read.", rest, word->text);
        advise_unit(diag, row, word, ms);
        break;
    case HF_LIMIT:
        ms = INT64_MAX;
        break;
    default:
        hf_emit_word(t, word);
        return;
    }
    hf_emit_number(t, T_DURATION, word, ms);
}

/* What a row without a least number takes for 0 is told. */
static void emit_loose_number(struct hf_tokens *t, struct hf_diag *diag,
                              const struct hf_keyword *row, const struct hf_word *word)
{
    int64_t number = hf_syntax_loose_number(diag, t->scan.arena, row, word);

    if (number < 0 && row->min == HF_NO_MIN) {
        hf_diag_add(diag, HF_DIAG_WARNING, word->loc, NULL, "'%s' of '%s' counts as 0.", word->text,
                    row->name);
        number = 0;
    }
    hf_emit_number(t, T_NUMBER, word, number);
}

/* Digits behind a '-'. */
static bool is_below_zero(const char *text)
{
    return text[0] == '-' && text[1] && strspn(text + 1, "0123456789") == strlen(text + 1);
}

/* The same for a row whose words are read as C's atoi() does. */
static void emit_atoi(struct hf_tokens *t, struct hf_diag *diag, const struct hf_keyword *row,
                      const struct hf_word *word)
{
    int64_t number = hf_syntax_loose_number(diag, t->scan.arena, row, word);

    if (number > INT32_MAX || number < INT32_MIN)
        number = number < 0 ? INT32_MIN : INT32_MAX;
    hf_emit_number(t, T_NUMBER, word, number);
}

/* What HAProxy takes for a missing word, where it does not mind. */
static void emit_nothing(struct hf_tokens *t, struct hf_diag *diag, const struct hf_keyword *row,
                         struct hf_loc loc, char kind)
{
    const struct hf_word nothing = {.text = "", .loc = loc};

    hf_diag_add(diag, HF_DIAG_WARNING, loc, "give the value, or remove the word",
                "'%s' has no value: it is read as %s, as HAProxy does.", row->name,
                kind == 'I' ? "0" : "an empty one");
    if (kind == 'I')
        hf_emit_number(t, T_NUMBER, &nothing, 0);
    else
        hf_emit_word(t, &nothing);
}

/* One positional word.  A value of the wrong form stays a word, which the grammar refuses in its
 * own words ("expected a number"). */
static void emit_value(struct hf_tokens *t, struct hf_diag *diag, char kind,
                       const struct hf_keyword *row, const struct hf_word *word)
{
    int64_t number;

    if (kind == 't')
        emit_time(t, diag, row, word);
    else if (kind == 'i' || kind == 'I')
        emit_atoi(t, diag, row, word);
    else if (kind == 'n' &&
             ((row->where & HF_ANY_NUMBER) || (row->min == HF_NO_MIN && is_below_zero(word->text))))
        emit_loose_number(t, diag, row, word);
    else if (kind == 'n' && hf_value_number(word->text, &number) == HF_OK)
        hf_emit_number(t, T_NUMBER, word, number);
    else if (kind == 's' && hf_value_size(word->text, &number) == HF_OK)
        hf_emit_number(t, T_BYTES, word, number);
    else
        hf_emit_word(t, word);
}

/* Returns how many words were taken.  A capital: the word may be missing. */
unsigned hf_emit_args(struct hf_tokens *t, struct hf_diag *diag, const struct hf_keyword *row,
                      const struct hf_word *words, unsigned n, struct hf_loc end)
{
    unsigned i = 0;
    const char *kind = row->args;

    for (; kind && *kind && i < n; kind++, i++)
        emit_value(t, diag, *kind, row, &words[i]);
    if (kind && (*kind == 'I' || *kind == 'W'))
        emit_nothing(t, diag, row, end, *kind);
    return i;
}
