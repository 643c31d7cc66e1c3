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

#include "haftp/base/rate.h"
#include "haftp/conf/model.h"
#include "haftp/state/facts.h"
#include "haftp/state/history.h"
#include "haftp/state/tally.h"
#include "haftp/state/waitlist.h"

struct hf_check_run;
struct hf_stick_table;
struct hf_runtime;

/* Why a server gets no new sessions although it may be well; bits, with HAProxy's numbers. */
enum hf_server_off {
    HF_OFF_MAINT = 0x01,         /* by an administrator, or `disabled` */
    HF_OFF_MAINT_TRACKED = 0x02, /* the server that it tracks is in maintenance */
    HF_OFF_DISABLED = 0x04,      /* it began with `disabled`; keeps nobody off by itself */
    HF_OFF_DRAIN = 0x08,         /* by an administrator */
    HF_OFF_DRAIN_TRACKED = 0x10,
    HF_OFF_UNRESOLVED = 0x20, /* its name had no address at start */
    HF_OFF_ANY_MAINT = HF_OFF_MAINT | HF_OFF_MAINT_TRACKED | HF_OFF_UNRESOLVED,
    HF_OFF_ANY_DRAIN = HF_OFF_DRAIN | HF_OFF_DRAIN_TRACKED,
};

struct hf_server {
    const struct hf_cfg_server *cfg;
    struct hf_proxy *proxy;
    unsigned index;           /* in proxy->servers */
    _Atomic bool up;          /* says the health check; true without one */
    _Atomic bool stopping;    /* up, but only for clients that it has already */
    _Atomic unsigned off;     /* enum hf_server_off */
    _Atomic unsigned maxconn; /* as the file or an administrator says; 0: no limit */
    unsigned maint_ends;      /* how often maintenance was left; main's thread */
    bool unchecked;           /* `disable health`; main's thread */
    bool agent_unasked;       /* `disable agent`; likewise */
    const struct hf_addr *_Atomic given_addr; /* by an administrator; NULL: cfg's counts */
    struct hf_server_place *places;           /* all that were given */
    _Atomic unsigned weight;   /* as set by the configuration or an administrator, 0..256 */
    _Atomic unsigned warmth;   /* percent; below 100 only while it starts slowly */
    _Atomic unsigned errors;   /* connections failed in a row, under `observe` */
    _Atomic unsigned sessions; /* current */
    _Atomic unsigned sessions_most;
    _Atomic bool freed; /* it is on its section's list of `freed` */
    struct hf_server *next_freed;
    struct hf_rate session_rate;
    unsigned counts_at; /* its counters (tally.h) */
    struct hf_pace pace;
    struct hf_history history;
    struct hf_checked checked, agent_checked; /* main's thread only */
    struct hf_waitlist waiting;               /* for a slot of this server (o.maxconn) */
    /* Whose health is ours, who has ours, and the next of those who have the same as we. */
    struct hf_server *tracked, *trackers, *next_tracker;
    /* NULL: none; main's thread only, private to src/check. */
    struct hf_check_run *check, *agent;
    uint64_t warm_from_ms; /* when its slow start began; likewise */
};

/* The sessions of a bind, where it has a `maxconn` of its own, or a rule or `option socket-stats`
 * asks for them. */
struct hf_door {
    const struct hf_cfg_bind *bind;
    _Atomic unsigned sessions, sessions_most;
    unsigned counts_at;       /* its counters (tally.h) */
    struct hf_waitlist entry; /* connections that wait for room */
};

