/*
 * opaque.c: control connections whose TLS passes through: bytes, not lines.
 *
 *   READY --AUTH forwarded, its 234 forwarded--> OPAQUE --both ends closed, broken, silent--> gone
 *   DIALING --connected, on port 990-----------> OPAQUE
 *
 * Nothing is read any more, and nothing of ours may be said: a word in the clear would break the
 * TLS between the two.  Where data connections go is known by the client's tie (tie.h), which the
 * session joins before the server hears of AUTH.  If the client's other encrypted sessions are at
 * another server, this one is moved there first: the client has seen a greeting, and perhaps what
 * FEAT told, so it does not notice.  After USER that is too late, and AUTH is answered with 431.
 */
#include "opaque.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "haftp/base/assert.h"
#include "haftp/log/log.h"
#include "haftp/net/socket.h"

#include "data/setup.h"
#include "data/xfer.h"
#include "filter/filter.h"
#include "tell/tell.h"

static const struct hf_cfg_proxy *control_of(const struct ftp_session *s)
{
    return s->session.facts.frontend->cfg;
}

/* A server that haftp itself speaks TLS to is not asked for TLS inside of it; at the front desk
 * there is none to ask. Where the user decides about the server, another user could log in unread.
 */
bool ftp_tls_passes(const struct ftp_session *s)
{
    const struct hf_server *server = s->session.server;
    return s->state != FTP_DESK && !control_of(s)->o.ftp_tls_refused &&
           !(control_of(s)->ftp_chooses_by & HF_FTP_SAMPLE_USER) &&
           !hf_bind_has_tls(s->session.facts.bind) &&
           !(server && hf_server_has_tls(&server->cfg->o));
}

/* ---- all of a client's encrypted sessions at one server ------------------------------------- */

/* The server of this session's backend on the same host, the very same if it is there; none that
 * haftp itself speaks TLS to. */
static struct hf_server *find_here(const struct ftp_session *s, struct hf_server *wanted)
{
    const struct hf_proxy *backend = s->session.facts.backend;

    if (wanted->proxy == backend)
        return wanted;
    for (unsigned i = 0; i < backend->n_servers; i++) {
        const struct hf_cfg_server *here = backend->servers[i]->cfg;
        if (hf_addr_same_host(&here->addr, &wanted->cfg->addr) && !hf_server_has_tls(&here->o))
            return backend->servers[i];
    }
    return NULL;
}

const struct hf_server *ftp_opaque_home(const struct ftp_session *s)
{
    const struct hf_facts *facts = &s->session.facts;
    struct hf_server *home;

    if (!facts->backend || !ftp_tls_passes(s))
        return NULL;
    home = hf_tie_home_mt(ftp_of(s)->ties, control_of(s), hf_facts_peer(facts));
    return home ? find_here(s, home) : NULL;
}

/* False: it has no way there, or has been there already. */
static bool move_to(struct ftp_session *s, struct hf_server *elsewhere)
{
    hf_watch_fn on_back = s->back.watch.fn;
    struct hf_server *home = find_here(s, elsewhere);

    if (!home || s->opaque->moved || s->session.wanted || s->told)
        return false;
    s->opaque->moved = true;
    s->session.wanted = home;
    ftp_end_response_rules(s);
    hf_loop_timer_cancel(ftp_loop_of(s), &s->timer);
    hf_dial_free(s->dial);
    hf_leg_close(&s->back, false);
    hf_server_put_mt(s->session.server);
    s->session.server = NULL;
    s->state = FTP_DIALING;
    if (!ftp_dial(s, on_back))
        ftp_session_close(s, HF_REASON_RESOURCE, HF_PHASE_CONNECT, "421 Out of memory.\r\n");
    return true;
}

static void log_elsewhere(const struct ftp_session *s, const struct hf_server *elsewhere)
{
    static struct hf_log_limit limit;
    const struct hf_facts *facts = &s->session.facts;
    char client[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];
    unsigned suppressed;

    if (hf_log_allowed_mt(&limit, 5, &suppressed))
        hf_log_event_mt(facts->frontend, HF_LEVEL_NOTICE,
                        "%s: no TLS for client %s at server %s, as its other encrypted sessions "
                        "are at %s and use the same data ports%s",
                        control_of(s)->name, hf_addr_host_text(hf_facts_peer(facts), client),
                        facts->server->cfg->name, elsewhere->cfg->name,
                        ftp_more_text(suppressed, more));
}

/* HF_INUSE: the session was moved, or *refused is set. */
static enum hf_status join(struct ftp_session *s, bool *refused)
{
    struct hf_server *elsewhere;

