/*
 * dial_slot.c: which server it is to be, and the wait for one of its slots.
 *
 *   pick --has a slot----------------> connect
 *    ^  `--is full, so are all--> queue up: at the server that the client belongs to, else at the
 *    |                            backend
 *    +--- a slot came free ---------'
 */
#include "dial_int.h"

#include "haftp/base/assert.h"
#include "haftp/stream/account.h"

void hf_dial_mark_tried(struct hf_pick *pick, const struct hf_server *server)
{
    if (pick->n_tried < HF_PICK_MAX_TRIED)
        pick->tried[pick->n_tried++] = server;
}

/* ---- waiting ---- */

void hf_dial_stop_waiting(struct hf_dial *dial)
{
    if (dial->waiter)
        hf_waitlist_leave(dial->waiting_at, dial->waiter);
    dial->waiter = NULL;
}

/* Whether the slot that came free at `list` had its use: it is ours, or it is gone already.  Only
 * who has tried a server leaves a slot to others. */
static bool slot_was_used(const struct hf_dial *dial, const struct hf_waitlist *list)
{
    const struct hf_server *server = dial->session->server;
    if (dial->waiter)
        return dial->waiting_at == list && dial->pick.n_tried == 0;
    return server && (list == &server->waiting || list == &server->proxy->waiting);
}

static bool on_slot(struct hf_waiter *waiter)
{
    struct hf_engine *engine = waiter->who.context;
    struct hf_dial *dial = hf_pool_find(engine->dials, waiter->who.session);
    if (!dial || dial->finished)
        return false;
    dial->waiter = NULL;
    dial->woken = waiter;
    hf_dial_choose(dial);
    dial->woken = NULL;
    return slot_was_used(dial, waiter->list);
}

static void on_queue_timeout(struct hf_timer *timer)
{
    struct hf_dial *dial = HF_CONTAINER(timer, struct hf_dial, timer);
    hf_dial_stop_waiting(dial);
    hf_dial_give_up(dial, HF_REASON_QUEUE_TIMEOUT, HF_PHASE_QUEUE);
}

/* Has not waited at this list: whoever does comes first. */
static bool is_new_at(const struct hf_dial *dial, const struct hf_waitlist *list)
{
    return !dial->woken || dial->woken->list != list;
}

static struct hf_waiter *join(struct hf_dial *dial, struct hf_waitlist *list)
{
    struct hf_session *session = dial->session;
    unsigned ahead = 0;

    if (!is_new_at(dial, list))
        return hf_waitlist_rejoin_mt(dial->woken);
    struct hf_wait wait = {
        .loop = dial->engine->loop,
        .context = dial->engine,
        .session = hf_pool_id(dial->engine->dials, dial),
        .urgency = {session->facts.priority_class, session->facts.priority_offset_ms},
        .fn = on_slot,
    };
    struct hf_waiter *waiter = hf_waitlist_join_mt(list, &wait, &ahead);
    if (list == &hf_dial_backend(session)->waiting)
        session->facts.be_queue = ahead;
    else
        session->facts.srv_queue = ahead;
    return waiter;
}

static void arm_queue_timer(struct hf_dial *dial)
{
    const struct hf_cfg_timeouts *timeouts = hf_dial_timeouts(dial->session);
    unsigned limit = timeouts->queue ? timeouts->queue : timeouts->connect;
    if (limit && !hf_timer_is_set(&dial->timer))
        hf_loop_timer(dial->engine->loop, &dial->timer, limit, on_queue_timeout);
}

/* Waits at this list.  A slot that came free before we joined woke nobody, so somebody has to look
 * once more.  True: we, because it is our turn.  False: it was seen to. */
static bool queue_up(struct hf_dial *dial, struct hf_waitlist *list)
{
    if (dial->waiter && dial->waiting_at == list)
        return false;
    hf_dial_stop_waiting(dial);
    dial->waiting_at = list;
    dial->waiter = join(dial, list);
    if (!dial->waiter) {
        hf_dial_give_up(dial, HF_REASON_RESOURCE, HF_PHASE_QUEUE);
        return false;
    }
    arm_queue_timer(dial);
    if (!is_new_at(dial, list))
        return true;
    hf_waitlist_wake_mt(list); /* the first in line looks, which may be us */
    return false;
}

/* ---- picking ---- */

/* The server that a `use-server` rule named, as long as it is of use, else one by `balance`. */
static struct hf_server *pick_server(const struct hf_dial *dial, struct hf_pick *pick)
{
    struct hf_server *wanted = (struct hf_server *)dial->session->wanted;

