/*
 * listener.h: accepts connections on one loop, in bounded batches, with pause and back-off.
 *
 * The socket is made beforehand (hf_socket_listen, before privileges are dropped and threads
 * start).  Belongs to its loop's thread; embedded in its owner.
 */
#ifndef HAFTP_NET_LISTENER_H
#define HAFTP_NET_LISTENER_H

#include "haftp/base/addr.h"
#include "haftp/net/loop.h"

struct hf_listener;

/* Takes the accepted descriptor.  Returning false pauses the listener (a limit was met and the
 * descriptor was dealt with all the same). */
typedef bool (*hf_accept_fn)(struct hf_listener *listener, int fd, const struct hf_addr *peer);
/* Told each time that accepting is put off for want of descriptors or memory. */
typedef void (*hf_nofd_fn)(struct hf_listener *listener, enum hf_status why);

struct hf_listener {
    struct hf_watch watch;
    struct hf_timer backoff; /* out of descriptors: try again in a moment */
    hf_accept_fn on_accept;
    hf_nofd_fn on_nofd; /* the owner's to set; NULL: nobody asks */
    void *owner;        /* for the callbacks */
    const void *slot;   /* what this listener stands for: a bind, a data port */
    bool paused;        /* by on_accept */
    bool held;          /* by hf_listener_hold() */
    unsigned batch;     /* accepts per turn */
};

/* Zero the listener first.  Takes the listening socket, unless it fails (HF_NOMEM, HF_LIMIT): then
 * it is still the caller's.  `batch` 0: 64. */
HF_MUST_USE enum hf_status hf_listener_open(struct hf_listener *listener, struct hf_loop *loop,
                                            int fd, unsigned batch, hf_accept_fn on_accept,
                                            void *owner);
void hf_listener_pause(struct hf_listener *listener);
/* What waited in the backlog is accepted in the next turn. */
void hf_listener_resume(struct hf_listener *listener);
/* While it is held nothing is accepted, whatever resumes it; connections wait in the backlog. */
void hf_listener_hold(struct hf_listener *listener, bool held);
void hf_listener_close(struct hf_listener *listener); /* idempotent */

#endif
