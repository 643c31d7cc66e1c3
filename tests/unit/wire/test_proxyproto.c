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

/* ---- extensions --------------------------------------------------------------------------- */

static void test_extensions(void **state)
{
    (void)state;
    char out[64];
    struct hf_pp_header header;
    const struct hf_pp_tlv tlvs[] = {{HF_PP_AUTHORITY, hf_view_cstr("a.b")},
                                     {HF_PP_UNIQUE_ID, hf_view_cstr("much too long for the room")},
                                     {HF_PP_UNIQUE_ID, hf_view_cstr("id")}};
    struct hf_addr from = addr("192.0.2.1", 4000), to = addr("198.51.100.2", 21);
    size_t n = hf_proxyproto_v2(out, &from, &to);

    n = hf_proxyproto_extend(out, n, 28 + 6 + 5 + 7, tlvs, 3, true);
    assert_int_equal(n, 28 + 6 + 5 + 7);
    assert_memory_equal(out + 28,
                        "\x02\x00\x03"
                        "a.b\x05\x00\x02id\x03\x00\x04",
                        14);
    assert_int_equal(hf_proxyproto_read(hf_view(out, n), &header), HF_PP_YES);
    assert_int_equal(header.n, n);
    assert_true(hf_view_is(header.authority, "a.b") && hf_view_is(header.unique_id, "id"));
    assert_true(hf_addr_equal(&header.from, &from) && hf_addr_equal(&header.to, &to));

    out[17] ^= 1; /* a bit of the address */
    assert_int_equal(hf_proxyproto_read(hf_view(out, n), &header), HF_PP_BAD_HEADER);
}

/* Without room for the sum there is none, and what is there is whole. */
static void test_no_room(void **state)
{
    (void)state;
    char out[32];
    struct hf_pp_header header;
    struct hf_addr from = addr("192.0.2.1", 4000);
    size_t n = hf_proxyproto_v2(out, &from, &from);

    assert_int_equal(hf_proxyproto_extend(out, n, sizeof out, NULL, 0, true), n);
    assert_int_equal(hf_proxyproto_read(hf_view(out, n), &header), HF_PP_YES);
}

/* ---- reading ------------------------------------------------------------------------------ */

struct told {
    const char *bytes;
    size_t size;
    enum hf_pp_read read;
    const char *from, *to; /* NULL: the connection's own */
};

#define BYTES(text) (text), sizeof(text) - 1
#define FOUR        "\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x00\x15"
#define SIX_MAPPED                                                                                 \
    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01"                                                 \
    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc6\x33\x64\x02\x12\x34\x00\x15"

