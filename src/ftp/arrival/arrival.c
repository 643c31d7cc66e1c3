/*
 * arrival.c: a connection to a data port finds its session, on whatever worker that lives, or is
 * closed.
 */
#include "guest_int.h"

#include <stdlib.h>
#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/log/log.h"
#include "haftp/net/socket.h"
#include "haftp/stream/header.h"

#include "arrival/arrival.h"
#include "data/xfer.h"
#include "opaque/opaque.h"
#include "tell/tell.h"

#define REFUSED_BY_RULE "a rule refused the data connection"

struct arrival { /* a data connection that was accepted by another worker */
    struct hf_mail mail;
    struct hf_lease_owner owner;
    int fd;
    struct hf_addr peer;
};

/* `fd` -1: a rule refused the connection. */
static void arrive(const struct hf_lease_owner *owner, int fd, const struct hf_addr *peer)
{
    struct hf_ftp *ftp = owner->engine->ftp;
    struct ftp_session *s = hf_pool_find(ftp->sessions, owner->session);
    struct ftp_xfer *candidates[] = {s ? s->next_xfer : NULL, s ? s->xfer : NULL};
    for (int i = 0; i < 2; i++) {
        struct ftp_xfer *x = candidates[i];
        if (x && x->lease.slot && x->lease.serial == owner->serial) {
            x->lease.slot = NULL; /* claimed: nothing to give back */
            ftp_count(s, HF_COUNT_FTP_LEASES_OVER, 1);
            if (fd < 0)
                ftp_xfer_break(x, REFUSED_BY_RULE);
            else
                ftp_xfer_client_arrived(x, fd, peer);
            return;
        }
    }
    if (fd >= 0)
        close(fd); /* its session ended or asked for another port meanwhile */
}

static void on_arrival(struct hf_mail *mail)
{
    struct arrival *a = HF_CONTAINER(mail, struct arrival, mail);
    arrive(&a->owner, a->fd, &a->peer);
    free(a);
}

static const char *describe_stranger(enum hf_status why)
{
    switch (why) {
    case HF_INUSE:
        return "of a client with encrypted sessions at several servers that share the port: give "
               "each server a range of its own";
    case HF_LIMIT:
        return "of a client that has too many of them already";
    default:
        return "without a transfer";
    }
}

void ftp_refuse_stranger(struct hf_engine *engine, const struct hf_cfg_proxy *section,
                         unsigned port, int fd, const struct hf_addr *peer, enum hf_status why)
{
    static struct hf_log_limit limit;
    struct hf_proxy *proxy = hf_runtime_proxy(engine->runtime, section);
    unsigned suppressed;

    hf_count(engine->shard, proxy->front_at, HF_COUNT_FTP_STRANGERS, 1);
    hf_socket_reset_on_close(fd);
    close(fd);
    if (hf_log_allowed_mt(&limit, 5, &suppressed)) {
        char text[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];
        hf_log_event_mt(proxy, HF_LEVEL_NOTICE,
                        "%s: connection from %s to data port %u %s, closed%s", section->name,
                        hf_addr_text(peer, text), port, describe_stranger(why),
                        ftp_more_text(suppressed, more));
    }
}

/* ---- sessions of other processes ----------------------------------------------------------- */

static hf_ftp_pass_on_fn pass_on;

void hf_ftp_on_stray(hf_ftp_pass_on_fn fn)
{
    pass_on = fn;
}

/* Its session may live in a process that we have succeeded: that knows, or asks the one before. */
static bool was_passed_on(const struct hf_ftp_stray *stray)
{
    if (!pass_on || !pass_on(stray))
        return false;
    close(stray->fd);
    return true;
}

/* ---- who comes ---------------------------------------------------------------------------- */

/* To the worker of the session that owns the lease. */
static void send_on(struct hf_engine *engine, const struct hf_lease_owner *owner, int fd,
                    const struct hf_addr *peer)
{
    if (owner->engine == engine) {
        arrive(owner, fd, peer);
        return;
    }
    struct arrival *a = calloc(1, sizeof *a);
    if (!a) {
        if (fd >= 0)
            close(fd);
        return;
    }
    *a = (struct arrival){{NULL, on_arrival}, *owner, fd, *peer};
    hf_mail_post_mt(owner->engine->loop, &a->mail);
}

