/*
 * test_text.c: a text that grows; strings of JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "haftp/base/text.h"

static void it_grows_and_ends_in_nul(void **state)
{
    (void)state;
    struct hf_text text = {0};
    for (int i = 0; i < 1000; i++)
        hf_text_printf(&text, "%d,", i % 10);
    assert_int_equal(text.n, 2000);
    assert_int_equal(text.mem[2000], 0);
    assert_memory_equal(text.mem + 1990, "5,6,7,8,9,", 10);
    hf_text_add(&text, "a\0b", 3);
    assert_int_equal(text.n, 2003);
    hf_text_free(&text);
    assert_null(text.mem);
    hf_text_put(&text, "");
    assert_null(text.mem);
}

static void no_memory_is_remembered(void **state)
{
    (void)state;
    struct hf_text text = {.n = SIZE_MAX / 2, .room = SIZE_MAX / 2 + 1};
    hf_text_add(&text, "ab", 2);
    assert_true(text.failed);
    assert_int_equal(text.n, SIZE_MAX / 2);
}

static void check_json(const char *bytes, const char *expected)
{
    struct hf_text text = {0};
    hf_text_json(&text, hf_view_cstr(bytes));
    assert_string_equal(text.mem, expected);
    hf_text_free(&text);
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    check_json("", "\"\"");
    check_json("a\"b\\c\n", "\"a\\\"b\\\\c\\u000a\"");
    check_json("gr\xc3\xbc\xc3\x9f\xf0\x9f\x98\x80", "\"gr\xc3\xbc\xc3\x9f\xf0\x9f\x98\x80\"");
    check_json("\xfc\x80x", "\"\\ufffd\\ufffdx\""); /* Latin-1, a stray byte */
    check_json("\xc0\xaf\xed\xa0\x80",
               "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\""); /* overlong, half */
    check_json("\xe2\x82", "\"\\ufffd\\ufffd\"");          /* cut off */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_and_ends_in_nul),
        cmocka_unit_test(no_memory_is_remembered),
        cmocka_unit_test(json_strings_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
