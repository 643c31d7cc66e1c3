/*
 * handshake.c: the TLS handshake of a client, before any rule looks at its session.
 */
#include <stdio.h>

#include "haftp/log/log.h"
#include "haftp/net/tls.h"
#include "handshake_int.h"

/* One that says nothing and leaves may be a health check: `option dontlognull` is for those. */
static void fail(struct hf_session *session, enum hf_reason reason, bool left, const char *why)
{
    static struct hf_log_limit limit;
    const struct hf_facts *facts = &session->facts;
    const struct hf_cfg_proxy *cfg = facts->frontend->cfg;
    char peer[HF_ADDR_TEXT_SIZE], more[64] = "";
    unsigned suppressed;

    hf_facts_end(&session->facts, reason, HF_PHASE_REQUEST);
    session->logged = true; /* by the line below, as with HAProxy */
    if ((left && cfg->o.dontlognull) || !hf_log_allowed_mt(&limit, 5, &suppressed))
        return;
    if (suppressed)
        snprintf(more, sizeof more, " (%u more like this were not logged)", suppressed);
    hf_log_event_mt(facts->frontend, HF_LEVEL_INFO, "%s %s/%u: SSL handshake failure (%s)%s",
                    hf_addr_text(hf_facts_peer(facts), peer), cfg->name, facts->bind->number, why,
                    more);
}

enum hf_ruling hf_handshake_run(struct hf_session *session)
{
    struct hf_tls *tls = session->facts.front_tls;

    if (!tls)
        return HF_RULING_PASS;
    enum hf_status status = hf_tls_handshake(tls);
    if (status == HF_OK)
        return HF_RULING_PASS;
    if (status == HF_AGAIN)
        return HF_RULING_WAIT;
    fail(session, HF_REASON_TLS_CLIENT, status == HF_EOF || status == HF_RESET, hf_tls_error(tls));
    return HF_RULING_REJECT;
}

void hf_handshake_timed_out(struct hf_session *session)
{
    fail(session, HF_REASON_CLIENT_TIMEOUT, false, "it took too long");
}
