/*
 * test_gate.c: who is let in, in which order, and how many places of maxsslconn it takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "config_maker.h"
#include "haftp/base/assert.h"
#include "haftp/net/socket.h"
#include "haftp/stream/gate.h"

#define N_DOORS   2u
#define MOST_SEEN 8u

struct fixture {
    struct maker maker;
    struct hf_cfg_proxy *cfg;
    struct hf_cfg_bind bind[N_DOORS];
    struct hf_addr addr[N_DOORS];
    struct hf_gate *gate[N_DOORS];
    struct hf_loop *loop;
    struct hf_runtime *runtime;
    struct hf_proxy *frontend;
    struct hf_engine *engine;
    struct hf_timer timer;
    int clients[MOST_SEEN];
    unsigned n_clients;
};

static struct {
    const struct hf_cfg_bind *bind[MOST_SEEN]; /* through which they came, in their order */
    unsigned n;
} seen;

static bool on_session(struct hf_engine *engine, const struct hf_cfg_bind *bind, int fd,
                       const struct hf_addr *peer)
{
    (void)engine, (void)peer;
    assert_true(seen.n < MOST_SEEN);
    seen.bind[seen.n++] = bind;
    close(fd);
    return true;
}

static void prepare(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    memset(&seen, 0, sizeof seen);
    maker_init(&f->maker);
    f->cfg = maker_listen(&f->maker, "plain");
    for (unsigned i = 0; i < N_DOORS; i++)
        f->bind[i] = (struct hf_cfg_bind){.proxy = f->cfg};
}

static void start(struct fixture *f)
{
    f->loop = hf_loop_new();
    f->runtime = hf_runtime_new(&f->maker.config);
    assert_non_null(f->runtime);
    f->frontend = hf_runtime_proxy(f->runtime, f->cfg);
    f->engine = hf_engine_new(f->loop, f->runtime, 0, 1);
    assert_non_null(f->engine);
    for (unsigned i = 0; i < N_DOORS; i++) {
        int fd;
        f->addr[i] = maker_addr("127.0.0.1", 0);
        assert_int_equal(hf_socket_listen(&f->addr[i], NULL, &fd), HF_OK);
        hf_socket_local(fd, &f->addr[i]);
        f->gate[i] = hf_gate_open(f->engine, &f->bind[i], fd, on_session);
        assert_non_null(f->gate[i]);
    }
}

static void end(struct fixture *f)
{
    for (unsigned i = 0; i < N_DOORS; i++)
        hf_gate_close(f->gate[i]);
    for (unsigned i = 0; i < f->n_clients; i++)
        close(f->clients[i]);
    hf_loop_settle(f->loop);
    hf_engine_free(f->engine);
    hf_runtime_free(f->runtime);
    hf_loop_free(f->loop);
    maker_fini(&f->maker);
}

static void come(struct fixture *f, unsigned door)
{
    int *fd = &f->clients[f->n_clients++];
    assert_int_equal(hf_socket_connect(&f->addr[door], NULL, fd), HF_OK);
}

static void leave(const struct fixture *f, unsigned door)
{
    hf_gate_leave_tls_mt(f->runtime, hf_gate_tls_places(f->frontend, &f->bind[door]));
    hf_gate_leave_mt(f->frontend, &f->bind[door]);
}

/* ---- waiting for it -------------------------------------------------------------------------- */

static struct {
    const struct hf_waitlist *list;
    unsigned waiting, seen;
    uint64_t give_up_ms;
} goal;

static void on_look(struct hf_timer *timer)
{
    struct fixture *f = HF_CONTAINER(timer, struct fixture, timer);

    if ((goal.seen == seen.n && goal.waiting == hf_waitlist_count_mt(goal.list)) ||
        hf_loop_now(f->loop) > goal.give_up_ms)
        hf_loop_stop(f->loop);
    else
        hf_loop_timer(f->loop, timer, 1, on_look);
}