static const struct told headers[] = {
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 4660 21\r\n"), HF_PP_YES, "192.0.2.1:4660",
     "198.51.100.2:21"},
    {BYTES("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"), HF_PP_YES, "[2001:db8::1]:1", "[::1]:65535"},
    {BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.2 1 2\r\n"), HF_PP_YES, "192.0.2.1:1",
     "198.51.100.2:2"},
    {BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"), HF_PP_YES, "[::ffff:192.0.2.1]:1",
     "[::1]:2"},
    {BYTES("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), HF_PP_YES, "0.0.0.0:0", "0.0.0.0:0"},
    {BYTES("PROXY UNKNOWN\r\n"), HF_PP_YES, NULL, NULL},
    {BYTES("PROXY UNKNOWN ffff::1 whatever 1 2\r\n"), HF_PP_YES, NULL, NULL},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES("PROXY TCP4 192.0.2.1  198.51.100.2 1 2\r\n"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES("PROXY TCP4 192.0.2 198.51.100.2 1 2\r\n"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES("PROXY TCP4 * 198.51.100.2 1 2\r\n"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES("PROXY TCP4 ::1 ::1 1 2\r\n"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES("PROXY TCP6 [::1] ::1 1 2\r\n"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES("PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n"), HF_PP_BAD_PROTOCOL, NULL, NULL},
    {BYTES("PROXY \r\n"), HF_PP_BAD_PROTOCOL, NULL, NULL},
    {BYTES("PROXX"), HF_PP_NO_HEADER, NULL, NULL},
    {BYTES("USER a\r\n"), HF_PP_NO_HEADER, NULL, NULL},
    {BYTES("\r\n\r\n\0\r\nQUIX"), HF_PP_NO_HEADER, NULL, NULL},
    {BYTES(SIGNATURE "\x21\x11\x00\x0c" FOUR), HF_PP_YES, "192.0.2.1:4660", "198.51.100.2:21"},
    {BYTES(SIGNATURE "\x21\x21\x00\x24" SIX_MAPPED), HF_PP_YES, "192.0.2.1:4660",
     "198.51.100.2:21"},
    {BYTES(SIGNATURE "\x20\x11\x00\x0c" FOUR), HF_PP_YES, NULL, NULL},        /* LOCAL */
    {BYTES(SIGNATURE "\x20\x00\x00\x03\xff\xff\xff"), HF_PP_YES, NULL, NULL}, /* nonsense */
    {BYTES(SIGNATURE "\x21\x12\x00\x0c" FOUR), HF_PP_YES, NULL, NULL},        /* UDP */
    {BYTES(SIGNATURE "\x21\x00\x00\x00"), HF_PP_YES, NULL, NULL},             /* unspecified */
    {BYTES(SIGNATURE "\x21\x11\x00\x0f" FOUR "\x04\x00\x00"), HF_PP_YES, "192.0.2.1:4660",
     "198.51.100.2:21"},
    {BYTES(SIGNATURE "\x21\x11\x00\x0e" FOUR "\x04\x00"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES(SIGNATURE "\x21\x11\x00\x0f" FOUR "\x04\x00\x01"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES(SIGNATURE "\x21\x11\x00\x12" FOUR "\x03\x00\x03\0\0\0"), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES(SIGNATURE "\x21\x11\x00\x0b\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x00"),
     HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES(SIGNATURE "\x11\x11\x00\x0c" FOUR), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES(SIGNATURE "\x22\x11\x00\x0c" FOUR), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES(SIGNATURE "\x21\x11\xff\xff"), HF_PP_BAD_HEADER, NULL, NULL}, /* longer than we read */
};

static void assert_address(const struct hf_addr *a, const char *text)
{
    char buf[HF_ADDR_TEXT_SIZE];
    if (!text)
        assert_false(hf_addr_is_set(a));
    else
        assert_string_equal(hf_addr_text(a, buf), text);
}

/* The same is told with bytes behind it, and nothing is told too early, wherever it is cut. */
static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const struct told *t = &headers[i];
        struct hf_pp_header header;
        char bytes[512];

        memcpy(bytes, t->bytes, t->size);
        memcpy(bytes + t->size, "220 x\r\n", 7);
        assert_int_equal(hf_proxyproto_read(hf_view(bytes, t->size + 7), &header), t->read);
        if (t->read != HF_PP_YES)
            continue;
        assert_int_equal(header.n, t->size);
        assert_address(&header.from, t->from);
        assert_address(&header.to, t->to);
        for (size_t n = 0; n < t->size; n++)
            assert_int_equal(hf_proxyproto_read(hf_view(bytes, n), &header), HF_PP_MORE);
    }
}

static void test_long_line(void **state)
{
    (void)state;
    char bytes[108] = "PROXY UNKNOWN ";
    struct hf_pp_header header;

    memset(bytes + 14, 'x', sizeof bytes - 14);
    assert_int_equal(hf_proxyproto_read(hf_view(bytes, 106), &header), HF_PP_MORE);
    assert_int_equal(hf_proxyproto_read(hf_view(bytes, 107), &header), HF_PP_BAD_HEADER);
    memcpy(bytes + 105, "\r\n", 2); /* the longest */
    assert_int_equal(hf_proxyproto_read(hf_view(bytes, 107), &header), HF_PP_YES);
    assert_int_equal(header.n, 107);
}

/* ---- NetScaler ---------------------------------------------------------------------------- */

#define IP4 "\x45\0\0\x28\0\0\0\0\x40\x06\0\0\xc0\x00\x02\x01\xc6\x33\x64\x02"
#define IP6                                                                                        \
    "\x60\0\0\0\0\x14\x06\x40\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"                           \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"
#define PORTS "\x12\x34\x00\x15"

static const struct told client_ip[] = {
    {BYTES("\0\0\0\x07\0\0\0\x18" IP4 PORTS), HF_PP_YES, "192.0.2.1:4660", "198.51.100.2:21"},
    {BYTES("\0\0\0\x07\0\0\0\x24\0\0\0\x18" IP4 PORTS), HF_PP_YES, "192.0.2.1:4660",
     "198.51.100.2:21"},
    {BYTES("\0\0\0\x07\0\0\0\x2c" IP6 PORTS), HF_PP_YES, "[2001:db8::1]:4660", "[2001:db8::2]:21"},
    {BYTES("\0\0\0\x08\0\0\0\x18" IP4 PORTS), HF_PP_NO_HEADER, NULL, NULL},
    {BYTES("\0\0\0\x07\0\0\0\x17" IP4 PORTS), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES("\0\0\0\x07\xff\xff\xff\xff" IP4 PORTS), HF_PP_BAD_HEADER, NULL, NULL},
    {BYTES("\0\0\0\x07\0\0\0\x04" PORTS "zzzz"), HF_PP_BAD_PROTOCOL, NULL, NULL},
};

static void test_netscaler(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof client_ip / sizeof client_ip[0]; i++) {
        const struct told *t = &client_ip[i];
        struct hf_pp_header header;

        assert_int_equal(hf_netscaler_read(hf_view(t->bytes, t->size), 7, &header), t->read);
        if (t->read != HF_PP_YES)
            continue;
        assert_int_equal(header.n, t->size);
        assert_address(&header.from, t->from);
        assert_address(&header.to, t->to);
        for (size_t n = 0; n < t->size; n++)
            assert_int_equal(hf_netscaler_read(hf_view(t->bytes, n), 7, &header), HF_PP_MORE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v1),         cmocka_unit_test(test_v2),
        cmocka_unit_test(test_extensions), cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_read),       cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_netscaler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
