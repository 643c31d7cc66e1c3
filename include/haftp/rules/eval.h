/*
 * eval.h: evaluates expressions and conditions for one session.
 *
 * The caller owns a struct hf_eval for the time of a call; what comes out may point into it, into
 * the session's facts and bytes, or into the configuration, and is valid until the next evaluation
 * with the same struct.  Belongs to the session's worker; no function here blocks or waits.
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
    enum hf_type type; /* BOOL, INT, IPV4, IPV6, STR, BIN; never ANY or ADDR */
    int64_t number;    /* BOOL (0 or 1), INT */
    struct hf_addr addr;
    struct hf_view bytes; /* STR, BIN, METH */
};

/* What is known when an expression is evaluated. */
struct hf_eval {
    struct hf_runtime *runtime;
    const struct hf_facts *facts;       /* NULL: outside of any session */
    const struct hf_cfg_proxy *section; /* whose rules these are; NULL: unknown */
    struct hf_vars **vars;              /* the session's; *vars NULL until one is set; NULL: none */
    struct hf_view request;  /* what the client sent so far and nobody consumed; p NULL: not
                              * looked at here */
    struct hf_view response; /* the same of the server */
    bool request_ended, response_ended; /* no more bytes will come */
    bool final;                         /* no time is left: wait_end is true, nothing is MISSING */
    uint64_t now_ms;                    /* hf_loop_now() */
    char scratch[2][HF_EVAL_SCRATCH];
};

/* MISSING: more bytes of a peer may change the answer (never when `final`). */
enum hf_truth { HF_FALSE, HF_TRUE, HF_MISSING };

/* FALSE: there is no such sample (yet: MISSING). */
enum hf_truth hf_expr_eval(const struct hf_expr *expr, struct hf_eval *eval, struct hf_sample *out);
/* As text, address or number whatever its type, as HAProxy casts; false: no such cast. */
bool hf_sample_cast(struct hf_sample *sample, enum hf_type to, struct hf_eval *eval);
/* NULL is true. */
enum hf_truth hf_cond_eval(const struct hf_cond *cond, struct hf_eval *eval);
bool hf_patterns_match(const struct hf_patterns *patterns, const struct hf_sample *sample);

#endif
