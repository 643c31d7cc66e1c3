/*
 * balance.h: which server gets a session.
 *
 * Order: stickiness (`stick on`), then the section's algorithm over the usable active servers,
 * then backups.  An algorithm is one file in src/balance/algo/ exporting a const struct
 * hf_balance_ops named hf_balance_<file>; the build finds it.  Any thread.
 */
#ifndef HAFTP_BALANCE_BALANCE_H
#define HAFTP_BALANCE_BALANCE_H

#include "haftp/rules/eval.h"
#include "haftp/state/runtime.h"

#define HF_PICK_MAX_TRIED 16u

struct hf_pick {
    const struct hf_addr *client;
    uint64_t now_ms;
    /* Servers not to be given again to this session, because they just failed it. */
    const struct hf_server *tried[HF_PICK_MAX_TRIED];
    unsigned n_tried;
    bool unstick; /* whom a stick table remembers does not matter (any more) */
    /* Set by hf_balance_prepare_mt(). */
    bool forced;                  /* force-persist: remembered, even when down */
    struct hf_server *remembered; /* by a stick table; NULL: none */
    struct hf_stick_note *notes;  /* what stick tables are to learn */
    bool hashed;                  /* `balance hash` found its key */
    uint32_t hash;                /* of that key */
    /* Set by each pick: this client belongs to that server (stickiness, or an algorithm that
     * binds), so that when it is full it is waited for, and no other will do. */
    bool bound;
    bool stuck; /* by a stick table or a `use-server` rule */
};

/* NULL: no usable server that was not tried.  Takes no slot: the server may be full by the time the
 * caller asks for one.  A full server (o.maxconn) is given only when no other could be, or
 * when the client is bound to it, for the session to wait; backups only when no active server is
 * usable or every one has failed this session. */
struct hf_server *hf_balance_pick_mt(struct hf_proxy *backend, struct hf_pick *pick);
/* Before the first pick: applies the stick rules, and finds the key of `balance hash`.  `eval`
 * knows the session and what its client sent so far.  Ends with hf_balance_forget(). */
void hf_balance_prepare_mt(struct hf_proxy *backend, struct hf_pick *pick, struct hf_eval *eval);
/* The session reached this server: stick tables learn it. */
void hf_balance_learn_mt(const struct hf_pick *pick, const struct hf_server *server);
void hf_balance_forget(struct hf_pick *pick);
void hf_balance_fini(struct hf_proxy *backend); /* frees lb */

/* ---- for algorithms ---- */

/* Usable servers of one kind (active or backup), in file order; at least one. */
struct hf_candidates {
    struct hf_server **servers;
    /* As they were when the candidates were collected.  Weights, 1..256; and what algorithms that
     * follow a slow start use instead, in sixteenths of weight, 1..4096. */
    unsigned *weights, *shares;
    unsigned n;
};

/* One question to an algorithm. */
struct hf_choice {
    const struct hf_candidates *from; /* what the state was last rebuilt for; */
    const struct hf_pick *pick;
    bool skip_full; /* first ask: servers without a free slot do not count */
};

/* Was not tried by this session. */
bool hf_choice_untried(const struct hf_choice *choice, const struct hf_server *server);
/* Was not tried, and has room if that matters now. */
bool hf_choice_allows(const struct hf_choice *choice, const struct hf_server *server);

/* All calls are under the proxy's lb_lock. */
struct hf_balance_ops {
    const char *name; /* as in `balance NAME` */
    const char *help;
    bool binds;     /* a client's server follows from the client, full or not; */
    bool needs_key; /* but only where hf_pick.hash is known */
    /* Brings *state (NULL at first) in line with changed candidates.  On failure *state is as it
     * was or NULL, and may be used for nothing but release and the next rebuild. */
    enum hf_status (*rebuild)(const struct hf_proxy *backend,
                              const struct hf_candidates *candidates, void **state);
    void (*release)(void *state);
    /* A session of this candidate ended since the last pick or rebuild.  NULL: does not matter. */
    void (*freed)(void *state, const struct hf_candidates *candidates, unsigned candidate);
    /* NULL: the choice allows none of them. */
    struct hf_server *(*pick)(void *state, const struct hf_choice *choice);
};

/* NULL: unknown.  `nearest` (may be NULL) gets the closest name then, or "" when none is close. */
const struct hf_balance_ops *hf_balance_find(const char *name, const char **nearest);

#endif
