/*
 * test_balance.c: what every algorithm promises, and what each one promises beyond that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "config_maker.h"
#include "haftp/balance/balance.h"
#include "haftp/state/stick.h"

#define MAX_SERVERS 1000

struct fixture {
    struct maker maker;
    struct hf_cfg_proxy *cfg;
    struct hf_runtime *runtime;
    struct hf_proxy *backend;
    unsigned hits[MAX_SERVERS];
};

static void begin(struct fixture *f, const char *balance, unsigned n, const unsigned *weights)
{
    memset(f, 0, sizeof *f);
    maker_init(&f->maker);
    f->cfg = maker_listen(&f->maker, "ftp");
    f->cfg->o.balance = balance;
    for (unsigned i = 0; i < n; i++) {
        char *name = hf_arena_printf(f->maker.config.arena, "ftp_%u", i + 1);
        maker_server(&f->maker, f->cfg, name, "192.168.1.10", 21)->o.weight =
            weights ? weights[i] : 1;
    }
}

static void start(struct fixture *f)
{
    f->runtime = hf_runtime_new(&f->maker.config);
    assert_non_null(f->runtime);
    f->backend = hf_runtime_proxy(f->runtime, f->cfg);
}

static void end(struct fixture *f)
{
    hf_balance_fini(f->backend);
    hf_runtime_free(f->runtime);
    maker_fini(&f->maker);
}

static struct hf_cfg_server *server_cfg(struct fixture *f, unsigned i)
{
    struct hf_cfg_server *server = f->cfg->servers;
    while (i-- > 0)
        server = server->next;
    return server;
}

static struct hf_addr client_number(uint32_t n)
{
    struct hf_addr addr = {
        .v4 = {.sin_family = AF_INET, .sin_port = 1, .sin_addr.s_addr = htonl(0x0a010000 + n)}};
    return addr;
}

static struct hf_server *pick_for(struct fixture *f, uint32_t client, struct hf_pick *pick)
{
    struct hf_addr addr = client_number(client);
    struct hf_eval eval;
    hf_eval_init(&eval, f->runtime, NULL);
    eval.now_ms = pick->now_ms;
    pick->client = &addr;
    hf_balance_prepare_mt(f->backend, pick, &eval);
    struct hf_server *server = hf_balance_pick_mt(f->backend, pick);
    hf_balance_forget(pick);
    pick->client = NULL;
    return server;
}

/* The picked server's index; -1: none. */
static int pick(struct fixture *f, uint32_t client)
{
    struct hf_pick question = {0};
    struct hf_server *server = pick_for(f, client, &question);
    return server ? (int)server->index : -1;
}

static void count_picks(struct fixture *f, unsigned n)
{
    memset(f->hits, 0, sizeof f->hits);
    for (unsigned i = 0; i < n; i++) {
        int index = pick(f, i);
        assert_true(index >= 0);
        f->hits[index]++;
    }
}

static void down(struct fixture *f, unsigned i)
{
    hf_server_set_up_mt(f->backend->servers[i], false, "");
}

static void up(struct fixture *f, unsigned i)
{
    hf_server_set_up_mt(f->backend->servers[i], true, "");
}

static void assert_near(unsigned got, unsigned expected, unsigned percent)
{
    unsigned slack = expected * percent / 100 + 1;
    if (got + slack < expected || got > expected + slack)
        fail_msg("%u picks, expected %u +- %u", got, expected, slack);
}

/* ---- all algorithms ---------------------------------------------------------------------- */

#include "balance_list.inc"

#define N_ALGORITHMS (sizeof hf_balance_list / sizeof hf_balance_list[0])

typedef void (*algorithm_fn)(const char *name, enum hf_hash_type hash_type);

static void for_each_algorithm(algorithm_fn fn)
{
    for (unsigned i = 0; i < N_ALGORITHMS; i++)
        fn(hf_balance_list[i]->name, HF_HASH_MAP);
    fn("source", HF_HASH_CONSISTENT);
}

