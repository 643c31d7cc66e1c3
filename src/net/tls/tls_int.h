/*
 * tls_int.h: what the files about TLS in this folder share.
 */
#ifndef HAFTP_NET_TLS_INT_H
#define HAFTP_NET_TLS_INT_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "haftp/base/buf.h"
#include "haftp/net/tls.h"

/* What a connection and its data connections share; one loop, so its count is a plain one. */
#define HF_TLS_BOND_SESSIONS 8u
struct hf_tls_bond {
    unsigned users;
    uint8_t id[16];                              /* a server: in its sessions and tickets */
    SSL_SESSION *sessions[HF_TLS_BOND_SESSIONS]; /* a client: the newest last */
    unsigned n_sessions;
};

struct hf_tls {
    SSL *ssl;
    struct hf_tls_ctx *ctx;
    struct hf_watch *watch;
    struct hf_tls_bond *bond; /* NULL: none */
    struct hf_buf ahead;      /* decrypted, but only peeked at so far */
    struct hf_buf out;        /* encrypted, to be sent when the socket takes it */
    char *name, *verify_name; /* a client: as asked for; NULL: none */
    char *error;              /* NULL: none */
    struct hf_tls_faults faults;
    uint8_t io;    /* enum hf_status: how the socket ended; HF_OK: it has not */
    uint8_t end;   /* enum hf_status: how reading ended; HF_OK: it has not */
    bool batching; /* records are put together before they are sent */
    bool began;    /* the handshake */
    bool ready;    /* the handshake is done */
    bool starved;  /* what SSL holds is no whole record */
    bool shut;     /* close_notify was made */
    bool broken;   /* by TLS itself: its session is not used again */
    bool is_data;  /* resumes its control connection's sessions only */
    bool fresh;    /* resumes none */
};

struct hf_tls_names;
struct hf_tls_keys;

/* Sessions that clients of ours resume; the connections of all loops share it. */
struct hf_tls_memory {
    pthread_mutex_t lock;
    SSL_SESSION *session; /* the newest; NULL: none */
    char *name;           /* the server name that it began with; NULL: none */
};

struct hf_tls_ctx {
    _Atomic unsigned users;
    SSL_CTX *ssl; /* of the first certificate; its sessions and tickets are everybody's */
    bool server, reuse, strict_sni;
    struct hf_tls_errors ca_ignored, crt_ignored;
    struct hf_tls_names *names;   /* NULL: one certificate for everybody */
    struct hf_tls_keys *keys;     /* of tickets; NULL: OpenSSL's own */
    struct hf_tls_memory memory;  /* of a client */
    struct hf_tls_counts *counts; /* NULL: none */
    struct hf_tls_cert_info *infos;
    unsigned n_infos;
};

/* tls.c */
struct hf_tls *hf_tls_of(const SSL *ssl);

/* bond.c: sessions that are resumed */
struct hf_tls_bond *hf_tls_bond_new(void);
void hf_tls_bond_put(struct hf_tls_bond *bond); /* NULL is fine */
/* Before the handshake: what this connection resumes, or lets the peer resume. */
HF_MUST_USE enum hf_status hf_tls_bond_apply(struct hf_tls *tls);
/* OpenSSL's callbacks. */
int hf_tls_bond_keep(SSL *ssl, SSL_SESSION *session);
int hf_tls_bond_ticket(SSL *ssl, void *arg);
SSL_TICKET_RETURN hf_tls_bond_ticket_read(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                          size_t size, SSL_TICKET_STATUS status, void *arg);

/* setup.c: one SSL_CTX; its certificates are added to what `ctx` tells of its own */
HF_MUST_USE enum hf_status hf_tls_setup(struct hf_tls_ctx *ctx,
                                        const struct hf_tls_settings *settings,
                                        const struct hf_tls_cert *cert, char *why, SSL_CTX **out);
/* What OpenSSL's last call failed for, in words; clears its errors. */
const char *hf_tls_reason(void);

