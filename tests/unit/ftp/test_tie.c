/*
 * Ties: all opaque sessions of a client at one server, unless the data ports tell servers apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "haftp/ftp/tie.h"

#define CLIENT "198.51.100.7"

struct world {
    struct hf_ties *ties;
    struct hf_cfg_bind data, data2;
    struct hf_cfg_server cfg[2];
    struct hf_cfg_server *reach[2], *only[2];
    struct hf_server server[2];
    struct hf_proxy backend;
    struct hf_cfg_data_range range, range2;
    struct hf_cfg_proxy control;
};

static struct world w;

static struct hf_addr host(const char *text)
{
    struct hf_addr addr;
    assert_int_equal(hf_addr_parse_host(hf_view_cstr(text), &addr), HF_OK);
    return addr;
}

static int setup(void **state)
{
    (void)state;
    w = (struct world){.ties = hf_ties_new()};
    assert_non_null(w.ties);
    for (unsigned i = 0; i < 2; i++) {
        w.cfg[i].addr = host(i ? "192.0.2.12" : "192.0.2.11");
        w.reach[i] = w.only[i] = &w.cfg[i];
        w.server[i].cfg = &w.cfg[i];
        w.server[i].proxy = &w.backend;
        w.server[i].up = true;
    }
    w.range.bind = &w.data;
    w.range2.bind = &w.data2;
    w.control.data_ranges = &w.range;
    w.control.reach = w.reach;
    w.control.n_reach = 2;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hf_ties_free(w.ties);
    return 0;
}

static void one_range_per_server(void)
{
    w.range.next = &w.range2;
    w.range.only = &w.only[0];
    w.range2.only = &w.only[1];
    w.range.n_only = w.range2.n_only = 1;
}

static enum hf_status join(const char *client, unsigned server, struct hf_bond *bond)
{
    struct hf_server *elsewhere;
    struct hf_addr addr = host(client);
    enum hf_status status =
        hf_tie_join_mt(w.ties, &w.control, &addr, &w.server[server], bond, &elsewhere);
    assert_true((status == HF_INUSE) == (elsewhere != NULL));
    if (elsewhere)
        assert_ptr_equal(elsewhere, &w.server[!server]);
    return status;
}

static void leave(struct hf_bond *bond)
{
    hf_tie_leave_mt(w.ties, bond);
    assert_null(bond->tie);
    assert_null(bond->wide);
}

static struct hf_server *home(const char *client)
{
    struct hf_addr addr = host(client);
    return hf_tie_home_mt(w.ties, &w.control, &addr);
}

static enum hf_status transfer(const struct hf_cfg_bind *bind, const char *peer,
                               struct hf_tie **tie)
{
    struct hf_addr addr = host(peer);
    return hf_tie_transfer_mt(w.ties, bind, &addr, tie);
}

/* Where a data connection goes; NULL: nowhere. */
static struct hf_server *transfer_to(const struct hf_cfg_bind *bind, const char *peer)
{
    struct hf_tie *tie;
    if (transfer(bind, peer, &tie) != HF_OK)
        return NULL;
    struct hf_server *server = tie->server;
    hf_tie_transfer_ended_mt(w.ties, tie, 1);
    return server;
}

static void data_follows_the_session(void **state)
{
    struct hf_bond one;
    (void)state;
    assert_null(transfer_to(&w.data, CLIENT));
    assert_null(home(CLIENT));
    assert_int_equal(join(CLIENT, 1, &one), HF_OK);
    assert_ptr_equal(transfer_to(&w.data, CLIENT), &w.server[1]);
    assert_ptr_equal(home(CLIENT), &w.server[1]);
    assert_null(transfer_to(&w.data2, CLIENT));
    assert_null(transfer_to(&w.data, "198.51.100.8"));
    assert_null(home("198.51.100.8"));
    leave(&one);
    assert_null(transfer_to(&w.data, CLIENT));
    assert_null(home(CLIENT));
    leave(&one);
}

static void one_server_per_client(void **state)
{
    struct hf_bond one, two, other;
    (void)state;
    assert_int_equal(join(CLIENT, 0, &one), HF_OK);
    assert_int_equal(join(CLIENT, 1, &two), HF_INUSE);
    assert_int_equal(join(CLIENT, 0, &two), HF_OK);
    assert_int_equal(join("198.51.100.8", 1, &other), HF_OK);
    leave(&one);
    assert_int_equal(join(CLIENT, 1, &one), HF_INUSE);
    leave(&two);
    assert_int_equal(join(CLIENT, 1, &one), HF_OK);
    leave(&one);
    leave(&other);
}

static void ranges_tell_servers_apart(void **state)
{
    struct hf_bond one, two;
    (void)state;
    one_range_per_server();
    assert_int_equal(join(CLIENT, 0, &one), HF_OK);
    assert_null(home(CLIENT));
    assert_int_equal(join(CLIENT, 1, &two), HF_OK);
    assert_ptr_equal(transfer_to(&w.data, CLIENT), &w.server[0]);
    assert_ptr_equal(transfer_to(&w.data2, CLIENT), &w.server[1]);
    leave(&one);
    assert_null(transfer_to(&w.data, CLIENT));
    leave(&two);
}

