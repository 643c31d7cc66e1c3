/*
 * tokens.h: words of a line become tokens of the grammar, as the rows say.
 *
 * This is where a word gets its meaning: the section decides which keywords a line may begin with,
 * the keyword decides what the words behind it are.  Unknown words are reported here, with the
 * nearest spelling, and the grammar never sees them.
 */
#ifndef HAFTP_CONF_TOKENS_H
#define HAFTP_CONF_TOKENS_H

#include "directive/directive.h"
#include "parse/keywords.h"
#include "parse/scan.h"

#define HF_BINARY_LINES 2u  /* with a NUL byte: the file is no text */
#define HF_MOST_ERRORS  50u /* of one run, as HAProxy; what follows is not read */

struct hf_parse;

struct hf_token {
    int kind;
    struct hf_loc loc;
    const struct hf_keyword *row;
    struct hf_word word;
    int64_t number;
};

struct hf_tokens {
    struct hf_scan scan;
    struct hf_line line;
    struct hf_directives directives;
    uint64_t section;         /* one bit of enum hf_where; 0: none yet */
    const char *section_name; /* of a proxy, for messages */
    unsigned n_stray;         /* lines of this file before any section; the first is told */
    /* A word may give two tokens ("no-check"), and the line's end gives one. */
    struct hf_token queue[2 * HF_LINE_WORDS + 2];
    unsigned n_queued, next;
};

/* The keyword or option that the token read last belongs to; NULL: none was read on this line. */
const struct hf_keyword *hf_tokens_row(const struct hf_tokens *tokens);
/* Fills the queue from the next line that has something to say; false at the end of the file. */
bool hf_tokens_read_line(struct hf_parse *parse);

/* unknown.c: what to say of a word that is not known here.  Returns the section that was probably
 * meant, or NULL. */
const struct hf_keyword *hf_unknown_statement(const struct hf_tokens *tokens, struct hf_diag *diag,
                                              const struct hf_word *words, unsigned n);
/* `lost`: it may be the value of an unknown option, so it is told only if it is near a known one.
 */
void hf_unknown_option(struct hf_diag *diag, const struct hf_word *word,
                       const struct hf_keyword *line, bool lost);

#endif
