/*
 * syntax.h: checks the words of a line against the syntax that its row shows to users.
 *
 * For words that fill no field: HAProxy checks their arguments, so we do.  What the pieces of a
 * syntax mean is told in grammar/rows/shapes.h.
 */
#ifndef HAFTP_CONF_SYNTAX_H
#define HAFTP_CONF_SYNTAX_H

#include "parse/keywords.h"
#include "parse/scan.h"

/* Reports what is wrong with the words behind `row`'s name.  `end` is where a missing word would
 * be.  `is_option`: more words may follow that belong to other options.  Returns how many words
 * were taken. */
unsigned hf_syntax_check(struct hf_diag *diag, struct hf_arena *arena, const struct hf_keyword *row,
                         const struct hf_word *words, unsigned n, struct hf_loc end,
                         bool is_option);

/* An even number of hexadecimal digits; false when it is none, which was told. */
bool hf_syntax_check_hex(struct hf_diag *diag, const struct hf_keyword *row,
                         const struct hf_word *word);

/* A number as HAProxy's lenient keywords read it: the digits in front count, none at all is 0.
 * Warns unless it was a number. */
int64_t hf_syntax_loose_number(struct hf_diag *diag, struct hf_arena *arena,
                               const struct hf_keyword *row, const struct hf_word *word);

#endif
