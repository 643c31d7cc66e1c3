/*
 * server_state.c: the sentence about a server that went up or down.
 */
#include "server_state_int.h"

#include <stdio.h>

void hf_server_state_text(const struct hf_server *server, bool up, const char *why, char *out,
                          size_t size)
{
    const struct hf_proxy *proxy = server->proxy;
    unsigned active = hf_proxy_usable_mt(proxy);
    unsigned backup = hf_proxy_usable_backups_mt(proxy);
    unsigned waiting =
        hf_waitlist_count_mt(&server->waiting) + hf_waitlist_count_mt(&proxy->waiting);
    const char *kind = server->cfg->o.backup ? "Backup Server" : "Server";
    /* ", reason: ..." of a check; " via SECTION/SERVER" of one that is followed. */
    const char *comma = !*why ? "" : server->tracked ? " " : ", ";
    const char *on_backup = active == 0 && backup > 0 ? " Running on backup." : "";

    if (up)
        snprintf(out, size,
                 "%s %s/%s is UP%s%s. %u active and %u backup servers online.%s 0 sessions "
                 "requeued, %u total in queue.",
                 kind, proxy->cfg->name, server->cfg->name, comma, why, active, backup, on_backup,
                 waiting);
    else
        snprintf(
            out, size,
            "%s %s/%s is DOWN%s%s. %u active and %u backup servers left.%s %u sessions active, "
            "0 requeued, %u remaining in queue.",
            kind, proxy->cfg->name, server->cfg->name, comma, why, active, backup, on_backup,
            atomic_load_explicit(&server->sessions, memory_order_relaxed), waiting);
}

void hf_server_news_text(const struct hf_server *server, const struct hf_server_news *news,
                         char *out, size_t size)
{
    const struct hf_proxy *proxy = server->proxy;
    unsigned active = hf_proxy_usable_mt(proxy), backup = hf_proxy_usable_backups_mt(proxy);
    unsigned waiting =
        hf_waitlist_count_mt(&server->waiting) + hf_waitlist_count_mt(&proxy->waiting);
    const char *on_backup = active == 0 && backup > 0 ? " Running on backup." : "";

    int n =
        snprintf(out, size, "%s %s/%s %s%s.", server->cfg->o.backup ? "Backup Server" : "Server",
                 proxy->cfg->name, server->cfg->name, news->what, news->why);
    if (!news->counts || n < 0 || (size_t)n >= size)
        return;
    if (news->leaves)
        snprintf(out + n, size - (size_t)n,
                 " %u active and %u backup servers left.%s %u sessions active, 0 requeued, %u "
                 "remaining in queue.",
                 active, backup, on_backup,
                 atomic_load_explicit(&server->sessions, memory_order_relaxed), waiting);
    else
        snprintf(out + n, size - (size_t)n,
                 " %u active and %u backup servers online.%s 0 sessions requeued, %u total in "
                 "queue.",
                 active, backup, on_backup, waiting);
}
