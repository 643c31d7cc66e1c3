/*
 * app_int.h: the process: what main hands from one step of its start to the next.  Private to
 * src/app.
 *
 *   main.c     the story: arguments, configuration, sockets, privileges, workers, end
 *   sockets.c  every listening socket, opened before anything else can fail
 *   limits.c   descriptors and maxconn
 *   daemon.c   background, pid file
 *   privileges.c  chroot, user, what is kept of root
 *   refusal.c  how they tell what the system refuses
 *   worker.c   a thread: its loop, its engine, its listeners
 *   master.c   the master process; notify.c: what it tells systemd
 *   takeover.c   what we ask of processes before us; handover.c: what those after us ask
 *   old.c      processes that the command line names, to be taken over from and told to end
 *   heirlooms.c  listening sockets that were handed over
 *   certs.c   certificates of a running process
 *   pages.c    pages of HTTP: statistics, metrics
 *   serve.c    main's own loop: signals, checks, the end of the workers
 *   api.c      the runtime API's sockets
 *   states.c   what a signal makes it log of sections and servers
 */
#ifndef HAFTP_APP_INT_H
#define HAFTP_APP_INT_H

#include <pthread.h>

#include "haftp/admin/admin.h"
#include "haftp/admin/page.h"
#include "haftp/app/args.h"
#include "haftp/check/check.h"
#include "haftp/conf/model.h"
#include "haftp/ftp/ftp.h"
#include "haftp/ftp/lease.h"
#include "haftp/ftp/tie.h"
#include "haftp/net/socket.h"
#include "haftp/state/runtime.h"
#include "haftp/state/tls.h"

/* ---- heirlooms.c ---- */

struct app_heirloom {
    char *name;
    int fd; /* -1: it was taken */
};

struct app_heirlooms {
    struct app_heirloom *list;
    unsigned n, room, next;
};

/* False, and the descriptor is still the caller's: no memory. */
HF_MUST_USE bool app_heirlooms_add(struct app_heirlooms *heirlooms, const char *name, int fd);
/* The caller's from then on; -1: none has this name. */
int app_heirlooms_take(struct app_heirlooms *heirlooms, const char *name);
void app_heirlooms_free(struct app_heirlooms *heirlooms);

/* ---- sockets.c ---- */

struct app_socket {
    char *name; /* under which it is handed over; NULL: it is not */
    int shown;  /* its descriptor as long as it is listened to, for handing it over; else -1 */
    const struct hf_cfg_bind *bind;
    struct hf_lease_slot *slot; /* data ports; NULL: control or plain */
    unsigned port;
    unsigned worker;              /* whose loop it goes to */
    struct hf_listener *listener; /* data ports: there */
    bool kept;                    /* our successor says that it does not listen here */
    _Atomic bool stays;           /* so we go on: for its worker to read, when we are released */
    int fd;                       /* -1: a listener has it */
};

struct app_sockets {
    struct app_heirlooms heirlooms; /* used instead of sockets of our own, where they fit */
    bool beside_others;        /* a process that goes may have our ports, and let us share them */
    struct hf_buffers buffers; /* of clients' connections */
    struct app_socket *list;
    unsigned n, room;
    const struct hf_cfg_bind *failing; /* of which n_failing ports could not be opened so far, */
    enum hf_status failing_for;        /* for this one reason */
    unsigned n_failing;
    unsigned pauses; /* spent waiting for data ports that were taken */
};

/* Opens all; reports each that cannot be opened on stderr, with its line of the configuration and
 * what to do. */
HF_MUST_USE bool app_sockets_open(struct app_sockets *sockets, const struct hf_config *config,
                                  struct hf_lease_table *leases, unsigned n_workers);
/* A socket of others that is handed over with ours; it stays theirs. */
HF_MUST_USE bool app_sockets_show(struct app_sockets *sockets, const char *name, int fd);
void app_sockets_close(struct app_sockets *sockets);

/* ---- refusal.c ---- */

/* Tells on stderr what could not be done that this line asks for, and what to do (`hint`). */
__attribute__((format(printf, 3, 4))) void app_refuse(struct hf_loc loc, const char *hint,
                                                      const char *format, ...);

/* ---- limits.c ---- */

struct app_limits {
    unsigned maxconn; /* sessions of the process */
    unsigned pipes;   /* for splice */
};

/* How many sessions the process takes, and the descriptors for them; warns when those cannot be
 * had. */
struct app_limits app_limits_apply(const struct hf_config *config, unsigned n_listeners,
                                   unsigned n_workers);

/* ---- daemon.c ---- */

