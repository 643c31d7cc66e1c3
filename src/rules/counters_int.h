/*
 * counters_int.h: what fetches and converters do with one number of one entry of a stick table.
 * Private to src/rules.
 */
#ifndef HAFTP_RULES_COUNTERS_INT_H
#define HAFTP_RULES_COUNTERS_INT_H

#include "haftp/state/stick.h"
#include "rules_int.h"

/* Whose counters are asked for.  A table without an entry is one that does not know the key: there,
 * all counters are 0. */
struct hf_subject {
    struct hf_stick_table *table;
    struct hf_stick_entry *entry;
    bool passing; /* it is held for this question only */
};

static inline void hf_subject_leave(const struct hf_subject *subject, const struct hf_eval *eval)
{
    if (subject->entry && subject->passing)
        hf_stick_release_mt(subject->table, subject->entry, eval->now_ms);
}

enum hf_counter_op { HF_COUNTER_READ, HF_COUNTER_INC, HF_COUNTER_CLEAR };
/* Does it.  INC also counts in `rate` (HF_N_STICK_DATA: in none).  False: the table does not store
 * this. */
bool hf_subject_count(const struct hf_subject *subject, enum hf_counter_op op,
                      enum hf_stick_data data, enum hf_stick_data rate, unsigned index,
                      const struct hf_eval *eval, int64_t *out);

#endif
