/*
 * test_ftp_addr.c: addresses in replies and arguments; what is wrong is refused, never repaired.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/wire/ftp.h"

#define LINE_MAX_BYTES  8192u
#define REPLY_MAX_BYTES 65536u

typedef enum hf_status (*parse_fn)(struct hf_view text, struct hf_addr *out);

/* `addr` is "host port", "- port" when only a port is told, NULL when status is not HF_OK. */
struct parse {
    const char *text;
    enum hf_status status;
    const char *addr;
};

static void addr_to_text(const struct hf_addr *addr, char *buf, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "-";
    if (addr->sa.sa_family == AF_INET)
        inet_ntop(AF_INET, &addr->v4.sin_addr, host, sizeof host);
    if (addr->sa.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &addr->v6.sin6_addr, host, sizeof host);
    snprintf(buf, size, "%s %u", host, (unsigned)ntohs(addr->v4.sin_port));
}

static void assert_parses(parse_fn fn, const struct parse *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct hf_addr addr = {.sa = {.sa_family = AF_UNSPEC}};
        char text[80];
        enum hf_status status = fn(hf_view_cstr(cases[i].text), &addr);
        addr_to_text(&addr, text, sizeof text);
        if (status != cases[i].status)
            fail_msg("\"%s\": %s, read as %s", cases[i].text, hf_status_text(status), text);
        if (status == HF_OK && strcmp(text, cases[i].addr) != 0)
            fail_msg("\"%s\": read as %s, not %s", cases[i].text, text, cases[i].addr);
    }
}

#define ASSERT_PARSES(fn, cases) assert_parses((fn), (cases), sizeof(cases) / sizeof((cases)[0]))

/* ---- 227 ----------------------------------------------------------------------------------- */

