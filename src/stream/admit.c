/*
 * admit.c: rules of the frontend, then its choice, then rules of the backend.
 *
 *   connection rules --> PROXY header --> TLS handshake --> session rules
 *                                                                |
 *      +---------------------------------------------------------+
 *      v
 *   content rules --> use_backend --> content rules of the backend --> use-server
 *
 * Each of them may close the connection; header, handshake and content rules may wait for bytes.
 */
#include "haftp/stream/admit.h"

#include <stdlib.h>
#include <string.h>

#include "haftp/base/assert.h"
#include "haftp/log/format.h"
#include "haftp/log/log.h"
#include "haftp/state/track.h"
#include "haftp/stream/account.h"
#include "haftp/stream/header.h"
#include "handshake_int.h"
#include "route_int.h"

struct hf_admit {
    struct hf_inspect inspect; /* its session and watch are set from the beginning */
    struct hf_timer patience;  /* timeout client */
    struct hf_reap reap;
    bool approaching; /* header or handshake */
    bool routed;      /* the rules are those of the backend */
    bool late;        /* the backend is not chosen yet */
    hf_admit_fn fn;
};

static bool has_rules(const struct hf_cfg_proxy *section)
{
    return section->rules[HF_RULES_REQUEST] != NULL;
}

/* Chooses the backend.  The section whose rules come next, NULL: none have to be asked. */
static const struct hf_cfg_proxy *route(struct hf_session *session, struct hf_watch *front)
{
    const struct hf_facts *facts = &session->facts;

    hf_route_backend(session, front);
    if (!facts->backend || facts->backend == facts->frontend || !has_rules(facts->backend->cfg))
        return NULL;
    return facts->backend->cfg;
}

static enum hf_ruling finish(struct hf_session *session, struct hf_watch *front,
                             enum hf_ruling ruling)
{
    if (ruling == HF_RULING_PASS)
        hf_route_server(session, front);
    else if (ruling == HF_RULING_REJECT)
        hf_facts_end(&session->facts, HF_REASON_PROXY_REFUSED, HF_PHASE_REQUEST);
    return ruling;
}

static void on_due(struct hf_inspect *inspect);

/* Until something decides, or must wait. */
static enum hf_ruling go_on(struct hf_admit *admit)
{
    struct hf_session *session = admit->inspect.session;
    struct hf_watch *front = admit->inspect.watch;
    enum hf_ruling ruling;

    while ((ruling = hf_inspect_run(&admit->inspect)) == HF_RULING_PASS && !admit->routed &&
           !admit->late) {
        const struct hf_cfg_proxy *next = route(session, front);
        hf_inspect_stop(&admit->inspect);
        if (!next)
            break;
        admit->routed = true;
        hf_inspect_begin(&admit->inspect, session, front, next, HF_RULES_REQUEST, on_due);
    }
    return finish(session, front, ruling);
}

static void decide(struct hf_admit *admit)
{
    enum hf_ruling ruling = go_on(admit);
    if (ruling == HF_RULING_WAIT)
        return;
    hf_inspect_stop(&admit->inspect);
    admit->fn(admit->inspect.session, ruling);
}

static void on_due(struct hf_inspect *inspect)
{
    decide(HF_CONTAINER(inspect, struct hf_admit, inspect));
}

/* `timeout client` holds while rules wait: a silent client must not keep its place for longer. */
static void on_patience_over(struct hf_timer *timer)
{
    struct hf_admit *admit = HF_CONTAINER(timer, struct hf_admit, patience);
    struct hf_session *session = admit->inspect.session;

    hf_facts_end(&session->facts, HF_REASON_CLIENT_TIMEOUT, HF_PHASE_REQUEST);
    hf_inspect_stop(&admit->inspect);
    admit->fn(session, HF_RULING_REJECT);
}

