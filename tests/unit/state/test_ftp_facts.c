/* What is kept of an FTP conversation, and how much of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "haftp/state/ftp_facts.h"

static void test_command_and_argument(void **state)
{
    struct hf_facts facts = {0};
    char line[2 * HF_FTP_ARG_MAX];
    (void)state;

    struct hf_ftp_facts *ftp = hf_ftp_facts_make(&facts);
    assert_non_null(ftp);
    assert_ptr_equal(hf_ftp_facts_make(&facts), ftp);
    assert_string_equal(ftp->verb, "");

    memset(line, 'x', sizeof line);
    hf_ftp_facts_begin(ftp, hf_view_cstr("reTr"), hf_view(line, sizeof line));
    assert_string_equal(ftp->verb, "RETR");
    assert_int_equal(ftp->arg.n, sizeof line);
    hf_ftp_facts_end(ftp, true);
    assert_int_equal(ftp->arg.n, HF_FTP_ARG_MAX);
    assert_true(ftp->arg.p < line || ftp->arg.p >= line + sizeof line);
    hf_ftp_facts_end(ftp, true); /* nothing came in between */
    assert_int_equal(ftp->arg.n, HF_FTP_ARG_MAX);

    hf_ftp_facts_begin(ftp, hf_view_cstr("PASS"), hf_view(NULL, 0));
    assert_null(ftp->arg.p);
    hf_ftp_facts_end(ftp, true);
    assert_null(ftp->arg.p);

    hf_ftp_facts_begin(ftp, hf_view_cstr("CWD"), hf_view_cstr("there"));
    hf_ftp_facts_end(ftp, false);
    assert_null(ftp->arg.p);

    hf_ftp_facts_begin(ftp, hf_view(line, 100), hf_view_cstr(""));
    assert_int_equal(strlen(ftp->verb), HF_FTP_VERB_MAX);
    assert_int_equal(ftp->verb[0], 'X');
    hf_ftp_facts_free(&facts);
    assert_null(facts.ftp);
    hf_ftp_facts_free(&facts);
}

static void test_names(void **state)
{
    struct hf_facts facts = {0};
    char longest[HF_FTP_NAME_MAX + 1];
    (void)state;

    struct hf_ftp_facts *ftp = hf_ftp_facts_make(&facts);
    assert_non_null(ftp);
    memset(longest, 'n', sizeof longest);
    assert_int_equal(hf_ftp_facts_say(ftp, false, hf_view(longest, sizeof longest)), HF_LIMIT);
    assert_null(ftp->said);

    assert_int_equal(hf_ftp_facts_say(ftp, true, hf_view_cstr("FTP.Example.ORG")), HF_OK);
    assert_null(ftp->host);
    hf_ftp_facts_settle(ftp, true);
    assert_string_equal(ftp->host, "ftp.example.org");

    assert_int_equal(hf_ftp_facts_say(ftp, false, hf_view_cstr("Bob")), HF_OK);
    hf_ftp_facts_settle(ftp, true);
    assert_int_equal(hf_ftp_facts_say(ftp, false, hf_view_cstr("admin")), HF_OK);
    hf_ftp_facts_settle(ftp, false);
    hf_ftp_facts_settle(ftp, true); /* nothing is open */
    assert_string_equal(ftp->user, "Bob");
    assert_string_equal(ftp->host, "ftp.example.org");

    hf_ftp_facts_forget_login(ftp);
    assert_null(ftp->user);
    assert_null(ftp->host);
    hf_ftp_facts_free(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command_and_argument),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
