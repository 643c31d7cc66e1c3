/*
 * test_waitlist.c: waiters are woken in order, once, and the gone ones are passed over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "haftp/state/waitlist.h"

struct fixture {
    struct hf_loop *loop;
    struct hf_waitlist list;
    hf_id woken[8];
    unsigned n_woken;
    hf_id gone;     /* this one's session does not exist any more */
    hf_id waits_on; /* this one looks in vain, */
    bool all_wait_on;
    bool useful; /* to it, though what came free may be of use to others */
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.loop = hf_loop_new()};
    hf_waitlist_init(&f.list);
    *state = &f;
    return f.loop ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    hf_waitlist_fini(&f->list);
    hf_loop_free(f->loop);
    return 0;
}

static bool on_slot(struct hf_waiter *waiter)
{
    struct fixture *f = waiter->who.context;
    if (waiter->who.session == f->gone)
        return false;
    f->woken[f->n_woken++] = waiter->who.session;
    if (!f->all_wait_on && waiter->who.session != f->waits_on)
        return true;
    assert_non_null(hf_waitlist_rejoin_mt(waiter));
    return f->useful;
}

static struct hf_waiter *join(struct fixture *f, hf_id session, unsigned expected_ahead)
{
    unsigned ahead = 99;
    struct hf_wait wait = {.loop = f->loop, .context = f, .session = session, .fn = on_slot};
    struct hf_waiter *waiter = hf_waitlist_join_mt(&f->list, &wait, &ahead);
    assert_non_null(waiter);
    assert_int_equal(ahead, expected_ahead);
    return waiter;
}

static void run_mail(struct fixture *f)
{
    hf_loop_settle(f->loop);
}

static void wakes_in_order_one_at_a_time(void **state)
{
    struct fixture *f = *state;
    join(f, 11, 0);
    join(f, 12, 1);
    join(f, 13, 2);
    hf_waitlist_wake_mt(&f->list);
    assert_int_equal(hf_waitlist_count_mt(&f->list), 2);
    assert_int_equal(f->n_woken, 0); /* on its own loop, not here */
    run_mail(f);
    assert_int_equal(f->n_woken, 1);
    assert_int_equal(f->woken[0], 11);
    hf_waitlist_wake_all_mt(&f->list);
    run_mail(f);
    assert_int_equal(f->n_woken, 3);
    assert_int_equal(f->woken[1], 12);
    assert_int_equal(f->woken[2], 13);
    hf_waitlist_wake_mt(&f->list); /* nobody: nothing */
    assert_int_equal(hf_waitlist_count_mt(&f->list), 0);
}

static void join_urgently(struct fixture *f, hf_id session, int16_t class, int32_t offset_ms)
{
    struct hf_wait wait = {.loop = f->loop,
                           .context = f,
                           .session = session,
                           .urgency = {class, offset_ms},
                           .fn = on_slot};
    assert_non_null(hf_waitlist_join_mt(&f->list, &wait, NULL));
}

static void the_urgent_go_first(void **state)
{
    static const hf_id order[] = {14, 16, 12, 11, 15, 13};
    struct fixture *f = *state;
    join_urgently(f, 11, 0, 0);
    join_urgently(f, 12, 0, -100000); /* as if it had waited that long already */
    join_urgently(f, 13, 5, 0);
    join_urgently(f, 14, -5, 0);
    join_urgently(f, 15, 0, 100000);
    join_urgently(f, 16, -5, 0); /* within a class: who came first */
    for (unsigned i = 0; i < 6; i++) {
        hf_waitlist_wake_mt(&f->list);
        run_mail(f);
        assert_int_equal(f->n_woken, i + 1);
        assert_int_equal(f->woken[i], order[i]);
    }
}

static void who_left_is_not_woken(void **state)
{
    struct fixture *f = *state;
    struct hf_waiter *first = join(f, 11, 0);
    join(f, 12, 1);
    hf_waitlist_leave(&f->list, first);
    assert_int_equal(hf_waitlist_count_mt(&f->list), 1);
    hf_waitlist_wake_mt(&f->list);
    run_mail(f);
    assert_int_equal(f->n_woken, 1);
    assert_int_equal(f->woken[0], 12);
}

