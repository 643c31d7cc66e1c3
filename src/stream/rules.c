/*
 * rules.c: rules in their order, until one decides.
 */
#include "haftp/stream/rules.h"

#include <string.h>

#include "action_int.h"
#include "haftp/base/assert.h"
#include "haftp/net/socket.h"
#include "haftp/net/tls.h"
#include "haftp/stream/account.h"

void hf_rules_prepare(struct hf_eval *eval, struct hf_session *session,
                      const struct hf_cfg_proxy *section)
{
    hf_eval_init(eval, session->engine->runtime, &session->facts);
    eval->section = section;
    eval->vars = &session->facts.vars;
    eval->final = true;
    eval->now_ms = hf_loop_now(session->engine->loop);
}

/* Rules for each reply are not for the first bytes, and the other way round. */
static enum hf_ruling run(struct hf_session *session, const struct hf_cfg_rule **at, int fd,
                          bool each_reply, struct hf_eval *eval)
{
    for (; *at; *at = (*at)->next) {
        if ((*at)->each_reply != each_reply)
            continue;
        enum hf_truth truth = hf_cond_eval((*at)->cond, eval);
        if (truth == HF_MISSING)
            return HF_RULING_WAIT;
        if (truth == HF_FALSE)
            continue;
        switch (hf_action_run(*at, session, fd, eval)) {
        case HF_ACTED:
            break;
        case HF_ACTED_LAST:
            return HF_RULING_PASS;
        case HF_ACTED_WAIT:
            return HF_RULING_WAIT;
        case HF_ACTED_REJECT:
            return HF_RULING_REJECT;
        }
    }
    return HF_RULING_PASS;
}

static enum hf_ruling count(struct hf_session *session, const struct hf_cfg_proxy *section,
                            enum hf_rule_set set, enum hf_ruling ruling)
{
    if (ruling == HF_RULING_REJECT)
        hf_account_denial(session->engine, &session->facts, section, set);
    return ruling;
}

enum hf_ruling hf_rules_at_entry(struct hf_session *session, const struct hf_cfg_proxy *section,
                                 enum hf_rule_set set, int fd)
{
    const struct hf_cfg_rule *at = section->rules[set];
    struct hf_eval eval;

    if (!at)
        return HF_RULING_PASS;
    hf_rules_prepare(&eval, session, section);
    return count(session, section, set, run(session, &at, fd, false, &eval));
}

/* ---- rules of an FTP conversation --------------------------------------------------------- */

bool hf_rules_go_on(const struct hf_cfg_rule *rule, struct hf_session *session,
                    struct hf_eval *eval)
{
    return hf_action_run(rule, session, session->facts.client_fd, eval) != HF_ACTED_LAST;
}

enum hf_ruling hf_rules_at_reply(struct hf_session *session, const struct hf_cfg_proxy *section)
{
    const struct hf_cfg_rule *at = section->rules[HF_RULES_RESPONSE];
    struct hf_eval eval;

    if (!at)
        return HF_RULING_PASS;
    hf_rules_prepare(&eval, session, section);
    return count(session, section, HF_RULES_RESPONSE,
                 run(session, &at, session->facts.client_fd, true, &eval));
}

/* ---- rules that may wait for bytes -------------------------------------------------------- */

static void on_delay_over(struct hf_timer *timer)
{
    struct hf_inspect *inspect = HF_CONTAINER(timer, struct hf_inspect, timer);
    inspect->final = true;
    inspect->on_due(inspect);
}

void hf_inspect_begin(struct hf_inspect *inspect, struct hf_session *session,
                      struct hf_watch *watch, const struct hf_cfg_proxy *section,
                      enum hf_rule_set set, void (*on_due)(struct hf_inspect *inspect))
{
    unsigned delay =
        set == HF_RULES_RESPONSE ? section->inspect_response_ms : section->inspect_delay_ms;

    *inspect = (struct hf_inspect){.session = session,
                                   .watch = watch,
                                   .section = section,
                                   .set = set,
                                   .at = section->rules[set],
                                   .final = delay == 0,
                                   .on_due = on_due};
    if (inspect->at && delay)
        hf_loop_timer(session->engine->loop, &inspect->timer, delay, on_delay_over);
}

/* What waits in the socket, or in its TLS (NULL: none).  True: no more will come. */
static bool peek(const struct hf_watch *watch, struct hf_tls *tls, char *room, size_t size,
                 size_t *n)
{
    enum hf_status status;

    *n = 0;
    if (tls)
        status = hf_tls_peek(tls, room, size, n);
    else
        status = hf_socket_peek(watch->fd, room, size, n);
    if (status != HF_OK && status != HF_AGAIN)
        return true;
    /* A FIN behind the bytes shows only as readiness. */
    return !tls && watch->ready & (HF_READY_HUP | HF_READY_ERR);
}

bool hf_rules_peek_client(const struct hf_session *session, const struct hf_watch *front,
                          struct hf_view *bytes)
{
    char *room = hf_loop_scratch(session->engine->loop);
    struct hf_view before = session->unread ? hf_buf_view(session->unread) : hf_view("", 0);
    size_t n = before.n < HF_INSPECT_BYTES ? before.n : HF_INSPECT_BYTES, more = 0;

    memcpy(room, before.p, n);
    bool ended = n < HF_INSPECT_BYTES &&
                 peek(front, session->facts.front_tls, room + n, HF_INSPECT_BYTES - n, &more);
    *bytes = hf_view(room, n + more);
    return ended;
}

static bool peek_server(const struct hf_session *session, const struct hf_watch *back,
                        struct hf_view *bytes)
{
    char *room = hf_loop_scratch(session->engine->loop);
    size_t n;
    bool ended = peek(back, session->facts.back_tls, room, HF_INSPECT_BYTES, &n);

    *bytes = hf_view(room, n);
    return ended;
}

enum hf_ruling hf_inspect_run(struct hf_inspect *inspect)
{
    struct hf_session *session = inspect->session;
    bool of_server = inspect->set == HF_RULES_RESPONSE, ended;
    struct hf_view bytes;
    struct hf_eval eval;

    if (!inspect->at)
        return HF_RULING_PASS;
    ended = of_server ? peek_server(session, inspect->watch, &bytes)
                      : hf_rules_peek_client(session, inspect->watch, &bytes);
    hf_rules_prepare(&eval, session, inspect->section);
    if (of_server) {
        eval.response = bytes;
        eval.response_ended = ended;
    } else {
        eval.request = bytes;
        eval.request_ended = ended;
    }
    eval.final = inspect->final || ended || bytes.n == HF_INSPECT_BYTES;
    return count(session, inspect->section, inspect->set,
                 run(session, &inspect->at, inspect->watch->fd, false, &eval));
}

void hf_inspect_stop(struct hf_inspect *inspect)
{
    if (inspect->session)
        hf_loop_timer_cancel(inspect->session->engine->loop, &inspect->timer);
}