    *refused = false;
    if (!s->opaque && !(s->opaque = calloc(1, sizeof *s->opaque)))
        return HF_NOMEM;
    enum hf_status status =
        hf_tie_join_mt(ftp_of(s)->ties, control_of(s), hf_facts_peer(&s->session.facts),
                       s->session.server, &s->opaque->bond, &elsewhere);
    if (status == HF_INUSE && !move_to(s, elsewhere)) {
        *refused = true;
        log_elsewhere(s, elsewhere);
    }
    return status;
}

void ftp_opaque_leave(struct ftp_session *s)
{
    if (s->opaque)
        hf_tie_leave_mt(ftp_of(s)->ties, &s->opaque->bond);
    free(s->opaque);
    s->opaque = NULL;
}

/* ---- AUTH ----------------------------------------------------------------------------------- */

static void end_for_memory(struct ftp_session *s)
{
    ftp_session_close(s, HF_REASON_RESOURCE, HF_PHASE_DATA, "421 Out of memory.\r\n");
}

/* RFC 4217: TLS, TLS-C, TLS-P; SSL is older. */
static bool names_tls(struct hf_view mechanism)
{
    return mechanism.n >= 3 &&
           (strncasecmp(mechanism.p, "TLS", 3) == 0 || strncasecmp(mechanism.p, "SSL", 3) == 0);
}

enum ftp_verdict ftp_opaque_ask(struct ftp_session *s, struct hf_view mechanism,
                                struct hf_view line)
{
    bool refused;

    if (!ftp_tls_passes(s))
        return ftp_answer(s, HF_CMD_AUTH, FTP_ANSWER_NO_TLS);
    if (!names_tls(mechanism))
        return ftp_answer(s, HF_CMD_AUTH, FTP_ANSWER_ONLY_TLS);
    if (ftp_queue_head(&s->queue))
        return FTP_HOLD; /* the next reply that the client reads shall be the one to AUTH */
    enum hf_status status = join(s, &refused);
    if (status == HF_NOMEM)
        end_for_memory(s);
    if (refused)
        return ftp_answer(s, HF_CMD_AUTH, FTP_ANSWER_ELSEWHERE);
    if (s->state == FTP_LINGER)
        return FTP_CLOSED;
    if (status == HF_INUSE)
        return FTP_HOLD; /* until the other server has greeted */
    ftp_queue_push(&s->queue, HF_CMD_AUTH, FTP_ANSWER_NONE);
    return ftp_say_line(s, &s->back, line) ? FTP_DONE : FTP_CLOSED;
}

bool ftp_opaque_awaited(const struct ftp_session *s)
{
    const struct ftp_command *head = ftp_queue_head((struct ftp_queue *)&s->queue);
    return s->opaque && head && head->id == HF_CMD_AUTH;
}

/* 234; servers of before RFC 4217 say 334. */
static bool accepts(unsigned code)
{
    return (code >= 200 && code < 300) || code == 334;
}

/* The client may not say anything before it has read the 234, least of all in the clear: such bytes
 * are somebody else's, who would have them carried out as the client's (CVE-2011-0411 and kin). */
bool ftp_opaque_may_begin(struct ftp_session *s, unsigned code)
{
    static const char words[] = "421 Bytes came between AUTH and its reply.\r\n";
    size_t n = 0;
    char byte;

    if (!accepts(code))
        return true;
    if (hf_buf_size(&s->front.in) == 0 &&
        (hf_socket_peek(s->front.watch.fd, &byte, 1, &n) != HF_OK || n == 0))
        return true;
    ftp_session_close(s, HF_REASON_INJECTED, HF_PHASE_DATA, words);
    return false;
}

void ftp_opaque_decide(struct ftp_session *s, unsigned code)
{
    if (accepts(code))
        ftp_opaque_begin(s);
    else
        ftp_opaque_leave(s); /* the session goes on in the clear, and is read */
}

/* ---- port 990 -------------------------------------------------------------------------------- */

void ftp_opaque_connected(struct ftp_session *s)
{
    bool refused;
    enum hf_status status = join(s, &refused);

    if (status == HF_INUSE && !refused)
        return; /* it goes to another server */
    if (status != HF_OK) {
        ftp_session_close(s, status == HF_NOMEM ? HF_REASON_RESOURCE : HF_REASON_NO_SERVER,
                          HF_PHASE_CONNECT, NULL);
        return;
    }
    hf_dial_succeeded(s->dial);
    hf_session_established(&s->session);
    hf_dial_free(s->dial);
    s->dial = NULL;
    ftp_opaque_begin(s);
}

/* ---- silence --------------------------------------------------------------------------------- */

