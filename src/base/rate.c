/*
 * rate.c: two counters and the second that they belong to.
 */
#include "haftp/base/rate.h"

#define COUNT_BITS  20
#define SECOND_MASK ((1u << (64 - 2 * COUNT_BITS)) - 1) /* turns round after half a year */

struct parts {
    uint32_t second;
    uint32_t now, before; /* in this second, in the one before it */
};

static struct parts unpack(uint64_t packed)
{
    return (struct parts){.second = (uint32_t)(packed >> 2 * COUNT_BITS),
                          .now = (uint32_t)(packed >> COUNT_BITS) & HF_RATE_MAX,
                          .before = (uint32_t)packed & HF_RATE_MAX};
}

static uint64_t pack(struct parts parts)
{
    return (uint64_t)parts.second << 2 * COUNT_BITS | (uint64_t)parts.now << COUNT_BITS |
           parts.before;
}

/* The counters as they are seen from `now_ms`. */
static struct parts at(uint64_t packed, uint64_t now_ms)
{
    struct parts parts = unpack(packed);
    uint32_t second = (uint32_t)(now_ms / 1000) & SECOND_MASK;
    uint32_t passed = (second - parts.second) & SECOND_MASK;

    /* A caller's clock may be a turn behind the one that counted last. */
    if (passed == 0 || passed == SECOND_MASK)
        return parts;
    parts.before = passed == 1 ? parts.now : 0;
    parts.now = 0;
    parts.second = second;
    return parts;
}

static unsigned per_second(struct parts parts, uint64_t now_ms)
{
    uint64_t left = (uint64_t)parts.before * (1000 - now_ms % 1000);
    return parts.now + (unsigned)(left / 1000);
}

static void note_most(struct hf_rate *rate, unsigned now)
{
    unsigned most = atomic_load_explicit(&rate->most, memory_order_relaxed);
    while (now > most && !atomic_compare_exchange_weak(&rate->most, &most, now))
        continue;
}

bool hf_rate_take_mt(struct hf_rate *rate, unsigned limit, uint64_t now_ms)
{
    uint64_t packed = atomic_load_explicit(&rate->packed, memory_order_relaxed);
    struct parts parts;
    do {
        parts = at(packed, now_ms);
        if (limit && per_second(parts, now_ms) >= limit)
            return false;
        if (parts.now < HF_RATE_MAX)
            parts.now++;
    } while (!atomic_compare_exchange_weak(&rate->packed, &packed, pack(parts)));
    note_most(rate, parts.now);
    return true;
}

void hf_rate_count_mt(struct hf_rate *rate, uint64_t now_ms)
{
    (void)hf_rate_take_mt(rate, 0, now_ms);
}

void hf_rate_untake_mt(struct hf_rate *rate)
{
    uint64_t packed = atomic_load_explicit(&rate->packed, memory_order_relaxed);
    struct parts parts;
    do {
        parts = unpack(packed);
        if (parts.now == 0) /* a second has begun since */
            return;
        parts.now--;
    } while (!atomic_compare_exchange_weak(&rate->packed, &packed, pack(parts)));
}

unsigned hf_rate_read_mt(const struct hf_rate *rate, uint64_t now_ms)
{
    return per_second(at(atomic_load_explicit(&rate->packed, memory_order_relaxed), now_ms),
                      now_ms);
}

/* The longest rest of a second in which no more than `room` of `count` is in reach. */
static unsigned most_left(unsigned room, unsigned count)
{
    return (unsigned)(((room + 1) * (uint64_t)1000 - 1) / count);
}

unsigned hf_rate_wait_ms_mt(const struct hf_rate *rate, unsigned limit, uint64_t now_ms)
{
    struct parts parts = at(atomic_load_explicit(&rate->packed, memory_order_relaxed), now_ms);
    unsigned into = (unsigned)(now_ms % 1000);

    if (limit == 0 || per_second(parts, now_ms) < limit)
        return 0;
    if (parts.now < limit && parts.before) {
        /* Enough of the last second must fall out of reach: before * left / 1000 <= room. */
        unsigned left = most_left(limit - parts.now - 1, parts.before);
        return left < 1000 - into ? 1000 - into - left : 1;
    }
    /* This second is full: within the next one, as above with what is counted now. */
    unsigned left = most_left(limit - 1, parts.now);
    return 1000 - into + (left < 1000 ? 1000 - left : 0);
}
