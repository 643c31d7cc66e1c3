/* The loop: turns, watches, timers, reaper and mail. */
#include "net_fixture.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include "haftp/base/assert.h"

static struct hf_loop *loop;

static int set_up(void **state)
{
    (void)state;
    loop = hf_loop_new();
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hf_loop_free(loop);
    return 0;
}

/* ---- watches ---- */

struct seen {
    struct hf_watch watch;
    struct hf_reap reap;
    unsigned calls;
    bool reaped;
    struct seen *victim; /* closed by the callback */
    unsigned again;      /* how often to ask for another call */
};

static void on_reaped(struct hf_reap *reap)
{
    HF_CONTAINER(reap, struct seen, reap)->reaped = true;
}

static void on_seen(struct hf_watch *watch)
{
    struct seen *seen = HF_CONTAINER(watch, struct seen, watch);
    assert_false(seen->reaped);
    seen->calls++;
    if (seen->victim) {
        hf_watch_close(&seen->victim->watch);
        hf_loop_reap(loop, &seen->victim->reap, on_reaped);
        seen->victim = NULL;
    }
    if (seen->again > 0) {
        seen->again--;
        hf_watch_again(watch);
    }
}

static void test_ready_bits(void **state)
{
    (void)state;
    int pair[2];
    tcp_pair(pair);
    struct seen seen = {0};
    assert_int_equal(hf_watch_open(&seen.watch, loop, pair[0], 0, on_seen), HF_OK);
    TURN_UNTIL(loop, seen.watch.ready == HF_READY_OUT);
    assert_int_equal(write(pair[1], "x", 1), 1);
    TURN_UNTIL(loop, seen.watch.ready == (HF_READY_OUT | HF_READY_IN));
    /* Edge-triggered: a cleared bit stays so until something happens. */
    seen.watch.ready = 0;
    for (int i = 0; i < 10; i++)
        turn(loop);
    assert_int_equal(seen.watch.ready, 0);
    assert_int_equal(send(pair[1], "!", 1, MSG_OOB), 1);
    TURN_UNTIL(loop, seen.watch.ready & HF_READY_PRI);
    close(pair[1]);
    TURN_UNTIL(loop, seen.watch.ready & HF_READY_HUP);
    assert_false(seen.watch.ready & HF_READY_ERR);
    hf_watch_close(&seen.watch);
    hf_watch_close(&seen.watch);
    assert_int_equal(seen.watch.fd, -1);
}

static void test_reset_is_told_from_a_clean_end(void **state)
{
    (void)state;
    int pair[2];
    tcp_pair(pair);
    struct seen seen = {0};
    assert_int_equal(hf_watch_open(&seen.watch, loop, pair[0], 0, on_seen), HF_OK);
    hf_socket_reset_on_close(pair[1]);
    close(pair[1]);
    TURN_UNTIL(loop, seen.watch.ready & HF_READY_ERR);
    assert_true(seen.watch.ready & HF_READY_HUP);
    hf_watch_close(&seen.watch);
}

static void test_open_reports_errors(void **state)
{
    (void)state;
    struct seen seen = {0};
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC); /* cannot be polled */
    assert_true(hf_watch_open(&seen.watch, loop, file, 0, on_seen) != HF_OK);
    hf_watch_close(&seen.watch); /* not open: does nothing, to descriptor 0 either */
    assert_int_equal(fcntl(file, F_GETFD), FD_CLOEXEC);
    assert_true(fcntl(0, F_GETFD) >= 0);
    close(file);
}

static void test_closing_a_neighbour_in_the_same_batch(void **state)
{
    (void)state;
    int pair[2];
    tcp_pair(pair);
    /* Both are ready at once; whichever comes first closes the other. */
    struct seen a = {0}, b = {.victim = &a};
    a.victim = &b;
    assert_int_equal(hf_watch_open(&a.watch, loop, pair[0], 0, on_seen), HF_OK);
    assert_int_equal(hf_watch_open(&b.watch, loop, pair[1], 0, on_seen), HF_OK);
    TURN_UNTIL(loop, a.reaped || b.reaped);
    assert_int_equal((a.reaped ? &a : &b)->calls, 0);
    hf_watch_close(&a.watch);
    hf_watch_close(&b.watch);
}