static const struct parse pasv_replies[] = {
    {" Entering Passive Mode (10,0,0,1,4,1).", HF_OK, "10.0.0.1 1025"},
    {" Entering Passive Mode (10,0,0,1,4,1)", HF_OK, "10.0.0.1 1025"},
    {" Entering Passive Mode. (10,0,0,1,4,1).", HF_OK, "10.0.0.1 1025"},
    /* Without parentheses, with other text around. */
    {" 10,0,0,1,4,1", HF_OK, "10.0.0.1 1025"},
    {"10,0,0,1,4,1", HF_OK, "10.0.0.1 1025"},
    {" Entering Passive Mode 10,0,0,1,4,1.", HF_OK, "10.0.0.1 1025"},
    {" =10,0,0,1,4,1", HF_OK, "10.0.0.1 1025"},
    {" Entering Passive Mode (10,0,0,1,4,1", HF_OK, "10.0.0.1 1025"},
    {" Entering Passive Mode [10,0,0,1,4,1]", HF_OK, "10.0.0.1 1025"},
    {" ok (10,0,0,1,4,1) via 192.168.0.1, slot 7", HF_OK, "10.0.0.1 1025"},
    /* Stray numbers are not the address. */
    {" Entering Passive Mode 2 (1,2,3,4,5,6)", HF_OK, "1.2.3.4 1286"},
    {" Entering Passive Mode 2, (1,2,3,4,5,6)", HF_OK, "1.2.3.4 1286"},
    {" user 7 of 1,000 (1,2,3,4,5,6)", HF_OK, "1.2.3.4 1286"},
    {" 192.168.0.1 says 1,2,3,4,5,6", HF_OK, "1.2.3.4 1286"},
    /* Blanks inside. */
    {" Passive ( 1, 2, 3, 4, 5, 6 )", HF_OK, "1.2.3.4 1286"},
    {" Passive (1 ,2 ,3\t,\t4,5,6)", HF_OK, "1.2.3.4 1286"},
    {" Passive (001,002,003,004,005,006)", HF_OK, "1.2.3.4 1286"},
    /* Addresses of no use are for the caller to judge. */
    {" Passive (0,0,0,0,200,1)", HF_OK, "0.0.0.0 51201"},
    {" Passive (255,255,255,255,255,255)", HF_OK, "255.255.255.255 65535"},
    {" Passive (127,0,0,1,0,1)", HF_OK, "127.0.0.1 1"},
    /* Out of range: never wrapped. */
    {" Passive (256,0,0,1,4,1)", HF_INVALID, NULL},
    {" Passive (10,0,0,256,4,1)", HF_INVALID, NULL},
    {" Passive (10,0,0,1,256,22)", HF_INVALID, NULL},
    {" Passive (10,0,0,1,4,256)", HF_INVALID, NULL},
    {" Passive (10,0,0,1,4294967296,22)", HF_INVALID, NULL},
    {" Passive (10,0,0,1,4,18446744073709551617)", HF_INVALID, NULL},
    {" Passive (10,0,0,1,0,0)", HF_INVALID, NULL},
    /* Not six. */
    {" Passive (10,0,0,1,4)", HF_NOTFOUND, NULL},
    {" Passive (10,0,0,1,4,)", HF_NOTFOUND, NULL},
    {" Passive (256,10,0,0,1,4,1)", HF_NOTFOUND, NULL},
    {" Passive (10,0,0,1,4,1,2)", HF_NOTFOUND, NULL},
    {" Passive (10,0,0,1,-4,1)", HF_NOTFOUND, NULL},
    {" Passive (10.0.0.1.4.1)", HF_NOTFOUND, NULL},
    {" Passive (10,0,0,1;4,1)", HF_NOTFOUND, NULL},
    {" Passive (a,0,0,1,4,1)", HF_NOTFOUND, NULL},
    {" Passive ()", HF_NOTFOUND, NULL},
    {" Passive (", HF_NOTFOUND, NULL},
    {" Entering Passive Mode", HF_NOTFOUND, NULL},
    {"", HF_NOTFOUND, NULL},
    /* A 229 in answer to PASV. */
    {" Entering Extended Passive Mode (|||1025|)", HF_OK, "- 1025"},
    {" (|||p|)", HF_NOTFOUND, NULL},
    {" (|||65536|)", HF_INVALID, NULL},
};

static void test_pasv_reply(void **state)
{
    (void)state;
    ASSERT_PARSES(hf_ftp_parse_pasv_reply, pasv_replies);
}

/* ---- 229 ----------------------------------------------------------------------------------- */

