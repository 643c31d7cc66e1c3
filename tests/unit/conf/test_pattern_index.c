/*
 * test_pattern_index.c: the index finds what trying every pattern finds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "haftp/conf/pattern_index.h"

static struct hf_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = hf_arena_new();
    srandom(1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hf_arena_free(arena);
    return 0;
}

static struct hf_addr addr(const char *host)
{
    struct hf_addr out;
    assert_int_equal(hf_addr_parse_host(hf_view_cstr(host), &out), HF_OK);
    return out;
}

static struct hf_addr v4(uint32_t host)
{
    return (struct hf_addr){.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)}};
}

static struct hf_net net(const char *host, const char *mask)
{
    return (struct hf_net){addr(host), addr(mask)};
}

static const struct hf_net_index *index_of(struct hf_net *nets, unsigned n)
{
    struct hf_patterns patterns = {.match = HF_MATCH_IP, .nets = nets, .n = n};
    hf_patterns_index(arena, &patterns);
    return patterns.net_index;
}

static int find(const struct hf_net_index *index, const char *host)
{
    struct hf_addr wanted = addr(host);
    return hf_net_index_find(index, &wanted);
}

static void the_most_specific(void **state)
{
    (void)state;
    struct hf_net nets[] = {
        net("10.0.0.0", "255.0.0.0"),       net("10.1.0.0", "255.255.0.0"),
        net("10.1.2.3", "255.255.255.255"), net("10.1.9.9", "255.255.0.0"), /* the second again */
        net("0.0.0.0", "255.255.255.255"),  net("255.255.255.255", "255.255.255.255"),
        net("10.255.0.0", "255.255.0.0"),
    };
    const struct hf_net_index *index = index_of(nets, sizeof nets / sizeof nets[0]);
    assert_int_equal(find(index, "10.0.0.0"), 0);
    assert_int_equal(find(index, "10.1.0.0"), 1);
    assert_int_equal(find(index, "10.1.2.2"), 1);
    assert_int_equal(find(index, "10.1.2.3"), 2);
    assert_int_equal(find(index, "10.1.2.4"), 1);
    assert_int_equal(find(index, "10.1.255.255"), 1);
    assert_int_equal(find(index, "10.2.0.0"), 0);
    assert_int_equal(find(index, "10.255.255.255"), 6);
    assert_int_equal(find(index, "11.0.0.0"), -1);
    assert_int_equal(find(index, "9.255.255.255"), -1);
    assert_int_equal(find(index, "0.0.0.0"), 4);
    assert_int_equal(find(index, "0.0.0.1"), -1);
    assert_int_equal(find(index, "255.255.255.255"), 5);
    assert_int_equal(find(index, "255.255.255.254"), -1);
}

static void both_families(void **state)
{
    (void)state;
    struct hf_net nets[] = {net("192.0.2.0", "255.255.255.0"),
                            net("::ffff:198.51.100.0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00"),
                            net("2001:db8::", "ffff:ffff::")};
    const struct hf_net_index *index = index_of(nets, 3);
    assert_int_equal(find(index, "192.0.2.1"), 0);
    assert_int_equal(find(index, "::ffff:192.0.2.1"), 0);
    assert_int_equal(find(index, "::192.0.2.1"), 0);
    assert_int_equal(find(index, "2002:c000:201::7"), 0);
    assert_int_equal(find(index, "198.51.100.9"), 1);
    assert_int_equal(find(index, "::ffff:198.51.100.9"), 1);
    assert_int_equal(find(index, "2001:db8:1::"), 2);
    assert_int_equal(find(index, "2001:db9::"), -1);
    struct hf_addr unset = {0};
    assert_int_equal(hf_net_index_find(index, &unset), -1);
}

static void everything_and_nothing(void **state)
{
    (void)state;
    struct hf_net all[] = {net("0.0.0.0", "0.0.0.0")};
    assert_int_equal(find(index_of(all, 1), "255.255.255.255"), 0);
    assert_int_equal(find(index_of(all, 1), "0.0.0.0"), 0);
    assert_int_equal(find(index_of(all, 1), "2001:db8::"), -1);
    assert_int_equal(find(index_of(NULL, 0), "1.2.3.4"), -1);
}