/* Random states, random tried lists: the answer is a usable server that was not tried, or there is
 * none. */
static void check_only_usable(const char *name, enum hf_hash_type hash_type)
{
    enum { N = 8 };
    struct fixture f;
    uint32_t dice = 12345;

    begin(&f, name, N, NULL);
    f.cfg->o.hash_type = hash_type;
    f.cfg->o.hash_avalanche = hash_type == HF_HASH_CONSISTENT;
    server_cfg(&f, 5)->o.maxconn = 1;
    server_cfg(&f, 6)->o.backup = true;
    server_cfg(&f, 7)->o.backup = true;
    start(&f);
    for (unsigned round = 0; round < 4000; round++) {
        struct hf_pick question = {0};
        unsigned usable = 0;
        dice = dice * 1103515245u + 12345u;
        uint32_t bits = dice >> 8;
        hf_server_set_up_mt(f.backend->servers[round % N], bits & 1, "");
        for (unsigned i = 0; i < N; i++) {
            bool tried = bits >> (i + 1) & 1 && bits & 0x10000;
            if (tried)
                question.tried[question.n_tried++] = f.backend->servers[i];
            usable += !tried && hf_server_usable_mt(f.backend->servers[i]);
        }
        struct hf_server *server = pick_for(&f, round, &question);
        if (!server) {
            assert_int_equal(usable, 0);
            continue;
        }
        assert_true(hf_server_usable_mt(server));
        for (unsigned i = 0; i < question.n_tried; i++)
            assert_ptr_not_equal(server, question.tried[i]);
    }
    end(&f);
}

static void only_usable_servers_not_tried(void **state)
{
    (void)state;
    for_each_algorithm(check_only_usable);
}

/* Sessions end as fast as they begin, so that `leastconn` and `random` see idle servers. */
static void check_shares(const char *name, enum hf_hash_type hash_type)
{
    static const unsigned weights[] = {1, 2, 5};
    struct fixture f;
    if (strcmp(name, "first") == 0 || strcmp(name, "sticky") == 0 || strcmp(name, "leastconn") == 0)
        return; /* they promise other things, see below */
    begin(&f, name, 3, weights);
    f.cfg->o.hash_type = hash_type;
    f.cfg->o.hash_avalanche = hash_type == HF_HASH_CONSISTENT;
    start(&f);
    count_picks(&f, 16000);
    for (unsigned i = 0; i < 3; i++)
        assert_near(f.hits[i], 2000 * weights[i], hash_type == HF_HASH_CONSISTENT ? 50 : 8);
    end(&f);
}

static void shares_follow_the_weights(void **state)
{
    (void)state;
    for_each_algorithm(check_shares);
}

static void check_many(const char *name, enum hf_hash_type hash_type)
{
    struct fixture f;
    struct timespec before, after;
    begin(&f, name, MAX_SERVERS, NULL);
    f.cfg->o.hash_type = hash_type;
    f.cfg->o.hash_avalanche = hash_type == HF_HASH_CONSISTENT;
    start(&f);
    assert_true(pick(&f, 0) >= 0); /* builds the state */
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    count_picks(&f, 10000);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    double us = (double)(after.tv_sec - before.tv_sec) * 1e6 +
                (double)(after.tv_nsec - before.tv_nsec) / 1e3;
    print_message("%-12s %s %.2f us per pick of 1000 servers\n", name,
                  hash_type == HF_HASH_CONSISTENT ? "(consistent)" : "", us / 10000);
    assert_true(us / 10000 < 2000); /* sanitizers and a busy machine included */
    end(&f);
}

static void a_thousand_servers(void **state)
{
    (void)state;
    for_each_algorithm(check_many);
}

