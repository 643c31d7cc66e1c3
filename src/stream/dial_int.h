/*
 * dial_int.h: what the files of a dial have among themselves: dial.c, dial_slot.c, dial_tls.c.
 */
#ifndef HAFTP_STREAM_DIAL_INT_H
#define HAFTP_STREAM_DIAL_INT_H

#include "haftp/stream/dial.h"

/* dial.c */
/* It ends without a server. */
void hf_dial_give_up(struct hf_dial *dial, enum hf_reason reason, enum hf_phase phase);
/* The same servers once more, after a moment. */
void hf_dial_pause(struct hf_dial *dial);
/* To the session's server, of which it has a slot. */
void hf_dial_connect(struct hf_dial *dial);

/* dial_slot.c */
/* Now, or when a slot comes free; then it connects. */
void hf_dial_choose(struct hf_dial *dial);
void hf_dial_stop_waiting(struct hf_dial *dial); /* idempotent */
void hf_dial_mark_tried(struct hf_pick *pick, const struct hf_server *server);

/* dial_tls.c */
/* Bytes may be said to the server: its TLS stands, or it has none.  False also when the next try
 * has begun. */
HF_MUST_USE bool hf_dial_is_secure(struct hf_dial *dial);
void hf_dial_drop_tls(struct hf_dial *dial); /* the facts do not tell of it any more */

static inline struct hf_proxy *hf_dial_backend(const struct hf_session *session)
{
    return (struct hf_proxy *)session->facts.backend;
}

static inline const struct hf_cfg_timeouts *hf_dial_timeouts(const struct hf_session *session)
{
    return &session->facts.backend->cfg->o.timeout;
}

#endif
