/*
 * serve.c: main's own loop: health checks, signals, and waiting for the workers' end.
 *
 * TERM and INT end at once (clients read a 421), USR1 lets sessions finish, HUP logs the state of
 * every section and server, USR2 reads the certificates anew.
 */
#include <signal.h>
#include <stdio.h>

#include "app_int.h"
#include "haftp/base/assert.h"
#include "haftp/check/check.h"
#include "haftp/log/format.h"
#include "haftp/log/log.h"

enum stage { RUNNING, DRAINING, STOPPING };

struct server_process {
    struct hf_loop *loop;
    struct hf_runtime *runtime;
    struct app_api *api;
    struct app_sockets *sockets;
    struct app_worker *workers;
    unsigned n_workers, n_running, n_drained;
    struct hf_timer hard_stop;
    struct hf_tls_reminder certs;
    enum stage stage;
    int last_signal;
};

/* Workers tell us of their end by mail, which carries no context of ours. */
static struct server_process *self;

/* Nobody gets them from us any more: they are closed by the workers, as they find time. */
static void show_no_more(struct server_process *process, bool data_ports)
{
    for (unsigned i = 0; i < process->sockets->n; i++)
        if (data_ports || !process->sockets->list[i].slot)
            process->sockets->list[i].shown = -1;
}

static void stop_all(struct server_process *process)
{
    process->stage = STOPPING;
    show_no_more(process, true);
    unsigned n = atomic_load(&process->runtime->sessions);
    hf_log_event_mt(NULL, HF_LEVEL_NOTICE, "Stopping: %u session%s ended", n,
                    n == 1 ? " is" : "s are");
    for (unsigned i = 0; i < process->n_workers; i++)
        app_worker_stop(&process->workers[i]);
}

static void evict(struct hf_server *server, enum hf_reason reason)
{
    for (unsigned i = 0; i < self->n_workers; i++)
        app_worker_evict(&self->workers[i], server, reason);
}

static void on_hard_stop(struct hf_timer *timer)
{
    struct server_process *process = HF_CONTAINER(timer, struct server_process, hard_stop);
    hf_log_event_mt(NULL, HF_LEVEL_WARNING,
                    "hard-stop-after is over, ending the sessions that are left");
    stop_all(process);
}

static void drain_all(struct server_process *process)
{
    unsigned after_ms = process->runtime->config->global.hard_stop_after_ms;
    process->stage = DRAINING;
    atomic_store_explicit(&process->runtime->stopping, true, memory_order_relaxed);
    unsigned n = atomic_load(&process->runtime->sessions);
    hf_log_event_mt(NULL, HF_LEVEL_NOTICE, "Soft stop: no new sessions, %u %s end", n,
                    n == 1 ? "goes on to its" : "go on to their");
    app_api_stop(process->api);
    show_no_more(process, false);
    if (after_ms)
        hf_loop_timer(process->loop, &process->hard_stop, after_ms, on_hard_stop);
    for (unsigned i = 0; i < process->n_workers; i++)
        app_worker_drain(&process->workers[i]);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server_process *process = handle->data;
    switch (number) {
    case SIGHUP:
        app_log_states(process->runtime);
        app_certs_log(process->runtime->config);
        return;
    case SIGUSR2:
        app_certs_reload(&process->certs);
        return;
    case SIGUSR1:
        process->last_signal = number;
        if (process->stage == RUNNING)
            drain_all(process);
        return;
    default:
        process->last_signal = number;
        stop_all(process);
        return;
    }
}

/* Only now: until the last session of any worker has ended, it may need a data port of each. */
static void on_worker_drained(struct hf_mail *mail)
{
    (void)mail;
    if (++self->n_drained < self->n_running)
        return;
    app_handover_last_look();
    for (unsigned i = 0; i < self->n_running; i++)
        app_worker_end(&self->workers[i]);
}

static void on_worker_ended(struct hf_mail *mail)
{
    (void)mail;
    if (--self->n_running == 0)
        hf_loop_stop(self->loop);
}

static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP};

