/*
 * rules.c: what connections of a context agree to: versions, ciphers, curves, signatures, and
 * the group of Diffie-Hellman.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "tls_int.h"

/* ---- versions, ciphers, curves ---- */

static enum hf_status set_versions(SSL_CTX *ssl, const struct hf_tls_settings *settings, char *why)
{
    static const struct {
        int version;
        uint64_t option;
    } left_out[] = {
        {HF_TLS_1_0, SSL_OP_NO_TLSv1},
        {HF_TLS_1_1, SSL_OP_NO_TLSv1_1},
        {HF_TLS_1_2, SSL_OP_NO_TLSv1_2},
        {HF_TLS_1_3, SSL_OP_NO_TLSv1_3},
    };
    int oldest = settings->min_version ? settings->min_version : HF_TLS_1_2;
    if (settings->max_version && settings->max_version < oldest && !settings->min_version)
        oldest = settings->max_version;
    if (!SSL_CTX_set_min_proto_version(ssl, oldest) ||
        !SSL_CTX_set_max_proto_version(ssl, settings->max_version))
        return hf_tls_why(why, "cannot set the versions of TLS: %s", hf_tls_reason());
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
        if (settings->no_versions & 1u << (left_out[i].version & 15))
            SSL_CTX_set_options(ssl, left_out[i].option);
    return HF_OK;
}

static int curves_index;
static pthread_once_t curves_once = PTHREAD_ONCE_INIT;

static void free_curves(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long number,
                        void *arg)
{
    (void)parent, (void)all, (void)index, (void)number, (void)arg;
    free(data);
}

static void make_curves_index(void)
{
    curves_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_curves);
}

const char *hf_tls_rules_curves(const SSL_CTX *ssl)
{
    pthread_once(&curves_once, make_curves_index);
    return SSL_CTX_get_ex_data(ssl, curves_index);
}

/* A connection that moves here later (ctx.c) must be told them once more. */
static bool set_curves(SSL_CTX *ssl, const char *curves)
{
    char *copy = strdup(curves);
    pthread_once(&curves_once, make_curves_index);
    if (copy && SSL_CTX_set1_curves_list(ssl, curves) &&
        SSL_CTX_set_ex_data(ssl, curves_index, copy))
        return true;
    free(copy);
    return false;
}

static enum hf_status set_signatures(SSL_CTX *ssl, const struct hf_tls_settings *settings,
                                     char *why)
{
    const char *own = settings->sigalgs, *clients = settings->client_sigalgs;
    if (own && !SSL_CTX_set1_sigalgs_list(ssl, own))
        return hf_tls_why(why, "unable to set signature algorithms to '%s': %s", own,
                          hf_tls_reason());
    if (clients && !SSL_CTX_set1_client_sigalgs_list(ssl, clients))
        return hf_tls_why(why, "unable to set clients' signature algorithms to '%s': %s", clients,
                          hf_tls_reason());
    return HF_OK;
}

static enum hf_status set_ciphers(SSL_CTX *ssl, const struct hf_tls_settings *settings, char *why)
{
    if (settings->ciphers && !SSL_CTX_set_cipher_list(ssl, settings->ciphers))
        return hf_tls_why(why, "unable to set SSL cipher list to '%s': %s", settings->ciphers,
                          hf_tls_reason());
    if (settings->ciphersuites && !SSL_CTX_set_ciphersuites(ssl, settings->ciphersuites))
        return hf_tls_why(why, "unable to set TLS 1.3 cipher suites to '%s': %s",
                          settings->ciphersuites, hf_tls_reason());
    if (settings->curves && !set_curves(ssl, settings->curves))
        return hf_tls_why(why, "unable to set SSL curves list to '%s': %s", settings->curves,
                          hf_tls_reason());
    return set_signatures(ssl, settings, why);
}

enum hf_status hf_tls_rules_set(SSL_CTX *ssl, const struct hf_tls_settings *settings, char *why)
{
    enum hf_status status = set_versions(ssl, settings, why);
    return status ? status : set_ciphers(ssl, settings, why);
}

/* ---- Diffie-Hellman ---- */

EVP_PKEY *hf_tls_rules_read_dh(const struct hf_tls_pem *pem)
{
    BIO *bio = hf_tls_pem_bio(pem);
    EVP_PKEY *dh = bio ? PEM_read_bio_Parameters(bio, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    if (dh && !EVP_PKEY_is_a(dh, "DH") && !EVP_PKEY_is_a(dh, "DHX")) {
        EVP_PKEY_free(dh);
        dh = NULL;
    }
    return dh;
}

static enum hf_status read_dh_file(const struct hf_tls_settings *settings, EVP_PKEY **dh, char *why)
{
    const char *file = settings->dh_file;
    struct hf_tls_pem pem;
    enum hf_status status = hf_tls_pem_read(&pem, settings->files, file, why);

    if (status)
        return status;
    *dh = hf_tls_rules_read_dh(&pem);
    hf_tls_pem_forget(&pem);
    return *dh ? HF_OK : hf_tls_why(why, "'%s' holds no DH parameters in PEM", file);
}

enum hf_status hf_tls_rules_set_dh(SSL_CTX *ssl, const struct hf_tls_settings *settings,
                                   EVP_PKEY *dh, char *why)
{
    enum hf_status status = dh || !settings->dh_file ? HF_OK : read_dh_file(settings, &dh, why);

    if (status)
        return status;
    if (!dh) {
        SSL_CTX_set_dh_auto(ssl, 1);
    } else if (!SSL_CTX_set0_tmp_dh_pkey(ssl, dh)) {
        EVP_PKEY_free(dh);
        return hf_tls_why(why, "cannot use the DH parameters: %s", hf_tls_reason());
    }
    return HF_OK;
}
