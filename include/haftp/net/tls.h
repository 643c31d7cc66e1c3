/*
 * tls.h: TLS over a watched socket, both as server and as client (OpenSSL 3; RFC 5246, RFC 8446).
 *
 * A context holds certificates, keys and rules; it is made from plain settings, counted, immutable,
 * and shared by all workers.  A `struct hf_tls` is one connection's TLS: it exists only for
 * connections that use it, belongs to the loop of its connection, and works on a watch that
 * somebody else owns (hf_leg, hf_relay).  It never waits: what would block is HF_AGAIN, and the
 * watch's bits say what is waited for.
 */
#ifndef HAFTP_NET_TLS_H
#define HAFTP_NET_TLS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "haftp/base/status.h"
#include "haftp/base/str.h"
#include "haftp/base/text.h"

struct hf_watch;
struct x509_st; /* OpenSSL's X509 */

/* ---- contexts ---------------------------------------------------------------------------- */

/* As on the wire. */
enum { HF_TLS_1_0 = 0x0301, HF_TLS_1_1 = 0x0302, HF_TLS_1_2 = 0x0303, HF_TLS_1_3 = 0x0304 };

enum hf_tls_verify { HF_TLS_VERIFY_NONE, HF_TLS_VERIFY_OPTIONAL, HF_TLS_VERIFY_REQUIRED };

#define HF_TLS_TICKET_KEY_MAX 80u /* bytes: name 16, then AES-128 and HMAC 16 each, or 32 each */

/* Errors of verification that are let pass: a bit for each of OpenSSL's numbers (X509_V_ERR_*). */
#define HF_TLS_N_ERRORS 128u
struct hf_tls_errors {
    uint64_t bits[HF_TLS_N_ERRORS / 64];
};

/* Handshakes of all connections of a context, and of those that are made with the same counts. */
struct hf_tls_counts {
    _Atomic uint64_t full, resumed;
    _Atomic uint64_t failed; /* refused, broken, or too late */
};

struct hf_tls_settings;

/* A certificate, what follows it in its chain, and its key. */
struct hf_tls_cert {
    const char *file;               /* PEM */
    const char *key_file;           /* PEM, where `file` has no key; NULL: nowhere else */
    const struct hf_tls_cert *with; /* another one of the same names, for another kind of key: its
                                       files count and nothing else; NULL: none */
    const char *const *names; /* which names of servers it is for: "a.b", "*.b", and "!x.b" for
                                 exceptions; NULL: those that it has itself */
    unsigned n_names;
    const struct hf_tls_settings *own; /* NULL: those of the context; of crt-list: min_version,
                                          max_version, ciphers, verify, ca, crl, alpn */
};

/* What was accepted and is odd all the same. */
#define HF_TLS_WHY_BYTES 400u
struct hf_tls_remark {
    const char *file;            /* the member of the settings that it is about */
    char text[HF_TLS_WHY_BYTES]; /* without a dot; "": nothing */
};

/* Plain data; all zero are OpenSSL's defaults with TLS 1.2 as the oldest version.  Strings and
 * arrays are the caller's and not needed after hf_tls_ctx_new(). */
struct hf_tls_settings {
    bool server;                     /* we are the one that is connected to */
    const struct hf_tls_cert *certs; /* a server's first one is for whoever names nothing known */
    unsigned n_certs;
    bool strict_sni;              /* instead: who names nothing known is refused */
    int min_version, max_version; /* HF_TLS_*; 0: TLS 1.2, the newest */
    unsigned no_versions;         /* 1 << (version & 15): left out in between */
    const char *ciphers;          /* up to TLS 1.2; NULL: OpenSSL's */
    const char *ciphersuites;     /* of TLS 1.3 */
    const char *curves;           /* "X25519:P-256" */
    const char *sigalgs;          /* "ECDSA+SHA256:RSA+SHA256": of either side's certificate */
    const char *client_sigalgs;   /* of the client's, where those differ */
    const int *security_level;    /* OpenSSL's, 0 to 5; NULL: the system's */
    const char *dh_file;          /* PEM; NULL: as large as the key asks for */
    bool prefer_client_ciphers;
    unsigned record_bytes; /* most that is put into one record, 512 to 16384; 0: 16384 */
    const char *alpn;      /* "ftp,http/1.1" */
    bool alpn_strict;      /* a server: who offers only others is refused (RFC 7301, 3.2) */
    enum hf_tls_verify verify;
    bool verify_given;          /* of crt-list: `verify` counts */
    const char *ca_file;        /* PEM file or folder, or "@system-ca"; NULL: nobody is trusted */
    const char *ca_verify_file; /* more of them, which clients are not told of */
    const char *crl_file;
    bool no_ca_names; /* tells clients no names of authorities */
    struct hf_tls_errors ca_ignored, crt_ignored;
    bool no_tickets;
    const uint8_t (*ticket_keys)[HF_TLS_TICKET_KEY_MAX]; /* the last but one encrypts; NULL: random
                                                            ones of the context's own */
    unsigned n_ticket_keys, ticket_key_bytes;            /* 48 or 80 */
    unsigned cache_entries;                              /* sessions kept for clients; 0: 20000 */
    unsigned lifetime_s;                                 /* of sessions; 0: 300 */
    bool no_reuse;                /* a client: every connection begins a session of its own */
    struct hf_tls_counts *counts; /* they outlive the context; NULL: nobody counts */
    struct hf_tls_files *files;   /* reads and keeps files there; NULL: keeps none */
    struct hf_tls_remark *remark; /* gets the first one; NULL: nobody asks */
};

