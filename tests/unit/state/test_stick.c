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

/* Only their addresses count here. */
static struct server_dummy {
    char byte;
} dummies[8];

static const struct hf_server *server(unsigned i)
{
    return (const struct hf_server *)(const void *)&dummies[i];
}

static struct hf_view numbered(uint32_t n)
{
    static char bytes[4];
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (char)(n >> (24 - 8 * i));
    return (struct hf_view){bytes, sizeof bytes};
}

static void assert_sticks(struct hf_stick_table *table, struct hf_view key, uint64_t now_ms,
                          unsigned i)
{
    assert_ptr_equal(hf_stick_get_mt(table, key, now_ms), server(i));
}

static void assert_unknown(struct hf_stick_table *table, struct hf_view key, uint64_t now_ms)
{
    assert_null(hf_stick_get_mt(table, key, now_ms));
}

static void set(struct hf_stick_table *table, struct hf_view key, uint64_t now_ms, unsigned i)
{
    hf_stick_set_mt(table, key, now_ms, server(i));
}

static void remembers_and_replaces(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = {.type = HF_STICK_IP, .size = 100};
    struct hf_stick_table *table = hf_stick_new(&cfg);
    assert_unknown(table, numbered(1), 0);
    set(table, numbered(1), 0, 2);
    assert_sticks(table, numbered(1), 0, 2);
    assert_unknown(table, numbered(2), 0);
    set(table, numbered(1), 0, 1);
    assert_sticks(table, numbered(1), UINT64_MAX - 1, 1); /* expire 0: for ever */
    assert_int_equal(hf_stick_count_mt(table, 0), 1);
    hf_stick_free(table);
}

static void life_counts_from_the_last_use(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = {.type = HF_STICK_IP, .size = 100, .expire_ms = 1000};
    struct hf_stick_table *table = hf_stick_new(&cfg);
    set(table, numbered(1), 0, 0);
    set(table, numbered(2), 0, 1);
    assert_sticks(table, numbered(1), 999, 0); /* used: lives until 1999 */
    assert_unknown(table, numbered(2), 1000);
    assert_sticks(table, numbered(1), 1998, 0);
    assert_unknown(table, numbered(1), 3000);
    assert_int_equal(hf_stick_count_mt(table, 0), 0);
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
    assert_int_equal(hf_stick_count_mt(table, 0), 3);
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
    assert_int_equal(hf_stick_count_mt(table, 0), 20001);
    assert_sticks(table, numbered(59999), 60000, 59999 % 3);
    assert_unknown(table, numbered(0), 60000);
    hf_stick_free(table);
}

static void keys_are_any_bytes(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = {.type = HF_STICK_STRING, .size = 10};
    struct hf_stick_table *table = hf_stick_new(&cfg);

    set(table, hf_view_cstr("ann"), 0, 1);
    set(table, hf_view_cstr("anna"), 0, 2);
    set(table, (struct hf_view){"an\0a", 4}, 0, 3);
    assert_sticks(table, hf_view_cstr("ann"), 0, 1);
    assert_sticks(table, hf_view_cstr("anna"), 0, 2);
    assert_sticks(table, (struct hf_view){"an\0a", 4}, 0, 3);
    assert_unknown(table, hf_view_cstr("an"), 0);
    assert_ptr_equal(hf_stick_cfg(table), &cfg);
    hf_stick_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers_and_replaces),
        cmocka_unit_test(life_counts_from_the_last_use),
        cmocka_unit_test(a_full_table_drops_the_oldest),
        cmocka_unit_test(nopurge_learns_nothing_when_full),
        cmocka_unit_test(the_size_holds_over_all_shards),
        cmocka_unit_test(keys_are_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
