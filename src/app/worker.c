/*
 * worker.c: one thread with everything it owns.
 *
 * Built by main before the thread starts, taken apart by main after it has ended; in between, main
 * reaches it by mail.
 */
#include <stdlib.h>
#include <string.h>

#include "app_int.h"
#include "haftp/base/assert.h"
#include "haftp/log/log.h"
#include "haftp/stream/stream.h"

/* At the end, clients have this long to read their 421. */
#define STOP_MS 300u

static bool count_listeners(struct app_worker *worker, const struct app_sockets *sockets,
                            unsigned index)
{
    unsigned gates = 0, data = 0;
    for (unsigned i = 0; i < sockets->n; i++) {
        const struct app_socket *socket = &sockets->list[i];
        gates += socket->worker == index && !socket->slot;
        data += socket->worker == index && socket->slot;
    }
    worker->gates = calloc(gates + 1, sizeof(struct hf_gate *));
    worker->data = calloc(data + 1, sizeof *worker->data);
    return worker->gates && worker->data;
}

static bool open_listener(struct app_worker *worker, struct app_socket *socket)
{
    int fd = socket->fd;
    if (socket->slot) {
        struct hf_listener *listener = &worker->data[worker->n_data];
        if (hf_listener_open(listener, worker->loop, fd, 0, hf_ftp_data_accept, worker->engine) !=
            HF_OK)
            return false;
        listener->slot = socket->slot;
        socket->listener = listener;
        listener->on_nofd = hf_gate_put_off;
        worker->n_data++;
        socket->fd = -1;
        return true;
    }
    bool control = socket->bind->role == HF_BIND_CONTROL;
    socket->fd = -1; /* the gate's from here on, even when it cannot be opened */
    struct hf_gate *gate =
        hf_gate_open(worker->engine, socket->bind, fd, control ? hf_ftp_accept : hf_stream_accept);
    if (gate)
        worker->gates[worker->n_gates++] = gate;
    return gate != NULL;
}

bool app_worker_init(struct app_worker *worker, struct hf_runtime *runtime,
                     struct hf_lease_table *leases, struct hf_ties *ties,
                     struct app_sockets *sockets, unsigned index, unsigned n_workers)
{
    worker->index = index;
    worker->sockets = sockets;
    worker->loop = hf_loop_new();
    if (!worker->loop)
        return false;
    worker->engine = hf_engine_new(worker->loop, runtime, index, n_workers);
    if (!worker->engine || hf_ftp_attach(worker->engine, leases, ties) != HF_OK ||
        !count_listeners(worker, sockets, index))
        return false;
    for (unsigned i = 0; i < sockets->n; i++)
        if (sockets->list[i].worker == index && !open_listener(worker, &sockets->list[i]))
            return false;
    return true;
}

static void *run(void *arg)
{
    struct app_worker *worker = arg;
    hf_loop_run(worker->loop);
    worker->ended.fn = worker->on_ended;
    hf_mail_post_mt(worker->main_loop, &worker->ended);
    return NULL;
}

bool app_worker_start(struct app_worker *worker, struct hf_loop *main_loop,
                      void (*drained)(struct hf_mail *mail), void (*ended)(struct hf_mail *mail))
{
    worker->main_loop = main_loop;
    worker->on_drained = drained;
    worker->on_ended = ended;
    worker->running = pthread_create(&worker->thread, NULL, run, worker) == 0;
    if (!worker->running)
        worker->main_loop = NULL; /* whoever never ran tells nothing */
    return worker->running;
}

/* ---- orders from main, carried out on the worker's own thread ---- */

/* Whose orders this thread carries out: an engine that has drained does not name its worker. */
static _Thread_local struct app_worker *here;

struct order {
    struct hf_mail mail;
    struct app_worker *worker;
};

static void order(struct app_worker *worker, void (*fn)(struct hf_mail *mail))
{
    struct order *o = calloc(1, sizeof *o);
    if (!o)
        return; /* the next signal asks again */
    o->worker = worker;
    o->mail.fn = fn;
    hf_mail_post_mt(worker->loop, &o->mail);
}

static struct app_worker *take_order(struct hf_mail *mail)
{
    struct order *o = HF_CONTAINER(mail, struct order, mail);
    struct app_worker *worker = o->worker;
    free(o);
    here = worker;
    return worker;
}

/* Sessions of one server. */
struct eviction {
    struct hf_mail mail;
    struct app_worker *worker;
    const struct hf_server *server;
    enum hf_reason reason;
};

static void on_evict(struct hf_mail *mail)
{
    struct eviction *e = HF_CONTAINER(mail, struct eviction, mail);
    hf_engine_kill_of(e->worker->engine, e->server, e->reason);
    free(e);
}

