/*
 * counters.c: fetches of what stick tables count, under three names each: sc_NAME(COUNTER) and
 * sc0_NAME of what the session is tracked by, src_NAME of the client's address.
 */
#include "../counters_int.h"
#include "haftp/rules/table_key.h"
#include "haftp/state/track.h"

/* ---- whose they are ---------------------------------------------------------------------- */

/* Of the client's address, in the table of this argument. */
static bool find_source(const struct hf_conv *call, unsigned arg, bool make, struct hf_eval *eval,
                        struct hf_subject *out)
{
    struct hf_sample sample = {0};
    struct hf_table_key key;

    out->table = hf_table_arg(call, arg, eval);
    if (!out->table || !eval->facts || hf_out_addr(&sample, &eval->facts->client) != HF_TRUE ||
        !hf_table_key(hf_stick_cfg(out->table), &sample, eval, &key))
        return false;
    out->entry = hf_stick_hold_mt(out->table, hf_view(key.bytes, key.n), make, eval->now_ms);
    out->passing = true;
    return true;
}

/* Of what the session is tracked by; where an argument names another table, the same key there. */
static bool find_tracked(const struct hf_conv *call, unsigned counter, unsigned arg,
                         const struct hf_eval *eval, struct hf_subject *out)
{
    const struct hf_track *track = eval->facts ? hf_track_of(eval->facts, counter) : NULL;

    if (!track)
        return false;
    *out = (struct hf_subject){.table = track->table, .entry = track->entry};
    if (!hf_has_arg(call, arg))
        return true;
    out->table = hf_table_arg(call, arg, eval);
    if (!out->table)
        return false;
    out->entry = hf_stick_hold_mt(out->table, hf_stick_key(track->entry), false, eval->now_ms);
    out->passing = true;
    return true;
}

/* By the fetch's name; `arg` is its first argument that is about this.  False: no sample. */
static bool find(const struct hf_conv *call, unsigned arg, bool make, struct hf_eval *eval,
                 struct hf_subject *out)
{
    char third = call->row->name[2]; /* "src_", "sc_", "sc0_" */

    *out = (struct hf_subject){0};
    if (third == 'c')
        return find_source(call, arg, make, eval, out);
    if (third == '_')
        return find_tracked(call, (unsigned)hf_number_arg(call, arg, 0), arg + 1, eval, out);
    return find_tracked(call, (unsigned)(third - '0'), arg, eval, out);
}

/* ---- their numbers ----------------------------------------------------------------------- */

static enum hf_truth count(const struct hf_conv *call, unsigned arg, enum hf_counter_op op,
                           enum hf_stick_data data, enum hf_stick_data rate, unsigned index,
                           struct hf_eval *eval, struct hf_sample *out)
{
    struct hf_subject subject;
    int64_t number;

    if (!find(call, arg, op != HF_COUNTER_READ, eval, &subject))
        return HF_FALSE;
    bool stored = hf_subject_count(&subject, op, data, rate, index, eval, &number);
    hf_subject_leave(&subject, eval);
    return stored ? hf_out_number(out, number) : HF_FALSE;
}

#define NOTHING HF_N_STICK_DATA
#define COUNTER(id, op, data, rate)                                                                \
    FETCH(id)                                                                                      \
    {                                                                                              \
        return count(call, 0, HF_COUNTER_##op, HF_STICK_##data, rate, 0, eval, out);               \
    }
/* Its first argument is an index. */
#define ARRAY(id, op, data, rate)                                                                  \
    FETCH(id)                                                                                      \
    {                                                                                              \
        return count(call, 1, HF_COUNTER_##op, HF_STICK_##data, rate,                              \
                     (unsigned)hf_number_arg(call, 0, 0), eval, out);                              \
    }

COUNTER(sc_bytes_in_rate, READ, bytes_in_rate, NOTHING)
COUNTER(sc_bytes_out_rate, READ, bytes_out_rate, NOTHING)
COUNTER(sc_clr_gpc0, CLEAR, gpc0, NOTHING)
COUNTER(sc_clr_gpc1, CLEAR, gpc1, NOTHING)
COUNTER(sc_conn_cnt, READ, conn_cnt, NOTHING)
COUNTER(sc_conn_cur, READ, conn_cur, NOTHING)
COUNTER(sc_conn_rate, READ, conn_rate, NOTHING)
COUNTER(sc_get_gpc0, READ, gpc0, NOTHING)
COUNTER(sc_get_gpc1, READ, gpc1, NOTHING)
COUNTER(sc_get_gpt0, READ, gpt0, NOTHING)
COUNTER(sc_glitch_cnt, READ, glitch_cnt, NOTHING)
COUNTER(sc_glitch_rate, READ, glitch_rate, NOTHING)
COUNTER(sc_gpc0_rate, READ, gpc0_rate, NOTHING)
COUNTER(sc_gpc1_rate, READ, gpc1_rate, NOTHING)
COUNTER(sc_http_err_cnt, READ, http_err_cnt, NOTHING)
COUNTER(sc_http_err_rate, READ, http_err_rate, NOTHING)
COUNTER(sc_http_fail_cnt, READ, http_fail_cnt, NOTHING)
COUNTER(sc_http_fail_rate, READ, http_fail_rate, NOTHING)
COUNTER(sc_http_req_cnt, READ, http_req_cnt, NOTHING)
COUNTER(sc_http_req_rate, READ, http_req_rate, NOTHING)
COUNTER(sc_inc_gpc0, INC, gpc0, HF_STICK_gpc0_rate)
COUNTER(sc_inc_gpc1, INC, gpc1, HF_STICK_gpc1_rate)
COUNTER(sc_sess_cnt, READ, sess_cnt, NOTHING)
COUNTER(sc_sess_rate, READ, sess_rate, NOTHING)
COUNTER(src_updt_conn_cnt, INC, conn_cnt, NOTHING)
ARRAY(sc_clr_gpc, CLEAR, gpc, NOTHING)
ARRAY(sc_get_gpc, READ, gpc, NOTHING)
ARRAY(sc_get_gpt, READ, gpt, NOTHING)
ARRAY(sc_gpc_rate, READ, gpc_rate, NOTHING)
ARRAY(sc_inc_gpc, INC, gpc, HF_STICK_gpc_rate)

static enum hf_truth in_kbytes(enum hf_truth truth, struct hf_sample *out)
{
    out->number = (int64_t)((uint64_t)out->number >> 10);
    return truth;
}

FETCH(sc_kbytes_in)
{
    return in_kbytes(count(call, 0, HF_COUNTER_READ, HF_STICK_bytes_in_cnt, NOTHING, 0, eval, out),
                     out);
}

FETCH(sc_kbytes_out)
{
    return in_kbytes(count(call, 0, HF_COUNTER_READ, HF_STICK_bytes_out_cnt, NOTHING, 0, eval, out),
                     out);
}

/* ---- the entry itself -------------------------------------------------------------------- */

FETCH(sc_tracked)
{
    struct hf_subject subject;
    bool found = find(call, 0, false, eval, &subject);
    hf_subject_leave(&subject, eval);
    return hf_out_bool(out, found);
}

FETCH(sc_trackers)
{
    struct hf_subject subject;
    if (!find(call, 0, false, eval, &subject))
        return HF_FALSE;
    unsigned holders = subject.entry ? hf_stick_holders_mt(subject.table, subject.entry) : 0;
    hf_subject_leave(&subject, eval);
    return hf_out_number(out, holders - (holders && subject.passing));
}
