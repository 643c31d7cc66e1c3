/*
 * scale.c: what one operation costs as the number of ports, servers, timers and entries grows.
 *
 *   bench_scale [WORD]      only the lines that have WORD in their names
 *
 * Prints a line for each size: what, how many of what, nanoseconds of one operation, the best of
 * several rounds.  Not a test: nothing fails.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_maker.h"
#include "ftp_int.h"
#include "haftp/balance/balance.h"
#include "haftp/base/assert.h"
#include "haftp/base/wheel.h"
#include "haftp/state/stick.h"
#include "timing.h"

#define MOST 5

static const char *only = "";

/* Sizes end with 0 where there are fewer. */
static void measure(const char *what, const char *of, const unsigned sizes[MOST], unsigned n,
                    void (*begin)(unsigned size), bench_fn fn, void (*end)(void))
{
    if (!strstr(what, only))
        return;
    for (int i = 0; i < MOST && sizes[i]; i++) {
        begin(sizes[i]);
        printf("%-52s %8u %-8s %10.1f ns\n", what, sizes[i], of, best_ns(n, fn));
        fflush(stdout);
        end();
    }
}

/* Cheap and the same in each run. */
static uint32_t dice(void)
{
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* ---- leases -------------------------------------------------------------------------------- */

static const unsigned port_sizes[MOST] = {10, 100, 1000, 10000};

static struct {
    struct hf_config config;
    struct hf_cfg_proxy control;
    struct hf_cfg_bind data;
    struct hf_cfg_data_range range;
    struct hf_cfg_server server;
    struct hf_engine engine;
    struct hf_lease_table *table;
    struct hf_lease *held;
    unsigned n_ports;
} ports;

static struct hf_addr client_number(uint32_t n)
{
    return (struct hf_addr){
        .v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000000 + n)}};
}

static enum hf_status take_for(uint32_t client, struct hf_lease *lease)
{
    struct hf_addr from = client_number(client), at = ports.data.addr;
    struct hf_lease_owner owner = {.engine = &ports.engine, .session = client};
    struct hf_lease_wish wish = {&ports.control, &ports.server, &from, &from, &at, &at};
    return hf_lease_take_mt(ports.table, &wish, &owner, lease);
}

static void open_ports(unsigned n)
{
    memset(&ports, 0, sizeof ports);
    ports.n_ports = n;
    ports.data.port_lo = 20000;
    ports.data.port_hi = (uint16_t)(20000 + n - 1);
    ports.data.role = HF_BIND_DATA;
    ports.data.addr = client_number(1);
    ports.data.proxy = &ports.control;
    ports.range.bind = &ports.data;
    ports.control.binds = &ports.data;
    ports.control.data_ranges = &ports.range;
    ports.config.proxies = &ports.control;
    ports.table = hf_lease_table_new(&ports.config, 2);
    ports.held = calloc(n, sizeof *ports.held);
    HF_ASSERT(ports.table && ports.held);
}

static void hold(unsigned n, bool one_client)
{
    for (unsigned i = 0; i < n; i++) {
        if (take_for(one_client ? 1 : 1000 + i, &ports.held[i]) != HF_OK)
            ports.held[i].slot = NULL; /* cannot be: the ports are counted */
        HF_ASSERT(ports.held[i].slot);
    }
}

static void open_half_taken(unsigned n)
{
    open_ports(n);
    hold(n / 2, false);
}

static void open_one_left(unsigned n)
{
    open_ports(n);
    hold(n - 1, true);
}

static void open_all_taken(unsigned n)
{
    open_ports(n);
    hold(n, true);
}

/* Each port carries a lease of somebody else's. */
static void open_all_shared(unsigned n)
{
    open_ports(n);
    hold(n, false);
}

static void close_ports(void)
{
    hf_lease_table_free(ports.table);
    free(ports.held);
}

static uint64_t take_and_release(unsigned operations)
{
    uint64_t got = 0;
    for (unsigned i = 0; i < operations; i++) {
        struct hf_lease lease = {0};
        got += take_for(1, &lease) == HF_OK;
        hf_lease_release_mt(ports.table, &lease);
    }
    return got;
}

static uint64_t take_and_claim(unsigned operations)
{
    uint64_t got = 0;
    for (unsigned i = 0; i < operations; i++) {
        struct hf_lease lease = {0};
        struct hf_addr client = client_number(1);
        struct hf_lease_owner owner;
        if (take_for(1, &lease) == HF_OK)
            got += hf_lease_claim_mt(ports.table, lease.slot, &client, &owner) == HF_OK;
    }
    return got;
}

