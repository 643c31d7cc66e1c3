/*
 * history.c: averages, and times down.
 */
#include "haftp/state/history.h"

#include "haftp/state/facts.h"

/* HAProxy's sliding average: each new value takes the place of a SAMPLES-th of the sum. */
#define SAMPLES 512u

static void add(struct hf_pace *pace, enum hf_span span, int32_t ms)
{
    unsigned value = ms > 0 ? (unsigned)ms : 0;
    _Atomic uint64_t *sum = &pace->sum[span];
    uint64_t before = atomic_load_explicit(sum, memory_order_relaxed), after;

    do {
        after = before - (before + SAMPLES - 1) / SAMPLES + value;
    } while (!atomic_compare_exchange_weak(sum, &before, after));
    unsigned most = atomic_load_explicit(&pace->most[span], memory_order_relaxed);
    while (value > most && !atomic_compare_exchange_weak(&pace->most[span], &most, value))
        continue;
}

void hf_pace_add_mt(struct hf_pace *pace, const struct hf_facts *facts)
{
    add(pace, HF_SPAN_QUEUE, facts->queue_ms);
    add(pace, HF_SPAN_CONNECT, facts->connect_ms);
    add(pace, HF_SPAN_TOTAL, facts->total_ms);
}

unsigned hf_pace_read_mt(const struct hf_pace *pace, enum hf_span span)
{
    uint64_t sum = atomic_load_explicit(&pace->sum[span], memory_order_relaxed);
    return (unsigned)((sum + SAMPLES - 1) / SAMPLES);
}

/* ---- up and down ------------------------------------------------------------------------- */

void hf_history_begin(struct hf_history *history, bool down, uint64_t now_ms)
{
    *history = (struct hf_history){.down = down, .since_ms = now_ms};
}

void hf_history_change(struct hf_history *history, bool down, uint64_t now_ms)
{
    if (history->down)
        history->down_ms += now_ms - history->since_ms;
    if (down && !history->down)
        history->downs++;
    history->down = down;
    history->since_ms = now_ms;
}

uint64_t hf_history_down_ms(const struct hf_history *history, uint64_t now_ms)
{
    return history->down_ms + (history->down ? now_ms - history->since_ms : 0);
}
