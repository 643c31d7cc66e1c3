/*
 * header.c: reads PROXY headers off connections.
 */
#include "haftp/stream/header.h"

#include <stdio.h>

#include "haftp/log/log.h"
#include "haftp/net/socket.h"
#include "haftp/stream/account.h"
#include "haftp/wire/proxyproto.h"

uint8_t hf_header_of_bind(const struct hf_cfg_bind *bind)
{
    return (uint8_t)((bind->accept_proxy ? HF_HEADER_PROXY : 0) |
                     (bind->accept_netscaler_cip ? HF_HEADER_CIP : 0));
}

static const char *name_of(const struct hf_session *session)
{
    return session->headers & HF_HEADER_PROXY ? "PROXY" : "NetScaler Client IP";
}

/* One that says nothing and leaves may be a health check: `option dontlognull` is for those. */
static void fail(struct hf_session *session, enum hf_reason reason, bool spoke, const char *what)
{
    static struct hf_log_limit limit;
    const struct hf_facts *facts = &session->facts;
    struct hf_proxy *proxy = (struct hf_proxy *)facts->frontend;
    char peer[HF_ADDR_TEXT_SIZE], more[64] = "";
    unsigned suppressed;

    hf_facts_end(&session->facts, reason, HF_PHASE_REQUEST);
    session->logged = true; /* by the line below, as with HAProxy */
    if (!spoke && reason == HF_REASON_CLIENT_CLOSED && proxy->cfg->o.dontlognull)
        return;
    hf_account_front(session->engine, facts, HF_COUNT_REQUEST_ERRORS);
    hf_count(session->engine->shard, proxy->front_at, HF_COUNT_BAD_HEADERS, 1);
    if (!hf_log_allowed_mt(&limit, 5, &suppressed))
        return;
    if (suppressed)
        snprintf(more, sizeof more, " (%u more like this were not logged)", suppressed);
    hf_log_event_mt(proxy, HF_LEVEL_NOTICE, "%s: connection from %s to '%s' closed: %s %s header%s",
                    proxy->cfg->name, hf_addr_text(hf_facts_socket_peer(facts), peer),
                    facts->bind->text, what, name_of(session), more);
}

static enum hf_header failed(struct hf_session *session, enum hf_reason reason, bool spoke,
                             const char *what)
{
    fail(session, reason, spoke, what);
    return HF_HEADER_FAILED;
}

void hf_header_timed_out(struct hf_session *session)
{
    fail(session, HF_REASON_CLIENT_TIMEOUT, false, "it took too long to send its");
}

/* The header's bytes are read for good, and not one more. */
static enum hf_header take(struct hf_session *session, int fd, const struct hf_pp_header *header)
{
    char *bytes = hf_loop_scratch(session->engine->loop);
    size_t n;

    if (hf_facts_take_header(&session->facts, header) != HF_OK)
        return failed(session, HF_REASON_RESOURCE, true, "no memory for its");
    if (hf_socket_recv(fd, bytes, header->n, &n) != HF_OK || n != header->n)
        return failed(session, HF_REASON_CLIENT_RESET, true, "it broke off in its");
    if (session->headers & HF_HEADER_PROXY)
        session->facts.received_proxy = true;
    return HF_HEADER_DONE;
}

static enum hf_header read_one(struct hf_session *session, int fd, bool ended)
{
    char *bytes = hf_loop_scratch(session->engine->loop);
    struct hf_pp_header header;
    size_t n = 0;

    enum hf_status status = hf_socket_peek(fd, bytes, HF_PROXYPROTO_MOST, &n);
    if (status != HF_OK && status != HF_AGAIN)
        return failed(session, status == HF_EOF ? HF_REASON_CLIENT_CLOSED : HF_REASON_CLIENT_RESET,
                      false, "it ended before its");
    struct hf_view view = hf_view(bytes, n);
    enum hf_pp_read read =
        session->headers & HF_HEADER_PROXY
            ? hf_proxyproto_read(view, &header)
            : hf_netscaler_read(view, (uint32_t)session->facts.bind->accept_netscaler_cip, &header);
    switch (read) {
    case HF_PP_YES:
        return take(session, fd, &header);
    case HF_PP_MORE:
        if (ended)
            return failed(session, HF_REASON_CLIENT_CLOSED, n > 0, "it ended in the middle of its");
        return HF_HEADER_MORE;
    case HF_PP_NO_HEADER:
        return failed(session, HF_REASON_PROXY_REFUSED, true, "it does not begin with a");
    case HF_PP_BAD_HEADER:
        return failed(session, HF_REASON_PROXY_REFUSED, true, "it sent a malformed");
    case HF_PP_BAD_PROTOCOL:
        break;
    }
    return failed(session, HF_REASON_PROXY_REFUSED, true, "it sent, for another protocol, a");
}

enum hf_header hf_header_read(struct hf_session *session, int fd, bool ended)
{
    while (session->headers) {
        enum hf_header result = read_one(session, fd, ended);
        if (result != HF_HEADER_DONE)
            return result;
        session->headers &= (uint8_t)(session->headers - 1); /* the lowest bit is done */
    }
    return HF_HEADER_DONE;
}