/* Until so many sessions have begun, and so many wait at this list. */
static void until(struct fixture *f, unsigned sessions, const struct hf_waitlist *list,
                  unsigned waiting)
{
    goal.seen = sessions;
    goal.list = list;
    goal.waiting = waiting;
    goal.give_up_ms = hf_loop_now(f->loop) + 5000;
    hf_loop_timer(f->loop, &f->timer, 1, on_look);
    hf_loop_run(f->loop);
    assert_int_equal(seen.n, sessions);
    assert_int_equal(hf_waitlist_count_mt(list), waiting);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Room has come free, and at another gate somebody comes who has not waited. */
static void oldest_first(struct fixture *f, const struct hf_waitlist *list)
{
    come(f, 0);
    until(f, 1, list, 0);
    come(f, 1);
    until(f, 1, list, 1);
    leave(f, 0);
    come(f, 0);
    until(f, 2, list, 1);
    assert_ptr_equal(seen.bind[1], &f->bind[1]);
    leave(f, 1);
    until(f, 3, list, 0);
    assert_ptr_equal(seen.bind[2], &f->bind[0]);
    leave(f, 0);
    assert_int_equal(atomic_load(&f->frontend->sessions_front), 0);
    assert_int_equal(atomic_load(&f->runtime->sessions), 0);
    assert_int_equal(atomic_load(&f->runtime->tls_places), 0);
}

static void test_oldest_first_at_a_section(void **state)
{
    static struct fixture f;
    (void)state;

    prepare(&f);
    f.cfg->o.maxconn = 1;
    start(&f);
    oldest_first(&f, &f.frontend->entry);
    end(&f);
}

static void test_oldest_first_for_tls(void **state)
{
    static struct fixture f;
    (void)state;

    prepare(&f);
    f.maker.config.global.maxsslconn = 3; /* one session has two places */
    f.cfg->reaches_tls = true;
    f.bind[0].tls.ssl = f.bind[1].tls.ssl = true;
    start(&f);
    oldest_first(&f, &f.runtime->tls_entry);
    end(&f);
}

static void test_places(void **state)
{
    static struct fixture f;
    (void)state;

    prepare(&f);
    f.bind[1].tls.ssl = true;
    start(&f);
    assert_int_equal(hf_gate_tls_places(f.frontend, &f.bind[0]), 0);
    assert_int_equal(hf_gate_tls_places(f.frontend, &f.bind[1]), 1);
    f.cfg->reaches_tls = true;
    assert_int_equal(hf_gate_tls_places(f.frontend, &f.bind[0]), 1);
    assert_int_equal(hf_gate_tls_places(f.frontend, &f.bind[1]), 2);
    end(&f);
}

/* Clients of one address come to a bind with `ssl` and wait; an AUTH does not go before them. */
static void test_auth_overtakes_nobody(void **state)
{
    static struct fixture f;
    uint64_t now;
    (void)state;

    prepare(&f);
    f.maker.config.global.maxsslconn = 1;
    f.bind[1].tls.ssl = true;
    start(&f);
    now = hf_loop_now(f.loop);
    assert_true(hf_gate_enter_tls_mt(f.runtime, now));
    assert_false(hf_gate_enter_tls_mt(f.runtime, now));
    come(&f, 1);
    until(&f, 0, &f.runtime->tls_entry, 1);
    hf_gate_leave_tls_mt(f.runtime, 1);
    assert_false(hf_gate_enter_tls_mt(f.runtime, now));
    until(&f, 1, &f.runtime->tls_entry, 0);
    assert_false(hf_gate_enter_tls_mt(f.runtime, now));
    leave(&f, 1);
    assert_true(hf_gate_enter_tls_mt(f.runtime, now));
    hf_gate_leave_tls_mt(f.runtime, 1);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oldest_first_at_a_section),
        cmocka_unit_test(test_oldest_first_for_tls),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_auth_overtakes_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