static void be_patient(struct hf_admit *admit, struct hf_session *session)
{
    unsigned limit = session->facts.frontend->cfg->o.timeout.client;
    if (limit)
        hf_loop_timer(session->engine->loop, &admit->patience, limit, on_patience_over);
}

/* ---- entry: before any byte is the client's own ------------------------------------------- */

/* Whom these rules refuse has not been there: no line in the log, as with HAProxy. */
static bool passes(struct hf_session *session, const struct hf_watch *front, enum hf_rule_set set)
{
    if (hf_rules_at_entry(session, session->facts.frontend->cfg, set, front->fd) == HF_RULING_PASS)
        return true;
    session->logged = true;
    return false;
}

/* `unique-id-format`.  Without memory it has none. */
static void name_session(struct hf_session *session)
{
    const struct hf_format *format = session->facts.frontend->cfg->o.unique_id_format;
    char id[HF_UNIQUE_ID_MAX + 1];

    if (!format)
        return;
    hf_log_format_run(format, &session->facts, 0, id, sizeof id);
    session->facts.unique_id = strdup(id);
}

/* The client is known now.  PASS, with the section whose rules look at its bytes, if any do. */
static enum hf_ruling enter(struct hf_session *session, struct hf_watch *front, bool late,
                            const struct hf_cfg_proxy **section)
{
    *section = session->facts.frontend->cfg;
    if (!passes(session, front, HF_RULES_SESSION))
        return HF_RULING_REJECT;
    hf_account_front(session->engine, &session->facts, HF_COUNT_SESSIONS);
    hf_track_session(&session->facts, hf_loop_now(session->engine->loop));
    name_session(session);
    hf_log_connect_mt(&session->facts);
    if (!has_rules(*section))
        *section = late ? NULL : route(session, front);
    return HF_RULING_PASS;
}

static void begin_rules(struct hf_admit *admit, const struct hf_cfg_proxy *section)
{
    struct hf_session *session = admit->inspect.session;

    admit->routed = section != session->facts.frontend->cfg;
    hf_inspect_begin(&admit->inspect, session, admit->inspect.watch, section, HF_RULES_REQUEST,
                     on_due);
    be_patient(admit, session);
}

/* The header, then the handshake.  REJECT was logged. */
static enum hf_ruling approach(struct hf_session *session, const struct hf_watch *front)
{
    bool ended = front->ready & (HF_READY_HUP | HF_READY_ERR);
    switch (hf_header_read(session, front->fd, ended)) {
    case HF_HEADER_MORE:
        return HF_RULING_WAIT;
    case HF_HEADER_FAILED:
        return HF_RULING_REJECT;
    case HF_HEADER_DONE:
        break;
    }
    return hf_handshake_run(session);
}

/* They are waited for no longer than a login (HAProxy: than `timeout client`). */
static void on_approach_overdue(struct hf_timer *timer)
{
    struct hf_admit *admit = HF_CONTAINER(timer, struct hf_admit, patience);
    struct hf_session *session = admit->inspect.session;

    if (session->headers)
        hf_header_timed_out(session);
    else
        hf_handshake_timed_out(session);
    admit->fn(session, HF_RULING_REJECT);
}

static void await_approach(struct hf_admit *admit)
{
    struct hf_session *session = admit->inspect.session;
    const struct hf_cfg_timeouts *timeouts = &session->facts.frontend->cfg->o.timeout;
    bool is_control = session->facts.bind->role == HF_BIND_CONTROL;
    unsigned limit = hf_timeout_shorter(timeouts->client, is_control ? timeouts->ftp_login : 0);

    admit->approaching = true;
    if (limit)
        hf_loop_timer(session->engine->loop, &admit->patience, limit, on_approach_overdue);
}

