/*
 * tls.c: one connection's TLS: OpenSSL between a watched socket and bytes.
 *
 * The socket is read and written by a BIO of our own, which minds the watch's bits, reads large
 * pieces and sends many records at once.  Writing never stops in the middle of a record: what the
 * socket does not take waits in `out`.  Contexts are made in ctx.c, sessions for data
 * connections kept in bond.c.
 */
#include "tls_int.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../loop_int.h"
#include "haftp/base/assert.h"
#include "haftp/net/socket.h"

/* What one SSL_write() makes a record of. */
#define RECORD_BYTES   (16u * 1024u)
/* The same with what TLS adds: up to 100 bytes per record, and settings or the peer may ask for
 * records of 512 bytes. */
#define RECORD_ON_WIRE (RECORD_BYTES + 32u * 100u)

/* Most that waits to be sent: a batch, or a handshake with a long chain.  Beyond it is a peer that
 * makes us answer (new keys, renegotiation) and never reads. */
#define OUT_BYTES (HF_TLS_BATCH_BYTES + 64u * 1024u)

static BIO_METHOD *method;
static int ssl_index;
static pthread_once_t once = PTHREAD_ONCE_INIT;

struct hf_tls *hf_tls_of(const SSL *ssl)
{
    return SSL_get_ex_data(ssl, ssl_index);
}

/* ---- the socket, as OpenSSL sees it ---- */

static enum hf_status send_raw(struct hf_tls *tls, const char *p, size_t size, size_t *n)
{
    struct hf_watch *watch = tls->watch;
    *n = 0;
    if (!(watch->ready & HF_READY_OUT))
        return HF_AGAIN;
    enum hf_status status = hf_socket_send(watch->fd, p, size, n);
    if (*n < size && (status == HF_OK || status == HF_AGAIN)) {
        watch->ready &= (uint8_t)~HF_READY_OUT;
        return HF_AGAIN;
    }
    return status;
}

/* Sends, or keeps what the socket does not take. */
static enum hf_status send_or_keep(struct hf_tls *tls, const char *p, size_t size)
{
    size_t sent = 0;
    if (hf_buf_size(&tls->out) == 0) {
        enum hf_status status = send_raw(tls, p, size, &sent);
        if (status != HF_AGAIN)
            return status;
    }
    return hf_buf_add(&tls->out, p + sent, size - sent, OUT_BYTES);
}

static int bio_write(BIO *bio, const char *p, size_t size, size_t *written)
{
    struct hf_tls *tls = BIO_get_data(bio);
    *written = size;
    if (tls->batching) {
        struct hf_loop *loop = tls->watch->loop;
        HF_ASSERT(loop->tls_batch_bytes + size <= HF_TLS_BATCH_BYTES);
        memcpy(loop->tls_batch + loop->tls_batch_bytes, p, size);
        loop->tls_batch_bytes += (uint32_t)size;
        return 1;
    }
    enum hf_status status = send_or_keep(tls, p, size);
    if (status == HF_OK)
        return 1;
    tls->io = (uint8_t)status;
    *written = 0;
    return 0;
}

static int bio_read(BIO *bio, char *p, size_t room, size_t *got)
{
    struct hf_tls *tls = BIO_get_data(bio);
    struct hf_watch *watch = tls->watch;
    BIO_clear_retry_flags(bio);
    *got = 0;
    if (tls->io)
        return 0;
    enum hf_status status =
        watch->ready & HF_READY_IN ? hf_socket_recv(watch->fd, p, room, got) : HF_AGAIN;
    if (status == HF_OK) {
        if (*got < room && hf_ready_emptied(watch->ready))
            watch->ready &= (uint8_t)~HF_READY_IN;
        return 1;
    }
    if (status == HF_AGAIN) {
        watch->ready &= (uint8_t) ~(HF_READY_IN | HF_READY_PRI);
        BIO_set_retry_read(bio);
    } else {
        tls->io = (uint8_t)status;
    }
    return 0;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static void set_up_library(void)
{
    ssl_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "watch");
    HF_ASSERT(ssl_index >= 0 && method);
    BIO_meth_set_write_ex(method, bio_write);
    BIO_meth_set_read_ex(method, bio_read);
    BIO_meth_set_ctrl(method, bio_ctrl);
}

/* ---- life ---- */

static enum hf_status copy_text(const char *text, char **out)
{
    *out = text ? strdup(text) : NULL;
    return text && !*out ? HF_NOMEM : HF_OK;
}

