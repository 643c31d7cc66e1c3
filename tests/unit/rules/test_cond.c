/*
 * test_cond.c: conditions over bytes that may still come: true, false, or not known yet.
 */
#include "rules_fixture.h"

struct decision {
    const char *cond;
    enum hf_truth early, final; /* with "USER x" so far, and when the wait is over */
};

static const struct decision decisions[] = {
    {"if TRUE", HF_TRUE, HF_TRUE},
    {"if FALSE", HF_FALSE, HF_FALSE},
    {"unless TRUE", HF_FALSE, HF_FALSE},
    {"if !FALSE", HF_TRUE, HF_TRUE},
    {"if TRUE FALSE", HF_FALSE, HF_FALSE},
    {"if FALSE or TRUE", HF_TRUE, HF_TRUE},
    {"if FALSE || FALSE", HF_FALSE, HF_FALSE},
    /* What is true of the bytes so far is true. */
    {"if { req.len gt 3 }", HF_TRUE, HF_TRUE},
    {"if { req.len gt 100 }", HF_MISSING, HF_FALSE},
    {"if !{ req.len gt 3 }", HF_FALSE, HF_FALSE},
    {"if !{ req.len gt 100 }", HF_MISSING, HF_TRUE},
    {"unless { req.len gt 100 }", HF_MISSING, HF_TRUE},
    {"if REQ_CONTENT", HF_TRUE, HF_TRUE},
    {"if WAIT_END", HF_MISSING, HF_TRUE},
    {"if !WAIT_END", HF_MISSING, HF_FALSE},
    /* What cannot change any more is decided. */
    {"if { req.payload(0,4) -m str USER }", HF_TRUE, HF_TRUE},
    {"if { req.payload(0,4) -m str PASS }", HF_FALSE, HF_FALSE},
    {"if { req.payload(0,20) -m sub x }", HF_MISSING, HF_FALSE},
    {"if { req.payload(0,0) -m beg USER }", HF_TRUE, HF_TRUE},
    {"if { req.payload(0,0) -m end y }", HF_MISSING, HF_FALSE},
    {"if { req.payload(0,20) -m found }", HF_MISSING, HF_FALSE},
    {"if { req.payload(0,4),hex2i -m int 1 }", HF_FALSE, HF_FALSE},
    {"if { req.payload(0,0),hex2i -m int 1 }", HF_MISSING, HF_FALSE},
    {"if { req.ssl_sni -m found }", HF_FALSE, HF_FALSE},
    /* Together: the first that is not true decides, one that is true is enough. */
    {"if FALSE WAIT_END", HF_FALSE, HF_FALSE},
    {"if WAIT_END FALSE", HF_MISSING, HF_FALSE},
    {"if TRUE WAIT_END", HF_MISSING, HF_TRUE},
    {"if WAIT_END or TRUE", HF_TRUE, HF_TRUE},
    {"if WAIT_END or FALSE", HF_MISSING, HF_TRUE},
    {"if either", HF_TRUE, HF_TRUE},
    {"if maybe", HF_MISSING, HF_TRUE},
    {"if !maybe", HF_MISSING, HF_FALSE},
};

#define N_DECISIONS (sizeof decisions / sizeof decisions[0])

static void load_decisions(void)
{
    char *lines = NULL;
    size_t size;
    FILE *out = open_memstream(&lines, &size);
    fprintf(out, "  acl either wait_end\n  acl either src 192.0.2.0/24\n"
                 "  acl maybe src 10.0.0.0/8\n  acl maybe wait_end\n");
    for (size_t i = 0; i < N_DECISIONS; i++)
        fprintf(out, "  tcp-request content accept %s\n", decisions[i].cond);
    fclose(out);
    fixture_load(lines);
    free(lines);
}

static void decide_all(bool final)
{
    const struct hf_cfg_rule *rule = f.config->proxies->rules[HF_RULES_REQUEST];
    f.eval.request = hf_view("USER x", 6);
    f.eval.final = final;
    for (size_t i = 0; i < N_DECISIONS; i++, rule = rule->next) {
        enum hf_truth truth = hf_cond_eval(rule->cond, &f.eval);
        if (truth != (final ? decisions[i].final : decisions[i].early))
            fail_msg("\"%s\" is %d when %s", decisions[i].cond, truth, final ? "final" : "early");
    }
}

static void early(void **state)
{
    (void)state;
    load_decisions();
    decide_all(false);
}

static void when_the_wait_is_over(void **state)
{
    (void)state;
    load_decisions();
    decide_all(true);
}

static void no_condition(void **state)
{
    (void)state;
    assert_int_equal(hf_cond_eval(NULL, &f.eval), HF_TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(early, fixture_teardown),
        cmocka_unit_test_teardown(when_the_wait_is_over, fixture_teardown),
        cmocka_unit_test(no_condition),
    };
    return cmocka_run_group_tests_name("cond", tests, NULL, NULL);
}
