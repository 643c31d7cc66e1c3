/*
 * word.h: where in the file a part of a word stands.
 */
#ifndef HAFTP_CONF_WORD_H
#define HAFTP_CONF_WORD_H

#include "parse/scan.h"

/* The place of the bytes [from, to) of the word's text, with its quotes and escapes accounted for.
 * The whole word when a variable is in it, for then the text is not in the file. */
struct hf_loc hf_word_part(const struct hf_word *word, size_t from, size_t to);
/* From the first word to the last one, on one line. */
struct hf_loc hf_words_place(const struct hf_word *words, unsigned n);
/* The words with blanks between, each quoted as the scanner needs it. */
const char *hf_words_text(struct hf_arena *arena, const struct hf_word *words, unsigned n);

#endif