static void check_nobody(const char *name, enum hf_hash_type hash_type)
{
    struct fixture f;
    begin(&f, name, 2, NULL);
    f.cfg->o.hash_type = hash_type;
    f.cfg->o.hash_avalanche = hash_type == HF_HASH_CONSISTENT;
    start(&f);
    assert_true(pick(&f, 1) >= 0);
    down(&f, 0);
    down(&f, 1);
    assert_int_equal(pick(&f, 1), -1);
    up(&f, 1);
    assert_int_equal(pick(&f, 1), 1);
    end(&f);
    begin(&f, name, 0, NULL);
    start(&f);
    assert_int_equal(pick(&f, 1), -1);
    end(&f);
}

static void nobody_there(void **state)
{
    (void)state;
    for_each_algorithm(check_nobody);
}

/* Full servers are passed over while others have room (but for `source`, which waits for its own).
 */
static void check_full(const char *name, enum hf_hash_type hash_type)
{
    struct fixture f;
    begin(&f, name, 3, NULL);
    f.cfg->o.hash_type = hash_type;
    f.cfg->o.hash_avalanche = hash_type == HF_HASH_CONSISTENT;
    for (unsigned i = 0; i < 3; i++)
        server_cfg(&f, i)->o.maxconn = i + 1;
    start(&f);
    bool waits = strcmp(name, "source") == 0;
    for (unsigned i = 0; i < 6; i++) {
        int index = pick(&f, 7);
        assert_true(index >= 0);
        bool taken = hf_server_take_mt(f.backend->servers[index]);
        assert_true(taken || waits);
    }
    assert_true(pick(&f, 7) >= 0); /* all full: one to wait for */
    end(&f);
}

static void full_servers_are_passed_over(void **state)
{
    (void)state;
    for_each_algorithm(check_full);
}

/* ---- backups ----------------------------------------------------------------------------- */

static void begin_with_backups(struct fixture *f)
{
    begin(f, "roundrobin", 4, NULL);
    server_cfg(f, 2)->o.backup = true;
    server_cfg(f, 3)->o.backup = true;
}

static void backups_one_at_a_time(void **state)
{
    (void)state;
    struct fixture f;
    begin_with_backups(&f);
    start(&f);
    count_picks(&f, 100);
    assert_int_equal(f.hits[2] + f.hits[3], 0);
    down(&f, 0);
    down(&f, 1);
    count_picks(&f, 100);
    assert_int_equal(f.hits[2], 100);
    down(&f, 2);
    assert_int_equal(pick(&f, 1), 3);
    up(&f, 1);
    assert_int_equal(pick(&f, 1), 1);
    end(&f);
}

static void allbackups_share(void **state)
{
    (void)state;
    struct fixture f;
    begin_with_backups(&f);
    f.cfg->o.allbackups = true;
    start(&f);
    down(&f, 0);
    down(&f, 1);
    count_picks(&f, 100);
    assert_int_equal(f.hits[2], 50);
    assert_int_equal(f.hits[3], 50);
    end(&f);
}

static void backups_help_when_all_active_ones_failed_but_not_when_full(void **state)
{
    (void)state;
    struct fixture f;
    begin_with_backups(&f);
    server_cfg(&f, 0)->o.maxconn = 1;
    start(&f);
    struct hf_pick question = {.n_tried = 2};
    question.tried[0] = f.backend->servers[0];
    question.tried[1] = f.backend->servers[1];
    assert_ptr_equal(pick_for(&f, 1, &question), f.backend->servers[2]);
    question.tried[question.n_tried++] = f.backend->servers[2];
    assert_ptr_equal(pick_for(&f, 1, &question), f.backend->servers[3]);

    question.n_tried = 2;
    assert_true(hf_server_take_mt(f.backend->servers[0]));
    assert_null(pick_for(&f, 1, &question)); /* worth waiting for */
    end(&f);
}

/* ---- roundrobin -------------------------------------------------------------------------- */

static void assert_sequence(struct fixture *f, const char *letters)
{
    for (const char *p = letters; *p; p++)
        assert_int_equal(pick(f, 0), *p - 'a');
}

