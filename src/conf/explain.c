/*
 * explain.c: the FTP plan in words, for `-c -V` and for the notices at start.
 */
#include <stdio.h>
#include <stdlib.h>

#include "conf_int.h"
#include "ftp_plan_int.h"
#include "haftp/base/assert.h"
#include "haftp/conf/load.h"

const char *hf_conf_kind(const struct hf_cfg_proxy *proxy)
{
    if (proxy->caps == (HF_CAP_FRONTEND | HF_CAP_BACKEND))
        return "listen";
    return proxy->caps & HF_CAP_FRONTEND ? "frontend" : "backend";
}

static const char *what_it_carries(const struct hf_cfg_bind *bind)
{
    if (bind->opaque)
        return "passes FTP over TLS on as it comes";
    if (bind->tls.ssl)
        return "carries FTP control connections, ends their TLS";
    if (bind->tls.starttls_required)
        return "carries FTP control connections, demands TLS by AUTH";
    if (bind->tls.starttls)
        return "carries FTP control connections, offers TLS by AUTH";
    return "carries FTP control connections";
}

static const char *what_comes_first(const struct hf_cfg_bind *bind)
{
    if (bind->accept_netscaler_cip)
        return ", behind a NetScaler header";
    return bind->accept_proxy ? ", behind a PROXY header" : "";
}

static void print_binds(FILE *out, const struct hf_cfg_proxy *control)
{
    const struct hf_cfg_bind *bind;
    const char *before = "";

    for (bind = control->binds; bind; bind = bind->next) {
        if (bind->role != HF_BIND_CONTROL)
            continue;
        fprintf(out, "%sbind %s %s%s (rule %d: %s)", before, bind->text, what_it_carries(bind),
                what_comes_first(bind), bind->role_rule, bind->role_why);
        before = ", ";
    }
}

static void print_range(FILE *out, const struct hf_cfg_proxy *control,
                        const struct hf_cfg_data_range *range)
{
    const struct hf_cfg_proxy *section = range->bind->proxy;

    fputs(range->bind->text, out);
    if (section != control)
        fprintf(out, " of section %s", section->name);
    for (unsigned i = 0; i < range->n_only; i++)
        fprintf(out, "%s%s", i ? ", " : " (for ", range->only[i]->name);
    if (range->n_only)
        putc(')', out);
}

static void print_ranges(FILE *out, const struct hf_cfg_proxy *control)
{
    const struct hf_cfg_data_range *range;

    for (range = control->data_ranges; range; range = range->next) {
        fputs(range == control->data_ranges ? "data ports " : ", ", out);
        print_range(out, control, range);
    }
    if (control->data_ranges)
        return;
    if (control->n_mapped)
        fprintf(out, "data ports that %u plain bind%s map as they are, else any free port",
                control->n_mapped, control->n_mapped == 1 ? "" : "s");
    else
        fputs("data on any free port", out);
}

static void print_servers(FILE *out, const struct hf_cfg_proxy *control)
{
    unsigned n_tls = 0;

    for (unsigned i = 0; i < control->n_reach; i++)
        n_tls += hf_server_has_tls(&control->reach[i]->o);
    fprintf(out, "%u server%s", control->n_reach, control->n_reach == 1 ? "" : "s");
    if (n_tls)
        fprintf(out, " (%u over TLS)", n_tls);
    if (control->n_backends == 0 || (control->n_backends == 1 && control->backend == control))
        return;
    fprintf(out, " of backend%s ", control->n_backends == 1 ? "" : "s");
    for (unsigned i = 0; i < control->n_backends; i++)
        fprintf(out, "%s%s", i ? ", " : "", control->backends[i]->name);
}

static bool all_have_tls(const struct hf_cfg_proxy *control)
{
    for (unsigned i = 0; i < control->n_reach; i++) {
        if (!hf_server_has_tls(&control->reach[i]->o))
            return false;
    }
    return control->n_reach > 0;
}

/* What becomes of clients that ask for TLS on a bind that does not end it. */
static void print_tls(FILE *out, const struct hf_cfg_proxy *control)
{
    const struct hf_cfg_bind *bind = control->binds;

    while (bind && (bind->role != HF_BIND_CONTROL || bind->opaque || hf_bind_has_tls(bind)))
        bind = bind->next;
    if (!bind)
        return;
    if (control->o.ftp_tls_refused || all_have_tls(control))
        fputs("; AUTH is refused", out);
    else if (control->ftp_chooses_by & HF_FTP_SAMPLE_USER) /* another one could log in unread */
        fputs("; AUTH is refused", out);
    else if (control->ftp_chooses_by) /* nobody to pass it to yet */
        fputs("; AUTH before the login is refused", out);
    else if (control->data_ranges)
        fputs("; AUTH TLS passes through to the servers", out);
    else
        fputs("; AUTH TLS passes through to the servers, but without data ports", out);
}

void hf_plan_summarize(struct hf_plan *plan, struct hf_cfg_proxy *control)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    HF_ASSERT(out);
    fprintf(out, "%s: ", control->name);
    print_binds(out, control);
    fputs("; ", out);
    print_ranges(out, control);
    fprintf(out, " (rule %d: %s); ", control->data_rule, control->data_why);
    print_servers(out, control);
    if (control->ftp_chooses_by)
        fprintf(out, ", chosen by %s: haftp greets the clients itself",
                hf_conf_ftp_choice_text(control->ftp_chooses_by));
    print_tls(out, control);
    HF_ASSERT(fclose(out) == 0);
    control->ftp_summary = hf_arena_strndup(plan->config->arena, text, size);
    free(text);
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
