/*
 * env.h: the variables that a configuration may use.
 *
 * What the file itself sets comes first, then HAProxy's predefined names, then the environment of
 * the process, which is only read: a reload starts from it again.
 */
#ifndef HAFTP_CONF_ENV_H
#define HAFTP_CONF_ENV_H

#include "haftp/base/arena.h"
#include "haftp/base/str.h"

struct hf_env_variable;

struct hf_env {
    struct hf_env_variable *set; /* by the file, the latest first */
    bool reset;                  /* the environment of the process is not looked at any more */
    struct hf_env_variable *before_reset; /* both as they were before the last reset */
    bool was_reset;
    const char *files; /* HAPROXY_CFGFILES: the paths given, with ';' between */
    bool all_read;     /* only then has it its value, for log formats */
    const char *host;
    const char *localpeer; /* HAPROXY_LOCALPEER */
    bool master_worker;    /* HAPROXY_MWORKER is 1 */
};

/* `localpeer` NULL: as the environment says, or the host's name. */
void hf_env_init(struct hf_env *env, struct hf_arena *arena, const char *const *paths, unsigned n,
                 const char *localpeer, bool master_worker);
/* All files have been read. */
void hf_env_all_read(struct hf_env *env);
/* NULL: not set. */
const char *hf_env_get(const struct hf_env *env, struct hf_view name);
/* `value` NULL: from now on it is not set. */
void hf_env_set(struct hf_env *env, struct hf_arena *arena, const char *name, const char *value);
/* Nothing is set any more but what is kept afterwards. */
void hf_env_reset(struct hf_env *env);
void hf_env_keep(struct hf_env *env, struct hf_arena *arena, const char *name);
/* Addresses are expanded here even without quotes: $NAME and ${NAME}; unset gives nothing, and so
 * does a '$' with no name behind it. */
const char *hf_env_expand(const struct hf_env *env, struct hf_arena *arena, const char *text);

#endif
