/*
 * waitlist.c: a queue of waiters, woken one at a time by mail to their own loop.
 */
#include "haftp/state/waitlist.h"

#include <stdlib.h>
#include <utlist.h>

#include "haftp/base/assert.h"

void hf_waitlist_init(struct hf_waitlist *list)
{
    pthread_mutex_init(&list->lock, NULL);
    list->head = NULL;
    atomic_init(&list->count, 0);
}

void hf_waitlist_fini(struct hf_waitlist *list)
{
    struct hf_waiter *waiter, *next;
    DL_FOREACH_SAFE(list->head, waiter, next)
    free(waiter);
    list->head = NULL;
    atomic_store(&list->count, 0);
    pthread_mutex_destroy(&list->lock);
}

struct hf_waiter *hf_waitlist_join_mt(struct hf_waitlist *list, struct hf_loop *loop, void *context,
                                      hf_id session, bool (*fn)(struct hf_waiter *),
                                      unsigned *ahead)
{
    struct hf_waiter *waiter = calloc(1, sizeof *waiter);
    if (!waiter)
        return NULL;
    waiter->loop = loop;
    waiter->list = list;
    waiter->context = context;
    waiter->session = session;
    waiter->fn = fn;

    pthread_mutex_lock(&list->lock);
    waiter->queued = true;
    DL_APPEND(list->head, waiter);
    unsigned before = atomic_fetch_add(&list->count, 1);
    pthread_mutex_unlock(&list->lock);
    if (ahead)
        *ahead = before;
    /* Pairs with the fence in wake: our second look comes after we are counted. */
    atomic_thread_fence(memory_order_seq_cst);
    return waiter;
}

static void take_off_locked(struct hf_waitlist *list, struct hf_waiter *waiter)
{
    DL_DELETE(list->head, waiter);
    waiter->queued = false;
    atomic_fetch_sub(&list->count, 1);
}

void hf_waitlist_leave(struct hf_waitlist *list, struct hf_waiter *waiter)
{
    HF_ASSERT(waiter->list == list);
    pthread_mutex_lock(&list->lock);
    bool queued = waiter->queued;
    if (queued)
        take_off_locked(list, waiter);
    pthread_mutex_unlock(&list->lock);

    /* No longer queued: its mail is on the way to this loop and finds out there. */
    if (queued)
        free(waiter);
    else
        waiter->left = true;
}

static void on_woken(struct hf_mail *mail)
{
    struct hf_waiter *waiter = HF_CONTAINER(mail, struct hf_waiter, mail);
    struct hf_waitlist *list = waiter->list;
    bool awake = !waiter->left && waiter->fn(waiter);

    free(waiter);
    if (!awake)
        hf_waitlist_wake_mt(list);
}

void hf_waitlist_wake_mt(struct hf_waitlist *list)
{
    /* Mostly nobody waits, and then no lock is taken.  What came free was counted before this
     * fence, so either we see the waiter, or its second look sees what came free. */
    atomic_thread_fence(memory_order_seq_cst);
    if (hf_waitlist_count_mt(list) == 0)
        return;

    pthread_mutex_lock(&list->lock);
    struct hf_waiter *first = list->head;
    if (first)
        take_off_locked(list, first);
    pthread_mutex_unlock(&list->lock);
    if (!first)
        return;
    first->mail.fn = on_woken;
    hf_mail_post_mt(first->loop, &first->mail);
}

void hf_waitlist_wake_all_mt(struct hf_waitlist *list)
{
    /* Counted once: those who look in vain and join again are not woken a second time. */
    for (unsigned n = hf_waitlist_count_mt(list); n > 0; n--)
        hf_waitlist_wake_mt(list);
}

unsigned hf_waitlist_count_mt(const struct hf_waitlist *list)
{
    return atomic_load_explicit(&list->count, memory_order_relaxed);
}
