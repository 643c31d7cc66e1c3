/*
 * ctx.c: contexts: certificates of one bind or one server, and which of them a client gets.
 *
 * Each certificate has an SSL_CTX (setup.c).  Connections begin with the first one's, and move
 * to another one's as soon as the client has named a server; sessions and tickets stay with the
 * first. A context is immutable after hf_tls_ctx_new(), but for its count and a client's `memory`.
 */
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls_int.h"

#define CACHE_ENTRIES 20000u
#define LIFETIME_S    300u

enum hf_status hf_tls_why(char *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, HF_TLS_WHY_BYTES, format, args);
    va_end(args);
    return HF_INVALID;
}

/* ---- which certificate ---- */

/* The server_name extension of a client's hello (RFC 6066, 3), without its headers. */
static bool read_name(SSL *ssl, const char **name, size_t *size)
{
    const unsigned char *p;
    size_t n;
    if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &n) || n < 5)
        return false;
    *size = (size_t)p[3] << 8 | p[4];
    *name = (const char *)p + 5;
    return p[2] == TLSEXT_NAMETYPE_host_name && *size && *size <= n - 5;
}

/* The first certificate's stand in the connection already. */
static bool take_curves(SSL *ssl, const SSL_CTX *to)
{
    static const char usual[] = "X25519:P-256:X448:P-521:P-384";
    const char *before = hf_tls_rules_curves(SSL_get_SSL_CTX(ssl)), *own = hf_tls_rules_curves(to);
    if (!own && !before)
        return true;
    return SSL_set1_groups_list(ssl, own ? own : usual) == 1;
}

static enum hf_status move_to(SSL *ssl, SSL_CTX *to)
{
    if (SSL_get_SSL_CTX(ssl) == to)
        return HF_OK;
    if (!take_curves(ssl, to))
        return HF_FAILED;
    STACK_OF(X509_NAME) *names = SSL_CTX_get_client_CA_list(to);
    SSL_set_verify(ssl, SSL_CTX_get_verify_mode(to), SSL_CTX_get_verify_callback(to));
    SSL_set_client_CA_list(ssl, names ? SSL_dup_CA_list(names) : NULL);
    SSL_clear_options(ssl, SSL_OP_NO_SSL_MASK);
    SSL_set_options(ssl, SSL_CTX_get_options(to) & SSL_OP_NO_SSL_MASK);
    return SSL_set_SSL_CTX(ssl, to) &&
                   SSL_set_min_proto_version(ssl, (int)SSL_CTX_get_min_proto_version(to)) &&
                   SSL_set_max_proto_version(ssl, (int)SSL_CTX_get_max_proto_version(to))
               ? HF_OK
               : HF_FAILED;
}

/* The signature_algorithms extension (RFC 8446, 4.2.3): one of its schemes signs with ECDSA. */
static bool names_ecdsa(SSL *ssl)
{
    const unsigned char *p;
    size_t n;
    if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_signature_algorithms, &p, &n) || n < 2)
        return false;
    for (size_t i = 2; i + 1 < n; i += 2) {
        if (p[i] >= TLSEXT_hash_sha1 && p[i] <= TLSEXT_hash_sha512 &&
            p[i + 1] == TLSEXT_signature_ecdsa)
            return true;
    }
    return false;
}

/* Up to TLS 1.2 the cipher, too, says what the key is for; suites of TLS 1.3 (0x13..) do not. */
static bool can_use_ecdsa(SSL *ssl)
{
    const unsigned char *p;
    size_t n = names_ecdsa(ssl) ? SSL_client_hello_get0_ciphers(ssl, &p) : 0;
    for (size_t i = 0; i + 1 < n; i += 2) {
        const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, p + i);
        if (cipher && (p[i] == 0x13 || SSL_CIPHER_get_auth_nid(cipher) == NID_auth_ecdsa))
            return true;
    }
    return false;
}

static int on_client_hello(SSL *ssl, int *alert, void *arg)
{
    const struct hf_tls_ctx *ctx = arg;
    const char *name;
    size_t size;
    bool named = read_name(ssl, &name, &size);
    bool ecdsa = can_use_ecdsa(ssl);
    SSL_CTX *to = named && ctx->names ? hf_tls_names_find(ctx->names, name, size, ecdsa) : NULL;
    if (!to && (ctx->strict_sni || !ctx->names)) {
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    if (!to)
        to = hf_tls_names_usual(ctx->names, ecdsa);
    if (to && move_to(ssl, to) != HF_OK) {
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_CLIENT_HELLO_ERROR;
    }
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* Without it, OpenSSL does not tell the name later on. */
static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    (void)alert, (void)arg;
    return SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) ? SSL_TLSEXT_ERR_OK
                                                              : SSL_TLSEXT_ERR_NOACK;
}

/* ---- making one ---- */

/* What the certificate's own line says, and the rest as for all. */
static struct hf_tls_settings settings_of(const struct hf_tls_settings *all,
                                          const struct hf_tls_cert *cert)
{
    struct hf_tls_settings settings = *all;
    const struct hf_tls_settings *own = cert ? cert->own : NULL;
    if (!own)
        return settings;
    if (own->min_version)
        settings.min_version = own->min_version;
    if (own->max_version)
        settings.max_version = own->max_version;
    if (own->ciphers)
        settings.ciphers = own->ciphers;
    if (own->ciphersuites)
        settings.ciphersuites = own->ciphersuites;
    if (own->curves)
        settings.curves = own->curves;
    if (own->alpn)
        settings.alpn = own->alpn;
    if (own->verify_given)
        settings.verify = own->verify;
    if (own->ca_file)
        settings.ca_file = own->ca_file;
    if (own->ca_verify_file)
        settings.ca_verify_file = own->ca_verify_file;
    if (own->crl_file)
        settings.crl_file = own->crl_file;
    settings.no_ca_names = settings.no_ca_names || own->no_ca_names;
    return settings;
}