struct hf_proxy {
    const struct hf_cfg_proxy *cfg;
    struct hf_runtime *runtime;
    struct hf_server **servers;
    unsigned n_servers;
    unsigned number; /* in statistics: its `id`, or the first that is free in the file's order */
    struct hf_door *doors; /* of binds that are counted */
    unsigned n_doors;
    unsigned fullconn; /* sessions of the section at which limits are no longer lowered */
    _Atomic unsigned sessions_front, sessions_back; /* current */
    _Atomic unsigned most_front, most_back;         /* ever at a time */
    struct hf_rate rate_front, rate_back;           /* sessions begun */
    unsigned front_at, back_at;                     /* its counters (tally.h) */
    struct hf_pace pace;                            /* of sessions with a server of it */
    struct hf_history history;                      /* of its servers, all together */
    bool lost_last; /* the latest change of a server took its last usable one; main's thread */
    struct hf_waitlist entry;   /* connections that wait for room under maxconn */
    struct hf_waitlist waiting; /* sessions that wait for a slot of any server of this section */
    /* Balancing: private to src/balance; lock guards lb and lb_generation. */
    pthread_mutex_t lb_lock;
    void *lb;
    unsigned lb_generation;            /* the generation that lb was computed for */
    _Atomic unsigned generation;       /* bumped whenever a server's state or weight changes */
    _Atomic bool tells_freed;          /* somebody reads the next: */
    _Atomic(struct hf_server *) freed; /* servers with sessions that ended since it was read */
    _Atomic unsigned served;           /* sessions of all servers; o.hash_balance_factor only */
    struct hf_stick_table *stick;      /* of the section's own `stick-table`; NULL: none */
};

struct hf_runtime {
    const struct hf_config *config;
    struct hf_tally tally;
    uint64_t started_ms;       /* hf_clock_steady_ms() */
    int64_t started_us;        /* the time of day */
    struct hf_proxy **proxies; /* by cfg id - 1 */
    unsigned n_proxies;
    struct hf_stick_table **tables; /* by cfg index */
    unsigned n_tables;
    unsigned n_workers;         /* threads with sessions */
    unsigned maxconn;           /* effective process limit */
    _Atomic unsigned sessions;  /* current control sessions and plain connections */
    _Atomic uint64_t tls_total; /* TLS places that were taken */
    _Atomic uint64_t sessions_total;
    struct hf_rate connection_rate, session_rate;
    _Atomic unsigned tls_places;  /* connections with TLS that they have, or may yet have */
    struct hf_rate tls_rate;      /* TLS begun by them */
    struct hf_waitlist tls_entry; /* connections that wait for maxsslconn */
    _Atomic bool stopping;        /* no new sessions: those that run go on to their end */
    struct hf_waitlist entry;     /* connections that wait for room under the process limit */
};

/* NULL when out of memory. */
struct hf_runtime *hf_runtime_new(const struct hf_config *config);
/* Before threads start: the process limit, and what sections derive from it. */
void hf_runtime_set_maxconn(struct hf_runtime *runtime, unsigned maxconn);
void hf_runtime_free(struct hf_runtime *runtime);
/* NULL: the bind is not counted. */
struct hf_door *hf_proxy_door(const struct hf_proxy *proxy, const struct hf_cfg_bind *bind);
/* The live one of a section; never NULL. */
struct hf_proxy *hf_runtime_proxy(const struct hf_runtime *runtime, const struct hf_cfg_proxy *cfg);
struct hf_stick_table *hf_runtime_table(const struct hf_runtime *runtime,
                                        const struct hf_cfg_stick_table *cfg);

/* May new sessions be given to it now?  (Up, not off, weight > 0.) */
bool hf_server_usable_mt(const struct hf_server *server);
/* Up and not in maintenance.  One that drains, is stopping or has weight 0 is up for the clients
 * that it has, and takes no others. */
bool hf_server_is_up_mt(const struct hf_server *server);
/* Where it is.  Valid as long as the runtime: what a session was given stays true of it. */
const struct hf_addr *hf_server_addr_mt(const struct hf_server *server);
/* Share of the sessions as it is now, in sixteenths of weight: 1..4096; 0: drained. */
unsigned hf_server_share_mt(const struct hf_server *server);
/* Sessions that it may have now: between o.minconn and o.maxconn by how full its section is, less
 * while it starts slowly; 0: no limit. */
