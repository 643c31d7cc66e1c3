/*
 * emit.h: how the words of one line become tokens in the queue.  Private to src/conf/parse/tokens.
 */
#ifndef HAFTP_CONF_EMIT_H
#define HAFTP_CONF_EMIT_H

#include "tokens.h"

/* queue.c */
struct hf_token *hf_emit(struct hf_tokens *t, int kind, struct hf_loc loc);
void hf_emit_row(struct hf_tokens *t, const struct hf_keyword *row, struct hf_loc loc);
void hf_emit_word(struct hf_tokens *t, const struct hf_word *word);
void hf_emit_number(struct hf_tokens *t, int kind, const struct hf_word *word, int64_t number);

/* values.c: the positional words of a row, by its letters.  Returns how many were taken; `end`:
 * where one that is missing would stand. */
unsigned hf_emit_args(struct hf_tokens *t, struct hf_diag *diag, const struct hf_keyword *row,
                      const struct hf_word *words, unsigned n, struct hf_loc end);

/* options.c: the words behind those, and what is told of words that fill nothing. */
void hf_emit_options(struct hf_parse *parse, const struct hf_keyword *line,
                     const struct hf_word *words, unsigned n);
void hf_tell_fate(struct hf_parse *parse, const struct hf_keyword *row, struct hf_loc loc);

#endif
