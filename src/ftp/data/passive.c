/*
 * passive.c: the client's half of a data connection in passive mode: it connects to a data port of
 * ours, whatever the server announced.
 */
#include "setup.h"

#include "haftp/base/assert.h"
#include "haftp/log/log.h"

#include "data/xfer.h"
#include "filter/filter.h"
#include "tell/tell.h"

#define PORT_WAIT_MS  5000u /* for a data port to come free; PORT_RETRY_MS: see on_port_wait() */
#define PORT_RETRY_MS 100u

bool ftp_passive_address(struct ftp_session *s, struct hf_addr *out)
{
    *out = ftp_told_address(s);
    return out->sa.sa_family == AF_INET;
}

static enum ftp_verdict say(struct ftp_session *s, const char *text, size_t n)
{
    return ftp_say(s, &s->front, text, n) ? FTP_DONE : FTP_CLOSED;
}

void ftp_passive_stop_waiting(struct ftp_session *s)
{
    if (s->port_waiter)
        hf_waitlist_leave(s->port_waiting_at, s->port_waiter);
    s->port_waiter = NULL;
}

static bool on_port_free(struct hf_waiter *waiter)
{
    struct hf_ftp *ftp = waiter->who.context;
    struct ftp_session *s = hf_pool_find(ftp->sessions, waiter->who.session);
    if (!s || s->port_waiter != waiter)
        return false;
    s->port_waiter = NULL;
    ftp_session_step(s);
    return true;
}

/* Ports of clients that share a wake-up list, or of another peer rule, come free without waking the
 * right one: so look again from time to time, until the wait is over. */
static void on_port_wait(struct hf_timer *timer)
{
    struct ftp_xfer *x = HF_CONTAINER(timer, struct ftp_xfer, timer);
    struct hf_loop *loop = x->ftp->engine->loop;
    x->port_wait_over = hf_loop_now(loop) >= x->active_ms + PORT_WAIT_MS;
    ftp_session_step(x->session);
}

static enum ftp_verdict wait_for_port(struct ftp_session *s, struct ftp_xfer *x)
{
    struct hf_engine *engine = s->session.engine;
    struct hf_lease_table *leases = ftp_of(s)->leases;

    if (!x->wants_port)
        x->active_ms = hf_loop_now(engine->loop);
    x->wants_port = true;
    hf_loop_timer(engine->loop, &x->timer, PORT_RETRY_MS, on_port_wait);
    if (!s->port_waiter) {
        struct hf_wait wait = {.loop = engine->loop,
                               .context = ftp_of(s),
                               .session = hf_pool_id(ftp_of(s)->sessions, s),
                               .fn = on_port_free};
        s->port_waiting_at = hf_lease_waitlist(leases, s->session.facts.frontend->cfg,
                                               hf_facts_peer(&s->session.facts));
        s->port_waiter = hf_waitlist_join_mt(s->port_waiting_at, &wait, NULL);
    }
    return FTP_HOLD;
}

static enum ftp_verdict exhausted(struct ftp_session *s)
{
    static struct hf_log_limit limit;
    struct hf_proxy *frontend = (struct hf_proxy *)s->session.facts.frontend;
    unsigned suppressed;

    ftp_count(s, HF_COUNT_FTP_PORTS_EXHAUSTED, 1);
    if (hf_log_allowed_mt(&limit, 1, &suppressed)) {
        char client[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];
        hf_log_event_mt(frontend, HF_LEVEL_WARNING,
                        "%s: no data port of %s is free for client %s; widen the range%s",
                        frontend->cfg->name, frontend->cfg->data_ranges->bind->text,
                        hf_addr_host_text(hf_facts_peer(&s->session.facts), client),
                        ftp_more_text(suppressed, more));
    }
    return ftp_setup_refused(s, "No data port is free at the moment; please try again.");
}

/* A port of the section's ranges, or of our own where it has none; `told`: the address that goes
 * with it.  FTP_HOLD: none is free yet. */
static enum ftp_verdict obtain_port(struct ftp_session *s, struct ftp_xfer *x,
                                    const struct hf_addr *told, uint16_t *port)
{
    const struct hf_facts *facts = &s->session.facts;
    struct hf_lease_owner owner = ftp_owner(s);
    enum hf_status status;

    if (!facts->frontend->cfg->data_ranges) {
        status = ftp_xfer_listen(x, hf_facts_socket_here(facts), port);
    } else {
        struct hf_lease_wish wish = {facts->frontend->cfg,        facts->server->cfg,
                                     hf_facts_peer(facts),        hf_facts_socket_peer(facts),
                                     hf_facts_socket_here(facts), told};
        status = hf_lease_take_mt(ftp_of(s)->leases, &wish, &owner, &x->lease);
        if (status == HF_NOPORT)
            return x->port_wait_over ? exhausted(s) : wait_for_port(s, x);
        if (status == HF_OK) {
            *port = x->lease.slot->port;
            ftp_count(s, HF_COUNT_FTP_LEASES, 1);
        }
    }
    if (status == HF_OK)
        return FTP_DONE;
    hf_log_event_mt(facts->frontend, HF_LEVEL_ERR, "%s: no data port for server %s: %s",
                    facts->frontend->cfg->name, facts->server->cfg->name, hf_status_text(status));
    return ftp_setup_refused(s, "No data port can be opened.");
}

static enum ftp_verdict answer(struct ftp_session *s, enum hf_ftp_cmd_id asked,
                               const struct hf_addr *told, uint16_t port)
{
    char line[HF_FTP_ADDR_LINE];
    struct hf_addr addr = *told;

    if (asked == HF_CMD_EPSV) {
        ftp_replied(s, 229);
        return say(s, line, hf_ftp_format_229(port, line));
    }
    hf_addr_set_port(&addr, port);
    ftp_replied(s, 227);
    return say(s, line, hf_ftp_format_227(&addr, line));
}

enum ftp_verdict ftp_passive_offer(struct ftp_session *s, enum hf_ftp_cmd_id asked)
{
    struct ftp_xfer *x = s->next_xfer;
    struct hf_addr told = *hf_facts_socket_here(&s->session.facts);
    uint16_t port = 0;

    if (asked == HF_CMD_PASV && !ftp_passive_address(s, &told))
        return ftp_setup_refused(s, "PASV needs IPv4; use EPSV.");
    enum ftp_verdict verdict = obtain_port(s, x, &told, &port);
    if (verdict != FTP_DONE || !s->next_xfer)
        return verdict;
    x->wants_port = false;
    ftp_passive_stop_waiting(s);
    if (x->lease.slot)
        x->facts.bind = x->lease.slot->bind;
    ftp_xfer_await_client(x);
    return answer(s, asked, &told, port);
}