static void a_server_that_is_down_ties_nobody(void **state)
{
    struct hf_bond one, two;
    (void)state;
    assert_int_equal(join(CLIENT, 0, &one), HF_OK);
    w.server[0].up = false;
    assert_null(home(CLIENT));
    assert_ptr_equal(transfer_to(&w.data, CLIENT), &w.server[0]);
    assert_int_equal(join(CLIENT, 1, &two), HF_OK);
    assert_ptr_equal(transfer_to(&w.data, CLIENT), &w.server[1]);
    w.server[0].up = true; /* it came back, and its session lives: nobody can tell whose it is */
    struct hf_tie *tie;
    assert_int_equal(transfer(&w.data, CLIENT, &tie), HF_INUSE);
    leave(&one);
    assert_ptr_equal(transfer_to(&w.data, CLIENT), &w.server[1]);
    leave(&two);
}

static void the_network_is_the_client(void **state)
{
    struct hf_bond one, two;
    (void)state;
    w.control.o.ftp_peer = HF_FTP_PEER_NETWORK;
    assert_int_equal(join(CLIENT, 0, &one), HF_OK);
    assert_ptr_equal(transfer_to(&w.data, "198.51.100.200"), &w.server[0]);
    assert_ptr_equal(home("198.51.100.200"), &w.server[0]);
    assert_int_equal(join("198.51.100.200", 1, &two), HF_INUSE);
    assert_null(transfer_to(&w.data, "198.51.101.7"));
    leave(&one);
    assert_int_equal(join("2001:db8::1", 0, &one), HF_OK);
    assert_ptr_equal(transfer_to(&w.data, "2001:db8::ffff"), &w.server[0]);
    assert_null(transfer_to(&w.data, "2001:db8:1::1"));
    leave(&one);
}

static void anyone_while_there_is_one_server(void **state)
{
    struct hf_bond one, two;
    struct hf_tie *tie;
    (void)state;
    w.control.o.ftp_peer = HF_FTP_PEER_ANY;
    assert_int_equal(join(CLIENT, 0, &one), HF_OK);
    assert_ptr_equal(transfer_to(&w.data, "203.0.113.1"), &w.server[0]);
    assert_null(home("203.0.113.1"));
    assert_int_equal(join("203.0.113.2", 1, &two), HF_OK);
    assert_int_equal(transfer(&w.data, "203.0.113.1", &tie), HF_INUSE);
    assert_ptr_equal(transfer_to(&w.data, CLIENT), &w.server[0]);
    assert_ptr_equal(transfer_to(&w.data, "203.0.113.2"), &w.server[1]);
    leave(&one);
    assert_ptr_equal(transfer_to(&w.data, "203.0.113.1"), &w.server[1]);
    leave(&two);
}

static void transfers_are_activity_and_have_a_limit(void **state)
{
    struct hf_bond one;
    struct hf_tie *tie[64];
    uint64_t last_ms;
    unsigned n = 0;
    (void)state;
    assert_int_equal(join(CLIENT, 0, &one), HF_OK);
    assert_false(hf_tie_activity(&one, &last_ms));
    assert_int_equal(last_ms, 0);
    while (n < 64 && transfer(&w.data, CLIENT, &tie[n]) == HF_OK)
        n++;
    assert_in_range(n, 2, 63);
    assert_int_equal(transfer(&w.data, CLIENT, &tie[n]), HF_LIMIT);
    assert_true(hf_tie_activity(&one, &last_ms));
    while (n > 1)
        hf_tie_transfer_ended_mt(w.ties, tie[--n], 1234);
    assert_true(hf_tie_activity(&one, &last_ms));
    assert_int_equal(last_ms, 1234);
    leave(&one); /* the last transfer outlives its session */
    assert_null(transfer_to(&w.data, CLIENT));
    assert_int_equal(tie[0]->n_transfers, 1);
    hf_tie_transfer_ended_mt(w.ties, tie[0], 1235);
}

static void without_data_ports_nobody_is_tied(void **state)
{
    struct hf_bond one, two;
    (void)state;
    w.control.data_ranges = NULL;
    assert_int_equal(join(CLIENT, 0, &one), HF_OK);
    assert_int_equal(join(CLIENT, 1, &two), HF_OK);
    assert_null(home(CLIENT));
    leave(&one);
    leave(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(data_follows_the_session, setup, teardown),
        cmocka_unit_test_setup_teardown(one_server_per_client, setup, teardown),
        cmocka_unit_test_setup_teardown(ranges_tell_servers_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_is_down_ties_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(the_network_is_the_client, setup, teardown),
        cmocka_unit_test_setup_teardown(anyone_while_there_is_one_server, setup, teardown),
        cmocka_unit_test_setup_teardown(transfers_are_activity_and_have_a_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(without_data_ports_nobody_is_tied, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
