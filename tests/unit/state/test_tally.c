/*
 * Counters: each thread its own, sums for who asks; and averages, times down, words of checks.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "haftp/base/rate.h"
#include "haftp/state/facts.h"
#include "haftp/state/history.h"
#include "haftp/state/tally.h"

static void everybody_has_counters_of_its_own(void **state)
{
    struct hf_tally tally = {0};
    unsigned section = hf_tally_reserve(&tally, true), bind = hf_tally_reserve(&tally, false);
    unsigned server = hf_tally_reserve(&tally, true);
    (void)state;

    assert_int_equal(bind, section + HF_N_COUNTS);
    assert_int_equal(server, bind + HF_N_COMMON_COUNTS);
    struct hf_shard *shard = hf_tally_shard(&tally);
    hf_count(shard, section, HF_COUNT_BAD_HEADERS, 3); /* the last of all, */
    hf_count(shard, bind, HF_COUNT_CONNECTIONS, 4);    /* beside the first */
    hf_count(shard, bind, HF_COUNT_INTERNAL_ERRORS, 5);
    hf_count(shard, server, HF_COUNT_CONNECTIONS, 6);
    assert_int_equal(hf_tally_read(&tally, section, HF_COUNT_BAD_HEADERS), 3);
    assert_int_equal(hf_tally_read(&tally, section, HF_COUNT_CONNECTIONS), 0);
    assert_int_equal(hf_tally_read(&tally, bind, HF_COUNT_CONNECTIONS), 4);
    assert_int_equal(hf_tally_read(&tally, bind, HF_COUNT_INTERNAL_ERRORS), 5);
    assert_int_equal(hf_tally_read(&tally, server, HF_COUNT_CONNECTIONS), 6);
    hf_tally_fini(&tally);
}

#define THREADS 4
#define TIMES   100000u

struct counting {
    struct hf_shard *shard;
    pthread_t thread;
};

static void *count_much(void *arg)
{
    struct counting *me = arg;
    for (unsigned i = 0; i < TIMES; i++)
        hf_count(me->shard, 0, HF_COUNT_BYTES_IN, 3);
    return NULL;
}

static void nothing_is_lost_between_threads_and_clearing(void **state)
{
    struct hf_tally tally = {0};
    struct counting threads[THREADS];
    uint64_t seen = 0;
    (void)state;

    hf_tally_reserve(&tally, false);
    for (int i = 0; i < THREADS; i++) {
        threads[i].shard = hf_tally_shard(&tally);
        assert_non_null(threads[i].shard);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i].thread, NULL, count_much, &threads[i]), 0);
    for (int i = 0; i < 100; i++) { /* a counter that is cleared while it is written goes on */
        uint64_t now = hf_tally_read(&tally, 0, HF_COUNT_BYTES_IN);
        assert_true(now >= seen);
        seen = now;
    }
    assert_true(hf_tally_clear(&tally));
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i].thread, NULL);
    assert_int_equal(hf_tally_read(&tally, 0, HF_COUNT_BYTES_IN) + tally.cleared[HF_COUNT_BYTES_IN],
                     3ull * TIMES * THREADS);
    assert_true(hf_tally_clear(&tally));
    assert_int_equal(hf_tally_read(&tally, 0, HF_COUNT_BYTES_IN), 0);
    hf_tally_fini(&tally);
}

static void rows_name_columns_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HF_N_COUNTS; i++) {
        const struct hf_count_row *row = hf_count_row((enum hf_count)i);
        assert_non_null(row->column);
        assert_int_equal(row->is_ftp, i >= HF_N_COMMON_COUNTS);
        assert_int_equal(strspn(row->where, "FLBS"), strlen(row->where));
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(row->column, hf_count_row((enum hf_count)k)->column);
    }
}

static void averages_slide_as_haproxys(void **state)
{
    struct hf_pace pace = {0};
    struct hf_facts facts = {.queue_ms = -1, .connect_ms = 100, .total_ms = 5000};
    (void)state;

    hf_pace_add_mt(&pace, &facts);
    assert_int_equal(hf_pace_read_mt(&pace, HF_SPAN_QUEUE), 0);
    assert_int_equal(hf_pace_read_mt(&pace, HF_SPAN_CONNECT), 1); /* (100 + 511) / 512 */
    assert_int_equal(pace.most[HF_SPAN_TOTAL], 5000);
    for (int i = 0; i < 10000; i++)
        hf_pace_add_mt(&pace, &facts);
    assert_int_equal(hf_pace_read_mt(&pace, HF_SPAN_CONNECT), 100);
    assert_int_equal(hf_pace_read_mt(&pace, HF_SPAN_TOTAL), 5000);
}

static void times_down_add_up(void **state)
{
    struct hf_history history;
    (void)state;

    hf_history_begin(&history, false, 1000);
    assert_int_equal(hf_history_down_ms(&history, 5000), 0);
    hf_history_change(&history, true, 5000);
    assert_int_equal(history.downs, 1);
    assert_int_equal(hf_history_down_ms(&history, 6500), 1500);
    hf_history_change(&history, true, 7000); /* something else about it: it stays down */
    assert_int_equal(history.downs, 1);
    hf_history_change(&history, false, 8000);
    hf_history_change(&history, true, 9000);
    assert_int_equal(history.downs, 2);
    assert_int_equal(history.since_ms, 9000);
    assert_int_equal(hf_history_down_ms(&history, 9500), 3500);
}

static void checks_have_haproxys_words(void **state)
{
    (void)state;
    assert_string_equal(hf_check_status_word(HF_CHECK_L4OK), "L4OK");
    assert_string_equal(hf_check_status_text(HF_CHECK_L4OK), "Layer4 check passed");
    assert_int_equal(hf_check_status_find("L7STS"), HF_CHECK_L7STS);
    assert_int_equal(hf_check_status_find("L9STS"), HF_CHECK_UNKNOWN);
}

static void a_rate_remembers_its_fullest_second(void **state)
{
    struct hf_rate rate = {0};
    (void)state;

    for (int i = 0; i < 5; i++)
        hf_rate_count_mt(&rate, 10500);
    for (int i = 0; i < 3; i++)
        hf_rate_count_mt(&rate, 12000);
    assert_int_equal(rate.most, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_has_counters_of_its_own),
        cmocka_unit_test(nothing_is_lost_between_threads_and_clearing),
        cmocka_unit_test(rows_name_columns_once),
        cmocka_unit_test(averages_slide_as_haproxys),
        cmocka_unit_test(times_down_add_up),
        cmocka_unit_test(checks_have_haproxys_words),
        cmocka_unit_test(a_rate_remembers_its_fullest_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
