/*
 * loop.h: one thread's event loop: libuv, watched descriptors, timers, mail and the reaper.
 *
 * Descriptors of sessions are registered once, edge-triggered, in an epoll set of ours: one system
 * call per descriptor's life instead of one per change of interest, and nothing of libuv's in a
 * session's memory.  libuv is embedded in it through its backend descriptor, and carries signals,
 * mail wake-ups and the wheel's clock.
 *
 * Everything here belongs to the loop's thread, except functions ending in _mt.
 */
#ifndef HAFTP_NET_LOOP_H
#define HAFTP_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "haftp/base/status.h"
#include "haftp/base/wheel.h"

struct hf_loop;

/* ---- life ---- */
/* NULL: no memory or descriptors.  Makes the process ignore SIGPIPE. */
struct hf_loop *hf_loop_new(void);
/* All watches must be closed.  Runs what waits for the reaper; mail that nobody took is lost. */
void hf_loop_free(struct hf_loop *loop);
/* Until hf_loop_stop(); the reaper runs before it returns. */
void hf_loop_run(struct hf_loop *loop);
/* After the loop has stopped and its sessions were closed: delivers waiting mail and runs the
 * reaper until nothing waits, so that owners may be freed. */
void hf_loop_settle(struct hf_loop *loop);
void hf_loop_stop(struct hf_loop *loop);
uv_loop_t *hf_loop_uv(struct hf_loop *loop);

/* ---- clock and timers ---- */
uint64_t hf_loop_now(const struct hf_loop *loop); /* monotonic ms, refreshed once per turn */
void hf_loop_timer(struct hf_loop *loop, struct hf_timer *timer, uint64_t after_ms, hf_timer_fn fn);
void hf_loop_timer_cancel(struct hf_loop *loop, struct hf_timer *timer);

/* ---- watched descriptors ---- */
enum {
    HF_READY_IN = 1,  /* a read would not block, as far as we know */
    HF_READY_OUT = 2, /* a write would not block, as far as we know */
    HF_READY_HUP = 4, /* FIN came or the connection broke: after a short read, read on to the end */
    HF_READY_PRI = 8, /* urgent data: a read stops at its mark, so read on until it would block */
    HF_READY_ERR = 16 /* it broke (HUP, IN and OUT are set, too): reading to the end says how */
};

/* After a read that did not fill its room: the socket is empty, unless urgent data (an ABOR's
 * Telnet Synch), before which every read stops, or an end is near. */
static inline bool hf_ready_emptied(uint8_t ready)
{
    return !(ready & (HF_READY_HUP | HF_READY_PRI));
}
/* After such a read: all of it was read, the FIN came before. */
static inline bool hf_ready_ended(uint8_t ready)
{
    return (ready & (HF_READY_HUP | HF_READY_PRI | HF_READY_ERR)) == HF_READY_HUP;
}

struct hf_watch;
typedef void (*hf_watch_fn)(struct hf_watch *watch);

/* Embedded in its owner.  Edge-triggered: the bits of `ready` are set by the loop and cleared by
 * whoever met "would block" (or a short read, when HUP is not set). */
struct hf_watch {
    int fd; /* -1: closed */
    uint8_t ready;
    bool queued; /* by hf_watch_again() or hf_watch_later() */
    struct hf_watch *queue_next;
    hf_watch_fn fn;
    struct hf_loop *loop;
};

/* Takes the (non-blocking) descriptor.  `ready` begins as given: a fresh socket of accept4() is
 * HF_READY_OUT.  What is true of it already is reported in the next turn, too.  HF_NOMEM/HF_LIMIT:
 * not watched, fd still the caller's. */
HF_MUST_USE enum hf_status hf_watch_open(struct hf_watch *watch, struct hf_loop *loop, int fd,
                                         uint8_t ready, hf_watch_fn fn);
/* The same, but a descriptor that cannot be watched is closed. */
HF_MUST_USE enum hf_status hf_watch_open_or_close(struct hf_watch *watch, struct hf_loop *loop,
                                                  int fd, uint8_t ready, hf_watch_fn fn);
/* How a connection in the making (watched since connect() with ready 0) stands: HF_OK, HF_AGAIN, or
 * why it failed. */
HF_MUST_USE enum hf_status hf_watch_connected(const struct hf_watch *watch);
/* Call fn again in the next turn, for work that was cut short to be fair to others. */
void hf_watch_again(struct hf_watch *watch);
/* Call fn when all events of this turn were handled, for work that takes long and in which a
 * fraction of a millisecond is nothing: bulk data.  Those called so share a slice of each turn, in
 * the order in which they asked, so that a command never waits for more than that slice. */
void hf_watch_later(struct hf_watch *watch);
/* True in a call that hf_watch_later() asked for: now is the time. */
bool hf_loop_is_late(const struct hf_loop *loop);
/* Closes the descriptor now; no callback comes after this, not even for events already fetched.
 * Idempotent; a zeroed watch counts as closed.  The owner may be on the call stack: release its
 * memory through hf_loop_reap(). */
void hf_watch_close(struct hf_watch *watch);
/* The same without closing: hands the descriptor back (to give it to another owner or loop); -1 if
 * closed. */
int hf_watch_take(struct hf_watch *watch);

/* ---- reaper ---- */
struct hf_reap {
    struct hf_reap *next;
    void (*fn)(struct hf_reap *reap);
};
/* Calls fn after the current batch of events, when no caller up the stack holds the object. */
void hf_loop_reap(struct hf_loop *loop, struct hf_reap *reap, void (*fn)(struct hf_reap *reap));

/* ---- mail ---- */
struct hf_mail {
    struct hf_mail *next;
    void (*fn)(struct hf_mail *mail);
};
/* `fn` runs on the receiving loop and owns the mail from then on; mail of one sender keeps its
 * order. From any thread.  The mail is embedded in memory that the sender gives away. */
void hf_mail_post_mt(struct hf_loop *loop, struct hf_mail *mail);

/* A scratch buffer of this loop for one call's duration: nobody keeps a pointer into it. */
#define HF_SCRATCH_BYTES (256u * 1024u)
char *hf_loop_scratch(struct hf_loop *loop);

#endif