static bool passes(struct ftp_visit *visit, enum hf_rule_set set)
{
    return hf_rules_at_entry(&visit->session, visit->session.facts.bind->proxy, set, visit->fd) ==
           HF_RULING_PASS;
}

/* No lease expects it (`why`): it may be the data connection of a session whose 227 could not be
 * read.  NULL: it is not, and was passed on or refused. */
static struct hf_tie *find_tie(struct hf_engine *engine, const struct hf_lease_slot *slot,
                               const struct hf_ftp_stray *stray, enum hf_status why)
{
    struct hf_ftp *ftp = engine->ftp;
    struct hf_tie *tie;

    if (why == HF_NOTFOUND)
        why = hf_tie_transfer_mt(ftp->ties, slot->bind, &stray->client, &tie);
    else if (was_passed_on(stray)) /* HF_INUSE: another process's lease */
        return NULL;
    if (why == HF_OK)
        return tie;
    if (why != HF_NOTFOUND || !was_passed_on(stray))
        ftp_refuse_stranger(engine, slot->bind->proxy, slot->port, stray->fd, &stray->client, why);
    return NULL;
}

static void take_opaque(struct hf_engine *engine, struct hf_tie *tie,
                        const struct hf_lease_slot *slot, int fd, const struct hf_addr *client,
                        bool let_in)
{
    struct hf_ftp *ftp = engine->ftp;

    if (let_in && ftp_opaque_data_begin(engine, tie, slot, fd, client))
        return;
    hf_tie_transfer_ended_mt(ftp->ties, tie, hf_loop_now(engine->loop));
    close(fd);
}

/* The transfer of a client that a rule refuses must hear of it. */
static void on_client_known(struct ftp_visit *visit)
{
    struct hf_engine *engine = visit->session.engine;
    struct hf_ftp *ftp = engine->ftp;
    const struct hf_addr *client = hf_facts_peer(&visit->session.facts);
    struct hf_lease_owner owner;

    const struct hf_ftp_stray stray = {visit->fd, *client, true, !visit->let_in};
    enum hf_status claimed = hf_lease_claim_mt(ftp->leases, visit->slot, client, &owner);
    struct hf_tie *tie = claimed ? find_tie(engine, visit->slot, &stray, claimed) : NULL;
    if (claimed && !tie)
        return;
    bool let_in = visit->let_in && passes(visit, HF_RULES_SESSION);
    if (tie) {
        take_opaque(engine, tie, visit->slot, visit->fd, client, let_in);
        return;
    }
    if (!let_in) {
        close(visit->fd);
        visit->fd = -1;
    }
    send_on(engine, &owner, visit->fd, client);
}

/* `tcp-request connection` rules of the section that binds the port, and the header that they or
 * the bind ask for; `session` rules follow in on_known(). */
static void examine(struct ftp_visit *visit)
{
    visit->let_in = passes(visit, HF_RULES_CONNECTION);
    if (!visit->let_in && visit->session.headers) {
        close(visit->fd); /* whose it was will never be known */
        ftp_visit_end(visit);
    } else {
        ftp_visit_identify(visit);
    }
}

static void examine_at(struct hf_engine *engine, struct hf_lease_slot *slot, int fd,
                       const struct hf_addr *peer)
{
    struct ftp_visit visit;

    ftp_visit_begin(&visit, engine, slot->bind, fd, peer);
    visit.slot = slot;
    visit.on_known = on_client_known;
    examine(&visit);
}

/* The rules, if there are any, have been asked. */
static void receive(struct hf_engine *engine, const struct hf_lease_slot *slot,
                    const struct hf_ftp_stray *stray)
{
    struct hf_ftp *ftp = engine->ftp;
    struct hf_lease_owner owner;
    enum hf_status claimed =
        hf_lease_claim_mt(ftp->leases, (struct hf_lease_slot *)slot, &stray->client, &owner);
    struct hf_tie *tie = claimed ? find_tie(engine, slot, stray, claimed) : NULL;
    int fd = stray->fd;

    if (tie) {
        take_opaque(engine, tie, slot, fd, &stray->client, !stray->refused);
    } else if (!claimed) {
        if (stray->refused) {
            close(fd);
            fd = -1;
        }
        send_on(engine, &owner, fd, &stray->client);
    }
}

