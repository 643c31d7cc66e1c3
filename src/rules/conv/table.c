/*
 * table.c: converters that look a key up in a stick table.
 */
#include "../counters_int.h"
#include "haftp/rules/table_key.h"
#include "haftp/state/runtime.h"

/* The sample's entry, in the table of this argument.  False: it cannot be a key there. */
static bool find(const struct hf_conv *call, unsigned arg, bool make, struct hf_eval *eval,
                 struct hf_sample *sample, struct hf_subject *out)
{
    struct hf_table_key key;

    *out = (struct hf_subject){.table = hf_table_arg(call, arg, eval), .passing = true};
    if (!out->table || !hf_table_key(hf_stick_cfg(out->table), sample, eval, &key))
        return false;
    out->entry = hf_stick_hold_mt(out->table, hf_view(key.bytes, key.n), make, eval->now_ms);
    return true;
}

static bool is_number(struct hf_sample *sample, int64_t number)
{
    sample->type = HF_TYPE_INT;
    sample->number = number;
    return true;
}

CONV(in_table)
{
    struct hf_subject subject;
    if (!find(call, 0, false, eval, sample, &subject))
        return false;
    hf_subject_leave(&subject, eval);
    sample->type = HF_TYPE_BOOL;
    sample->number = subject.entry != NULL;
    return true;
}

/* ---- numbers ----------------------------------------------------------------------------- */

static bool count(const struct hf_conv *call, unsigned arg, enum hf_counter_op op,
                  enum hf_stick_data data, enum hf_stick_data rate, unsigned index,
                  struct hf_eval *eval, struct hf_sample *sample)
{
    struct hf_subject subject;

    if (!find(call, arg, op != HF_COUNTER_READ, eval, sample, &subject))
        return false;
    bool stored = hf_subject_count(&subject, op, data, rate, index, eval, &sample->number);
    hf_subject_leave(&subject, eval);
    sample->type = HF_TYPE_INT;
    return stored;
}