static void who_left_after_the_wake_passes_it_on(void **state)
{
    struct fixture *f = *state;
    struct hf_waiter *first = join(f, 11, 0);
    join(f, 12, 1);
    hf_waitlist_wake_mt(&f->list);
    hf_waitlist_leave(&f->list, first); /* its mail is on the way */
    run_mail(f);
    assert_int_equal(f->n_woken, 1);
    assert_int_equal(f->woken[0], 12);
}

static void who_is_gone_passes_it_on(void **state)
{
    struct fixture *f = *state;
    f->gone = 11;
    join(f, 11, 0);
    join(f, 12, 1);
    hf_waitlist_wake_mt(&f->list);
    run_mail(f);
    assert_int_equal(f->n_woken, 1);
    assert_int_equal(f->woken[0], 12);
}

static void assert_woken(struct fixture *f, const char *letters)
{
    run_mail(f);
    assert_int_equal(f->n_woken, strlen(letters));
    for (unsigned i = 0; i < f->n_woken; i++)
        assert_int_equal(f->woken[i], letters[i]);
    f->n_woken = 0;
}

static void who_looked_in_vain_keeps_its_place(void **state)
{
    struct fixture *f = *state;
    f->useful = true;
    f->waits_on = 'b';
    join(f, 'a', 0);
    join(f, 'b', 1);
    join(f, 'c', 2);
    hf_waitlist_wake_mt(&f->list);
    hf_waitlist_wake_mt(&f->list); /* b's turn comes when a has looked */
    assert_int_equal(hf_waitlist_count_mt(&f->list), 2);
    join(f, 'd', 3);
    assert_woken(f, "ab"); /* b is back before c and d */
    f->waits_on = 0;
    for (unsigned i = 0; i < 3; i++)
        hf_waitlist_wake_mt(&f->list);
    assert_woken(f, "bcd");
}

static void an_unused_wake_goes_to_the_next_in_line(void **state)
{
    struct fixture *f = *state;
    f->waits_on = 'a'; /* and has no use for what came free */
    join(f, 'a', 0);
    join(f, 'b', 1);
    join(f, 'c', 2);
    hf_waitlist_wake_mt(&f->list);
    assert_woken(f, "ab"); /* not a again, and not c */
    f->all_wait_on = true;
    hf_waitlist_wake_mt(&f->list);
    assert_woken(f, "ac"); /* no use to anybody: everybody had one look */
    assert_int_equal(hf_waitlist_count_mt(&f->list), 2);
}

static void waking_all_wakes_each_one_once(void **state)
{
    struct fixture *f = *state;
    f->useful = f->all_wait_on = true;
    join(f, 'a', 0);
    join(f, 'b', 1);
    join(f, 'c', 2);
    hf_waitlist_wake_mt(&f->list);
    hf_waitlist_wake_all_mt(&f->list);
    assert_woken(f, "abc");
    hf_waitlist_wake_all_mt(&f->list);
    assert_woken(f, "abc"); /* in their old order */
}

static void busy_until_the_woken_has_looked(void **state)
{
    struct fixture *f = *state;
    assert_false(hf_waitlist_is_busy_mt(&f->list));
    join(f, 'a', 0);
    assert_true(hf_waitlist_is_busy_mt(&f->list));
    hf_waitlist_wake_mt(&f->list);
    assert_int_equal(hf_waitlist_count_mt(&f->list), 0);
    assert_true(hf_waitlist_is_busy_mt(&f->list));
    assert_woken(f, "a");
    assert_false(hf_waitlist_is_busy_mt(&f->list));
}

static void fini_frees_who_still_waits(void **state)
{
    struct fixture *f = *state;
    join(f, 11, 0);
    join(f, 12, 1); /* teardown frees both: the leak checker would tell */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wakes_in_order_one_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(the_urgent_go_first, setup, teardown),
        cmocka_unit_test_setup_teardown(who_left_is_not_woken, setup, teardown),
        cmocka_unit_test_setup_teardown(who_left_after_the_wake_passes_it_on, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_gone_passes_it_on, setup, teardown),
        cmocka_unit_test_setup_teardown(who_looked_in_vain_keeps_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unused_wake_goes_to_the_next_in_line, setup, teardown),
        cmocka_unit_test_setup_teardown(waking_all_wakes_each_one_once, setup, teardown),
        cmocka_unit_test_setup_teardown(busy_until_the_woken_has_looked, setup, teardown),
        cmocka_unit_test_setup_teardown(fini_frees_who_still_waits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
