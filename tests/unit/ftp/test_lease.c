/*
 * Leases: one port serves many clients, a client one lease per port, strangers nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ftp_int.h"

#define PORTS 4u

struct world {
    struct hf_config config;
    struct hf_cfg_proxy control;
    struct hf_cfg_bind data, data2;
    struct hf_cfg_data_range range;
    struct hf_cfg_server server, other_server;
    struct hf_cfg_server *only[1];
    struct hf_engine engine[2];
    struct hf_lease_table *table;
};

static struct world w;

static struct hf_addr host(const char *text)
{
    struct hf_addr addr;
    assert_int_equal(hf_addr_parse_host(hf_view_cstr(text), &addr), HF_OK);
    return addr;
}

static void make_table_of(unsigned n_ports, enum hf_ftp_peer rule, unsigned n_workers)
{
    w = (struct world){0};
    w.data.port_lo = 50000;
    w.data.port_hi = (uint16_t)(50000 + n_ports - 1);
    w.data.role = HF_BIND_DATA;
    w.data.addr = host("192.0.2.1");
    w.data.proxy = &w.control;
    w.range.bind = &w.data;
    w.control.binds = &w.data;
    w.control.data_ranges = &w.range;
    w.control.o.ftp_peer = rule;
    w.config.proxies = &w.control;
    w.engine[1].index = 1;
    w.table = hf_lease_table_new(&w.config, n_workers);
    assert_non_null(w.table);
    assert_int_equal(hf_lease_slot_count(w.table), n_ports);
}

static void make_table(enum hf_ftp_peer rule, unsigned n_workers)
{
    make_table_of(PORTS, rule, n_workers);
}

/* Two ranges of the same ports, each on an address. */
static void make_table_on(const char *first, const char *second)
{
    static struct hf_cfg_data_range range;

    make_table(HF_FTP_PEER_STRICT, 1);
    hf_lease_table_free(w.table);
    range = (struct hf_cfg_data_range){.bind = &w.data2};
    w.data.addr = host(first);
    w.data2 = w.data;
    w.data2.addr = host(second);
    w.data2.v6only = w.data2.addr.sa.sa_family == AF_INET6;
    w.data.next = &w.data2;
    w.range.next = &range;
    w.table = hf_lease_table_new(&w.config, 1);
    assert_non_null(w.table);
}

static int teardown(void **state)
{
    (void)state;
    hf_lease_table_free(w.table);
    w.table = NULL;
    return 0;
}

static enum hf_status take_told(const char *local, const char *told, const char *client,
                                struct hf_lease *lease)
{
    struct hf_addr addr = host(client), at = host(local), to = host(told);
    struct hf_lease_owner owner = {&w.engine[0], 1, 0};
    struct hf_lease_wish wish = {&w.control, &w.server, &addr, &addr, &at, &to};
    return hf_lease_take_mt(w.table, &wish, &owner, lease);
}

static enum hf_status take_at(const char *local, const char *client, hf_id session, unsigned engine,
                              struct hf_lease *lease)
{
    struct hf_addr addr = host(client), at = host(local);
    struct hf_lease_owner owner = {&w.engine[engine], session, 0};
    struct hf_lease_wish wish = {&w.control, &w.server, &addr, &addr, &at, &at};
    return hf_lease_take_mt(w.table, &wish, &owner, lease);
}

static enum hf_status take(const char *client, hf_id session, unsigned engine,
                           struct hf_lease *lease)
{
    return take_at("192.0.2.1", client, session, engine, lease);
}

static hf_id claim(struct hf_lease_slot *slot, const char *peer)
{
    struct hf_addr addr = host(peer);
    struct hf_lease_owner owner = {0};
    return hf_lease_claim_mt(w.table, slot, &addr, &owner) == HF_OK ? owner.session : 0;
}