static enum hf_status set_client_options(struct hf_tls *tls, const struct hf_tls_options *options)
{
    enum hf_status status = copy_text(options->name, &tls->name);
    if (!status)
        status = copy_text(options->verify_name, &tls->verify_name);
    if (!status && options->alpn)
        status = hf_tls_alpn_offer(tls->ssl, options->alpn);
    if (!status && tls->name && !SSL_set_tlsext_host_name(tls->ssl, tls->name))
        status = HF_INVALID;
    return status;
}

static enum hf_status set_up(struct hf_tls *tls, const struct hf_tls_options *options)
{
    BIO *bio = BIO_new(method);
    tls->ssl = SSL_new(tls->ctx->ssl);
    if (!bio || !tls->ssl || !SSL_set_ex_data(tls->ssl, ssl_index, tls)) {
        BIO_free(bio);
        return HF_NOMEM;
    }
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    if (tls->ctx->server)
        SSL_set_accept_state(tls->ssl);
    else
        SSL_set_connect_state(tls->ssl);
    return tls->ctx->server ? HF_OK : set_client_options(tls, options);
}

static enum hf_status make(struct hf_tls_ctx *ctx, const struct hf_tls_options *options,
                           struct hf_tls_bond *bond, bool is_data, struct hf_tls **out)
{
    pthread_once(&once, set_up_library);
    struct hf_tls *tls = calloc(1, sizeof *tls);
    if (!tls) {
        hf_tls_bond_put(bond);
        return HF_NOMEM;
    }
    tls->ctx = hf_tls_ctx_get(ctx);
    tls->bond = bond;
    tls->is_data = is_data;
    tls->fresh = options->fresh;
    enum hf_status status = set_up(tls, options);
    if (!status)
        status = hf_tls_bond_apply(tls);
    if (status)
        hf_tls_free(tls);
    else
        *out = tls;
    return status;
}

enum hf_status hf_tls_new(struct hf_tls_ctx *ctx, const struct hf_tls_options *options,
                          struct hf_tls **out)
{
    static const struct hf_tls_options none;
    struct hf_tls_bond *bond = NULL;
    if (options && options->for_data) {
        bond = hf_tls_bond_new();
        if (!bond)
            return HF_NOMEM;
    }
    return make(ctx, options ? options : &none, bond, false, out);
}

enum hf_status hf_tls_new_data(const struct hf_tls *control, struct hf_tls **out)
{
    struct hf_tls_options options = {.name = control->name, .verify_name = control->verify_name};
    HF_ASSERT(control->bond);
    control->bond->users++;
    return make(control->ctx, &options, control->bond, true, out);
}

static void count(_Atomic uint64_t *n)
{
    atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

void hf_tls_free(struct hf_tls *tls)
{
    if (!tls)
        return;
    if (tls->began && !tls->ready && tls->ctx->counts)
        count(&tls->ctx->counts->failed);
    /* Without this, a connection that was not ended in both directions takes its session with it,
     * which others of the same control connection need. */
    if (tls->ssl && !tls->broken)
        SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(tls->ssl);
    hf_buf_clear(&tls->out);
    hf_buf_clear(&tls->ahead);
    hf_tls_bond_put(tls->bond);
    hf_tls_ctx_put(tls->ctx);
    free(tls->name);
    free(tls->verify_name);
    free(tls->error);
    free(tls);
}

void hf_tls_use(struct hf_tls *tls, struct hf_watch *watch)
{
    tls->watch = watch;
}

/* ---- what went wrong ---- */

const char *hf_tls_error(const struct hf_tls *tls)
{
    return tls->error ? tls->error : "";
}

static void set_error(struct hf_tls *tls, const char *text)
{
    if (!tls->error)
        tls->error = strdup(text);
}

static void set_error_of(struct hf_tls *tls, const char *what, const char *why)
{
    char text[256];
    snprintf(text, sizeof text, "%s%s", what, why);
    set_error(tls, text);
}

/* The first error of OpenSSL's list is the cause, those behind it its consequences. */
static enum hf_status explain(struct hf_tls *tls, unsigned long error)
{
    const char *reason = ERR_reason_error_string(error);
    int code = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    if (code > SSL_AD_REASON_OFFSET) /* an alert that the peer sent */
        reason = SSL_alert_desc_string_long(code - SSL_AD_REASON_OFFSET);
    switch (code) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        set_error_of(tls, "the peer's certificate is refused: ",
                     X509_verify_cert_error_string(SSL_get_verify_result(tls->ssl)));
        return HF_DENIED;
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
        set_error_of(tls, "the peer refused the certificate: ", reason);
        return HF_DENIED;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        set_error(tls, "the peer showed no certificate");
        return HF_DENIED;
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_LENGTH_MISMATCH:
    case SSL_R_BAD_PROTOCOL_VERSION_NUMBER:
        set_error(tls, "the peer does not speak TLS here");
        return HF_INVALID;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_CALLBACK_FAILED: /* strict-sni */
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
    case SSL_R_TLSV1_UNRECOGNIZED_NAME:
        set_error_of(tls, "nothing in common with the peer: ", reason);
        return HF_UNSUPPORTED;
    default:
        set_error_of(tls, "TLS failed: ", reason ? reason : "no reason known");
        return HF_FAILED;
    }
}

