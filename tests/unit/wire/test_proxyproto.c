/*
 * test_proxyproto.c: PROXY headers, byte for byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "haftp/wire/proxyproto.h"

static struct hf_addr addr(const char *host, uint16_t port)
{
    struct hf_addr a;
    assert_int_equal(hf_addr_parse_host(hf_view_cstr(host), &a), HF_OK);
    hf_addr_set_port(&a, port);
    return a;
}

static const struct hf_addr unset = {.sa = {.sa_family = AF_UNSPEC}};

static void assert_v1(const struct hf_addr *from, const struct hf_addr *to, const char *line)
{
    char out[HF_PROXYPROTO_MAX];
    assert_int_equal(hf_proxyproto_v1(out, from, to), strlen(line));
    assert_memory_equal(out, line, strlen(line));
}

static void test_v1(void **state)
{
    (void)state;
    struct hf_addr four = addr("192.0.2.1", 40000), four_too = addr("198.51.100.255", 21);
    struct hf_addr six = addr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535);

    assert_v1(&four, &four_too, "PROXY TCP4 192.0.2.1 198.51.100.255 40000 21\r\n");
    assert_v1(&six, &six,
              "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
              "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n");
    assert_v1(&four, &six, "PROXY UNKNOWN\r\n");
    assert_v1(&unset, &four, "PROXY UNKNOWN\r\n");
}

static void assert_v2(const struct hf_addr *from, const struct hf_addr *to, const char *bytes,
                      size_t n)
{
    char out[HF_PROXYPROTO_MAX];
    assert_int_equal(hf_proxyproto_v2(out, from, to), n);
    assert_memory_equal(out, bytes, n);
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static void test_v2(void **state)
{
    (void)state;
    struct hf_addr four = addr("192.0.2.1", 0x1234), four_too = addr("198.51.100.2", 21);
    struct hf_addr six = addr("2001:db8::1", 0x1234), six_too = addr("::1", 21);
    static const char for_four[] = SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02"
                                             "\x12\x34\x00\x15";
    static const char for_six[] =
        SIGNATURE "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x34\x00\x15";

    assert_v2(&four, &four_too, for_four, sizeof for_four - 1);
    assert_v2(&six, &six_too, for_six, sizeof for_six - 1);
    assert_v2(&unset, &unset, SIGNATURE "\x20\x00\x00\x00", 16);
    assert_v2(&four, &six, SIGNATURE "\x20\x00\x00\x00", 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_v1), cmocka_unit_test(test_v2)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
