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
    assert_int_equal(hf_proxy_usable_mt(f->proxy, false), 2);
    assert_int_equal(hf_proxy_usable_mt(f->proxy, true), 1);
}

static void usable_means_up_and_wanted(void **state)
{
    struct fixture *f = *state;
    struct hf_server *server = f->proxy->servers[0];
    atomic_store(&server->weight, 0);
    assert_true(hf_server_is_up_mt(server));
    assert_false(hf_server_usable_mt(server));
    atomic_store(&server->weight, 1);
    atomic_store(&server->maint, true);
    assert_false(hf_server_is_up_mt(server));
    atomic_store(&server->maint, false);
    hf_server_set_up_mt(server, false, "");
    assert_false(hf_server_usable_mt(server));
    assert_int_equal(hf_proxy_usable_mt(f->proxy, false), 1);
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
    assert_int_equal(limited->sessions_total, 3);
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
    static const struct hf_server_listener listener = {on_state, on_note};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(mirrors_the_configuration, setup, teardown),
        cmocka_unit_test_setup_teardown(usable_means_up_and_wanted, setup, teardown),
        cmocka_unit_test_setup_teardown(slots_end_at_maxconn, setup, teardown),
        cmocka_unit_test_setup_teardown(slots_hold_with_many_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(changes_are_told_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
