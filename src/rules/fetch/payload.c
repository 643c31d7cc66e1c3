/*
 * payload.c: fetches that look at what the peers have sent, before anybody has taken it.
 *
 * Too few bytes are MISSING, as long as more can come.  What reaches beyond HF_EVAL_PEEK is never
 * there.
 */
#include "../rules_int.h"
#include "haftp/wire/tls.h"

/* HAProxy's buffer: nothing is looked at beyond it, and nobody waits for it. */
#define HF_EVAL_PEEK 16384u

struct peer { /* the bytes of one side */
    struct hf_view bytes;
    bool ended;
};

static struct peer client_of(const struct hf_eval *eval)
{
    return (struct peer){eval->request, eval->request_ended};
}

static struct peer server_of(const struct hf_eval *eval)
{
    return (struct peer){eval->response, eval->response_ended};
}

/* The one that the rules in question look at. */
static struct peer either_of(const struct hf_eval *eval)
{
    return eval->response.p ? server_of(eval) : client_of(eval);
}

static bool can_grow(struct peer peer)
{
    return !peer.ended && peer.bytes.n < HF_EVAL_PEEK;
}

static enum hf_truth too_short(struct peer peer)
{
    return can_grow(peer) ? HF_MISSING : HF_FALSE;
}

/* ---- length and payload ------------------------------------------------------------------ */

static enum hf_truth out_len(struct hf_sample *out, struct peer peer)
{
    if (!peer.bytes.p)
        return HF_FALSE;
    out->may_change = can_grow(peer);
    return hf_out_number(out, (int64_t)peer.bytes.n);
}

FETCH(req_len)
{
    UNUSED(call);
    return out_len(out, client_of(eval));
}

FETCH(res_len)
{
    UNUSED(call);
    return out_len(out, server_of(eval));
}

/* At an offset; a length of 0 is all there is, and may become more. */
static enum hf_truth out_payload(const struct hf_conv *call, struct hf_sample *out,
                                 struct peer peer)
{
    uint64_t offset = (uint64_t)call->args[0].number, length = (uint64_t)call->args[1].number;
    if (!peer.bytes.p || offset > HF_EVAL_PEEK || length > HF_EVAL_PEEK - offset)
        return HF_FALSE;
    if (offset + length > peer.bytes.n)
        return too_short(peer);
    if (length == 0) {
        length = peer.bytes.n - offset;
        out->may_change = can_grow(peer);
    }
    return hf_out_bytes(out, HF_TYPE_BIN, hf_view(peer.bytes.p + offset, length));
}

FETCH(payload)
{
    return out_payload(call, out, either_of(eval));
}

FETCH(req_payload)
{
    return out_payload(call, out, client_of(eval));
}

FETCH(res_payload)
{
    return out_payload(call, out, server_of(eval));
}

/* A length of `size` bytes is at an offset; what it counts lies right behind it, or at a third
 * argument: from the start, or with a sign, from there. */
static enum hf_truth out_payload_lv(const struct hf_conv *call, struct hf_sample *out,
                                    struct peer peer)
{
    uint64_t offset = (uint64_t)call->args[0].number, size = (uint64_t)call->args[1].number;
    uint64_t length = 0;

    if (!peer.bytes.p || offset > HF_EVAL_PEEK || size > HF_EVAL_PEEK - offset)
        return HF_FALSE;
    int64_t start = (int64_t)(offset + size);
    if ((uint64_t)start > peer.bytes.n)
        return too_short(peer);
    for (uint64_t i = 0; i < size; i++)
        length = length << 8 | (unsigned char)peer.bytes.p[offset + i];
    if (hf_has_arg(call, 2)) {
        const struct hf_arg *arg = &call->args[2];
        bool is_relative = arg->text[0] == '+' || arg->text[0] == '-';
        start = is_relative ? start + arg->number : arg->number;
    }
    if (length == 0 || length > HF_EVAL_PEEK || start < 0 ||
        (uint64_t)start > HF_EVAL_PEEK - length)
        return HF_FALSE;
    if ((uint64_t)start + length > peer.bytes.n)
        return too_short(peer);
    return hf_out_bytes(out, HF_TYPE_BIN, hf_view(peer.bytes.p + start, length));
}

FETCH(payload_lv)
{
    return out_payload_lv(call, out, either_of(eval));
}

FETCH(req_payload_lv)
{
    return out_payload_lv(call, out, client_of(eval));
}

FETCH(res_payload_lv)
{
    return out_payload_lv(call, out, server_of(eval));
}

/* ---- TLS hellos -------------------------------------------------------------------------- */

static enum hf_truth out_hello_type(struct hf_sample *out, struct peer peer)
{
    unsigned type;
    if (!peer.bytes.p)
        return HF_FALSE;
    switch (hf_tls_hello_type(peer.bytes, &type)) {
    case HF_TLS_YES:
        return hf_out_number(out, type);
    case HF_TLS_MORE:
        return too_short(peer);
    default:
        return HF_FALSE;
    }
}

FETCH(req_ssl_hello_type)
{
    UNUSED(call);
    return out_hello_type(out, client_of(eval));
}

FETCH(res_ssl_hello_type)
{
    UNUSED(call);
    return out_hello_type(out, server_of(eval));
}

static enum hf_truth read_hello(const struct hf_eval *eval, struct hf_tls_hello *hello)
{
    struct peer peer = client_of(eval);
    if (!peer.bytes.p)
        return HF_FALSE;
    switch (hf_tls_client_hello(peer.bytes, hello)) {
    case HF_TLS_YES:
        return HF_TRUE;
    case HF_TLS_MORE:
        return too_short(peer);
    default:
        return HF_FALSE;
    }
}

/* Major version in the upper half, minor in the lower. */
FETCH(req_ssl_ver)
{
    UNUSED(call);
    struct hf_tls_hello hello;
    enum hf_truth truth = read_hello(eval, &hello);
    return truth == HF_TRUE ? hf_out_number(out, hello.major << 16 | hello.minor) : truth;
}

static enum hf_truth out_name(struct hf_sample *out, struct hf_view name)
{
    return name.p ? hf_out_bytes(out, HF_TYPE_STR, name) : HF_FALSE;
}

FETCH(req_ssl_sni)
{
    UNUSED(call);
    struct hf_tls_hello hello;
    enum hf_truth truth = read_hello(eval, &hello);
    return truth == HF_TRUE ? out_name(out, hello.sni) : truth;
}

FETCH(req_ssl_alpn)
{
    UNUSED(call);
    struct hf_tls_hello hello;
    enum hf_truth truth = read_hello(eval, &hello);
    return truth == HF_TRUE ? out_name(out, hello.alpn) : truth;
}

FETCH(req_ssl_ec_ext)
{
    UNUSED(call);
    struct hf_tls_hello hello;
    enum hf_truth truth = read_hello(eval, &hello);
    if (truth == HF_TRUE)
        return hello.has_groups ? hf_out_bool(out, true) : HF_FALSE;
    return truth;
}

FETCH(req_ssl_st_ext)
{
    UNUSED(call);
    struct hf_tls_hello hello;
    enum hf_truth truth = read_hello(eval, &hello);
    if (truth != HF_TRUE)
        return truth;
    return hf_out_number(out, hello.has_ticket ? 1 + (hello.ticket.n > 0) : 0);
}