static const struct parse epsv_replies[] = {
    {" Entering Extended Passive Mode (|||1025|)", HF_OK, "- 1025"},
    {" Entering Extended Passive Mode (|||1025|).", HF_OK, "- 1025"},
    {" Entering Extended Passive Mode. (|||1025|)", HF_OK, "- 1025"},
    {" (EPSV) ok (|||1025|)", HF_OK, "- 1025"},
    {" 2 of 3 ( |||1025| )", HF_OK, "- 1025"},
    {" |||1025|", HF_OK, "- 1025"},
    {"|||1025|", HF_OK, "- 1025"},
    {" (see below) |||1025|", HF_OK, "- 1025"},
    /* An address is not asked for, but some tell it. */
    {" (|1|10.0.0.1|1025|)", HF_OK, "10.0.0.1 1025"},
    {" (|2|2001:db8::1|1025|)", HF_OK, "2001:db8::1 1025"},
    {" (||10.0.0.1|1025|)", HF_OK, "10.0.0.1 1025"},
    {" (|1||1025|)", HF_OK, "- 1025"},
    {" (|1|ftp.example.com|1025|)", HF_INVALID, NULL},
    {" (|1|10.0.0.999|1025|)", HF_INVALID, NULL},
    {" (|1|1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa|1025|)", HF_INVALID, NULL},
    /* Out of range. */
    {" (|||0|)", HF_INVALID, NULL},
    {" (|||65535|)", HF_OK, "- 65535"},
    {" (|||65536|)", HF_INVALID, NULL},
    {" (|||65558|)", HF_INVALID, NULL}, /* 22 when it wraps */
    {" (|||4294968321|)", HF_INVALID, NULL},
    {" (|||99999999999999999999999999|)", HF_INVALID, NULL},
    /* Broken. */
    {" (|||1025", HF_NOTFOUND, NULL},
    {" (|||1025)", HF_NOTFOUND, NULL},
    {" (||1025|)", HF_NOTFOUND, NULL},
    {" (||||)", HF_NOTFOUND, NULL},
    {" (|||p|)", HF_NOTFOUND, NULL},
    {" (|||10 25|)", HF_NOTFOUND, NULL},
    {" (|||-1025|)", HF_NOTFOUND, NULL},
    {" (|||+1025|)", HF_NOTFOUND, NULL},
    {" (|x||1025|)", HF_NOTFOUND, NULL},
    {" (1115011)", HF_NOTFOUND, NULL},
    {" (   1025 )", HF_NOTFOUND, NULL},
    {" ...1025.", HF_NOTFOUND, NULL},
    {" Entering Extended Passive Mode", HF_NOTFOUND, NULL},
    {" ()", HF_NOTFOUND, NULL},
    {"(", HF_NOTFOUND, NULL},
    {"|", HF_NOTFOUND, NULL},
    {"", HF_NOTFOUND, NULL},
    /* A 227 in answer to EPSV. */
    {" Entering Passive Mode (10,0,0,1,4,1).", HF_OK, "10.0.0.1 1025"},
    {" Entering Passive Mode (10,0,0,1,256,22).", HF_INVALID, NULL},
};

static void test_epsv_reply(void **state)
{
    (void)state;
    ASSERT_PARSES(hf_ftp_parse_epsv_reply, epsv_replies);
}

/* RFC 2428 3: any character from 33 to 126 may delimit; digits would be ambiguous. */
static void test_every_delimiter(void **state)
{
    (void)state;
    for (int d = 1; d < 256; d++) {
        char text[32];
        struct hf_addr addr;
        int n = snprintf(text, sizeof text, " x (%c%c%c50000%c)", d, d, d, d);
        bool legal = d >= 33 && d <= 126 && !(d >= '0' && d <= '9');
        enum hf_status status = hf_ftp_parse_epsv_reply(hf_view(text, (size_t)n), &addr);
        assert_int_equal(status, legal ? HF_OK : HF_NOTFOUND);
        if (legal)
            assert_int_equal(ntohs(addr.v4.sin_port), 50000);
    }
}

/* ---- PORT ---------------------------------------------------------------------------------- */

static const struct parse ports[] = {
    {"10,0,0,1,4,1", HF_OK, "10.0.0.1 1025"},
    {"10,0,0,1,4,1  ", HF_OK, "10.0.0.1 1025"},
    {"0,0,0,0,4,1", HF_OK, "0.0.0.0 1025"},
    {"255,255,255,255,255,255", HF_OK, "255.255.255.255 65535"},
    {"10,0,0,1,256,22", HF_INVALID, NULL},
    {"256,0,0,1,4,1", HF_INVALID, NULL},
    {"10,0,0,1,0,0", HF_INVALID, NULL},
    {"10,0,0,1,4", HF_INVALID, NULL},
    {"10,0,0,1,4,", HF_INVALID, NULL},
    {"10,0,0,1,4,1,", HF_INVALID, NULL},
    {"10,0,0,1,4,1,2", HF_INVALID, NULL},
    {"10,0,0,1,4,1x", HF_INVALID, NULL},
    {"10,0,0,1,4,1 x", HF_INVALID, NULL},
    {"10,0,0,1,4,1\r", HF_INVALID, NULL},
    {"(10,0,0,1,4,1)", HF_INVALID, NULL},
    {" 10,0,0,1,4,1", HF_INVALID, NULL},
    {"10, 0,0,1,4,1", HF_INVALID, NULL},
    {"10 ,0,0,1,4,1", HF_INVALID, NULL},
    {"10,,0,0,1,4,1", HF_INVALID, NULL},
    {"-10,0,0,1,4,1", HF_INVALID, NULL},
    {"0x0a,0,0,1,4,1", HF_INVALID, NULL},
    {"10.0.0.1.4.1", HF_INVALID, NULL},
    {",,,,,", HF_INVALID, NULL},
    {"", HF_INVALID, NULL},
};