/* What an SSL call that did not do it means: HF_AGAIN, HF_EOF (close_notify), or how it broke. */
static enum hf_status outcome(struct hf_tls *tls, int result)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return HF_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return HF_EOF;
    default:
        break;
    }
    unsigned long error = ERR_peek_error();
    if (tls->io && !error) {
        enum hf_status status = tls->io == HF_EOF ? HF_TRUNCATED : (enum hf_status)tls->io;
        set_error(tls, hf_status_text(status));
        return status;
    }
    tls->broken = true;
    return explain(tls, error);
}

/* ---- handshake ---- */

static enum hf_status shake_hands(struct hf_tls *tls)
{
    struct hf_tls_counts *counts = tls->ctx->counts;
    ERR_clear_error();
    tls->began = true;
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1) {
        tls->ready = true;
        if (counts)
            count(hf_tls_resumed(tls) ? &counts->resumed : &counts->full);
        return HF_OK;
    }
    if (tls->io == HF_EOF)
        set_error(tls, "the connection ended during the TLS handshake");
    enum hf_status status = outcome(tls, result);
    return status == HF_TRUNCATED ? HF_EOF : status;
}

enum hf_status hf_tls_handshake(struct hf_tls *tls)
{
    enum hf_status status = hf_tls_flush(tls);
    if (!status && !tls->ready)
        status = shake_hands(tls);
    return status ? status : hf_tls_flush(tls);
}

bool hf_tls_is_ready(const struct hf_tls *tls)
{
    return tls->ready;
}

/* ---- bytes ---- */

static size_t take_ahead(struct hf_tls *tls, void *buf, size_t room)
{
    struct hf_view ahead = hf_buf_view(&tls->ahead);
    size_t n = ahead.n < room ? ahead.n : room;
    memcpy(buf, ahead.p, n);
    hf_buf_drop(&tls->ahead, n);
    return n;
}

enum hf_status hf_tls_recv(struct hf_tls *tls, void *buf, size_t room, size_t *n)
{
    *n = 0;
    if (hf_buf_size(&tls->ahead)) {
        *n = take_ahead(tls, buf, room);
        return HF_OK;
    }
    if (tls->end)
        return (enum hf_status)tls->end;
    ERR_clear_error();
    int result = SSL_read_ex(tls->ssl, buf, room, n);
    tls->starved = false;
    if (result == 1)
        return HF_OK;
    enum hf_status status = outcome(tls, result);
    if (status == HF_AGAIN)
        tls->starved = true;
    else
        tls->end = (uint8_t)status;
    return status;
}

enum hf_status hf_tls_peek(struct hf_tls *tls, void *buf, size_t room, size_t *n)
{
    char *bytes = buf;
    enum hf_status status = HF_OK;
    if (hf_buf_size(&tls->ahead) > room) {
        memcpy(bytes, hf_buf_view(&tls->ahead).p, room);
        *n = room;
        return HF_OK;
    }
    *n = take_ahead(tls, bytes, room);
    while (status == HF_OK && *n < room) {
        size_t got;
        status = hf_tls_recv(tls, bytes + *n, room - *n, &got);
        *n += got;
    }
    if (*n && hf_buf_add(&tls->ahead, bytes, *n, SIZE_MAX) != HF_OK)
        return HF_NOMEM;
    return status;
}

bool hf_tls_can_recv(const struct hf_tls *tls)
{
    return hf_buf_size(&tls->ahead) || tls->watch->ready & HF_READY_IN || tls->end ||
           (!tls->starved && SSL_has_pending(tls->ssl));
}

