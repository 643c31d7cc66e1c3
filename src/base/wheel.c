/*
 * wheel.c: timers in slots, by the highest bit in which their time differs from now.
 *
 * The wheel is its loop's, the timers are embedded in their owners; one thread.  It does not read
 * a clock and does not sleep: it is told the time.
 */
#include "haftp/base/wheel.h"

#include <stdlib.h>

#include "haftp/base/assert.h"

/* Eleven levels of six bits span all of uint64_t, so no due time is "too far away".
 *
 * A timer sits on the level of the highest bit in which its due time differs from the wheel's time.
 * Hence all timers of one level agree with the wheel's time above that level, a lower level is
 * always due before a higher one, and within a level the lowest occupied slot comes first. */
#define LEVEL_BITS  6u
#define SLOTS       64u /* per level: one word of `occupied` */
#define LEVELS      11u
#define SLOT_PAST   (LEVELS * SLOTS) /* was due when it was set: fires on the next advance */
#define SLOT_FIRING (SLOT_PAST + 1u) /* due now: its callbacks are being called */

struct hf_wheel {
    uint64_t now_ms;
    bool advancing;
    uint64_t occupied[LEVELS + 1];            /* a bit per slot whose list is not empty */
    struct hf_timer slot[LEVELS * SLOTS + 2]; /* heads of circular lists */
};

static void append(struct hf_wheel *wheel, unsigned index, struct hf_timer *timer)
{
    struct hf_timer *head = &wheel->slot[index];
    timer->next = head;
    timer->prev = head->prev;
    head->prev->next = timer;
    head->prev = timer;
    wheel->occupied[index / SLOTS] |= UINT64_C(1) << (index % SLOTS);
}

static void unlink_timer(struct hf_wheel *wheel, struct hf_timer *timer)
{
    if (timer->next == timer->prev) { /* the last one: both are the head */
        size_t index = (size_t)(timer->next - wheel->slot);
        wheel->occupied[index / SLOTS] &= ~(UINT64_C(1) << (index % SLOTS));
    }
    timer->prev->next = timer->next;
    timer->next->prev = timer->prev;
    timer->next = timer->prev = NULL;
}

/* Moves a whole list; the target must be empty. */
static void move_all(struct hf_wheel *wheel, unsigned from, unsigned to)
{
    struct hf_timer *head = &wheel->slot[from], *target = &wheel->slot[to];
    if (head->next == head)
        return;
    target->next = head->next;
    target->prev = head->prev;
    target->next->prev = target->prev->next = target;
    head->next = head->prev = head;
    wheel->occupied[from / SLOTS] &= ~(UINT64_C(1) << (from % SLOTS));
    wheel->occupied[to / SLOTS] |= UINT64_C(1) << (to % SLOTS);
}

static unsigned slot_for(const struct hf_wheel *wheel, uint64_t due_ms)
{
    if (due_ms == wheel->now_ms)
        return (unsigned)(due_ms % SLOTS);
    unsigned high_bit = 63u - (unsigned)__builtin_clzll(due_ms ^ wheel->now_ms);
    unsigned level = high_bit / LEVEL_BITS;
    return level * SLOTS + (unsigned)((due_ms >> (level * LEVEL_BITS)) % SLOTS);
}

/* The slot that comes next, and when it begins; SLOT_PAST when there is none. */
static unsigned next_slot(const struct hf_wheel *wheel, uint64_t *begins_ms)
{
    for (unsigned level = 0; level < LEVELS; level++) {
        if (!wheel->occupied[level])
            continue;
        unsigned slot = (unsigned)__builtin_ctzll(wheel->occupied[level]);
        unsigned shift = level * LEVEL_BITS;
        uint64_t above = shift + LEVEL_BITS < 64 ? ~UINT64_C(0) << (shift + LEVEL_BITS) : 0;
        *begins_ms = (wheel->now_ms & above) | ((uint64_t)slot << shift);
        return level * SLOTS + slot;
    }
    return SLOT_PAST;
}

static unsigned fire(struct hf_wheel *wheel, unsigned index)
{
    struct hf_timer *firing = &wheel->slot[SLOT_FIRING];
    unsigned fired = 0;
    move_all(wheel, index, SLOT_FIRING);
    /* A callback may cancel or move what waits behind it, so always take the first. */
    while (firing->next != firing) {
        struct hf_timer *timer = firing->next;
        unlink_timer(wheel, timer);
        fired++;
        timer->fn(timer);
    }
    return fired;
}

/* The wheel's time reached a slot of a higher level: its timers move to lower ones. */
static void spread(struct hf_wheel *wheel, unsigned index)
{
    struct hf_timer *head = &wheel->slot[index];
    while (head->next != head) {
        struct hf_timer *timer = head->next;
        unlink_timer(wheel, timer);
        append(wheel, slot_for(wheel, timer->due_ms), timer);
    }
}

struct hf_wheel *hf_wheel_new(uint64_t now_ms)
{
    struct hf_wheel *wheel = calloc(1, sizeof *wheel);
    if (!wheel)
        return NULL;
    wheel->now_ms = now_ms;
    for (size_t i = 0; i < sizeof wheel->slot / sizeof wheel->slot[0]; i++)
        wheel->slot[i].next = wheel->slot[i].prev = &wheel->slot[i];
    return wheel;
}

void hf_wheel_free(struct hf_wheel *wheel)
{
    free(wheel);
}

void hf_wheel_set(struct hf_wheel *wheel, struct hf_timer *timer, uint64_t due_ms, hf_timer_fn fn)
{
    hf_wheel_cancel(wheel, timer);
    timer->due_ms = due_ms;
    timer->fn = fn;
    append(wheel, due_ms <= wheel->now_ms ? SLOT_PAST : slot_for(wheel, due_ms), timer);
}

void hf_wheel_cancel(struct hf_wheel *wheel, struct hf_timer *timer)
{
    if (hf_timer_is_set(timer))
        unlink_timer(wheel, timer);
}

unsigned hf_wheel_advance(struct hf_wheel *wheel, uint64_t now_ms)
{
    HF_ASSERT(!wheel->advancing);
    wheel->advancing = true;
    unsigned fired = fire(wheel, SLOT_PAST);
    uint64_t begins_ms;
    unsigned index;
    while ((index = next_slot(wheel, &begins_ms)) != SLOT_PAST && begins_ms <= now_ms) {
        wheel->now_ms = begins_ms;
        if (index < SLOTS)
            fired += fire(wheel, index);
        else
            spread(wheel, index);
    }
    if (now_ms > wheel->now_ms)
        wheel->now_ms = now_ms;
    wheel->advancing = false;
    return fired;
}

uint64_t hf_wheel_next(const struct hf_wheel *wheel)
{
    if (wheel->occupied[LEVELS])
        return wheel->now_ms;
    uint64_t begins_ms;
    return next_slot(wheel, &begins_ms) == SLOT_PAST ? HF_WHEEL_NEVER : begins_ms;
}
