/*
 * test_dial.c: who waits where for a slot, and in which order slots are given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_maker.h"
#include "haftp/base/clock.h"
#include "haftp/stream/dial.h"

#define N_SESSIONS 4

struct caller {
    struct hf_session session;
    struct hf_watch watch;
    struct hf_dial *dial;
};

struct fixture {
    struct maker maker;
    struct hf_cfg_proxy *cfg;
    struct hf_loop *loop;
    struct hf_runtime *runtime;
    struct hf_proxy *backend;
    struct hf_engine *engine;
    struct caller callers[N_SESSIONS];
};

static void begin(struct fixture *f, const char *balance)
{
    memset(f, 0, sizeof *f);
    maker_init(&f->maker);
    f->cfg = maker_listen(&f->maker, "ftp");
    f->cfg->o.balance = balance;
    for (unsigned i = 0; i < 2; i++) {
        struct hf_cfg_server *server =
            maker_server(&f->maker, f->cfg, i ? "s2" : "s1", "127.0.0.1", 9);
        server->o.weight = 1;
        server->o.maxconn = 1;
    }
}

static void start(struct fixture *f)
{
    f->loop = hf_loop_new();
    assert_non_null(f->loop);
    f->runtime = hf_runtime_new(&f->maker.config);
    assert_non_null(f->runtime);
    f->backend = hf_runtime_proxy(f->runtime, f->cfg);
    f->engine = hf_engine_new(f->loop, f->runtime, 0, 1);
    assert_non_null(f->engine);
}

static void end(struct fixture *f)
{
    for (unsigned i = 0; i < N_SESSIONS; i++) {
        struct caller *caller = &f->callers[i];
        hf_dial_free(caller->dial);
        if (caller->session.server)
            hf_server_put_mt(caller->session.server);
    }
    hf_loop_settle(f->loop);
    hf_engine_free(f->engine);
    hf_balance_fini(f->backend);
    hf_runtime_free(f->runtime);
    hf_loop_free(f->loop);
    maker_fini(&f->maker);
}

static void on_ready(struct hf_watch *watch)
{
    (void)watch; /* whether the connection is made does not matter here */
}

static void on_dialed(struct hf_session *session, bool connected)
{
    (void)session;
    (void)connected;
}

static struct caller *dial(struct fixture *f, unsigned i)
{
    struct caller *caller = &f->callers[i];
    caller->session.engine = f->engine;
    caller->session.facts.backend = f->backend;
    caller->session.facts.client = (struct hf_addr){
        .v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)}}; /* one client */
    caller->dial = hf_dial_new(&caller->session, &caller->watch, on_ready, on_dialed);
    assert_non_null(caller->dial);
    hf_dial_begin(caller->dial, NULL);
    return caller;
}

/* Its session ends. */
static void leave(struct caller *caller)
{
    struct hf_server *server = caller->session.server;
    hf_dial_free(caller->dial);
    caller->dial = NULL;
    caller->session.server = NULL;
    if (server)
        hf_server_put_mt(server);
}

static void bound_sessions_wait_for_their_server(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "source");
    start(&f);
    struct hf_server *mine = dial(&f, 0)->session.server;
    assert_non_null(mine);
    struct caller *second = dial(&f, 1), *third = dial(&f, 2);
    hf_loop_settle(f.loop);
    assert_null(second->session.server);
    assert_int_equal(hf_waitlist_count_mt(&mine->waiting), 2);
    assert_int_equal(hf_waitlist_count_mt(&f.backend->waiting), 0);
    assert_int_equal(third->session.facts.srv_queue, 1);
    assert_int_equal(third->session.facts.be_queue, 0);
    leave(&f.callers[0]);
    hf_loop_settle(f.loop);
    assert_ptr_equal(second->session.server, mine);
    assert_null(third->session.server);
    end(&f);
}

/* Both slots are taken: by the callers 0 and 1. */
static void begin_full(struct fixture *f)
{
    begin(f, "roundrobin");
    start(f);
    dial(f, 0);
    dial(f, 1);
}

