/*
 * test_check.c: servers on loopback that listen, refuse or hang, and what the checks say of them.
 *
 * Driven by events: each test runs the loop until the state it waits for, with a limit as the only
 * clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "check_int.h"
#include "config_maker.h"
#include "haftp/check/check.h"
#include "haftp/net/socket.h"

#define LIMIT_MS 10000

struct fixture {
    struct maker maker;
    struct hf_cfg_proxy *cfg;
    struct hf_runtime *runtime;
    struct hf_loop *loop;
    struct hf_checks *checks;
    struct hf_timer limit;
    struct hf_server *server;
    unsigned changes; /* of state */
    unsigned stop_at; /* changes after which the loop stops */
    unsigned notes, stop_at_note;
    char why[256], note[512];
};

static struct fixture f;

static void on_state(const struct hf_server *server, bool up, const char *why)
{
    (void)server;
    (void)up;
    snprintf(f.why, sizeof f.why, "%s", why);
    if (++f.changes == f.stop_at)
        hf_loop_stop(f.loop);
}

static void on_note(const struct hf_server *server, const char *text)
{
    (void)server;
    snprintf(f.note, sizeof f.note, "%s", text);
    if (++f.notes == f.stop_at_note)
        hf_loop_stop(f.loop);
}

static int setup(void **state)
{
    static const struct hf_server_listener listener = {on_state, on_note, NULL};
    (void)state;
    memset(&f, 0, sizeof f);
    maker_init(&f.maker);
    f.cfg = maker_listen(&f.maker, "ftp_control");
    f.loop = hf_loop_new();
    hf_server_listen(&listener);
    return f.loop ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    hf_checks_stop(f.checks);
    hf_loop_free(f.loop);
    hf_server_listen(NULL);
    hf_runtime_free(f.runtime);
    maker_fini(&f.maker);
    return 0;
}

static struct hf_cfg_server *add_server(const char *host, uint16_t port)
{
    struct hf_cfg_server *server = maker_server(&f.maker, f.cfg, "ftp_1", host, port);
    server->o = (struct hf_cfg_server_opts){
        .check = true, .weight = 1, .inter_ms = 20, .rise = 2, .fall = 3};
    return server;
}

static void start(void)
{
    f.runtime = hf_runtime_new(&f.maker.config);
    assert_non_null(f.runtime);
    f.server = hf_runtime_proxy(f.runtime, f.cfg)->servers[0];
    f.checks = hf_checks_start(f.runtime, f.loop);
    assert_non_null(f.checks);
}

static void on_limit(struct hf_timer *timer)
{
    (void)timer;
    fail_msg("%u changes and %u notes after %d ms", f.changes, f.notes, LIMIT_MS);
}

static void run_until(unsigned changes, unsigned notes)
{
    f.stop_at = changes;
    f.stop_at_note = notes;
    hf_loop_timer(f.loop, &f.limit, LIMIT_MS, on_limit);
    hf_loop_run(f.loop);
    hf_loop_timer_cancel(f.loop, &f.limit);
}

static void on_pause_over(struct hf_timer *timer)
{
    (void)timer;
    hf_loop_stop(f.loop);
}

/* Lets the checks go on for a while; for what must not happen. */
static void run_for(unsigned ms)
{
    struct hf_timer timer = {0};
    f.stop_at = f.stop_at_note = 0;
    hf_loop_timer(f.loop, &timer, ms, on_pause_over);
    hf_loop_run(f.loop);
}

static int listen_on(uint16_t *port)
{
    struct hf_addr addr = maker_addr("127.0.0.1", *port);
    struct hf_addr local;
    int fd;
    assert_int_equal(hf_socket_listen(&addr, NULL, &fd), HF_OK);
    hf_socket_local(fd, &local);
    *port = hf_addr_port(&local);
    return fd;
}

