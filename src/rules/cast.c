/*
 * cast.c: samples of one type taken for another, as HAProxy does.
 */
#include <inttypes.h>
#include <stdio.h>

#include "rules_int.h"

/* ---- room -------------------------------------------------------------------------------- */

struct hf_room hf_room_for(struct hf_eval *eval, const struct hf_sample *sample)
{
    uintptr_t bytes = (uintptr_t)sample->bytes.p, first = (uintptr_t)eval->scratch[0];
    bool in_first = bytes >= first && bytes < first + sizeof eval->scratch[0];
    return (struct hf_room){.p = eval->scratch[in_first], .size = sizeof eval->scratch[0]};
}

void hf_room_add(struct hf_room *room, struct hf_view bytes)
{
    size_t left = room->size - room->n;
    size_t n = bytes.n < left ? bytes.n : left;
    if (n > 0)
        memmove(room->p + room->n, bytes.p, n); /* the bytes may lie in the room's free part */
    room->n += n;
}

/* ---- from text --------------------------------------------------------------------------- */

int64_t hf_text_number(struct hf_view text)
{
    const char *p = text.p, *end = text.p + text.n;
    bool negative = p < end && *p == '-';
    int64_t number = 0;

    if (p < end && (*p == '-' || *p == '+'))
        p++;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        int digit = *p - '0';
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, negative ? -digit : digit, &number))
            return negative ? INT64_MIN : INT64_MAX;
    }
    return number;
}

/* Four numbers with dots between them; what follows the last digit does not matter, unless it is
 * another dot. */
static bool read_v4(struct hf_view text, struct hf_addr *out)
{
    uint32_t host = 0;
    size_t at = 0;

    for (int part = 0; part < 4; part++) {
        unsigned number = 0;
        size_t start = at;
        for (; at < text.n && text.p[at] >= '0' && text.p[at] <= '9' && number <= 255; at++)
            number = number * 10 + (unsigned)(text.p[at] - '0');
        if (at == start || number > 255)
            return false;
        host = host << 8 | number;
        bool dot = at < text.n && text.p[at] == '.';
        if (dot != (part < 3))
            return false;
        at++;
    }
    *out = (struct hf_addr){.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)}};
    return true;
}

static bool read_v6(struct hf_view text, struct hf_addr *out)
{
    bool bare = text.n > 0 && text.p[0] != '[' && !memchr(text.p, '%', text.n);
    return bare && hf_addr_parse_host(text, out) == HF_OK && out->sa.sa_family == AF_INET6;
}

/* ---- addresses --------------------------------------------------------------------------- */

static bool to_addr(struct hf_sample *sample, struct hf_addr addr)
{
    sample->type = addr.sa.sa_family == AF_INET6 ? HF_TYPE_IPV6 : HF_TYPE_IPV4;
    sample->addr = addr;
    return true;
}

enum hf_truth hf_out_addr(struct hf_sample *out, const struct hf_addr *addr)
{
    if (!hf_addr_is_set(addr))
        return HF_FALSE;
    to_addr(out, *addr);
    hf_addr_set_port(&out->addr, 0);
    return HF_TRUE;
}

static struct hf_addr mapped(const struct hf_addr *v4)
{
    struct hf_addr out = {.v6 = {.sin6_family = AF_INET6}};
    out.v6.sin6_addr.s6_addr[10] = out.v6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(out.v6.sin6_addr.s6_addr + 12, &v4->v4.sin_addr, 4);
    return out;
}

static struct hf_addr addr_of_number(int64_t number)
{
    return (struct hf_addr){
        .v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl((uint32_t)number)}};
}

static bool cast_to_v4(struct hf_sample *sample)
{
    struct hf_addr addr = sample->addr;
    switch (sample->type) {
    case HF_TYPE_IPV4:
        return true;
    case HF_TYPE_INT:
        return to_addr(sample, addr_of_number(sample->number));
    case HF_TYPE_STR:
        return read_v4(sample->bytes, &addr) && to_addr(sample, addr);
    case HF_TYPE_IPV6:
        hf_addr_unmap(&addr);
        return addr.sa.sa_family == AF_INET && to_addr(sample, addr);
    default:
        return false;
    }
}

static bool cast_to_v6(struct hf_sample *sample)
{
    struct hf_addr addr;
    if (sample->type == HF_TYPE_IPV6)
        return true;
    if (sample->type == HF_TYPE_STR)
        return read_v6(sample->bytes, &addr) && to_addr(sample, addr);
    return cast_to_v4(sample) && to_addr(sample, mapped(&sample->addr));
}