static void test_every_client_gets_every_port_once(void **state)
{
    (void)state;
    make_table(HF_FTP_PEER_STRICT, 1);
    char client[32];
    for (unsigned c = 1; c <= 40; c++) {
        bool seen[PORTS] = {false};
        struct hf_lease lease = {0};
        snprintf(client, sizeof client, "10.0.0.%u", c);
        for (unsigned i = 0; i < PORTS; i++) {
            assert_int_equal(take(client, c, 0, &lease), HF_OK);
            assert_in_range(lease.slot->port, 50000, 50000 + PORTS - 1);
            assert_false(seen[lease.slot->port - 50000]);
            seen[lease.slot->port - 50000] = true;
        }
        assert_int_equal(take(client, c, 0, &lease), HF_NOPORT);
    }
}

static void test_claim_finds_its_session_once(void **state)
{
    (void)state;
    make_table(HF_FTP_PEER_STRICT, 1);
    struct hf_lease a = {0}, b = {0};
    assert_int_equal(take("10.0.0.1", 7, 0, &a), HF_OK);
    for (unsigned i = 0; i < PORTS; i++) /* the same port for another client is among them */
        assert_int_equal(take("10.0.0.2", 8, 0, &b), HF_OK);
    assert_int_equal(claim(a.slot, "10.0.0.3"), 0); /* a stranger */
    assert_int_equal(claim(a.slot, "10.0.0.2"), 8);
    assert_int_equal(claim(a.slot, "10.0.0.1"), 7);
    assert_int_equal(claim(a.slot, "10.0.0.1"), 0); /* used up */
}

static void test_release_does_not_take_a_successors_lease(void **state)
{
    (void)state;
    make_table(HF_FTP_PEER_STRICT, 1);
    struct hf_lease a[PORTS] = {{0}}, again = {0};
    for (unsigned i = 0; i < PORTS; i++)
        assert_int_equal(take("10.0.0.1", 1, 0, &a[i]), HF_OK);
    assert_int_equal(claim(a[2].slot, "10.0.0.1"), 1);
    assert_int_equal(take("10.0.0.1", 2, 0, &again), HF_OK); /* the only free port: the same */
    assert_ptr_equal(again.slot, a[2].slot);
    hf_lease_release_mt(w.table, &a[2]); /* too late: it was claimed */
    assert_int_equal(claim(again.slot, "10.0.0.1"), 2);
}

static void test_own_workers_ports_come_first(void **state)
{
    (void)state;
    make_table(HF_FTP_PEER_STRICT, 2);
    struct hf_lease lease = {0};
    for (unsigned i = 0; i < PORTS / 2; i++) {
        assert_int_equal(take("10.0.0.1", 1, 1, &lease), HF_OK);
        assert_int_equal(lease.slot->worker, 1);
    }
    assert_int_equal(take("10.0.0.1", 1, 1, &lease), HF_OK); /* borrowed */
    assert_int_equal(lease.slot->worker, 0);
}

/* Of both workers' ports, in a range that nobody looks through. */
static void test_the_last_free_port_is_found(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    static struct hf_lease held[MANY];
    make_table_of(MANY, HF_FTP_PEER_STRICT, 2);
    struct hf_lease none = {0}, last = {0};
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(take("10.0.0.1", 1, 0, &held[i]), HF_OK);
    assert_int_equal(take("10.0.0.1", 1, 0, &none), HF_NOPORT);
    for (unsigned i = 0; i < MANY; i += 97) {
        struct hf_lease_slot *slot = held[i].slot;
        hf_lease_release_mt(w.table, &held[i]);
        assert_int_equal(take("10.0.0.1", 1, 1, &last), HF_OK);
        assert_ptr_equal(last.slot, slot);
        assert_int_equal(take("10.0.0.1", 1, 0, &none), HF_NOPORT);
    }
    assert_int_equal(take("10.0.0.2", 2, 0, &last), HF_OK); /* all can be shared with it */
}