static enum hf_status add_cert(struct hf_tls_ctx *ctx, const struct hf_tls_settings *all,
                               const struct hf_tls_cert *cert, char *why)
{
    struct hf_tls_settings settings = settings_of(all, cert);
    SSL_CTX *ssl = NULL;
    enum hf_status status = hf_tls_setup(ctx, &settings, cert, why, &ssl);
    if (status)
        return status;
    if (ctx->names)
        status = hf_tls_names_add(ctx->names, cert, ssl);
    if (ctx->ssl)
        SSL_CTX_free(ssl);
    else
        ctx->ssl = ssl;
    return status;
}

static enum hf_status add_certs(struct hf_tls_ctx *ctx, const struct hf_tls_settings *settings,
                                char *why)
{
    enum hf_status status = HF_OK;
    if (settings->n_certs == 0)
        return add_cert(ctx, settings, NULL, why);
    if (settings->server && (settings->n_certs > 1 || settings->strict_sni))
        status = hf_tls_names_new(&ctx->names);
    for (unsigned i = 0; !status && i < settings->n_certs; i++)
        status = add_cert(ctx, settings, &settings->certs[i], why);
    return status;
}

static enum hf_status set_up_server(struct hf_tls_ctx *ctx, const struct hf_tls_settings *settings)
{
    unsigned entries = settings->cache_entries ? settings->cache_entries : CACHE_ENTRIES;
    SSL_CTX_set_session_cache_mode(ctx->ssl, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(ctx->ssl, entries);
    SSL_CTX_sess_set_new_cb(ctx->ssl, hf_tls_bond_keep);
    SSL_CTX_set_session_ticket_cb(ctx->ssl, hf_tls_bond_ticket, hf_tls_bond_ticket_read, NULL);
    if (ctx->names || ctx->strict_sni)
        SSL_CTX_set_client_hello_cb(ctx->ssl, on_client_hello, ctx);
    SSL_CTX_set_tlsext_servername_callback(ctx->ssl, on_server_name);
    if (settings->n_ticket_keys) {
        enum hf_status status = hf_tls_keys_new(settings, &ctx->keys);
        if (status)
            return status;
        hf_tls_keys_use(ctx->ssl);
    }
    return HF_OK;
}

static enum hf_status set_up_client(struct hf_tls_ctx *ctx, const struct hf_tls_settings *settings)
{
    SSL_CTX_set_session_cache_mode(ctx->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx->ssl, hf_tls_bond_keep);
    ctx->reuse = !settings->no_reuse;
    return HF_OK;
}

static enum hf_status set_up(struct hf_tls_ctx *ctx, const struct hf_tls_settings *settings,
                             char *why)
{
    enum hf_status status = add_certs(ctx, settings, why);
    if (status)
        return status;
    SSL_CTX_set_timeout(ctx->ssl, settings->lifetime_s ? settings->lifetime_s : LIFETIME_S);
    status = settings->server ? set_up_server(ctx, settings) : set_up_client(ctx, settings);
    return status ? hf_tls_why(why, "cannot prepare TLS: %s", hf_status_text(status)) : HF_OK;
}

enum hf_status hf_tls_ctx_new(const struct hf_tls_settings *settings, char why[HF_TLS_WHY_BYTES],
                              struct hf_tls_ctx **out)
{
    struct hf_tls_ctx *ctx = calloc(1, sizeof *ctx);
    *why = '\0';
    if (!ctx) {
        (void)!hf_tls_why(why, "%s", hf_status_text(HF_NOMEM));
        return HF_NOMEM;
    }
    ctx->users = 1;
    ctx->server = settings->server;
    ctx->strict_sni = settings->strict_sni;
    ctx->ca_ignored = settings->ca_ignored;
    ctx->crt_ignored = settings->crt_ignored;
    ctx->counts = settings->counts;
    pthread_mutex_init(&ctx->memory.lock, NULL);
    enum hf_status status = set_up(ctx, settings, why);
    ERR_clear_error();
    if (status)
        hf_tls_ctx_put(ctx);
    else
        *out = ctx;
    return status;
}

struct hf_tls_ctx *hf_tls_ctx_get(struct hf_tls_ctx *ctx)
{
    atomic_fetch_add_explicit(&ctx->users, 1, memory_order_relaxed);
    return ctx;
}

void hf_tls_ctx_put(struct hf_tls_ctx *ctx)
{
    if (!ctx || atomic_fetch_sub_explicit(&ctx->users, 1, memory_order_acq_rel) > 1)
        return;
    SSL_CTX_free(ctx->ssl);
    hf_tls_names_free(ctx->names);
    hf_tls_keys_free(ctx->keys);
    hf_tls_cert_forget(ctx);
    SSL_SESSION_free(ctx->memory.session);
    free(ctx->memory.name);
    pthread_mutex_destroy(&ctx->memory.lock);
    free(ctx);
}
