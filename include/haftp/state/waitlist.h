/*
 * waitlist.h: sessions of any worker that wait, in order, for something to come free.
 *
 * Being woken means "try again", not "it is yours".  Whoever is woken and has no use for it lets
 * the next one be woken; one tries at a time, in order.  Who tried in vain rejoins at its old
 * place, and newcomers join behind whoever waits (hf_waitlist_is_busy_mt) without trying first.
 * What came free between looking and joining woke nobody: look again after joining, or wake the
 * first in line to do so.  A waiter is heap memory of its own, so that it may be in the mail while
 * its session dies.  The list's lock is a leaf.
 */
#ifndef HAFTP_STATE_WAITLIST_H
#define HAFTP_STATE_WAITLIST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "haftp/base/pool.h"
#include "haftp/net/loop.h"

/* How urgent a session is, as set-priority-class and set-priority-offset say; all zero: as others.
 */
struct hf_urgency {
    int16_t class;     /* lower ones go first, whenever they came */
    int32_t offset_ms; /* as if it had come so much later */
};

/* Where somebody stands: by class, then by time, then by the order in which they first joined. */
struct hf_place {
    int16_t class;
    int64_t time_ms;
    uint64_t order; /* never 0 */
};

struct hf_waiter;

/* Who waits. */
struct hf_wait {
    struct hf_loop *loop;
    void *context; /* for fn: the worker's engine */
    hf_id session;
    struct hf_urgency urgency;
    /* Runs on `loop`; must not free the waiter (the waitlist does after it).  Returns false when
     * the session is gone or had no use for what came free, so that the next in line is woken. */
    bool (*fn)(struct hf_waiter *waiter);
};

struct hf_waiter {
    struct hf_mail mail;
    struct hf_waiter *next, *prev;
    struct hf_waitlist *list;
    struct hf_wait who;
    struct hf_place place; /* in line */
    bool queued;           /* under the list's lock: not woken yet */
    bool left; /* on its own loop only: woken, but its session gave up before the mail came */
};

struct hf_waitlist {
    pthread_mutex_t lock;
    struct hf_waiter *head; /* by place */
    uint64_t last_order;
    int64_t last_ms; /* workers' clocks differ by a turn of their loops: time does not go back */
    unsigned owed;   /* wakes that came while others were about to try */
    _Atomic unsigned count; /* in the list */
    _Atomic unsigned most;  /* that were ever in it at a time; or since somebody set it back */
    _Atomic unsigned woken; /* taken off it, and have not tried yet */
};

void hf_waitlist_init(struct hf_waitlist *list);
void hf_waitlist_fini(struct hf_waitlist *list); /* frees waiters still queued */
/* Joins behind all who are as urgent; *ahead (may be NULL) is how many wait.  NULL: no memory. */
struct hf_waiter *hf_waitlist_join_mt(struct hf_waitlist *list, const struct hf_wait *wait,
                                      unsigned *ahead);
/* Within `fn`: the session of this woken waiter waits on, at its old place. */
struct hf_waiter *hf_waitlist_rejoin_mt(const struct hf_waiter *woken);
/* Called on the waiter's own loop by a session that gives up; frees now or when its mail comes. */
void hf_waitlist_leave(struct hf_waitlist *list, struct hf_waiter *waiter);
void hf_waitlist_wake_mt(struct hf_waitlist *list);     /* the first one, if any */
void hf_waitlist_wake_all_mt(struct hf_waitlist *list); /* all that wait now */
/* Somebody waits at both, and the first in line at `a` is before the first at `b`. */
bool hf_waitlist_precedes_mt(struct hf_waitlist *a, struct hf_waitlist *b);
unsigned hf_waitlist_count_mt(const struct hf_waitlist *list);
/* Somebody waits, or was woken and is about to try. */
bool hf_waitlist_is_busy_mt(const struct hf_waitlist *list);

#endif
