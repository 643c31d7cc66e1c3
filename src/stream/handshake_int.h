/*
 * handshake_int.h: the TLS handshake of a client, before any rule looks at its session.
 *
 * Driven by whoever admits the session (admit.c), on the events of the client's watch.
 */
#ifndef HAFTP_STREAM_HANDSHAKE_INT_H
#define HAFTP_STREAM_HANDSHAKE_INT_H

#include "haftp/stream/rules.h"

/* PASS at once without TLS (facts.front_tls).  REJECT was logged, with the reason. */
HF_MUST_USE enum hf_ruling hf_handshake_run(struct hf_session *session);
/* The time for it is over: logged. */
void hf_handshake_timed_out(struct hf_session *session);

#endif