static void measure_leases(void)
{
    measure("lease: take and give back", "ports", port_sizes, 20000, open_ports, take_and_release,
            close_ports);
    measure("lease: take and claim", "ports", port_sizes, 20000, open_ports, take_and_claim,
            close_ports);
    measure("lease: take, half of the ports have leases", "ports", port_sizes, 20000,
            open_half_taken, take_and_release, close_ports);
    measure("lease: take, each port has one of another client", "ports", port_sizes, 20000,
            open_all_shared, take_and_release, close_ports);
    measure("lease: take, one port is left for this client", "ports", port_sizes, 2000,
            open_one_left, take_and_release, close_ports);
    measure("lease: refused, this client has them all", "ports", port_sizes, 2000, open_all_taken,
            take_and_release, close_ports);
}

/* ---- outstanding commands ------------------------------------------------------------------ */

static const unsigned queue_sizes[MOST] = {1, 4, 16};

static struct ftp_queue queue;

/* So many wait when one more comes and one is answered. */
static void fill_queue(unsigned n)
{
    memset(&queue, 0, sizeof queue);
    for (unsigned i = 1; i < n; i++)
        (void)ftp_queue_push(&queue, HF_CMD_NOOP, FTP_ANSWER_NONE);
}

static void nothing(void)
{
}

static uint64_t ask_and_answer(unsigned operations)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < operations; i++) {
        (void)ftp_queue_push(&queue, HF_CMD_NOOP, FTP_ANSWER_NONE);
        int n = ftp_queue_match(&queue, 200);
        ftp_queue_remove(&queue, (unsigned)n);
        sum += queue.count;
    }
    return sum;
}

static void measure_queue(void)
{
    measure("queue: a command in, its reply matched, out", "commands", queue_sizes, 1000000,
            fill_queue, ask_and_answer, nothing);
}

/* ---- timers -------------------------------------------------------------------------------- */

static const unsigned timer_sizes[MOST] = {100, 1000, 10000, 100000, 1000000};

static struct {
    struct hf_wheel *wheel;
    struct hf_timer *timer;
    unsigned n;
    uint64_t now_ms, fired;
} timers;

static void on_timer(struct hf_timer *timer)
{
    hf_wheel_set(timers.wheel, timer, timers.now_ms + 1 + dice() % 60000, on_timer);
    timers.fired++;
}

static void set_timers(unsigned n)
{
    timers.n = n;
    timers.now_ms = timers.fired = 0;
    timers.wheel = hf_wheel_new(0);
    timers.timer = calloc(n, sizeof *timers.timer);
    HF_ASSERT(timers.wheel && timers.timer);
    for (unsigned i = 0; i < n; i++)
        hf_wheel_set(timers.wheel, &timers.timer[i], 1 + dice() % 60000, on_timer);
}

static void drop_timers(void)
{
    for (unsigned i = 0; i < timers.n; i++)
        hf_wheel_cancel(timers.wheel, &timers.timer[i]);
    hf_wheel_free(timers.wheel);
    free(timers.timer);
}

static uint64_t move_timers(unsigned operations)
{
    for (unsigned i = 0; i < operations; i++)
        hf_wheel_set(timers.wheel, &timers.timer[dice() % timers.n], 1 + dice() % 60000, on_timer);
    return operations;
}

static uint64_t fire_timers(unsigned operations)
{
    for (uint64_t until = timers.fired + operations; timers.fired < until;) {
        timers.now_ms = hf_wheel_next(timers.wheel);
        hf_wheel_advance(timers.wheel, timers.now_ms);
    }
    return timers.fired;
}

static void measure_timers(void)
{
    measure("timer: move one", "timers", timer_sizes, 200000, set_timers, move_timers, drop_timers);
    measure("timer: fire one and set it again", "timers", timer_sizes, 200000, set_timers,
            fire_timers, drop_timers);
}

/* ---- servers ------------------------------------------------------------------------------- */

static const unsigned server_sizes[MOST] = {3, 10, 100, 1000};

#define SESSIONS_EACH 8u

static struct {
    struct maker maker;
    struct hf_cfg_proxy *cfg;
    struct hf_runtime *runtime;
    struct hf_proxy *backend;
    struct hf_server **of; /* the servers of the sessions that there are */
    unsigned n_sessions, turn;
} farm;

