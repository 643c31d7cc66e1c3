/*
 * condition.h: the conditions of .if, .elif and of the flag -cc.
 *
 *   expression = and { "||" and }      and = term { "&&" term }
 *   term = [ "!" ... ] ( "(" expression ")" | integer | predicate "(" arguments ")" )
 *
 * Nothing at all is false.  Everything is looked at, also what cannot change the result, so that a
 * mistake shows on every machine.
 */
#ifndef HAFTP_CONF_CONDITION_H
#define HAFTP_CONF_CONDITION_H

#include "haftp/base/status.h"
#include "parse/env.h"

struct hf_config;

struct hf_condition_context {
    struct hf_arena *arena; /* messages are written here */
    const struct hf_env *env;
    const struct hf_config *config; /* as far as it was read; NULL: what is built in */
};

/* What was wrong, and where in the text: bytes from 0. */
struct hf_condition_fault {
    const char *text, *hint; /* hint may be NULL */
    size_t from, to;
};

/* HF_INVALID: *fault tells why; *holds is then false.  `warning` gets a text about a condition that
 * can be read and makes little sense, or NULL. */
HF_MUST_USE enum hf_status hf_condition_eval(const struct hf_condition_context *context,
                                             const char *text, bool *holds,
                                             struct hf_condition_fault *fault,
                                             const char **warning);

#endif
