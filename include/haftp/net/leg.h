/*
 * leg.h: one end of a control connection: a watched socket, unread input, unsent output.
 *
 * Input that is not consumed and output that the peer does not take are kept in buffers that exist
 * only while they hold something: an idle leg is its descriptor and nothing else.  One loop;
 * embedded in its session.
 */
#ifndef HAFTP_NET_LEG_H
#define HAFTP_NET_LEG_H

#include "haftp/base/buf.h"
#include "haftp/net/loop.h"

struct hf_leg {
    struct hf_watch watch;
    struct hf_buf in;  /* read, not consumed: a partial line, or a reply that must wait */
    struct hf_buf out; /* to be sent when the socket takes it */
    bool eof;          /* the peer sent FIN and we read up to it */
    bool shut;         /* we sent FIN, or will once `out` is empty */
    bool fin_sent;
};

/* Before anything else: a leg without a connection. */
static inline void hf_leg_init(struct hf_leg *leg)
{
    leg->watch.fd = -1;
}
HF_MUST_USE enum hf_status hf_leg_open(struct hf_leg *leg, struct hf_loop *loop, int fd,
                                       uint8_t ready, hf_watch_fn fn);
static inline bool hf_leg_is_open(const struct hf_leg *leg)
{
    return leg->watch.fd >= 0;
}

/* Puts what is unconsumed at the front of `room` and reads behind it.  *n is how many bytes are
 * there now. HF_OK (something new), HF_AGAIN (nothing new), HF_EOF (nothing more will come), or how
 * the connection broke. What the caller does not use goes back with hf_leg_keep(). */
HF_MUST_USE enum hf_status hf_leg_read(struct hf_leg *leg, char *room, size_t size, size_t *n);
/* The unconsumed rest of what hf_leg_read() returned.  HF_NOMEM. */
HF_MUST_USE enum hf_status hf_leg_keep(struct hf_leg *leg, const char *rest, size_t n);

/* Sends, or queues what does not fit.  HF_LIMIT when more than HF_LEG_OUT_MAX would wait; else how
 * it broke. */
#define HF_LEG_OUT_MAX (256u * 1024u)
HF_MUST_USE enum hf_status hf_leg_send(struct hf_leg *leg, const char *p, size_t n);
/* Sends what waits, and FIN after it if asked for.  HF_AGAIN: some is left. */
HF_MUST_USE enum hf_status hf_leg_flush(struct hf_leg *leg);
/* FIN once everything queued has left. */
HF_MUST_USE enum hf_status hf_leg_shutdown(struct hf_leg *leg);
/* Last bytes (n may be 0) and the FIN behind them, in one segment where there is room for it. */
HF_MUST_USE enum hf_status hf_leg_send_last(struct hf_leg *leg, const char *p, size_t n);
/* Idempotent.  `reset`: the peer shall see a reset. */
void hf_leg_close(struct hf_leg *leg, bool reset);

#endif
