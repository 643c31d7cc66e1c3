/*
 * vars.h: variables that rules set and expressions read.
 *
 * A session's variables are a small block that exists only once one was set.  Those of scope proc
 * belong to the process and are shared by all workers.
 */
#ifndef HAFTP_RULES_VARS_H
#define HAFTP_RULES_VARS_H

#include "haftp/conf/expr.h"

struct hf_vars;
struct hf_sample;

/* Copies the sample.  `vars` is the session's pointer (may point to NULL; then it is allocated).
 * False: out of memory. */
bool hf_vars_set(struct hf_vars **vars, const struct hf_cfg_var *var,
                 const struct hf_sample *sample);
void hf_vars_unset(struct hf_vars **vars, const struct hf_cfg_var *var);
/* False: not set.  What comes out points to the variable's own memory. */
bool hf_vars_get(struct hf_vars *const *vars, const struct hf_cfg_var *var, struct hf_sample *out);
void hf_vars_free(struct hf_vars **vars); /* sets it to NULL */
/* Variables of scope proc. */
void hf_vars_process_free(void);

#endif
