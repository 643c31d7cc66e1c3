/*
 * account.c: which counters a session's events go to.
 */
#include "haftp/stream/account.h"

/* Most sections have none: their binds are not told apart. */
static const struct hf_door *door_of(const struct hf_facts *facts)
{
    const struct hf_proxy *frontend = facts->frontend;
    return frontend->n_doors ? hf_proxy_door(frontend, facts->bind) : NULL;
}

void hf_account_front(struct hf_engine *engine, const struct hf_facts *facts, enum hf_count what)
{
    const struct hf_door *door = door_of(facts);

    hf_count(engine->shard, facts->frontend->front_at, what, 1);
    if (door)
        hf_count(engine->shard, door->counts_at, what, 1);
}

void hf_account_server(struct hf_engine *engine, const struct hf_server *server, enum hf_count what)
{
    hf_count(engine->shard, server->counts_at, what, 1);
    hf_count(engine->shard, server->proxy->back_at, what, 1);
}

/* ---- bytes ------------------------------------------------------------------------------- */

static void count_bytes(struct hf_shard *shard, unsigned at, uint64_t in, uint64_t out)
{
    hf_count(shard, at, HF_COUNT_BYTES_IN, in);
    hf_count(shard, at, HF_COUNT_BYTES_OUT, out);
}

void hf_account_bytes(struct hf_engine *engine, const struct hf_facts *facts, uint64_t in,
                      uint64_t out)
{
    struct hf_shard *shard = engine->shard;
    const struct hf_door *door = door_of(facts);

    count_bytes(shard, facts->frontend->front_at, in, out);
    if (door)
        count_bytes(shard, door->counts_at, in, out);
    if (facts->backend)
        count_bytes(shard, facts->backend->back_at, in, out);
    if (facts->server)
        count_bytes(shard, facts->server->counts_at, in, out);
}

bool hf_account_relay(struct hf_engine *engine, const struct hf_facts *facts, uint64_t in,
                      uint64_t out, struct hf_accounted *before)
{
    if (in == before->in && out == before->out)
        return false;
    hf_account_bytes(engine, facts, in - before->in, out - before->out);
    *before = (struct hf_accounted){in, out};
    return true;
}

/* ---- refusals ---------------------------------------------------------------------------- */

static void count_denied_request(struct hf_engine *engine, const struct hf_facts *facts,
                                 const struct hf_proxy *section)
{
    if (section == facts->frontend)
        hf_account_front(engine, facts, HF_COUNT_DENIED_REQUESTS);
    else
        hf_count(engine->shard, section->back_at, HF_COUNT_DENIED_REQUESTS, 1);
}

void hf_account_denial(struct hf_engine *engine, const struct hf_facts *facts,
                       const struct hf_cfg_proxy *section, enum hf_rule_set set)
{
    switch (set) {
    case HF_RULES_CONNECTION:
        hf_account_front(engine, facts, HF_COUNT_DENIED_CONNECTIONS);
        break;
    case HF_RULES_SESSION:
        hf_account_front(engine, facts, HF_COUNT_DENIED_SESSIONS);
        break;
    case HF_RULES_REQUEST:
        count_denied_request(engine, facts, hf_runtime_proxy(engine->runtime, section));
        break;
    case HF_RULES_RESPONSE:
        hf_account_front(engine, facts, HF_COUNT_DENIED_RESPONSES);
        if (facts->server)
            hf_account_server(engine, facts->server, HF_COUNT_DENIED_RESPONSES);
        break;
    case HF_RULES_FTP:
        hf_count(engine->shard, facts->frontend->front_at, HF_COUNT_FTP_DENIED, 1);
        break;
    default:
        break;
    }
}

/* ---- the end ----------------------------------------------------------------------------- */

static void count_abort(struct hf_engine *engine, const struct hf_facts *facts, char letter)
{
    if (letter == 'C' || letter == 'c')
        hf_account_server(engine, facts->server, HF_COUNT_CLIENT_ABORTS);
    else if (letter == 'S' || letter == 's')
        hf_account_server(engine, facts->server, HF_COUNT_SERVER_ABORTS);
}

static void count_failure(struct hf_engine *engine, const struct hf_facts *facts)
{
    switch ((enum hf_reason)facts->reason) {
    case HF_REASON_PROTOCOL_CLIENT:
    case HF_REASON_LOGIN_TIMEOUT:
        hf_account_front(engine, facts, HF_COUNT_REQUEST_ERRORS);
        break;
    case HF_REASON_PROTOCOL_SERVER:
        if (facts->server)
            hf_account_server(engine, facts->server, HF_COUNT_RESPONSE_ERRORS);
        break;
    case HF_REASON_RESOURCE:
    case HF_REASON_INTERNAL:
        hf_account_front(engine, facts, HF_COUNT_INTERNAL_ERRORS);
        if (facts->server)
            hf_account_server(engine, facts->server, HF_COUNT_INTERNAL_ERRORS);
        break;
    default:
        break;
    }
}

void hf_account_end(const struct hf_session *session)
{
    const struct hf_facts *facts = &session->facts;
    struct hf_server *server = (struct hf_server *)facts->server;
    char letters[3];

    if (session->uncounted)
        return;
    count_failure(session->engine, facts);
    if (!server || facts->connect_ms < 0)
        return;
    hf_termination(facts, letters);
    if (letters[1] == 'D' || letters[1] == 'L')
        count_abort(session->engine, facts, letters[0]);
    hf_pace_add_mt(&server->pace, facts);
    hf_pace_add_mt(&server->proxy->pace, facts);
}
