/*
 * test_stick_count.c: what entries count, how long they live while somebody holds them, and walks
 * over a table.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "haftp/state/stick.h"

static const struct hf_stick_cell conn_cnt = {HF_STICK_conn_cnt, 0},
                                  conn_cur = {HF_STICK_conn_cur, 0},
                                  conn_rate = {HF_STICK_conn_rate, 0}, gpc0 = {HF_STICK_gpc0, 0},
                                  sess_cnt = {HF_STICK_sess_cnt, 0};

/* A table of a thousand seconds' life that stores these four, and gpc(3), gpc_rate(3,1s), gpt(2).
 */
static struct hf_cfg_stick_table table_cfg(unsigned size)
{
    struct hf_cfg_stick_table cfg = {.type = HF_STICK_STRING, .size = size, .expire_ms = 1000};
    cfg.stores[HF_STICK_server_id].n = 1;
    cfg.stores[HF_STICK_conn_cnt].n = 1;
    cfg.stores[HF_STICK_conn_cur].n = 1;
    cfg.stores[HF_STICK_conn_rate] = (struct hf_cfg_stick_stored){.n = 1, .period_ms = 100};
    cfg.stores[HF_STICK_gpc].n = 3;
    cfg.stores[HF_STICK_gpc_rate] = (struct hf_cfg_stick_stored){.n = 3, .period_ms = 1000};
    cfg.stores[HF_STICK_gpt].n = 2;
    return cfg;
}

static struct hf_stick_entry *hold(struct hf_stick_table *table, const char *key, uint64_t now_ms)
{
    struct hf_stick_entry *entry = hf_stick_hold_mt(table, hf_view_cstr(key), true, now_ms);
    assert_non_null(entry);
    return entry;
}

static bool is_there(struct hf_stick_table *table, const char *key, uint64_t now_ms)
{
    struct hf_stick_entry *entry = hf_stick_hold_mt(table, hf_view_cstr(key), false, now_ms);
    if (entry)
        hf_stick_release_mt(table, entry, now_ms);
    return entry != NULL;
}

static void counts_what_it_stores_and_nothing_else(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = table_cfg(10);
    struct hf_stick_table *table = hf_stick_new(&cfg);
    struct hf_stick_entry *entry = hold(table, "ann", 1000);
    const struct hf_stick_change begins[] = {
        {sess_cnt, 1}, {conn_cur, 1}, {conn_cnt, 1}, {conn_rate, 1}};
    const struct hf_stick_change ends[] = {{conn_cur, -1}};

    assert_true(hf_stick_stores(table, conn_cur));
    assert_false(hf_stick_stores(table, sess_cnt));
    assert_false(hf_stick_stores(table, (struct hf_stick_cell){HF_STICK_server_id, 0}));
    assert_true(hf_stick_stores(table, (struct hf_stick_cell){HF_STICK_gpc, 2}));
    assert_false(hf_stick_stores(table, (struct hf_stick_cell){HF_STICK_gpc, 3}));
    for (unsigned i = 1; i <= 3; i++)
        assert_int_equal(hf_stick_change_mt(table, entry, begins, 4, 1000), i);
    assert_int_equal(hf_stick_change_mt(table, entry, ends, 1, 1000), 2);
    assert_int_equal(hf_stick_read_mt(table, entry, conn_cur, 1000), 2);
    assert_int_equal(hf_stick_read_mt(table, entry, conn_cnt, 1000), 3);
    assert_int_equal(hf_stick_read_mt(table, entry, conn_rate, 1050), 3);
    assert_int_equal(hf_stick_read_mt(table, entry, conn_rate, 1150), 1);
    assert_int_equal(hf_stick_read_mt(table, entry, sess_cnt, 1000), 0);
    hf_stick_assign_mt(table, entry, conn_cur, 0, 1000); /* by hand, while two go on */
    assert_int_equal(hf_stick_change_mt(table, entry, ends, 1, 1000), 0);
    hf_stick_release_mt(table, entry, 1000);
    hf_stick_free(table);
}