/* Whoever is called first sees what the same wake-up brought for the others. */
struct onlooker {
    struct hf_watch watch;
    const struct onlooker *other;
    bool saw_other_readable;
};

static void on_look(struct hf_watch *watch)
{
    struct onlooker *looker = HF_CONTAINER(watch, struct onlooker, watch);
    looker->saw_other_readable = looker->other->watch.ready & HF_READY_IN;
}

static void test_events_of_one_wake_up_are_noted_first(void **state)
{
    (void)state;
    int first[2], second[2];
    struct onlooker a = {0}, b = {.other = &a};
    a.other = &b;
    tcp_pair(first);
    tcp_pair(second);
    assert_int_equal(hf_watch_open(&a.watch, loop, first[0], 0, on_look), HF_OK);
    assert_int_equal(hf_watch_open(&b.watch, loop, second[0], 0, on_look), HF_OK);
    assert_int_equal(write(first[1], "x", 1), 1);
    assert_int_equal(write(second[1], "x", 1), 1);
    wait_for(first[0], POLLIN);
    wait_for(second[0], POLLIN);
    turn(loop);
    assert_true(a.saw_other_readable && b.saw_other_readable);
    hf_watch_close(&a.watch);
    hf_watch_close(&b.watch);
    close(first[1]);
    close(second[1]);
}

static void test_stale_events_do_not_reach_a_reopened_watch(void **state)
{
    (void)state;
    int first[2], second[2];
    tcp_pair(first);
    unix_pair(second);
    struct seen a = {0}, b = {0};
    assert_int_equal(hf_watch_open(&a.watch, loop, first[0], 0, on_seen), HF_OK);
    assert_int_equal(hf_watch_open(&b.watch, loop, second[0], 0, on_seen), HF_OK);
    close(first[1]); /* HUP waits for a */
    a.victim = &b;
    b.victim = &a;
    TURN_UNTIL(loop, a.reaped || b.reaped);
    struct seen *closed = a.reaped ? &a : &b;
    int fresh[2];
    tcp_pair(fresh);
    assert_int_equal(hf_watch_open(&closed->watch, loop, fresh[0], 0, on_seen), HF_OK);
    assert_int_equal(closed->watch.ready, 0);
    closed->reaped = false;
    closed->victim = NULL;
    TURN_UNTIL(loop, closed->watch.ready);
    assert_int_equal(closed->watch.ready, HF_READY_OUT);
    hf_watch_close(&a.watch);
    hf_watch_close(&b.watch);
    close(second[1]);
    close(fresh[1]);
}

static void test_again_comes_once_a_turn_and_keeps_the_loop_awake(void **state)
{
    (void)state;
    int pair[2];
    tcp_pair(pair);
    struct seen seen = {.again = 50};
    assert_int_equal(hf_watch_open(&seen.watch, loop, pair[0], 0, on_seen), HF_OK);
    TURN_UNTIL(loop, seen.calls > 0);
    while (seen.again > 0) {
        unsigned before = seen.calls;
        assert_int_equal(hf_loop_patience_ms(loop), 0); /* it must not sleep now */
        turn(loop);
        assert_true(seen.calls - before <= 2); /* and others must have their turn */
    }
    turn(loop);
    assert_int_equal(seen.calls, 51);
    assert_int_equal(hf_loop_patience_ms(loop), -1); /* and now it may sleep */
    hf_watch_close(&seen.watch);
    close(pair[1]);
}

static void test_closing_what_waits_for_again(void **state)
{
    (void)state;
    int pair[2];
    tcp_pair(pair);
    struct seen a = {0}, b = {0};
    assert_int_equal(hf_watch_open(&a.watch, loop, pair[0], 0, on_seen), HF_OK);
    assert_int_equal(hf_watch_open(&b.watch, loop, pair[1], 0, on_seen), HF_OK);
    TURN_UNTIL(loop, a.calls && b.calls);
    a.calls = b.calls = 0;
    hf_watch_again(&a.watch);
    hf_watch_again(&b.watch);
    hf_watch_again(&b.watch);
    a.victim = &b;
    b.victim = &a; /* closed while both are being called */
    turn(loop);
    turn(loop);
    struct seen *closed = a.reaped ? &a : &b, *rest = a.reaped ? &b : &a;
    assert_true(closed->reaped && !rest->reaped);
    assert_int_equal(closed->calls, 0);
    unsigned calls = rest->calls;
    hf_watch_again(&rest->watch);
    hf_watch_close(&rest->watch); /* closed while it waits */
    turn(loop);
    assert_int_equal(rest->calls, calls);
}