static void test_port(void **state)
{
    (void)state;
    ASSERT_PARSES(hf_ftp_parse_port, ports);
}

/* ---- EPRT ---------------------------------------------------------------------------------- */

static const struct parse eprts[] = {
    {"|1|132.235.1.2|6275|", HF_OK, "132.235.1.2 6275"},
    {"|2|1080::8:800:200C:417A|5282|", HF_OK, "1080::8:800:200c:417a 5282"},
    {"|2|::1|1025|", HF_OK, "::1 1025"},
    {"|2|::ffff:10.0.0.1|1025|", HF_OK, "::ffff:10.0.0.1 1025"},
    {"!1!10.0.0.1!1025!", HF_OK, "10.0.0.1 1025"},
    {"|1|10.0.0.1|1025| ", HF_OK, "10.0.0.1 1025"},
    /* Protocols that we do not know: the client may be told which we do (522). */
    {"|0|10.0.0.1|1025|", HF_UNSUPPORTED, NULL},
    {"|3|10.0.0.1|1025|", HF_UNSUPPORTED, NULL},
    {"|257|10.0.0.1|1025|", HF_UNSUPPORTED, NULL},
    {"|4294967297|10.0.0.1|1025|", HF_UNSUPPORTED, NULL},
    /* An address of the other family, or none. */
    {"|1|::1|1025|", HF_INVALID, NULL},
    {"|2|10.0.0.1|1025|", HF_INVALID, NULL},
    {"|1|localhost|1025|", HF_INVALID, NULL},
    {"|1||1025|", HF_INVALID, NULL},
    {"|1|*|1025|", HF_INVALID, NULL},
    {"|1|10.1|1025|", HF_INVALID, NULL},
    {"|1|010.0.0.1x|1025|", HF_INVALID, NULL},
    {"|2|[::1]|1025|", HF_INVALID, NULL},
    {"|2|fe80::1%lo|1025|", HF_INVALID, NULL},
    {"|2|::1 |1025|", HF_INVALID, NULL},
    /* Ports. */
    {"|1|10.0.0.1|0|", HF_INVALID, NULL},
    {"|1|10.0.0.1|65535|", HF_OK, "10.0.0.1 65535"},
    {"|1|10.0.0.1|65536|", HF_INVALID, NULL},
    {"|1|10.0.0.1|4294968321|", HF_INVALID, NULL},
    {"|1|10.0.0.1||", HF_INVALID, NULL},
    {"|1|10.0.0.1|ftp|", HF_INVALID, NULL},
    /* Form. */
    {"|1|10.0.0.1|1025", HF_INVALID, NULL},
    {"|1|10.0.0.1|1025|x", HF_INVALID, NULL},
    {"|1|10.0.0.1|1025||", HF_INVALID, NULL},
    {"1|10.0.0.1|1025|", HF_INVALID, NULL},
    {" |1|10.0.0.1|1025|", HF_INVALID, NULL},
    {"||10.0.0.1|1025|", HF_INVALID, NULL},
    {"|x|10.0.0.1|1025|", HF_INVALID, NULL},
    {"|1!10.0.0.1|1025|", HF_INVALID, NULL},
    {"||||", HF_INVALID, NULL},
    {"|", HF_INVALID, NULL},
    {"", HF_INVALID, NULL},
};

