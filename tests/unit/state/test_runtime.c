/*
 * test_runtime.c: live servers of a configuration: usable or not, slots, who is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_maker.h"
#include "haftp/state/runtime.h"
#include "haftp/state/server_admin.h"
#include "haftp/state/stick.h"

struct fixture {
    struct maker maker;
    struct hf_runtime *runtime;
    struct hf_proxy *proxy;
};

static int setup(void **state)
{
    static struct fixture f;
    static struct hf_cfg_stick_table stick = {.type = HF_STICK_IP, .size = 10};
    maker_init(&f.maker);
    f.maker.config.global.maxconn = 2000;
    maker_listen(&f.maker, "other");
    struct hf_cfg_proxy *cfg = maker_listen(&f.maker, "ftp");
    cfg->stick_table = &stick;
    f.maker.config.tables = &stick;
    f.maker.config.n_tables = 1;
    maker_servers(&f.maker, cfg, 3, 21);
    for (struct hf_cfg_server *s = cfg->servers; s; s = s->next)
        s->o.weight = 1;
    cfg->servers->o.maxconn = 2;
    cfg->servers->next->next->o.backup = true;
    f.runtime = hf_runtime_new(&f.maker.config);
    if (!f.runtime)
        return -1;
    f.proxy = hf_runtime_proxy(f.runtime, cfg);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    hf_server_listen(NULL);
    hf_runtime_free(f->runtime);
    maker_fini(&f->maker);
    return 0;
}

static void mirrors_the_configuration(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->runtime->n_proxies, 2);
    assert_int_equal(f->runtime->maxconn, 2000);
    assert_string_equal(f->proxy->cfg->name, "ftp");
    assert_int_equal(f->proxy->n_servers, 3);
    assert_null(f->runtime->proxies[0]->stick);
    assert_non_null(f->proxy->stick);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(f->proxy->servers[i]->index, i);
        assert_ptr_equal(f->proxy->servers[i]->proxy, f->proxy);
        assert_true(hf_server_usable_mt(f->proxy->servers[i]));
    }
    assert_int_equal(hf_proxy_usable_mt(f->proxy), 2);
    assert_int_equal(hf_proxy_usable_backups_mt(f->proxy), 1);
}

static void usable_means_up_and_wanted(void **state)
{
    struct fixture *f = *state;
    struct hf_server *server = f->proxy->servers[0];
    atomic_store(&server->weight, 0);
    assert_true(hf_server_is_up_mt(server));
    assert_false(hf_server_usable_mt(server));
    atomic_store(&server->weight, 1);
    atomic_store(&server->off, HF_OFF_MAINT);
    assert_false(hf_server_is_up_mt(server));
    atomic_store(&server->off, 0);
    hf_server_set_up_mt(server, false, "");
    assert_false(hf_server_usable_mt(server));
    assert_int_equal(hf_proxy_usable_mt(f->proxy), 1);
}

static void slots_end_at_maxconn(void **state)
{
    struct fixture *f = *state;
    struct hf_server *limited = f->proxy->servers[0], *open = f->proxy->servers[1];
    assert_true(hf_server_take_mt(limited));
    assert_false(hf_server_full_mt(limited));
    assert_true(hf_server_take_mt(limited));
    assert_true(hf_server_full_mt(limited));
    assert_false(hf_server_take_mt(limited));
    hf_server_put_mt(limited);
    assert_true(hf_server_take_mt(limited));
    assert_int_equal(limited->sessions, 2);
    assert_int_equal(limited->sessions_most, 2);
    for (int i = 0; i < 1000; i++)
        assert_true(hf_server_take_mt(open));
    assert_false(hf_server_full_mt(open));
}

struct racer {
    struct hf_server *server;
    _Atomic int *over;
};

static void *take_and_put(void *arg)
{
    struct racer *racer = arg;
    for (int i = 0; i < 20000; i++) {
        if (!hf_server_take_mt(racer->server))
            continue;
        if (atomic_load(&racer->server->sessions) > 2)
            atomic_fetch_add(racer->over, 1);
        hf_server_put_mt(racer->server);
    }
    return NULL;
}

static void slots_hold_with_many_threads(void **state)
{
    struct fixture *f = *state;
    _Atomic int over = 0;
    struct racer racer = {f->proxy->servers[0], &over};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_put, &racer), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(over, 0);
    assert_int_equal(racer.server->sessions, 0);
}

static unsigned told, told_up;
static const char *told_why;

static void on_state(const struct hf_server *server, bool up, const char *why)
{
    (void)server;
    told++;
    told_up += up;
    told_why = why;
}

static void on_note(const struct hf_server *server, const char *text)
{
    (void)server;
    told_why = text;
}

static void changes_are_told_once(void **state)
{
    struct fixture *f = *state;
    static const struct hf_server_listener listener = {on_state, on_note, NULL};
    struct hf_server *server = f->proxy->servers[0];
    unsigned generation = f->proxy->generation;

    hf_server_listen(&listener);
    hf_server_set_up_mt(server, true, "no news");
    assert_int_equal(told, 0);
    assert_int_equal(f->proxy->generation, generation);
    hf_server_set_up_mt(server, false, "it failed");
    assert_int_equal(told, 1);
    assert_int_equal(told_up, 0);
    assert_string_equal(told_why, "it failed");
    assert_int_equal(f->proxy->generation, generation + 1);
    hf_server_set_up_mt(server, true, "");
    assert_int_equal(told, 2);
    assert_int_equal(told_up, 1);
    hf_server_note_mt(server, "by the way");
    assert_string_equal(told_why, "by the way");
}

static struct hf_cfg_server_opts *opts(struct fixture *f, unsigned i)
{
    return (struct hf_cfg_server_opts *)&f->proxy->servers[i]->cfg->o;
}

static void a_limit_grows_with_the_section(void **state)
{
    struct fixture *f = *state;
    struct hf_server *server = f->proxy->servers[0];

    opts(f, 0)->minconn = 4;
    hf_server_set_maxconn(f->proxy->servers[0], 20);
    f->proxy->fullconn = 100;
    assert_int_equal(hf_server_limit_mt(server), 4);
    atomic_store(&f->proxy->sessions_back, 50);
    assert_int_equal(hf_server_limit_mt(server), 10);
    atomic_store(&f->proxy->sessions_back, 99);
    assert_int_equal(hf_server_limit_mt(server), 19);
    atomic_store(&f->proxy->sessions_back, 1000);
    assert_int_equal(hf_server_limit_mt(server), 20);
    atomic_store(&f->proxy->sessions_back, 0);
}

static void fullconn_is_a_tenth_of_what_leads_there(void **state)
{
    struct fixture *f = *state;
    struct hf_cfg_proxy *front = f->maker.config.proxies, *back = front->next;
    struct hf_cfg_proxy *backends[] = {back};

    front->backends = back->backends = backends;
    front->n_backends = back->n_backends = 1;
    front->o.maxconn = 101;
    hf_runtime_set_maxconn(f->runtime, 2000); /* which is also the limit of the other one */
    assert_int_equal(f->proxy->fullconn, 211);
    back->o.fullconn = 7;
    hf_runtime_set_maxconn(f->runtime, 2000);
    assert_int_equal(f->proxy->fullconn, 7);
}