static struct {
    const char *name;
    enum hf_hash_type type;
    unsigned maxconn, factor, weight;
} how;

static struct hf_server *pick_one(void)
{
    struct hf_addr client = client_number(dice());
    struct hf_pick pick = {.client = &client, .hashed = true, .hash = dice()};
    return hf_balance_pick_mt(farm.backend, &pick);
}

static void build_farm(unsigned n)
{
    memset(&farm, 0, sizeof farm);
    maker_init(&farm.maker);
    farm.cfg = maker_listen(&farm.maker, "ftp");
    farm.cfg->o.balance = how.name;
    farm.cfg->o.hash_type = how.type;
    farm.cfg->o.hash_balance_factor = how.factor;
    for (unsigned i = 0; i < n; i++) {
        const char *name = hf_arena_printf(farm.maker.config.arena, "s%u", i + 1);
        struct hf_cfg_server *server =
            maker_server(&farm.maker, farm.cfg, name, "192.168.1.10", 21);
        server->o.weight = how.weight > 1 ? how.weight - i % 2 : 1;
        server->o.maxconn = how.maxconn;
    }
    farm.runtime = hf_runtime_new(&farm.maker.config);
    HF_ASSERT(farm.runtime);
    farm.backend = hf_runtime_proxy(farm.runtime, farm.cfg);
    farm.n_sessions = n * SESSIONS_EACH;
    farm.of = calloc(farm.n_sessions, sizeof *farm.of);
    HF_ASSERT(farm.of);
}

/* As many sessions as there are in the long run. */
static void fill_farm(unsigned n)
{
    build_farm(n);
    for (unsigned i = 0; i < farm.n_sessions; i++) {
        struct hf_server *server = pick_one();
        farm.of[i] = server && hf_server_take_mt(server) ? server : NULL;
    }
}

static void drop_farm(void)
{
    hf_balance_fini(farm.backend);
    hf_runtime_free(farm.runtime);
    maker_fini(&farm.maker);
    free(farm.of);
}

/* One session comes for each that goes. */
static uint64_t pick_and_part(unsigned operations)
{
    uint64_t got = 0;
    for (unsigned i = 0; i < operations; i++) {
        struct hf_server **oldest = &farm.of[farm.turn++ % farm.n_sessions];
        struct hf_server *server = pick_one();
        if (*oldest)
            hf_server_put_mt(*oldest);
        *oldest = server && hf_server_take_mt(server) ? server : NULL;
        got += *oldest != NULL;
    }
    return got;
}

/* All are full but one, whichever that is. */
static uint64_t pick_the_last_slot(unsigned operations)
{
    uint64_t got = 0;
    for (unsigned i = 0; i < operations; i++) {
        struct hf_server **any = &farm.of[dice() % farm.n_sessions];
        if (*any)
            hf_server_put_mt(*any);
        *any = pick_one();
        if (*any && !hf_server_take_mt(*any))
            *any = NULL;
        got += *any != NULL;
    }
    return got;
}

static uint64_t pick_where_all_are_full(unsigned operations)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < operations; i++)
        sum += pick_one() != NULL;
    return sum;
}

/* A server goes down or comes back, and the next session is given a server. */
static uint64_t change_state(unsigned operations)
{
    uint64_t got = 0;
    for (unsigned i = 0; i < operations; i++) {
        hf_server_set_up_mt(farm.backend->servers[0], i % 2, "");
        got += pick_one() != NULL;
    }
    return got;
}

static void measure_algorithm(const char *told, const char *name, enum hf_hash_type type,
                              unsigned factor)
{
    char what[96];
    how.name = name;
    how.type = type;
    how.factor = factor;
    how.maxconn = 0;
    how.weight = 1;
    snprintf(what, sizeof what, "pick: %s", told);
    measure(what, "servers", server_sizes, 100000, fill_farm, pick_and_part, drop_farm);
    snprintf(what, sizeof what, "a server changed: %s", told);
    measure(what, "servers", server_sizes, 200, build_farm, change_state, drop_farm);
    how.weight = 256;
    snprintf(what, sizeof what, "a server changed, weights 255 and 256: %s", told);
    measure(what, "servers", server_sizes, 2, build_farm, change_state, drop_farm);
    how.weight = 1;
    how.maxconn = SESSIONS_EACH;
    snprintf(what, sizeof what, "pick, one server is not full: %s", told);
    measure(what, "servers", server_sizes, 2000, fill_farm, pick_the_last_slot, drop_farm);
    snprintf(what, sizeof what, "pick, all are full: %s", told);
    measure(what, "servers", server_sizes, 2000, fill_farm, pick_where_all_are_full, drop_farm);
}

