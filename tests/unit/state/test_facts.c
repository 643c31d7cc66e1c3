/*
 * test_facts.c: the first reason wins, and HAProxy's two letters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "haftp/state/facts.h"

static void assert_letters(enum hf_reason reason, enum hf_phase phase, const char *letters)
{
    struct hf_facts facts = {0};
    char out[3];
    hf_facts_end(&facts, reason, phase);
    hf_termination(&facts, out);
    assert_string_equal(out, letters);
}

static void letters_name_who_and_where(void **state)
{
    (void)state;
    assert_letters(HF_REASON_NONE, HF_PHASE_END, "--");
    assert_letters(HF_REASON_NONE, HF_PHASE_DATA, "--");
    assert_letters(HF_REASON_CLIENT_CLOSED, HF_PHASE_CONNECT, "CC");
    assert_letters(HF_REASON_CLIENT_TIMEOUT, HF_PHASE_DATA, "cD");
    assert_letters(HF_REASON_NO_SERVER, HF_PHASE_CONNECT, "SC");
    assert_letters(HF_REASON_SERVER_TIMEOUT, HF_PHASE_DATA, "sD");
    assert_letters(HF_REASON_QUEUE_TIMEOUT, HF_PHASE_QUEUE, "sQ");
    assert_letters(HF_REASON_PROXY_REFUSED, HF_PHASE_REQUEST, "PR");
    assert_letters(HF_REASON_SERVER_RESET, HF_PHASE_LAST, "SL");
}

static void the_first_reason_wins(void **state)
{
    (void)state;
    struct hf_facts facts = {0};
    hf_facts_end(&facts, HF_REASON_SERVER_RESET, HF_PHASE_DATA);
    hf_facts_end(&facts, HF_REASON_CLIENT_CLOSED, HF_PHASE_END);
    assert_int_equal(facts.reason, HF_REASON_SERVER_RESET);
    assert_int_equal(facts.phase, HF_PHASE_DATA);
}

static void nonsense_is_an_internal_error(void **state)
{
    (void)state;
    struct hf_facts facts = {.reason = 200, .phase = HF_PHASE_DATA};
    char out[3];
    hf_termination(&facts, out);
    assert_string_equal(out, "I-");
    assert_string_equal(hf_reason_text((enum hf_reason)200), "unknown reason");
    assert_string_equal(hf_reason_text(HF_REASON_KILLED), "ended by an administrator");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_name_who_and_where),
        cmocka_unit_test(the_first_reason_wins),
        cmocka_unit_test(nonsense_is_an_internal_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