static void masks_that_are_no_prefixes(void **state)
{
    (void)state;
    struct hf_net nets[] = {net("10.0.0.5", "255.0.0.255"), net("10.1.0.0", "255.255.0.0")};
    const struct hf_net_index *index = index_of(nets, 2);
    assert_int_equal(find(index, "10.77.88.5"), 0);
    assert_int_equal(find(index, "10.77.88.6"), -1);
    assert_int_equal(find(index, "10.1.88.5"), 1);
    assert_int_equal(find(index, "::ffff:10.77.88.5"), 0);
}

/* The longest mask, the first of equal ones. */
static int try_all(const struct hf_net *nets, unsigned n, uint32_t host)
{
    int best = -1;
    for (unsigned i = 0; i < n; i++) {
        uint32_t mask = ntohl(nets[i].mask.v4.sin_addr.s_addr);
        bool inside = ((host ^ ntohl(nets[i].addr.v4.sin_addr.s_addr)) & mask) == 0;
        if (inside && (best < 0 || mask > ntohl(nets[best].mask.v4.sin_addr.s_addr)))
            best = (int)i;
    }
    return best;
}

static void as_trying_all(void **state)
{
    (void)state;
    enum { N = 500 };
    static struct hf_net nets[N];
    for (unsigned i = 0; i < N; i++) {
        unsigned bits = 8 + (unsigned)random() % 25;
        nets[i].mask = v4(~0u << (32 - bits));
        nets[i].addr = v4(10u << 24 | ((uint32_t)random() & 0x00ff03ff)); /* crowded */
    }
    const struct hf_net_index *index = index_of(nets, N);
    for (int i = 0; i < 20000; i++) {
        uint32_t host = 10u << 24 | ((uint32_t)random() & 0x00ff03ff);
        struct hf_addr wanted = v4(host);
        assert_int_equal(hf_net_index_find(index, &wanted), try_all(nets, N, host));
    }
}

static void texts(void **state)
{
    (void)state;
    enum { N = 1000 };
    static struct hf_view views[N + 2];
    struct hf_patterns patterns = {.match = HF_MATCH_STR, .texts = views, .n = N + 2};
    for (unsigned i = 0; i < N; i++)
        views[i] = hf_view_cstr(hf_arena_printf(arena, "Name%u", i * 7 % N));
    views[N] = hf_view_cstr("Name7"); /* again */
    views[N + 1] = hf_view("", 0);
    hf_patterns_index(arena, &patterns);
    assert_int_equal(hf_text_index_find(patterns.text_index, hf_view_cstr("Name7")), 1);
    assert_int_equal(hf_text_index_find(patterns.text_index, hf_view_cstr("name7")), -1);
    assert_int_equal(hf_text_index_find(patterns.text_index, hf_view_cstr("Name1000")), -1);
    assert_int_equal(hf_text_index_find(patterns.text_index, hf_view("", 0)), N + 1);
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(hf_text_index_find(patterns.text_index, views[i]), i);
    patterns.ignore_case = true;
    hf_patterns_index(arena, &patterns);
    assert_int_equal(hf_text_index_find(patterns.text_index, hf_view_cstr("nAME7")), 1);
    /* A few need no index. */
    struct hf_patterns few = {.match = HF_MATCH_STR, .texts = views, .n = 3};
    hf_patterns_index(arena, &few);
    assert_null(few.text_index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_most_specific, setup, teardown),
        cmocka_unit_test_setup_teardown(both_families, setup, teardown),
        cmocka_unit_test_setup_teardown(everything_and_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(masks_that_are_no_prefixes, setup, teardown),
        cmocka_unit_test_setup_teardown(as_trying_all, setup, teardown),
        cmocka_unit_test_setup_teardown(texts, setup, teardown),
    };
    return cmocka_run_group_tests_name("pattern_index", tests, NULL, NULL);
}
