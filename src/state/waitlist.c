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
    list->last_order = 0;
    list->last_ms = 0;
    list->owed = 0;
    atomic_init(&list->count, 0);
    atomic_init(&list->most, 0);
    atomic_init(&list->woken, 0);
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

static bool is_before(const struct hf_place *a, const struct hf_place *b)
{
    if (a->class != b->class)
        return a->class < b->class;
    return a->time_ms != b->time_ms ? a->time_ms < b->time_ms : a->order < b->order;
}

static int by_place(const struct hf_waiter *a, const struct hf_waiter *b)
{
    return is_before(&a->place, &b->place) ? -1 : is_before(&b->place, &a->place);
}

static struct hf_place new_place_locked(struct hf_waitlist *list, int64_t now_ms,
                                        struct hf_urgency urgency)
{
    if (now_ms > list->last_ms)
        list->last_ms = now_ms;
    return (struct hf_place){.class = urgency.class,
                             .time_ms = list->last_ms + urgency.offset_ms,
                             .order = ++list->last_order};
}

/* Returns how many were in the list.  Those who come back are mostly the first or the last. */
static unsigned put_on_locked(struct hf_waitlist *list, struct hf_waiter *waiter)
{
    waiter->queued = true;
    if (list->head && by_place(list->head->prev, waiter) > 0)
        DL_INSERT_INORDER(list->head, waiter, by_place);
    else
        DL_APPEND(list->head, waiter);
    unsigned before = atomic_fetch_add(&list->count, 1);
    if (before >= atomic_load_explicit(&list->most, memory_order_relaxed))
        atomic_store_explicit(&list->most, before + 1, memory_order_relaxed);
    return before;
}

struct hf_waiter *hf_waitlist_join_mt(struct hf_waitlist *list, const struct hf_wait *wait,
                                      unsigned *ahead)
{
    struct hf_waiter *waiter = calloc(1, sizeof *waiter);
    if (!waiter)
        return NULL;
    waiter->list = list;
    waiter->who = *wait;

    pthread_mutex_lock(&list->lock);
    waiter->place = new_place_locked(list, (int64_t)hf_loop_now(wait->loop), wait->urgency);
    unsigned before = put_on_locked(list, waiter) + atomic_load(&list->woken);
    pthread_mutex_unlock(&list->lock);
    if (ahead)
        *ahead = before;
    return waiter;
}

struct hf_waiter *hf_waitlist_rejoin_mt(const struct hf_waiter *woken)
{
    struct hf_waitlist *list = woken->list;
    struct hf_waiter *waiter = calloc(1, sizeof *waiter);
    if (!waiter)
        return NULL;
    waiter->list = list;
    waiter->who = woken->who;
    waiter->place = woken->place;

    pthread_mutex_lock(&list->lock);
    put_on_locked(list, waiter);
    pthread_mutex_unlock(&list->lock);
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

/* Takes the first in line behind `place` (NULL: of all) off the list, to be woken; NULL: there is
 * none. */
static struct hf_waiter *rouse_locked(struct hf_waitlist *list, const struct hf_place *place)
{
    struct hf_waiter *first = list->head;
    while (first && place && !is_before(place, &first->place))
        first = first->next;
    if (first) {
        atomic_fetch_add(&list->woken, 1); /* first: nobody may find the list idle in between */
        take_off_locked(list, first);
    }
    return first;
}

static void on_woken(struct hf_mail *mail);

static void post(struct hf_waiter *waiter)
{
    if (!waiter)
        return;
    waiter->mail.fn = on_woken;
    hf_mail_post_mt(waiter->who.loop, &waiter->mail);
}

/* Who is to be woken after this one has had its look; not those before it, or an unused wake would
 * go round and round. */
static struct hf_waiter *next_after_locked(struct hf_waitlist *list, const struct hf_waiter *woken,
                                           bool used)
{
    struct hf_waiter *next = used ? NULL : rouse_locked(list, &woken->place);
    if (!next && list->owed > 0 && atomic_load(&list->woken) == 0) {
        list->owed--;
        next = rouse_locked(list, NULL);
    }
    return next;
}

static void on_woken(struct hf_mail *mail)
{
    struct hf_waiter *waiter = HF_CONTAINER(mail, struct hf_waiter, mail);
    struct hf_waitlist *list = waiter->list;
    bool used = !waiter->left && waiter->who.fn(waiter);

    pthread_mutex_lock(&list->lock);
    atomic_fetch_sub(&list->woken, 1);
    struct hf_waiter *next = next_after_locked(list, waiter, used);
    pthread_mutex_unlock(&list->lock);
    free(waiter);
    post(next);
}

/* Mostly nobody waits, and then no lock is taken.  A read-modify-write, like the one by which a
 * waiter is counted: whichever comes second sees what was done before the other.  So either we see
 * the waiter, or its second look sees what came free. */
static unsigned count_after_change(struct hf_waitlist *list)
{
    return atomic_fetch_add_explicit(&list->count, 0, memory_order_acq_rel);
}

void hf_waitlist_wake_mt(struct hf_waitlist *list)
{
    struct hf_waiter *first = NULL;
    if (count_after_change(list) == 0)
        return;

    pthread_mutex_lock(&list->lock);
    /* One after the other: the second in line, on a quicker loop, must not overtake the first. */
    if (atomic_load(&list->woken) == 0)
        first = rouse_locked(list, NULL);
    else if (list->owed < hf_waitlist_count_mt(list))
        list->owed++;
    pthread_mutex_unlock(&list->lock);
    post(first);
}

/* False: nobody waits there. */
static bool first_place(struct hf_waitlist *list, struct hf_place *place)
{
    if (count_after_change(list) == 0)
        return false;
    pthread_mutex_lock(&list->lock);
    bool there = list->head != NULL;
    if (there)
        *place = list->head->place;
    pthread_mutex_unlock(&list->lock);
    return there;
}

bool hf_waitlist_precedes_mt(struct hf_waitlist *a, struct hf_waitlist *b)
{
    struct hf_place first_a, first_b;
    if (!first_place(a, &first_a) || !first_place(b, &first_b))
        return false;
    first_a.order = first_b.order = 0; /* counted by each list alone */
    return is_before(&first_a, &first_b);
}

void hf_waitlist_wake_all_mt(struct hf_waitlist *list)
{
    /* Those who look in vain and rejoin are behind us already, and newcomers are not counted. */
    struct hf_place last;
    const struct hf_place *behind = NULL;
    for (unsigned n = count_after_change(list); n > 0; n--) {
        pthread_mutex_lock(&list->lock);
        struct hf_waiter *next = rouse_locked(list, behind);
        if (next) {
            last = next->place;
            behind = &last;
        }
        pthread_mutex_unlock(&list->lock);
        post(next);
    }
}

unsigned hf_waitlist_count_mt(const struct hf_waitlist *list)
{
    return atomic_load_explicit(&list->count, memory_order_relaxed);
}

bool hf_waitlist_is_busy_mt(const struct hf_waitlist *list)
{
    return atomic_load(&list->count) || atomic_load(&list->woken);
}