struct hf_tls_ctx;

/* The bytes of files, keys among them, which are wiped when they go.  Whoever makes a context anew
 * with the same ones reads from here what is here.  One thread; folders are not kept. */
struct hf_tls_files;
struct hf_tls_files *hf_tls_files_new(void);        /* NULL: out of memory */
void hf_tls_files_free(struct hf_tls_files *files); /* NULL is fine */
/* p NULL: it was not read.  Lasts until this file changes. */
struct hf_view hf_tls_files_get(const struct hf_tls_files *files, const char *path);
/* From now on `path` has a copy of these bytes, until it is undone; one at a time.  False: out of
 * memory, and nothing changed. */
HF_MUST_USE bool hf_tls_files_try(struct hf_tls_files *files, const char *path,
                                  struct hf_view bytes);
void hf_tls_files_undo(struct hf_tls_files *files);
void hf_tls_files_keep(struct hf_tls_files *files); /* for good; nothing tried is fine */

/* Reads files, so only at start or off the loops.  On failure `why` has a sentence for people. */
HF_MUST_USE enum hf_status hf_tls_ctx_new(const struct hf_tls_settings *settings,
                                          char why[HF_TLS_WHY_BYTES], struct hf_tls_ctx **out);
struct hf_tls_ctx *hf_tls_ctx_get(struct hf_tls_ctx *ctx); /* one more user; any thread */
void hf_tls_ctx_put(struct hf_tls_ctx *ctx);               /* NULL is fine; any thread */

#define HF_TLS_CERT_NAME_BYTES 256u
struct hf_tls_cert_info {
    char *file;                        /* as the settings named it */
    char name[HF_TLS_CERT_NAME_BYTES]; /* the first DNS name, else the subject's common name */
    int64_t from, until;               /* when it is good: seconds since 1970, UTC */
    uint8_t digest[32];                /* SHA-256 of the whole certificate */
};
/* Our own certificates, without those of their chains; they live as long as the context. */
const struct hf_tls_cert_info *hf_tls_ctx_certs(const struct hf_tls_ctx *ctx, unsigned *n);

/* ---- PEM ------------------------------------------------------------------------------------ */

struct hf_tls_pem_parts {
    bool cert, key; /* are there, and can be read without a password */
    bool fit;       /* the first key is the first certificate's */
};
struct hf_tls_pem_parts hf_tls_pem_parts(struct hf_view pem);
/* Lines about the certificate and its chain, as of HAProxy's `show ssl cert`. */
void hf_tls_pem_tell(struct hf_view pem, struct hf_text *out);

/* ---- one connection ---------------------------------------------------------------------- */

struct hf_tls;

struct hf_tls_options {
    /* Of clients: the server's name that is sent (SNI), a name that the certificate must have, and
     * protocols instead of the context's (an empty text: none); NULL: none, any, as it has. */
    const char *name, *verify_name, *alpn;
    /* FTP's control connections: their sessions are for their own data connections
     * (hf_tls_new_data()) and for nobody else; they last as long as they do. */
    bool for_data;
    /* Resumes no session, and leaves none to others: the server's certificate is looked at. */
    bool fresh;
};

/* `options` NULL: none.  Takes a count of the context.  HF_NOMEM. */
HF_MUST_USE enum hf_status hf_tls_new(struct hf_tls_ctx *ctx, const struct hf_tls_options *options,
                                      struct hf_tls **out);
/* For a data connection of a control connection that was made with `for_data`, on its loop; either
 * may end first.  Toward clients: resumes sessions of this very control connection and no others,
 * so that hf_tls_resumed() tells that the same client is there; sends no tickets, as an uploading
 * client would never read them.  Toward servers: offers the newest session that this control
 * connection, or a data connection of it, was given; single use ones of TLS 1.3 are spent as long
 * as there are others. */