void app_worker_evict(struct app_worker *worker, const struct hf_server *server,
                      enum hf_reason reason)
{
    struct eviction *e = calloc(1, sizeof *e);
    if (!e) {
        hf_log_event_mt(server->proxy, HF_LEVEL_WARNING,
                        "Out of memory: sessions of server %s/%s go on although %s",
                        server->proxy->cfg->name, server->cfg->name, hf_reason_text(reason));
        return;
    }
    *e = (struct eviction){
        .mail.fn = on_evict, .worker = worker, .server = server, .reason = reason};
    hf_mail_post_mt(worker->loop, &e->mail);
}

/* ---- a process follows this one ---- */

struct hold {
    struct hf_mail mail;
    struct app_worker *worker;
    bool held;
    void (*done)(struct hf_mail *mail);
};

static void on_hold(struct hf_mail *mail)
{
    struct hold *hold = HF_CONTAINER(mail, struct hold, mail);
    struct app_worker *worker = hold->worker;

    for (unsigned i = 0; i < worker->n_gates; i++)
        hf_gate_hold(worker->gates[i], hold->held);
    for (unsigned i = 0; i < worker->n_data; i++)
        hf_listener_hold(&worker->data[i], hold->held);
    if (!hold->done) {
        free(hold);
        return;
    }
    hold->mail.fn = hold->done;
    hf_mail_post_mt(worker->main_loop, &hold->mail);
}

void app_worker_hold(struct app_worker *worker, bool held, void (*done)(struct hf_mail *mail))
{
    struct hold *hold = calloc(1, sizeof *hold);

    if (!hold)
        return; /* the successor goes on without an answer */
    *hold = (struct hold){{NULL, on_hold}, worker, held, done};
    hf_mail_post_mt(worker->loop, &hold->mail);
}

static void close_gates(struct app_worker *worker)
{
    for (unsigned i = 0; i < worker->n_gates; i++)
        hf_gate_close(worker->gates[i]);
    worker->n_gates = 0;
}

static void close_data(struct app_worker *worker)
{
    for (unsigned i = 0; i < worker->n_data; i++)
        hf_listener_close(&worker->data[i]);
}

/* Our loop goes on: sessions of other workers borrow our data ports, and data connections that
 * come to those are accepted here.  A worker that drains and is then stopped drains twice. */
static void on_drained(struct hf_engine *engine)
{
    (void)engine;
    if (here->has_drained || !here->main_loop)
        return;
    here->has_drained = true;
    here->drained.fn = here->on_drained;
    hf_mail_post_mt(here->main_loop, &here->drained);
}

/* What a successor has is closed here; what it does not listen to goes on. */
static void on_release(struct hf_mail *mail)
{
    struct app_worker *worker = take_order(mail);

    for (unsigned i = 0; i < worker->n_gates; i++)
        hf_gate_retire(worker->gates[i]);
    worker->n_gates = 0;
    for (unsigned i = 0; i < worker->sockets->n; i++) {
        const struct app_socket *socket = &worker->sockets->list[i];
        if (!socket->listener || socket->worker != worker->index)
            continue;
        if (socket->stays)
            hf_listener_hold(socket->listener, false);
        else
            hf_listener_close(socket->listener);
    }
}

static void on_drain(struct hf_mail *mail)
{
    struct app_worker *worker = take_order(mail);
    close_gates(worker); /* the data ports stay: a session that was let in goes on working */
    hf_engine_drain(worker->engine, on_drained);
}

static void on_stop_over(struct hf_timer *timer)
{
    struct app_worker *worker = HF_CONTAINER(timer, struct app_worker, stop_timer);
    hf_engine_kill_all(worker->engine, HF_REASON_STOPPING); /* no more lingering */
}

static void on_stop(struct hf_mail *mail)
{
    struct app_worker *worker = take_order(mail);
    close_gates(worker);
    close_data(worker);
    hf_loop_timer(worker->loop, &worker->stop_timer, STOP_MS, on_stop_over);
    hf_engine_kill_all(worker->engine, HF_REASON_STOPPING);
    hf_engine_drain(worker->engine, on_drained);
}

static void on_end(struct hf_mail *mail)
{
    hf_loop_stop(HF_CONTAINER(mail, struct app_worker, end)->loop);
}

void app_worker_drain(struct app_worker *worker)
{
    order(worker, on_drain);
}

void app_worker_release(struct app_worker *worker)
{
    order(worker, on_release);
}

void app_worker_stop(struct app_worker *worker)
{
    order(worker, on_stop);
}

void app_worker_end(struct app_worker *worker)
{
    worker->end.fn = on_end;
    hf_mail_post_mt(worker->loop, &worker->end);
}

void app_worker_fini(struct app_worker *worker)
{
    if (worker->running)
        pthread_join(worker->thread, NULL);
    if (worker->engine) {
        close_gates(worker);
        close_data(worker);
        hf_loop_timer_cancel(worker->loop, &worker->stop_timer);
        hf_loop_settle(worker->loop); /* last mail, last objects to reap */
        hf_ftp_detach(worker->engine);
        hf_engine_free(worker->engine);
    }
    hf_loop_free(worker->loop);
    free(worker->gates);
    free(worker->data);
    memset(worker, 0, sizeof *worker);
}
