/*
 * env.h: the variables that a configuration may use.
 *
 * HAProxy's predefined names come first, then the process environment.  Read-only.
 */
#ifndef HAFTP_CONF_ENV_H
#define HAFTP_CONF_ENV_H

#include "haftp/base/arena.h"
#include "haftp/base/str.h"

struct hf_env {
    const char *files; /* HAPROXY_CFGFILES: the paths given, with ';' between */
    const char *host;  /* HAPROXY_LOCALPEER */
};

void hf_env_init(struct hf_env *env, struct hf_arena *arena, const char *const *paths, unsigned n);
/* NULL: not set. */
const char *hf_env_get(const struct hf_env *env, struct hf_view name);
/* Addresses are expanded here even without quotes: $NAME and ${NAME}; unset gives nothing. */
const char *hf_env_expand(const struct hf_env *env, struct hf_arena *arena, const char *text);

#endif
