/*
 * alpn.c: which protocol is spoken inside (RFC 7301): what servers are offered, and what is
 * chosen of what clients offer.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tls_int.h"

struct alpn {
    bool strict;
    unsigned size;
    unsigned char wire[];
};

static int alpn_index;
static pthread_once_t alpn_once = PTHREAD_ONCE_INIT;

static void free_alpn(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long number,
                      void *arg)
{
    (void)parent, (void)all, (void)index, (void)number, (void)arg;
    free(data);
}

static void make_alpn_index(void)
{
    alpn_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_alpn);
}

/* "a,bc" as on the wire: each name behind its length. */
static struct alpn *parse_alpn(const char *text, bool strict)
{
    struct alpn *alpn = calloc(1, sizeof *alpn + strlen(text) + 1);
    if (!alpn)
        return NULL;
    alpn->strict = strict;
    while (*text) {
        size_t n = strcspn(text, ",");
        if (n == 0 || n > 255) {
            free(alpn);
            return NULL;
        }
        alpn->wire[alpn->size++] = (unsigned char)n;
        memcpy(alpn->wire + alpn->size, text, n);
        alpn->size += (unsigned)n;
        text += n + (text[n] == ',');
    }
    return alpn;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                   const unsigned char *offered, unsigned offered_size, void *arg)
{
    const struct alpn *alpn = arg;
    unsigned char *chosen;
    (void)ssl;
    if (SSL_select_next_proto(&chosen, out_size, alpn->wire, alpn->size, offered, offered_size) ==
        OPENSSL_NPN_NEGOTIATED) {
        *out = chosen;
        return SSL_TLSEXT_ERR_OK;
    }
    return alpn->strict ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

enum hf_status hf_tls_alpn_offer(SSL *ssl, const char *protocols)
{
    struct alpn *alpn = parse_alpn(protocols, false);
    bool done = alpn && SSL_set_alpn_protos(ssl, alpn->wire, alpn->size) == 0;
    free(alpn);
    return done ? HF_OK : HF_INVALID;
}

enum hf_status hf_tls_alpn_set(SSL_CTX *ssl, const struct hf_tls_settings *settings, char *why)
{
    if (!settings->alpn || !*settings->alpn)
        return HF_OK;
    pthread_once(&alpn_once, make_alpn_index);
    struct alpn *alpn = parse_alpn(settings->alpn, settings->alpn_strict);
    if (!alpn || !SSL_CTX_set_ex_data(ssl, alpn_index, alpn)) {
        free(alpn);
        return hf_tls_why(why, "'%s' is no list of ALPN protocols", settings->alpn);
    }
    if (settings->server)
        SSL_CTX_set_alpn_select_cb(ssl, on_alpn, alpn);
    else if (SSL_CTX_set_alpn_protos(ssl, alpn->wire, alpn->size) != 0)
        return hf_tls_why(why, "cannot set the ALPN protocols");
    return HF_OK;
}
