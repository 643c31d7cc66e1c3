/*
 * call.c: what commands call: messages with a severity, and names of sections and servers.
 */
#include <stdio.h>
#include <syslog.h>

#include "admin_int.h"

static void say(struct hf_call *call, int level, const char *format, va_list args)
{
    static const char *const names[] = {"emerg",   "alert",  "crit", "err",
                                        "warning", "notice", "info", "debug"};
    if (call->client->severity == ADMIN_SEVERITY_NUMBER)
        hf_text_printf(&call->out, "[%d]: ", level);
    else if (call->client->severity == ADMIN_SEVERITY_STRING)
        hf_text_printf(&call->out, "[%s]: ", names[level]);
    hf_text_vprintf(&call->out, format, args);
    hf_text_put(&call->out, "\n");
}

enum hf_call_result hf_call_error(struct hf_call *call, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(call, LOG_ERR, format, args);
    va_end(args);
    return HF_CALL_DONE;
}

enum hf_call_result hf_call_notice(struct hf_call *call, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(call, LOG_NOTICE, format, args);
    va_end(args);
    return HF_CALL_DONE;
}

enum hf_call_result hf_call_info(struct hf_call *call, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(call, LOG_INFO, format, args);
    va_end(args);
    return HF_CALL_DONE;
}

enum hf_admin_level hf_call_level(const struct hf_call *call)
{
    return call->client->level;
}

const struct hf_cfg_bind *hf_call_bind(const struct hf_call *call)
{
    return call->client->bind;
}

int hf_call_fd(const struct hf_call *call)
{
    return call->client->watch.fd;
}

/* ---- names ------------------------------------------------------------------------------- */

struct hf_proxy *hf_call_proxy(const struct hf_call *call, const char *name, unsigned cap)
{
    const struct hf_cfg_proxy *cfg = hf_names_find(&call->runtime->config->names[cap], name);
    return cfg ? hf_runtime_proxy(call->runtime, cfg) : NULL;
}

static struct hf_server *server_named(const struct hf_proxy *proxy, const char *name)
{
    for (unsigned i = 0; i < proxy->n_servers; i++)
        if (strcmp(proxy->servers[i]->cfg->name, name) == 0)
            return proxy->servers[i];
    return NULL;
}

struct hf_server *hf_call_server(struct hf_call *call, const char *name)
{
    char section[256];
    const char *slash = strchr(name, '/');

    if (!slash || !slash[1] || (size_t)(slash - name) >= sizeof section) {
        hf_call_error(call, "Require 'backend/server'.");
        return NULL;
    }
    snprintf(section, sizeof section, "%.*s", (int)(slash - name), name);
    const struct hf_proxy *proxy = hf_call_proxy(call, section, HF_CAP_BACKEND);
    struct hf_server *server = proxy ? server_named(proxy, slash + 1) : NULL;
    if (!server)
        hf_call_error(call, proxy ? "No such server." : "No such backend.");
    return server;
}
