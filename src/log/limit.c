/*
 * limit.c: keeps events that strangers can cause from filling a disk.
 */
#include <time.h>

#include "haftp/log/log.h"

/* second_and_count: the second in the high bits, how often in that second in the low ones. */
#define COUNT_BITS 16u
#define COUNT_MASK ((1u << COUNT_BITS) - 1)

bool hf_log_allowed_at_mt(struct hf_log_limit *limit, uint64_t second, unsigned per_second,
                          unsigned *suppressed)
{
    uint64_t now = atomic_load_explicit(&limit->second_and_count, memory_order_relaxed);
    for (;;) {
        uint64_t count = now >> COUNT_BITS == second ? now & COUNT_MASK : 0;
        if (count >= per_second || count == COUNT_MASK) {
            atomic_fetch_add_explicit(&limit->suppressed, 1, memory_order_relaxed);
            return false;
        }
        uint64_t next = second << COUNT_BITS | (count + 1);
        if (atomic_compare_exchange_weak_explicit(&limit->second_and_count, &now, next,
                                                  memory_order_relaxed, memory_order_relaxed))
            break;
    }
    *suppressed = atomic_exchange_explicit(&limit->suppressed, 0, memory_order_relaxed);
    return true;
}

bool hf_log_allowed_mt(struct hf_log_limit *limit, unsigned per_second, unsigned *suppressed)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return hf_log_allowed_at_mt(limit, (uint64_t)now.tv_sec, per_second, suppressed);
}
