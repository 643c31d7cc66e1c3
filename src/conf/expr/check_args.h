/*
 * check_args.h: arguments of which HAProxy knows what they may be.  Private to src/conf/expr.
 */
#ifndef HAFTP_CONF_EXPR_CHECK_ARGS_H
#define HAFTP_CONF_EXPR_CHECK_ARGS_H

#include "haftp/conf/expr.h"

/* What `text` is not, by the letter of the signature; NULL: nothing wrong, also for letters that
 * have no list of their own. */
const char *hf_arg_wrong(char letter, const char *text);

/* "txn.name": the scope of a variable with something behind it. */
bool hf_arg_is_variable(const char *text);

/* What the arguments of a converter must be together.  NULL: they are; else *index gets the one to
 * blame. */
const char *hf_args_wrong_together(const struct hf_conv *conv, unsigned *index);

#endif
