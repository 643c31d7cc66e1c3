/*
 * gate.c: maxconn and rates, exactly, without refusing anybody.
 */
#include "haftp/stream/gate.h"

#include <stdlib.h>
#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/log/log.h"

#define PUT_OFF_PERIOD_MS 10000u

struct hf_gate {
    struct hf_listener listener;
    struct hf_engine *engine;
    const struct hf_cfg_bind *bind;
    struct hf_proxy *frontend;
    struct hf_door *door; /* NULL: the bind has no limit of its own */
    hf_gate_fn fn;
    int parked_fd; /* accepted, waiting for room; -1: none */
    struct hf_addr parked_peer;
    struct hf_waiter *waiter;
    struct hf_waitlist *waiting_at;
    const struct hf_waiter *woken; /* while it has its look: its place in line is ours */
    struct hf_timer timer;         /* until the rates permit another one */
};

/* Raises a counter by n unless that is beyond its limit (0: no limit), and the highest that it was
 * (NULL: nobody asks). */
static bool count_up(_Atomic unsigned *counter, unsigned n, unsigned limit, _Atomic unsigned *most)
{
    unsigned now = atomic_load_explicit(counter, memory_order_relaxed);
    do {
        if (limit && now + n > limit)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(counter, &now, now + n, memory_order_acq_rel,
                                                    memory_order_relaxed));
    if (most)
        hf_note_most(most, now + n);
    return true;
}

/* ---- rates ------------------------------------------------------------------------------- */

#define N_RATES 4u

struct limited_rate {
    struct hf_rate *rate;
    unsigned limit; /* 0: only counted */
};

static unsigned rates_of(struct hf_proxy *frontend, const struct hf_cfg_bind *bind,
                         struct limited_rate rates[N_RATES])
{
    struct hf_runtime *runtime = frontend->runtime;
    const struct hf_cfg_global *global = &runtime->config->global;

    rates[0] = (struct limited_rate){&runtime->connection_rate, global->maxconnrate};
    rates[1] = (struct limited_rate){&runtime->session_rate, global->maxsessrate};
    rates[2] = (struct limited_rate){&frontend->rate_front, frontend->cfg->o.session_rate};
    rates[3] = (struct limited_rate){&runtime->tls_rate, global->maxsslrate};
    return bind->tls.ssl ? 4 : 3;
}

static void untake(const struct limited_rate *rates, unsigned n)
{
    while (n-- > 0)
        hf_rate_untake_mt(rates[n].rate);
}

/* How long to wait, or 0 when the session was counted. */
static unsigned take_rates(const struct limited_rate *rates, unsigned n, uint64_t now_ms)
{
    for (unsigned i = 0; i < n; i++) {
        if (hf_rate_take_mt(rates[i].rate, rates[i].limit, now_ms))
            continue;
        untake(rates, i);
        unsigned wait_ms = hf_rate_wait_ms_mt(rates[i].rate, rates[i].limit, now_ms);
        return wait_ms ? wait_ms : 1;
    }
    return 0;
}

/* ---- room -------------------------------------------------------------------------------- */

static void leave_door(struct hf_door *door)
{
    atomic_fetch_sub_explicit(&door->sessions, 1, memory_order_acq_rel);
    hf_waitlist_wake_mt(&door->entry);
}

/* Has not waited at this list: whoever does comes first. */
static bool is_new_at(const struct hf_gate *gate, const struct hf_waitlist *list)
{
    return !(gate->waiter && gate->waiting_at == list) &&
           !(gate->woken && gate->woken->list == list);
}

static bool may_come(const struct hf_gate *gate, const struct hf_waitlist *list)
{
    return !(is_new_at(gate, list) && hf_waitlist_is_busy_mt(list));
}

static void give_back(_Atomic unsigned *counter, unsigned n)
{
    atomic_fetch_sub_explicit(counter, n, memory_order_acq_rel);
}

/* The list to wait at, or NULL when there is room. */
static struct hf_waitlist *take_room(const struct hf_gate *gate)
{
    struct hf_proxy *frontend = gate->frontend;
    struct hf_runtime *runtime = frontend->runtime;
    struct hf_door *door = gate->door;
    unsigned places = hf_gate_tls_places(frontend, gate->bind);

