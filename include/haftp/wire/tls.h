/*
 * tls.h: the first bytes of a TLS connection, read without taking part in it.
 *
 * Pure functions over what has come so far; any thread.
 */
#ifndef HAFTP_WIRE_TLS_H
#define HAFTP_WIRE_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "haftp/base/str.h"

enum hf_tls_read {
    HF_TLS_NO,   /* it is not what was asked for, and more bytes will not change that */
    HF_TLS_MORE, /* more bytes are needed */
    HF_TLS_YES
};

/* Type of the first handshake message, once all of it is there: 1 is a client's hello, 2 a
 * server's. */
enum hf_tls_read hf_tls_hello_type(struct hf_view bytes, unsigned *type);

struct hf_tls_hello {
    unsigned major, minor; /* of the highest version that the hello's own field names: 3, 3 */
    struct hf_view sni;    /* server name; p NULL: none */
    struct hf_view alpn;   /* first protocol; p NULL: none */
    bool has_groups;       /* elliptic curves */
    bool has_ticket;       /* session ticket extension ... */
    struct hf_view ticket; /* ... and what is in it */
};

/* A client's hello; views point into `bytes`. */
enum hf_tls_read hf_tls_client_hello(struct hf_view bytes, struct hf_tls_hello *out);

#endif
