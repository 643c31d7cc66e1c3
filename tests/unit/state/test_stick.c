/*
 * test_stick.c: what is remembered, for how long, and what is forgotten when the table is full.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "haftp/state/stick.h"

static struct hf_addr address(const char *text)
{
    struct hf_addr addr;
    assert_int_equal(hf_addr_parse_host(hf_view_cstr(text), &addr), HF_OK);
    return addr;
}

static struct hf_addr numbered(uint32_t n)
{
    struct hf_addr addr = {.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000000 + n)}};
    return addr;
}

static void assert_sticks(struct hf_stick_table *table, struct hf_addr addr, uint64_t now_ms,
                          unsigned index)
{
    unsigned got = 999;
    assert_true(hf_stick_get_mt(table, &addr, now_ms, &got));
    assert_int_equal(got, index);
}

static void assert_unknown(struct hf_stick_table *table, struct hf_addr addr, uint64_t now_ms)
{
    unsigned got;
    assert_false(hf_stick_get_mt(table, &addr, now_ms, &got));
}

static void set(struct hf_stick_table *table, struct hf_addr addr, uint64_t now_ms, unsigned index)
{
    hf_stick_set_mt(table, &addr, now_ms, index);
}

static void remembers_and_replaces(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = {.type = HF_STICK_IP, .size = 100};
    struct hf_stick_table *table = hf_stick_new(&cfg);
    assert_unknown(table, address("10.0.0.1"), 0);
    set(table, address("10.0.0.1"), 0, 2);
    assert_sticks(table, address("10.0.0.1"), 0, 2);
    assert_unknown(table, address("10.0.0.2"), 0);
    set(table, address("10.0.0.1"), 0, 1);
    assert_sticks(table, address("10.0.0.1"), UINT64_MAX - 1, 1); /* expire 0: for ever */
    assert_int_equal(hf_stick_count_mt(table), 1);
    hf_stick_free(table);
}

static void life_counts_from_the_last_use(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = {.type = HF_STICK_IP, .size = 100, .expire_ms = 1000};
    struct hf_stick_table *table = hf_stick_new(&cfg);
    set(table, address("10.0.0.1"), 0, 0);
    set(table, address("10.0.0.2"), 0, 1);
    assert_sticks(table, address("10.0.0.1"), 999, 0); /* used: lives until 1999 */
    assert_unknown(table, address("10.0.0.2"), 1000);
    assert_sticks(table, address("10.0.0.1"), 1998, 0);
    assert_unknown(table, address("10.0.0.1"), 3000);
    assert_int_equal(hf_stick_count_mt(table), 0);
    hf_stick_free(table);
}

static void a_full_table_drops_the_oldest(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = {.type = HF_STICK_IP, .size = 3};
    struct hf_stick_table *table = hf_stick_new(&cfg);
    for (uint32_t i = 1; i <= 3; i++)
        set(table, numbered(i), i, i);
    assert_sticks(table, numbered(1), 10, 1); /* so 2 is the oldest */
    set(table, numbered(4), 11, 4);
    assert_int_equal(hf_stick_count_mt(table), 3);
    assert_unknown(table, numbered(2), 12);
    assert_sticks(table, numbered(1), 12, 1);
    assert_sticks(table, numbered(3), 12, 3);
    assert_sticks(table, numbered(4), 12, 4);
    hf_stick_free(table);
}

static void nopurge_learns_nothing_when_full(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = {
        .type = HF_STICK_IP, .size = 2, .nopurge = true, .expire_ms = 100};
    struct hf_stick_table *table = hf_stick_new(&cfg);
    set(table, numbered(1), 0, 1);
    set(table, numbered(2), 0, 2);
    set(table, numbered(3), 50, 3);
    assert_unknown(table, numbered(3), 50);
    set(table, numbered(1), 50, 7); /* known ones may change */
    assert_sticks(table, numbered(1), 50, 7);
    set(table, numbered(3), 120, 3); /* 2 has expired */
    assert_sticks(table, numbered(3), 120, 3);
    hf_stick_free(table);
}

static void the_size_holds_over_all_shards(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = {.type = HF_STICK_IP, .size = 20001};
    struct hf_stick_table *table = hf_stick_new(&cfg);
    for (uint32_t i = 0; i < 60000; i++)
        set(table, numbered(i), i, i % 3);
    assert_int_equal(hf_stick_count_mt(table), 20001);
    assert_sticks(table, numbered(59999), 60000, 59999 % 3);
    assert_unknown(table, numbered(0), 60000);
    hf_stick_free(table);
}

static void families_follow_the_type(void **state)
{
    (void)state;
    struct hf_cfg_stick_table v4_cfg = {.type = HF_STICK_IP, .size = 10};
    struct hf_cfg_stick_table v6_cfg = {.type = HF_STICK_IPV6, .size = 10};
    struct hf_stick_table *v4 = hf_stick_new(&v4_cfg), *v6 = hf_stick_new(&v6_cfg);

    set(v4, address("::1"), 0, 1);
    assert_unknown(v4, address("::1"), 0);
    set(v4, address("::ffff:10.0.0.1"), 0, 1);
    assert_sticks(v4, address("10.0.0.1"), 0, 1);

    set(v6, address("::1"), 0, 1);
    set(v6, address("10.0.0.1"), 0, 2);
    assert_sticks(v6, address("::1"), 0, 1);
    assert_sticks(v6, address("10.0.0.1"), 0, 2);
    struct hf_addr unset = {.sa.sa_family = AF_UNSPEC};
    set(v6, unset, 0, 3);
    assert_int_equal(hf_stick_count_mt(v6), 2);
    hf_stick_free(v4);
    hf_stick_free(v6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers_and_replaces),
        cmocka_unit_test(life_counts_from_the_last_use),
        cmocka_unit_test(a_full_table_drops_the_oldest),
        cmocka_unit_test(nopurge_learns_nothing_when_full),
        cmocka_unit_test(the_size_holds_over_all_shards),
        cmocka_unit_test(families_follow_the_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