/* How long nothing may move; 0: for ever.  As for plain TCP. */
static unsigned silence_limit(const struct ftp_session *s)
{
    const struct hf_cfg_timeouts *front = &s->session.facts.frontend->cfg->o.timeout;
    const struct hf_cfg_timeouts *back = &s->session.facts.backend->cfg->o.timeout;

    if (s->front.eof && front->client_fin)
        return front->client_fin;
    if (s->back.eof && back->server_fin)
        return back->server_fin;
    return back->tunnel ? back->tunnel : hf_timeout_shorter(front->client, back->server);
}

/* Data connections are activity of the session.  Whose of an address' sessions they belong to is
 * not known: of all. */
static uint64_t last_activity(const struct ftp_session *s)
{
    uint64_t transferred_ms;

    if (hf_tie_activity(&s->opaque->bond, &transferred_ms))
        return hf_loop_now(ftp_loop_of(s));
    return transferred_ms > s->active_ms ? transferred_ms : s->active_ms;
}

static void on_silence(struct hf_timer *timer);

static void arm(struct ftp_session *s)
{
    unsigned limit = silence_limit(s);
    uint64_t now = hf_loop_now(ftp_loop_of(s)), due = last_activity(s) + limit;

    if (!limit)
        hf_loop_timer_cancel(ftp_loop_of(s), &s->timer);
    else if (!hf_timer_is_set(&s->timer) || due < s->timer.due_ms)
        hf_loop_timer(ftp_loop_of(s), &s->timer, due > now ? due - now : 0, on_silence);
}

static void on_silence(struct hf_timer *timer)
{
    struct ftp_session *s = HF_CONTAINER(timer, struct ftp_session, timer);
    unsigned limit = silence_limit(s);

    if (!limit || hf_loop_now(ftp_loop_of(s)) < last_activity(s) + limit) {
        arm(s);
        return;
    }
    bool client = limit == s->session.facts.frontend->cfg->o.timeout.client;
    ftp_session_cut(s, client ? HF_REASON_CLIENT_TIMEOUT : HF_REASON_SERVER_TIMEOUT, HF_PHASE_DATA);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

void ftp_opaque_begin(struct ftp_session *s)
{
    s->state = FTP_OPAQUE;
    s->held = s->begin_after_flush = false;
    ftp_forget_next_xfer(s);
    hf_loop_timer_cancel(ftp_loop_of(s), &s->timer);
    s->active_ms = hf_loop_now(ftp_loop_of(s));
    ftp_session_kick(s);
}

static bool broke(struct ftp_session *s, const struct hf_leg *leg)
{
    ftp_session_reset(s, leg == &s->front ? HF_REASON_CLIENT_RESET : HF_REASON_SERVER_RESET,
                      HF_PHASE_DATA);
    return false;
}

static bool flush(struct ftp_session *s, struct hf_leg *leg)
{
    enum hf_status status = hf_leg_flush(leg);
    return status == HF_OK || status == HF_AGAIN || broke(s, leg);
}

static void count(struct ftp_session *s, const struct hf_leg *from, size_t n)
{
    if (!n)
        return;
    s->active_ms = hf_loop_now(ftp_loop_of(s));
    ftp_count_bytes(s, from == &s->front ? n : 0, from == &s->front ? 0 : n);
}

/* From one to the other, until either would block.  False: the session is over. */
static bool pass(struct ftp_session *s, struct hf_leg *from, struct hf_leg *to)
{
    char *input = ftp_of(s)->input;
    enum hf_status status = HF_OK;

    if (!flush(s, to))
        return false;
    for (int reads = 0; status == HF_OK && ftp_has_room(to) && !to->shut; reads++) {
        size_t n;
        if (reads == FTP_READS_PER_STEP) {
            hf_watch_again(&from->watch);
            return true;
        }
        status = hf_leg_read(from, input, ftp_of(s)->input_bytes, &n);
        if (status != HF_OK && status != HF_AGAIN && status != HF_EOF)
            return broke(s, from);
        count(s, from, n);
        if (n && hf_leg_send(to, input, n) != HF_OK)
            return broke(s, to);
        to->shut = status == HF_EOF;
    }
    return flush(s, to);
}

void ftp_opaque_step(struct ftp_session *s)
{
    if (!pass(s, &s->front, &s->back))
        return;
    if (s->front.eof) /* it will open no more data connections */
        hf_tie_leave_mt(ftp_of(s)->ties, &s->opaque->bond);
    bool passes = ftp_passes_response_rules(s);
    if (s->state != FTP_OPAQUE || (passes && !pass(s, &s->back, &s->front)))
        return;
    if (s->front.fin_sent && s->back.fin_sent)
        ftp_session_cut(s, HF_REASON_NONE, HF_PHASE_END);
    else
        arm(s);
}
