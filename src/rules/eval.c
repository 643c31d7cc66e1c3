/*
 * eval.c: expressions and conditions, with an answer that may have to wait.
 *
 * A condition is decided as HAProxy does it: what is true of the bytes so far is true; what is not
 * may still become true while more bytes can come, and a condition that hangs on it is MISSING.
 */
#include "haftp/rules/eval.h"

#include <utlist.h>

#include "rules_int.h"

void hf_eval_init(struct hf_eval *eval, struct hf_runtime *runtime, const struct hf_facts *facts)
{
    memset(eval, 0, offsetof(struct hf_eval, scratch));
    eval->runtime = runtime;
    eval->facts = facts;
}

/* ---- expressions ------------------------------------------------------------------------- */

static enum hf_truth fetch(const struct hf_conv *call, struct hf_eval *eval, struct hf_sample *out)
{
    *out = (struct hf_sample){0};
    if (call->row->id < 0)
        return hf_fetch_http(call->row->name, eval, out);
    enum hf_truth truth = hf_fetch_functions[call->row->id](call, eval, out);
    if (eval->final) {
        out->may_change = false;
        return truth == HF_MISSING ? HF_FALSE : truth;
    }
    return truth;
}

static bool convert(const struct hf_conv *call, struct hf_eval *eval, struct hf_sample *sample)
{
    return call->row->id >= 0 && hf_sample_cast(sample, call->row->in, eval) &&
           hf_conv_functions[call->row->id](call, eval, sample);
}

/* TRUE also for a sample that may change. */
static enum hf_truth run(const struct hf_expr *expr, struct hf_eval *eval, struct hf_sample *out)
{
    enum hf_truth truth = fetch(&expr->fetch, eval, out);
    for (unsigned i = 0; truth == HF_TRUE && i < expr->n_convs; i++) {
        if (!convert(&expr->convs[i], eval, out))
            truth = out->may_change ? HF_MISSING : HF_FALSE;
    }
    return truth;
}

enum hf_truth hf_expr_eval(const struct hf_expr *expr, struct hf_eval *eval, struct hf_sample *out)
{
    enum hf_truth truth = run(expr, eval, out);
    return truth == HF_TRUE && out->may_change ? HF_MISSING : truth;
}

/* ---- conditions -------------------------------------------------------------------------- */

static enum hf_truth test_is_true(const struct hf_acl_test *test, struct hf_eval *eval)
{
    struct hf_sample sample;
    enum hf_truth truth = run(test->expr, eval, &sample);
    if (truth != HF_TRUE)
        return truth;
    bool may_change = sample.may_change;
    if (hf_patterns_find(&test->patterns, &sample, eval) >= 0)
        return HF_TRUE;
    return may_change ? HF_MISSING : HF_FALSE;
}

/* Any test will do. */
static enum hf_truth acl_is_true(const struct hf_acl *acl, struct hf_eval *eval)
{
    enum hf_truth truth = HF_FALSE;
    const struct hf_acl_test *test;
    LL_FOREACH(acl->tests, test)
    {
        enum hf_truth one = test_is_true(test, eval);
        if (one == HF_TRUE)
            return one;
        if (one == HF_MISSING)
            truth = one;
    }
    return truth;
}

static enum hf_truth negated(enum hf_truth truth)
{
    if (truth == HF_MISSING)
        return truth;
    return truth == HF_TRUE ? HF_FALSE : HF_TRUE;
}

/* The first term that is not true decides: those behind it are not looked at. */
static enum hf_truth all_are_true(const struct hf_cond_all *all, struct hf_eval *eval)
{
    const struct hf_cond_term *term;
    LL_FOREACH(all->terms, term)
    {
        enum hf_truth truth = acl_is_true(term->acl, eval);
        if (term->negated)
            truth = negated(truth);
        if (truth != HF_TRUE)
            return truth;
    }
    return HF_TRUE;
}

enum hf_truth hf_cond_eval(const struct hf_cond *cond, struct hf_eval *eval)
{
    if (!cond)
        return HF_TRUE;
    enum hf_truth truth = HF_FALSE;
    const struct hf_cond_all *all;
    LL_FOREACH(cond->any, all)
    {
        enum hf_truth one = all_are_true(all, eval);
        if (one != HF_FALSE)
            truth = one;
        if (one == HF_TRUE)
            break;
    }
    return cond->unless ? negated(truth) : truth;
}