/* No port is idle, and the client has leases on all but one of a usual range. */
static void test_the_last_port_to_share_is_found(void **state)
{
    (void)state;
    enum { USUAL = 201 };
    static struct hf_lease mine[USUAL];
    struct hf_lease theirs, none, last = {0};
    make_table_of(USUAL, HF_FTP_PEER_STRICT, 1);
    for (unsigned i = 0; i < USUAL; i++)
        assert_int_equal(take("10.0.0.2", 2, 0, &theirs), HF_OK);
    for (unsigned i = 0; i < USUAL; i++)
        assert_int_equal(take("10.0.0.1", 1, 0, &mine[i]), HF_OK);
    for (unsigned i = 0; i < USUAL; i += 20) {
        struct hf_lease_slot *slot = mine[i].slot;
        assert_int_equal(take("10.0.0.1", 1, 0, &none), HF_NOPORT);
        hf_lease_release_mt(w.table, &mine[i]);
        assert_int_equal(take("10.0.0.1", 1, 0, &last), HF_OK);
        assert_ptr_equal(last.slot, slot);
    }
}

/* A port that nobody waits at is nobody's to mistake. */
static void test_idle_ports_come_before_shared_ones(void **state)
{
    (void)state;
    make_table(HF_FTP_PEER_STRICT, 1);
    struct hf_lease lease[PORTS] = {{0}};
    char client[32];
    for (unsigned i = 0; i < PORTS; i++) {
        snprintf(client, sizeof client, "10.0.0.%u", i + 1);
        assert_int_equal(take(client, i + 1, 0, &lease[i]), HF_OK);
        assert_int_equal(lease[i].slot->leased, 1);
    }
    assert_int_equal(take("10.0.0.77", 77, 0, &lease[0]), HF_OK);
    assert_int_equal(lease[0].slot->leased, 2);
}

static void test_peer_network(void **state)
{
    (void)state;
    make_table(HF_FTP_PEER_NETWORK, 1);
    struct hf_lease lease = {0};
    assert_int_equal(take("10.0.0.1", 1, 0, &lease), HF_OK);
    assert_int_equal(claim(lease.slot, "10.0.1.1"), 0);
    assert_int_equal(claim(lease.slot, "10.0.0.99"), 1);
    assert_int_equal(take("2001:db8::1", 2, 0, &lease), HF_OK);
    assert_int_equal(claim(lease.slot, "2001:db8:0:1::1"), 0);
    assert_int_equal(claim(lease.slot, "2001:db8::ffff"), 2);
}

static void test_peer_any_is_exclusive(void **state)
{
    (void)state;
    make_table(HF_FTP_PEER_ANY, 1);
    struct hf_lease lease = {0}, none = {0};
    for (unsigned i = 0; i < PORTS; i++)
        assert_int_equal(take(i % 2 ? "10.0.0.1" : "10.0.0.2", i + 1, 0, &lease), HF_OK);
    assert_int_equal(take("10.0.0.3", 9, 0, &none), HF_NOPORT);
    assert_int_equal(claim(lease.slot, "192.0.2.77"), PORTS);
}

/* Two addresses, each with its range: a client is told the address it came to, so the port must be
 * there. */
static void test_ports_of_the_clients_own_address(void **state)
{
    (void)state;
    make_table_on("192.0.2.1", "192.0.2.2");
    struct hf_lease lease = {0};
    for (unsigned i = 0; i < PORTS; i++) {
        assert_int_equal(take_at("192.0.2.2", "10.0.0.1", 1, 0, &lease), HF_OK);
        assert_ptr_equal(lease.slot->bind, &w.data2);
    }
    assert_int_equal(take_at("192.0.2.2", "10.0.0.1", 1, 0, &lease), HF_NOPORT);
    assert_int_equal(take_at("192.0.2.1", "10.0.0.1", 1, 0, &lease), HF_OK);
    assert_ptr_equal(lease.slot->bind, &w.data);
    assert_int_equal(take_at("198.51.100.1", "10.0.0.2", 1, 0, &lease), HF_OK); /* NAT: any */
}

