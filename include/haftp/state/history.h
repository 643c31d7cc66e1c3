/*
 * history.h: how long things took, how long they were down, and what the last check has found.
 */
#ifndef HAFTP_STATE_HISTORY_H
#define HAFTP_STATE_HISTORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "haftp/conf/check.h"

struct hf_facts;

/* ---- how long sessions took; any thread ---- */

enum hf_span { HF_SPAN_QUEUE, HF_SPAN_CONNECT, HF_SPAN_TOTAL, HF_N_SPANS };

struct hf_pace {
    _Atomic uint64_t sum[HF_N_SPANS];  /* of the last ones, as HAProxy sums them: see history.c */
    _Atomic unsigned most[HF_N_SPANS]; /* milliseconds */
    _Atomic uint64_t last_ms;          /* hf_clock_steady_ms() when the last one began; 0: never */
};

/* A session has ended that had reached its server. */
void hf_pace_add_mt(struct hf_pace *pace, const struct hf_facts *facts);
/* The average of about the last thousand, in milliseconds. */
unsigned hf_pace_read_mt(const struct hf_pace *pace, enum hf_span span);

/* ---- since when it is as it is; one thread at a time ---- */

struct hf_history {
    bool down;
    uint64_t since_ms; /* hf_clock_steady_ms() */
    uint64_t down_ms;  /* all times together, without the present one */
    uint64_t downs;    /* how often it went down */
};

void hf_history_begin(struct hf_history *history, bool down, uint64_t now_ms);
/* Something about it changed.  It is up, or down. */
void hf_history_change(struct hf_history *history, bool down, uint64_t now_ms);
uint64_t hf_history_down_ms(const struct hf_history *history, uint64_t now_ms);

/* ---- what the last check, or an agent, has found; main's thread ---- */

#define HF_CHECKED_TEXT 128u /* as in HAProxy; text beyond it is cut off */
struct hf_checked {
    bool running;               /* one runs at this moment */
    enum hf_check_status found; /* INI: nothing so far */
    const char *status;         /* the same as HAProxy's word, "L4OK"; NULL: nothing so far */
    const char *what;           /* for people: "Layer4 check passed" */
    char info[HF_CHECKED_TEXT];
    int code; /* of the reply; 0: none */
    unsigned took_ms;
    unsigned health, rise, fall; /* 0 .. rise + fall - 1; up from `rise` on */
    uint64_t failures;           /* checks that failed while it was up */
};

#endif