static void turns_are_exact_in_every_cycle(void **state)
{
    (void)state;
    static const unsigned weights[] = {7, 1, 256, 31, 100};
    struct fixture f;
    begin(&f, "roundrobin", 5, weights);
    start(&f);
    for (unsigned cycle = 0; cycle < 5; cycle++) {
        count_picks(&f, 7 + 1 + 256 + 31 + 100);
        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(f.hits[i], weights[i]);
    }
    end(&f);
}

static void turns_are_in_file_order_and_spread(void **state)
{
    (void)state;
    static const unsigned spread[] = {50, 10, 10};
    struct fixture f;
    begin(&f, "roundrobin", 3, NULL);
    start(&f);
    assert_sequence(&f, "abcabcabc");
    end(&f);
    begin(&f, "roundrobin", 3, spread);
    start(&f);
    assert_sequence(&f, "aaabaacaaabaac");
    end(&f);
}

/* One session between any two changes of state: nobody may get them all. */
static void a_flapping_server_does_not_begin_the_cycle_again(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "roundrobin", 4, NULL);
    start(&f);
    for (unsigned i = 0; i < 600; i++) {
        if (i & 1)
            down(&f, 3);
        else
            up(&f, 3);
        f.hits[pick(&f, 0)]++;
    }
    for (unsigned i = 0; i < 3; i++)
        assert_in_range(f.hits[i], 130, 220);
    end(&f);
}

static void who_was_passed_over_keeps_its_turn(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "roundrobin", 3, NULL);
    start(&f);
    struct hf_pick not_a = {.n_tried = 1, .tried = {f.backend->servers[0]}};
    assert_ptr_equal(pick_for(&f, 0, &not_a), f.backend->servers[1]);
    assert_sequence(&f, "acabc");
    end(&f);
}

static void static_rr_keeps_the_configured_weights(void **state)
{
    (void)state;
    static const unsigned weights[] = {1, 3};
    const char *names[] = {"static-rr", "roundrobin"};
    for (unsigned i = 0; i < 2; i++) {
        struct fixture f;
        begin(&f, names[i], 2, weights);
        start(&f);
        atomic_store(&f.backend->servers[1]->weight, 1);
        atomic_fetch_add(&f.backend->generation, 1);
        count_picks(&f, 400);
        assert_int_equal(f.hits[0], i == 0 ? 100 : 200);
        end(&f);
    }
}

/* ---- leastconn, first, random ------------------------------------------------------------ */

static void leastconn_fills_by_weight(void **state)
{
    (void)state;
    static const unsigned weights[] = {1, 2, 1};
    struct fixture f;
    begin(&f, "leastconn", 3, weights);
    start(&f);
    for (unsigned i = 0; i < 400; i++)
        assert_true(hf_server_take_mt(f.backend->servers[pick(&f, i)]));
    assert_near(f.backend->servers[0]->sessions, 100, 1);
    assert_near(f.backend->servers[1]->sessions, 200, 1);
    assert_near(f.backend->servers[2]->sessions, 100, 1);
    hf_server_put_mt(f.backend->servers[2]);
    hf_server_put_mt(f.backend->servers[2]);
    assert_int_equal(pick(&f, 0), 2);
    end(&f);
}

static void leastconn_takes_turns_among_equals(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "leastconn", 3, NULL);
    start(&f);
    assert_sequence(&f, "abcabc");
    end(&f);
}

static void first_fills_one_after_the_other(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "first", 3, NULL);
    server_cfg(&f, 0)->o.maxconn = 2;
    server_cfg(&f, 1)->o.maxconn = 1;
    start(&f);
    static const int expected[] = {0, 0, 1, 2, 2};
    for (unsigned i = 0; i < 5; i++) {
        int index = pick(&f, i);
        assert_int_equal(index, expected[i]);
        assert_true(hf_server_take_mt(f.backend->servers[index]));
    }
    hf_server_put_mt(f.backend->servers[0]);
    assert_int_equal(pick(&f, 0), 0);
    end(&f);
}