/* Returns in the child, which keeps the terminal until app_daemon_ready().  The parent waits for
 * that, and ends with 1 if the child ends before. */
void app_daemonize(void);
/* The start has succeeded: leaves the terminal and lets the parent go.  Nothing if there is none.
 */
void app_daemon_ready(void);
void app_prepare_to_leave(void); /* before the chroot */
void app_leave_terminal(void);   /* nothing is read from it or written to it any more */
HF_MUST_USE bool app_write_pidfile(const struct hf_cfg_global *global);
void app_remove_pidfile(const struct hf_cfg_global *global);

/* ---- privileges.c ---- */

/* chroot, group and user of the configuration; before any thread, which would keep its own. */
HF_MUST_USE bool app_drop_privileges(const struct hf_config *config);

/* ---- worker.c ---- */

struct app_worker {
    unsigned index;
    const struct app_sockets *sockets; /* of all workers */
    struct hf_loop *loop;
    struct hf_engine *engine;
    struct hf_gate **gates; /* control and plain binds */
    unsigned n_gates;
    struct hf_listener *data; /* data ports */
    unsigned n_data;
    struct hf_timer stop_timer;
    pthread_t thread;
    bool running;
    struct hf_loop
        *main_loop; /* told when we have drained, and when we have ended; NULL: never ran */
    void (*on_drained)(struct hf_mail *mail);
    void (*on_ended)(struct hf_mail *mail);
    bool has_drained;
    struct hf_mail drained, end, ended;
};

HF_MUST_USE bool app_worker_init(struct app_worker *worker, struct hf_runtime *runtime,
                                 struct hf_lease_table *leases, struct hf_ties *ties,
                                 struct app_sockets *sockets, unsigned index, unsigned n_workers);
HF_MUST_USE bool app_worker_start(struct app_worker *worker, struct hf_loop *main_loop,
                                  void (*drained)(struct hf_mail *mail),
                                  void (*ended)(struct hf_mail *mail));
/* From main's thread: no new sessions; `drained` comes once, when the last one has ended. */
/* Ends the worker's sessions of this server. */
void app_worker_evict(struct app_worker *worker, const struct hf_server *server,
                      enum hf_reason reason);
void app_worker_drain(struct app_worker *worker);
/* From main's thread: nothing more is accepted, or again; then `done` (NULL: nothing) gets a mail
 * that it frees. */
void app_worker_hold(struct app_worker *worker, bool held, void (*done)(struct hf_mail *mail));
/* From main's thread: closes all listening sockets but those that are `kept`. */
void app_worker_release(struct app_worker *worker);
/* From main's thread: tells every client; `drained` comes when all are gone, unless it came before.
 */
void app_worker_stop(struct app_worker *worker);
/* From main's thread, once, when every worker has drained: ends the loop; `ended` comes. */
void app_worker_end(struct app_worker *worker);
void app_worker_fini(struct app_worker *worker);

/* ---- certs.c; main's thread, logs ---- */

/* Reads all files that TLS words name; all of them are used from now on, or none.  The loop waits
 * meanwhile, so checks may be late by as long as reading takes. */
void app_certs_reload(struct hf_tls_reminder *reminder);
/* Certificates, when they end, and how many handshakes there were. */
void app_certs_log(const struct hf_config *config);
/* Warns each day of those that have ended, or will soon, until hf_tls_remind_stop(). */
void app_certs_watch(struct hf_tls_reminder *reminder, const struct hf_config *config,
                     struct hf_loop *loop);

/* ---- a process that serves, as those see it that answer for it ---- */

struct app_serving {
    const struct hf_args *args;
    struct hf_runtime *runtime;
    struct hf_lease_table *leases;
    struct hf_ties *ties;
    struct app_sockets *sockets;
    struct app_worker *workers;
    unsigned n_workers;
    struct hf_loop *loop; /* main's; from app_serve() on */
    void (*stop_softly)(struct app_serving *serving);
};

/* ---- master.c ---- */

/* Of main(), before anything changes the folder. */
void app_master_remember(char *const *argv);
/* This program was executed by a master that reloads: the workers go on meanwhile. */
bool app_master_is_revived(void);
/* Is a master until the last worker has ended, and returns false; or returns true in a new process,
 * which is to be a worker.  `config` NULL: revived, so a worker reads its own. */
HF_MUST_USE bool app_master(const struct hf_args *args, const struct hf_config *config,
                            int *exit_code);

