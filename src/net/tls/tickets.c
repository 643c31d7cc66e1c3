/*
 * tickets.c: keys of session tickets that were given by a file, so that processes and hosts
 * share them (RFC 5077, 4).
 *
 * The last but one encrypts, all decrypt: whoever reads a file with a new key at its end knows the
 * key that others will begin to use when they read it.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "tls_int.h"

#define NAME_BYTES 16u

struct hf_tls_keys {
    unsigned n, bytes;
    uint8_t key[][HF_TLS_TICKET_KEY_MAX];
};

enum hf_status hf_tls_keys_new(const struct hf_tls_settings *settings, struct hf_tls_keys **out)
{
    unsigned n = settings->n_ticket_keys;
    struct hf_tls_keys *keys = calloc(1, sizeof *keys + n * sizeof keys->key[0]);
    if (!keys)
        return HF_NOMEM;
    keys->n = n;
    keys->bytes = settings->ticket_key_bytes;
    memcpy(keys->key, settings->ticket_keys, n * sizeof keys->key[0]);
    *out = keys;
    return HF_OK;
}

void hf_tls_keys_free(struct hf_tls_keys *keys)
{
    if (keys)
        OPENSSL_clear_free(keys, sizeof *keys + keys->n * sizeof keys->key[0]);
}

/* 48 bytes: name, HMAC key, AES-128 key, 16 each.  80: HMAC and AES-256 keys of 32. */
static bool apply(const struct hf_tls_keys *keys, const uint8_t *key, const unsigned char *iv,
                  EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool encrypt)
{
    size_t half = (keys->bytes - NAME_BYTES) / 2;
    const EVP_CIPHER *kind = half == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(key + NAME_BYTES), half),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, params) &&
           EVP_CipherInit_ex(cipher, kind, NULL, key + NAME_BYTES + half, iv, encrypt);
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int encrypt)
{
    const struct hf_tls_keys *keys = hf_tls_of(ssl)->ctx->keys;
    unsigned newest = keys->n > 1 ? keys->n - 2 : 0;
    if (encrypt) {
        if (RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1)
            return -1;
        memcpy(name, keys->key[newest], NAME_BYTES);
        return apply(keys, keys->key[newest], iv, cipher, mac, true) ? 1 : -1;
    }
    for (unsigned i = 0; i < keys->n; i++) {
        if (memcmp(name, keys->key[i], NAME_BYTES) != 0)
            continue;
        if (!apply(keys, keys->key[i], iv, cipher, mac, false))
            return -1;
        return i < newest ? 2 : 1; /* 2: give the client a ticket of the newer key */
    }
    return 0;
}

void hf_tls_keys_use(SSL_CTX *ssl)
{
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, on_ticket);
}
