/*
 * account.h: what a session counts for: its section and bind, its backend and server.
 *
 * All of it on the worker of the engine, into its shard (haftp/state/tally.h).
 */
#ifndef HAFTP_STREAM_ACCOUNT_H
#define HAFTP_STREAM_ACCOUNT_H

#include "haftp/stream/engine.h"

/* Bytes that moved, of the session or of a transfer with facts of its own: at once, so that long
 * transfers are seen while they run. */
void hf_account_bytes(struct hf_engine *engine, const struct hf_facts *facts, uint64_t in,
                      uint64_t out);
/* A rule of this section, of this set, refused the session, or its reply. */
void hf_account_denial(struct hf_engine *engine, const struct hf_facts *facts,
                       const struct hf_cfg_proxy *section, enum hf_rule_set set);
/* For its section and its bind, which are all that a connection has at first. */
void hf_account_front(struct hf_engine *engine, const struct hf_facts *facts, enum hf_count what);
/* For its backend and this server of it. */
void hf_account_server(struct hf_engine *engine, const struct hf_server *server,
                       enum hf_count what);
/* How it ended, and how long it took. */
void hf_account_end(const struct hf_session *session);

/* How many bytes of a relay were counted already. */
struct hf_accounted {
    uint64_t in, out;
};
/* Counts those that are new.  True: there were any. */
bool hf_account_relay(struct hf_engine *engine, const struct hf_facts *facts, uint64_t in,
                      uint64_t out, struct hf_accounted *before);

#endif
