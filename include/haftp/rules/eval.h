/*
 * eval.h: evaluates expressions and conditions for one session.
 *
 * The caller owns a struct hf_eval for the time of a call; what comes out may point into it, into
 * the session's facts, variables and bytes, or into the configuration, and is valid until the next
 * evaluation with the same struct.  Belongs to the session's worker; no function here blocks or
 * waits, and none allocates but those that set a variable.
 */
#ifndef HAFTP_RULES_EVAL_H
#define HAFTP_RULES_EVAL_H

#include "haftp/conf/expr.h"
#include "haftp/rules/vars.h"
#include "haftp/state/facts.h"
#include "haftp/state/runtime.h"

/* Room for what converters make: text beyond it is cut off. */
#define HF_EVAL_SCRATCH 4096u

struct hf_sample {
    enum hf_type type; /* BOOL, INT, IPV4, IPV6, STR, BIN, METH; never ANY or ADDR */
    bool may_change;   /* more bytes of a peer, or the end of the wait, may change it */
    int64_t number;    /* BOOL (0 or 1), INT */
    struct hf_addr addr;
    struct hf_view bytes; /* STR, BIN, METH */
};

/* A request of HTTP, to a page of our own. */
struct hf_eval_http {
    struct hf_view method, url; /* the url as it was sent, from its '/' on */
};

/* What is known when an expression is evaluated. */
struct hf_eval {
    struct hf_runtime *runtime;         /* NULL: while a configuration is loaded */
    const struct hf_facts *facts;       /* NULL: outside of any session */
    const struct hf_cfg_proxy *section; /* whose rules these are; NULL: unknown */
    struct hf_vars **vars;              /* the session's; *vars NULL until one is set; NULL: none */
    struct hf_view request;  /* what the client sent so far and nobody consumed; p NULL: not
                              * looked at here */
    struct hf_view response; /* the same of the server */
    bool request_ended, response_ended; /* no more bytes will come */
    bool final;                         /* no time is left: wait_end is true, nothing is MISSING */
    uint64_t now_ms;                    /* hf_loop_now() */
    const struct hf_eval_http *http;    /* NULL: none */
    char scratch[2][HF_EVAL_SCRATCH];
};

/* Empty but for these two; leaves the scratch as it is, which need not be cleared. */
void hf_eval_init(struct hf_eval *eval, struct hf_runtime *runtime, const struct hf_facts *facts);

/* MISSING: more bytes of a peer, or the end of the wait, may change the answer (never when
 * `final`).
 */
enum hf_truth { HF_FALSE, HF_TRUE, HF_MISSING };

/* TRUE: `out` is the sample, and it stays so.  FALSE: there is no such sample. */
enum hf_truth hf_expr_eval(const struct hf_expr *expr, struct hf_eval *eval, struct hf_sample *out);
/* As text, bytes, number or address, by HAProxy's rules; HF_TYPE_ANY is any.  False: there is no
 * such cast, or the text is no address or number; then the sample is spoilt. */
bool hf_sample_cast(struct hf_sample *sample, enum hf_type to, struct hf_eval *eval);
/* NULL is true. */
enum hf_truth hf_cond_eval(const struct hf_cond *cond, struct hf_eval *eval);

/* The conditions of set-var (`when`: enum hf_set_when) hold for this value. */
bool hf_set_allowed(unsigned when, const struct hf_cfg_var *var, struct hf_eval *eval,
                    const struct hf_sample *sample);

/* Which entry of the patterns the sample matches: of several the first, of networks and of
 * beginnings the longest; 0 where there are none to compare with (found, bool); -1: no match.
 * Casts the sample as the method needs it. */
int hf_patterns_find(const struct hf_patterns *patterns, struct hf_sample *sample,
                     struct hf_eval *eval);

/* Who is told of samples that pass the converter `debug`, set before threads start; NULL: nobody.
 */
typedef void (*hf_eval_debug_fn)(const struct hf_facts *facts, struct hf_view prefix,
                                 struct hf_view text);
void hf_eval_on_debug(hf_eval_debug_fn fn);

#endif