static void test_eprt(void **state)
{
    (void)state;
    ASSERT_PARSES(hf_ftp_parse_eprt, eprts);
}

static void test_nul_in_address(void **state)
{
    (void)state;
    static const char arg[] = "|1|10.0.0.1\0x|1025|";
    struct hf_addr addr;
    assert_int_equal(hf_ftp_parse_eprt(hf_view(arg, sizeof arg - 1), &addr), HF_INVALID);
}

/* ---- EPSV's argument ----------------------------------------------------------------------- */

static void test_epsv_arg(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum hf_epsv_arg arg;
    } args[] = {
        {"", HF_EPSV_NONE},      {"  ", HF_EPSV_NONE},     {"1", HF_EPSV_V4},
        {"2", HF_EPSV_V6},       {"2 ", HF_EPSV_V6},       {"ALL", HF_EPSV_ALL},
        {"all \t", HF_EPSV_ALL}, {"0", HF_EPSV_OTHER},     {"3", HF_EPSV_OTHER},
        {"12", HF_EPSV_OTHER},   {"65537", HF_EPSV_OTHER}, {"4294967297", HF_EPSV_OTHER},
        {"ALLX", HF_EPSV_BAD},   {"AL", HF_EPSV_BAD},      {"1 2", HF_EPSV_BAD},
        {"1x", HF_EPSV_BAD},     {"-1", HF_EPSV_BAD},      {"IPv4", HF_EPSV_BAD},
    };
    for (size_t i = 0; i < sizeof args / sizeof args[0]; i++)
        assert_int_equal(hf_ftp_parse_epsv_arg(hf_view_cstr(args[i].text)), args[i].arg);
}

/* ---- writing ------------------------------------------------------------------------------- */