static void random_with_many_draws_avoids_the_loaded(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "random", 3, NULL);
    f.cfg->o.balance_draws = 1000000; /* as good as leastconn, and in bounded time */
    start(&f);
    for (unsigned i = 0; i < 300; i++)
        assert_true(hf_server_take_mt(f.backend->servers[pick(&f, i)]));
    for (unsigned i = 0; i < 3; i++)
        assert_near(f.backend->servers[i]->sessions, 100, 2);
    end(&f);
}

/* ---- source ------------------------------------------------------------------------------ */

static void source_gives_a_client_its_server(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "source", 3, NULL);
    start(&f);
    for (uint32_t client = 0; client < 100; client++)
        assert_int_equal(pick(&f, client), pick(&f, client));
    /* A port, or a mapped form of the address, is the same client. */
    struct hf_addr plain = client_number(5), mapped = {.v6 = {.sin6_family = AF_INET6}};
    plain.v4.sin_port = htons(4711);
    mapped.v6.sin6_addr.s6_addr[10] = mapped.v6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(mapped.v6.sin6_addr.s6_addr + 12, &plain.v4.sin_addr, 4);
    struct hf_pick a = {.client = &plain}, b = {.client = &mapped};
    assert_ptr_equal(hf_balance_pick_mt(f.backend, &a), hf_balance_pick_mt(f.backend, &b));
    /* Neighbours are dealt out evenly. */
    count_picks(&f, 300);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(f.hits[i], 100);
    end(&f);
}

static void consistent_moves_only_the_clients_of_the_lost(void **state)
{
    (void)state;
    enum { CLIENTS = 2000, LOST = 4 };
    static int before[CLIENTS];
    struct fixture f;
    begin(&f, "source", 10, NULL);
    f.cfg->o.hash_type = HF_HASH_CONSISTENT;
    start(&f);
    for (uint32_t i = 0; i < CLIENTS; i++)
        before[i] = pick(&f, i);
    down(&f, LOST);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        int now = pick(&f, i);
        assert_int_not_equal(now, LOST);
        if (before[i] != LOST)
            assert_int_equal(now, before[i]);
    }
    up(&f, LOST);
    for (uint32_t i = 0; i < CLIENTS; i++)
        assert_int_equal(pick(&f, i), before[i]);
    end(&f);
}

/* ---- sticky ------------------------------------------------------------------------------ */

static void one_server_works_at_a_time(void **state)
{
    (void)state;
    struct fixture f;

    begin(&f, "sticky", 3, NULL);
    start(&f);
    assert_sequence(&f, "aaa");
    down(&f, 0);
    assert_sequence(&f, "bbb");
    up(&f, 0);
    assert_sequence(&f, "bb"); /* nobody goes back */
    down(&f, 1);
    assert_sequence(&f, "aa");
    end(&f);
}

/* ---- stickiness -------------------------------------------------------------------------- */

static void begin_sticky(struct fixture *f)
{
    static struct hf_cfg_stick_table table = {.type = HF_STICK_IP, .size = 100, .expire_ms = 1000};
    static struct hf_cfg_stick_rule rule = {.match = true, .store = true};
    begin(f, "roundrobin", 3, NULL);
    f->cfg->stick_table = &table;
    f->maker.config.tables = &table;
    f->maker.config.n_tables = 1;
    f->cfg->stick_rules = &rule;
}

static void learn(struct fixture *f, uint32_t client, unsigned index)
{
    struct hf_addr addr = client_number(client);
    struct hf_pick question = {.client = &addr};
    struct hf_eval eval;
    hf_eval_init(&eval, f->runtime, NULL);
    eval.now_ms = 0;
    hf_balance_prepare_mt(f->backend, &question, &eval);
    hf_balance_learn_mt(&question, f->backend->servers[index]);
    hf_balance_forget(&question);
}

