/*
 * rate.h: how often something happened within the last second, in one word; and the most so far.
 *
 * A sliding second: what was counted in the present second, and as much of what was counted in the
 * one before as still lies within reach.  Any thread, no lock.  `now_ms` is monotonic.
 */
#ifndef HAFTP_BASE_RATE_H
#define HAFTP_BASE_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* All zero is a rate of nothing. */
struct hf_rate {
    _Atomic uint64_t packed;
    _Atomic unsigned most; /* in one second, from one full second to the next */
};

/* More than this per second is counted as this. */
#define HF_RATE_MAX ((1u << 20) - 1)

void hf_rate_count_mt(struct hf_rate *rate, uint64_t now_ms);
/* Counts one unless that would make it more than `limit` (0: no limit) in a second. */
bool hf_rate_take_mt(struct hf_rate *rate, unsigned limit, uint64_t now_ms);
/* Takes back what hf_rate_take_mt() gave a moment ago. */
void hf_rate_untake_mt(struct hf_rate *rate);
/* Per second. */
unsigned hf_rate_read_mt(const struct hf_rate *rate, uint64_t now_ms);
/* Until hf_rate_take_mt() may succeed again, if nobody else takes; 0: now. */
unsigned hf_rate_wait_ms_mt(const struct hf_rate *rate, unsigned limit, uint64_t now_ms);

#endif