static struct hf_addr make_v4(const char *host, uint16_t port)
{
    struct hf_addr addr = {.v4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
    assert_int_equal(inet_pton(AF_INET, host, &addr.v4.sin_addr), 1);
    return addr;
}

static struct hf_addr make_v6(const char *host, uint16_t port)
{
    struct hf_addr addr = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
    assert_int_equal(inet_pton(AF_INET6, host, &addr.v6.sin6_addr), 1);
    return addr;
}

static void assert_line(size_t n, const char *buf, const char *expected)
{
    assert_string_equal(buf, expected);
    assert_int_equal(n, strlen(expected));
}

static void test_format(void **state)
{
    (void)state;
    char buf[HF_FTP_ADDR_LINE];
    struct hf_addr low = make_v4("10.0.0.1", 1), high = make_v4("255.254.253.252", 65535);
    struct hf_addr v6 = make_v6("2001:db8::1", 50000);
    struct hf_addr longest = make_v6("1111:2222:3333:4444:5555:6666:7777:8888", 65535);

    assert_line(hf_ftp_format_227(&low, buf), buf, "227 Entering Passive Mode (10,0,0,1,0,1).\r\n");
    assert_line(hf_ftp_format_227(&high, buf), buf,
                "227 Entering Passive Mode (255,254,253,252,255,255).\r\n");
    assert_line(hf_ftp_format_229(50000, buf), buf,
                "229 Entering Extended Passive Mode (|||50000|)\r\n");
    assert_line(hf_ftp_format_port(&high, buf), buf, "PORT 255,254,253,252,255,255\r\n");
    assert_line(hf_ftp_format_eprt(&low, buf), buf, "EPRT |1|10.0.0.1|1|\r\n");
    assert_line(hf_ftp_format_eprt(&v6, buf), buf, "EPRT |2|2001:db8::1|50000|\r\n");
    assert_line(hf_ftp_format_eprt(&longest, buf), buf,
                "EPRT |2|1111:2222:3333:4444:5555:6666:7777:8888|65535|\r\n");
}

/* The argument or text of a line that we wrote. */
static struct hf_view without(const char *buf, size_t n, const char *prefix)
{
    size_t skip = strlen(prefix);
    assert_memory_equal(buf, prefix, skip);
    return hf_view(buf + skip, n - skip - 2);
}

static void test_every_port_both_ways(void **state)
{
    (void)state;
    for (unsigned port = 1; port <= 65535; port++) {
        char buf[HF_FTP_ADDR_LINE];
        struct hf_addr addr = make_v4("192.0.2.7", (uint16_t)port), back;
        size_t n = hf_ftp_format_227(&addr, buf);
        assert_int_equal(hf_ftp_parse_pasv_reply(without(buf, n, "227"), &back), HF_OK);
        assert_int_equal(back.v4.sin_port, addr.v4.sin_port);
        assert_int_equal(back.v4.sin_addr.s_addr, addr.v4.sin_addr.s_addr);
        n = hf_ftp_format_229((uint16_t)port, buf);
        assert_int_equal(hf_ftp_parse_epsv_reply(without(buf, n, "229"), &back), HF_OK);
        assert_int_equal(back.v4.sin_port, addr.v4.sin_port);
        n = hf_ftp_format_port(&addr, buf);
        assert_int_equal(hf_ftp_parse_port(without(buf, n, "PORT "), &back), HF_OK);
        assert_int_equal(back.v4.sin_port, addr.v4.sin_port);
        n = hf_ftp_format_eprt(&addr, buf);
        assert_int_equal(hf_ftp_parse_eprt(without(buf, n, "EPRT "), &back), HF_OK);
        assert_int_equal(back.v4.sin_port, addr.v4.sin_port);
    }
}

/* ---- hostile sizes ------------------------------------------------------------------------- */

/* Cut anywhere, a good reply is either not found or still reads with the right host. */
static void test_truncated(void **state)
{
    (void)state;
    static const char pasv[] = " Entering Passive Mode (10,0,0,1,200,21).";
    static const char epsv[] = " Entering Extended Passive Mode (|||51221|)";
    struct hf_addr addr;
    for (size_t n = 0; n < sizeof pasv - 1; n++) {
        enum hf_status status = hf_ftp_parse_pasv_reply(hf_view(pasv, n), &addr);
        bool six = n > strlen(" Entering Passive Mode (10,0,0,1,200,");
        assert_int_equal(status, six ? HF_OK : HF_NOTFOUND);
    }
    for (size_t n = 0; n < sizeof epsv - 2; n++)
        assert_int_equal(hf_ftp_parse_epsv_reply(hf_view(epsv, n), &addr), HF_NOTFOUND);
}

static void test_huge(void **state)
{
    (void)state;
    static const char *const patterns[] = {"1,", "(", "|", "((a", "9", "1, ", "(|1|", ",", "(!"};
    char *text = malloc(REPLY_MAX_BYTES);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        struct hf_addr addr;
        size_t length = strlen(patterns[i]);
        for (size_t at = 0; at < REPLY_MAX_BYTES; at++)
            text[at] = patterns[i][at % length];
        assert_int_not_equal(hf_ftp_parse_pasv_reply(hf_view(text, LINE_MAX_BYTES), &addr), HF_OK);
        assert_int_not_equal(hf_ftp_parse_epsv_reply(hf_view(text, LINE_MAX_BYTES), &addr), HF_OK);
        assert_int_not_equal(hf_ftp_parse_port(hf_view(text, REPLY_MAX_BYTES), &addr), HF_OK);
        assert_int_not_equal(hf_ftp_parse_eprt(hf_view(text, REPLY_MAX_BYTES), &addr), HF_OK);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pasv_reply),
        cmocka_unit_test(test_epsv_reply),
        cmocka_unit_test(test_every_delimiter),
        cmocka_unit_test(test_port),
        cmocka_unit_test(test_eprt),
        cmocka_unit_test(test_nul_in_address),
        cmocka_unit_test(test_epsv_arg),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_every_port_both_ways),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_huge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