    if (places &&
        !(may_come(gate, &runtime->tls_entry) &&
          count_up(&runtime->tls_places, places, runtime->config->global.maxsslconn, NULL)))
        return &runtime->tls_entry;
    struct hf_waitlist *full = NULL;
    if (door && !(may_come(gate, &door->entry) &&
                  count_up(&door->sessions, 1, door->bind->maxconn, &door->sessions_most))) {
        full = &door->entry;
        door = NULL;
    } else if (!(may_come(gate, &frontend->entry) &&
                 count_up(&frontend->sessions_front, 1, frontend->cfg->o.maxconn,
                          &frontend->most_front))) {
        full = &frontend->entry;
    } else if (!(may_come(gate, &runtime->entry) &&
                 count_up(&runtime->sessions, 1, runtime->maxconn, NULL))) {
        give_back(&frontend->sessions_front, 1);
        full = &runtime->entry;
    }
    if (full && door)
        leave_door(door);
    if (full)
        hf_gate_leave_tls_mt(runtime, places);
    return full;
}

/* Why a session cannot begin yet: something is full, or a rate is reached. */
struct hindrance {
    struct hf_waitlist *full;
    unsigned wait_ms;
};

static void count_connection(const struct hf_gate *gate)
{
    struct hf_shard *shard = gate->engine->shard;

    hf_count(shard, gate->frontend->front_at, HF_COUNT_CONNECTIONS, 1);
    if (gate->door)
        hf_count(shard, gate->door->counts_at, HF_COUNT_CONNECTIONS, 1);
    if (gate->bind->tls.ssl)
        atomic_fetch_add_explicit(&gate->frontend->runtime->tls_total, 1, memory_order_relaxed);
}

static bool enter(const struct hf_gate *gate, uint64_t now_ms, struct hindrance *hindrance)
{
    struct hf_proxy *frontend = gate->frontend;
    struct limited_rate rates[N_RATES];
    unsigned n_rates = rates_of(frontend, gate->bind, rates);

    *hindrance = (struct hindrance){.wait_ms = take_rates(rates, n_rates, now_ms)};
    if (hindrance->wait_ms)
        return false;
    hindrance->full = take_room(gate);
    if (hindrance->full) {
        untake(rates, n_rates);
        return false;
    }
    atomic_fetch_add_explicit(&frontend->runtime->sessions_total, 1, memory_order_relaxed);
    count_connection(gate);
    return true;
}

void hf_gate_leave_mt(struct hf_proxy *frontend, const struct hf_cfg_bind *bind)
{
    struct hf_runtime *runtime = frontend->runtime;
    struct hf_door *door = hf_proxy_door(frontend, bind);

    if (door)
        leave_door(door);
    give_back(&frontend->sessions_front, 1);
    give_back(&runtime->sessions, 1);
    hf_waitlist_wake_mt(&frontend->entry);
    hf_waitlist_wake_mt(&runtime->entry);
}

unsigned hf_gate_tls_places(const struct hf_proxy *frontend, const struct hf_cfg_bind *bind)
{
    return (unsigned)bind->tls.ssl + (unsigned)frontend->cfg->reaches_tls;
}

bool hf_gate_enter_tls_mt(struct hf_runtime *runtime, uint64_t now_ms)
{
    const struct hf_cfg_global *global = &runtime->config->global;

    if (!hf_rate_take_mt(&runtime->tls_rate, global->maxsslrate, now_ms))
        return false;
    if (!hf_waitlist_is_busy_mt(&runtime->tls_entry) &&
        count_up(&runtime->tls_places, 1, global->maxsslconn, NULL)) {
        atomic_fetch_add_explicit(&runtime->tls_total, 1, memory_order_relaxed);
        return true;
    }
    hf_rate_untake_mt(&runtime->tls_rate);
    return false;
}

void hf_gate_leave_tls_mt(struct hf_runtime *runtime, unsigned n_places)
{
    if (!n_places)
        return;
    give_back(&runtime->tls_places, n_places);
    while (n_places-- > 0) /* who waits may need one only */
        hf_waitlist_wake_mt(&runtime->tls_entry);
}