static bool cast_to_addr(struct hf_sample *sample)
{
    struct hf_addr addr;
    if (sample->type == HF_TYPE_IPV6)
        return true;
    if (sample->type == HF_TYPE_STR && read_v6(sample->bytes, &addr))
        return to_addr(sample, addr);
    return cast_to_v4(sample);
}

/* ---- numbers ----------------------------------------------------------------------------- */

/* A truth value is a number, and the other way round. */
static bool cast_to_number(struct hf_sample *sample, enum hf_type to)
{
    if (sample->type == HF_TYPE_IPV4 && to == HF_TYPE_INT)
        sample->number = ntohl(sample->addr.v4.sin_addr.s_addr);
    else if (sample->type == HF_TYPE_STR && sample->bytes.n > 0)
        sample->number = hf_text_number(sample->bytes);
    else if (sample->type != HF_TYPE_INT && sample->type != HF_TYPE_BOOL)
        return false;
    sample->type = HF_TYPE_INT;
    return true;
}

/* ---- to text and bytes ------------------------------------------------------------------- */

static bool cast_to_bytes(struct hf_sample *sample, struct hf_room room)
{
    switch (sample->type) {
    case HF_TYPE_BOOL:
    case HF_TYPE_INT:
        for (int shift = 56; shift >= 0; shift -= 8)
            hf_room_char(&room, (char)((uint64_t)sample->number >> shift));
        sample->bytes = hf_room_view(&room);
        break;
    case HF_TYPE_IPV4:
        hf_room_add(&room, hf_view((const char *)&sample->addr.v4.sin_addr, 4));
        sample->bytes = hf_room_view(&room);
        break;
    case HF_TYPE_IPV6:
        hf_room_add(&room, hf_view((const char *)&sample->addr.v6.sin6_addr, 16));
        sample->bytes = hf_room_view(&room);
        break;
    default: /* text is bytes */
        break;
    }
    sample->type = HF_TYPE_BIN;
    return true;
}

static bool cast_to_text(struct hf_sample *sample, struct hf_room room)
{
    char text[HF_ADDR_TEXT_SIZE];
    const char *nul;
    switch (sample->type) {
    case HF_TYPE_BOOL:
    case HF_TYPE_INT:
        snprintf(text, sizeof text, "%" PRId64, sample->number);
        hf_room_add(&room, hf_view_cstr(text));
        sample->bytes = hf_room_view(&room);
        break;
    case HF_TYPE_IPV4:
    case HF_TYPE_IPV6:
        hf_room_add(&room, hf_view_cstr(hf_addr_host_text(&sample->addr, text)));
        sample->bytes = hf_room_view(&room);
        break;
    case HF_TYPE_BIN: /* a text ends at its first NUL */
        nul = sample->bytes.n ? memchr(sample->bytes.p, '\0', sample->bytes.n) : NULL;
        if (nul)
            sample->bytes.n = (size_t)(nul - sample->bytes.p);
        break;
    default:
        break;
    }
    sample->type = HF_TYPE_STR;
    return true;
}

/* What has to be written goes into the room. */
static bool cast(struct hf_sample *sample, enum hf_type to, struct hf_room room)
{
    if (to == HF_TYPE_ANY || to == sample->type)
        return true;
    switch (to) {
    case HF_TYPE_BOOL:
    case HF_TYPE_INT:
        return cast_to_number(sample, to);
    case HF_TYPE_ADDR:
        return cast_to_addr(sample);
    case HF_TYPE_IPV4:
        return cast_to_v4(sample);
    case HF_TYPE_IPV6:
        return cast_to_v6(sample);
    case HF_TYPE_STR:
        return cast_to_text(sample, room);
    case HF_TYPE_BIN:
        return cast_to_bytes(sample, room);
    case HF_TYPE_METH:
        if (sample->type != HF_TYPE_STR && sample->type != HF_TYPE_BIN)
            return false;
        sample->type = HF_TYPE_METH;
        return true;
    default:
        return false;
    }
}

bool hf_sample_cast(struct hf_sample *sample, enum hf_type to, struct hf_eval *eval)
{
    return cast(sample, to, hf_room_for(eval, sample));
}

bool hf_variable(const struct hf_cfg_var *var, enum hf_type type, const struct hf_eval *eval,
                 const struct hf_room *room, struct hf_sample *out)
{
    struct hf_room rest = {.p = room->p + room->n, .size = room->size - room->n};
    if (!hf_vars_get(eval->vars, var, out, rest.p, rest.size))
        return false;
    return cast(out, type, rest);
}
