/*
 * tls.c: makes the TLS contexts of binds and servers from their words and those of `global`.
 *
 * Everything is read here: a running process opens none of its files until it is told to read all
 * of them anew.
 */
#include "haftp/state/tls.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/base/file.h"
#include "haftp/conf/load.h"
#include "tls_int.h"

/* What is being made, and where its line is. */
struct making {
    const struct hf_config *config;
    struct hf_tls_recipe *recipe;
    struct hf_arena *arena; /* the recipe's */
    struct hf_tls_counts *counts;
    struct hf_diag *diag;
    struct hf_loc loc;
    char why[HF_TLS_WHY_BYTES];
};

static void complain(struct making *m)
{
    hf_diag_add(m->diag, HF_DIAG_ERROR, m->loc, NULL, "%s.", m->why);
}

static const char *ca_path(const struct making *m, const char *text)
{
    return text ? hf_config_tls_path(m->arena, m->config->global.ca_base, text) : NULL;
}

static const char *either(const char *own, const char *usual)
{
    return own ? own : usual;
}

static void set_usual(const struct making *m, struct hf_tls_settings *settings)
{
    const struct hf_cfg_global *global = &m->config->global;
    unsigned record = global->ssl_maxrecord, hard = global->ssl_hard_maxrecord;

    if (hard && (!record || hard < record))
        record = hard;
    if (global->ssl_security_level >= 0)
        settings->security_level = &global->ssl_security_level;
    settings->record_bytes = record && record < 512 ? 512 : record > 16384 ? 16384 : record;
    settings->cache_entries = global->ssl_cachesize;
    settings->lifetime_s = (global->ssl_lifetime + 999) / 1000;
    settings->counts = m->counts;
}

/* Where the words of a site are that name files of authorities. */
struct trust_places {
    struct hf_loc ca, ca_verify, crl;
};

static struct hf_loc place_of(const struct hf_tls_settings *settings,
                              const struct trust_places *places, const struct hf_tls_remark *remark,
                              struct hf_loc line)
{
    return remark->file == settings->crl_file         ? places->crl
           : remark->file == settings->ca_file        ? places->ca
           : remark->file == settings->ca_verify_file ? places->ca_verify
                                                      : line; /* of a crt-list */
}

static struct hf_tls_ctx *make(struct making *m, struct hf_tls_settings *settings,
                               const struct trust_places *places)
{
    struct hf_tls_remark remark = {NULL, ""};
    struct hf_tls_ctx *ctx = NULL;

    settings->files = m->recipe->settings.files;
    m->recipe->settings = *settings;
    settings->remark = &remark;
    if (hf_tls_ctx_new(settings, m->why, &ctx) != HF_OK)
        complain(m);
    else if (*remark.text)
        hf_diag_add(m->diag, HF_DIAG_WARNING, place_of(settings, places, &remark, m->loc), NULL,
                    "%s.", remark.text);
    return ctx;
}

/* False: none is left. */
static bool set_versions(struct making *m, struct hf_loc loc,
                         const struct hf_tls_version_words *words,
                         const struct hf_cfg_tls_options *usual, struct hf_tls_settings *settings)
{
    switch (hf_tls_versions_of(words, usual, settings)) {
    case HF_TLS_VERSIONS_FINE:
        break;
    case HF_TLS_VERSIONS_REFUSALS_IGNORED:
        hf_diag_add(m->diag, HF_DIAG_WARNING, loc, "write 'ssl-min-ver' and 'ssl-max-ver' only",
                    "words like 'no-tlsv12' have no effect beside 'ssl-min-ver', 'ssl-max-ver' or "
                    "'force-tlsv12', here or in 'global'.");
        break;
    case HF_TLS_VERSIONS_NONE:
        hf_diag_add(m->diag, HF_DIAG_ERROR, loc, "allow TLSv1.2 or TLSv1.3",
                    "all versions of TLS are disabled.");
        return false;
    }
    return true;
}

/* ---- binds ------------------------------------------------------------------------------- */

/* "all", or numbers with commas between; checked when the line was read. */
static struct hf_tls_errors errors_of(const char *text)
{
    struct hf_tls_errors errors = {{0}};

    if (text && strcmp(text, "all") == 0)
        memset(&errors, 0xff, sizeof errors);
    while (text && *text) {
        char *rest;
        unsigned long number = strtoul(text, &rest, 10);
        if (number < HF_TLS_N_ERRORS)
            errors.bits[number / 64] |= UINT64_C(1) << number % 64;
        text = rest + strcspn(rest, ",");
        text += *text == ',';
    }
    return errors;
}

static bool add_key(struct hf_tls_ticket_keys *keys, const char *text)
{
    uint8_t bytes[HF_TLS_TICKET_KEY_MAX + 4];
    size_t n = strlen(text);

    if (n == 0 || n % 4 || n / 4 * 3 > sizeof bytes)
        return n == 0;
    int decoded = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)n);
    decoded -= (text[n - 1] == '=') + (text[n - 2] == '=');
    if ((decoded != 48 && decoded != 80) || (keys->bytes && keys->bytes != (unsigned)decoded))
        return false;
    keys->bytes = (unsigned)decoded;
    if (keys->n == HF_TLS_KEPT_KEYS)
        memmove(keys->key, keys->key + 1, (HF_TLS_KEPT_KEYS - 1) * sizeof keys->key[0]);
    else
        keys->n++;
    memcpy(keys->key[keys->n - 1], bytes, keys->bytes);
    return true;
}

