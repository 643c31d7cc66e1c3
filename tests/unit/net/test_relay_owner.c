/* What the owner of a relay may ask of it: to hold an end, or its news, and to move at once. */
#include "relay_fixture.h"

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

/* The owner keeps the end to himself until he knows whether it was a good one. */
static void case_held_fin(struct scene *s)
{
    s->relay.end[HF_BACK].hold_fin = true;
    hf_relay_start(&s->relay);
    assert_int_equal(write(s->peer[HF_BACK], "all", 3), 3);
    close_peer(s, HF_BACK, false);
    expect_bytes(s->peer[HF_FRONT], "all");
    TURN_UNTIL(loop, s->eofs[HF_BACK]);
    for (int i = 0; i < 10; i++)
        turn(loop);
    assert_int_equal(s->eofs[HF_BACK], 1);
    char byte;
    size_t n;
    assert_int_equal(hf_socket_recv(s->peer[HF_FRONT], &byte, 1, &n), HF_AGAIN);
    hf_relay_close(&s->relay, 0);
    assert_int_equal(expect_end(s->peer[HF_FRONT]), HF_EOF);
}

static void test_held_fin(void **state)
{
    (void)state;
    in_every_mode(case_held_fin);
}

/* All that is there moves within the call, and the end behind it; nothing does before the
 * start. */
static void case_move_at_once(struct scene *s)
{
    struct hf_relay_end *back = &s->relay.end[HF_BACK];
    char buf[8];
    size_t n;

    back->hold_fin = back->fin_follows = true;
    assert_int_equal(write(s->peer[HF_BACK], "file", 4), 4);
    close_peer(s, HF_BACK, false);
    TURN_UNTIL(loop, back->watch.ready & HF_READY_HUP);
    hf_relay_move(&s->relay);
    assert_int_equal(back->bytes, 0);
    hf_relay_start(&s->relay);
    hf_relay_move(&s->relay);
    assert_int_equal(back->bytes, 4);
    assert_int_equal(s->eofs[HF_BACK], 1);
    assert_int_equal(back->corked, 4);
    hf_relay_close(&s->relay, 0);
    hf_relay_move(&s->relay);
    wait_for(s->peer[HF_FRONT], POLLIN);
    assert_int_equal(hf_socket_recv(s->peer[HF_FRONT], buf, sizeof buf, &n), HF_OK);
    assert_int_equal(n, 4);
    assert_int_equal(expect_end(s->peer[HF_FRONT]), HF_EOF);
}

static void test_move_at_once(void **state)
{
    (void)state;
    in_every_mode(case_move_at_once);
}

/* A held end is told of and not read; the other direction flows. */
static void case_held_end(struct scene *s)
{
    struct hf_relay_end *back = &s->relay.end[HF_BACK];
    char byte;
    size_t n;

    back->hold = true;
    hf_relay_start(&s->relay);
    assert_int_equal(write(s->peer[HF_BACK], "answer", 6), 6);
    TURN_UNTIL(loop, s->readable[HF_BACK]);
    assert_int_equal(write(s->peer[HF_FRONT], "question", 8), 8);
    expect_bytes(s->peer[HF_BACK], "question");
    assert_int_equal(hf_socket_recv(s->peer[HF_FRONT], &byte, 1, &n), HF_AGAIN);
    assert_int_equal(back->bytes, 0);
    back->hold = false;
    hf_watch_again(&back->watch);
    expect_bytes(s->peer[HF_FRONT], "answer");
}

static void test_held_end(void **state)
{
    (void)state;
    in_every_mode(case_held_end);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_held_fin),
        TEST(test_held_end),
        TEST(test_move_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