static bool asks_first(const struct hf_lease_slot *slot)
{
    const struct hf_cfg_proxy *section = slot->bind->proxy;
    return slot->reads_headers || section->rules[HF_RULES_CONNECTION] ||
           section->rules[HF_RULES_SESSION];
}

bool hf_ftp_data_accept(struct hf_listener *listener, int fd, const struct hf_addr *peer)
{
    struct hf_engine *engine = listener->owner;
    struct hf_lease_slot *slot = (struct hf_lease_slot *)listener->slot;
    const struct hf_ftp_stray stray = {.fd = fd, .client = *peer};

    if (asks_first(slot))
        examine_at(engine, slot, fd, peer);
    else
        receive(engine, slot, &stray);
    return true;
}

struct stray_mail {
    struct hf_mail mail;
    struct hf_engine *engine;
    struct hf_ftp_stray stray;
};

/* What our successor could ask about it, it has asked; it may know less than we do. */
static void on_stray(struct hf_mail *mail)
{
    struct stray_mail *m = HF_CONTAINER(mail, struct stray_mail, mail);
    struct hf_ftp *ftp = m->engine->ftp;
    struct hf_lease_slot *slot;
    struct hf_addr local;

    hf_socket_local(m->stray.fd, &local);
    slot = hf_lease_slot_of(ftp->leases, &local);
    if (slot && !m->stray.known && asks_first(slot))
        examine_at(m->engine, slot, m->stray.fd, &m->stray.client);
    else if (slot)
        receive(m->engine, slot, &m->stray);
    else if (!was_passed_on(&m->stray))
        close(m->stray.fd);
    free(m);
}

void hf_ftp_take_stray_mt(struct hf_engine *engine, const struct hf_ftp_stray *stray)
{
    struct stray_mail *m = calloc(1, sizeof *m);

    if (!m) {
        close(stray->fd);
        return;
    }
    *m = (struct stray_mail){{NULL, on_stray}, engine, *stray};
    hf_mail_post_mt(engine->loop, &m->mail);
}

/* ---- ports that a session opened for itself ------------------------------------------------ */

/* NULL: it was closed meanwhile. */
static struct ftp_xfer *owner_of(const struct ftp_visit *visit)
{
    struct hf_ftp *ftp = visit->session.engine->ftp;
    struct ftp_session *s = hf_pool_find(ftp->sessions, visit->owner);
    struct ftp_xfer *candidates[] = {s ? s->next_xfer : NULL, s ? s->xfer : NULL};

    for (int i = 0; i < 2; i++) {
        if (candidates[i] && ftp_xfer_own_port(candidates[i]) == visit->port)
            return candidates[i];
    }
    return NULL;
}

/* As on_client_known(): a stranger is no business of the transfer's, whatever the rules say. */
static void on_own_client_known(struct ftp_visit *visit)
{
    const struct hf_addr *client = hf_facts_peer(&visit->session.facts);
    struct ftp_xfer *x = owner_of(visit);

    if (!x) {
        close(visit->fd);
    } else if (!ftp_xfer_may_be_client(x, client)) {
        ftp_refuse_stranger(visit->session.engine, visit->session.facts.bind->proxy, visit->port,
                            visit->fd, client, HF_NOTFOUND);
    } else if (visit->let_in && passes(visit, HF_RULES_SESSION)) {
        ftp_xfer_client_arrived(x, visit->fd, client);
    } else {
        close(visit->fd);
        ftp_xfer_break(x, REFUSED_BY_RULE);
    }
}

void ftp_own_port_visit(struct ftp_session *s, uint16_t port, int fd, const struct hf_addr *peer)
{
    struct ftp_visit visit;

    ftp_visit_begin(&visit, s->session.engine, s->session.facts.bind, fd, peer);
    visit.owner = hf_pool_id(ftp_of(s)->sessions, s);
    visit.port = port;
    visit.on_known = on_own_client_known;
    examine(&visit);
}
