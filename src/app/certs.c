/*
 * certs.c: certificates of a running process: read anew (USR2), told of (HUP), and watched: whoever
 * forgets to renew one reads of it every day.
 */
#include <stdio.h>
#include <string.h>

#include <utlist.h>

#include "app_int.h"
#include "haftp/log/log.h"

#define MOST_LINES 20u /* of one kind that are logged at once; the others are counted */
#define MOST_TOLD  8u  /* in one line */
#define DAY_MS     (24u * 3600u * 1000u)
#define TEXT_BYTES 1024u

static const struct hf_tls_cert_info *certs_of(const struct hf_tls_ctx *ctx, unsigned *n)
{
    *n = 0;
    return ctx ? hf_tls_ctx_certs(ctx, n) : NULL;
}

/* ---- read anew --------------------------------------------------------------------------- */

struct failure {
    unsigned n;
};

static void tell_failure(const char *place, const char *text, void *arg)
{
    struct failure *failure = arg;
    if (failure->n++ < MOST_LINES)
        hf_log_event_mt(NULL, HF_LEVEL_ERR, "Certificates are not reloaded: %s%s%s", place,
                        *place ? ": " : "", text);
}

/* Most failures of a process that once could read them: it is not root any more. */
static void tell_what_to_do(const struct hf_config *config)
{
    const struct hf_cfg_global *global = &config->global;

    hf_log_event_mt(NULL, HF_LEVEL_ERR,
                    "The old certificates stay in use. Mend what is said above, then send USR2 "
                    "again; all files must be readable by %s%s%s%s",
                    global->user ? "user " : "the user that haftp runs as",
                    global->user ? global->user : "", global->chroot ? ", below its chroot " : "",
                    global->chroot ? global->chroot : "");
}

static bool had(const struct hf_tls_site *site, const struct hf_tls_cert_info *cert)
{
    unsigned n;
    const struct hf_tls_cert_info *before = certs_of(site->ctx, &n);

    for (unsigned i = 0; i < n; i++) {
        if (memcmp(before[i].digest, cert->digest, sizeof cert->digest) == 0)
            return true;
    }
    return false;
}

/* Certificates that are new, each once however many lines name it. */
struct changes {
    const struct hf_tls_cert_info *told[MOST_TOLD];
    unsigned n, n_more;
};

static void note_change(struct changes *changes, const struct hf_tls_cert_info *cert)
{
    for (unsigned i = 0; i < changes->n; i++) {
        if (memcmp(changes->told[i]->digest, cert->digest, sizeof cert->digest) == 0)
            return;
    }
    if (changes->n < MOST_TOLD)
        changes->told[changes->n++] = cert;
    else
        changes->n_more++;
}

static void find_changes(const struct hf_config *config, struct changes *changes)
{
    const struct hf_tls_site *site;

    LL_FOREACH(config->tls_sites, site)
    {
        unsigned n;
        const struct hf_tls_cert_info *certs = certs_of(site->renewed, &n);
        for (unsigned i = 0; i < n; i++) {
            if (!had(site, &certs[i]))
                note_change(changes, &certs[i]);
        }
    }
}

static void tell_changes(const struct changes *changes)
{
    char text[TEXT_BYTES] = "", time[HF_TLS_TIME_BYTES];
    size_t n = 0;

    for (unsigned i = 0; i < changes->n && n < sizeof text; i++) {
        const struct hf_tls_cert_info *cert = changes->told[i];
        n += (size_t)snprintf(text + n, sizeof text - n, "%s'%s' (%s, until %s)", i ? ", " : "",
                              cert->file, cert->name, hf_tls_time_text(cert->until, time));
    }
    if (changes->n_more && n < sizeof text)
        snprintf(text + n, sizeof text - n, " and %u more", changes->n_more);
    hf_log_event_mt(NULL, HF_LEVEL_NOTICE,
                    "Certificates are reloaded; %s%s. The configuration is not read again",
                    changes->n ? "new: " : "none of them has changed", text);
}

void app_certs_reload(struct hf_tls_reminder *reminder)
{
    const struct hf_config *config = reminder->config;
    struct changes changes = {.n = 0};
    struct failure failure = {0};
    struct hf_diag *diag;

    if (!config->tls_sites) {
        hf_log_event_mt(NULL, HF_LEVEL_NOTICE,
                        "USR2 reloads certificates, and no line of the configuration has any. To "
                        "change the configuration, start haftp again");
        return;
    }
    diag = hf_diag_new();
    if (hf_config_renew_tls(config, diag)) {
        find_changes(config, &changes);
        hf_config_adopt_tls(config);
        tell_changes(&changes);
        hf_tls_remind_now(reminder);
    } else {
        hf_diag_each(diag, HF_DIAG_ERROR, tell_failure, &failure);
        tell_what_to_do(config);
    }
    hf_diag_free(diag);
}

/* ---- told of ----------------------------------------------------------------------------- */

static void name_site(const struct hf_tls_site *site, char out[TEXT_BYTES])
{
    if (site->bind)
        snprintf(out, TEXT_BYTES, "Bind %s of %s", site->bind->text, site->bind->proxy->name);
    else
        snprintf(out, TEXT_BYTES, "Server %s/%s", site->server->proxy->name, site->server->name);
}

static unsigned long long value(const _Atomic uint64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

static void log_site(const struct hf_tls_site *site)
{
    char name[TEXT_BYTES], time[HF_TLS_TIME_BYTES];
    unsigned n;
    const struct hf_tls_cert_info *certs = certs_of(site->ctx, &n);

    name_site(site, name);
    hf_log_event_mt(
        NULL, HF_LEVEL_NOTICE, "%s, TLS handshakes: %llu full, %llu resumed, %llu failed.", name,
        value(&site->counts.full), value(&site->counts.resumed), value(&site->counts.failed));
    for (unsigned i = 0; i < n && i < MOST_LINES; i++)
        hf_log_event_mt(NULL, HF_LEVEL_NOTICE, "%s, certificate '%s' (%s), until %s.", name,
                        certs[i].file, certs[i].name, hf_tls_time_text(certs[i].until, time));
    if (n > MOST_LINES)
        hf_log_event_mt(NULL, HF_LEVEL_NOTICE, "%s, and %u more certificates.", name,
                        n - MOST_LINES);
}

void app_certs_log(const struct hf_config *config)
{
    const struct hf_tls_site *site;

    LL_FOREACH(config->tls_sites, site)
    {
        log_site(site);
    }
}

/* ---- when they end ----------------------------------------------------------------------- */

static void tell_ending(const char *text)
{
    hf_log_event_mt(NULL, HF_LEVEL_WARNING, "%s: renew it, then send USR2", text);
}

/* The start has told the same on the terminal. */
void app_certs_watch(struct hf_tls_reminder *reminder, const struct hf_config *config,
                     struct hf_loop *loop)
{
    *reminder = (struct hf_tls_reminder){
        .config = config, .tell = tell_ending, .every_ms = DAY_MS, .loop = loop};
    hf_tls_remind(reminder);
}
