/*
 * pem_text.c: what a certificate in PEM says, as HAProxy's `show ssl cert` tells it; never its key.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls_int.h"

static int no_password(char *buf, int size, int writing, void *arg)
{
    (void)buf, (void)size, (void)writing, (void)arg;
    return -1;
}

static BIO *bio_of(struct hf_view pem)
{
    return BIO_new_mem_buf(pem.p, (int)pem.n);
}

struct hf_tls_pem_parts hf_tls_pem_parts(struct hf_view pem)
{
    struct hf_tls_pem_parts parts = {0};
    BIO *bio = bio_of(pem);
    X509 *x509 = bio ? PEM_read_bio_X509_AUX(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    bio = bio_of(pem);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

    parts.cert = x509;
    parts.key = key;
    parts.fit = x509 && key && X509_check_private_key(x509, key) == 1;
    BIO_free(bio);
    X509_free(x509);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return parts;
}

/* ---- one certificate --------------------------------------------------------------------- */

static void add_serial(struct hf_text *out, const X509 *x509)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
    const unsigned char *p = ASN1_STRING_get0_data(serial);

    hf_text_put(out, "Serial: ");
    for (int i = 0; i < ASN1_STRING_length(serial); i++)
        hf_text_printf(out, "%02X", p[i]);
    hf_text_put(out, "\n");
}

static void add_time(struct hf_text *out, const char *word, const ASN1_TIME *time)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *p;

    if (bio && ASN1_TIME_print(bio, time)) {
        long n = BIO_get_mem_data(bio, &p);
        hf_text_printf(out, "%s: %.*s\n", word, (int)n, p);
    }
    BIO_free(bio);
}

/* Those that are names of hosts; bytes that would break the line are not among them. */
static void add_alternatives(struct hf_text *out, const X509 *x509)
{
    GENERAL_NAMES *list = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);

    if (!list)
        return;
    hf_text_put(out, "Subject Alternative Name: ");
    for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(list, i);
        if (name->type != GEN_DNS)
            continue;
        const unsigned char *p = ASN1_STRING_get0_data(name->d.dNSName);
        hf_text_put(out, "DNS:");
        for (int k = 0; k < ASN1_STRING_length(name->d.dNSName); k++)
            hf_text_printf(out, "%c", p[k] > ' ' && p[k] < 0x7f ? p[k] : '?');
        hf_text_put(out, ", ");
    }
    hf_text_put(out, "\n");
    GENERAL_NAMES_free(list);
}

static void add_algorithm(struct hf_text *out, const X509 *x509)
{
    const EVP_PKEY *key = X509_get0_pubkey(x509);
    int kind = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
    const char *name = key && EVP_PKEY_get0_type_name(key) ? EVP_PKEY_get0_type_name(key) : "?";

    if (kind == EVP_PKEY_RSA || kind == EVP_PKEY_EC || kind == EVP_PKEY_DSA)
        hf_text_printf(out, "Algorithm: %s%d\n", name, EVP_PKEY_get_bits(key));
    else
        hf_text_printf(out, "Algorithm: %s\n", name);
}

static void add_fingerprint(struct hf_text *out, const X509 *x509)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (X509_digest(x509, EVP_sha1(), digest, &n) != 1)
        return;
    hf_text_put(out, "SHA1 FingerPrint: ");
    for (unsigned i = 0; i < n; i++)
        hf_text_printf(out, "%02X", digest[i]);
    hf_text_put(out, "\n");
}

static void add_name(struct hf_text *out, const char *word, const X509_NAME *name)
{
    char *text = X509_NAME_oneline(name, NULL, 0);

    hf_text_printf(out, "%s: %s\n", word, text ? text : "");
    OPENSSL_free(text);
}

static void add_own(struct hf_text *out, const X509 *x509)
{
    add_serial(out, x509);
    add_time(out, "notBefore", X509_get0_notBefore(x509));
    add_time(out, "notAfter", X509_get0_notAfter(x509));
    add_alternatives(out, x509);
    add_algorithm(out, x509);
    add_fingerprint(out, x509);
    add_name(out, "Subject", X509_get_subject_name(x509));
    add_name(out, "Issuer", X509_get_issuer_name(x509));
}

void hf_tls_pem_tell(struct hf_view pem, struct hf_text *out)
{
    BIO *bio = bio_of(pem);
    X509 *x509 = bio ? PEM_read_bio_X509_AUX(bio, NULL, no_password, NULL) : NULL;

    if (x509)
        add_own(out, x509);
    while (x509) {
        X509_free(x509);
        x509 = PEM_read_bio_X509(bio, NULL, no_password, NULL);
        if (x509) {
            add_name(out, "Chain Subject", X509_get_subject_name(x509));
            add_name(out, "Chain Issuer", X509_get_issuer_name(x509));
        }
    }
    BIO_free(bio);
    ERR_clear_error();
}
