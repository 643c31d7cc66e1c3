/*
 * env.c: variables of the file, of HAProxy and of the process, in this order.
 */
#include "env.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <utlist.h>

struct hf_env_variable {
    struct hf_env_variable *next;
    const char *name, *value; /* value NULL: not set, whatever the process has */
};

void hf_env_init(struct hf_env *env, struct hf_arena *arena, const char *const *paths, unsigned n,
                 const char *localpeer, bool master_worker)
{
    char host[256] = "";
    const char *files = "";

    for (unsigned i = 0; i < n; i++)
        files = hf_arena_printf(arena, "%s%s%s", files, i ? ";" : "", paths[i]);
    if (!localpeer)
        localpeer = getenv("HAPROXY_LOCALPEER");
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    *env = (struct hf_env){.files = files, .master_worker = master_worker};
    env->host = hf_arena_strdup(arena, host);
    env->localpeer = localpeer ? localpeer : env->host;
}

void hf_env_all_read(struct hf_env *env)
{
    env->all_read = true;
}

/* HAProxy's names.  Those of its command sockets are known and empty: there are none yet. */
static const char *predefined(const struct hf_env *env, struct hf_view name)
{
    if (hf_view_is(name, "HAPROXY_LOCALPEER"))
        return env->localpeer;
    if (hf_view_is(name, "HAPROXY_CFGFILES") && env->all_read)
        return env->files;
    if (hf_view_is(name, "HAPROXY_STARTUP_VERSION"))
        return HAFTP_VERSION;
    if (hf_view_is(name, "HAPROXY_MWORKER") && env->master_worker)
        return "1";
    return NULL;
}

static const char *of_process(const struct hf_env *env, struct hf_view name)
{
    const char *value = predefined(env, name);
    char text[256];

    if (value || name.n >= sizeof text)
        return value;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    return getenv(text);
}

const char *hf_env_get(const struct hf_env *env, struct hf_view name)
{
    const struct hf_env_variable *variable;

    LL_FOREACH(env->set, variable)
    {
        if (hf_view_is(name, variable->name))
            return variable->value;
    }
    return env->reset ? NULL : of_process(env, name);
}

void hf_env_set(struct hf_env *env, struct hf_arena *arena, const char *name, const char *value)
{
    struct hf_env_variable *variable = HF_NEW(arena, struct hf_env_variable);

    variable->name = name;
    variable->value = value;
    LL_PREPEND(env->set, variable);
}

void hf_env_reset(struct hf_env *env)
{
    env->before_reset = env->set;
    env->was_reset = env->reset;
    env->set = NULL;
    env->reset = true;
}

/* Looks where hf_env_get() looked before the reset. */
void hf_env_keep(struct hf_env *env, struct hf_arena *arena, const char *name)
{
    struct hf_env before = *env;

    before.set = env->before_reset;
    before.reset = env->was_reset;
    const char *value = hf_env_get(&before, hf_view_cstr(name));
    if (value)
        hf_env_set(env, arena, name, value);
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The name behind a '$', with or without braces; *after is where the text goes on. */
static struct hf_view variable_at(const char *dollar, const char **after)
{
    bool braces = dollar[1] == '{';
    const char *name = dollar + 1 + braces, *end = name;

    while (is_name_char(*end))
        end++;
    *after = end + (braces && *end == '}');
    return hf_view(name, (size_t)(end - name));
}

const char *hf_env_expand(const struct hf_env *env, struct hf_arena *arena, const char *text)
{
    char *expanded = NULL;
    size_t size;
    const char *dollar, *after;

    if (!strchr(text, '$'))
        return text;
    FILE *out = open_memstream(&expanded, &size);
    if (!out)
        return text;
    for (; (dollar = strchr(text, '$')); text = after) {
        const char *value = hf_env_get(env, variable_at(dollar, &after));
        fprintf(out, "%.*s%s", (int)(dollar - text), text, value ? value : "");
    }
    fputs(text, out);
    fclose(out);
    const char *copy = hf_arena_strdup(arena, expanded);
    free(expanded);
    return copy;
}