#define NOTHING HF_N_STICK_DATA
#define COUNTER(id, op, data, rate)                                                                \
    CONV(id)                                                                                       \
    {                                                                                              \
        return count(call, 0, HF_COUNTER_##op, HF_STICK_##data, rate, 0, eval, sample);            \
    }
/* Its first argument is an index. */
#define ARRAY(id, op, data, rate)                                                                  \
    CONV(id)                                                                                       \
    {                                                                                              \
        return count(call, 1, HF_COUNTER_##op, HF_STICK_##data, rate,                              \
                     (unsigned)hf_number_arg(call, 0, 0), eval, sample);                           \
    }

COUNTER(table_bytes_in_rate, READ, bytes_in_rate, NOTHING)
COUNTER(table_bytes_out_rate, READ, bytes_out_rate, NOTHING)
COUNTER(table_clr_gpc0, CLEAR, gpc0, NOTHING)
COUNTER(table_clr_gpc1, CLEAR, gpc1, NOTHING)
COUNTER(table_conn_cnt, READ, conn_cnt, NOTHING)
COUNTER(table_conn_cur, READ, conn_cur, NOTHING)
COUNTER(table_conn_rate, READ, conn_rate, NOTHING)
COUNTER(table_glitch_cnt, READ, glitch_cnt, NOTHING)
COUNTER(table_glitch_rate, READ, glitch_rate, NOTHING)
COUNTER(table_gpc0, READ, gpc0, NOTHING)
COUNTER(table_gpc0_rate, READ, gpc0_rate, NOTHING)
COUNTER(table_gpc1, READ, gpc1, NOTHING)
COUNTER(table_gpc1_rate, READ, gpc1_rate, NOTHING)
COUNTER(table_gpt0, READ, gpt0, NOTHING)
COUNTER(table_http_err_cnt, READ, http_err_cnt, NOTHING)
COUNTER(table_http_err_rate, READ, http_err_rate, NOTHING)
COUNTER(table_http_fail_cnt, READ, http_fail_cnt, NOTHING)
COUNTER(table_http_fail_rate, READ, http_fail_rate, NOTHING)
COUNTER(table_http_req_cnt, READ, http_req_cnt, NOTHING)
COUNTER(table_http_req_rate, READ, http_req_rate, NOTHING)
COUNTER(table_inc_gpc0, INC, gpc0, HF_STICK_gpc0_rate)
COUNTER(table_inc_gpc1, INC, gpc1, HF_STICK_gpc1_rate)
COUNTER(table_sess_cnt, READ, sess_cnt, NOTHING)
COUNTER(table_sess_rate, READ, sess_rate, NOTHING)
ARRAY(table_clr_gpc, CLEAR, gpc, NOTHING)
ARRAY(table_gpc, READ, gpc, NOTHING)
ARRAY(table_gpc_rate, READ, gpc_rate, NOTHING)
ARRAY(table_gpt, READ, gpt, NOTHING)
ARRAY(table_inc_gpc, INC, gpc, HF_STICK_gpc_rate)

static bool in_kbytes(bool known, struct hf_sample *sample)
{
    sample->number = (int64_t)((uint64_t)sample->number >> 10);
    return known;
}

CONV(table_kbytes_in)
{
    return in_kbytes(
        count(call, 0, HF_COUNTER_READ, HF_STICK_bytes_in_cnt, NOTHING, 0, eval, sample), sample);
}

CONV(table_kbytes_out)
{
    return in_kbytes(
        count(call, 0, HF_COUNTER_READ, HF_STICK_bytes_out_cnt, NOTHING, 0, eval, sample), sample);
}

/* ---- the entry itself -------------------------------------------------------------------- */

/* Who holds it for longer than this question takes. */
CONV(table_trackers)
{
    struct hf_subject subject;
    if (!find(call, 0, false, eval, sample, &subject))
        return false;
    unsigned holders = subject.entry ? hf_stick_holders_mt(subject.table, subject.entry) : 1;
    hf_subject_leave(&subject, eval);
    return is_number(sample, holders - 1);
}

CONV(table_server_id)
{
    struct hf_subject subject;
    if (!find(call, 0, false, eval, sample, &subject))
        return false;
    const struct hf_cfg_stick_table *cfg = hf_stick_cfg(subject.table);
    const struct hf_server *server =
        subject.entry ? hf_stick_server_mt(subject.table, subject.entry) : NULL;
    hf_subject_leave(&subject, eval);
    if (subject.entry && !cfg->remembers && !cfg->stores[HF_STICK_server_id].n)
        return false;
    return is_number(sample, server ? server->cfg->id : 0);
}

/* A key that is not there has the second argument, or nothing. */
static bool left(const struct hf_conv *call, struct hf_eval *eval, struct hf_sample *sample,
                 uint64_t *ms, const struct hf_cfg_stick_table **cfg)
{
    struct hf_subject subject;

    *cfg = NULL;
    if (!find(call, 0, false, eval, sample, &subject))
        return false;
    if (!subject.entry)
        return hf_has_arg(call, 1) && is_number(sample, hf_number_arg(call, 1, 0));
    *cfg = hf_stick_cfg(subject.table);
    *ms = hf_stick_left_ms_mt(subject.table, subject.entry, eval->now_ms);
    hf_subject_leave(&subject, eval);
    return true;
}

CONV(table_expire)
{
    const struct hf_cfg_stick_table *cfg;
    uint64_t ms;
    bool known = left(call, eval, sample, &ms, &cfg);
    return cfg ? is_number(sample, (int64_t)ms) : known;
}

CONV(table_idle)
{
    const struct hf_cfg_stick_table *cfg;
    uint64_t ms;
    bool known = left(call, eval, sample, &ms, &cfg);
    return cfg ? is_number(sample, cfg->expire_ms ? (int64_t)(cfg->expire_ms - ms) : 0) : known;
}