static void goes_down_and_comes_back(void **state)
{
    (void)state;
    uint16_t port = 0;
    int fd = listen_on(&port);
    add_server("127.0.0.1", port);
    f.cfg->o.log_health_checks = true;
    start();
    run_until(0, 1); /* passed once: 3/3 */
    assert_non_null(strstr(f.note, "Health check for server ftp_control/ftp_1 succeeded, reason: "
                                   "Layer4 check passed, check duration: "));
    assert_non_null(strstr(f.note, "ms, status: 3/3 UP."));

    close(fd);
    run_until(0, 2);
    assert_true(hf_server_is_up_mt(f.server)); /* one failure of three */
    assert_non_null(strstr(f.note, "status: 2/3 UP."));
    run_until(1, 0);
    assert_false(hf_server_is_up_mt(f.server));
    assert_int_equal(f.notes, 4);
    assert_non_null(strstr(f.note, "failed, reason: Layer4 connection problem"));
    assert_non_null(strstr(f.note, "status: 0/2 DOWN."));
    assert_non_null(strstr(f.why,
                           "reason: Layer4 connection problem, info: \"Connection refused\", "
                           "check duration: "));

    fd = listen_on(&port);
    run_until(0, 5);
    assert_false(hf_server_is_up_mt(f.server)); /* one success of two */
    run_until(2, 0);
    assert_true(hf_server_is_up_mt(f.server));
    close(fd);
}

static void the_first_failure_is_enough_at_the_start(void **state)
{
    (void)state;
    uint16_t port = 0;
    close(listen_on(&port)); /* nobody listens there now */
    add_server("127.0.0.1", port)->o.inter_ms = 60000;
    start();
    assert_true(hf_server_is_up_mt(f.server));
    run_until(1, 0); /* the next check would come after the limit */
    assert_false(hf_server_is_up_mt(f.server));
}

/* A port whose backlog is full: the kernel drops further SYNs, as a dead host does. */
struct deaf {
    int fds[5];
    uint16_t port;
};

static struct deaf be_deaf(void)
{
    struct hf_addr addr = maker_addr("127.0.0.1", 0), local;
    struct hf_listen_opts opts = {.backlog = 1};
    struct deaf deaf;
    assert_int_equal(hf_socket_listen(&addr, &opts, &deaf.fds[0]), HF_OK);
    hf_socket_local(deaf.fds[0], &local);
    for (unsigned i = 1; i < 5; i++)
        assert_int_equal(hf_socket_connect(&local, NULL, &deaf.fds[i]), HF_OK);
    deaf.port = hf_addr_port(&local);
    return deaf;
}

static void be_gone(struct deaf *deaf)
{
    for (unsigned i = 0; i < 5; i++)
        close(deaf->fds[i]);
}

static void who_does_not_answer_times_out(void **state)
{
    (void)state;
    struct deaf deaf = be_deaf();
    add_server("127.0.0.1", deaf.port)->o.inter_ms = 60000;
    f.cfg->o.timeout.connect = 30;
    start();
    run_until(1, 0);
    assert_false(hf_server_is_up_mt(f.server));
    assert_non_null(strstr(f.why, "reason: Layer4 timeout, check duration: "));
    be_gone(&deaf);
}

static void port_and_address_can_be_others(void **state)
{
    (void)state;
    uint16_t port = 0, nobody = 0;
    int fd = listen_on(&port);
    close(listen_on(&nobody));
    struct hf_cfg_server *server = add_server("127.0.0.2", nobody);
    server->o.check_port = port;
    server->o.check_addr = maker_addr("127.0.0.1", 0);
    f.cfg->o.log_health_checks = true;
    start();
    run_until(0, 1);
    assert_true(hf_server_is_up_mt(f.server));
    assert_int_equal(f.changes, 0);
    close(fd);
}

