/*
 * ssl.c: fetches of TLS: the connections that we end or begin, and their certificates.
 *
 * Without TLS there is no sample, but for those that ask whether there is.
 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "../rules_int.h"
#include "haftp/net/tls.h"

static const struct hf_tls *front(const struct hf_eval *eval)
{
    const struct hf_tls *tls = eval->facts ? eval->facts->front_tls : NULL;
    return tls && hf_tls_is_ready(tls) ? tls : NULL;
}

static const struct hf_tls *back(const struct hf_eval *eval)
{
    const struct hf_tls *tls = eval->facts ? eval->facts->back_tls : NULL;
    return tls && hf_tls_is_ready(tls) ? tls : NULL;
}

/* ---- connections ------------------------------------------------------------------------- */

static enum hf_truth out_bytes_copy(struct hf_eval *eval, struct hf_sample *out, enum hf_type type,
                                    const void *p, size_t n)
{
    if (!n || n > sizeof eval->scratch[0])
        return HF_FALSE;
    memcpy(eval->scratch[0], p, n);
    return hf_out_bytes(out, type, hf_view(eval->scratch[0], n));
}

static enum hf_truth out_alpn(const struct hf_tls *tls, struct hf_sample *out)
{
    size_t n;
    const char *name = tls ? hf_tls_alpn(tls, &n) : NULL;
    return name ? hf_out_bytes(out, HF_TYPE_STR, hf_view(name, n)) : HF_FALSE;
}

static enum hf_truth out_session_id(const struct hf_tls *tls, struct hf_sample *out)
{
    size_t n;
    const void *id = tls ? hf_tls_session_id(tls, &n) : NULL;
    return id && n ? hf_out_bytes(out, HF_TYPE_BIN, hf_view(id, n)) : HF_FALSE;
}

static unsigned algorithm_bits(const struct hf_tls *tls)
{
    unsigned bits;
    (void)hf_tls_cipher_bits(tls, &bits);
    return bits;
}

static unsigned used_bits(const struct hf_tls *tls)
{
    unsigned bits;
    return hf_tls_cipher_bits(tls, &bits);
}

