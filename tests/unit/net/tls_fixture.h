/*
 * tls_fixture.h: certificates made on the spot, contexts that use them, and a TLS peer for tests.
 */
#ifndef HAFTP_TEST_TLS_FIXTURE_H
#define HAFTP_TEST_TLS_FIXTURE_H

#include "net_fixture.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "haftp/net/tls.h"
#include "tls/tls_int.h"

/* ---- certificates ---- */

struct issued {
    char path[64]; /* PEM: certificate and key */
    X509 *cert;
    EVP_PKEY *key;
};

static inline void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static inline void write_pem(struct issued *issued)
{
    strcpy(issued->path, "/tmp/haftp-test-XXXXXX");
    FILE *file = fdopen(mkstemp(issued->path), "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, issued->cert), 1);
    assert_int_equal(PEM_write_PrivateKey(file, issued->key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

static inline void write_cert_alone(const struct issued *issued, char path[64])
{
    strcpy(path, "/tmp/haftp-test-XXXXXX");
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, issued->cert), 1);
    fclose(file);
}

/* `names` is a subjectAltName, "DNS:a.test,DNS:*.b.test"; NULL: an authority.  `days` may be
 * negative: it expired so long ago.  `issuer` NULL: signed by itself. */
static inline void issue(struct issued *out, const char *cn, const char *names, int days,
                         const struct issued *issuer)
{
    static long serial = 1;
    X509 *cert = X509_new();
    out->cert = cert;
    out->key = EVP_EC_gen("P-256");
    assert_non_null(out->key);
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
    X509_gmtime_adj(X509_getm_notBefore(cert), -100L * 86400);
    X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400L);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
    X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer->cert) : name);
    X509_set_pubkey(cert, out->key);
    X509 *parent = issuer ? issuer->cert : cert;
    add_extension(cert, parent, NID_basic_constraints, names ? "CA:FALSE" : "critical,CA:TRUE");
    if (names)
        add_extension(cert, parent, NID_subject_alt_name, names);
    assert_true(X509_sign(cert, issuer ? issuer->key : out->key, EVP_sha256()) > 0);
    write_pem(out);
}

static inline void discard(struct issued *issued)
{
    unlink(issued->path);
    X509_free(issued->cert);
    EVP_PKEY_free(issued->key);
}

/* ---- contexts ---- */

static inline struct hf_tls_ctx *make_ctx(const struct hf_tls_settings *settings)
{
    char why[HF_TLS_WHY_BYTES];
    struct hf_tls_ctx *ctx = NULL;
    if (hf_tls_ctx_new(settings, why, &ctx) != HF_OK)
        fail_msg("%s", why);
    return ctx;
}

/* ---- a connection that the test drives itself, on its own watch ---- */

struct peer {
    struct hf_watch watch;
    struct hf_tls *tls;
};

static inline void on_peer_event(struct hf_watch *watch)
{
    (void)watch;
}

static inline void open_peer(struct peer *peer, struct hf_loop *loop, int fd, struct hf_tls *tls)
{
    assert_int_equal(hf_watch_open(&peer->watch, loop, fd, HF_READY_OUT, on_peer_event), HF_OK);
    peer->tls = tls;
    hf_tls_use(tls, &peer->watch);
}

static inline void close_peer_tls(struct peer *peer)
{
    hf_watch_close(&peer->watch);
    hf_tls_free(peer->tls);
    peer->tls = NULL;
}

#endif