static void go_on_approaching(struct hf_admit *admit)
{
    struct hf_session *session = admit->inspect.session;
    struct hf_watch *front = admit->inspect.watch;
    const struct hf_cfg_proxy *section;

    enum hf_ruling ruling = approach(session, front);
    if (ruling == HF_RULING_WAIT)
        return;
    admit->approaching = false;
    hf_loop_timer_cancel(session->engine->loop, &admit->patience);
    if (ruling == HF_RULING_PASS)
        ruling = enter(session, front, admit->late, &section);
    if (ruling == HF_RULING_PASS && section) {
        begin_rules(admit, section);
        decide(admit);
    } else {
        admit->fn(session, finish(session, front, ruling));
    }
}

bool hf_admit_is_approached(const struct hf_admit *admit)
{
    return admit->approaching;
}

void hf_admit_progress(struct hf_admit *admit)
{
    if (admit->approaching) {
        go_on_approaching(admit);
        return;
    }
    be_patient(admit, admit->inspect.session);
    decide(admit);
}

/* ---- beginning and end -------------------------------------------------------------------- */

/* Waits for header and handshake, or for what these rules look at. */
static enum hf_ruling wait(struct hf_session *session, struct hf_watch *front,
                           const struct hf_cfg_proxy *section, bool late, hf_admit_fn fn,
                           struct hf_admit **waiting)
{
    struct hf_admit *admit = calloc(1, sizeof *admit);
    enum hf_ruling ruling = HF_RULING_WAIT;

    if (!admit) {
        hf_facts_end(&session->facts, HF_REASON_RESOURCE, HF_PHASE_REQUEST);
        return HF_RULING_REJECT;
    }
    admit->fn = fn;
    admit->late = late;
    admit->inspect.session = session;
    admit->inspect.watch = front;
    if (section) {
        begin_rules(admit, section);
        ruling = go_on(admit);
    } else {
        await_approach(admit);
    }
    if (ruling == HF_RULING_WAIT)
        *waiting = admit;
    else
        hf_admit_free(admit);
    return ruling;
}

enum hf_ruling hf_admit_begin(struct hf_session *session, struct hf_watch *front, bool late,
                              hf_admit_fn fn, struct hf_admit **waiting)
{
    const struct hf_cfg_proxy *section;

    *waiting = NULL;
    if (!passes(session, front, HF_RULES_CONNECTION))
        return finish(session, front, HF_RULING_REJECT);
    enum hf_ruling ruling = approach(session, front);
    if (ruling == HF_RULING_WAIT)
        return wait(session, front, NULL, late, fn, waiting);
    if (ruling == HF_RULING_REJECT)
        return ruling;
    ruling = enter(session, front, late, &section);
    if (ruling == HF_RULING_PASS && section)
        return wait(session, front, section, late, fn, waiting);
    return finish(session, front, ruling);
}

enum hf_ruling hf_admit_choose(struct hf_session *session, struct hf_watch *front, hf_admit_fn fn,
                               struct hf_admit **waiting)
{
    const struct hf_cfg_proxy *section = route(session, front);

    *waiting = NULL;
    if (section)
        return wait(session, front, section, false, fn, waiting);
    return finish(session, front, HF_RULING_PASS);
}

void hf_admit_undo(struct hf_session *session)
{
    struct hf_facts *facts = &session->facts;
    struct hf_proxy *backend = (struct hf_proxy *)facts->backend;

    if (backend)
        atomic_fetch_sub_explicit(&backend->sessions_back, 1, memory_order_relaxed);
    facts->backend = NULL;
    facts->server = NULL;
    facts->server_local = (struct hf_addr){0};
    facts->queue_ms = facts->connect_ms = -1;
    session->wanted = NULL;
}

static void release(struct hf_reap *reap)
{
    free(HF_CONTAINER(reap, struct hf_admit, reap));
}

void hf_admit_free(struct hf_admit *admit)
{
    if (!admit)
        return;
    hf_inspect_stop(&admit->inspect);
    hf_loop_timer_cancel(admit->inspect.session->engine->loop, &admit->patience);
    hf_loop_reap(admit->inspect.session->engine->loop, &admit->reap, release);
}