static void sticks_to_what_was_learnt(void **state)
{
    (void)state;
    struct fixture f;
    begin_sticky(&f);
    start(&f);
    learn(&f, 1, 2);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(pick(&f, 1), 2);
    assert_sequence(&f, "abc"); /* client 0 is not known */

    struct hf_pick tried = {.n_tried = 1, .tried = {f.backend->servers[2]}};
    assert_ptr_not_equal(pick_for(&f, 1, &tried), f.backend->servers[2]);
    atomic_store(&f.backend->servers[2]->weight, 0);
    atomic_fetch_add(&f.backend->generation, 1);
    assert_int_equal(pick(&f, 1), 2); /* drained: keeps its own */
    down(&f, 2);
    assert_int_not_equal(pick(&f, 1), 2);
    learn(&f, 1, 0);
    assert_int_equal(pick(&f, 1), 0);
    struct hf_pick later = {.now_ms = 5000}; /* forgotten: takes turns like everybody */
    struct hf_server *first = pick_for(&f, 1, &later);
    assert_ptr_not_equal(pick_for(&f, 1, &later), first);
    end(&f);
}

static void persist_keeps_a_server_that_is_down(void **state)
{
    (void)state;
    struct fixture f;
    begin_sticky(&f);
    f.cfg->o.persist = true;
    start(&f);
    learn(&f, 1, 2);
    down(&f, 2);
    assert_int_equal(pick(&f, 1), 2);
    assert_int_not_equal(pick(&f, 0), 2);
    end(&f);
}

static void a_client_is_bound_to_its_server(void **state)
{
    (void)state;
    struct fixture f;
    struct hf_pick question = {0};
    begin_sticky(&f);
    server_cfg(&f, 2)->o.maxconn = 1;
    start(&f);
    learn(&f, 1, 2);
    assert_true(hf_server_take_mt(f.backend->servers[2])); /* full, and yet */
    assert_ptr_equal(pick_for(&f, 1, &question), f.backend->servers[2]);
    assert_true(question.bound);
    assert_ptr_equal(pick_for(&f, 0, &question), f.backend->servers[0]);
    assert_false(question.bound); /* client 0 is not known */
    down(&f, 2);
    assert_non_null(pick_for(&f, 1, &question));
    assert_false(question.bound);
    end(&f);
}

static void source_binds_but_not_to_a_single_backup(void **state)
{
    (void)state;
    for (int consistent = 0; consistent < 2; consistent++) {
        struct fixture f;
        struct hf_pick question = {0};
        begin(&f, "source", 3, NULL);
        f.cfg->o.hash_type = consistent ? HF_HASH_CONSISTENT : HF_HASH_MAP;
        for (unsigned i = 0; i < 3; i++)
            server_cfg(&f, i)->o.maxconn = 1;
        server_cfg(&f, 2)->o.backup = true;
        start(&f);
        struct hf_server *server = pick_for(&f, 1, &question);
        assert_true(question.bound);
        assert_true(hf_server_take_mt(server));
        assert_ptr_equal(pick_for(&f, 1, &question), server);
        assert_true(question.bound);
        down(&f, 0);
        down(&f, 1);
        assert_ptr_equal(pick_for(&f, 1, &question), f.backend->servers[2]);
        assert_false(question.bound);
        end(&f);
    }
}

static void a_shared_table_may_know_servers_we_do_not_have(void **state)
{
    (void)state;
    struct fixture f;
    begin_sticky(&f);
    start(&f);
    struct hf_addr addr = client_number(1);
    struct hf_view key = {(const char *)&addr.v4.sin_addr, 4};
    struct hf_proxy other = {.cfg = f.cfg};
    struct hf_cfg_server cfg = {.name = f.backend->servers[2]->cfg->name, .id = 17};
    struct hf_server namesake = {.cfg = &cfg, .proxy = &other};
    hf_stick_set_mt(f.backend->stick, key, 0, &namesake);
    assert_int_equal(pick(&f, 1), 2);
    cfg = (struct hf_cfg_server){.name = "elsewhere", .id = 2};
    assert_int_equal(pick(&f, 1), 1); /* no name like that: the id */
    cfg.id = 17;
    assert_int_equal(pick(&f, 1), 0); /* nobody: takes turns */
    end(&f);
}

