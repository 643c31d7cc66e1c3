/*
 * cert.c: a certificate, its chain and its key, from their files into an SSL_CTX.
 *
 * A file is read once: what is used fits together, though somebody may be writing a new one.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "tls_int.h"

/* ---- the key ---- */

/* Nobody is there to type it. */
static int no_password(char *buf, int size, int writing, void *arg)
{
    (void)buf, (void)size, (void)writing, (void)arg;
    return -1;
}

static EVP_PKEY *read_key(const struct hf_tls_pem *pem)
{
    BIO *bio = hf_tls_pem_bio(pem);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    return key;
}

/* The certificate of `pem` that the key is for: 1 is the first one; 0: none. */
static unsigned place_of_owner(const struct hf_tls_pem *pem, const EVP_PKEY *key)
{
    BIO *bio = hf_tls_pem_bio(pem);
    unsigned n = 0;
    bool found = false;
    for (X509 *x509; bio && !found && (x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL)); n++) {
        found = X509_check_private_key(x509, key) == 1;
        X509_free(x509);
    }
    BIO_free(bio);
    ERR_clear_error();
    return found ? n : 0;
}

/* A certificate's file while it is used: `file` is where the key was looked for last. */
struct using
{
    SSL_CTX *ssl;
    const struct hf_tls_cert *cert;
    struct hf_tls_files *files;
    const struct hf_tls_pem *pem;
    const char *file;
    char *why;
};

static enum hf_status wrong_key(const struct using *u, const EVP_PKEY *key)
{
    unsigned place = place_of_owner(u->pem, key);

    if (place > 1)
        return hf_tls_why(
            u->why,
            "the private key in '%s' is for certificate %u of '%s', not for the first: "
            "put its certificate first, the chain behind it",
            u->file, place, u->cert->file);
    return hf_tls_why(u->why, "the private key in '%s' does not match the certificate in '%s'",
                      u->file, u->cert->file);
}

static bool is_mismatch(unsigned long error)
{
    return ERR_GET_LIB(error) == ERR_LIB_X509 &&
           (ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH ||
            ERR_GET_REASON(error) == X509_R_KEY_TYPE_MISMATCH);
}

/* OpenSSL keeps a place for each kind of key: one of another kind than the certificate's leaves
 * that without a key and makes its own, empty place the current one, and is no error to it. */
static enum hf_status use_key(const struct using *u, EVP_PKEY *key)
{
    const X509 *owner = SSL_CTX_get0_certificate(u->ssl);

    if (SSL_CTX_use_PrivateKey(u->ssl, key) == 1)
        return SSL_CTX_get0_certificate(u->ssl) == owner ? HF_OK : wrong_key(u, key);
    if (is_mismatch(ERR_peek_last_error()))
        return wrong_key(u, key);
    return hf_tls_why(u->why, "cannot use the private key in '%s': %s", u->file, hf_tls_reason());
}

static enum hf_status read_key_file(struct using *u, EVP_PKEY **key)
{
    struct hf_tls_pem pem;

    u->file = u->cert->key_file;
    enum hf_status status = hf_tls_pem_read(&pem, u->files, u->file, u->why);
    if (status)
        return status;
    *key = read_key(&pem);
    hf_tls_pem_forget(&pem);
    return HF_OK;
}

/* Behind the certificate, or in a file of its own. */
static enum hf_status load_key(struct using *u)
{
    enum hf_status status = HF_OK;
    EVP_PKEY *key = read_key(u->pem);

    if (!key && u->cert->key_file) {
        ERR_clear_error();
        status = read_key_file(u, &key);
    }
    if (!status && !key)
        status =
            hf_tls_why(u->why, "cannot load a private key from '%s': %s", u->file, hf_tls_reason());
    if (!status)
        status = use_key(u, key);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return status;
}

/* ---- the certificate ---- */

/* What PEM_read says behind the last one. */
static bool is_end(unsigned long error)
{
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static bool use_chain(SSL_CTX *ssl, BIO *bio)
{
    X509 *x509 = PEM_read_bio_X509_AUX(bio, NULL, no_password, NULL);
    bool done = x509 && SSL_CTX_use_certificate(ssl, x509) == 1 && !ERR_peek_error() &&
                SSL_CTX_clear_chain_certs(ssl) == 1;

    X509_free(x509);
    if (!done)
        return false;
    while ((x509 = PEM_read_bio_X509(bio, NULL, no_password, NULL))) {
        if (SSL_CTX_add0_chain_cert(ssl, x509) != 1) {
            X509_free(x509);
            return false;
        }
    }
    return is_end(ERR_peek_last_error());
}

static enum hf_status load_cert(const struct using *u)
{
    ERR_clear_error();
    BIO *bio = hf_tls_pem_bio(u->pem);
    bool done = bio && use_chain(u->ssl, bio);

    BIO_free(bio);
    if (!done)
        return hf_tls_why(u->why, "cannot load a certificate from '%s': %s", u->file,
                          hf_tls_reason());
    ERR_clear_error();
    return HF_OK;
}

static enum hf_status use_one(struct hf_tls_ctx *ctx, struct using *u)
{
    enum hf_status status = load_cert(u);

    if (!status)
        status = load_key(u);
    if (!status && hf_tls_cert_tell(ctx, u->cert->file, SSL_CTX_get0_certificate(u->ssl)) != HF_OK)
        status = hf_tls_why(u->why, "cannot keep what '%s' says", u->cert->file);
    return status;
}

enum hf_status hf_tls_cert_use(struct hf_tls_ctx *ctx, SSL_CTX *ssl, const struct hf_tls_cert *cert,
                               struct hf_tls_files *files, EVP_PKEY **dh, char *why)
{
    enum hf_status status = HF_OK;

    for (; cert && !status; cert = cert->with) {
        struct hf_tls_pem pem;
        struct using u = {
            .ssl = ssl, .cert = cert, .files = files, .pem = &pem, .file = cert->file, .why = why};
        status = hf_tls_pem_read(&pem, files, cert->file, why);
        if (status)
            break;
        status = use_one(ctx, &u);
        if (!status && !*dh)
            *dh = hf_tls_rules_read_dh(&pem);
        hf_tls_pem_forget(&pem);
    }
    return status;
}
