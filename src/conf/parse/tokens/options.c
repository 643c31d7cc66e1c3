/*
 * options.c: the words behind the positional ones: options, conditions, and words that fill
 * nothing.
 */
#include "emit.h"

#include <string.h>
#include <strings.h>

#include "conf_int.h"
#include "parse/parse.h"
#include "words/http.h"
#include "words/syntax.h"

#include "haftp_parser.h"

/* ---- words that fill nothing ------------------------------------------------------------- */

/* The help of such a row begins with "No effect". */
static void tell_noop(struct hf_diag *diag, const struct hf_keyword *row, struct hf_loc loc)
{
    hf_diag_add(diag, row->fate == HF_FATE_NOOP ? HF_DIAG_NOTICE : HF_DIAG_WARNING, loc, NULL,
                "'%s' has no effect: %s", row->name, row->help + strlen("No effect: "));
}

void hf_tell_fate(struct hf_parse *parse, const struct hf_keyword *row, struct hf_loc loc)
{
    struct hf_diag *diag = parse->build.diag;

    if (row->note && row->token == T_FLAG)
        hf_diag_add(diag, HF_DIAG_NOTICE, loc, NULL, "%s.", row->note);
    if (row->token != T_IGNORED && row->token != T_PARTS)
        return;
    switch (row->fate) {
    case HF_FATE_ACCEPTED:
        hf_diag_add(diag, HF_DIAG_NOTICE, loc, NULL, "'%s' is accepted: %s", row->name, row->help);
        break;
    case HF_FATE_NOTICED:
        hf_diag_add(diag, HF_DIAG_NOTICE, loc, NULL, "%s", row->help);
        break;
    case HF_FATE_IGNORED:
        hf_diag_add(diag, HF_DIAG_WARNING, loc, NULL, "%s", row->help);
        break;
    case HF_FATE_HTTP:
    case HF_FATE_HTTP_PAGE:
        hf_http_note(&parse->build, row, loc);
        break;
    case HF_FATE_PENDING:
        if (!parse->build.other) /* else the whole section was told */
            hf_conf_add_pending(parse->build.config, row->name, loc);
        break;
    case HF_FATE_LATER:
        hf_diag_add(diag, HF_DIAG_ERROR, loc,
                    "haftp refuses what it cannot do, rather than do something else",
                    "'%s' is not supported by this version of haftp yet.", row->name);
        break;
    case HF_FATE_NOOP:
    case HF_FATE_NOOP_WARNED:
        tell_noop(diag, row, loc);
        break;
    case HF_FATE_PART:
        break;
    case HF_FATE_REFUSED:
        hf_diag_add(diag, HF_DIAG_ERROR, loc, NULL, "'%s' is refused: %s", row->name,
                    row->help + strlen("Refused: "));
        break;
    }
}

/* ---- conditions -------------------------------------------------------------------------- */

/* "!!!x" is "!x": each word gives at most two tokens. */
static const char *emit_negation(struct hf_tokens *t, const struct hf_word *word)
{
    size_t n = strspn(word->text, "!");

    if (n % 2)
        hf_emit(t, T_NOT, word->loc);
    return word->text + n;
}

/* Behind `if`: names of ACLs, "or", "!", and braces with words in them. */
static void emit_condition(struct hf_tokens *t, const struct hf_word *words, unsigned n)
{
    bool in_braces = false;

    hf_emit(t, strcmp(words[0].text, "if") == 0 ? T_IF : T_UNLESS, words[0].loc);
    for (unsigned i = 1; i < n; i++) {
        struct hf_word word = words[i];
        if (in_braces) {
            in_braces = strcmp(word.text, "}") != 0;
            if (in_braces)
                hf_emit_word(t, &word);
            else
                hf_emit(t, T_CLOSE, word.loc);
            continue;
        }
        word.text = emit_negation(t, &word);
        if (strcmp(word.text, "{") == 0) {
            hf_emit(t, T_OPEN, word.loc);
            in_braces = true;
        } else if (strcasecmp(word.text, "or") == 0 || strcmp(word.text, "||") == 0) {
            hf_emit(t, T_OR, word.loc);
        } else if (*word.text) {
            hf_emit_word(t, &word);
        }
    }
}

static bool begins_condition(const struct hf_keyword *line, const char *text)
{
    return (line->options & HF_ON_CONDITION) &&
           (strcmp(text, "if") == 0 || strcmp(text, "unless") == 0);
}

/* ---- options ----------------------------------------------------------------------------- */

/* "no-check" undoes "check"; only server lines have such twins. */
static const struct hf_keyword *find_twin(const struct hf_word *word, uint64_t where)
{
    unsigned words;

    where &= HF_ON_SERVER | HF_ON_DEFAULT_SERVER;
    if (!where || strncmp(word->text, "no-", 3) != 0)
        return NULL;
    const struct hf_keyword *row = hf_keyword_find(word->text + 3, NULL, where, &words);
    return row && row->token == T_FLAG && !row->alias && !row->fixed ? row : NULL;
}

void hf_emit_options(struct hf_parse *parse, const struct hf_keyword *line,
                     const struct hf_word *words, unsigned n)
{
    struct hf_tokens *t = &parse->tokens;
    struct hf_diag *diag = parse->build.diag;

    const struct hf_keyword *row;
    unsigned matched;
    bool lost = false; /* behind an unknown word: its values are unknown as well */

    for (unsigned i = 0; i < n;) {
        const struct hf_word *word = &words[i];
        if (begins_condition(line, word->text)) {
            emit_condition(t, words + i, n - i);
            return;
        }
        if ((row = hf_keyword_find(word->text, NULL, line->options, &matched))) {
            hf_tell_fate(parse, row, word->loc);
            hf_emit_row(t, row, word->loc);
            i += 1 + hf_emit_args(t, diag, row, word + 1, n - i - 1, word->loc);
            if (row->skip < 0)
                return;
            i += row->checked
                     ? hf_syntax_check(diag, t->scan.arena, row, word + 1, n - i, t->line.end, true)
                     : (unsigned)row->skip;
            if (row->fate == HF_FATE_PART)
                hf_build_part(&parse->build, row, word + 1 < words + n ? word + 1 : NULL);
            lost = false;
            continue;
        }
        if ((row = find_twin(word, line->options))) {
            hf_emit(t, T_NO, word->loc);
            hf_emit_row(t, row, word->loc);
            lost = false;
        } else if (!line->options || (line->options & HF_ON_OPEN)) {
            hf_emit_word(t, word);
        } else {
            hf_unknown_option(diag, word, line, lost);
            lost = true;
        }
        i++;
    }
}