/* ---- bulk waits until the turn's events were served ---- */

struct bulk {
    struct hf_watch watch;
    const struct seen *command; /* has an event in the same turn */
    unsigned events, steps;
    bool command_was_first;
    uint64_t work_ns; /* that a step takes */
};

static void on_bulk(struct hf_watch *watch)
{
    struct bulk *bulk = HF_CONTAINER(watch, struct bulk, watch);
    if (!hf_loop_is_late(loop)) {
        bulk->events++;
        hf_watch_later(watch);
        return;
    }
    bulk->steps++;
    bulk->command_was_first = bulk->command && bulk->command->calls > 0;
    for (uint64_t end_ns = uv_hrtime() + bulk->work_ns; uv_hrtime() < end_ns;)
        continue;
}

static void test_bulk_comes_after_the_events_of_its_turn(void **state)
{
    (void)state;
    int pair[2];
    tcp_pair(pair);
    struct seen command = {0};
    struct bulk bulk = {.command = &command};
    assert_int_equal(hf_watch_open(&bulk.watch, loop, pair[0], 0, on_bulk), HF_OK);
    assert_int_equal(hf_watch_open(&command.watch, loop, pair[1], 0, on_seen), HF_OK);
    turn(loop); /* both sockets were writable from the start: one batch has both */
    assert_int_equal(bulk.events, 1);
    assert_int_equal(bulk.steps, 1);
    assert_true(bulk.command_was_first);
    assert_false(hf_loop_is_late(loop));
    assert_int_equal(hf_loop_patience_ms(loop), -1);
    hf_watch_close(&bulk.watch);
    hf_watch_close(&command.watch);
}

static void test_bulk_shares_a_slice_of_each_turn(void **state)
{
    (void)state;
    struct bulk bulk[4] = {0};
    for (int i = 0; i < 4; i += 2) {
        int pair[2];
        tcp_pair(pair);
        assert_int_equal(hf_watch_open(&bulk[i].watch, loop, pair[0], 0, on_bulk), HF_OK);
        assert_int_equal(hf_watch_open(&bulk[i + 1].watch, loop, pair[1], 0, on_bulk), HF_OK);
    }
    turn(loop);
    for (int i = 0; i < 4; i++)
        assert_int_equal(bulk[i].steps, 1); /* short ones all fit in */
    for (int i = 0; i < 4; i++) {
        bulk[i].work_ns = 1000 * 1000; /* longer than the slice */
        hf_watch_later(&bulk[i].watch);
        hf_watch_later(&bulk[i].watch);
    }
    assert_int_equal(hf_loop_patience_ms(loop), 0);
    for (int i = 0; i < 3; i++) {
        turn(loop);
        for (int j = 0; j < 3; j++)
            assert_int_equal(bulk[j].steps, j <= i ? 2 : 1); /* in their order */
    }
    hf_watch_close(&bulk[3].watch); /* closed while it waits */
    turn(loop);
    assert_int_equal(bulk[3].steps, 1);
    for (int i = 0; i < 3; i++)
        hf_watch_close(&bulk[i].watch);
}

static void test_take_gives_the_descriptor_back(void **state)
{
    (void)state;
    int pair[2];
    tcp_pair(pair);
    struct seen seen = {0};
    assert_int_equal(hf_watch_open(&seen.watch, loop, pair[0], 0, on_seen), HF_OK);
    assert_int_equal(hf_watch_take(&seen.watch), pair[0]);
    assert_int_equal(hf_watch_take(&seen.watch), -1);
    turn(loop);
    assert_int_equal(seen.calls, 0);
    assert_int_equal(hf_watch_open(&seen.watch, loop, pair[0], 0, on_seen), HF_OK);
    TURN_UNTIL(loop, seen.calls);
    hf_watch_close(&seen.watch);
    close(pair[1]);
}

