/*
 * tls.c: TLS records and the client's hello (RFC 8446, 4.1.2 and 5.1).
 */
#include "haftp/wire/tls.h"

enum {
    RECORD_HANDSHAKE = 0x16,
    RECORD_BYTES = 5,  /* type, version, length */
    MESSAGE_BYTES = 4, /* type, length */
    CLIENT_HELLO = 1,
    RANDOM_BYTES = 32,
};

enum { EXT_SNI = 0, EXT_GROUPS = 10, EXT_ALPN = 16, EXT_TICKET = 35 };

/* ---- cutting ----------------------------------------------------------------------------- */

/* A big-endian number of n bytes; false: not that many are left. */
static bool cut_number(struct hf_view *bytes, unsigned n, unsigned *out)
{
    unsigned number = 0;
    if (bytes->n < n)
        return false;
    for (unsigned i = 0; i < n; i++)
        number = number << 8 | (unsigned char)bytes->p[i];
    *bytes = hf_view(bytes->p + n, bytes->n - n);
    *out = number;
    return true;
}

static bool cut(struct hf_view *bytes, size_t n, struct hf_view *out)
{
    if (bytes->n < n)
        return false;
    *out = hf_view(bytes->p, n);
    *bytes = hf_view(bytes->p + n, bytes->n - n);
    return true;
}

/* A field with its length of `length_bytes` before it. */
static bool cut_field(struct hf_view *bytes, unsigned length_bytes, struct hf_view *out)
{
    unsigned n;
    return cut_number(bytes, length_bytes, &n) && cut(bytes, n, out);
}

/* ---- records ----------------------------------------------------------------------------- */

/* The body of the first handshake message, once it is there as a whole. */
static enum hf_tls_read read_message(struct hf_view bytes, unsigned *type, struct hf_view *body)
{
    unsigned record, version, length, size;
    if (!cut_number(&bytes, 1, &record))
        return HF_TLS_MORE;
    if (record != RECORD_HANDSHAKE)
        return HF_TLS_NO;
    if (!cut_number(&bytes, 2, &version))
        return HF_TLS_MORE;
    if (version < 0x0300)
        return HF_TLS_NO;
    if (!cut_number(&bytes, 2, &length))
        return HF_TLS_MORE;
    if (length < MESSAGE_BYTES)
        return HF_TLS_NO;
    if (!cut_number(&bytes, 1, type) || !cut_number(&bytes, 3, &size) || !cut(&bytes, size, body))
        return HF_TLS_MORE;
    return HF_TLS_YES;
}

enum hf_tls_read hf_tls_hello_type(struct hf_view bytes, unsigned *type)
{
    struct hf_view body;
    return read_message(bytes, type, &body);
}

/* ---- the client's hello ------------------------------------------------------------------ */

/* The first host name of the list. */
static struct hf_view read_sni(struct hf_view data)
{
    struct hf_view list, name;
    unsigned kind;
    if (!cut_field(&data, 2, &list))
        return hf_view(NULL, 0);
    while (cut_number(&list, 1, &kind) && cut_field(&list, 2, &name)) {
        if (kind == 0)
            return name;
    }
    return hf_view(NULL, 0);
}

static struct hf_view read_alpn(struct hf_view data)
{
    struct hf_view list, name;
    return cut_field(&data, 2, &list) && cut_field(&list, 1, &name) ? name : hf_view(NULL, 0);
}

static void read_extension(struct hf_tls_hello *hello, unsigned type, struct hf_view data)
{
    switch (type) {
    case EXT_SNI:
        hello->sni = read_sni(data);
        break;
    case EXT_GROUPS:
        hello->has_groups = true;
        break;
    case EXT_ALPN:
        hello->alpn = read_alpn(data);
        break;
    case EXT_TICKET:
        hello->has_ticket = true;
        hello->ticket = data;
        break;
    default:
        break;
    }
}

enum hf_tls_read hf_tls_client_hello(struct hf_view bytes, struct hf_tls_hello *out)
{
    struct hf_view body, session, ciphers, compressions, extensions, random, data;
    unsigned type;

    *out = (struct hf_tls_hello){0};
    enum hf_tls_read read = read_message(bytes, &type, &body);
    if (read != HF_TLS_YES)
        return read;
    if (type != CLIENT_HELLO || !cut_number(&body, 1, &out->major) ||
        !cut_number(&body, 1, &out->minor) || !cut(&body, RANDOM_BYTES, &random) ||
        !cut_field(&body, 1, &session) || !cut_field(&body, 2, &ciphers) ||
        !cut_field(&body, 1, &compressions))
        return HF_TLS_NO;
    if (!cut_field(&body, 2, &extensions))
        return HF_TLS_YES; /* none at all */
    while (cut_number(&extensions, 2, &type) && cut_field(&extensions, 2, &data))
        read_extension(out, type, data);
    return HF_TLS_YES;
}
