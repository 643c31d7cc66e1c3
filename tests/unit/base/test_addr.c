/*
 * test_addr.c: addresses are parsed, compared and printed as administrators write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "haftp/base/addr.h"

static struct hf_addr addr(const char *host, uint16_t port)
{
    struct hf_addr a;

    assert_int_equal(hf_addr_parse_host(hf_view_cstr(host), &a), HF_OK);
    hf_addr_set_port(&a, port);
    return a;
}

static void assert_text(struct hf_addr a, const char *expected)
{
    char text[HF_ADDR_TEXT_SIZE];

    assert_string_equal(hf_addr_text(&a, text), expected);
}

static void numeric_hosts_are_read_and_printed(void **state)
{
    char text[HF_ADDR_TEXT_SIZE];
    struct hf_addr a = addr("10.0.0.1", 21);

    (void)state;
    assert_text(a, "10.0.0.1:21");
    assert_string_equal(hf_addr_host_text(&a, text), "10.0.0.1");
    assert_text(addr("::1", 21), "[::1]:21");
    assert_text(addr("[2001:db8::7]", 65535), "[2001:db8::7]:65535");
    assert_text(addr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535),
                "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
    assert_text(addr("fe80::1%lo", 21), "[fe80::1%lo]:21");
    assert_text(addr("fe80::1%4000000000", 21), "[fe80::1%4000000000]:21");
}

static void star_and_nothing_mean_any_address(void **state)
{
    struct hf_addr star = addr("*", 21), none = addr("", 21), v6 = addr("::", 21);
    struct hf_addr one = addr("127.0.0.1", 21);

    (void)state;
    assert_text(star, "0.0.0.0:21");
    assert_true(hf_addr_is_any(&star));
    assert_true(hf_addr_is_any(&none));
    assert_true(hf_addr_is_any(&v6));
    assert_false(hf_addr_is_any(&one));
}

static void what_is_not_numeric_is_refused(void **state)
{
    static const char *const wrong[] = {
        "localhost", "10.0.0",    "10.0.0.256", "1",     "10.0.0.1 ",           ":::", "[::1",
        "[]",        "[1.2.3.4]", "::1]",       "1:2:3", "fe80::1%no-such-if0", "%lo", "::1%0"};
    struct hf_addr a;
    char longest[300];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(hf_addr_parse_host(hf_view_cstr(wrong[i]), &a), HF_INVALID);
        assert_false(hf_addr_is_set(&a));
    }
    memset(longest, '1', sizeof longest);
    assert_int_equal(hf_addr_parse_host(hf_view(longest, sizeof longest), &a), HF_INVALID);
    assert_int_equal(hf_addr_parse_host(hf_view("1.2.3.4\0x", 9), &a), HF_INVALID);
}

static void a_view_need_not_end_in_nul(void **state)
{
    struct hf_addr a;

    (void)state;
    assert_int_equal(hf_addr_parse_host(hf_view("10.0.0.12345", 9), &a), HF_OK);
    assert_text(a, "10.0.0.12:0");
}

static void an_unset_address_is_nobody(void **state)
{
    struct hf_addr none = {0}, one = addr("10.0.0.1", 0);

    (void)state;
    assert_false(hf_addr_is_set(&none));
    assert_text(none, "-");
    assert_int_equal(hf_addr_port(&none), 0);
    assert_false(hf_addr_same_host(&none, &none));
    assert_false(hf_addr_same_host(&none, &one));
    assert_false(hf_addr_is_any(&none));
}

static void a_mapped_address_is_its_ipv4_host(void **state)
{
    struct hf_addr mapped = addr("::ffff:192.168.1.10", 2121), plain = addr("192.168.1.10", 2121);

    (void)state;
    assert_true(hf_addr_same_host(&mapped, &plain));
    assert_true(hf_addr_equal(&mapped, &plain));
    assert_int_equal(hf_addr_hash_host(&mapped), hf_addr_hash_host(&plain));
    hf_addr_unmap(&mapped);
    assert_text(mapped, "192.168.1.10:2121");
    assert_int_equal(hf_addr_len(&mapped), sizeof(struct sockaddr_in));
}

static void ports_count_for_equality_but_not_for_the_host(void **state)
{
    struct hf_addr a = addr("10.0.0.1", 21), b = addr("10.0.0.1", 22), c = addr("10.0.0.2", 21);
    struct hf_addr v6 = addr("::1", 21);

    (void)state;
    assert_true(hf_addr_same_host(&a, &b));
    assert_int_equal(hf_addr_hash_host(&a), hf_addr_hash_host(&b));
    assert_false(hf_addr_equal(&a, &b));
    assert_false(hf_addr_same_host(&a, &c));
    assert_false(hf_addr_same_host(&a, &v6));
}

static void a_link_local_host_belongs_to_its_interface(void **state)
{
    struct hf_addr one = addr("fe80::1%1", 21), two = addr("fe80::1%2", 21);

    (void)state;
    assert_false(hf_addr_same_host(&one, &two));
}

static void hashes_of_neighbours_spread(void **state)
{
    unsigned buckets[16] = {0};

    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        struct hf_addr a = {.v4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x0a000000u + i)}}};

        buckets[hf_addr_hash_host(&a) % 16]++;
    }
    for (unsigned i = 0; i < 16; i++)
        assert_in_range(buckets[i], 4, 40);
}

static void resolving_takes_numbers_and_names(void **state)
{
    struct hf_addr a, loopback = addr("127.0.0.1", 0), loopback6 = addr("::1", 0);

    unsigned n;

    (void)state;
    assert_int_equal(hf_addr_lookup("192.168.1.10", AF_UNSPEC, &a, 1, &n), HF_OK);
    assert_int_equal(n, 1);
    assert_text(a, "192.168.1.10:0");
    assert_int_equal(hf_addr_lookup("localhost", AF_UNSPEC, &a, 1, &n), HF_OK);
    assert_int_equal(n, 1);
    assert_true(hf_addr_same_host(&a, &loopback) || hf_addr_same_host(&a, &loopback6));
    assert_int_equal(hf_addr_lookup("no such host", AF_UNSPEC, &a, 1, &n), HF_NOTFOUND);
    assert_int_equal(n, 0);
}

static void resolving_gives_the_family_asked_for(void **state)
{
    struct hf_addr list[4];
    unsigned n;

    (void)state;
    assert_int_equal(hf_addr_lookup("127.0.0.1", AF_INET6, list, 4, &n), HF_NOTFOUND);
    assert_int_equal(n, 0);
    assert_int_equal(hf_addr_lookup("localhost", AF_INET, list, 4, &n), HF_OK);
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(list[i].sa.sa_family, AF_INET);
        for (unsigned k = 0; k < i; k++)
            assert_false(hf_addr_same_host(&list[i], &list[k]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric_hosts_are_read_and_printed),
        cmocka_unit_test(star_and_nothing_mean_any_address),
        cmocka_unit_test(what_is_not_numeric_is_refused),
        cmocka_unit_test(a_view_need_not_end_in_nul),
        cmocka_unit_test(an_unset_address_is_nobody),
        cmocka_unit_test(a_mapped_address_is_its_ipv4_host),
        cmocka_unit_test(ports_count_for_equality_but_not_for_the_host),
        cmocka_unit_test(a_link_local_host_belongs_to_its_interface),
        cmocka_unit_test(hashes_of_neighbours_spread),
        cmocka_unit_test(resolving_takes_numbers_and_names),
        cmocka_unit_test(resolving_gives_the_family_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
