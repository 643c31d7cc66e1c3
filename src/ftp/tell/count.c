/*
 * count.c: what of a control session and its transfers is counted (haftp/state/counters.def).
 */
#include "tell.h"

#include "haftp/stream/account.h"

#include "data/xfer.h"

void ftp_count(const struct ftp_session *s, enum hf_count what, uint64_t n)
{
    const struct hf_facts *facts = &s->session.facts;
    struct hf_shard *shard = s->session.engine->shard;

    hf_count(shard, facts->frontend->front_at, what, n);
    if (facts->server)
        hf_count(shard, facts->server->counts_at, what, n);
}

void ftp_count_bytes(struct ftp_session *s, uint64_t in, uint64_t out)
{
    s->session.facts.bytes_in += in;
    s->session.facts.bytes_out += out;
    hf_account_bytes(s->session.engine, &s->session.facts, in, out);
}

void ftp_count_reply(const struct ftp_session *s)
{
    if (s->last_code >= 500)
        ftp_count(s, HF_COUNT_FTP_REPLIES_5XX, 1);
    else if (s->last_code >= 400)
        ftp_count(s, HF_COUNT_FTP_REPLIES_4XX, 1);
}

/* ---- transfers --------------------------------------------------------------------------- */

void ftp_count_data(struct ftp_xfer *x)
{
    const struct hf_relay_end *end = x->relay.end;
    struct hf_accounted before = x->accounted;

    if (!hf_account_relay(x->ftp->engine, &x->facts, end[HF_FRONT].bytes, end[HF_BACK].bytes,
                          &x->accounted))
        return;
    ftp_count(x->session, HF_COUNT_FTP_DATA_IN, x->accounted.in - before.in);
    ftp_count(x->session, HF_COUNT_FTP_DATA_OUT, x->accounted.out - before.out);
}

static bool ended_by_client(const struct ftp_xfer *x)
{
    const struct hf_facts *control = &x->session->session.facts;
    uint8_t reason = x->facts.reason ? x->facts.reason : control->reason;

    return x->was_aborted || reason == HF_REASON_CLIENT_CLOSED ||
           reason == HF_REASON_CLIENT_RESET || reason == HF_REASON_CLIENT_TIMEOUT;
}

/* The rows of counters.def stand in this order: complete, aborted, broken. */
void ftp_count_transfer(const struct ftp_xfer *x)
{
    unsigned first = x->from_server ? HF_COUNT_FTP_DOWNLOADS : HF_COUNT_FTP_UPLOADS;
    unsigned how = x->verdict >= 200 && x->verdict < 300 ? 0 : ended_by_client(x) ? 1 : 2;

    if (x->begun)
        ftp_count(x->session, (enum hf_count)(first + how), 1);
}