static void begin(struct hf_gate *gate, int fd, const struct hf_addr *peer)
{
    if (!gate->fn(gate->engine, gate->bind, fd, peer)) {
        close(fd);
        hf_gate_leave_tls_mt(gate->frontend->runtime,
                             hf_gate_tls_places(gate->frontend, gate->bind));
        hf_gate_leave_mt(gate->frontend, gate->bind);
    }
}

static bool on_room(struct hf_waiter *waiter);
static void on_rate(struct hf_timer *timer);

/* Joins the queue of waiters, or stays where it was in it; false when there is no memory to wait
 * with. */
static bool wait_for_room(struct hf_gate *gate, struct hf_waitlist *list)
{
    struct hf_wait wait = {.loop = gate->engine->loop, .context = gate, .fn = on_room};

    gate->waiter = is_new_at(gate, list) ? hf_waitlist_join_mt(list, &wait, NULL)
                                         : hf_waitlist_rejoin_mt(gate->woken);
    gate->waiting_at = list;
    return gate->waiter != NULL;
}

static void stop_waiting(struct hf_gate *gate)
{
    if (gate->waiter)
        hf_waitlist_leave(gate->waiting_at, gate->waiter);
    gate->waiter = NULL;
    gate->waiting_at = NULL;
    hf_loop_timer_cancel(gate->engine->loop, &gate->timer);
}

static void unpark(struct hf_gate *gate, bool let_in)
{
    int fd = gate->parked_fd;
    gate->parked_fd = -1;
    stop_waiting(gate);
    if (let_in)
        begin(gate, fd, &gate->parked_peer);
    else
        close(fd);
    hf_listener_resume(&gate->listener);
}

/* Begins the parked session, or waits (again) for room.  Room that comes free between looking and
 * joining would wake nobody, so the first in line looks after joining, which may be us. */
static void try_parked(struct hf_gate *gate)
{
    struct hindrance hindrance;
    while (!enter(gate, hf_loop_now(gate->engine->loop), &hindrance)) {
        if (hindrance.full && gate->waiter && gate->waiting_at == hindrance.full)
            return;
        stop_waiting(gate);
        if (!hindrance.full) {
            hf_loop_timer(gate->engine->loop, &gate->timer, hindrance.wait_ms, on_rate);
            return;
        }
        bool is_new = is_new_at(gate, hindrance.full);
        if (!wait_for_room(gate, hindrance.full)) {
            unpark(gate, false);
            return;
        }
        if (is_new) {
            hf_waitlist_wake_mt(hindrance.full);
            return;
        }
    }
    unpark(gate, true);
}

static void on_rate(struct hf_timer *timer)
{
    try_parked(HF_CONTAINER(timer, struct hf_gate, timer));
}

static bool on_room(struct hf_waiter *waiter)
{
    struct hf_gate *gate = waiter->who.context;
    const struct hf_waitlist *woken_at = waiter->list;
    gate->waiter = NULL;
    gate->woken = waiter;
    try_parked(gate);
    gate->woken = NULL;
    /* Room in the process is of no use to a section that is full itself: others may want it. */
    return gate->parked_fd < 0 || gate->waiting_at == woken_at;
}

static void log_full(const struct hf_gate *gate, const struct hf_waitlist *full)
{
    static struct hf_log_limit limit;
    const struct hf_proxy *frontend = gate->frontend;
    uint64_t period = hf_loop_now(gate->engine->loop) / PUT_OFF_PERIOD_MS;
    const char *whose = "the process", *word = "maxconn";
    unsigned maxconn = frontend->runtime->maxconn, suppressed;

    if (full == &frontend->runtime->tls_entry) {
        word = "maxsslconn";
        maxconn = frontend->runtime->config->global.maxsslconn;
    } else if (full == &frontend->entry) {
        whose = "the section";
        maxconn = frontend->cfg->o.maxconn;
    } else if (gate->door && full == &gate->door->entry) {
        whose = "the bind";
        maxconn = gate->bind->maxconn;
    }
    if (hf_log_allowed_at_mt(&limit, period, 1, &suppressed))
        hf_log_event_mt(frontend, HF_LEVEL_WARNING,
                        "%s: %s %u of %s is reached, new connections wait", frontend->cfg->name,
                        word, maxconn, whose);
}

