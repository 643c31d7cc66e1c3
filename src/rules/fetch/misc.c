/*
 * misc.c: fetches that need no session: constants, the process, time and chance, variables.
 */
#include <stdio.h>
#include <unistd.h>

#include "../rules_int.h"
#include "haftp/base/clock.h"
#include "haftp/base/rand.h"

/* ---- constants --------------------------------------------------------------------------- */

FETCH(always_true)
{
    UNUSED(call), UNUSED(eval);
    return hf_out_bool(out, true);
}

FETCH(always_false)
{
    UNUSED(call), UNUSED(eval);
    return hf_out_bool(out, false);
}

FETCH(bool)
{
    UNUSED(eval);
    return hf_out_bool(out, call->args[0].number != 0);
}

FETCH(int)
{
    UNUSED(eval);
    return hf_out_number(out, call->args[0].number);
}

FETCH(ipv4)
{
    UNUSED(eval);
    return hf_out_addr(out, &call->args[0].addr);
}

FETCH(ipv6)
{
    UNUSED(eval);
    return hf_out_addr(out, &call->args[0].addr);
}

FETCH(str)
{
    UNUSED(eval);
    return hf_out_bytes(out, HF_TYPE_STR, hf_text_arg(call, 0));
}

FETCH(meth)
{
    UNUSED(eval);
    return hf_out_bytes(out, HF_TYPE_METH, hf_text_arg(call, 0));
}

/* The parser saw to it that it is one. */
static int digit_of(char c)
{
    return c <= '9' ? c - '0' : hf_fold(c) - 'a' + 10;
}

FETCH(bin)
{
    struct hf_view digits = hf_text_arg(call, 0);
    struct hf_room room = hf_room_for(eval, out);
    for (size_t i = 0; i + 1 < digits.n; i += 2)
        hf_room_char(&room, (char)(digit_of(digits.p[i]) << 4 | digit_of(digits.p[i + 1])));
    return hf_out_bytes(out, HF_TYPE_BIN, hf_room_view(&room));
}

/* ---- the process ------------------------------------------------------------------------- */

/* The parser has looked it up: its value is a second argument. */
FETCH(env)
{
    UNUSED(eval);
    return hf_has_arg(call, 1) ? hf_out_text(out, call->args[1].text) : HF_FALSE;
}

FETCH(hostname)
{
    UNUSED(call);
    struct hf_room room = hf_room_for(eval, out);
    if (gethostname(room.p, room.size) != 0)
        return HF_FALSE;
    return hf_out_text(out, room.p);
}

FETCH(nbproc)
{
    UNUSED(call), UNUSED(eval);
    return hf_out_number(out, 1);
}

FETCH(proc)
{
    UNUSED(call), UNUSED(eval);
    return hf_out_number(out, 1);
}

FETCH(thread)
{
    UNUSED(call);
    return eval->facts ? hf_out_number(out, eval->facts->worker) : HF_FALSE;
}

FETCH(stopping)
{
    UNUSED(call);
    bool stopping =
        eval->runtime && atomic_load_explicit(&eval->runtime->stopping, memory_order_relaxed);
    return hf_out_bool(out, stopping);
}

/* ---- time and chance --------------------------------------------------------------------- */

/* The offset is in the unit that is asked for. */
FETCH(date)
{
    UNUSED(eval);
    int64_t us = hf_clock_wall_us(), now = us / 1000000, sum;
    struct hf_view unit = hf_text_arg(call, 1);
    if (hf_view_is(unit, "ms"))
        now = us / 1000;
    else if (hf_view_is(unit, "us"))
        now = us;
    if (__builtin_add_overflow(now, hf_number_arg(call, 0, 0), &sum))
        sum = hf_number_arg(call, 0, 0) > 0 ? INT64_MAX : INT64_MIN;
    return hf_out_number(out, sum);
}

FETCH(date_us)
{
    UNUSED(call), UNUSED(eval);
    return hf_out_number(out, hf_clock_wall_us() % 1000000);
}

FETCH(rand)
{
    UNUSED(eval);
    uint64_t range =
        hf_has_arg(call, 0) ? (uint64_t)call->args[0].number & UINT32_MAX : (uint64_t)1 << 32;
    return hf_out_number(out, (int64_t)(hf_rand32() * range >> 32));
}

FETCH(uuid)
{
    UNUSED(call);
    struct hf_room room = hf_room_for(eval, out);
    uint32_t a = hf_rand32(), b = hf_rand32(), c = hf_rand32(), d = hf_rand32();
    snprintf(room.p, room.size, "%08x-%04x-4%03x-%04x-%04x%08x", a, b >> 16, b & 0xfff,
             (c >> 16 & 0x3fff) | 0x8000, c & 0xffff, d);
    return hf_out_text(out, room.p);
}

FETCH(wait_end)
{
    UNUSED(call);
    return eval->final ? hf_out_bool(out, true) : HF_MISSING;
}

/* ---- variables --------------------------------------------------------------------------- */

FETCH(var)
{
    struct hf_room room = hf_room_for(eval, out);
    if (hf_variable(call->args[0].var, HF_TYPE_ANY, eval, &room, out))
        return HF_TRUE;
    return hf_has_arg(call, 1) ? hf_out_bytes(out, HF_TYPE_STR, hf_text_arg(call, 1)) : HF_FALSE;
}