    if (wanted && !hf_server_is_up_mt(wanted) && !hf_dial_backend(dial->session)->cfg->o.persist)
        wanted = NULL;
    for (unsigned i = 0; wanted && i < pick->n_tried; i++) {
        if (pick->tried[i] == wanted)
            wanted = NULL;
    }
    if (!wanted || pick->unstick)
        return hf_balance_pick_mt(hf_dial_backend(dial->session), pick);
    pick->bound = pick->stuck = true;
    return wanted;
}

/* As many wait at this list as may, and we are not among them. */
static bool queue_is_full(const struct hf_dial *dial, const struct hf_server *server)
{
    const struct hf_waitlist *list = &server->waiting;
    bool waits = dial->waiter && dial->waiting_at == list;

    return !waits && is_new_at(dial, list) && hf_server_queue_full_mt(server);
}

/* `option redispatch` lets a client leave the server that it is stuck to. */
static bool leave_it(const struct hf_dial *dial, struct hf_pick *pick)
{
    if (!pick->stuck || pick->forced || hf_dial_backend(dial->session)->cfg->o.redispatch != HF_YES)
        return false;
    pick->unstick = true;
    return true;
}

/* Who waits already waits on, as long as `timeout queue` permits, when the last server goes: it may
 * be back in time. */
static bool is_in_line(const struct hf_dial *dial)
{
    return (dial->waiter || dial->woken) && dial->pick.n_tried == 0;
}

/* A usable server with a free slot, taken; or NULL, and where to wait for one (NULL: nowhere,
 * *queue_full says whether that is because too many wait). */
static struct hf_server *pick_with_slot(struct hf_dial *dial, struct hf_waitlist **wait_at,
                                        bool *queue_full)
{
    struct hf_proxy *backend = hf_dial_backend(dial->session);
    struct hf_pick pick = dial->pick; /* full servers count as tried for this look only */
    *wait_at = NULL;
    *queue_full = false;
    for (;;) {
        pick.now_ms = hf_loop_now(dial->engine->loop);
        struct hf_server *server = pick_server(dial, &pick);
        if (!server) {
            if (is_in_line(dial))
                *wait_at = &backend->waiting;
            return NULL;
        }
        dial->pick.stuck = pick.stuck;
        struct hf_waitlist *list = pick.bound ? &server->waiting : &backend->waiting;
        bool others_first = is_new_at(dial, list) && hf_waitlist_is_busy_mt(list);
        if (!others_first && hf_server_take_mt(server))
            return server;
        if (pick.bound && queue_is_full(dial, server)) {
            if (leave_it(dial, &pick))
                continue;
            *queue_full = true;
            return NULL;
        }
        *wait_at = list;
        if (others_first || pick.bound || pick.n_tried == HF_PICK_MAX_TRIED)
            return NULL;
        hf_dial_mark_tried(&pick, server);
    }
}

/* Whom it failed with before was tried again, or left. */
static void count_choice(struct hf_dial *dial, struct hf_server *server)
{
    struct hf_engine *engine = dial->engine;
    uint64_t now_ms = hf_loop_now(engine->loop);

    hf_rate_count_mt(&server->session_rate, now_ms);
    atomic_store_explicit(&server->pace.last_ms, now_ms, memory_order_relaxed);
    hf_count(engine->shard, server->counts_at, HF_COUNT_SESSIONS, 1);
    if (!dial->pick.stuck && dial->failed != server)
        hf_account_server(engine, server, HF_COUNT_CHOSEN);
    if (dial->failed)
        hf_account_server(engine, dial->failed,
                          dial->failed == server ? HF_COUNT_RETRIES : HF_COUNT_REDISPATCHES);
    dial->failed = NULL;
}

void hf_dial_choose(struct hf_dial *dial)
{
    struct hf_session *session = dial->session;
    struct hf_waitlist *wait_at;
    struct hf_server *server;
    bool queue_full;

    while (!(server = pick_with_slot(dial, &wait_at, &queue_full)) && wait_at) {
        if (!queue_up(dial, wait_at))
            return;
    }
    hf_dial_stop_waiting(dial);
    if (!server) {
        if (queue_full)
            hf_dial_give_up(dial, HF_REASON_QUEUE_FULL, HF_PHASE_QUEUE);
        else if (dial->pick.n_tried)
            hf_dial_pause(dial);
        else
            hf_dial_give_up(dial, HF_REASON_NO_SERVER, HF_PHASE_CONNECT);
        return;
    }
    hf_loop_timer_cancel(session->engine->loop, &dial->timer);
    session->server = server;
    session->facts.server = server;
    count_choice(dial, server);
    hf_dial_connect(dial);
}
