/*
 * test_rate.c: what a sliding second holds, and when the next one may come.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "haftp/base/rate.h"

static void counts_and_forgets(void **state)
{
    (void)state;
    struct hf_rate rate = {0};
    assert_int_equal(hf_rate_read_mt(&rate, 5000), 0);
    for (unsigned i = 0; i < 10; i++)
        hf_rate_count_mt(&rate, 5500);
    assert_int_equal(hf_rate_read_mt(&rate, 5999), 10);
    assert_int_equal(hf_rate_read_mt(&rate, 6000), 10);
    assert_int_equal(hf_rate_read_mt(&rate, 6500), 5);
    assert_int_equal(hf_rate_read_mt(&rate, 6900), 1);
    assert_int_equal(hf_rate_read_mt(&rate, 7000), 0);
}

static void gives_no_more_than_the_limit(void **state)
{
    (void)state;
    struct hf_rate rate = {0};
    for (unsigned i = 0; i < 4; i++)
        assert_true(hf_rate_take_mt(&rate, 4, 1200));
    assert_false(hf_rate_take_mt(&rate, 4, 1200));
    assert_int_equal(hf_rate_read_mt(&rate, 1200), 4);
    hf_rate_untake_mt(&rate);
    assert_true(hf_rate_take_mt(&rate, 4, 1300));
    assert_true(hf_rate_take_mt(&rate, 0, 1300)); /* no limit */
}

/* At every moment, whatever was counted: the wait is as long as needed, and not longer. */
static void the_wait_is_exact(void **state)
{
    (void)state;
    for (unsigned limit = 1; limit < 8; limit++) {
        struct hf_rate rate = {0};
        uint64_t now = 1000;
        for (unsigned taken = 0; taken < 100;) {
            if (hf_rate_take_mt(&rate, limit, now)) {
                now += taken++ % 7;
                continue;
            }
            unsigned wait = hf_rate_wait_ms_mt(&rate, limit, now);
            assert_in_range(wait, 1, 2000);
            struct hf_rate before = {0};
            atomic_store(&before.packed, atomic_load(&rate.packed));
            assert_false(hf_rate_take_mt(&before, limit, now + wait - 1));
            now += wait;
            assert_int_equal(hf_rate_wait_ms_mt(&rate, limit, now), 0);
        }
        assert_in_range(now, 80 * 1000 / limit, 140 * 1000 / limit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_forgets),
        cmocka_unit_test(gives_no_more_than_the_limit),
        cmocka_unit_test(the_wait_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