/* files.c: files in PEM */
struct hf_tls_pem {
    char *text;
    size_t n;
};
/* From `files`, or from the disk into them; NULL: from the disk. */
HF_MUST_USE enum hf_status hf_tls_pem_read(struct hf_tls_pem *pem, struct hf_tls_files *files,
                                           const char *path, char *why);
void hf_tls_pem_forget(struct hf_tls_pem *pem);
BIO *hf_tls_pem_bio(const struct hf_tls_pem *pem); /* NULL: no memory; lasts as long as `pem` */

/* cert.c: a certificate's own */
/* *dh: the parameters that the file brings along, the caller's; NULL: none. */
HF_MUST_USE enum hf_status hf_tls_cert_use(struct hf_tls_ctx *ctx, SSL_CTX *ssl,
                                           const struct hf_tls_cert *cert,
                                           struct hf_tls_files *files, EVP_PKEY **dh, char *why);

/* rules.c: versions, ciphers, curves, signatures, Diffie-Hellman */
HF_MUST_USE enum hf_status hf_tls_rules_set(SSL_CTX *ssl, const struct hf_tls_settings *settings,
                                            char *why);
EVP_PKEY *hf_tls_rules_read_dh(const struct hf_tls_pem *pem); /* NULL: none */
/* Takes `dh` (NULL: those of the settings). */
HF_MUST_USE enum hf_status hf_tls_rules_set_dh(SSL_CTX *ssl, const struct hf_tls_settings *settings,
                                               EVP_PKEY *dh, char *why);
/* The curves that it was given; NULL: none. */
const char *hf_tls_rules_curves(const SSL_CTX *ssl);

/* alpn.c */
HF_MUST_USE enum hf_status hf_tls_alpn_set(SSL_CTX *ssl, const struct hf_tls_settings *settings,
                                           char *why);
/* A client's protocols for this connection, "a,b"; "": none. */
HF_MUST_USE enum hf_status hf_tls_alpn_offer(SSL *ssl, const char *protocols);

/* trust.c: the peer's certificate */
HF_MUST_USE enum hf_status hf_tls_trust_set(SSL_CTX *ssl, const struct hf_tls_settings *settings,
                                            char *why);

/* cert_info.c: what hf_tls_ctx_certs() tells */
HF_MUST_USE enum hf_status hf_tls_cert_tell(struct hf_tls_ctx *ctx, const char *file,
                                            const X509 *x509);
void hf_tls_cert_forget(struct hf_tls_ctx *ctx);

/* names.c: which certificate is for which name */
HF_MUST_USE enum hf_status hf_tls_names_new(struct hf_tls_names **out);
/* Takes a count of `ssl`. */
HF_MUST_USE enum hf_status hf_tls_names_add(struct hf_tls_names *names,
                                            const struct hf_tls_cert *cert, SSL_CTX *ssl);
/* NULL: nobody's name.  `ecdsa`: the client can use such a key. */
SSL_CTX *hf_tls_names_find(const struct hf_tls_names *names, const char *name, size_t size,
                           bool ecdsa);
/* For a client that names nothing known: those of the first certificate's name.  NULL: it has none.
 */
SSL_CTX *hf_tls_names_usual(const struct hf_tls_names *names, bool ecdsa);
void hf_tls_names_free(struct hf_tls_names *names); /* NULL is fine */

/* tickets.c: keys of tickets that were given by a file */
HF_MUST_USE enum hf_status hf_tls_keys_new(const struct hf_tls_settings *settings,
                                           struct hf_tls_keys **out);
/* For a context whose `keys` are set. */
void hf_tls_keys_use(SSL_CTX *ssl);
void hf_tls_keys_free(struct hf_tls_keys *keys); /* NULL is fine */

/* ctx.c */
__attribute__((format(printf, 2, 3))) enum hf_status hf_tls_why(char *why, const char *format, ...);

#endif