static void a_server_that_comes_back_starts_slowly(void **state)
{
    struct fixture *f = *state;
    struct hf_server *server = f->proxy->servers[0];

    opts(f, 0)->slowstart_ms = 1000;
    hf_server_set_maxconn(f->proxy->servers[0], 10);
    atomic_store(&server->weight, 10);
    assert_int_equal(hf_server_share_mt(server), 160); /* not at the start of the process */
    hf_server_set_up_mt(server, false, "");
    hf_server_set_up_mt(server, true, "");
    assert_int_equal(hf_server_share_mt(server), 10);
    assert_int_equal(hf_server_limit_mt(server), 1);
    hf_server_warm_mt(server, 50);
    assert_int_equal(hf_server_share_mt(server), 90);
    assert_int_equal(hf_server_limit_mt(server), 5);
    hf_server_set_drain(server, true);
    hf_server_set_drain(server, false);
    assert_int_equal(hf_server_share_mt(server), 10); /* anew */
    hf_server_warm_mt(server, 100);
    hf_server_set_drain(server, true);
    hf_server_set_drain(server, false);
    assert_int_equal(hf_server_share_mt(server), 160);
    assert_int_equal(hf_server_limit_mt(server), 10);
}

static unsigned suffered;

static void on_errors(struct hf_server *server)
{
    (void)server;
    suffered++;
}

