/*
 * test_value.c: numbers, times, sizes, port ranges, and words that must be quoted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parse/value.h"

static int64_t time_of(const char *text, unsigned unit)
{
    const char *rest;
    int64_t ms = -1;
    enum hf_status status = hf_value_time(text, unit, &ms, &rest);

    return status == HF_OK ? ms : -(int64_t)status;
}

static void times_have_units(void **state)
{
    (void)state;
    assert_int_equal(time_of("5000", 1000), 5000);
    assert_int_equal(time_of("5", 1000000), 5000);
    assert_int_equal(time_of("5000ms", 1000), 5000);
    assert_int_equal(time_of("50s", 1000), 50000);
    assert_int_equal(time_of("2m", 1000), 120000);
    assert_int_equal(time_of("1h", 1000), 3600000);
    assert_int_equal(time_of("1d", 1000), 86400000);
    assert_int_equal(time_of("0", 1000), 0);
}

static void times_are_rounded_up(void **state)
{
    (void)state;
    assert_int_equal(time_of("1us", 1000), 1);
    assert_int_equal(time_of("1001us", 1000), 2);
    assert_int_equal(time_of("2000us", 1000), 2);
}

static void times_have_a_limit(void **state)
{
    (void)state;
    assert_int_equal(time_of("2147483647", 1000), 2147483647);
    assert_int_equal(time_of("2147483648", 1000), -HF_LIMIT);
    assert_int_equal(time_of("25d", 1000), -HF_LIMIT);
    assert_int_equal(time_of("99999999999999999999999999", 1000), -HF_LIMIT);
}

static void what_is_no_time_is_told(void **state)
{
    (void)state;
    assert_int_equal(time_of("", 1000), -HF_INVALID);
    assert_int_equal(time_of("s", 1000), -HF_INVALID);
    assert_int_equal(time_of("-5s", 1000), -HF_INVALID);
    assert_int_equal(time_of("1.5s", 1000), -HF_INVALID);
    assert_int_equal(time_of("5S", 1000), -HF_INVALID);
    assert_int_equal(time_of("5x", 1000), -HF_INVALID);
}

static void characters_behind_the_unit_are_handed_out(void **state)
{
    const char *rest;
    int64_t ms;

    (void)state;
    assert_int_equal(hf_value_time("5sec", 1000, &ms, &rest), HF_OK);
    assert_int_equal(ms, 5000);
    assert_string_equal(rest, "ec");
}

static void sizes_have_suffixes(void **state)
{
    int64_t size;

    (void)state;
    assert_int_equal(hf_value_size("100", &size), HF_OK);
    assert_int_equal(size, 100);
    assert_int_equal(hf_value_size("16k", &size), HF_OK);
    assert_int_equal(size, 16384);
    assert_int_equal(hf_value_size("2M", &size), HF_OK);
    assert_int_equal(size, 2097152);
    assert_int_equal(hf_value_size("1g", &size), HF_OK);
    assert_int_equal(size, 1073741824);
    assert_int_equal(hf_value_size("99999999999999999999g", &size), HF_OK);
    assert_int_equal(size, INT64_MAX);
    assert_int_equal(hf_value_size("1kb", &size), HF_INVALID);
    assert_int_equal(hf_value_size("k", &size), HF_INVALID);
    assert_int_equal(hf_value_size("", &size), HF_INVALID);
}

static void numbers_are_digits(void **state)
{
    int64_t number;

    (void)state;
    assert_int_equal(hf_value_number("0021", &number), HF_OK);
    assert_int_equal(number, 21);
    assert_int_equal(hf_value_number("9223372036854775808", &number), HF_OK);
    assert_int_equal(number, INT64_MAX);
    assert_int_equal(hf_value_number("+1", &number), HF_INVALID);
    assert_int_equal(hf_value_number("1 ", &number), HF_INVALID);
    assert_int_equal(hf_value_number("", &number), HF_INVALID);
}

static void ranges_of_ports(void **state)
{
    uint16_t lo, hi;

    (void)state;
    assert_int_equal(hf_value_port_range("50000-50100", &lo, &hi), HF_OK);
    assert_int_equal(lo, 50000);
    assert_int_equal(hi, 50100);
    assert_int_equal(hf_value_port_range("21", &lo, &hi), HF_OK);
    assert_int_equal(hi, 21);
    assert_int_equal(hf_value_port_range("65535", &lo, &hi), HF_OK);
    assert_int_equal(hf_value_port_range("65536", &lo, &hi), HF_LIMIT);
    assert_int_equal(hf_value_port_range("0", &lo, &hi), HF_LIMIT);
    assert_int_equal(hf_value_port_range("20-10", &lo, &hi), HF_LIMIT);
    assert_int_equal(hf_value_port_range("10-", &lo, &hi), HF_INVALID);
    assert_int_equal(hf_value_port_range("-10", &lo, &hi), HF_INVALID);
    assert_int_equal(hf_value_port_range("1-2-3", &lo, &hi), HF_INVALID);
    assert_int_equal(hf_value_port_range("ftp", &lo, &hi), HF_INVALID);
}

static void assert_time_text(uint64_t ms, const char *expected)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    hf_value_print_time(out, ms);
    fclose(out);
    assert_string_equal(text, expected);
    assert_int_equal(time_of(text, 1000), ms);
    free(text);
}

static void times_are_printed_as_short_as_they_are_exact(void **state)
{
    (void)state;
    assert_time_text(0, "0ms");
    assert_time_text(1, "1ms");
    assert_time_text(1500, "1500ms");
    assert_time_text(5000, "5s");
    assert_time_text(90000, "90s");
    assert_time_text(120000, "2m");
    assert_time_text(86400000, "1d");
}

static void assert_word_text(const char *word, const char *expected)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    hf_value_print_word(out, word);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void words_are_quoted_where_needed(void **state)
{
    (void)state;
    assert_word_text("/dev/log", "/dev/log");
    assert_word_text("two words", "'two words'");
    assert_word_text("", "''");
    assert_word_text("a#b", "'a#b'");
    assert_word_text("$HOME", "'$HOME'");
    assert_word_text("it's", "'it'\\x27's'");
    assert_word_text("a\nb", "'a'\\x0a'b'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(times_are_rounded_up),
        cmocka_unit_test(times_have_a_limit),
        cmocka_unit_test(what_is_no_time_is_told),
        cmocka_unit_test(characters_behind_the_unit_are_handed_out),
        cmocka_unit_test(sizes_have_suffixes),
        cmocka_unit_test(numbers_are_digits),
        cmocka_unit_test(ranges_of_ports),
        cmocka_unit_test(times_are_printed_as_short_as_they_are_exact),
        cmocka_unit_test(words_are_quoted_where_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
