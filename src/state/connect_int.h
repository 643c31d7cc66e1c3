/*
 * connect_int.h: what the files about connections to servers in this folder share.
 */
#ifndef HAFTP_STATE_CONNECT_INT_H
#define HAFTP_STATE_CONNECT_INT_H

#include "haftp/net/tls.h"

/* proxied_tls.c: the value of the extension HF_PP_SSL; `tls` NULL: the client has none.  Returns
 * its length. */
#define HF_PROXIED_TLS_MAX 512u
struct hf_proxied_tls_words {
    bool cn, cipher, sig, key; /* told besides the version: of the client's certificate, of ours */
};
size_t hf_proxied_tls(const struct hf_tls *tls, const struct hf_proxied_tls_words *words,
                      char out[HF_PROXIED_TLS_MAX]);

#endif