unsigned hf_server_limit_mt(const struct hf_server *server);
/* No slot is free now. */
bool hf_server_full_mt(const struct hf_server *server);
/* As many wait for this very server as may (o.maxqueue). */
bool hf_server_queue_full_mt(const struct hf_server *server);
/* A session slot: false when the limit is reached.  Every true needs one hf_server_put_mt(). */
bool hf_server_take_mt(struct hf_server *server);
/* Gives the slot back and wakes whoever waits for one: of this server, then of its section. */
void hf_server_put_mt(struct hf_server *server);

/* Servers that gave slots back since they were last asked for, each once, in no order; NULL: no
 * more.  What a server has is to be read after this.  Under lb_lock. */
struct hf_server *hf_proxy_next_freed_locked(struct hf_proxy *proxy);

/* Called by checks and commands, one at a time: new sessions see the new state at once, waiting
 * ones look again, servers that track this one follow, and the listener is told.  `why` is for
 * people; "" says nothing. */
void hf_server_set_up_mt(struct hf_server *server, bool up, const char *why);
/* It went up, down, or into another state: since now, and sessions to come see it.  Whoever changes
 * `up`, `off` or `stopping` calls it afterwards, one at a time. */
void hf_server_changed_mt(struct hf_server *server);
/* Of a server that starts slowly: percent, 1..100. */
void hf_server_warm_mt(struct hf_server *server, unsigned percent);
/* A session reached it, or could not (o.observe). */
void hf_server_observed_mt(struct hf_server *server, bool reached);
/* Something about a server that changed nothing (option log-health-checks): goes to the listener.
 */
void hf_server_note_mt(const struct hf_server *server, const char *text);
/* How many servers are up and have a weight, without the backups, and of the backups. */
unsigned hf_proxy_usable_mt(const struct hf_proxy *proxy);
unsigned hf_proxy_usable_backups_mt(const struct hf_proxy *proxy);

/* The new highest of what was counted up to `now`, if it is. */
static inline void hf_note_most(_Atomic unsigned *most, unsigned now)
{
    unsigned before = atomic_load_explicit(most, memory_order_relaxed);
    while (now > before && !atomic_compare_exchange_weak(most, &before, now))
        continue;
}
/* Of a counter of this section, or of one of its servers, since it was cleared.  Main's thread. */
static inline uint64_t hf_counted(const struct hf_runtime *runtime, unsigned at, enum hf_count what)
{
    return hf_tally_read(&runtime->tally, at, what);
}
/* All counters and highest values begin anew, as `clear counters all`; `most_only`: only the
 * highest values, as `clear counters`.  Main's thread.  False: no memory. */
bool hf_runtime_clear(struct hf_runtime *runtime, bool most_only);

/* What an administrator has done to a server: "is going DOWN for maintenance". */
struct hf_server_news {
    const char *what;
    const char *why; /* behind it; "": nothing */
    bool leaves;     /* it takes no new sessions any more */
    bool counts;     /* how many servers and sessions are left is told, too */
    bool alarms;     /* nobody had drained it before */
};

/* Who is told (log), set before threads start; NULL: nobody.  Called on the thread of the caller
 * above. */
struct hf_server_listener {
    void (*on_state)(const struct hf_server *server, bool up, const char *why);
    void (*on_note)(const struct hf_server *server, const char *text);
    /* server_admin.h */
    void (*on_admin)(const struct hf_server *server, const struct hf_server_news *news);
};
void hf_server_listen(const struct hf_server_listener *listener);
/* Who ends all sessions of a server for this reason, on whatever worker they are. */
typedef void (*hf_server_evict_fn)(struct hf_server *server, enum hf_reason reason);
void hf_server_on_evict(hf_server_evict_fn fn);
/* Who acts when o.error_limit is reached; likewise, and called on any thread. */
typedef void (*hf_server_errors_fn)(struct hf_server *server);
void hf_server_on_errors(hf_server_errors_fn fn);

#endif