static void intervals_follow_the_state(void **state)
{
    (void)state;
    uint16_t port = 0;
    int fd = listen_on(&port);
    struct hf_cfg_server *server = add_server("127.0.0.1", port);
    server->o.inter_ms = 300;
    server->o.fastinter_ms = 1;
    server->o.downinter_ms = 60000;
    server->o.fall = 50;
    f.cfg->o.log_health_checks = true;
    start();
    run_until(0, 1);
    close(fd);
    uint64_t before = hf_loop_now(f.loop);
    run_until(1, 0); /* one slow, 49 fast ones */
    assert_in_range(hf_loop_now(f.loop) - before, 250, 5000);
    unsigned notes = f.notes;
    fd = listen_on(&port);
    run_for(300); /* downinter: not asked again */
    assert_int_equal(f.notes, notes);
    close(fd);
}

static void who_is_in_maintenance_is_left_alone(void **state)
{
    (void)state;
    uint16_t port = 0;
    close(listen_on(&port));
    add_server("127.0.0.1", port)->o.disabled = true;
    start();
    run_for(100);
    assert_int_equal(f.changes, 0);
    atomic_store(&f.server->off, 0);
    run_until(1, 0);
}

/* Our own shortage of descriptors must not take servers down. */
static void our_own_shortage_is_no_verdict(void **state)
{
    (void)state;
    uint16_t port = 0;
    int fd = listen_on(&port);
    struct rlimit limit, none;
    add_server("127.0.0.1", port);
    f.cfg->o.log_health_checks = true;
    start();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){0, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    run_for(100);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(f.changes, 0);
    assert_int_equal(f.notes, 1); /* the log hears of it, once */
    run_until(0, 2);
    assert_true(hf_server_is_up_mt(f.server));
    close(fd);
}

static void servers_without_check_have_none(void **state)
{
    (void)state;
    uint16_t port = 0;
    close(listen_on(&port));
    add_server("127.0.0.1", port)->o.check = false;
    start();
    run_for(100);
    assert_int_equal(f.changes, 0);
}

static void stops_in_the_middle(void **state)
{
    (void)state;
    struct deaf deaf = be_deaf();
    for (unsigned i = 0; i < 20; i++)
        add_server("127.0.0.1", deaf.port)->o.inter_ms = 1000;
    start();
    run_for(100); /* some wait for an answer, others for their turn */
    assert_int_equal(f.changes, 0);
    be_gone(&deaf); /* teardown stops the checks: the leak checker would tell */
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* A reply that is cut in the middle of the password would tell half of it. */
static void replies_do_not_tell_the_password(void **state)
{
    static const char masked[] = "(a reply that repeats the password)";
    char line[160], out[128];
    (void)state;

    for (size_t at = 4; at < 150; at++) {
        memset(line, 'x', sizeof line);
        memcpy(line, "530 ", 4);
        memcpy(line + at, "hunter2222", 10);
        hf_check_quote(hf_view(line, sizeof line), "hunter2222", out, sizeof out);
        assert_string_equal(out, masked);
    }
    memset(line, 'x', sizeof line);
    hf_check_quote(hf_view(line, sizeof line), "hunter2222", out, sizeof out);
    assert_int_equal(strlen(out), sizeof out - 1);
    hf_check_quote(hf_view_cstr("530 no"), NULL, out, sizeof out);
    assert_string_equal(out, "530 no");
    hf_check_quote(hf_view_cstr("530 no"), "", out, sizeof out);
    assert_string_equal(out, "530 no");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(goes_down_and_comes_back),
        WITH_FIXTURE(the_first_failure_is_enough_at_the_start),
        WITH_FIXTURE(who_does_not_answer_times_out),
        WITH_FIXTURE(port_and_address_can_be_others),
        WITH_FIXTURE(intervals_follow_the_state),
        WITH_FIXTURE(who_is_in_maintenance_is_left_alone),
        WITH_FIXTURE(our_own_shortage_is_no_verdict),
        WITH_FIXTURE(servers_without_check_have_none),
        WITH_FIXTURE(stops_in_the_middle),
        cmocka_unit_test(replies_do_not_tell_the_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
