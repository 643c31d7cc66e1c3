/*
 * setup.c: one SSL_CTX: a certificate and the rules that its connections keep.
 *
 * Every failure has a sentence that says which file or word is wrong.
 */
#include <openssl/err.h>
#include <string.h>

#include "tls_int.h"

/* What just failed, in words: the system's where it was a file, else OpenSSL's last ones. */
const char *hf_tls_reason(void)
{
    const char *text = "no reason known";
    for (unsigned long error; (error = ERR_get_error());) {
        if (ERR_SYSTEM_ERROR(error)) {
            text = strerror(ERR_GET_REASON(error));
            ERR_clear_error();
        } else if (ERR_reason_error_string(error)) {
            text = ERR_reason_error_string(error);
        }
    }
    return text;
}

/* ---- sessions ---- */

static void add_text(EVP_MD_CTX *digest, const char *text)
{
    EVP_DigestUpdate(digest, text ? text : "", text ? strlen(text) + 1 : 1);
}

/* A session skips the client's certificate: it is resumed only where the same would be asked for.
 */
static enum hf_status set_context(SSL_CTX *ssl, const struct hf_tls_settings *settings, char *why)
{
    unsigned char id[EVP_MAX_MD_SIZE], cert_id[EVP_MAX_MD_SIZE];
    unsigned size = 0, cert_bytes = 0;
    const X509 *cert = SSL_CTX_get0_certificate(ssl);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool done = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
                (!cert || X509_digest(cert, EVP_sha256(), cert_id, &cert_bytes) == 1);
    if (done) {
        EVP_DigestUpdate(digest, cert_id, cert_bytes);
        EVP_DigestUpdate(digest, &settings->verify, sizeof settings->verify);
        add_text(digest, settings->ca_file);
        add_text(digest, settings->ca_verify_file);
        add_text(digest, settings->crl_file);
        done = EVP_DigestFinal_ex(digest, id, &size) == 1 &&
               SSL_CTX_set_session_id_context(ssl, id, size) == 1;
    }
    EVP_MD_CTX_free(digest);
    return done ? HF_OK : hf_tls_why(why, "cannot prepare TLS sessions: %s", hf_tls_reason());
}

/* ---- all of it ---- */

static void set_modes(SSL_CTX *ssl, const struct hf_tls_settings *settings)
{
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ssl, 1);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    if (settings->server && !settings->prefer_client_ciphers)
        SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
    if (settings->no_tickets)
        SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
    if (settings->record_bytes)
        SSL_CTX_set_max_send_fragment(ssl, settings->record_bytes);
    if (settings->security_level)
        SSL_CTX_set_security_level(ssl, *settings->security_level);
}

enum hf_status hf_tls_setup(struct hf_tls_ctx *ctx, const struct hf_tls_settings *settings,
                            const struct hf_tls_cert *cert, char *why, SSL_CTX **out)
{
    SSL_CTX *ssl = SSL_CTX_new(settings->server ? TLS_server_method() : TLS_client_method());
    EVP_PKEY *dh = NULL;
    if (!ssl)
        return hf_tls_why(why, "%s", hf_tls_reason());
    ERR_clear_error();
    set_modes(ssl, settings);
    enum hf_status status = hf_tls_rules_set(ssl, settings, why);
    if (!status && cert)
        status = hf_tls_cert_use(ctx, ssl, cert, settings->files, &dh, why);
    if (!status && settings->server)
        status = hf_tls_rules_set_dh(ssl, settings, dh, why);
    else
        EVP_PKEY_free(dh);
    if (!status)
        status = hf_tls_alpn_set(ssl, settings, why);
    if (!status)
        status = hf_tls_trust_set(ssl, settings, why);
    if (!status && settings->server)
        status = set_context(ssl, settings, why);
    if (status)
        SSL_CTX_free(ssl);
    else
        *out = ssl;
    return status;
}
