/*
 * reader.h: an expression while it is read: where we are in the word, and how to complain.
 */
#ifndef HAFTP_CONF_EXPR_READER_H
#define HAFTP_CONF_EXPR_READER_H

#include "expr_build.h"

struct hf_reader {
    struct hf_build *b;
    const struct hf_word *word;
    const char *at;
    const struct hf_place *place; /* NULL: not checked here */
    const char *name;             /* of the fetch or converter that is being read */
};

/* An error at [from, to) of the word's text; always false. */
__attribute__((format(printf, 5, 6))) bool hf_reader_fail(struct hf_reader *r, const char *from,
                                                          const char *to, const char *hint,
                                                          const char *format, ...);
struct hf_loc hf_reader_place(const struct hf_reader *r, const char *from, const char *to);

/* Reads "(a,b,...)" at r->at, if there is one, for the row's signature; false: told. */
bool hf_reader_args(struct hf_reader *r, const struct hf_sample_row *row, struct hf_conv *out);

#endif