static void test_more_events_than_one_batch(void **state)
{
    (void)state;
    enum { N = 700 };
    static struct seen seen[N];
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < N; i += 2) {
        int pair[2];
        unix_pair(pair);
        assert_int_equal(hf_watch_open(&seen[i].watch, loop, pair[0], 0, on_seen), HF_OK);
        assert_int_equal(hf_watch_open(&seen[i + 1].watch, loop, pair[1], 0, on_seen), HF_OK);
    }
    for (int i = 0; i < N; i++)
        TURN_UNTIL(loop, seen[i].calls);
    for (int i = 0; i < N; i++) {
        assert_int_equal(seen[i].calls, 1);
        hf_watch_close(&seen[i].watch);
    }
}

/* ---- timers ---- */

struct alarm {
    struct hf_timer timer;
    unsigned fired;
    unsigned repeat;
    uint64_t fired_ms;
    struct alarm *victim;
};

static void on_alarm(struct hf_timer *timer)
{
    struct alarm *alarm = HF_CONTAINER(timer, struct alarm, timer);
    alarm->fired++;
    alarm->fired_ms = hf_loop_now(loop);
    if (alarm->victim)
        hf_loop_timer_cancel(loop, &alarm->victim->timer);
    if (alarm->repeat > 0) {
        alarm->repeat--;
        hf_loop_timer(loop, timer, 1, on_alarm);
    }
}

static void test_timers_fire_in_time(void **state)
{
    (void)state;
    struct alarm late = {0}, soon = {0}, cancelled = {0};
    uint64_t start_ms = hf_loop_now(loop);
    hf_loop_timer(loop, &late.timer, 30, on_alarm);
    hf_loop_timer(loop, &soon.timer, 5, on_alarm);
    hf_loop_timer(loop, &cancelled.timer, 1, on_alarm);
    hf_loop_timer_cancel(loop, &cancelled.timer);
    while (!late.fired)
        hf_loop_turn(loop, true);
    assert_int_equal(soon.fired, 1);
    assert_true(soon.fired_ms >= start_ms + 5 && soon.fired_ms <= late.fired_ms);
    assert_true(late.fired_ms >= start_ms + 30);
    assert_int_equal(cancelled.fired, 0);
}

static void test_timers_inside_callbacks(void **state)
{
    (void)state;
    struct alarm victim = {0}, killer = {.victim = &victim, .repeat = 5};
    struct alarm end = {0};
    hf_loop_timer(loop, &killer.timer, 0, on_alarm);
    hf_loop_timer(loop, &victim.timer, 4, on_alarm);
    hf_loop_timer(loop, &end.timer, 20, on_alarm);
    while (!end.fired || killer.fired < 6)
        hf_loop_turn(loop, true);
    assert_int_equal(killer.fired, 6);
    assert_int_equal(victim.fired, 0);
}

static void test_endless_timer_does_not_overflow(void **state)
{
    (void)state;
    struct alarm never = {0};
    hf_loop_timer(loop, &never.timer, HF_WHEEL_NEVER, on_alarm);
    turn(loop);
    assert_int_equal(never.fired, 0);
    hf_loop_timer_cancel(loop, &never.timer);
}

/* ---- reaper ---- */

struct chain {
    struct hf_reap reap;
    struct chain *then;
    bool done;
};

static void on_chain(struct hf_reap *reap)
{
    struct chain *chain = HF_CONTAINER(reap, struct chain, reap);
    chain->done = true;
    if (chain->then)
        hf_loop_reap(loop, &chain->then->reap, on_chain);
}

static void test_reaper_runs_before_the_loop_sleeps(void **state)
{
    (void)state;
    struct chain second = {0}, first = {.then = &second};
    hf_loop_reap(loop, &first.reap, on_chain);
    assert_false(first.done);
    turn(loop);
    assert_true(first.done && second.done);
}

static void on_stop_and_reap(struct hf_timer *timer)
{
    (void)timer;
    static struct chain last;
    last.done = false;
    hf_loop_reap(loop, &last.reap, on_chain);
    hf_loop_stop(loop);
}

