/* The timer wheel: never early, never lost, callbacks free to set and cancel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "haftp/base/assert.h"
#include "haftp/base/wheel.h"

#define START_MS 1000000u

struct probe {
    struct hf_timer timer;
    unsigned fired;
    uint64_t repeat_ms;   /* set again this much later */
    struct probe *victim; /* cancelled by the callback */
};

static struct hf_wheel *wheel;
static uint64_t now_ms;

static int set_up(void **state)
{
    (void)state;
    now_ms = START_MS;
    wheel = hf_wheel_new(now_ms);
    return wheel ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hf_wheel_free(wheel);
    return 0;
}

static void on_probe(struct hf_timer *timer)
{
    struct probe *probe = HF_CONTAINER(timer, struct probe, timer);
    assert_false(hf_timer_is_set(timer));
    assert_true(timer->due_ms <= now_ms);
    probe->fired++;
    if (probe->victim)
        hf_wheel_cancel(wheel, &probe->victim->timer);
    if (probe->repeat_ms)
        hf_wheel_set(wheel, timer, timer->due_ms + probe->repeat_ms, on_probe);
}

static unsigned advance_to(uint64_t to_ms)
{
    now_ms = to_ms;
    return hf_wheel_advance(wheel, to_ms);
}

static void test_empty(void **state)
{
    (void)state;
    assert_true(hf_wheel_next(wheel) == HF_WHEEL_NEVER);
    assert_int_equal(advance_to(START_MS + 5000), 0);
    assert_true(hf_wheel_next(wheel) == HF_WHEEL_NEVER);
}

static void test_fires_exactly_once_when_due(void **state)
{
    (void)state;
    static const uint64_t delays[] = {1, 2, 63, 64, 65, 4095, 4096, 50000, 262144, 3600000};
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        struct probe probe = {0};
        hf_wheel_set(wheel, &probe.timer, now_ms + delays[i], on_probe);
        uint64_t due_ms = now_ms + delays[i];
        assert_true(hf_wheel_next(wheel) <= due_ms);
        assert_int_equal(advance_to(due_ms - 1), 0);
        assert_int_equal(advance_to(due_ms), 1);
        assert_int_equal(advance_to(due_ms + 10000), 0);
        assert_int_equal(probe.fired, 1);
    }
}

static void test_past_fires_on_next_advance(void **state)
{
    (void)state;
    struct probe past = {0}, present = {0};
    hf_wheel_set(wheel, &past.timer, START_MS - 500, on_probe);
    hf_wheel_set(wheel, &present.timer, START_MS, on_probe);
    assert_true(hf_wheel_next(wheel) <= START_MS);
    assert_int_equal(advance_to(START_MS), 2);
}

static void test_cancel_and_move(void **state)
{
    (void)state;
    struct probe a = {0}, b = {0};
    hf_wheel_cancel(wheel, &a.timer); /* never set */
    hf_wheel_set(wheel, &a.timer, START_MS + 10, on_probe);
    hf_wheel_set(wheel, &b.timer, START_MS + 10, on_probe);
    hf_wheel_cancel(wheel, &a.timer);
    hf_wheel_set(wheel, &b.timer, START_MS + 20, on_probe);
    assert_int_equal(advance_to(START_MS + 15), 0);
    assert_int_equal(advance_to(START_MS + 20), 1);
    assert_int_equal(a.fired, 0);
    assert_true(hf_wheel_next(wheel) == HF_WHEEL_NEVER);
}

static void test_callback_cancels_its_neighbour(void **state)
{
    (void)state;
    struct probe second = {0}, first = {.victim = &second};
    hf_wheel_set(wheel, &first.timer, START_MS + 7, on_probe);
    hf_wheel_set(wheel, &second.timer, START_MS + 7, on_probe);
    assert_int_equal(advance_to(START_MS + 100), 1);
    assert_int_equal(second.fired, 0);
}

static void test_callback_sets_itself_again(void **state)
{
    (void)state;
    struct probe probe = {.repeat_ms = 10};
    hf_wheel_set(wheel, &probe.timer, START_MS + 10, on_probe);
    assert_int_equal(advance_to(START_MS + 100), 10); /* all missed periods are made up */
    hf_wheel_cancel(wheel, &probe.timer);
}

static void on_rearm_now(struct hf_timer *timer)
{
    struct probe *probe = HF_CONTAINER(timer, struct probe, timer);
    probe->fired++;
    hf_wheel_set(wheel, timer, now_ms, on_rearm_now);
}

static void test_setting_now_cannot_hang_the_advance(void **state)
{
    (void)state;
    struct probe probe = {0};
    hf_wheel_set(wheel, &probe.timer, START_MS, on_rearm_now);
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(advance_to(START_MS), 1);
        assert_int_equal(probe.fired, i);
    }
    hf_wheel_cancel(wheel, &probe.timer);
}

static void test_far_ends_of_time(void **state)
{
    (void)state;
    struct probe probe = {0};
    hf_wheel_set(wheel, &probe.timer, HF_WHEEL_NEVER - 1, on_probe);
    assert_int_equal(advance_to(UINT64_C(1) << 62), 0);
    assert_true(hf_wheel_next(wheel) <= HF_WHEEL_NEVER - 1);
    assert_int_equal(advance_to(HF_WHEEL_NEVER - 1), 1);
}

static void test_time_does_not_run_backwards(void **state)
{
    (void)state;
    struct probe probe = {0};
    advance_to(START_MS + 100);
    hf_wheel_set(wheel, &probe.timer, START_MS + 110, on_probe);
    assert_int_equal(hf_wheel_advance(wheel, START_MS), 0);
    assert_int_equal(advance_to(START_MS + 110), 1);
}

/* Against a plain list: whatever is set, moved and cancelled, the same timers fire in each step. */
static void test_random_against_a_list(void **state)
{
    (void)state;
    enum { N = 300 };
    static struct probe probe[N];
    srand(7);
    for (unsigned round = 0; round < 3000; round++) {
        struct probe *one = &probe[rand() % N];
        if (rand() % 4 == 0)
            hf_wheel_cancel(wheel, &one->timer);
        else
            hf_wheel_set(wheel, &one->timer, now_ms + (uint64_t)(rand() % (1 << (rand() % 20))),
                         on_probe);
        uint64_t earliest = HF_WHEEL_NEVER, to_ms = now_ms + (uint64_t)(rand() % 200);
        unsigned expected = 0;
        for (unsigned i = 0; i < N; i++) {
            if (!hf_timer_is_set(&probe[i].timer))
                continue;
            expected += probe[i].timer.due_ms <= to_ms;
            if (probe[i].timer.due_ms < earliest)
                earliest = probe[i].timer.due_ms;
        }
        assert_true(hf_wheel_next(wheel) <= (earliest > now_ms ? earliest : now_ms) ||
                    earliest == HF_WHEEL_NEVER);
        assert_int_equal(advance_to(to_ms), expected);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_empty),
        TEST(test_fires_exactly_once_when_due),
        TEST(test_past_fires_on_next_advance),
        TEST(test_cancel_and_move),
        TEST(test_callback_cancels_its_neighbour),
        TEST(test_callback_sets_itself_again),
        TEST(test_setting_now_cannot_hang_the_advance),
        TEST(test_far_ends_of_time),
        TEST(test_time_does_not_run_backwards),
        TEST(test_random_against_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
