/*
 * vars.h: variables that rules set and expressions read.
 *
 * A session's variables belong to its worker; they are a small block each, and exist only once they
 * were set.  Those of scope
 * proc belong to the process and are shared by all workers, under a lock.
 */
#ifndef HAFTP_RULES_VARS_H
#define HAFTP_RULES_VARS_H

#include "haftp/conf/expr.h"

/* What the variables of one session may take, and those of the process: a set beyond it fails. */
#define HF_VARS_SESSION_BYTES (64u << 10)
#define HF_VARS_PROCESS_BYTES (1u << 20)

struct hf_vars;
struct hf_sample;

/* Copies the sample.  `vars` is the session's pointer (may point to NULL; then it is allocated), or
 * NULL where there is no session.  False: out of memory, too much in all, or no session. */
bool hf_vars_set(struct hf_vars **vars, const struct hf_cfg_var *var,
                 const struct hf_sample *sample);
void hf_vars_unset(struct hf_vars **vars, const struct hf_cfg_var *var);
/* False: not set.  Bytes of a variable of the process are copied into `room`, those of a session
 * are pointed to. */
bool hf_vars_get(struct hf_vars *const *vars, const struct hf_cfg_var *var, struct hf_sample *out,
                 char *room, size_t size);
/* It was set once, whether or not it was unset since. */
bool hf_vars_exists(struct hf_vars *const *vars, const struct hf_cfg_var *var);
/* Forgets what has this scope: `req` ends when a server was connected. */
void hf_vars_end_scope(struct hf_vars **vars, enum hf_var_scope scope);
void hf_vars_free(struct hf_vars **vars); /* sets it to NULL */
/* Variables of scope proc. */
void hf_vars_process_free(void);

#endif
