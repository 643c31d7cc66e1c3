/*
 * test_scale.c: what is done cleverly for a thousand servers comes out as if it were done simply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "config_maker.h"
#include "haftp/balance/balance.h"
#include "haftp/balance/hash_map.h"

#define MOST 1000u

static struct maker maker;
static struct hf_cfg_proxy *cfg;
static struct hf_runtime *runtime;
static struct hf_proxy *backend;
static uint32_t seed;

/* The same in each run. */
static uint32_t dice(uint32_t below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % below;
}

static void begin(const char *balance, unsigned n)
{
    seed = 1;
    maker_init(&maker);
    cfg = maker_listen(&maker, "ftp");
    cfg->o.balance = balance;
    for (unsigned i = 0; i < n; i++)
        maker_server(&maker, cfg, hf_arena_printf(maker.config.arena, "s%u", i), "192.0.2.1", 21)
            ->o.weight = 1;
}

static void start(void)
{
    runtime = hf_runtime_new(&maker.config);
    assert_non_null(runtime);
    backend = hf_runtime_proxy(runtime, cfg);
}

static void end(void)
{
    hf_balance_fini(backend);
    hf_runtime_free(runtime);
    maker_fini(&maker);
}

static struct hf_server *pick_without(const struct hf_server *tried)
{
    struct hf_addr client = maker_addr("198.51.100.1", 1);
    struct hf_pick pick = {.client = &client, .tried = {tried}, .n_tried = tried != NULL};
    return hf_balance_pick_mt(backend, &pick);
}

/* ---- loads ------------------------------------------------------------------------------- */

static unsigned sessions_of(unsigned i)
{
    return atomic_load(&backend->servers[i]->sessions);
}

/* Fewest sessions for its weight, of those that have room. */
static uint64_t least_load(const struct hf_server *tried)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < backend->n_servers; i++) {
        const struct hf_server *server = backend->servers[i];
        if (server == tried || hf_server_full_mt(server) || !hf_server_usable_mt(server))
            continue;
        uint64_t load = (sessions_of(i) + 1) * 1000000ull / server->cfg->o.weight;
        least = load < least ? load : least;
    }
    return least;
}

static unsigned first_with_room(const struct hf_server *tried)
{
    for (unsigned i = 0; i < backend->n_servers; i++) {
        const struct hf_server *server = backend->servers[i];
        if (server != tried && !hf_server_full_mt(server) && hf_server_usable_mt(server))
            return i;
    }
    return MOST;
}

static void check_pick(const char *balance, const struct hf_server *got,
                       const struct hf_server *tried)
{
    uint64_t least = least_load(tried);
    if (least == UINT64_MAX)
        return; /* all are full: any may be waited for */
    assert_non_null(got);
    assert_ptr_not_equal(got, tried);
    assert_false(hf_server_full_mt(got));
    if (strcmp(balance, "leastconn") == 0)
        assert_true((sessions_of(got->index) + 1) * 1000000ull / got->cfg->o.weight == least);
    if (strcmp(balance, "first") == 0)
        assert_int_equal(got->index, first_with_room(tried));
}

/* Sessions come and go by the picked servers and by others, as a stick table would send them, and
 * servers go down and come back. */
static void play(const char *balance, unsigned n, unsigned steps)
{
    for (unsigned step = 0; step < steps; step++) {
        struct hf_server *any = backend->servers[dice(n)];
        const struct hf_server *tried = dice(4) ? NULL : backend->servers[dice(n)];
        struct hf_server *got = pick_without(tried);
        check_pick(balance, got, tried);
        if (got && dice(8))
            (void)hf_server_take_mt(got);
        for (unsigned ended = dice(3); ended > 0; ended--) {
            struct hf_server *server = backend->servers[dice(n)];
            if (atomic_load(&server->sessions))
                hf_server_put_mt(server);
        }
        if (dice(6) == 0)
            (void)hf_server_take_mt(any);
        if (dice(50) == 0)
            hf_server_set_up_mt(any, !hf_server_is_up_mt(any), "");
    }
}

static void loads_are_known(void **state)
{
    (void)state;
    static const char *const balances[] = {"leastconn", "first", "roundrobin"};
    static const unsigned limits[] = {0, 1, 5};
    for (unsigned b = 0; b < 3; b++) {
        for (unsigned l = 0; l < 3; l++) {
            begin(balances[b], 20);
            for (struct hf_cfg_server *server = cfg->servers; server; server = server->next) {
                server->o.weight = 1 + dice(3);
                server->o.maxconn = limits[l];
            }
            start();
            play(balances[b], 20, 4000);
            end();
        }
    }
}