/* Its server goes down: who waited for it goes elsewhere. */
static void bound_sessions_go_when_their_server_does(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "source");
    start(&f);
    struct hf_server *mine = dial(&f, 0)->session.server;
    struct caller *second = dial(&f, 1), *third = dial(&f, 2);
    hf_loop_settle(f.loop);
    hf_server_set_up_mt(mine, false, "");
    hf_loop_settle(f.loop);
    assert_ptr_equal(second->session.server, f.backend->servers[!mine->index]);
    assert_int_equal(hf_waitlist_count_mt(&mine->waiting), 0);
    assert_int_equal(hf_waitlist_count_mt(&f.backend->servers[!mine->index]->waiting), 1);
    assert_null(third->session.server);
    end(&f);
}

static void newcomers_queue_behind_who_waits(void **state)
{
    (void)state;
    struct fixture f;
    begin_full(&f);
    struct caller *waiting = dial(&f, 2);
    hf_loop_settle(f.loop);
    assert_null(waiting->session.server);
    leave(&f.callers[0]); /* the mail is on its way when the next one comes */
    struct caller *newcomer = dial(&f, 3);
    assert_null(newcomer->session.server);
    hf_loop_settle(f.loop);
    assert_non_null(waiting->session.server);
    assert_null(newcomer->session.server);
    leave(&f.callers[1]);
    hf_loop_settle(f.loop);
    assert_non_null(newcomer->session.server);
    end(&f);
}

/* The free server is of no use to the one who tried it, but the next in line gets it. */
static void a_slot_of_no_use_is_passed_on(void **state)
{
    (void)state;
    struct fixture f;
    begin_full(&f);
    struct caller *picky = dial(&f, 2), *next = dial(&f, 3);
    hf_loop_settle(f.loop);
    picky->dial->pick.tried[picky->dial->pick.n_tried++] = f.callers[0].session.server;
    leave(&f.callers[0]);
    hf_loop_settle(f.loop);
    assert_null(picky->session.server);
    assert_non_null(next->session.server);
    end(&f);
}

static void slots_that_nobody_waited_for_are_found(void **state)
{
    (void)state;
    struct fixture f;
    begin_full(&f);
    struct caller *waiting = dial(&f, 2);
    hf_loop_settle(f.loop);
    leave(&f.callers[0]);
    leave(&f.callers[1]); /* wakes nobody: the only one who waited is awake */
    struct caller *newcomer = dial(&f, 3);
    hf_loop_settle(f.loop);
    assert_non_null(waiting->session.server);
    assert_non_null(newcomer->session.server);
    end(&f);
}

static void who_left(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "roundrobin");
    start(&f);
    struct caller *caller = dial(&f, 0);
    struct hf_watch front = {.ready = HF_READY_IN | HF_READY_HUP};
    assert_false(hf_dial_client_left(&caller->session, &front));
    f.cfg->o.abortonclose = true;
    assert_true(hf_dial_client_left(&caller->session, &front));
    f.cfg->o.abortonclose = false;
    front.ready |= HF_READY_ERR;
    assert_true(hf_dial_client_left(&caller->session, &front));
    end(&f);
}

static void timeouts_and_clock(void **state)
{
    (void)state;
    assert_int_equal(hf_timeout_shorter(0, 7), 7);
    assert_int_equal(hf_timeout_shorter(7, 0), 7);
    assert_int_equal(hf_timeout_shorter(8, 7), 7);
    assert_true(hf_clock_wall_us() / 1000000 > 1600000000); /* microseconds, of this century */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bound_sessions_wait_for_their_server),
        cmocka_unit_test(bound_sessions_go_when_their_server_does),
        cmocka_unit_test(newcomers_queue_behind_who_waits),
        cmocka_unit_test(a_slot_of_no_use_is_passed_on),
        cmocka_unit_test(slots_that_nobody_waited_for_are_found),
        cmocka_unit_test(who_left),
        cmocka_unit_test(timeouts_and_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