#define OF_CONNECTION(prefix, side)                                                                \
    FETCH(prefix)                                                                                  \
    {                                                                                              \
        UNUSED(call);                                                                              \
        return hf_out_bool(out, side(eval) != NULL);                                               \
    }                                                                                              \
    FETCH(prefix##_alg_keysize)                                                                    \
    {                                                                                              \
        UNUSED(call);                                                                              \
        return side(eval) ? hf_out_number(out, algorithm_bits(side(eval))) : HF_FALSE;             \
    }                                                                                              \
    FETCH(prefix##_use_keysize)                                                                    \
    {                                                                                              \
        UNUSED(call);                                                                              \
        return side(eval) ? hf_out_number(out, used_bits(side(eval))) : HF_FALSE;                  \
    }                                                                                              \
    FETCH(prefix##_alpn)                                                                           \
    {                                                                                              \
        UNUSED(call);                                                                              \
        return out_alpn(side(eval), out);                                                          \
    }                                                                                              \
    FETCH(prefix##_cipher)                                                                         \
    {                                                                                              \
        UNUSED(call);                                                                              \
        return side(eval) ? hf_out_text(out, hf_tls_cipher(side(eval))) : HF_FALSE;                \
    }                                                                                              \
    FETCH(prefix##_protocol)                                                                       \
    {                                                                                              \
        UNUSED(call);                                                                              \
        return side(eval) ? hf_out_text(out, hf_tls_version(side(eval))) : HF_FALSE;               \
    }                                                                                              \
    FETCH(prefix##_is_resumed)                                                                     \
    {                                                                                              \
        UNUSED(call);                                                                              \
        return hf_out_bool(out, side(eval) && hf_tls_resumed(side(eval)));                         \
    }                                                                                              \
    FETCH(prefix##_session_id)                                                                     \
    {                                                                                              \
        UNUSED(call);                                                                              \
        return out_session_id(side(eval), out);                                                    \
    }

OF_CONNECTION(ssl_fc, front)
OF_CONNECTION(ssl_bc, back)

FETCH(ssl_fc_has_early)
{
    UNUSED(call);
    UNUSED(eval);
    return hf_out_bool(out, false);
}

FETCH(ssl_fc_sni)
{
    const char *name = front(eval) ? hf_tls_name(front(eval)) : NULL;
    UNUSED(call);
    return name ? hf_out_text(out, name) : HF_FALSE;
}

FETCH(ssl_fc_has_sni)
{
    UNUSED(call);
    return hf_out_bool(out, front(eval) && hf_tls_name(front(eval)));
}

/* ---- the client's certificate, and what was found about it -------------------------------- */

static X509 *cert_of_client(const struct hf_eval *eval)
{
    return front(eval) ? hf_tls_peer_cert(front(eval)) : NULL;
}

static X509 *cert_of_server(const struct hf_eval *eval)
{
    return back(eval) ? hf_tls_peer_cert(back(eval)) : NULL;
}

static X509 *cert_of_ours(const struct hf_eval *eval)
{
    return front(eval) ? hf_tls_own_cert(front(eval)) : NULL;
}

FETCH(ssl_fc_has_crt)
{
    UNUSED(call);
    return hf_out_bool(out, cert_of_client(eval) != NULL);
}

FETCH(ssl_c_used)
{
    UNUSED(call);
    return hf_out_bool(out, cert_of_client(eval) != NULL);
}

FETCH(ssl_c_verify)
{
    UNUSED(call);
    return front(eval) ? hf_out_number(out, hf_tls_verify_result(front(eval))) : HF_FALSE;
}

FETCH(ssl_c_err)
{
    UNUSED(call);
    return front(eval) ? hf_out_number(out, hf_tls_faults(front(eval))->error) : HF_FALSE;
}

FETCH(ssl_c_ca_err)
{
    UNUSED(call);
    return front(eval) ? hf_out_number(out, hf_tls_faults(front(eval))->ca_error) : HF_FALSE;
}

FETCH(ssl_c_ca_err_depth)
{
    UNUSED(call);
    return front(eval) ? hf_out_number(out, hf_tls_faults(front(eval))->ca_depth) : HF_FALSE;
}

/* ---- what is in a certificate ------------------------------------------------------------- */

static enum hf_truth out_der(X509 *cert, struct hf_eval *eval, struct hf_sample *out)
{
    unsigned char *at = (unsigned char *)eval->scratch[0];
    int n = i2d_X509(cert, NULL);
    if (n <= 0 || (size_t)n > sizeof eval->scratch[0])
        return HF_FALSE;
    n = i2d_X509(cert, &at);
    return hf_out_bytes(out, HF_TYPE_BIN, hf_view(eval->scratch[0], (size_t)n));
}

/* "/C=FR/O=Somebody", as HAProxy writes it. */
static enum hf_truth out_whole_name(const X509_NAME *name, struct hf_eval *eval,
                                    struct hf_sample *out)
{
    char *text = eval->scratch[0];
    size_t room = sizeof eval->scratch[0], n = 0;

    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
        int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
        int wrote = snprintf(text + n, room - n, "/%s=%.*s", OBJ_nid2sn(nid),
                             ASN1_STRING_length(value), (const char *)ASN1_STRING_get0_data(value));
        if (wrote < 0 || (size_t)wrote >= room - n)
            return HF_FALSE;
        n += (size_t)wrote;
    }
    return n ? hf_out_bytes(out, HF_TYPE_STR, hf_view(text, n)) : HF_FALSE;
}

/* One attribute: which one of its kind, from 1; below 0 counts from the end. */
static enum hf_truth out_attribute(const X509_NAME *name, const struct hf_conv *call,
                                   struct hf_eval *eval, struct hf_sample *out)
{
    struct hf_view wanted = hf_text_arg(call, 0);
    int64_t which = hf_number_arg(call, 1, 1);
    int n = X509_NAME_entry_count(name), step = which < 0 ? -1 : 1;
    int64_t left = which < 0 ? -which : which ? which : 1;

    for (int i = step > 0 ? 0 : n - 1; i >= 0 && i < n; i += step) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
        int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
        if (hf_view_is(wanted, OBJ_nid2sn(nid)) && --left == 0)
            return out_bytes_copy(eval, out, HF_TYPE_STR, ASN1_STRING_get0_data(value),
                                  (size_t)ASN1_STRING_length(value));
    }
    return HF_FALSE;
}

static enum hf_truth out_name(const X509_NAME *name, const struct hf_conv *call,
                              struct hf_eval *eval, struct hf_sample *out)
{
    if (hf_text_arg(call, 0).n)
        return out_attribute(name, call, eval, out);
    return out_whole_name(name, eval, out);
}

static enum hf_truth out_time(const ASN1_TIME *time, struct hf_eval *eval, struct hf_sample *out)
{
    const char *text = (const char *)ASN1_STRING_get0_data(time);
    size_t n = (size_t)ASN1_STRING_length(time);
    if (ASN1_STRING_type(time) == V_ASN1_GENERALIZEDTIME && n > 2) {
        text += 2; /* the century */
        n -= 2;
    }
    return out_bytes_copy(eval, out, HF_TYPE_STR, text, n);
}

static enum hf_truth out_sha1(X509 *cert, struct hf_eval *eval, struct hf_sample *out)
{
    unsigned n = 0;
    if (!X509_digest(cert, EVP_sha1(), (unsigned char *)eval->scratch[0], &n))
        return HF_FALSE;
    return hf_out_bytes(out, HF_TYPE_BIN, hf_view(eval->scratch[0], n));
}

static enum hf_truth out_key_algorithm(X509 *cert, struct hf_sample *out)
{
    ASN1_OBJECT *algorithm;
    X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(cert));
    return hf_out_text(out, OBJ_nid2sn(OBJ_obj2nid(algorithm)));
}

/* The functions of one certificate's rows. */
#define OF_CERT(prefix, cert_of)                                                                   \
    FETCH(prefix##_der)                                                                            \
    {                                                                                              \
        X509 *cert = cert_of(eval);                                                                \
        UNUSED(call);                                                                              \
        return cert ? out_der(cert, eval, out) : HF_FALSE;                                         \
    }                                                                                              \
    FETCH(prefix##_i_dn)                                                                           \
    {                                                                                              \
        X509 *cert = cert_of(eval);                                                                \
        return cert ? out_name(X509_get_issuer_name(cert), call, eval, out) : HF_FALSE;            \
    }                                                                                              \
    FETCH(prefix##_s_dn)                                                                           \
    {                                                                                              \
        X509 *cert = cert_of(eval);                                                                \
        return cert ? out_name(X509_get_subject_name(cert), call, eval, out) : HF_FALSE;           \
    }                                                                                              \
    FETCH(prefix##_key_alg)                                                                        \
    {                                                                                              \
        X509 *cert = cert_of(eval);                                                                \
        UNUSED(call);                                                                              \
        return cert ? out_key_algorithm(cert, out) : HF_FALSE;                                     \
    }                                                                                              \
    FETCH(prefix##_sig_alg)                                                                        \
    {                                                                                              \
        X509 *cert = cert_of(eval);                                                                \
        UNUSED(call);                                                                              \
        return cert ? hf_out_text(out, OBJ_nid2sn(X509_get_signature_nid(cert))) : HF_FALSE;       \
    }                                                                                              \
    FETCH(prefix##_notbefore)                                                                      \
    {                                                                                              \
        X509 *cert = cert_of(eval);                                                                \
        UNUSED(call);                                                                              \
        return cert ? out_time(X509_get0_notBefore(cert), eval, out) : HF_FALSE;                   \
    }                                                                                              \
    FETCH(prefix##_notafter)                                                                       \
    {                                                                                              \
        X509 *cert = cert_of(eval);                                                                \
        UNUSED(call);                                                                              \
        return cert ? out_time(X509_get0_notAfter(cert), eval, out) : HF_FALSE;                    \
    }                                                                                              \
    FETCH(prefix##_serial)                                                                         \
    {                                                                                              \
        X509 *cert = cert_of(eval);                                                                \
        const ASN1_INTEGER *serial = cert ? X509_get0_serialNumber(cert) : NULL;                   \
        UNUSED(call);                                                                              \
        return serial ? out_bytes_copy(eval, out, HF_TYPE_BIN, ASN1_STRING_get0_data(serial),      \
                                       (size_t)ASN1_STRING_length(serial))                         \
                      : HF_FALSE;                                                                  \
    }                                                                                              \
    FETCH(prefix##_sha1)                                                                           \
    {                                                                                              \
        X509 *cert = cert_of(eval);                                                                \
        UNUSED(call);                                                                              \
        return cert ? out_sha1(cert, eval, out) : HF_FALSE;                                        \
    }                                                                                              \
    FETCH(prefix##_version)                                                                        \
    {                                                                                              \
        X509 *cert = cert_of(eval);                                                                \
        UNUSED(call);                                                                              \
        return cert ? hf_out_number(out, X509_get_version(cert) + 1) : HF_FALSE;                   \
    }

OF_CERT(ssl_c, cert_of_client)
OF_CERT(ssl_f, cert_of_ours)
OF_CERT(ssl_s, cert_of_server)