HF_MUST_USE enum hf_status hf_tls_new_data(const struct hf_tls *control, struct hf_tls **out);
/* Sends the client of such a control connection one more ticket (RFC 8446, 4.6.1), for a data
 * connection to come: there are clients that use each one once.  Nothing below TLS 1.3. */
void hf_tls_give_ticket(struct hf_tls *control);
/* Tells the peer nothing; NULL is fine. */
void hf_tls_free(struct hf_tls *tls);
/* The socket.  Whoever owns both calls this first; it may be called again when the watch moves. */
void hf_tls_use(struct hf_tls *tls, struct hf_watch *watch);

/* Call it first, and on every event of the watch, until it is not HF_AGAIN.  HF_OK: bytes may flow.
 * HF_INVALID: the peer does not speak TLS; HF_DENIED: a certificate was refused, by us or the peer;
 * HF_UNSUPPORTED: nothing in common (version, cipher, name, ALPN); HF_EOF, HF_RESET, ...: the
 * connection ended; HF_FAILED: anything else.  hf_tls_error() has the words. */
HF_MUST_USE enum hf_status hf_tls_handshake(struct hf_tls *tls);
bool hf_tls_is_ready(const struct hf_tls *tls); /* the handshake is done */
/* What went wrong, for logs and replies: "certificate has expired"; "" when nothing did.  Lives as
 * long as `tls`. */
const char *hf_tls_error(const struct hf_tls *tls);

/* As hf_socket_recv(): HF_OK with *n > 0; HF_AGAIN; HF_EOF only after the peer's close_notify;
 * HF_TRUNCATED: FIN without one; HF_FAILED and others: broken. */
HF_MUST_USE enum hf_status hf_tls_recv(struct hf_tls *tls, void *buf, size_t room, size_t *n);
/* What hf_tls_recv() would give, up to `room` bytes, as long as they are all there: copied to
 * `buf`, and still there afterwards.  *n may be above 0 with any status: HF_OK when `room` is full,
 * HF_AGAIN when more may come, else how the stream ends behind it.  HF_NOMEM. */
HF_MUST_USE enum hf_status hf_tls_peek(struct hf_tls *tls, void *buf, size_t room, size_t *n);
/* hf_tls_recv() may give something, as far as we know: as HF_READY_IN of a plain socket, and also
 * true for bytes that have left the socket. */
bool hf_tls_can_recv(const struct hf_tls *tls);
/* As hf_socket_send(): *n bytes were taken, fewer than all only when the socket takes no more; some
 * of them may wait in here, encrypted.  HF_AGAIN: none was, as others wait. */
HF_MUST_USE enum hf_status hf_tls_send(struct hf_tls *tls, const void *buf, size_t size, size_t *n);
/* Sends what was taken and waits in here.  HF_OK: nothing does any more; HF_AGAIN: when
 * HF_READY_OUT is set again. */
HF_MUST_USE enum hf_status hf_tls_flush(struct hf_tls *tls);
/* Says that we send no more (close_notify), behind everything that was sent; the peer may go on
 * sending.  HF_OK: sent, or was before; the socket's FIN is the caller's.  HF_AGAIN: call again. */
HF_MUST_USE enum hf_status hf_tls_shutdown(struct hf_tls *tls);

/* ---- what is known of a connection; after the handshake ---------------------------------- */

const char *hf_tls_version(const struct hf_tls *tls); /* "TLSv1.3" */
const char *hf_tls_cipher(const struct hf_tls *tls);  /* "TLS_AES_256_GCM_SHA384" */
unsigned hf_tls_cipher_bits(const struct hf_tls *tls, unsigned *algorithm_bits);
const char *hf_tls_name(const struct hf_tls *tls);            /* server name; NULL: none */
const char *hf_tls_alpn(const struct hf_tls *tls, size_t *n); /* NULL: none; not terminated */
bool hf_tls_resumed(const struct hf_tls *tls);
const void *hf_tls_session_id(const struct hf_tls *tls, size_t *n);
/* X509_V_OK (0), or why the peer's certificate is not good, where that was let pass. */
long hf_tls_verify_result(const struct hf_tls *tls);
/* The first error found at the peer's own certificate, and at one of its authorities (with how far
 * up, from 1), let pass or not; 0: none. */
struct hf_tls_faults {
    int error, ca_error, ca_depth;
};
const struct hf_tls_faults *hf_tls_faults(const struct hf_tls *tls);
/* The peer's certificate and our own; NULL: none.  Lives as long as `tls`. */
struct x509_st *hf_tls_peer_cert(const struct hf_tls *tls);
struct x509_st *hf_tls_own_cert(const struct hf_tls *tls);

#endif
