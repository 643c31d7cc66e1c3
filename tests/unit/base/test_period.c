/*
 * test_period.c: rates of any period, as they slide.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "haftp/base/period.h"

#define LENGTH 10000u

static void slides_from_one_period_into_the_next(void **state)
{
    (void)state;
    struct hf_period rate = {0};

    for (unsigned i = 0; i < 10; i++)
        hf_period_count(&rate, LENGTH, 1, 100000 + i * 100);
    assert_int_equal(hf_period_read(&rate, LENGTH, 101000), 10);
    assert_int_equal(hf_period_read(&rate, LENGTH, 109999), 10); /* still the same period */
    assert_int_equal(hf_period_read(&rate, LENGTH, 110000), 10); /* all of it is in reach */
    assert_int_equal(hf_period_read(&rate, LENGTH, 115000), 5);
    assert_int_equal(hf_period_read(&rate, LENGTH, 119000), 1);
    assert_int_equal(hf_period_read(&rate, LENGTH, 120000), 0);
    hf_period_count(&rate, LENGTH, 3, 115000);
    assert_int_equal(hf_period_read(&rate, LENGTH, 115000), 8);
}

static void long_silence_forgets_all(void **state)
{
    (void)state;
    struct hf_period rate = {0};

    hf_period_count(&rate, LENGTH, 50, 100000);
    hf_period_count(&rate, LENGTH, 2, 500000);
    assert_int_equal(hf_period_read(&rate, LENGTH, 500001), 2);
    assert_int_equal(hf_period_read(&rate, LENGTH, 900000), 0);
}

/* One event in a period and a half must not be seen as 1, 0, 1, 0. */
static void a_single_event_does_not_flap(void **state)
{
    (void)state;
    struct hf_period rate = {0};

    hf_period_count(&rate, LENGTH, 1, 100000);
    assert_int_equal(hf_period_read(&rate, LENGTH, 112000), 1);
    assert_int_equal(hf_period_read(&rate, LENGTH, 119999), 1);
    assert_int_equal(hf_period_read(&rate, LENGTH, 120000), 0);
}

static void large_amounts_do_not_overflow(void **state)
{
    (void)state;
    struct hf_period rate = {0};
    const uint32_t day = 86400000;
    const uint64_t exabyte = UINT64_C(1) << 60;

    hf_period_count(&rate, day, exabyte, day);
    assert_int_equal(hf_period_read(&rate, day, day + day / 2), exabyte);
    assert_int_equal(hf_period_read(&rate, day, 2 * (uint64_t)day + day / 2), exabyte / 2);
}

static void clocks_of_threads_may_differ_a_little(void **state)
{
    (void)state;
    struct hf_period rate = {0};

    hf_period_count(&rate, LENGTH, 4, 100010);
    hf_period_count(&rate, LENGTH, 4, 100000);
    assert_int_equal(hf_period_read(&rate, LENGTH, 100000), 8);
}

static void is_set_as_if_counted_now(void **state)
{
    (void)state;
    struct hf_period rate = {0};

    hf_period_count(&rate, LENGTH, 100, 100000);
    hf_period_set(&rate, 7, 105000);
    assert_int_equal(hf_period_read(&rate, LENGTH, 105000), 7);
    assert_int_equal(hf_period_read(&rate, LENGTH, 120000), 3);
    hf_period_set(&rate, 7, 130000);
    hf_period_count(&rate, 0, 1, 130000); /* no length is the shortest one */
    assert_int_equal(hf_period_read(&rate, 0, 130000), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slides_from_one_period_into_the_next),
        cmocka_unit_test(long_silence_forgets_all),
        cmocka_unit_test(a_single_event_does_not_flap),
        cmocka_unit_test(large_amounts_do_not_overflow),
        cmocka_unit_test(clocks_of_threads_may_differ_a_little),
        cmocka_unit_test(is_set_as_if_counted_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
