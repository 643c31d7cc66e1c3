/*
 * track.h: the entries of stick tables that rules count a session under (`track-sc`).
 *
 * Belongs to the session's worker; the tables are everybody's.  A session that tracks nothing has a
 * NULL pointer and no more.  What is tracked is held: it neither expires nor is purged until
 * hf_track_end().
 */
#ifndef HAFTP_STATE_TRACK_H
#define HAFTP_STATE_TRACK_H

#include "haftp/conf/expr.h"
#include "haftp/state/facts.h"
#include "haftp/state/stick.h"

struct hf_track {
    struct hf_stick_table *table;
    struct hf_stick_entry *entry; /* held; NULL: this counter is free */
    enum hf_rule_set by;          /* the kind of rule that began it */
};

/* How much of a connection's bytes was counted. */
struct hf_track_flow {
    uint64_t in, out; /* client to server, server to client */
    uint64_t at_ms;   /* when it was last looked at */
};

struct hf_tracked {
    struct hf_track_flow flow; /* of the session's own connection */
    unsigned n;
    struct hf_track by_counter[];
};

/* Bytes are counted as they go, at most this often for one connection. */
#define HF_TRACK_FLOW_MS 1000u

/* Counts the session under this key, by this counter of `n_counters`.  A counter that is taken
 * stays as it is; but one that an ftp-request rule began follows its key.  Without memory, or with
 * a table that is full of others, nothing is tracked. */
void hf_track_begin(struct hf_facts *facts, unsigned n_counters, unsigned counter,
                    enum hf_rule_set by, struct hf_stick_table *table, struct hf_view key,
                    uint64_t now_ms);
/* The session was let in by the rules that come before its first byte. */
void hf_track_session(struct hf_facts *facts, uint64_t now_ms);
/* A connection of the session has moved so many bytes in all.  Soon again is not looked at, unless
 * `final`.  `tracked` NULL: nothing to do. */
void hf_track_bytes(struct hf_tracked *tracked, struct hf_track_flow *flow, uint64_t in,
                    uint64_t out, bool final, uint64_t now_ms);
/* Lets all entries go.  Idempotent. */
void hf_track_end(struct hf_facts *facts, uint64_t now_ms);
/* NULL: this counter is free. */
struct hf_track *hf_track_of(const struct hf_facts *facts, unsigned counter);

#endif
