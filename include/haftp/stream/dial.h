/*
 * dial.h: a session's way to a server: choose, wait for a slot, connect, try again elsewhere.
 *
 * Lives only until the session has its server: an established session carries none of this.  The
 * slot of the server is held by the session (session->server) from the moment it is chosen.  A
 * session that is bound to a full server (hf_pick.bound) waits for a slot of that one, others for a
 * slot of any server of the section; newcomers queue behind those who wait.
 */
#ifndef HAFTP_STREAM_DIAL_H
#define HAFTP_STREAM_DIAL_H

#include "haftp/balance/balance.h"
#include "haftp/net/tls.h"
#include "haftp/stream/engine.h"

/* Connected, or given up: then the facts' reason says why. */
typedef void (*hf_dial_fn)(struct hf_session *session, bool connected);

struct hf_dial {
    struct hf_engine *engine;
    struct hf_session *session;
    hf_dial_fn fn;
    struct hf_watch *watch; /* the owner's, for the connection in the making and ever after */
    hf_watch_fn on_ready;
    struct hf_timer timer; /* connect, queue, or the pause before the next try */
    struct hf_pick pick;
    struct hf_waiter *waiter;
    struct hf_waitlist *waiting_at;
    const struct hf_waiter *woken; /* while we look because a slot came free */
    struct hf_reap reap;
    uint64_t started_ms; /* of the whole way */
    struct hf_tls *tls;  /* of a server with `ssl`, until the owner takes it; NULL: none */
    bool speaks_tls;     /* the owner's, before it begins: shake hands where `ssl` asks for it */
    struct hf_server *failed; /* the last try did, with this one; NULL: none has */
    int tries_left;
    bool elsewhere; /* the owner's to set: each try goes to another server, whatever the options */
    bool reached;   /* the connection stands; TLS may not yet */
    bool connected; /* the watch is the owner's alone */
    bool finished;
};

/* Connections are made in `watch`, which is opened with `on_ready`: until we are connected, that
 * calls hf_dial_progress() and nothing else.  NULL: no memory (nothing was begun). */
struct hf_dial *hf_dial_new(struct hf_session *session, struct hf_watch *watch,
                            hf_watch_fn on_ready, hf_dial_fn fn);
/* Begins; `fn` is called later or from within.  `front`: the client's watch, whose bytes stick
 * rules may look at. */
void hf_dial_begin(struct hf_dial *dial, struct hf_watch *front);
void hf_dial_progress(struct hf_dial *dial);
/* The server we connected to is no good after all (`reason`): the next one, within `retries`. */
void hf_dial_again(struct hf_dial *dial, enum hf_reason reason);
/* The client broke off before it had its server.  One that only ended its own direction may have
 * sent all it has to say: HAProxy goes on unless `option abortonclose` is set, and so do we. */
bool hf_dial_client_left(const struct hf_session *session, const struct hf_watch *front);
/* In hf_dial_fn, of a server with `ssl`: its TLS, whose handshake is done; the caller's from now
 * on. NULL: plain text. */
struct hf_tls *hf_dial_take_tls(struct hf_dial *dial);
/* TLS toward the session's server as its line says, `sni` and all; the handshake is the caller's.
 * `for_data`: as in struct hf_tls_options. */
HF_MUST_USE enum hf_status hf_dial_new_tls(struct hf_session *session, bool for_data,
                                           struct hf_tls **out);
/* The server is good: stick rules learn it. */
void hf_dial_succeeded(struct hf_dial *dial);
/* Ends this dial, whatever its state; its memory goes back when no caller holds it. */
void hf_dial_free(struct hf_dial *dial);

#endif
