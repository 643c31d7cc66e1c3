/*
 * leg.c: reads and writes one end of a control connection.
 *
 * It does not know what a line is, nor who is on the other side.
 */
#include "haftp/net/leg.h"

#include <string.h>

#include "haftp/net/socket.h"

enum hf_status hf_leg_open(struct hf_leg *leg, struct hf_loop *loop, int fd, uint8_t ready,
                           hf_watch_fn fn)
{
    memset(leg, 0, sizeof *leg);
    leg->watch.fd = -1;
    return hf_watch_open(&leg->watch, loop, fd, ready, fn);
}

/* ---- writing ---- */

/* As much as goes; HF_OK also when it is not all.  Minds the watch's bits. */
static enum hf_status transmit(struct hf_leg *leg, const char *p, size_t n, size_t *sent)
{
    enum hf_status status;
    *sent = 0;
    if (leg->tls && !leg->handshaking) {
        status = hf_tls_send(leg->tls, p, n, sent);
    } else {
        if (!(leg->watch.ready & HF_READY_OUT))
            return HF_OK;
        status = leg->shut ? hf_socket_send_last(leg->watch.fd, p, n, sent)
                           : hf_socket_send(leg->watch.fd, p, n, sent);
        if (*sent < n)
            leg->watch.ready &= (uint8_t)~HF_READY_OUT;
    }
    return status == HF_AGAIN ? HF_OK : status;
}

enum hf_status hf_leg_send(struct hf_leg *leg, const char *p, size_t n)
{
    size_t sent = 0;
    if (leg->handshaking)
        return HF_UNSUPPORTED;
    if (hf_buf_size(&leg->out) == 0) {
        enum hf_status status = transmit(leg, p, n, &sent);
        if (status != HF_OK)
            return status;
    }
    return sent < n ? hf_buf_add(&leg->out, p + sent, n - sent, HF_LEG_OUT_MAX) : HF_OK;
}

enum hf_status hf_leg_send_urgent(struct hf_leg *leg, const char *p, size_t n)
{
    size_t sent = 0;
    if (leg->tls || hf_buf_size(&leg->out) || !(leg->watch.ready & HF_READY_OUT))
        return hf_leg_send(leg, p, n);
    enum hf_status status = hf_socket_send_urgent(leg->watch.fd, p, n, &sent);
    if (status != HF_OK && status != HF_AGAIN)
        return status;
    return sent < n ? hf_leg_send(leg, p + sent, n - sent) : HF_OK;
}

/* What is in `out`: plain text as long as TLS does not stand. */
static enum hf_status flush_out(struct hf_leg *leg)
{
    while (hf_buf_size(&leg->out)) {
        struct hf_view rest = hf_buf_view(&leg->out);
        size_t sent;
        enum hf_status status = transmit(leg, rest.p, rest.n, &sent);
        if (status != HF_OK)
            return status;
        hf_buf_drop(&leg->out, sent);
        if (sent < rest.n)
            return HF_AGAIN;
    }
    return HF_OK;
}

enum hf_status hf_leg_flush(struct hf_leg *leg)
{
    if (leg->handshaking && !leg->shut)
        return HF_AGAIN;
    enum hf_status status = flush_out(leg);
    if (status == HF_OK && leg->tls)
        status = leg->shut ? hf_tls_shutdown(leg->tls) : hf_tls_flush(leg->tls);
    if (status == HF_OK && leg->shut && !leg->fin_sent) {
        leg->fin_sent = true;
        hf_socket_shutdown_write(leg->watch.fd);
    }
    return status;
}

enum hf_status hf_leg_shutdown(struct hf_leg *leg)
{
    leg->shut = true;
    enum hf_status status = hf_leg_flush(leg);
    return status == HF_AGAIN ? HF_OK : status;
}

enum hf_status hf_leg_send_last(struct hf_leg *leg, const char *p, size_t n)
{
    leg->shut = true; /* from here on the FIN follows the bytes in one segment */
    enum hf_status status = n ? hf_leg_send(leg, p, n) : HF_OK;
    return status == HF_OK ? hf_leg_shutdown(leg) : status;
}

/* ---- TLS ---- */

enum hf_status hf_leg_start_tls(struct hf_leg *leg, struct hf_tls *tls)
{
    if (leg->tls || hf_buf_size(&leg->in)) {
        hf_tls_free(tls);
        return leg->tls ? HF_INVALID : HF_DENIED;
    }
    leg->tls = tls;
    leg->handshaking = true;
    hf_tls_use(tls, &leg->watch);
    return HF_OK;
}

enum hf_status hf_leg_handshake(struct hf_leg *leg)
{
    enum hf_status status = flush_out(leg);
    if (status == HF_OK)
        status = hf_tls_handshake(leg->tls);
    leg->handshaking = status != HF_OK;
    return status;
}

struct hf_tls *hf_leg_retire_tls(struct hf_leg *leg)
{
    struct hf_tls *tls = leg->tls;
    if (tls)
        (void)!hf_tls_shutdown(tls);
    leg->tls = NULL;
    return tls;
}

/* ---- reading ---- */

/* What is there, in plain text; minds the watch's bits. */
static enum hf_status receive(struct hf_leg *leg, char *room, size_t size, size_t *n)
{
    *n = 0;
    if (leg->tls && !leg->handshaking) {
        if (!hf_tls_can_recv(leg->tls))
            return HF_AGAIN;
        enum hf_status status = hf_tls_recv(leg->tls, room, size, n);
        return status == HF_TRUNCATED ? HF_EOF : status;
    }
    if (!(leg->watch.ready & HF_READY_IN))
        return HF_AGAIN;
    enum hf_status status = hf_socket_recv(leg->watch.fd, room, size, n);
    if (status == HF_OK && *n < size) {
        leg->eof = hf_ready_ended(leg->watch.ready);
        if (hf_ready_emptied(leg->watch.ready))
            leg->watch.ready &= (uint8_t)~HF_READY_IN;
    }
    if (status == HF_AGAIN)
        leg->watch.ready &= (uint8_t) ~(HF_READY_IN | HF_READY_PRI);
    return status;
}

enum hf_status hf_leg_read(struct hf_leg *leg, char *room, size_t size, size_t *n)
{
    size_t kept = hf_buf_size(&leg->in);
    if (kept > size)
        return HF_LIMIT;
    if (kept) {
        memcpy(room, leg->in.mem + leg->in.at, kept);
        hf_buf_clear(&leg->in);
    }
    *n = kept;
    if (leg->eof)
        return HF_EOF;
    if (kept == size || (leg->handshaking && !leg->shut))
        return HF_AGAIN;

    size_t got;
    enum hf_status status = receive(leg, room + kept, size - kept, &got);
    *n += got;
    if (status == HF_EOF)
        leg->eof = true;
    return status;
}

enum hf_status hf_leg_keep(struct hf_leg *leg, const char *rest, size_t n)
{
    return n ? hf_buf_add(&leg->in, rest, n, SIZE_MAX) : HF_OK;
}

void hf_leg_close(struct hf_leg *leg, bool reset)
{
    if (!hf_leg_is_open(leg))
        return;
    if (reset)
        hf_socket_reset_on_close(leg->watch.fd);
    else if (leg->tls)
        (void)!hf_tls_shutdown(leg->tls); /* nobody waits for it any more */
    hf_watch_close(&leg->watch);
    hf_buf_clear(&leg->in);
    hf_buf_clear(&leg->out);
    hf_tls_free(leg->tls);
    leg->tls = NULL;
    /* Another connection may follow. */
    leg->eof = leg->shut = leg->fin_sent = leg->handshaking = false;
}