static void measure_picks(void)
{
    measure_algorithm("roundrobin", "roundrobin", HF_HASH_MAP, 0);
    measure_algorithm("static-rr", "static-rr", HF_HASH_MAP, 0);
    measure_algorithm("leastconn", "leastconn", HF_HASH_MAP, 0);
    measure_algorithm("first", "first", HF_HASH_MAP, 0);
    measure_algorithm("random", "random", HF_HASH_MAP, 0);
    measure_algorithm("sticky", "sticky", HF_HASH_MAP, 0);
    measure_algorithm("source", "source", HF_HASH_MAP, 0);
    measure_algorithm("source, consistent", "source", HF_HASH_CONSISTENT, 0);
    measure_algorithm("hash", "hash", HF_HASH_MAP, 0);
    measure_algorithm("hash, consistent", "hash", HF_HASH_CONSISTENT, 0);
    measure_algorithm("hash, consistent, balance factor", "hash", HF_HASH_CONSISTENT, 150);
}

/* ---- stick tables -------------------------------------------------------------------------- */

static const unsigned entry_sizes[MOST] = {1000, 10000, 100000, 1000000};

#define LIFE_MS 60000u

static struct {
    struct hf_cfg_stick_table cfg;
    struct hf_stick_table *table;
    unsigned n, next;
    uint64_t now_ms;
} stick;

static struct hf_view stick_key(const uint32_t *number)
{
    return (struct hf_view){(const char *)number, sizeof *number};
}

static void store(uint32_t number)
{
    static const struct hf_server *const somebody = (const void *)&farm;
    hf_stick_set_mt(stick.table, stick_key(&number), stick.now_ms, somebody);
}

static void fill_table(unsigned n)
{
    memset(&stick, 0, sizeof stick);
    stick.n = n;
    stick.cfg.size = n + n / 8;
    stick.cfg.expire_ms = LIFE_MS;
    stick.table = hf_stick_new(&stick.cfg);
    HF_ASSERT(stick.table);
    for (; stick.next < n; stick.next++)
        store(stick.next);
}

static void drop_table(void)
{
    hf_stick_free(stick.table);
}

static uint64_t look_up(unsigned operations)
{
    uint64_t found = 0;
    for (unsigned i = 0; i < operations; i++) {
        uint32_t number = dice() % stick.n;
        found += hf_stick_get_mt(stick.table, stick_key(&number), stick.now_ms) != NULL;
    }
    return found;
}

/* The table is full: each new entry takes the place of the oldest. */
static uint64_t replace_oldest(unsigned operations)
{
    for (unsigned i = 0; i < operations; i++)
        store(stick.next++);
    return stick.next;
}

/* As many expire as come: the oldest is always a life old. */
static uint64_t replace_expired(unsigned operations)
{
    for (unsigned i = 0; i < operations; i++) {
        stick.now_ms = (uint64_t)stick.next * LIFE_MS / stick.n;
        store(stick.next++);
    }
    return hf_stick_count_mt(stick.table, 0);
}

/* Memory of an entry with a key of four bytes. */
static void weigh_entries(void)
{
    static const char what[] = "stick table: memory of an entry";
    for (int i = 0; strstr(what, only) && i < MOST && entry_sizes[i]; i++) {
        struct mallinfo2 before = mallinfo2();
        fill_table(entry_sizes[i]);
        struct mallinfo2 after = mallinfo2();
        size_t grown = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
        printf("%-52s %8u %-8s %10.1f bytes\n", what, entry_sizes[i], "entries",
               (double)grown / entry_sizes[i]);
        drop_table();
    }
}

static void measure_stick(void)
{
    measure("stick table: look up", "entries", entry_sizes, 200000, fill_table, look_up,
            drop_table);
    measure("stick table: store into a full one", "entries", entry_sizes, 200000, fill_table,
            replace_oldest, drop_table);
    measure("stick table: store while as many expire", "entries", entry_sizes, 200000, fill_table,
            replace_expired, drop_table);
    weigh_entries();
}

int main(int argc, char **argv)
{
    if (argc > 1)
        only = argv[1];
    measure_leases();
    measure_queue();
    measure_timers();
    measure_picks();
    measure_stick();
    return 0;
}