/* A limit that grows with the sessions of the section grows for servers that nobody left. */
static void a_limit_that_grew_is_seen(void **state)
{
    (void)state;
    static const char *const balances[] = {"leastconn", "first", "roundrobin"};
    for (unsigned b = 0; b < 3; b++) {
        begin(balances[b], 2);
        for (struct hf_cfg_server *server = cfg->servers; server; server = server->next) {
            server->o.minconn = 1;
            server->o.maxconn = 100;
        }
        start();
        backend->fullconn = 100;
        for (unsigned i = 0; i < 2; i++)
            assert_true(hf_server_take_mt(pick_without(NULL)));
        struct hf_server *full = pick_without(backend->servers[1]);
        assert_ptr_equal(full, backend->servers[0]); /* to wait for */
        atomic_store(&backend->sessions_back, 50);
        for (unsigned i = 0; i < 20; i++) {
            struct hf_server *server = pick_without(NULL);
            assert_false(hf_server_full_mt(server));
            assert_true(hf_server_take_mt(server));
        }
        end();
    }
}

/* ---- threads ----------------------------------------------------------------------------- */

/* Eight sessions at a time, each as soon as one has ended. */
static void *come_and_go(void *arg)
{
    struct hf_server *held[8] = {NULL};
    for (unsigned i = 0; i < 4000; i++) {
        struct hf_server **oldest = &held[i % 8];
        struct hf_server *server = pick_without(NULL);
        if (*oldest)
            hf_server_put_mt(*oldest);
        *oldest = server && hf_server_take_mt(server) ? server : NULL;
    }
    for (unsigned i = 0; i < 8; i++) {
        if (held[i])
            hf_server_put_mt(held[i]);
    }
    return arg;
}

/* No session that ended on another thread was missed: the picks that follow are right. */
static void loads_of_many_threads_are_known(void **state)
{
    (void)state;
    static const char *const balances[] = {"leastconn", "first", "roundrobin"};
    for (unsigned b = 0; b < 3; b++) {
        pthread_t threads[4];
        begin(balances[b], 10);
        for (struct hf_cfg_server *server = cfg->servers; server; server = server->next)
            server->o.maxconn = 3;
        start();
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, NULL), 0);
        for (unsigned i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        for (unsigned i = 0; i < 10; i++)
            assert_int_equal(sessions_of(i), 0);
        for (unsigned i = 0; i < 30; i++) { /* all slots, none of which may be thought taken */
            struct hf_server *server = pick_without(NULL);
            check_pick(balances[b], server, NULL);
            assert_true(hf_server_take_mt(server));
        }
        end();
    }
}

/* ---- the table of hash-type map-based ---------------------------------------------------- */

/* Step by step, looking at all servers in each. */
static void simple_table(const struct hf_candidates *candidates, uint32_t *owners, unsigned n)
{
    static int credits[MOST];
    memset(credits, 0, sizeof credits);
    for (unsigned step = 0; step < n; step++) {
        unsigned best = 0;
        int most = -1;
        for (unsigned i = 0; i < candidates->n; i++) {
            credits[i] += (int)candidates->weights[i];
            int whole = (credits[i] + (int)n) / (int)n;
            if (whole > most) {
                most = whole;
                best = i;
            }
        }
        owners[step] = best;
        credits[best] -= (int)n;
    }
}

static void check_table(unsigned n_servers, unsigned most_weight)
{
    static uint32_t owners[MOST * 256];
    static unsigned weights[MOST];
    struct hf_candidates candidates = {.weights = weights, .n = n_servers};
    struct hf_hash_map map = {0};
    unsigned total = 0;
    for (unsigned i = 0; i < n_servers; i++)
        total += weights[i] = i ? 1 + dice(most_weight) : 1; /* so that none divides them all */
    assert_int_equal(hf_hash_map_rebuild(&map, &candidates), HF_OK);
    assert_int_equal(map.n, total);
    simple_table(&candidates, owners, total);
    assert_memory_equal(map.owners, owners, total * sizeof *owners);
    hf_hash_map_fini(&map);
}

static void the_table_is_that_of_looking_at_all_in_each_step(void **state)
{
    (void)state;
    seed = 7;
    for (unsigned n = 1; n <= 30; n++) {
        check_table(n, 1);
        check_table(n, 3);
        check_table(n, 256);
    }
    check_table(100, 10);
}

/* It took 1.7 seconds at each change of a server's state. */
static void a_table_of_a_quarter_million_places_is_made_at_once(void **state)
{
    (void)state;
    static unsigned weights[MOST];
    struct hf_candidates candidates = {.weights = weights, .n = MOST};
    struct hf_hash_map map = {0};
    struct timespec before, after;
    for (unsigned i = 0; i < MOST; i++)
        weights[i] = 255 + i % 2;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    assert_int_equal(hf_hash_map_rebuild(&map, &candidates), HF_OK);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    assert_int_equal(map.n, 255500);
    double s =
        (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    print_message("%.3f s\n", s);
    assert_true(s < 1.5); /* sanitizers and a busy machine included */
    hf_hash_map_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_are_known),
        cmocka_unit_test(a_limit_that_grew_is_seen),
        cmocka_unit_test(loads_of_many_threads_are_known),
        cmocka_unit_test(the_table_is_that_of_looking_at_all_in_each_step),
        cmocka_unit_test(a_table_of_a_quarter_million_places_is_made_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
