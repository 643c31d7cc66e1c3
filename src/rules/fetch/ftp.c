/*
 * ftp.c: fetches of the FTP conversation: what its facts tell (state/ftp_facts.h).
 */
#include "../rules_int.h"
#include "haftp/net/tls.h"
#include "haftp/state/ftp_facts.h"
#include "haftp/state/ftp_log.h"

/* NULL: no control connection, or nothing was said on it yet. */
static const struct hf_ftp_facts *ftp_of(const struct hf_eval *eval)
{
    return eval->facts ? eval->facts->ftp : NULL;
}

static enum hf_truth out_name(struct hf_sample *out, const char *name)
{
    return name ? hf_out_text(out, name) : HF_FALSE;
}

/* NULL: no log line is written, or none of FTP. */
static const struct hf_ftp_log *log_of(const struct hf_eval *eval)
{
    const struct hf_ftp_facts *ftp = ftp_of(eval);
    return ftp ? ftp->log : NULL;
}

/* NULL: it is not about a transfer. */
static const struct hf_ftp_transfer *transfer_of(const struct hf_eval *eval)
{
    const struct hf_ftp_log *log = log_of(eval);
    return log ? log->transfer : NULL;
}

FETCH(ftp_cmd)
{
    UNUSED(call);
    const struct hf_ftp_facts *ftp = ftp_of(eval);
    if (transfer_of(eval))
        return hf_out_text(out, hf_ftp_cmd_name(transfer_of(eval)->cmd));
    return ftp && ftp->verb[0] ? hf_out_text(out, ftp->verb) : HF_FALSE;
}

FETCH(ftp_arg)
{
    UNUSED(call);
    const struct hf_ftp_facts *ftp = ftp_of(eval);
    return ftp && ftp->arg.p ? hf_out_bytes(out, HF_TYPE_STR, ftp->arg) : HF_FALSE;
}

FETCH(ftp_user)
{
    UNUSED(call);
    const struct hf_ftp_facts *ftp = ftp_of(eval);
    return ftp ? out_name(out, ftp->user) : HF_FALSE;
}

FETCH(ftp_host)
{
    UNUSED(call);
    const struct hf_ftp_facts *ftp = ftp_of(eval);
    return ftp ? out_name(out, ftp->host) : HF_FALSE;
}

FETCH(ftp_code)
{
    UNUSED(call);
    const struct hf_ftp_facts *ftp = ftp_of(eval);
    unsigned code = transfer_of(eval) ? transfer_of(eval)->code : ftp ? ftp->code : 0;
    return code ? hf_out_number(out, code) : HF_FALSE;
}

FETCH(ftp_tls)
{
    UNUSED(call);
    return eval->facts ? hf_out_bool(out, eval->facts->client_tls) : HF_FALSE;
}

/* ---- of a transfer, or else of the session: in log lines --------------------------------------
 */

FETCH(ftp_mode)
{
    UNUSED(call);
    const struct hf_ftp_transfer *transfer = transfer_of(eval);
    if (!transfer)
        return HF_FALSE;
    return hf_out_text(out, transfer->active ? "active" : "passive");
}

FETCH(ftp_direction)
{
    UNUSED(call);
    const struct hf_ftp_transfer *transfer = transfer_of(eval);
    return transfer ? hf_out_text(out, transfer->from_server ? "down" : "up") : HF_FALSE;
}

FETCH(ftp_data_tls)
{
    UNUSED(call);
    const struct hf_tls *tls = transfer_of(eval) ? eval->facts->front_tls : NULL;
    if (!tls)
        return HF_FALSE;
    struct hf_view version = hf_view_cstr(hf_tls_version(tls));
    if (!hf_tls_resumed(tls))
        return hf_out_bytes(out, HF_TYPE_STR, version);
    int n = snprintf(eval->scratch[0], sizeof eval->scratch[0], "%s/resumed", version.p);
    return hf_out_bytes(out, HF_TYPE_STR, hf_view(eval->scratch[0], (size_t)n));
}

FETCH(ftp_rate)
{
    UNUSED(call);
    const struct hf_ftp_transfer *transfer = transfer_of(eval);
    if (!transfer)
        return HF_FALSE;
    uint32_t ms = transfer->took_ms ? transfer->took_ms : 1;
    return hf_out_number(out, (int64_t)(transfer->bytes * 1000 / ms));
}

FETCH(ftp_transfers)
{
    UNUSED(call);
    const struct hf_ftp_log *log = log_of(eval);
    return log ? hf_out_number(out, log->transfers) : HF_FALSE;
}

FETCH(ftp_bytes)
{
    UNUSED(call);
    const struct hf_ftp_log *log = log_of(eval);
    if (!log)
        return HF_FALSE;
    return hf_out_number(out,
                         (int64_t)(log->transfer ? log->transfer->bytes : log->transfer_bytes));
}

FETCH(ftp_path)
{
    UNUSED(call);
    const struct hf_ftp_log *log = log_of(eval);
    if (!log)
        return HF_FALSE;
    return out_name(out, log->transfer ? log->transfer->path : log->cwd);
}

FETCH(ftp_type)
{
    UNUSED(call);
    const struct hf_ftp_log *log = log_of(eval);
    if (!log)
        return HF_FALSE;
    const char *type = log->transfer ? &log->transfer->type : &log->type;
    return *type ? hf_out_bytes(out, HF_TYPE_STR, hf_view(type, 1)) : HF_FALSE;
}

FETCH(ftp_why)
{
    UNUSED(call);
    if (!eval->facts)
        return HF_FALSE;
    if (transfer_of(eval))
        return hf_out_text(out, transfer_of(eval)->why);
    return hf_out_text(out, hf_reason_text((enum hf_reason)eval->facts->reason));
}
