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
#include "haftp/net/tls.h"

struct hf_leg {
    struct hf_watch watch;
    struct hf_buf in;  /* read, not consumed: a partial line, or a reply that must wait */
    struct hf_buf out; /* to be sent when the socket takes it */
    bool eof;          /* the peer sent FIN and we read up to it */
    bool shut;         /* we sent FIN, or will once `out` is empty */
    bool fin_sent;
    bool handshaking;   /* TLS begins: nothing is read or sent until it stands */
    struct hf_tls *tls; /* NULL: plain text */
};

/* Before anything else: a leg without a connection. */
static inline void hf_leg_init(struct hf_leg *leg)
{
    leg->watch.fd = -1;
}
/* As hf_watch_open(): on failure fd is still the caller's. */
HF_MUST_USE enum hf_status hf_leg_open(struct hf_leg *leg, struct hf_loop *loop, int fd,
                                       uint8_t ready, hf_watch_fn fn);
static inline bool hf_leg_is_open(const struct hf_leg *leg)
{
    return leg->watch.fd >= 0;
}

/* From here on TLS, in the middle of a connection (AUTH TLS) or at its beginning.  What was queued
 * leaves in plain text before it.  HF_DENIED when the peer has sent something that was not
 * consumed: whoever stands between us could have written it, so the caller must close
 * (CVE-2011-0411).  Takes `tls`, also when it fails.  The caller goes on with hf_leg_handshake().
 */
HF_MUST_USE enum hf_status hf_leg_start_tls(struct hf_leg *leg, struct hf_tls *tls);
/* At once and at every event while `handshaking`: as hf_tls_handshake(); hf_tls_error(leg->tls) has
 * the words. */
HF_MUST_USE enum hf_status hf_leg_handshake(struct hf_leg *leg);

/* TLS of a leg that is about to be closed: says that we send no more, and gives it away, for those
 * who ask what it was; nothing else can be done with it.  NULL: none. */
struct hf_tls *hf_leg_retire_tls(struct hf_leg *leg);

/* Puts what is unconsumed at the front of `room` and reads behind it.  *n is how many bytes are
 * there now. HF_OK (something new), HF_AGAIN (nothing new), HF_EOF (nothing more will come), or how
 * the connection broke. What the caller does not use goes back with hf_leg_keep().  Under TLS an
 * end without close_notify is HF_EOF, too: a command that was cut off has no line end.  Behind a
 * handshake that failed, once we have said that we send no more: whatever comes, to be discarded.
 */
HF_MUST_USE enum hf_status hf_leg_read(struct hf_leg *leg, char *room, size_t size, size_t *n);
/* The unconsumed rest of what hf_leg_read() returned.  HF_NOMEM. */
HF_MUST_USE enum hf_status hf_leg_keep(struct hf_leg *leg, const char *rest, size_t n);

/* Sends, or queues what does not fit.  HF_LIMIT when more than HF_LEG_OUT_MAX would wait; else how
 * it broke. */
#define HF_LEG_OUT_MAX (256u * 1024u)
HF_MUST_USE enum hf_status hf_leg_send(struct hf_leg *leg, const char *p, size_t n);
/* The same, and the last byte is urgent data (RFC 1122 4.2.2.4) if it leaves at once and in plain
 * text; else it is a byte like any other. */
HF_MUST_USE enum hf_status hf_leg_send_urgent(struct hf_leg *leg, const char *p, size_t n);
/* Sends what waits, and the end (close_notify, FIN) after it if asked for.  HF_AGAIN: some is left.
 */
HF_MUST_USE enum hf_status hf_leg_flush(struct hf_leg *leg);
/* FIN once everything queued has left. */
HF_MUST_USE enum hf_status hf_leg_shutdown(struct hf_leg *leg);
/* Last bytes (n may be 0) and the FIN behind them, in one segment where there is room for it. */
HF_MUST_USE enum hf_status hf_leg_send_last(struct hf_leg *leg, const char *p, size_t n);
/* Idempotent.  `reset`: the peer shall see a reset. */
void hf_leg_close(struct hf_leg *leg, bool reset);

#endif