enum hf_status hf_tls_flush(struct hf_tls *tls)
{
    while (hf_buf_size(&tls->out)) {
        struct hf_view rest = hf_buf_view(&tls->out);
        size_t sent;
        enum hf_status status = send_raw(tls, rest.p, rest.n, &sent);
        hf_buf_drop(&tls->out, sent);
        if (status)
            return status;
    }
    return HF_OK;
}

static enum hf_status encrypt(struct hf_tls *tls, const char *p, size_t size)
{
    size_t n;
    ERR_clear_error();
    int result = SSL_write_ex(tls->ssl, p, size, &n);
    if (result != 1) {
        enum hf_status status = outcome(tls, result);
        return status == HF_AGAIN || status == HF_EOF ? HF_FAILED : status;
    }
    HF_ASSERT(n == size);
    return HF_OK;
}

/* As many records as the batch holds, sent as one. */
static enum hf_status send_batch(struct hf_tls *tls, const char *p, size_t size, size_t *n)
{
    struct hf_loop *loop = tls->watch->loop;
    enum hf_status status = HF_OK;
    tls->batching = true;
    *n = 0;
    while (!status && *n < size && loop->tls_batch_bytes + RECORD_ON_WIRE <= HF_TLS_BATCH_BYTES) {
        size_t piece = size - *n < RECORD_BYTES ? size - *n : RECORD_BYTES;
        status = encrypt(tls, p + *n, piece);
        *n += status ? 0 : piece;
    }
    tls->batching = false;
    size_t bytes = loop->tls_batch_bytes;
    loop->tls_batch_bytes = 0;
    return status ? status : send_or_keep(tls, loop->tls_batch, bytes);
}

enum hf_status hf_tls_send(struct hf_tls *tls, const void *buf, size_t size, size_t *n)
{
    const char *p = buf;
    *n = 0;
    enum hf_status status = hf_tls_flush(tls);
    if (!status && !hf_loop_tls_batch(tls->watch->loop))
        status = HF_NOMEM;
    while (!status && *n < size && hf_buf_size(&tls->out) == 0) {
        size_t taken;
        status = send_batch(tls, p + *n, size - *n, &taken);
        *n += taken;
    }
    return status;
}

enum hf_status hf_tls_shutdown(struct hf_tls *tls)
{
    if (!tls->shut && tls->ready) {
        ERR_clear_error();
        tls->shut = true;
        int result = SSL_shutdown(tls->ssl);
        if (result < 0) {
            enum hf_status status = outcome(tls, result);
            if (status != HF_AGAIN)
                return status;
        }
    }
    return hf_tls_flush(tls);
}

/* ---- what is known of a connection ---- */

const char *hf_tls_version(const struct hf_tls *tls)
{
    return SSL_get_version(tls->ssl);
}

const char *hf_tls_cipher(const struct hf_tls *tls)
{
    return SSL_get_cipher_name(tls->ssl);
}

unsigned hf_tls_cipher_bits(const struct hf_tls *tls, unsigned *algorithm_bits)
{
    int of_algorithm = 0;
    int used = SSL_get_cipher_bits(tls->ssl, &of_algorithm);
    *algorithm_bits = (unsigned)of_algorithm;
    return (unsigned)used;
}

const char *hf_tls_name(const struct hf_tls *tls)
{
    return SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name);
}

const char *hf_tls_alpn(const struct hf_tls *tls, size_t *n)
{
    const unsigned char *name;
    unsigned size;
    SSL_get0_alpn_selected(tls->ssl, &name, &size);
    *n = size;
    return (const char *)name;
}

bool hf_tls_resumed(const struct hf_tls *tls)
{
    return SSL_session_reused(tls->ssl);
}

const void *hf_tls_session_id(const struct hf_tls *tls, size_t *n)
{
    const SSL_SESSION *session = SSL_get_session(tls->ssl);
    unsigned size = 0;
    const void *id = session ? SSL_SESSION_get_id(session, &size) : NULL;
    *n = size;
    return id;
}

long hf_tls_verify_result(const struct hf_tls *tls)
{
    return SSL_get_verify_result(tls->ssl);
}

const struct hf_tls_faults *hf_tls_faults(const struct hf_tls *tls)
{
    return &tls->faults;
}

struct x509_st *hf_tls_peer_cert(const struct hf_tls *tls)
{
    return SSL_get0_peer_certificate(tls->ssl);
}

struct x509_st *hf_tls_own_cert(const struct hf_tls *tls)
{
    return SSL_get_certificate(tls->ssl);
}
