/*
 * history.c: averages, times down, and HAProxy's words for what checks find.
 */
#include "haftp/state/history.h"

#include <string.h>

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

/* ---- checks ------------------------------------------------------------------------------ */

const char *hf_checked_word(const char *what)
{
    static const struct {
        const char *what, *word;
    } words[] = {
        {"Socket error", "SOCKERR"},
        {"Layer4 check passed", "L4OK"},
        {"Layer4 timeout", "L4TOUT"},
        {"Layer4 connection problem", "L4CON"},
        {"Layer6 check passed", "L6OK"},
        {"Layer6 timeout", "L6TOUT"},
        {"Layer6 invalid response", "L6RSP"},
        {"Layer7 check passed", "L7OK"},
        {"Layer7 check conditionally passed", "L7OKC"},
        {"Layer7 timeout", "L7TOUT"},
        {"Layer7 invalid response", "L7RSP"},
        {"Layer7 wrong status", "L7STS"},
        {"External check error", "PROCERR"},
        {"External check timeout", "PROCTOUT"},
        {"External check passed", "PROCOK"},
    };
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].what, what) == 0)
            return words[i].word;
    }
    return "UNK";
}
