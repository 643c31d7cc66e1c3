/*
 * unknown.c: what to say of a word that no row knows here.
 */
#include "tokens.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "haftp/base/suggest.h"

/* "ftpchk" leaves out letters of "ftp-check", and changes none. */
static bool is_short_for(const char *shorter, const char *word)
{
    for (; *word && *shorter; word++)
        shorter += *word == *shorter;
    return *shorter == '\0';
}

/* Of second words that are equally near, first those that are only longer, last those that begin
 * with another letter, which few people get wrong. */
static unsigned handicap(const struct hf_keyword *row, const char *second)
{
    const char *blank = strchr(row->name, ' ');

    if (!blank || !second || is_short_for(second, blank + 1))
        return 0;
    return blank[1] == *second ? 1 : 2;
}

/* The row that is spelt nearest to one word, or to two with a blank between; NULL: none is near.
 * Another section's row must be strictly nearer than one of `here`. */
static const struct hf_keyword *nearest(const char *first, const char *second, uint64_t here,
                                        uint64_t elsewhere)
{
    char both[2 * HF_SUGGEST_MAX + 2];
    struct hf_suggest one, two;
    const struct hf_keyword *row, *found = NULL;
    unsigned least = UINT_MAX; /* edits and handicap of `found` */

    snprintf(both, sizeof both, "%s %s", first, second ? second : "");
    for (unsigned pass = 0; pass < 2; pass++) {
        HF_FOR_KEYWORDS(row)
        {
            if (!(row->where & (pass ? elsewhere : here)))
                continue;
            struct hf_suggest *suggest = strchr(row->name, ' ') ? &two : &one;
            unsigned extra = handicap(row, second);
            hf_suggest_init(suggest, suggest == &two ? both : first);
            if (least < suggest->distance + extra) /* only a nearer one counts */
                suggest->distance = least > extra ? least - extra : 0;
            hf_suggest_offer(suggest, row->name);
            /* The word itself, known elsewhere, is no suggestion. */
            if (suggest->best && suggest->distance) {
                least = suggest->distance + extra;
                found = row;
            }
        }
    }
    return found;
}

/* "did you mean 'x'?", and where it belongs unless that is `here`. */
static const char *did_you_mean(const struct hf_keyword *row, uint64_t here, char *buf, size_t size)
{
    char places[96];

    if (row->where & (here | HF_ON_TOP))
        snprintf(buf, size, "did you mean '%s'?", row->name);
    else
        snprintf(buf, size, "did you mean '%s'? It belongs in %s", row->name,
                 hf_keyword_places(row->where, places, sizeof places));
    return buf;
}

/* "one of 'a', 'b', ...": the second words of a family. */
static const char *list_family(const char *first, uint64_t where, char *buf, size_t size)
{
    const struct hf_keyword *row;
    size_t n = strlen(first), at = 0;

    HF_FOR_KEYWORDS(row)
    {
        if (!(row->where & where) || row->fate == HF_FATE_LATER || row->fate == HF_FATE_HTTP ||
            strncmp(row->name, first, n) != 0 || row->name[n] != ' ')
            continue;
        int wrote = snprintf(buf + at, size - at, "%s%s", at ? ", " : "one of ", row->name + n + 1);
        if (wrote < 0 || (size_t)wrote >= size - at) {
            /* Too many to list: cut after the last whole name. */
            snprintf(at > size - 6 ? buf + size - 6 : buf + at, 6, ", ...");
            return buf;
        }
        at += (size_t)wrote;
    }
    return buf;
}

static const char *section_title(const struct hf_tokens *t, char *buf, size_t size)
{
    snprintf(buf, size, "in a '%s' section", hf_section_name(t->section));
    return buf;
}

static void unknown_in_family(const struct hf_tokens *t, struct hf_diag *diag,
                              const struct hf_word *words, unsigned n)
{
    char hint[256] = "", title[64];

    section_title(t, title, sizeof title);
    if (n < 2) {
        hf_diag_add(diag, HF_DIAG_ERROR, words[0].loc,
                    list_family(words[0].text, t->section, hint, sizeof hint),
                    "'%s' needs another word %s.", words[0].text, title);
        return;
    }
    const struct hf_keyword *row =
        nearest(words[0].text, words[1].text, t->section, HF_IN_SECTIONS);
    if (row && strchr(row->name, ' '))
        did_you_mean(row, t->section, hint, sizeof hint);
    else
        list_family(words[0].text, t->section, hint, sizeof hint);
    hf_diag_add(diag, HF_DIAG_ERROR, words[1].loc, hint, "unknown keyword '%s %s' %s.",
                words[0].text, words[1].text, title);
}