static void a_table_does_not_learn_what_is_not_to_be_stuck_to(void **state)
{
    (void)state;
    struct fixture f;
    begin_sticky(&f);
    server_cfg(&f, 1)->o.non_stick = true;
    start(&f);
    learn(&f, 1, 1);
    assert_int_equal(hf_stick_count_mt(f.backend->stick, 0), 0);
    learn(&f, 1, 2);
    assert_int_equal(hf_stick_count_mt(f.backend->stick, 0), 1);
    end(&f);
}

/* ---- threads ------------------------------------------------------------------------------ */

static void *pick_many(void *arg)
{
    struct fixture *f = arg;
    for (uint32_t i = 0; i < 3000; i++) {
        int index = pick(f, i);
        if (index < 0 || index == 3)
            return NULL;
    }
    return f;
}

/* Server 3 is never up; server 2 comes and goes while four threads pick. */
static void check_threads(const char *name, enum hf_hash_type hash_type)
{
    struct fixture f;
    pthread_t threads[4];
    begin(&f, name, 4, NULL);
    f.cfg->o.hash_type = hash_type;
    f.cfg->o.hash_avalanche = hash_type == HF_HASH_CONSISTENT;
    start(&f);
    down(&f, 3);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, pick_many, &f), 0);
    for (unsigned i = 0; i < 100; i++)
        hf_server_set_up_mt(f.backend->servers[2], i & 1, "");
    for (unsigned i = 0; i < 4; i++) {
        void *well;
        pthread_join(threads[i], &well);
        assert_non_null(well);
    }
    end(&f);
}

static void many_threads_pick_while_servers_change(void **state)
{
    (void)state;
    for_each_algorithm(check_threads);
}

/* ---- names ------------------------------------------------------------------------------- */

static void names_and_near_names(void **state)
{
    (void)state;
    const char *nearest = NULL;
    assert_string_equal(hf_balance_find("static-rr", NULL)->name, "static-rr");
    assert_null(hf_balance_find("leastcon", &nearest));
    assert_string_equal(nearest, "leastconn");
    assert_null(hf_balance_find("nothing like it", &nearest));
    assert_string_equal(nearest, "");
    for (unsigned i = 0; i < N_ALGORITHMS; i++)
        assert_true(hf_balance_list[i]->help[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_usable_servers_not_tried),
        cmocka_unit_test(shares_follow_the_weights),
        cmocka_unit_test(a_thousand_servers),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(full_servers_are_passed_over),
        cmocka_unit_test(backups_one_at_a_time),
        cmocka_unit_test(allbackups_share),
        cmocka_unit_test(backups_help_when_all_active_ones_failed_but_not_when_full),
        cmocka_unit_test(turns_are_exact_in_every_cycle),
        cmocka_unit_test(turns_are_in_file_order_and_spread),
        cmocka_unit_test(a_flapping_server_does_not_begin_the_cycle_again),
        cmocka_unit_test(who_was_passed_over_keeps_its_turn),
        cmocka_unit_test(static_rr_keeps_the_configured_weights),
        cmocka_unit_test(leastconn_fills_by_weight),
        cmocka_unit_test(leastconn_takes_turns_among_equals),
        cmocka_unit_test(first_fills_one_after_the_other),
        cmocka_unit_test(random_with_many_draws_avoids_the_loaded),
        cmocka_unit_test(source_gives_a_client_its_server),
        cmocka_unit_test(consistent_moves_only_the_clients_of_the_lost),
        cmocka_unit_test(one_server_works_at_a_time),
        cmocka_unit_test(sticks_to_what_was_learnt),
        cmocka_unit_test(persist_keeps_a_server_that_is_down),
        cmocka_unit_test(a_client_is_bound_to_its_server),
        cmocka_unit_test(source_binds_but_not_to_a_single_backup),
        cmocka_unit_test(a_shared_table_may_know_servers_we_do_not_have),
        cmocka_unit_test(a_table_does_not_learn_what_is_not_to_be_stuck_to),
        cmocka_unit_test(many_threads_pick_while_servers_change),
        cmocka_unit_test(names_and_near_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
