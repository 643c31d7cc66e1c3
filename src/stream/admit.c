/*
 * admit.c: rules of the frontend, then its choice, then rules of the backend.
 *
 *   entry rules --> content rules --> use_backend --> content rules of the backend --> use-server
 *      |               |   ^                              |   ^
 *      v               v   | more bytes, or no time       v   | the same
 *    closed          closed                             closed
 */
#include "haftp/stream/admit.h"

#include <stdlib.h>

#include "haftp/base/assert.h"
#include "haftp/log/log.h"
#include "route_int.h"

struct hf_admit {
    struct hf_inspect inspect;
    struct hf_timer patience; /* timeout client */
    struct hf_reap reap;
    bool routed; /* the rules are those of the backend */
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

    while ((ruling = hf_inspect_run(&admit->inspect)) == HF_RULING_PASS && !admit->routed) {
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

void hf_admit_progress(struct hf_admit *admit)
{
    be_patient(admit, admit->inspect.session);
    decide(admit);
}

/* ---- beginning and end -------------------------------------------------------------------- */

/* Whom these rules refuse has not been there: no line in the log, as with HAProxy. */
static enum hf_ruling enter(struct hf_session *session, struct hf_watch *front)
{
    if (hf_rules_at_entry(session, session->facts.frontend->cfg, front->fd) == HF_RULING_REJECT) {
        session->logged = true;
        return HF_RULING_REJECT;
    }
    hf_log_connect_mt(&session->facts);
    return HF_RULING_PASS;
}

static enum hf_ruling inspect(struct hf_session *session, struct hf_watch *front,
                              const struct hf_cfg_proxy *section, hf_admit_fn fn,
                              struct hf_admit **waiting)
{
    struct hf_admit *admit = calloc(1, sizeof *admit);

    if (!admit) {
        hf_facts_end(&session->facts, HF_REASON_RESOURCE, HF_PHASE_REQUEST);
        return HF_RULING_REJECT;
    }
    admit->fn = fn;
    admit->routed = section != session->facts.frontend->cfg;
    hf_inspect_begin(&admit->inspect, session, front, section, HF_RULES_REQUEST, on_due);
    enum hf_ruling ruling = go_on(admit);
    if (ruling == HF_RULING_WAIT) {
        be_patient(admit, session);
        *waiting = admit;
    } else {
        hf_admit_free(admit);
    }
    return ruling;
}

enum hf_ruling hf_admit_begin(struct hf_session *session, struct hf_watch *front, hf_admit_fn fn,
                              struct hf_admit **waiting)
{
    const struct hf_cfg_proxy *section = session->facts.frontend->cfg;

    *waiting = NULL;
    if (enter(session, front) == HF_RULING_REJECT)
        return finish(session, front, HF_RULING_REJECT);
    if (!has_rules(section))
        section = route(session, front);
    if (!section)
        return finish(session, front, HF_RULING_PASS);
    return inspect(session, front, section, fn, waiting);
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
