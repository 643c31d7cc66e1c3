/*
 * proxied_tls.c: what a PROXY header of version 2 tells of the client's TLS (PP2_TYPE_SSL, section
 * 2.2.5 of the document).
 */
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "connect_int.h"

enum { CLIENT_SSL = 1, CLIENT_CERT_CONN = 2, CLIENT_CERT_SESS = 4 };
enum {
    SUB_VERSION = 0x21,
    SUB_CN = 0x22,
    SUB_CIPHER = 0x23,
    SUB_SIG_ALG = 0x24,
    SUB_KEY_ALG = 0x25
};
enum { SUB_START = 3, NOT_VERIFIED = 1 };

struct text {
    char *at, *end;
};

/* One that does not fit is left out. */
static void add(struct text *out, unsigned type, const char *value)
{
    size_t n = strlen(value);

    if (n == 0 || n > UINT16_MAX || (size_t)(out->end - out->at) < SUB_START + n)
        return;
    *out->at++ = (char)type;
    *out->at++ = (char)(n >> 8);
    *out->at++ = (char)n;
    memcpy(out->at, value, n);
    out->at += n;
}

static void add_common_name(struct text *out, X509 *cert)
{
    char name[HF_TLS_CERT_NAME_BYTES];

    if (X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof name) >
        0)
        add(out, SUB_CN, name);
}

static void add_key(struct text *out, X509 *own)
{
    EVP_PKEY *key = X509_get0_pubkey(own);
    char text[32];

    if (!key)
        return;
    snprintf(text, sizeof text, "%s%d", EVP_PKEY_get0_type_name(key), EVP_PKEY_get_bits(key));
    add(out, SUB_KEY_ALG, text);
}

size_t hf_proxied_tls(const struct hf_tls *tls, const struct hf_proxied_tls_words *words,
                      char out[HF_PROXIED_TLS_MAX])
{
    struct text text = {out + 5, out + HF_PROXIED_TLS_MAX};
    X509 *cert = tls ? hf_tls_peer_cert(tls) : NULL, *own = tls ? hf_tls_own_cert(tls) : NULL;
    uint32_t verify = cert ? (uint32_t)hf_tls_verify_result(tls) : NOT_VERIFIED;
    uint8_t client = tls ? CLIENT_SSL : 0;

    if (cert)
        client |= CLIENT_CERT_SESS | (hf_tls_resumed(tls) ? 0 : CLIENT_CERT_CONN);
    out[0] = (char)client;
    for (int i = 0; i < 4; i++)
        out[1 + i] = (char)(verify >> (24 - 8 * i));
    if (tls)
        add(&text, SUB_VERSION, hf_tls_version(tls));
    if (cert && words->cn)
        add_common_name(&text, cert);
    if (own && words->key)
        add_key(&text, own);
    if (own && words->sig)
        add(&text, SUB_SIG_ALG, OBJ_nid2sn(X509_get_signature_nid(own)));
    if (tls && words->cipher)
        add(&text, SUB_CIPHER, hf_tls_cipher(tls));
    return (size_t)(text.at - out);
}