static bool read_keys(struct making *m, const char *path, struct hf_tls_ticket_keys *keys)
{
    const char *why;
    char *text, *state, *line;
    size_t n;
    bool right = true;

    *keys = (struct hf_tls_ticket_keys){.n = 0};
    text = hf_file_read(path, &n, &why);
    if (!text) {
        snprintf(m->why, sizeof m->why, "cannot read '%s': %s", path, why);
        return false;
    }
    for (line = strtok_r(text, "\r\n", &state); line && right;
         line = strtok_r(NULL, "\r\n", &state))
        right = add_key(keys, line);
    hf_file_forget(text, n);
    if (right && keys->n == HF_TLS_KEPT_KEYS)
        return true;
    snprintf(m->why, sizeof m->why,
             "'%s' must have three lines or more, each a key of 48 or 80 bytes in base64", path);
    return false;
}

/* The same words stand on binds and on servers, in structs of their own. */
#define VERSION_WORDS(tls)                                                                         \
    ((struct hf_tls_version_words){.min = (tls)->ssl_min_ver,                                      \
                                   .max = (tls)->ssl_max_ver,                                      \
                                   .refused = {(tls)->no_sslv3, (tls)->no_tlsv10,                  \
                                               (tls)->no_tlsv11, (tls)->no_tlsv12,                 \
                                               (tls)->no_tlsv13}})

static struct hf_tls_settings settings_of_bind(const struct making *m,
                                               const struct hf_cfg_bind *bind)
{
    const struct hf_cfg_global *global = &m->config->global;
    const struct hf_cfg_bind_tls *tls = &bind->tls;
    bool ftp = bind->role == HF_BIND_CONTROL;
    struct hf_tls_settings settings = {
        .server = true,
        .strict_sni = tls->strict_sni,
        .ciphers = either(tls->ciphers, global->ssl_bind_ciphers),
        .ciphersuites = either(tls->ciphersuites, global->ssl_bind_ciphersuites),
        .curves = either(either(tls->curves, tls->ecdhe), global->ssl_bind_curves),
        .sigalgs = global->ssl_bind_sigalgs,
        .client_sigalgs = global->ssl_bind_client_sigalgs,
        .dh_file = global->ssl_dh_file,
        .prefer_client_ciphers =
            tls->prefer_client_ciphers || global->tls_bind.prefer_client_ciphers,
        .alpn = either(tls->alpn, ftp ? "ftp" : NULL),
        .alpn_strict = ftp, /* who wants to speak HTTP to an FTP server is lured there (ALPACA) */
        .verify = (enum hf_tls_verify)tls->verify,
        .ca_file = ca_path(m, tls->ca_file),
        .ca_verify_file = ca_path(m, tls->ca_verify_file),
        .crl_file = ca_path(m, tls->crl_file),
        .no_ca_names = tls->no_ca_names,
        .ca_ignored = errors_of(tls->ca_ignore_err),
        .crt_ignored = errors_of(tls->crt_ignore_err),
        .no_tickets = tls->no_tls_tickets || global->tls_bind.no_tls_tickets,
    };
    set_usual(m, &settings);
    return settings;
}

/* A folder may be empty beside other words, and so may a list.  With `strict-sni` HAProxy begins
 * without any, and clients are refused; whoever has certificates does not lose the last one. */
static bool has_enough(struct making *m, const struct hf_cfg_bind *bind, unsigned n_certs)
{
    const struct hf_cfg_text *crts = bind->tls.crts;
    const char *how = !crts                            ? "add 'crt FILE'"
                      : strcmp(crts->name, "crt") == 0 ? "put a file there that has a certificate "
                                                         "and its key in PEM"
                                                       : "name a file in it that has a "
                                                         "certificate and its key in PEM";
    unsigned n_before = 0;

    if (n_certs)
        return true;
    if (bind->tls_site->ctx)
        hf_tls_ctx_certs(bind->tls_site->ctx, &n_before);
    if (crts)
        snprintf(m->why, sizeof m->why, "'%s' holds no certificate",
                 strcmp(crts->name, "crt") == 0
                     ? hf_config_tls_path(m->arena, m->config->global.crt_base, crts->text)
                     : crts->text);
    else
        snprintf(m->why, sizeof m->why, "there is no certificate");
    if (bind->tls.strict_sni && !bind->tls.generate_certificates && !n_before) {
        hf_diag_add(m->diag, HF_DIAG_WARNING, m->loc, how, "%s: all clients' handshakes fail.",
                    m->why);
        return true;
    }
    hf_diag_add(m->diag, HF_DIAG_ERROR, m->loc, how, "%s.", m->why);
    return false;
}

