/*
 * wheel.h: timers of one event loop; a hierarchical wheel, O(1) to set and to cancel.
 *
 * Time is passed in (milliseconds of a monotonic clock), so tests need no sleep.  Entries are
 * embedded in their owner, who cancels them before it dies.  A timer fires once, never early, at
 * most one tick (HF_WHEEL_TICK_MS) late as the wheel goes.  One thread.
 */
#ifndef HAFTP_BASE_WHEEL_H
#define HAFTP_BASE_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#define HF_WHEEL_TICK_MS 1u
#define HF_WHEEL_NEVER   UINT64_MAX

struct hf_timer;
typedef void (*hf_timer_fn)(struct hf_timer *timer);

struct hf_timer {
    struct hf_timer *next, *prev; /* NULL when not set */
    uint64_t due_ms;
    hf_timer_fn fn;
};

struct hf_wheel;

struct hf_wheel *hf_wheel_new(uint64_t now_ms);
void hf_wheel_free(struct hf_wheel *wheel);

/* Sets or moves the timer.  A due time in the past fires on the next advance. */
void hf_wheel_set(struct hf_wheel *wheel, struct hf_timer *timer, uint64_t due_ms, hf_timer_fn fn);
void hf_wheel_cancel(struct hf_wheel *wheel, struct hf_timer *timer); /* not set: does nothing */
static inline bool hf_timer_is_set(const struct hf_timer *timer)
{
    return timer->next != (struct hf_timer *)0;
}

/* Fires all that is due; callbacks may set and cancel any timer.  Returns how many fired. */
unsigned hf_wheel_advance(struct hf_wheel *wheel, uint64_t now_ms);
/* A time not later than the earliest due timer (it may be earlier), or HF_WHEEL_NEVER. */
uint64_t hf_wheel_next(const struct hf_wheel *wheel);

#endif