static void test_wildcard_ranges_and_families(void **state)
{
    (void)state;
    make_table_on("0.0.0.0", "::");
    struct hf_lease lease = {0};
    assert_int_equal(take_at("2001:db8::1", "2001:db8::2", 1, 0, &lease), HF_OK);
    assert_ptr_equal(lease.slot->bind, &w.data2);
    assert_int_equal(take_at("192.0.2.1", "10.0.0.1", 1, 0, &lease), HF_OK);
    assert_ptr_equal(lease.slot->bind, &w.data);
}

/* A client that is told another address of ours goes there (`ftp-data advertise`). */
static void test_ports_of_the_address_that_is_told(void **state)
{
    (void)state;
    make_table_on("192.0.2.1", "192.0.2.2");
    struct hf_lease lease = {0};
    for (unsigned i = 0; i < PORTS; i++) {
        assert_int_equal(take_told("192.0.2.1", "192.0.2.2", "10.0.0.1", &lease), HF_OK);
        assert_ptr_equal(lease.slot->bind, &w.data2);
    }
    assert_int_equal(take_told("192.0.2.1", "192.0.2.2", "10.0.0.1", &lease), HF_NOPORT);
    assert_int_equal(take_told("192.0.2.1", "198.51.100.1", "10.0.0.1", &lease), HF_OK); /* NAT */
    assert_ptr_equal(lease.slot->bind, &w.data);
}

/* A client that came by IPv6 and is told IPv4 comes the same way (a translator's), unless anybody
 * may come. */
static void test_told_another_family(void **state)
{
    (void)state;
    static const enum hf_ftp_peer rules[] = {HF_FTP_PEER_STRICT, HF_FTP_PEER_NETWORK,
                                             HF_FTP_PEER_ANY};
    for (unsigned i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct hf_cfg_data_range second = {.bind = &w.data2};
        struct hf_lease lease = {0};
        make_table(rules[i], 1);
        hf_lease_table_free(w.table);
        w.data2 = w.data;
        w.data2.addr = host("2001:db8::1");
        w.data.next = &w.data2;
        w.range.next = &second;
        w.table = hf_lease_table_new(&w.config, 1);
        assert_non_null(w.table);
        assert_int_equal(take_told("2001:db8::1", "192.0.2.1", "2001:db8::2", &lease), HF_OK);
        assert_ptr_equal(lease.slot->bind, rules[i] == HF_FTP_PEER_ANY ? &w.data : &w.data2);
        if (i + 1 < sizeof rules / sizeof *rules)
            hf_lease_table_free(w.table);
    }
}

static void test_range_of_another_server(void **state)
{
    (void)state;
    make_table(HF_FTP_PEER_STRICT, 1);
    struct hf_lease lease = {0};
    w.only[0] = &w.other_server;
    w.range.only = w.only;
    w.range.n_only = 1;
    assert_int_equal(take("10.0.0.1", 1, 0, &lease), HF_NOTFOUND);
    w.only[0] = &w.server;
    assert_int_equal(take("10.0.0.1", 1, 0, &lease), HF_OK);
}

/* ---- several processes ---- */

