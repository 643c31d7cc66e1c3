/*
 * ftp.c: fetches of the FTP conversation: what its facts tell (state/ftp_facts.h).
 */
#include "../rules_int.h"
#include "haftp/state/ftp_facts.h"

/* NULL: no control connection, or nothing was said on it yet. */
static const struct hf_ftp_facts *ftp_of(const struct hf_eval *eval)
{
    return eval->facts ? eval->facts->ftp : NULL;
}

static enum hf_truth out_name(struct hf_sample *out, const char *name)
{
    return name ? hf_out_text(out, name) : HF_FALSE;
}

FETCH(ftp_cmd)
{
    UNUSED(call);
    const struct hf_ftp_facts *ftp = ftp_of(eval);
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
    return ftp && ftp->code ? hf_out_number(out, ftp->code) : HF_FALSE;
}

FETCH(ftp_tls)
{
    UNUSED(call);
    return eval->facts ? hf_out_bool(out, eval->facts->client_tls) : HF_FALSE;
}
