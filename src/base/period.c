/*
 * period.c: two counters and the time at which the later one began.
 */
#include "haftp/base/period.h"

/* The counters as they are seen from `now_ms`. */
static struct hf_period at(const struct hf_period *period, uint32_t length_ms, uint64_t now_ms)
{
    struct hf_period seen = *period;

    /* A caller's clock may be a turn behind the one that counted last. */
    if (now_ms < seen.begun_ms + length_ms)
        return seen;
    seen.before = seen.now;
    seen.now = 0;
    seen.begun_ms += length_ms;
    if (now_ms - seen.begun_ms >= length_ms) {
        seen.before = 0;
        seen.begun_ms = now_ms;
    }
    return seen;
}

static uint32_t length_of(uint32_t length_ms)
{
    return length_ms ? length_ms : 1;
}

void hf_period_count(struct hf_period *period, uint32_t length_ms, uint64_t amount, uint64_t now_ms)
{
    *period = at(period, length_of(length_ms), now_ms);
    period->now += amount;
}

uint64_t hf_period_read(const struct hf_period *period, uint32_t length_ms, uint64_t now_ms)
{
    uint32_t length = length_of(length_ms);
    struct hf_period seen = at(period, length, now_ms);

    if (seen.now == 0 && seen.before <= 1)
        return seen.before;
    uint64_t into = now_ms > seen.begun_ms ? now_ms - seen.begun_ms : 0, left = length - into;
    /* before * left / length, where the product may not fit. */
    uint64_t rest = seen.before / length * left + seen.before % length * left / length;
    return seen.now + rest;
}

void hf_period_set(struct hf_period *period, uint64_t amount, uint64_t now_ms)
{
    *period = (struct hf_period){.begun_ms = now_ms, .now = amount};
}
