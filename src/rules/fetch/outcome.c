/*
 * outcome.c: how a session went: when, how long, how much, and what became of it.
 */
#include <unistd.h>

#include "../rules_int.h"

/* A fact of the session as a number. */
#define FACT(id, value)                                                                            \
    FETCH(id)                                                                                      \
    {                                                                                              \
        UNUSED(call);                                                                              \
        return eval->facts ? hf_out_number(out, (int64_t)eval->facts->value) : HF_FALSE;           \
    }

FACT(bytes_in, bytes_in)
FACT(bytes_out, bytes_out)
FACT(bc_timer_connect, connect_ms)
FACT(req_timer_queue, queue_ms)
FACT(txn_timer_total, total_ms)
FACT(txn_conn_retries, retries)

FETCH(txn_redispatched)
{
    UNUSED(call);
    return eval->facts ? hf_out_bool(out, eval->facts->redispatched) : HF_FALSE;
}

FETCH(txn_term_state)
{
    struct hf_room room = hf_room_for(eval, out);
    char letters[3];

    UNUSED(call);
    if (!eval->facts)
        return HF_FALSE;
    hf_termination(eval->facts, letters);
    hf_room_add(&room, hf_view_cstr(letters));
    return hf_out_bytes(out, HF_TYPE_STR, hf_room_view(&room));
}

FETCH(accept_date)
{
    struct hf_view unit = hf_text_arg(call, 0);

    if (!eval->facts)
        return HF_FALSE;
    int64_t us = eval->facts->accepted_us;
    if (hf_view_is(unit, "us"))
        return hf_out_number(out, us);
    return hf_out_number(out, hf_view_is(unit, "ms") ? us / 1000 : us / 1000000);
}

/* ---- the process ------------------------------------------------------------------------- */

FETCH(act_conn)
{
    UNUSED(call);
    if (!eval->runtime)
        return HF_FALSE;
    return hf_out_number(out, atomic_load_explicit(&eval->runtime->sessions, memory_order_relaxed));
}

FETCH(pid)
{
    UNUSED(call), UNUSED(eval);
    return hf_out_number(out, getpid());
}

FETCH(quic_enabled)
{
    UNUSED(call), UNUSED(eval);
    return hf_out_bool(out, false);
}
