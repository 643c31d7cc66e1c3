/*
 * counters.c: one number of one entry, as HAProxy answers for it.
 */
#include "counters_int.h"

bool hf_subject_count(const struct hf_subject *subject, enum hf_counter_op op,
                      enum hf_stick_data data, enum hf_stick_data rate, unsigned index,
                      const struct hf_eval *eval, int64_t *out)
{
    const struct hf_stick_cell cell = {data, index};
    const struct hf_stick_change changes[] = {{cell, 1}, {{rate, index}, 1}};
    struct hf_stick_table *table = subject->table;
    unsigned n = rate == HF_N_STICK_DATA ? 1 : 2;

    *out = 0;
    if (!subject->entry)
        return true;
    if (!hf_stick_stores(table, cell) &&
        (op != HF_COUNTER_INC || n == 1 || !hf_stick_stores(table, changes[1].cell)))
        return false;
    switch (op) {
    case HF_COUNTER_READ:
        *out = (int64_t)hf_stick_read_mt(table, subject->entry, cell, eval->now_ms);
        break;
    case HF_COUNTER_INC:
        *out = (int64_t)hf_stick_change_mt(table, subject->entry, changes, n, eval->now_ms);
        break;
    case HF_COUNTER_CLEAR:
        *out = (int64_t)hf_stick_assign_mt(table, subject->entry, cell, 0, eval->now_ms);
        break;
    }
    return true;
}
