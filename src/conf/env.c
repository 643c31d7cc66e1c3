#include "env.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void hf_env_init(struct hf_env *env, struct hf_arena *arena, const char *const *paths, unsigned n)
{
    char host[256] = "";
    const char *files = "";

    for (unsigned i = 0; i < n; i++)
        files = hf_arena_printf(arena, "%s%s%s", files, i ? ";" : "", paths[i]);
    env->files = files;
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    env->host = hf_arena_strdup(arena, host);
}

const char *hf_env_get(const struct hf_env *env, struct hf_view name)
{
    char text[256];

    if (hf_view_is(name, "HAPROXY_CFGFILES"))
        return env->files;
    if (hf_view_is(name, "HAPROXY_STARTUP_VERSION"))
        return HAFTP_VERSION;
    if (name.n >= sizeof text)
        return NULL;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    const char *value = getenv(text);
    return !value && hf_view_is(name, "HAPROXY_LOCALPEER") ? env->host : value;
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The name behind a '$'; *after is where the text goes on.  Empty: it is no variable. */
static struct hf_view variable_at(const char *dollar, const char **after)
{
    bool braces = dollar[1] == '{';
    const char *name = dollar + 1 + braces, *end = name;

    while (is_name_char(*end))
        end++;
    *after = end + braces;
    if (braces && *end != '}')
        end = name;
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
        struct hf_view name = variable_at(dollar, &after);
        const char *value = "$";
        if (name.n)
            value = hf_env_get(env, name);
        else
            after = dollar + 1;
        fprintf(out, "%.*s%s", (int)(dollar - text), text, value ? value : "");
    }
    fputs(text, out);
    fclose(out);
    const char *copy = hf_arena_strdup(arena, expanded);
    free(expanded);
    return copy;
}
