/*
 * explain.c: the FTP plan in words, for `-c -V` and for the notices at start.
 */
#include <stdio.h>

#include "ftp_plan_int.h"
#include "haftp/conf/load.h"

const char *hf_conf_kind(const struct hf_cfg_proxy *proxy)
{
    if (proxy->caps == (HF_CAP_FRONTEND | HF_CAP_BACKEND))
        return "listen";
    return proxy->caps & HF_CAP_FRONTEND ? "frontend" : "backend";
}

/* Appends with a separator; NULL is an empty list. */
static const char *join(struct hf_arena *arena, const char *list, const char *item)
{
    return list ? hf_arena_printf(arena, "%s, %s", list, item) : item;
}

static const char *describe_binds(struct hf_arena *arena, const struct hf_cfg_proxy *control)
{
    const struct hf_cfg_bind *bind;
    const char *text = NULL;

    for (bind = control->binds; bind; bind = bind->next) {
        if (bind->role == HF_BIND_CONTROL) {
            text = join(arena, text,
                        hf_arena_printf(arena, "bind %s %s (rule %d: %s)", bind->text,
                                        bind->opaque ? "passes FTP over TLS on as it comes"
                                                     : "carries FTP control connections",
                                        bind->role_rule, bind->role_why));
        }
    }
    return text;
}

static const char *describe_range(struct hf_arena *arena, const struct hf_cfg_proxy *control,
                                  const struct hf_cfg_data_range *range)
{
    const struct hf_cfg_proxy *section = range->bind->proxy;
    const char *text = range->bind->text, *servers = NULL;

    if (section != control)
        text = hf_arena_printf(arena, "%s of section %s", text, section->name);
    for (unsigned i = 0; i < range->n_only; i++)
        servers = join(arena, servers, range->only[i]->name);
    return servers ? hf_arena_printf(arena, "%s (for %s)", text, servers) : text;
}

static const char *describe_ranges(struct hf_arena *arena, const struct hf_cfg_proxy *control)
{
    const struct hf_cfg_data_range *range;
    const char *text = NULL;

    for (range = control->data_ranges; range; range = range->next)
        text = join(arena, text, describe_range(arena, control, range));
    if (text)
        return hf_arena_printf(arena, "data ports %s", text);
    return control->n_mapped ? hf_arena_printf(arena,
                                               "data ports that %u plain bind%s map as they are, "
                                               "else any free port",
                                               control->n_mapped, control->n_mapped == 1 ? "" : "s")
                             : "data on any free port";
}

static const char *describe_servers(struct hf_arena *arena, const struct hf_cfg_proxy *control)
{
    const char *text =
        hf_arena_printf(arena, "%u server%s", control->n_reach, control->n_reach == 1 ? "" : "s");
    const char *names = NULL;

    for (unsigned i = 0; i < control->n_backends; i++)
        names = join(arena, names, control->backends[i]->name);
    if (control->n_backends == 0 || (control->n_backends == 1 && control->backend == control))
        return text;
    return hf_arena_printf(arena, "%s of backend%s %s", text, control->n_backends == 1 ? "" : "s",
                           names);
}

void hf_plan_summarize(struct hf_plan *plan, struct hf_cfg_proxy *control)
{
    struct hf_arena *arena = plan->config->arena;

    control->ftp_summary =
        hf_arena_printf(arena, "%s: %s; %s (rule %d: %s); %s", control->name,
                        describe_binds(arena, control), describe_ranges(arena, control),
                        control->data_rule, control->data_why, describe_servers(arena, control));
}

static void explain_plain_bind(const struct hf_cfg_bind *bind, FILE *out)
{
    fprintf(out, "# %s: bind %s carries plain TCP%s%s%s\n", bind->proxy->name, bind->text,
            bind->role_why ? " (" : "", bind->role_why ? bind->role_why : "",
            bind->role_why ? ")" : "");
}

void hf_config_explain(const struct hf_config *config, FILE *out)
{
    const struct hf_cfg_proxy *proxy;
    const struct hf_cfg_bind *bind;

    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        if (proxy->ftp_summary)
            fprintf(out, "# %s\n", proxy->ftp_summary);
        for (bind = proxy->binds; bind; bind = bind->next) {
            if (bind->role == HF_BIND_PLAIN && !proxy->o.disabled)
                explain_plain_bind(bind, out);
        }
    }
}