static void mask_signals(int how)
{
    sigset_t set;
    sigemptyset(&set);
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(&set, signals[i]);
    pthread_sigmask(how, &set, NULL);
}

void app_hold_signals(void)
{
    mask_signals(SIG_BLOCK);
}

void app_die_of(int signal_number)
{
    signal(signal_number, SIG_DFL);
    mask_signals(SIG_UNBLOCK);
    raise(signal_number);
}

static bool watch_signals(struct server_process *process, uv_signal_t *handles)
{
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (uv_signal_init(hf_loop_uv(process->loop), &handles[i]) != 0)
            return false;
        handles[i].data = process;
        if (uv_signal_start(&handles[i], on_signal, signals[i]) != 0)
            return false;
    }
    mask_signals(SIG_UNBLOCK);
    return true;
}

static bool start_workers(struct server_process *process)
{
    /* Signals are main's: a worker's system calls are not interrupted. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    bool ok = true;
    for (unsigned i = 0; i < process->n_workers && ok; i++) {
        ok = app_worker_start(&process->workers[i], process->loop, on_worker_drained,
                              on_worker_ended);
        process->n_running += ok;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

static void stop_softly(struct app_serving *serving)
{
    (void)serving;
    if (self->stage != RUNNING)
        return;
    self->last_signal = SIGUSR1;
    drain_all(self);
}

/* Before this nothing is accepted: not by us, and, once they hold, not by those before us. */
static bool start_to_serve(struct server_process *process, struct app_serving *serving,
                           struct hf_checks *checks)
{
    int line = app_worker_line();

    app_takeover_hold(serving);
    if (!start_workers(process) || !app_api_serve(process->api, serving, process->loop, checks))
        return false;
    app_takeover_done(&serving->sockets->heirlooms, process->loop);
    app_offer_serve(serving);
    return line < 0 || app_handover_serve(serving, line);
}

int app_serve(struct app_serving *serving, struct app_api *api)
{
    struct hf_runtime *runtime = serving->runtime;
    struct app_worker *workers = serving->workers;
    unsigned n_workers = serving->n_workers;
    struct server_process process = {.runtime = runtime,
                                     .api = api,
                                     .sockets = serving->sockets,
                                     .workers = workers,
                                     .n_workers = n_workers};
    uv_signal_t handles[sizeof signals / sizeof signals[0]];

    self = &process;
    process.loop = hf_loop_new();
    if (!process.loop || !watch_signals(&process, handles)) {
        hf_diag_line(stderr, HF_DIAG_ERROR, "Cannot start: out of memory or descriptors.");
        hf_loop_free(process.loop);
        return -1;
    }
    serving->loop = process.loop;
    serving->stop_softly = stop_softly;
    hf_server_on_evict(evict);
    app_certs_watch(&process.certs, runtime->config, process.loop);
    hf_checks_format_with(hf_log_format_text);
    struct hf_checks *checks = hf_checks_start(runtime, process.loop);
    if (!checks || !start_to_serve(&process, serving, checks)) {
        hf_diag_line(stderr, HF_DIAG_ERROR,
                     "Cannot start the health checks, the worker threads or the runtime API.");
        process.last_signal = -1;
        stop_all(&process);
    } else {
        app_worker_report(&runtime->config->global);
        if (!app_is_worker())
            app_tell_old_processes(serving->args);
        app_daemon_ready();
    }
    if (process.n_running)
        hf_loop_run(process.loop);
    hf_server_on_evict(NULL);
    app_hold_signals(); /* one more while we clean up changes nothing */
    for (unsigned i = 0; i < n_workers; i++)
        app_worker_fini(&workers[i]);
    app_offer_end();
    app_handover_end();
    app_takeover_end();
    app_api_end(api);
    hf_log_event_mt(NULL, HF_LEVEL_NOTICE, "Stopped");
    if (checks)
        hf_checks_stop(checks);
    hf_loop_timer_cancel(process.loop, &process.hard_stop);
    hf_tls_remind_stop(&process.certs);
    hf_loop_settle(process.loop);
    hf_loop_free(process.loop);
    return process.last_signal;
}