/* In a worker; in other processes all of it is harmless. */
bool app_is_worker(void);
int app_worker_line(void); /* to the master and our successors, the caller's from now on; or -1 */
void app_worker_stay_with_master(void);                     /* ends when it does */
void app_worker_report(const struct hf_cfg_global *global); /* we serve */

/* ---- old.c: processes that the command line names, and what we offer to those who name us ---- */

/* So that a process that names us finds us; before the user changes. */
void app_offer_open(void);
void app_offer_serve(struct app_serving *serving);
/* Sends a line to us over this connection of a unix socket. */
bool app_offer_line(int to);
void app_offer_end(void);
/* A master's: where to wait for those who ask, and what they get. */
int app_offer_fd(void);
void app_offer_answer(const int *lines, unsigned n);
/* Those of -sf, -st and -x: what they offer is taken.  False: -x gives nothing, which was told. */
HF_MUST_USE bool app_ask_old_processes(const struct hf_args *args);

/* This one works: they finish (-sf), or end (-st). */
void app_tell_old_processes(const struct hf_args *args);

/* ---- notify.c ---- */

void app_notify(const char *state); /* to systemd, if it started us */

/* ---- takeover.c; main's thread, before the workers run unless it says otherwise ---- */

#define APP_MOST_FOREBEARS 64u

/* Takes them, and one of a process that we have already. */
void app_takeover_from(const int *lines, unsigned n);
void app_takeover_sockets(struct app_heirlooms *heirlooms);
/* The others accept nothing more. */
void app_takeover_hold(const struct app_serving *serving);
/* The workers run.  The others close what we have, and stop softly.  Frees the heirlooms. */
void app_takeover_done(struct app_heirlooms *heirlooms, struct hf_loop *loop);
/* While we run: a process takes over from us, or cannot. */
void app_takeover_succeeded(bool succeeded);
/* Those of our forebears that live: copies are for a successor.  Returns how many. */
unsigned app_takeover_lines(int lines[APP_MOST_FOREBEARS]);
unsigned app_takeover_generation(void); /* ours */
unsigned app_takeover_part(void);       /* of the data ports: ours */
void app_takeover_end(void);            /* the workers have ended */

/* ---- handover.c; main's thread ---- */

/* Answers on this end of a line, and takes it. */
bool app_handover_serve(struct app_serving *serving, int line);
/* The workers still run, and end now: takes what came last. */
void app_handover_last_look(void);
void app_handover_end(void);

/* ---- api.c: the runtime API ---- */

struct app_api_socket {
    const struct hf_cfg_bind *bind;
    int fd;
};

/* ---- pages.c: pages of HTTP ---- */

struct app_pages {
    struct app_api_socket *list;
    unsigned n;
    struct hf_pages *pages; /* NULL: there are none, or they are not served yet */
};

/* As their namesakes of the runtime API, which calls them. */
HF_MUST_USE bool app_pages_open(struct app_pages *pages, const struct hf_config *config);
HF_MUST_USE bool app_pages_serve(struct app_pages *pages, struct hf_loop *loop,
                                 struct hf_runtime *runtime, unsigned n_workers);
void app_pages_stop(struct app_pages *pages);
void app_pages_end(struct app_pages *pages);
void app_pages_close(struct app_pages *pages);

/* ---- api.c, again ---- */

struct app_api {
    struct app_pages pages;
    struct app_api_socket *list;
    unsigned n;
    struct hf_engine **engines;
    struct hf_admin *admin; /* NULL: it has no socket, or is not served yet */
};

/* Opens the sockets of all `stats socket` lines; reports each that cannot be opened. */
HF_MUST_USE bool app_api_open(struct app_api *api, struct app_sockets *sockets,
                              const struct hf_config *config);
/* Main's loop serves them; the workers run. */
HF_MUST_USE bool app_api_serve(struct app_api *api, const struct app_serving *serving,
                               struct hf_loop *loop, struct hf_checks *checks);
void app_api_stop(struct app_api *api); /* no new clients */
/* When no worker runs any more, before the loop goes. */
void app_api_end(struct app_api *api);
void app_api_close(struct app_api *api);

/* ---- serve.c ---- */

/* From here until app_serve() signals wait: one that comes while we start is obeyed then, instead
 * of killing us half-way. */
void app_hold_signals(void);
/* Ends the process by this signal, as if we had never caught it. */
void app_die_of(int signal_number);
/* Runs until a signal ends it; returns that signal. */
int app_serve(struct app_serving *serving, struct app_api *api);

/* ---- states.c ---- */

/* A line for each section and each server, to the targets of the section. */
void app_log_states(const struct hf_runtime *runtime);

#endif
