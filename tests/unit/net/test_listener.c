/* Listeners: batches, pause and resume, running out of descriptors. */
#include "net_fixture.h"

#include <sys/resource.h>

#include "haftp/net/listener.h"

#define MOST 512

static struct hf_loop *loop;
static struct hf_listener listener;
static struct hf_addr addr;
static int accepted[MOST], client[MOST];
static unsigned n_accepted, n_clients, pause_at, nofd_calls;
static bool close_in_callback;

static bool on_accept(struct hf_listener *l, int fd, const struct hf_addr *peer)
{
    assert_ptr_equal(l, &listener);
    assert_ptr_equal(l->owner, &accepted);
    assert_true(hf_addr_is_set(peer));
    accepted[n_accepted++] = fd;
    if (close_in_callback)
        hf_listener_close(l);
    return n_accepted != pause_at;
}

static void on_nofd(struct hf_listener *l, enum hf_status why)
{
    assert_ptr_equal(l, &listener);
    assert_int_equal(why, HF_NOFD);
    nofd_calls++;
}

static int set_up(void **state)
{
    (void)state;
    loop = hf_loop_new();
    n_accepted = n_clients = pause_at = nofd_calls = 0;
    close_in_callback = false;
    memset(&listener, 0, sizeof listener);
    int fd = listen_somewhere(&addr);
    listener.on_nofd = on_nofd;
    return hf_listener_open(&listener, loop, fd, 8, on_accept, &accepted) ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    hf_listener_close(&listener);
    hf_listener_close(&listener);
    hf_loop_free(loop);
    for (unsigned i = 0; i < n_accepted; i++)
        close(accepted[i]);
    for (unsigned i = 0; i < n_clients; i++)
        close(client[i]);
    return 0;
}

static void connect_clients(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(hf_socket_connect(&addr, NULL, &client[n_clients++]), HF_OK);
}

static void test_accepts_all_in_bounded_batches(void **state)
{
    (void)state;
    connect_clients(100);
    unsigned before = 0;
    while (n_accepted < 100) {
        turn(loop);
        assert_true(n_accepted - before <= 16); /* an event and an "again" in one turn */
        before = n_accepted;
    }
}

static void test_pause_keeps_the_backlog_for_resume(void **state)
{
    (void)state;
    pause_at = 3;
    connect_clients(10);
    for (int i = 0; i < 20; i++)
        turn(loop);
    assert_int_equal(n_accepted, 3);
    assert_true(listener.paused);
    connect_clients(1); /* its edge comes while we are paused */
    for (int i = 0; i < 20; i++)
        turn(loop);
    assert_int_equal(n_accepted, 3);
    hf_listener_resume(&listener);
    assert_int_equal(n_accepted, 3); /* not from inside the call */
    TURN_UNTIL(loop, n_accepted == 11);
    hf_listener_pause(&listener);
    hf_listener_resume(&listener);
    hf_listener_resume(&listener);
    connect_clients(1);
    TURN_UNTIL(loop, n_accepted == 12);
}

static void test_close_inside_the_callback(void **state)
{
    (void)state;
    close_in_callback = true;
    connect_clients(5);
    TURN_UNTIL(loop, n_accepted == 1);
    for (int i = 0; i < 20; i++)
        turn(loop);
    assert_int_equal(n_accepted, 1);
}

static void test_out_of_descriptors_backs_off_and_recovers(void **state)
{
    (void)state;
    struct rlimit limit, tight;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    connect_clients(4);
    tight = limit;
    tight.rlim_cur = (rlim_t)client[3] + 1; /* no number is free below */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    TURN_UNTIL(loop, nofd_calls == 1);
    assert_int_equal(n_accepted, 0);
    for (int i = 0; i < 100; i++)
        turn(loop);
    assert_int_equal(nofd_calls, 1); /* it waits; it does not spin */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    while (n_accepted < 4)
        hf_loop_turn(loop, true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_accepts_all_in_bounded_batches),
        TEST(test_pause_keeps_the_backlog_for_resume),
        TEST(test_close_inside_the_callback),
        TEST(test_out_of_descriptors_backs_off_and_recovers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
