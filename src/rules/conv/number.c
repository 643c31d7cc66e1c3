/*
 * number.c: arithmetic that stays within 64 bits: what would leave them is held at their ends.
 */
#include "../rules_int.h"

static bool is_number(struct hf_sample *sample, int64_t number)
{
    sample->type = HF_TYPE_INT;
    sample->number = number;
    return true;
}

static bool is_truth(struct hf_sample *sample, bool truth)
{
    sample->type = HF_TYPE_BOOL;
    sample->number = truth;
    return true;
}

/* The argument: a number, or a variable; false: that is not set, or no number. */
static bool operand(const struct hf_conv *call, struct hf_eval *eval,
                    const struct hf_sample *sample, int64_t *out)
{
    const struct hf_arg *arg = &call->args[0];
    struct hf_room room = hf_room_for(eval, sample);
    struct hf_sample value;
    if (arg->kind != HF_ARG_VAR) {
        *out = arg->number;
        return true;
    }
    if (!hf_variable(arg->var, HF_TYPE_INT, eval, &room, &value))
        return false;
    *out = value.number;
    return true;
}

CONV(add)
{
    int64_t a = sample->number, b, sum;
    if (!operand(call, eval, sample, &b))
        return false;
    if (__builtin_add_overflow(a, b, &sum))
        sum = b < 0 ? INT64_MIN : INT64_MAX;
    return is_number(sample, sum);
}

CONV(sub)
{
    int64_t a = sample->number, b, difference;
    if (!operand(call, eval, sample, &b))
        return false;
    if (__builtin_sub_overflow(a, b, &difference))
        difference = b > 0 ? INT64_MIN : INT64_MAX;
    return is_number(sample, difference);
}

CONV(mul)
{
    int64_t a = sample->number, b, product;
    if (!operand(call, eval, sample, &b))
        return false;
    if (__builtin_mul_overflow(a, b, &product))
        product = (a < 0) != (b < 0) ? INT64_MIN : INT64_MAX;
    return is_number(sample, product);
}

CONV(div)
{
    int64_t a = sample->number, b;
    if (!operand(call, eval, sample, &b))
        return false;
    bool overflows = b == 0 || (a == INT64_MIN && b == -1);
    return is_number(sample, overflows ? INT64_MAX : a / b);
}

CONV(mod)
{
    int64_t b;
    if (!operand(call, eval, sample, &b))
        return false;
    return is_number(sample, b == 0 || b == -1 ? 0 : sample->number % b);
}

CONV(neg)
{
    UNUSED(call), UNUSED(eval);
    return is_number(sample, sample->number == INT64_MIN ? INT64_MAX : -sample->number);
}

/* ---- bits -------------------------------------------------------------------------------- */

CONV(and)
{
    int64_t b;
    return operand(call, eval, sample, &b) && is_number(sample, sample->number & b);
}

CONV(or)
{
    int64_t b;
    return operand(call, eval, sample, &b) && is_number(sample, sample->number | b);
}

CONV(xor)
{
    int64_t b;
    return operand(call, eval, sample, &b) && is_number(sample, sample->number ^ b);
}

CONV(cpl)
{
    UNUSED(call), UNUSED(eval);
    return is_number(sample, ~sample->number);
}

CONV(htonl)
{
    UNUSED(call);
    struct hf_room room = hf_room_for(eval, sample);
    for (int shift = 24; shift >= 0; shift -= 8)
        hf_room_char(&room, (char)((uint64_t)sample->number >> shift));
    sample->type = HF_TYPE_BIN;
    sample->bytes = hf_room_view(&room);
    return true;
}

/* ---- truth ------------------------------------------------------------------------------- */

CONV(bool)
{
    UNUSED(call), UNUSED(eval);
    return is_truth(sample, sample->number != 0);
}

CONV(not )
{
    UNUSED(call), UNUSED(eval);
    return is_truth(sample, sample->number == 0);
}

CONV(even)
{
    UNUSED(call), UNUSED(eval);
    return is_truth(sample, !(sample->number & 1));
}

CONV(odd)
{
    UNUSED(call), UNUSED(eval);
    return is_truth(sample, sample->number & 1);
}

CONV(iif)
{
    UNUSED(eval);
    sample->type = HF_TYPE_STR;
    sample->bytes = hf_text_arg(call, sample->number ? 0 : 1);
    return true;
}

/* ---- addresses --------------------------------------------------------------------------- */

static bool mask_v4(struct hf_sample *sample, const struct hf_addr *mask)
{
    sample->type = HF_TYPE_IPV4;
    sample->addr.v4.sin_addr.s_addr &= mask->v4.sin_addr.s_addr;
    return true;
}

static bool mask_v6(struct hf_sample *sample, const struct hf_addr *mask)
{
    for (int i = 0; i < 16; i++)
        sample->addr.v6.sin6_addr.s6_addr[i] &= mask->v6.sin6_addr.s6_addr[i];
    sample->addr.v6.sin6_scope_id = 0;
    return true;
}

/* An IPv4 address in an IPv6 one is masked as IPv4. */
CONV(ipmask)
{
    UNUSED(eval);
    hf_addr_unmap(&sample->addr);
    if (sample->addr.sa.sa_family == AF_INET)
        return mask_v4(sample, &call->args[0].addr);
    return hf_has_arg(call, 1) && mask_v6(sample, &call->args[1].addr);
}
