/*
 * waitlist.h: sessions of any worker that wait, in order, for something to come free.
 *
 * Being woken means "try again", not "it is yours".  Whoever is woken and is gone lets the next one
 * be woken.  What came free between looking and joining woke nobody: look again after joining.  A
 * waiter is heap memory of its own, so that it may be in the mail while its session dies.  The
 * list's lock is a leaf.
 */
#ifndef HAFTP_STATE_WAITLIST_H
#define HAFTP_STATE_WAITLIST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "haftp/base/pool.h"
#include "haftp/net/loop.h"

struct hf_waiter {
    struct hf_mail mail;
    struct hf_waiter *next, *prev;
    struct hf_loop *loop;
    struct hf_waitlist *list;
    bool queued;   /* under the list's lock: not woken yet */
    bool left;     /* on `loop` only: woken, but its session gave up before the mail came */
    void *context; /* the worker's engine, for fn */
    hf_id session;
    /* Runs on `loop`; must not free the waiter (the waitlist does after it).  Returns false when
     * the session is gone, so that the next waiter is woken instead. */
    bool (*fn)(struct hf_waiter *waiter);
};

struct hf_waitlist {
    pthread_mutex_t lock;
    struct hf_waiter *head;
    _Atomic unsigned count;
};

void hf_waitlist_init(struct hf_waitlist *list);
void hf_waitlist_fini(struct hf_waitlist *list); /* frees waiters still queued */
/* Appends; *ahead (may be NULL) is how many wait before.  NULL: no memory. */
struct hf_waiter *hf_waitlist_join_mt(struct hf_waitlist *list, struct hf_loop *loop, void *context,
                                      hf_id session, bool (*fn)(struct hf_waiter *),
                                      unsigned *ahead);
/* Called on the waiter's own loop by a session that gives up; frees now or when its mail comes. */
void hf_waitlist_leave(struct hf_waitlist *list, struct hf_waiter *waiter);
void hf_waitlist_wake_mt(struct hf_waitlist *list);     /* the first one, if any */
void hf_waitlist_wake_all_mt(struct hf_waitlist *list); /* all that wait now */
unsigned hf_waitlist_count_mt(const struct hf_waitlist *list);

#endif
