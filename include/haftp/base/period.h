/*
 * period.h: how much was counted within the last period, of any length.
 *
 * A sliding period, as HAProxy's rates: what was counted in the present period, and as much of what
 * was counted in the one before as still lies within reach.  No locks: whoever has one guards it.
 * Times are milliseconds of one clock that never goes back by more than the callers differ; a
 * period of 0 is one of 1 ms.  (rate.h is the same for a second, without a lock.)
 */
#ifndef HAFTP_BASE_PERIOD_H
#define HAFTP_BASE_PERIOD_H

#include <stdint.h>

/* All zero has counted nothing. */
struct hf_period {
    uint64_t begun_ms;
    uint64_t now, before; /* in this period, in the one before it */
};

void hf_period_count(struct hf_period *period, uint32_t length_ms, uint64_t amount,
                     uint64_t now_ms);
/* Per period.  A last single event counts as one until it is out of reach, so that a low rate does
 * not flap between 0 and 1. */
uint64_t hf_period_read(const struct hf_period *period, uint32_t length_ms, uint64_t now_ms);
/* As if this had been counted just now, and nothing before it. */
void hf_period_set(struct hf_period *period, uint64_t amount, uint64_t now_ms);

#endif