static struct hf_tls_ctx *make_for_bind(struct making *m, const struct hf_cfg_bind *bind)
{
    const struct hf_cfg_bind_tls *tls = &bind->tls;
    struct hf_tls_settings settings = settings_of_bind(m, bind);
    struct hf_tls_version_words versions = VERSION_WORDS(tls);
    struct hf_tls_ticket_keys *keys = &m->recipe->keys;

    m->loc = bind->loc;
    settings.certs =
        hf_tls_certs_of(m->config, m->arena, tls->crts, &settings.n_certs, &m->loc, m->why);
    if (*m->why) {
        complain(m);
        return NULL;
    }
    if (!has_enough(m, bind, settings.n_certs))
        return NULL;
    if (!set_versions(m, hf_bind_tls_loc(bind), &versions, &m->config->global.tls_bind, &settings))
        return NULL;
    if (tls->tls_ticket_keys) {
        m->loc = tls->tls_ticket_keys_loc;
        if (!read_keys(m, tls->tls_ticket_keys, keys)) {
            complain(m);
            return NULL;
        }
        settings.ticket_keys = (const uint8_t(*)[HF_TLS_TICKET_KEY_MAX])keys->key;
        settings.n_ticket_keys = keys->n;
        settings.ticket_key_bytes = keys->bytes;
        m->loc = bind->loc;
    }
    struct trust_places places = {tls->ca_file_loc, tls->ca_verify_file_loc, tls->crl_file_loc};
    return make(m, &settings, &places);
}

/* ---- servers ----------------------------------------------------------------------------- */

static struct hf_tls_settings settings_of_server(const struct making *m,
                                                 const struct hf_cfg_server *server)
{
    const struct hf_cfg_global *global = &m->config->global;
    const struct hf_cfg_server_tls *tls = &server->o.tls;
    struct hf_tls_settings settings = {
        .ciphers = either(tls->ciphers, global->ssl_server_ciphers),
        .ciphersuites = either(tls->ciphersuites, global->ssl_server_ciphersuites),
        .curves = global->ssl_server_curves,
        .sigalgs = global->ssl_server_sigalgs,
        .client_sigalgs = global->ssl_server_client_sigalgs,
        .alpn = tls->alpn,
        .verify =
            hf_config_verifies(m->config, &server->o) ? HF_TLS_VERIFY_REQUIRED : HF_TLS_VERIFY_NONE,
        .ca_file = ca_path(m, tls->ca_file),
        .crl_file = ca_path(m, tls->crl_file),
        .no_tickets = tls->no_tls_tickets || global->tls_server.no_tls_tickets,
        .no_reuse = tls->no_ssl_reuse,
    };
    set_usual(m, &settings);
    return settings;
}

static struct hf_tls_ctx *make_for_server(struct making *m, const struct hf_cfg_server *server)
{
    const struct hf_cfg_server_tls *tls = &server->o.tls;
    struct hf_tls_settings settings = settings_of_server(m, server);
    struct hf_tls_version_words versions = VERSION_WORDS(tls);
    const struct hf_cfg_text word = {.name = "crt", .text = tls->crt, .loc = tls->crt_loc};

    m->loc = tls->crt_loc;
    *m->why = '\0';
    if (tls->crt)
        settings.certs =
            hf_tls_certs_of(m->config, m->arena, &word, &settings.n_certs, &m->loc, m->why);
    if (tls->crt && !settings.n_certs && !*m->why)
        snprintf(m->why, sizeof m->why, "'%s' holds no certificate", tls->crt);
    if (*m->why) {
        complain(m);
        return NULL;
    }
    m->loc = server->loc;
    if (!set_versions(m, server->loc, &versions, &m->config->global.tls_server, &settings))
        return NULL;
    struct trust_places places = {.ca = tls->ca_file_loc, .crl = tls->crl_file_loc};
    return make(m, &settings, &places);
}

struct hf_tls_ctx *hf_tls_site_make(const struct hf_config *config, struct hf_tls_site *site,
                                    struct hf_tls_recipe *recipe, struct hf_diag *diag)
{
    struct making m = {.config = config,
                       .recipe = recipe,
                       .arena = recipe->arena,
                       .diag = diag,
                       .counts = &site->counts};
    return site->bind ? make_for_bind(&m, site->bind) : make_for_server(&m, site->server);
}

struct hf_tls_recipe *hf_tls_recipe_new(void)
{
    struct hf_tls_recipe *recipe = calloc(1, sizeof *recipe);

    if (!recipe)
        return NULL;
    recipe->arena = hf_arena_new();
    recipe->settings.files = hf_tls_files_new();
    if (recipe->settings.files)
        return recipe;
    hf_tls_recipe_free(recipe);
    return NULL;
}

void hf_tls_recipe_free(struct hf_tls_recipe *recipe)
{
    if (!recipe)
        return;
    hf_tls_files_free(recipe->settings.files);
    hf_arena_free(recipe->arena);
    OPENSSL_cleanse(&recipe->keys, sizeof recipe->keys);
    free(recipe);
}
