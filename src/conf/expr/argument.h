/*
 * argument.h: one argument of a fetch or converter, as it is written, and what its signature makes
 * of it.  Private to src/conf/expr.
 */
#ifndef HAFTP_CONF_EXPR_ARGUMENT_H
#define HAFTP_CONF_EXPR_ARGUMENT_H

#include "reader.h"

/* One argument as written. */
struct hf_raw_arg {
    const char *from, *to; /* in the word */
    const char *text;      /* without quotes and escapes */
};

struct hf_arg_reader {
    struct hf_reader *r;
    const struct hf_sample_row *row;
    const struct hf_raw_arg *raw;
    struct hf_arg *arg; /* to be filled */
};

/* By the letter that it has in the signature (rows/samples/samples.h tells them all).  False: it
 * was refused. */
bool hf_arg_check(struct hf_arg_reader *a, char letter);
/* A name that becomes a pointer when all files were read. */
bool hf_arg_refers(struct hf_arg_reader *a, char letter);
/* "a number": what an argument of this letter is, for who left it out. */
const char *hf_arg_kind(char letter);

#endif
