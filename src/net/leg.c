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
    if (!(leg->watch.ready & HF_READY_IN) || kept == size)
        return HF_AGAIN;

    size_t got = 0;
    enum hf_status status = hf_socket_recv(leg->watch.fd, room + kept, size - kept, &got);
    if (status == HF_OK) {
        *n += got;
        if (got < size - kept) {
            leg->eof = hf_ready_ended(leg->watch.ready);
            if (hf_ready_emptied(leg->watch.ready))
                leg->watch.ready &= (uint8_t)~HF_READY_IN;
        }
        return HF_OK;
    }
    if (status == HF_AGAIN)
        leg->watch.ready &= (uint8_t) ~(HF_READY_IN | HF_READY_PRI);
    if (status == HF_EOF)
        leg->eof = true;
    return status;
}

enum hf_status hf_leg_keep(struct hf_leg *leg, const char *rest, size_t n)
{
    return n ? hf_buf_add(&leg->in, rest, n, SIZE_MAX) : HF_OK;
}

enum hf_status hf_leg_send(struct hf_leg *leg, const char *p, size_t n)
{
    size_t sent = 0;
    if (hf_buf_size(&leg->out) == 0 && (leg->watch.ready & HF_READY_OUT)) {
        enum hf_status status = leg->shut ? hf_socket_send_last(leg->watch.fd, p, n, &sent)
                                          : hf_socket_send(leg->watch.fd, p, n, &sent);
        if (status != HF_OK && status != HF_AGAIN)
            return status;
        if (sent < n)
            leg->watch.ready &= (uint8_t)~HF_READY_OUT;
    }
    return sent < n ? hf_buf_add(&leg->out, p + sent, n - sent, HF_LEG_OUT_MAX) : HF_OK;
}

enum hf_status hf_leg_flush(struct hf_leg *leg)
{
    while (hf_buf_size(&leg->out)) {
        if (!(leg->watch.ready & HF_READY_OUT))
            return HF_AGAIN;
        struct hf_view rest = hf_buf_view(&leg->out);
        size_t sent = 0;
        enum hf_status status = hf_socket_send(leg->watch.fd, rest.p, rest.n, &sent);
        if (status == HF_AGAIN || (status == HF_OK && sent < rest.n))
            leg->watch.ready &= (uint8_t)~HF_READY_OUT;
        if (status != HF_OK)
            return status;
        hf_buf_drop(&leg->out, sent);
    }
    if (leg->shut && !leg->fin_sent) {
        leg->fin_sent = true;
        hf_socket_shutdown_write(leg->watch.fd);
    }
    return HF_OK;
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

void hf_leg_close(struct hf_leg *leg, bool reset)
{
    if (!hf_leg_is_open(leg))
        return;
    if (reset)
        hf_socket_reset_on_close(leg->watch.fd);
    hf_watch_close(&leg->watch);
    hf_buf_clear(&leg->in);
    hf_buf_clear(&leg->out);
    leg->eof = leg->shut = leg->fin_sent = false; /* another connection may follow */
}