static void cells_of_arrays_are_apart(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = table_cfg(10);
    struct hf_stick_table *table = hf_stick_new(&cfg);
    struct hf_stick_entry *entry = hold(table, "ann", 0);

    for (unsigned i = 0; i < 3; i++) {
        const struct hf_stick_change more[] = {{{HF_STICK_gpc, i}, (int64_t)i + 1},
                                               {{HF_STICK_gpc_rate, i}, 10 * ((int64_t)i + 1)}};
        hf_stick_change_mt(table, entry, more, 2, 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(hf_stick_read_mt(table, entry, (struct hf_stick_cell){HF_STICK_gpc, i}, 0),
                         i + 1);
        assert_int_equal(
            hf_stick_read_mt(table, entry, (struct hf_stick_cell){HF_STICK_gpc_rate, i}, 0),
            10 * (i + 1));
    }
    struct hf_stick_cell second = {HF_STICK_gpc1, 0}, second_rate = {HF_STICK_gpc1_rate, 0};
    assert_true(hf_stick_stores(table, gpc0)); /* the first ones have names, too */
    assert_int_equal(hf_stick_read_mt(table, entry, gpc0, 0), 1);
    assert_int_equal(hf_stick_read_mt(table, entry, second, 0), 2);
    assert_int_equal(hf_stick_read_mt(table, entry, second_rate, 0), 20);
    struct hf_stick_cell tag = {HF_STICK_gpt, 1};
    assert_int_equal(hf_stick_assign_mt(table, entry, tag, 77, 0), 0);
    assert_int_equal(hf_stick_assign_mt(table, entry, tag, 78, 0), 77);
    assert_int_equal(hf_stick_assign_mt(table, entry, conn_rate, 5, 0), 0);
    assert_int_equal(hf_stick_read_mt(table, entry, conn_rate, 0), 5);
    assert_memory_equal(hf_stick_key(entry).p, "ann", 3);
    hf_stick_release_mt(table, entry, 0);
    hf_stick_free(table);
}

static void a_held_entry_stays_whatever_happens(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = table_cfg(2);
    struct hf_stick_table *table = hf_stick_new(&cfg);
    struct hf_stick_entry *ann = hold(table, "ann", 0);

    for (unsigned i = 0; i < 10; i++) {
        char key[] = {'b', (char)('0' + i), 0};
        hf_stick_release_mt(table, hold(table, key, 10 + i), 10 + i); /* drops the one before */
    }
    assert_int_equal(hf_stick_count_mt(table, 20), 2);
    assert_true(is_there(table, "ann", 900000)); /* long over its time */
    struct hf_stick_entry *eve = hold(table, "eve", 900000);
    assert_null(hf_stick_hold_mt(table, hf_view_cstr("tom"), true, 900000)); /* all must stay */
    hf_stick_release_mt(table, ann, 900000);                                 /* and goes now */
    assert_false(is_there(table, "ann", 900000));
    hf_stick_release_mt(table, eve, 900000);
    assert_true(is_there(table, "eve", 900999));
    assert_false(is_there(table, "eve", 901000));
    assert_int_equal(hf_stick_count_mt(table, 901000), 0);
    hf_stick_free(table);
}

static void a_released_entry_lives_on_from_its_last_count(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = table_cfg(3);
    struct hf_stick_table *table = hf_stick_new(&cfg);
    const struct hf_stick_change once[] = {{conn_cnt, 1}};
    struct hf_stick_entry *ann = hold(table, "ann", 0);

    hf_stick_change_mt(table, ann, once, 1, 500);
    assert_int_equal(hf_stick_left_ms_mt(table, ann, 600), 900);
    hf_stick_release_mt(table, ann, 700);
    assert_true(is_there(table, "ann", 1499)); /* to look is not to use */
    assert_false(is_there(table, "ann", 1500));

    /* It had to leave the list, and comes back as the oldest. */
    ann = hold(table, "ann", 2000);
    hf_stick_release_mt(table, hold(table, "b", 2001), 2001);
    hf_stick_release_mt(table, hold(table, "c", 2002), 2002);
    hf_stick_release_mt(table, hold(table, "d", 2003), 2003);
    assert_false(is_there(table, "b", 2003));
    hf_stick_release_mt(table, ann, 2004);
    hf_stick_release_mt(table, hold(table, "e", 2005), 2005);
    assert_false(is_there(table, "ann", 2005));
    assert_true(is_there(table, "c", 2005));
    hf_stick_free(table);
}

static void a_walk_sees_each_entry_once(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = table_cfg(5000);
    struct hf_stick_table *table = hf_stick_new(&cfg);
    struct hf_stick_walk walk = {0};
    struct hf_stick_entry *entry;
    unsigned seen = 0, forgotten = 0;
    static char was_seen[3000];

    for (unsigned i = 0; i < 3000; i++) {
        char key[8];
        snprintf(key, sizeof key, "%u", i);
        hf_stick_release_mt(table, hold(table, key, i < 100 ? 0 : 500), 500);
    }
    struct hf_stick_entry *held = hold(table, "1000", 500);
    /* The first hundred are over. */
    while ((entry = hf_stick_next_mt(table, &walk, 1200))) {
        char key[8] = "";
        memcpy(key, hf_stick_key(entry).p, hf_stick_key(entry).n);
        unsigned i = (unsigned)atoi(key);
        assert_in_range(i, 100, 2999);
        assert_int_equal(was_seen[i]++, 0);
        seen++;
        if (i % 2 == 0)
            forgotten += hf_stick_forget_mt(table, entry);
    }
    assert_int_equal(seen, 2900);
    assert_int_equal(forgotten, 1449); /* one is held by somebody else */
    assert_int_equal(hf_stick_count_mt(table, 1200), 2900 - 1449);
    hf_stick_release_mt(table, held, 1200);

    walk = (struct hf_stick_walk){0};
    assert_non_null(hf_stick_next_mt(table, &walk, 1200));
    hf_stick_stop_mt(table, &walk, 1200); /* else the table could not be freed */
    assert_null(hf_stick_next_mt(table, &walk, 1200));
    hf_stick_free(table);
}

/* ---- threads ----------------------------------------------------------------------------- */

#define TURNS 4000u

static void *come_and_go(void *arg)
{
    struct hf_stick_table *table = arg;
    const struct hf_stick_change begins[] = {{conn_cur, 1}, {conn_cnt, 1}, {conn_rate, 1}};
    const struct hf_stick_change ends[] = {{conn_cur, -1}};

    for (unsigned i = 0; i < TURNS; i++) {
        char key[] = {(char)('a' + i % 7), 0};
        struct hf_stick_entry *entry = hf_stick_hold_mt(table, hf_view_cstr(key), true, i / 100);
        if (!entry)
            continue;
        hf_stick_change_mt(table, entry, begins, 3, i / 100);
        hf_stick_change_mt(table, entry, ends, 1, i / 100);
        hf_stick_release_mt(table, entry, i / 100);
    }
    return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
    (void)state;
    struct hf_cfg_stick_table cfg = table_cfg(3);
    struct hf_stick_table *table = hf_stick_new(&cfg);
    struct hf_stick_entry *kept = hold(table, "a", 0);
    pthread_t threads[4];

    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, table), 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(hf_stick_read_mt(table, kept, conn_cur, 50), 0);
    assert_int_equal(hf_stick_read_mt(table, kept, conn_cnt, 50), 4 * ((TURNS + 6) / 7));
    assert_int_equal(hf_stick_holders_mt(table, kept), 1);
    assert_in_range(hf_stick_count_mt(table, 50), 1, 3);
    hf_stick_release_mt(table, kept, 50);
    hf_stick_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_it_stores_and_nothing_else),
        cmocka_unit_test(cells_of_arrays_are_apart),
        cmocka_unit_test(a_held_entry_stays_whatever_happens),
        cmocka_unit_test(a_released_entry_lives_on_from_its_last_count),
        cmocka_unit_test(a_walk_sees_each_entry_once),
        cmocka_unit_test(nothing_is_lost_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