static void test_processes_have_parts_of_a_range(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 64; n *= 4) { /* a range cannot be cut finer than it is long */
        unsigned parts = n < 4 ? n : n < 16 ? 4 : n < 64 ? 8 : 16;
        for (unsigned part = 0; part < parts; part++) {
            struct hf_lease lease = {0};
            make_table_of(n, HF_FTP_PEER_STRICT, 2);
            hf_lease_share_ports_mt(w.table, part);
            for (unsigned i = 0; i < n / parts; i++) {
                assert_int_equal(take("10.0.0.1", 1, 0, &lease), HF_OK);
                assert_int_equal(lease.slot->port % parts, part);
            }
            assert_int_equal(take("10.0.0.1", 1, 0, &lease), HF_NOPORT);
            assert_int_equal(take("10.0.0.2", 2, 0, &lease), HF_OK); /* shared, in the same part */
            assert_int_equal(lease.slot->port % parts, part);
            hf_lease_own_ports_mt(w.table);
            for (unsigned i = n / parts; i < n; i++)
                assert_int_equal(take("10.0.0.1", 1, 0, &lease), HF_OK);
            hf_lease_table_free(w.table);
        }
    }
    w.table = NULL;
}

static void remember(const struct hf_addr *at, const struct hf_peer_key *peer, void *arg)
{
    struct hf_peer_key *out = arg;
    assert_int_equal(hf_addr_port(at), 50000);
    *out = *peer;
}

static void test_leases_of_another_process(void **state)
{
    (void)state;
    struct hf_lease lease = {0};
    struct hf_lease_owner owner;
    struct hf_peer_key peer = {0};
    struct hf_addr client = host("10.0.0.1"), at = host("192.0.2.1");

    make_table_of(1, HF_FTP_PEER_STRICT, 1);
    assert_int_equal(take("10.0.0.1", 1, 0, &lease), HF_OK);
    hf_lease_each_mt(w.table, remember, &peer);
    hf_lease_release_mt(w.table, &lease);

    hf_addr_set_port(&at, 50000);
    struct hf_lease_slot *slot = hf_lease_slot_of(w.table, &at);
    assert_non_null(slot);
    hf_lease_reserve_mt(w.table, &at, &peer);
    hf_lease_reserve_mt(w.table, &at, &peer); /* told twice: once */
    assert_int_equal(take("10.0.0.1", 1, 0, &lease), HF_NOPORT);
    hf_lease_each_mt(w.table, NULL, NULL); /* it is not ours to tell */
    assert_int_equal(hf_lease_claim_mt(w.table, slot, &client, &owner), HF_INUSE);
    assert_int_equal(hf_lease_claim_mt(w.table, slot, &client, &owner), HF_NOTFOUND);

    hf_lease_reserve_mt(w.table, &at, &peer);
    hf_lease_forget_reserved_mt(w.table);
    assert_int_equal(take("10.0.0.1", 1, 0, &lease), HF_OK);
    hf_addr_set_port(&at, 50001);
    assert_null(hf_lease_slot_of(w.table, &at));
    hf_lease_reserve_mt(w.table, &at, &peer); /* a port that we have not */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_every_client_gets_every_port_once, teardown),
        cmocka_unit_test_teardown(test_claim_finds_its_session_once, teardown),
        cmocka_unit_test_teardown(test_release_does_not_take_a_successors_lease, teardown),
        cmocka_unit_test_teardown(test_own_workers_ports_come_first, teardown),
        cmocka_unit_test_teardown(test_the_last_free_port_is_found, teardown),
        cmocka_unit_test_teardown(test_the_last_port_to_share_is_found, teardown),
        cmocka_unit_test_teardown(test_idle_ports_come_before_shared_ones, teardown),
        cmocka_unit_test_teardown(test_peer_network, teardown),
        cmocka_unit_test_teardown(test_peer_any_is_exclusive, teardown),
        cmocka_unit_test_teardown(test_ports_of_the_address_that_is_told, teardown),
        cmocka_unit_test_teardown(test_told_another_family, teardown),
        cmocka_unit_test_teardown(test_range_of_another_server, teardown),
        cmocka_unit_test_teardown(test_ports_of_the_clients_own_address, teardown),
        cmocka_unit_test_teardown(test_wildcard_ranges_and_families, teardown),
        cmocka_unit_test_teardown(test_processes_have_parts_of_a_range, teardown),
        cmocka_unit_test_teardown(test_leases_of_another_process, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
