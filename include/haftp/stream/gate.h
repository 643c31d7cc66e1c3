/*
 * gate.h: the door of a section: accepts while there is room, and keeps the rest in the kernel's
 * queue.
 *
 * maxconn (of the process, of the section) is exact with any number of workers: a connection that
 * was accepted but finds no room is kept aside, and its listener pauses, until a session ends
 * anywhere.  The rates (maxconnrate, maxsessrate, rate-limit sessions) are kept the same way: it
 * waits until the next one may begin.  Where TLS begins at once, maxsslrate is, too, and maxsslconn
 * where there is TLS on any side.  Who has waited longest comes first, whatever gate he waits at.
 */
#ifndef HAFTP_STREAM_GATE_H
#define HAFTP_STREAM_GATE_H

#include "haftp/net/listener.h"
#include "haftp/stream/engine.h"

struct hf_gate;

/* Begins a session with this connection, and owns it from then on; called with the counters raised.
 * False when it could not (memory): the gate closes the descriptor and lowers the counters. */
typedef bool (*hf_gate_fn)(struct hf_engine *engine, const struct hf_cfg_bind *bind, int fd,
                           const struct hf_addr *peer);

/* Opens a gate on a listening descriptor; NULL (and the descriptor closed) when out of memory. */
struct hf_gate *hf_gate_open(struct hf_engine *engine, const struct hf_cfg_bind *bind,
                             int listen_fd, hf_gate_fn fn);
void hf_gate_hold(struct hf_gate *gate, bool held); /* see hf_listener_hold() */
/* Closes it, and lets in whom it has accepted already: limits are exceeded by that one. */
void hf_gate_retire(struct hf_gate *gate);
void hf_gate_close(struct hf_gate *gate); /* stops listening; frees */

/* For `on_nofd` of every listener of a worker, data ports included: tells the log, now and then,
 * what is short and what to do. */
void hf_gate_put_off(struct hf_listener *listener, enum hf_status why);

/* A session of this section, accepted at this bind, has ended: whoever waits at a gate may try.
 * Not its places of maxsslconn: see below. */
void hf_gate_leave_mt(struct hf_proxy *frontend, const struct hf_cfg_bind *bind);

/* How many places of maxsslconn a session takes to get in here: one for TLS from the first byte,
 * one for that of a server that it may get.  Taken together and before anything is known, as
 * sessions that hold one and wait for another could all wait for each other. */
unsigned hf_gate_tls_places(const struct hf_proxy *frontend, const struct hf_cfg_bind *bind);
/* A session that is inside begins TLS with its client, which takes a place more: false when
 * maxsslconn or maxsslrate does not permit that now, or others wait for it. */
bool hf_gate_enter_tls_mt(struct hf_runtime *runtime, uint64_t now_ms);
void hf_gate_leave_tls_mt(struct hf_runtime *runtime, unsigned n_places);

#endif
