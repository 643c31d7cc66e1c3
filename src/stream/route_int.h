/*
 * route_int.h: use_backend and use-server.  Private to src/stream.
 */
#ifndef HAFTP_STREAM_ROUTE_INT_H
#define HAFTP_STREAM_ROUTE_INT_H

#include "haftp/rules/eval.h"
#include "haftp/stream/engine.h"

/* All that is known now; nothing is waited for any more. */
void hf_route_know(struct hf_eval *eval, struct hf_session *session, struct hf_watch *front,
                   const struct hf_cfg_proxy *section);
/* The first `use_backend` that applies, else the default one; counts the session there.  `front`:
 * the client's watch, whose bytes the conditions may look at. */
void hf_route_backend(struct hf_session *session, struct hf_watch *front);
/* The first `use-server` that applies and whose server can be used: session->wanted. */
void hf_route_server(struct hf_session *session, struct hf_watch *front);

#endif