/* It exists, but not here. */
static bool known_elsewhere(const struct hf_tokens *t, struct hf_diag *diag,
                            const struct hf_word *words, const char *second)
{
    char places[96], hint[128], title[64];
    unsigned matched;
    const struct hf_keyword *row = hf_keyword_find(words[0].text, second, HF_IN_SECTIONS, &matched);

    if (!row || (matched == 1 && hf_keyword_is_family(words[0].text, t->section)))
        return false;
    snprintf(hint, sizeof hint, "it belongs in %s",
             hf_keyword_places(row->where, places, sizeof places));
    hf_diag_add(diag, HF_DIAG_ERROR, words[0].loc, hint, "'%s' is not allowed %s.", row->name,
                section_title(t, title, sizeof title));
    return true;
}

/* Some editors begin a file with it. */
static const char byte_order_mark[] = "\xef\xbb\xbf";

const struct hf_keyword *hf_unknown_statement(const struct hf_tokens *t, struct hf_diag *diag,
                                              const struct hf_word *words, unsigned n)
{
    unsigned matched;

    if (words[0].loc.line == 1 &&
        strncmp(words[0].text, byte_order_mark, sizeof byte_order_mark - 1) == 0) {
        hf_diag_add(
            diag, HF_DIAG_ERROR, words[0].loc,
            "save it as UTF-8 without the mark; sed -i '1s/^\\xef\\xbb\\xbf//' FILE removes it",
            "the file begins with a byte order mark, which is taken for a part of '%s'.",
            words[0].text + sizeof byte_order_mark - 1);
        return hf_keyword_find(words[0].text + sizeof byte_order_mark - 1, NULL, HF_ON_TOP,
                               &matched);
    }

    const char *first = words[0].text, *second = n > 1 ? words[1].text : NULL;
    char hint[256], title[64];

    if (t->section == 0) {
        const struct hf_keyword *section = nearest(first, NULL, HF_ON_TOP, 0);
        if (!section && t->n_stray)
            return NULL;
        if (section)
            snprintf(hint, sizeof hint, "did you mean '%s'?", section->name);
        hf_diag_add(diag, HF_DIAG_ERROR, words[0].loc,
                    section ? hint
                            : "a file begins with global, defaults, listen, frontend or backend",
                    "'%s' stands outside of any section.", first);
        return section;
    }
    if (known_elsewhere(t, diag, words, second))
        return NULL;
    if (hf_keyword_is_family(first, t->section)) {
        unknown_in_family(t, diag, words, n);
        return NULL;
    }
    section_title(t, title, sizeof title);
    const struct hf_keyword *row = nearest(first, second, t->section | HF_ON_TOP, HF_IN_SECTIONS);
    hf_diag_add(diag, HF_DIAG_ERROR, words[0].loc,
                row ? did_you_mean(row, t->section, hint, sizeof hint) : NULL,
                "unknown keyword '%s' %s.", first, title);
    return row;
}

/* "50100", "-50100". */
static bool is_number(const char *text)
{
    text += *text == '-';
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* What is a word of binds stands on a server's line, or the reverse; NULL: neither. */
static const char *belongs_elsewhere(const char *text, uint64_t here)
{
    const struct hf_keyword *row;

    HF_FOR_KEYWORDS(row)
    {
        if (strcmp(row->name, text) != 0 || (row->where & here))
            continue;
        if ((here & HF_ON_SERVER) && (row->where & HF_ON_BIND))
            return "it is an option of 'bind', for what clients do";
        if ((here & HF_ON_BIND) && (row->where & HF_ON_SERVER))
            return "it is an option of 'server', for what haftp does there";
    }
    return NULL;
}

void hf_unknown_option(struct hf_diag *diag, const struct hf_word *word,
                       const struct hf_keyword *line, bool lost)
{
    static const char range[] = "a range of ports is one word: ADDRESS:LOW-HIGH, like :30000-30100";
    char buf[128];
    const struct hf_keyword *row = nearest(word->text, NULL, line->options, 0);
    const char *hint = row ? did_you_mean(row, line->options, buf, sizeof buf) : NULL;

    if (lost && !row)
        return;
    if (!row)
        hint = belongs_elsewhere(word->text, line->options);
    if (!row && (line->options & HF_ON_BIND) && is_number(word->text))
        hint = range;
    hf_diag_add(diag, HF_DIAG_ERROR, word->loc, hint, "unknown option '%s' of '%s'.", word->text,
                line->name);
}
