/* The rows of sample fetches and converters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "haftp/conf/expr.h"

#define LETTERS "iILcosdkvVnaAmMfbtSurpPBTDCKgjq4xheHGwOFNJW"

static void check_row(const struct hf_sample_row *row)
{
    unsigned bars = 0;

    for (const char *letter = row->signature; *letter; letter++) {
        if (*letter == '|')
            bars++;
        else if (!strchr(LETTERS, *letter))
            fail_msg("%s: no argument has the letter %c", row->name, *letter);
    }
    assert_true(bars <= 1);
    if (row->help[strlen(row->help) - 1] != '.')
        fail_msg("%s: the help does not end in a full stop", row->name);
}

static void check_table(const struct hf_sample_row *rows, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        check_row(&rows[i]);
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(rows[i].name, rows[j].name) == 0)
                fail_msg("%s has two rows", rows[i].name);
        }
    }
}

static void test_rows_are_sound(void **state)
{
    (void)state;
    check_table(hf_fetches, hf_n_fetches);
    check_table(hf_convs, hf_n_convs);
}

static void test_every_fetch_is_known_somewhere(void **state)
{
    (void)state;
    for (unsigned i = 0; i < hf_n_fetches; i++) {
        if (!hf_fetches[i].known)
            fail_msg("%s is known nowhere", hf_fetches[i].name);
    }
}

static void test_words_are_found(void **state)
{
    (void)state;
    assert_int_equal(hf_fetch_find(hf_view("src_port,x", 8))->id, HF_FETCH_src_port);
    assert_int_equal(hf_fetch_find(hf_view_cstr("req_len"))->id, HF_FETCH_req_len);
    assert_int_equal(hf_fetch_find(hf_view_cstr("path"))->id, HF_SAMPLE_HTTP);
    assert_int_equal(hf_fetch_find(hf_view_cstr("rdp_cookie"))->id, HF_SAMPLE_LATER);
    assert_int_equal(hf_fetch_find(hf_view_cstr("sc0_conn_cnt"))->id, HF_FETCH_sc_conn_cnt);
    assert_int_equal(hf_conv_find(hf_view_cstr("set-var"))->id, HF_CONV_set_var);
    assert_null(hf_fetch_find(hf_view_cstr("lower")));
    assert_null(hf_conv_find(hf_view_cstr("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_sound),
        cmocka_unit_test(test_every_fetch_is_known_somewhere),
        cmocka_unit_test(test_words_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