static bool on_accept(struct hf_listener *listener, int fd, const struct hf_addr *peer)
{
    struct hf_gate *gate = listener->owner;
    struct hindrance hindrance;
    if (enter(gate, hf_loop_now(gate->engine->loop), &hindrance)) {
        begin(gate, fd, peer);
        return true;
    }
    if (hindrance.full)
        log_full(gate, hindrance.full);
    gate->parked_fd = fd;
    gate->parked_peer = *peer;
    hf_listener_pause(listener);
    try_parked(gate);
    return gate->parked_fd < 0;
}

/* How often the log hears of it while it lasts. */

void hf_gate_put_off(struct hf_listener *listener, enum hf_status why)
{
    static struct hf_log_limit limit;
    uint64_t period = hf_loop_now(listener->watch.loop) / PUT_OFF_PERIOD_MS;
    unsigned suppressed;

    if (!hf_log_allowed_at_mt(&limit, period, 1, &suppressed))
        return;
    hf_log_event_mt(NULL, HF_LEVEL_WARNING,
                    "Accepting pauses: %s; new connections wait. Raise the limit (`ulimit -n`, "
                    "LimitNOFILE= of the service) or lower 'maxconn' (%u more not logged)",
                    hf_status_text(why), suppressed);
}

struct hf_gate *hf_gate_open(struct hf_engine *engine, const struct hf_cfg_bind *bind,
                             int listen_fd, hf_gate_fn fn)
{
    struct hf_gate *gate = calloc(1, sizeof *gate);
    if (!gate) {
        close(listen_fd);
        return NULL;
    }
    gate->engine = engine;
    gate->bind = bind;
    gate->frontend = hf_runtime_proxy(engine->runtime, bind->proxy);
    gate->door = hf_proxy_door(gate->frontend, bind);
    gate->fn = fn;
    gate->parked_fd = -1;
    gate->listener.slot = bind;
    gate->listener.on_nofd = hf_gate_put_off;
    if (hf_listener_open(&gate->listener, engine->loop, listen_fd,
                         engine->runtime->config->global.maxaccept, on_accept, gate) != HF_OK) {
        close(listen_fd);
        free(gate);
        return NULL;
    }
    return gate;
}

void hf_gate_hold(struct hf_gate *gate, bool held)
{
    hf_listener_hold(&gate->listener, held);
}

/* Without looking at limits: the kernel's queue, from which others are served by whoever follows
 * us, cannot have it back. */
static void let_parked_in(struct hf_gate *gate)
{
    struct hf_proxy *frontend = gate->frontend;
    struct hf_runtime *runtime = frontend->runtime;
    int fd = gate->parked_fd;

    atomic_fetch_add_explicit(&runtime->tls_places, hf_gate_tls_places(frontend, gate->bind),
                              memory_order_acq_rel);
    if (gate->door)
        atomic_fetch_add_explicit(&gate->door->sessions, 1, memory_order_acq_rel);
    atomic_fetch_add_explicit(&frontend->sessions_front, 1, memory_order_acq_rel);
    atomic_fetch_add_explicit(&runtime->sessions, 1, memory_order_acq_rel);
    atomic_fetch_add_explicit(&runtime->sessions_total, 1, memory_order_relaxed);
    count_connection(gate);
    gate->parked_fd = -1;
    begin(gate, fd, &gate->parked_peer);
}

void hf_gate_retire(struct hf_gate *gate)
{
    stop_waiting(gate);
    if (gate->parked_fd >= 0)
        let_parked_in(gate);
    hf_gate_close(gate);
}

void hf_gate_close(struct hf_gate *gate)
{
    if (!gate)
        return;
    stop_waiting(gate);
    if (gate->parked_fd >= 0)
        close(gate->parked_fd);
    hf_listener_close(&gate->listener);
    free(gate);
}