static void errors_in_a_row_are_told(void **state)
{
    struct fixture *f = *state;
    struct hf_server *server = f->proxy->servers[0];

    hf_server_on_errors(on_errors);
    opts(f, 0)->error_limit = 3;
    for (unsigned i = 0; i < 9; i++)
        hf_server_observed_mt(server, false); /* observe none */
    opts(f, 0)->observe = HF_OBSERVE_LAYER4;
    for (unsigned i = 0; i < 9; i++)
        hf_server_observed_mt(server, i % 3 == 2); /* never three in a row */
    assert_int_equal(suffered, 0);
    for (unsigned i = 0; i < 6; i++)
        hf_server_observed_mt(server, false);
    assert_int_equal(suffered, 2);
    hf_server_on_errors(NULL);
}

static char evicted[64];

static void on_evict(struct hf_server *server, enum hf_reason reason)
{
    snprintf(evicted + strlen(evicted), sizeof evicted - strlen(evicted), "%u%s ", server->index,
             reason == HF_REASON_SERVER_DOWN ? "-" : "+");
}

static void sessions_end_with_their_server(void **state)
{
    struct fixture *f = *state;

    hf_server_on_evict(on_evict);
    hf_server_set_up_mt(f->proxy->servers[0], false, "");
    hf_server_set_up_mt(f->proxy->servers[0], true, "");
    assert_string_equal(evicted, "");
    opts(f, 0)->on_marked_down = HF_MARKED_DOWN_SHUTDOWN;
    opts(f, 0)->on_marked_up = HF_MARKED_UP_SHUTDOWN_BACKUPS;
    hf_server_set_up_mt(f->proxy->servers[0], false, "");
    assert_string_equal(evicted, "0- ");
    hf_server_set_up_mt(f->proxy->servers[0], true, ""); /* the third is the backup */
    assert_string_equal(evicted, "0- 2+ ");
    hf_server_on_evict(NULL);
}

static void followers_follow(void **state)
{
    struct fixture *f = *state;
    struct hf_server *const *s = f->proxy->servers;

    /* 2 follows 1, which follows 0. */
    s[0]->trackers = s[1];
    s[1]->tracked = s[0];
    s[1]->trackers = s[2];
    s[2]->tracked = s[1];
    hf_server_set_up_mt(s[0], false, "");
    assert_false(hf_server_is_up_mt(s[1]) || hf_server_is_up_mt(s[2]));
    hf_server_set_up_mt(s[0], true, "");
    assert_true(hf_server_is_up_mt(s[1]) && hf_server_is_up_mt(s[2]));
    assert_int_equal(hf_proxy_usable_mt(f->proxy), 2);
}

static void a_queue_of_a_server_may_be_bounded(void **state)
{
    struct fixture *f = *state;
    struct hf_server *server = f->proxy->servers[0];

    atomic_store(&server->waiting.count, 2);
    assert_false(hf_server_queue_full_mt(server));
    opts(f, 0)->maxqueue = 3;
    assert_false(hf_server_queue_full_mt(server));
    opts(f, 0)->maxqueue = 2;
    assert_true(hf_server_queue_full_mt(server));
    atomic_store(&server->waiting.count, 0);
}

/* ---- an administrator's words ---- */

static char last_news[256];

static void on_admin(const struct hf_server *server, const struct hf_server_news *news)
{
    snprintf(last_news, sizeof last_news, "%s %s%s", server->cfg->name, news->what, news->why);
}

