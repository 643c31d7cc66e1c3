/*
 * runtime.h: live proxies and servers: what changes while the configuration does not.
 *
 * One hf_runtime per loaded configuration; it outlives all workers.  Fields shared between workers
 * are atomics; what must change together is under the lock named beside it.  Nobody holds two
 * locks.
 */
#ifndef HAFTP_STATE_RUNTIME_H
#define HAFTP_STATE_RUNTIME_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "haftp/conf/model.h"
#include "haftp/state/waitlist.h"

struct hf_stick_table;
struct hf_runtime;

struct hf_server {
    const struct hf_cfg_server *cfg;
    struct hf_proxy *proxy;
    unsigned index;            /* in proxy->servers */
    _Atomic bool up;           /* says the health check; true without one */
    _Atomic bool maint;        /* disabled by configuration or administrator */
    _Atomic unsigned weight;   /* effective, 0..256 */
    _Atomic unsigned sessions; /* current */
    _Atomic uint64_t sessions_total;
    _Atomic uint64_t bytes_in, bytes_out;
    _Atomic uint64_t failed_connects;
    struct hf_waitlist waiting; /* for a slot of this server (o.maxconn) */
};

struct hf_proxy {
    const struct hf_cfg_proxy *cfg;
    struct hf_runtime *runtime;
    struct hf_server **servers;
    unsigned n_servers;
    _Atomic unsigned sessions_front, sessions_back; /* current */
    _Atomic uint64_t sessions_total;
    _Atomic uint64_t denied[HF_N_RULE_SETS]; /* by rules, of each kind */
    _Atomic uint64_t strangers;              /* data connections without a lease */
    _Atomic uint64_t ports_exhausted;
    struct hf_waitlist entry;   /* connections that wait for room under maxconn */
    struct hf_waitlist waiting; /* sessions that wait for a slot of any server of this section */
    /* Balancing: private to src/balance; lock guards lb and lb_generation. */
    pthread_mutex_t lb_lock;
    void *lb;
    unsigned lb_generation;       /* the generation that lb was computed for */
    _Atomic unsigned generation;  /* bumped whenever a server's state or weight changes */
    struct hf_stick_table *stick; /* NULL: none */
};

struct hf_runtime {
    const struct hf_config *config;
    struct hf_proxy **proxies; /* by cfg id - 1 */
    unsigned n_proxies;
    unsigned maxconn;          /* effective process limit */
    _Atomic unsigned sessions; /* current control sessions and plain connections */
    _Atomic uint64_t sessions_total;
    _Atomic bool stopping;    /* no new sessions: those that run go on to their end */
    struct hf_waitlist entry; /* connections that wait for room under the process limit */
};

/* NULL when out of memory. */
struct hf_runtime *hf_runtime_new(const struct hf_config *config);
void hf_runtime_free(struct hf_runtime *runtime);
struct hf_proxy *hf_runtime_proxy(const struct hf_runtime *runtime, const struct hf_cfg_proxy *cfg);

/* May new sessions be given to it now?  (Up, not in maintenance, weight > 0.) */
bool hf_server_usable_mt(const struct hf_server *server);
/* Weight 0 takes no new sessions but is up (drain). */
bool hf_server_is_up_mt(const struct hf_server *server);
/* No slot is free now (o.maxconn). */
bool hf_server_full_mt(const struct hf_server *server);
/* A session slot: false when o.maxconn is reached.  Every true needs one hf_server_put_mt(). */
bool hf_server_take_mt(struct hf_server *server);
/* Gives the slot back and wakes whoever waits for one: of this server, then of its section. */
void hf_server_put_mt(struct hf_server *server);

/* Called by checks and commands: new sessions see the new state at once, waiting ones look again,
 * and the listener is told.  `why` is for people; "" says nothing. */
void hf_server_set_up_mt(struct hf_server *server, bool up, const char *why);
/* Something about a server that changed nothing (option log-health-checks): goes to the listener.
 */
void hf_server_note_mt(const struct hf_server *server, const char *text);
unsigned hf_proxy_usable_mt(const struct hf_proxy *proxy, bool backup);

/* Who is told (log), set before threads start; NULL: nobody.  Called on the thread of the caller
 * above. */
struct hf_server_listener {
    void (*on_state)(const struct hf_server *server, bool up, const char *why);
    void (*on_note)(const struct hf_server *server, const char *text);
};
void hf_server_listen(const struct hf_server_listener *listener);

#endif
