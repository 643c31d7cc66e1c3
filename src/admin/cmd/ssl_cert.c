/*
 * ssl_cert.c: commands about certificates, with HAProxy's words, lines and messages.
 *
 * A transaction holds what is to stand for a file, until it is committed or aborted.  The file
 * itself is left alone: whoever reads it again (USR2, a reload) has what is in it.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <utlist.h>

#include "admin_int.h"
#include "haftp/base/file.h"
#include "haftp/log/log.h"
#include "haftp/state/tls.h"

static struct admin_cert_change *change_of(const struct hf_call *call)
{
    return &call->client->admin->cert_change;
}

static struct hf_view pem_of(const struct admin_cert_change *change)
{
    return hf_view(change->pem, change->n);
}

void admin_cert_change_end(struct admin_cert_change *change)
{
    free(change->file);
    hf_file_forget(change->pem, change->n);
    *change = (struct admin_cert_change){0};
}

/* ---- show -------------------------------------------------------------------------------- */

struct names {
    const char **list;
    size_t n;
    bool failed;
};

static void add_names(struct names *names, const struct hf_tls_site *site)
{
    unsigned n;
    const struct hf_tls_cert_info *certs = hf_tls_ctx_certs(site->ctx, &n);
    const char **list = realloc(names->list, (names->n + n + 1) * sizeof *list);

    names->failed = names->failed || !list;
    if (!list)
        return;
    names->list = list;
    for (unsigned i = 0; i < n; i++)
        names->list[names->n++] = certs[i].file;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum hf_call_result list_all(struct hf_call *call)
{
    const struct admin_cert_change *change = change_of(call);
    const struct hf_tls_site *site;
    struct names names = {NULL, 0, false};

    LL_FOREACH(call->runtime->config->tls_sites, site)
    {
        add_names(&names, site);
    }
    if (names.n)
        qsort(names.list, names.n, sizeof *names.list, by_name);
    if (change->file)
        hf_text_printf(&call->out, "# transaction\n*%s\n", change->file);
    hf_text_put(&call->out, "# filename\n");
    for (size_t i = 0; i < names.n; i++) {
        if (i == 0 || strcmp(names.list[i], names.list[i - 1]) != 0)
            hf_text_printf(&call->out, "%s\n", names.list[i]);
    }
    free(names.list);
    return names.failed ? hf_call_error(call, "Out of memory") : HF_CALL_DONE;
}

static enum hf_call_result show_cert(struct hf_call *call)
{
    const struct admin_cert_change *change = change_of(call);
    const char *name = hf_call_arg(call, 0);
    bool open = *name == '*';
    struct hf_view pem = {0};

    if (!*name)
        return list_all(call);
    if (!open)
        pem = hf_config_tls_pem(call->runtime->config, name);
    else if (change->file && strcmp(change->file, name + 1) == 0)
        pem = pem_of(change);
    if (!pem.p)
        return hf_call_error(
            call, "Can't display the certificate: Not found or the certificate is a bundle!");
    hf_text_printf(&call->out, "Filename: %s\nStatus: %s\n", name, open ? "Unused" : "Used");
    hf_tls_pem_tell(pem, &call->out);
    hf_text_put(&call->out, "OCSP Response Key: \n");
    return HF_CALL_DONE;
}

/* ---- set --------------------------------------------------------------------------------- */

#define KEY_ENDING ".key"

/* The name of a certificate's file that is in use, to be freed; NULL: there is none.  With ".key"
 * behind it, the payload is the key only. */
static char *file_of(const struct hf_call *call, bool *is_key)
{
    const char *name = hf_call_arg(call, 0);
    size_t n = strlen(name), k = strlen(KEY_ENDING);
    const struct hf_config *config = call->runtime->config;
    char *file;

    *is_key = false;
    if (hf_config_tls_pem(config, name).p)
        return strdup(name);
    if (n <= k || strcmp(name + n - k, KEY_ENDING) != 0)
        return NULL;
    file = strndup(name, n - k);
    *is_key = file && hf_config_tls_pem(config, file).p;
    if (*is_key)
        return file;
    free(file);
    return NULL;
}

/* The first key counts, so one that is set later goes before all that was there.  NULL: no memory.
 */
static char *join(struct hf_view first, struct hf_view rest, size_t *n)
{
    char *text = malloc(first.n + rest.n + 2);

    if (!text)
        return NULL;
    memcpy(text, first.p, first.n);
    text[first.n] = '\n';
    if (rest.n)
        memcpy(text + first.n + 1, rest.p, rest.n);
    *n = first.n + 1 + rest.n;
    text[*n] = '\0';
    return text;
}

/* Takes `file`. */
static enum hf_call_result put(struct hf_call *call, char *file, bool is_key)
{
    struct admin_cert_change *change = change_of(call);
    bool was_open = change->file;
    struct hf_view rest = {0};
    size_t n = 0;

    if (is_key)
        rest = was_open ? pem_of(change) : hf_config_tls_pem(call->runtime->config, file);
    char *pem = join(call->payload, rest, &n);
    if (!pem) {
        free(file);
        return hf_call_error(call, "Out of memory");
    }
    admin_cert_change_end(change);
    *change = (struct admin_cert_change){.file = file, .pem = pem, .n = n};
    return hf_call_notice(call, "Transaction %s for certificate %s!",
                          was_open ? "updated" : "created", file);
}

/* HAProxy 2.6 changes the open transaction here, though it is about another file. */
static bool is_about_another(struct hf_call *call, const char *file, const char *verb)
{
    const struct admin_cert_change *change = change_of(call);

    if (!change->file || strcmp(change->file, file) == 0)
        return false;
    hf_call_error(call, "The ongoing transaction is about '%s' but you are trying to %s '%s'",
                  change->file, verb, file);
    return true;
}

static enum hf_call_result set_cert(struct hf_call *call)
{
    const char *name = hf_call_arg(call, 0);
    bool is_key;

    if (!*name || !call->payload.p)
        return hf_call_error(call,
                             "'set ssl cert' expects a filename and a certificate as a payload");
    char *file = file_of(call, &is_key);
    if (!file)
        return hf_call_error(call,
                             "Can't replace a certificate which is not referenced by the "
                             "configuration!\nCan't update %s!",
                             name);
    struct hf_tls_pem_parts parts = hf_tls_pem_parts(call->payload);
    if (is_key ? !parts.key : !parts.cert) {
        hf_call_error(call,
                      "unable to load %s from file '%s'.\nCan't load the payload\n"
                      "Can't update %s!",
                      is_key ? "private key" : "certificate", file, name);
    } else if (!is_about_another(call, file, "set")) {
        return put(call, file, is_key);
    }
    free(file);
    return HF_CALL_DONE;
}

/* ---- commit, abort ----------------------------------------------------------------------- */

/* What is odd about it, and that it has happened. */
static void tell(struct hf_call *call, const char *file)
{
    struct hf_tls_endings endings;
    char text[HF_TLS_EXPIRY_BYTES];
    int64_t now = (int64_t)time(NULL);

    hf_log_event_mt(NULL, HF_LEVEL_NOTICE,
                    "Certificate '%s' is replaced by the runtime API. The file is as it was, and "
                    "counts again when it is read anew",
                    file);
    hf_config_tls_endings(call->runtime->config, now, &endings);
    for (unsigned i = 0; i < endings.n; i++) {
        if (strcmp(endings.of[i].cert->file, file) == 0 &&
            hf_tls_expiry_text(endings.of[i].cert, now, text)) {
            hf_log_event_mt(NULL, HF_LEVEL_WARNING, "%s", text);
            hf_text_printf(&call->out, "Warning: %s.\n", text);
        }
    }
}

static enum hf_call_result carry_out(struct hf_call *call, struct admin_cert_change *change)
{
    struct hf_tls_pem_parts parts = hf_tls_pem_parts(pem_of(change));
    char why[HF_TLS_WHY_BYTES] = "";

    if (!parts.cert || !parts.key)
        return hf_call_error(call,
                             "The transaction must contain at least a certificate and a private "
                             "key!\nCan't commit %s!",
                             change->file);
    if (!parts.fit)
        return hf_call_error(call,
                             "inconsistencies between private key and certificate loaded '%s'.\n"
                             "Can't commit %s!",
                             change->file, change->file);
    if (!hf_config_replace_tls(call->runtime->config, change->file, pem_of(change), why))
        return hf_call_error(call, "%s.\nCan't commit %s!", why, change->file);
    hf_text_printf(&call->out, "Committing %s..\n", change->file);
    tell(call, change->file);
    admin_cert_change_end(change);
    hf_text_put(&call->out, "Success!\n");
    return HF_CALL_DONE;
}

static enum hf_call_result commit_cert(struct hf_call *call)
{
    struct admin_cert_change *change = change_of(call);
    const char *name = hf_call_arg(call, 0);

    if (!*name)
        return hf_call_error(call, "'commit ssl cert' expects a filename");
    if (!change->file)
        return hf_call_error(call, "No ongoing transaction!\nCan't commit %s!", name);
    if (is_about_another(call, name, "commit"))
        return HF_CALL_DONE;
    return carry_out(call, change);
}

static enum hf_call_result abort_cert(struct hf_call *call)
{
    struct admin_cert_change *change = change_of(call);
    const char *name = hf_call_arg(call, 0);

    if (!*name)
        return hf_call_error(call, "'abort ssl cert' expects a filename");
    if (!change->file)
        return hf_call_error(call, "No ongoing transaction!");
    if (is_about_another(call, name, "abort a transaction for"))
        return HF_CALL_DONE;
    admin_cert_change_end(change);
    return hf_call_notice(call, "Transaction aborted for certificate '%s'!", name);
}

static const struct hf_command commands[] = {
    {"show ssl cert", "[<certfile>]", "certificates in use, or the details of one",
     HF_ADMIN_OPERATOR, show_cert},
    {"set ssl cert", "<certfile> <payload>", "what is to replace a certificate", HF_ADMIN_ADMIN,
     set_cert},
    {"commit ssl cert", "<certfile>", "replace the certificate by what was set", HF_ADMIN_ADMIN,
     commit_cert},
    {"abort ssl cert", "<certfile>", "forget what was set", HF_ADMIN_ADMIN, abort_cert},
};

HF_COMMANDS(ssl_cert, commands)