static void test_run_ends_with_an_empty_reaper(void **state)
{
    (void)state;
    struct alarm alarm = {0};
    hf_loop_timer(loop, &alarm.timer, 1, on_stop_and_reap);
    hf_loop_run(loop);
    struct chain after = {0};
    hf_loop_reap(loop, &after.reap, on_chain);
    hf_loop_settle(loop);
    assert_true(after.done);
}

/* ---- mail ---- */

#define SENDERS 4
#define LETTERS 20000

struct letter {
    struct hf_mail mail;
    unsigned sender, number;
};

static unsigned received[SENDERS];

static void on_letter(struct hf_mail *mail)
{
    struct letter *letter = HF_CONTAINER(mail, struct letter, mail);
    assert_int_equal(letter->number, received[letter->sender]); /* in order, none lost */
    received[letter->sender]++;
    free(letter);
    unsigned total = 0;
    for (unsigned i = 0; i < SENDERS; i++)
        total += received[i];
    if (total == SENDERS * LETTERS)
        hf_loop_stop(loop);
}

static void *send_letters(void *arg)
{
    for (unsigned i = 0; i < LETTERS; i++) {
        struct letter *letter = malloc(sizeof *letter);
        *letter =
            (struct letter){.mail.fn = on_letter, .sender = (unsigned)(uintptr_t)arg, .number = i};
        hf_mail_post_mt(loop, &letter->mail);
    }
    return NULL;
}

static void test_mail_from_four_threads(void **state)
{
    (void)state;
    pthread_t thread[SENDERS];
    memset(received, 0, sizeof received);
    for (uintptr_t i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, send_letters, (void *)i), 0);
    hf_loop_run(loop);
    for (unsigned i = 0; i < SENDERS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(received[i], LETTERS);
    }
}

static unsigned posts_left, deliveries;

static void on_self_mail(struct hf_mail *mail)
{
    deliveries++;
    if (posts_left > 0) {
        posts_left--;
        hf_mail_post_mt(loop, mail);
    }
}

static void test_mail_to_oneself_and_settling(void **state)
{
    (void)state;
    struct hf_mail mail = {.fn = on_self_mail};
    posts_left = 3;
    deliveries = 0;
    hf_mail_post_mt(loop, &mail);
    TURN_UNTIL(loop, deliveries == 4);
    posts_left = 2;
    hf_mail_post_mt(loop, &mail);
    hf_loop_settle(loop);
    assert_int_equal(deliveries, 7);
}

/* As when the order to stop reaches a worker that has just ended. */
static void test_stop_after_the_end(void **state)
{
    (void)state;
    struct hf_loop *ended = hf_loop_new();
    assert_non_null(ended);
    hf_loop_stop(ended);
    hf_loop_free(ended); /* closes every handle all the same */
}

static void test_loops_leak_no_descriptors(void **state)
{
    (void)state;
    unsigned before = open_descriptors();
    for (int i = 0; i < 20; i++)
        hf_loop_free(hf_loop_new());
    assert_int_equal(open_descriptors(), before);
    hf_loop_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_ready_bits),
        TEST(test_reset_is_told_from_a_clean_end),
        TEST(test_open_reports_errors),
        TEST(test_closing_a_neighbour_in_the_same_batch),
        TEST(test_events_of_one_wake_up_are_noted_first),
        TEST(test_stale_events_do_not_reach_a_reopened_watch),
        TEST(test_again_comes_once_a_turn_and_keeps_the_loop_awake),
        TEST(test_closing_what_waits_for_again),
        TEST(test_bulk_comes_after_the_events_of_its_turn),
        TEST(test_bulk_shares_a_slice_of_each_turn),
        TEST(test_take_gives_the_descriptor_back),
        TEST(test_more_events_than_one_batch),
        TEST(test_timers_fire_in_time),
        TEST(test_timers_inside_callbacks),
        TEST(test_endless_timer_does_not_overflow),
        TEST(test_reaper_runs_before_the_loop_sleeps),
        TEST(test_run_ends_with_an_empty_reaper),
        TEST(test_mail_from_four_threads),
        TEST(test_mail_to_oneself_and_settling),
        TEST(test_stop_after_the_end),
        TEST(test_loops_leak_no_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