static void an_administrator_keeps_sessions_off(void **state)
{
    struct fixture *f = *state;
    static const struct hf_server_listener listener = {on_state, on_note, on_admin};
    struct hf_server *server = f->proxy->servers[0];
    hf_server_listen(&listener);

    hf_server_set_drain(server, true);
    assert_non_null(strstr(last_news, "enters drain state"));
    assert_true(hf_server_is_up_mt(server));
    assert_false(hf_server_usable_mt(server));
    hf_server_set_maint(server, true);
    assert_non_null(strstr(last_news, "is going DOWN for maintenance"));
    assert_false(hf_server_is_up_mt(server));
    hf_server_set_maint(server, false);
    assert_non_null(strstr(last_news, "is UP/DRAIN (leaving forced maintenance)"));
    hf_server_set_drain(server, false);
    assert_true(hf_server_usable_mt(server));

    /* What was down comes out of maintenance as up: its checks will say. */
    hf_server_set_up_mt(server, false, "");
    hf_server_set_maint(server, true);
    assert_non_null(strstr(last_news, "was DOWN and now enters maintenance"));
    hf_server_set_maint(server, false);
    assert_true(hf_server_usable_mt(server));

    hf_server_set_stopping(server, "said so");
    assert_true(hf_server_is_up_mt(server));
    assert_false(hf_server_usable_mt(server));
    hf_server_set_up_mt(server, true, "");
    assert_true(hf_server_usable_mt(server));
    hf_server_listen(NULL);
}

static void the_last_one_goes_once(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < f->proxy->n_servers; i++) {
        assert_false(f->proxy->lost_last);
        hf_server_set_drain(f->proxy->servers[i], true);
    }
    assert_true(f->proxy->lost_last);
    hf_server_set_maint(f->proxy->servers[0], true); /* there was none before */
    assert_false(f->proxy->lost_last);
}

static void an_address_that_was_given_stays_valid(void **state)
{
    struct fixture *f = *state;
    struct hf_server *server = f->proxy->servers[0];
    const struct hf_addr *first = hf_server_addr_mt(server);
    struct hf_addr other;

    assert_int_equal(hf_addr_parse_host(hf_view_cstr("192.0.2.77"), &other), HF_OK);
    hf_addr_set_port(&other, 2121);
    assert_int_equal(hf_server_set_addr(server, &other), HF_OK);
    const struct hf_addr *second = hf_server_addr_mt(server);
    assert_true(hf_addr_equal(second, &other));
    assert_int_equal(hf_server_set_addr(server, first), HF_OK);
    assert_ptr_equal(hf_server_addr_mt(server), first);
    assert_int_equal(hf_server_set_addr(server, &other), HF_OK);
    assert_ptr_equal(hf_server_addr_mt(server), second); /* no new one each time */
}

static void a_limit_and_a_weight_change_while_it_runs(void **state)
{
    struct fixture *f = *state;
    struct hf_server *server = f->proxy->servers[0];
    unsigned generation = f->proxy->generation;

    hf_server_set_maxconn(server, 1);
    assert_true(hf_server_take_mt(server));
    assert_false(hf_server_take_mt(server));
    hf_server_set_maxconn(server, 0);
    assert_true(hf_server_take_mt(server));
    hf_server_put_mt(server);
    hf_server_put_mt(server);
    hf_server_set_weight(server, 0);
    assert_false(hf_server_usable_mt(server));
    assert_true(f->proxy->generation != generation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(mirrors_the_configuration, setup, teardown),
        cmocka_unit_test_setup_teardown(usable_means_up_and_wanted, setup, teardown),
        cmocka_unit_test_setup_teardown(slots_end_at_maxconn, setup, teardown),
        cmocka_unit_test_setup_teardown(slots_hold_with_many_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(changes_are_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_limit_grows_with_the_section, setup, teardown),
        cmocka_unit_test_setup_teardown(fullconn_is_a_tenth_of_what_leads_there, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_comes_back_starts_slowly, setup, teardown),
        cmocka_unit_test_setup_teardown(errors_in_a_row_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(sessions_end_with_their_server, setup, teardown),
        cmocka_unit_test_setup_teardown(followers_follow, setup, teardown),
        cmocka_unit_test_setup_teardown(a_queue_of_a_server_may_be_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(an_administrator_keeps_sessions_off, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_one_goes_once, setup, teardown),
        cmocka_unit_test_setup_teardown(an_address_that_was_given_stays_valid, setup, teardown),
        cmocka_unit_test_setup_teardown(a_limit_and_a_weight_change_while_it_runs, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
