/*
 * test_ftp_line.c: lines come out whole wherever the network cut the bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "haftp/wire/ftp.h"

#define LINE_MAX_BYTES 8192u

struct cut {
    const char *bytes;
    size_t size;
    size_t max;
    enum hf_ftp_line result;
    const char *line;
    size_t used;
};

#define BYTES(text) (text), sizeof(text) - 1

static const struct cut cuts[] = {
    {BYTES(""), 10, HF_FTP_LINE_MORE, "", 0},
    {BYTES("NOOP"), 10, HF_FTP_LINE_MORE, "", 0},
    {BYTES("NOOP\r"), 10, HF_FTP_LINE_MORE, "", 0},
    {BYTES("NOOP\r\n"), 10, HF_FTP_LINE_OK, "NOOP", 6},
    {BYTES("NOOP\n"), 10, HF_FTP_LINE_OK, "NOOP", 5},
    {BYTES("\r\n"), 10, HF_FTP_LINE_OK, "", 2},
    {BYTES("\n"), 10, HF_FTP_LINE_OK, "", 1},
    /* Two lines in one segment: the second is left alone. */
    {BYTES("NOOP\r\nQUIT\r\n"), 10, HF_FTP_LINE_OK, "NOOP", 6},
    /* Many a server strips all CRs before the LF. */
    {BYTES("A\r\r\n"), 10, HF_FTP_LINE_OK, "A", 4},
    {BYTES("\r\r\r\n"), 10, HF_FTP_LINE_OK, "", 4},
    {BYTES("1234\r\r\n"), 5, HF_FTP_LINE_OK, "1234", 7},
    {BYTES("12345\r\r\n"), 5, HF_FTP_LINE_TOO_LONG, "", 0},
    /* A CR that ends nothing is a byte of the line. */
    {BYTES("A\rB\r\n"), 10, HF_FTP_LINE_OK, "A\rB", 5},
    {BYTES("A\r \r\n"), 10, HF_FTP_LINE_OK, "A\r ", 5},
    /* Limits: `max` bytes fit, with either end of line; one more does not. */
    {BYTES("12345\r\n"), 5, HF_FTP_LINE_OK, "12345", 7},
    {BYTES("12345\n"), 5, HF_FTP_LINE_OK, "12345", 6},
    {BYTES("12345\r"), 5, HF_FTP_LINE_MORE, "", 0},
    {BYTES("12345"), 5, HF_FTP_LINE_MORE, "", 0},
    {BYTES("123456"), 5, HF_FTP_LINE_TOO_LONG, "", 0},
    {BYTES("123456\n"), 5, HF_FTP_LINE_TOO_LONG, "", 0},
    {BYTES("123456\r\n"), 5, HF_FTP_LINE_TOO_LONG, "", 0},
    {BYTES("12345\rx\n"), 5, HF_FTP_LINE_TOO_LONG, "", 0},
    {BYTES("1234567890"), 5, HF_FTP_LINE_TOO_LONG, "", 0},
    /* NUL is told only with the whole line, so that the caller can step over it. */
    {BYTES("A\0B\r\n"), 10, HF_FTP_LINE_NUL, "A\0B", 5},
    {BYTES("A\0B"), 10, HF_FTP_LINE_MORE, "", 0},
    {BYTES("A\r\nB\0\r\n"), 10, HF_FTP_LINE_OK, "A", 3},
};

static void test_cuts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        const struct cut *c = &cuts[i];
        struct hf_view line;
        size_t used;
        enum hf_ftp_line result = hf_ftp_line_cut(c->bytes, c->size, c->max, &line, &used);
        if (result != c->result || used != c->used)
            fail_msg("case %zu: result %d used %zu", i, (int)result, used);
        if (result == HF_FTP_LINE_OK)
            assert_true(hf_view_is(line, c->line));
        if (result == HF_FTP_LINE_NUL)
            assert_memory_equal(line.p, c->line, line.n);
    }
}

/* However the stream is split into two reads, the same lines come out. */
static void test_every_split(void **state)
{
    (void)state;
    static const char stream[] = "USER joe\r\nPASS a b\nEPSV\r\n\r\nQUIT\r\n";
    static const char *const expected[] = {"USER joe", "PASS a b", "EPSV", "", "QUIT"};
    const size_t size = sizeof stream - 1;

    for (size_t split = 0; split <= size; split++) {
        size_t at = 0, arrived = split, count = 0;
        while (at < size) {
            struct hf_view line;
            size_t used;
            enum hf_ftp_line result =
                hf_ftp_line_cut(stream + at, arrived - at, LINE_MAX_BYTES, &line, &used);
            if (result == HF_FTP_LINE_MORE) {
                assert_int_equal(arrived, split); /* all is there: there must be a line */
                arrived = size;
                continue;
            }
            assert_int_equal(result, HF_FTP_LINE_OK);
            assert_true(count < 5 && hf_view_is(line, expected[count]));
            at += used;
            count++;
        }
        assert_int_equal(count, 5);
    }
}

static void test_byte_by_byte(void **state)
{
    (void)state;
    static const char stream[] = "227 Entering Passive Mode (1,2,3,4,5,6).\r\n";
    struct hf_view line;
    size_t used;
    for (size_t n = 0; n < sizeof stream - 1; n++)
        assert_int_equal(hf_ftp_line_cut(stream, n, LINE_MAX_BYTES, &line, &used),
                         HF_FTP_LINE_MORE);
    assert_int_equal(hf_ftp_line_cut(stream, sizeof stream - 1, LINE_MAX_BYTES, &line, &used),
                     HF_FTP_LINE_OK);
    assert_int_equal(used, sizeof stream - 1);
}

/* A peer that never ends its line is found out at the limit, not before and not later. */
static void test_endless_line(void **state)
{
    (void)state;
    const size_t size = 4u * LINE_MAX_BYTES;
    char *flood = malloc(size);
    struct hf_view line;
    size_t used;
    assert_non_null(flood);
    memset(flood, 'A', size);
    assert_int_equal(hf_ftp_line_cut(flood, LINE_MAX_BYTES, LINE_MAX_BYTES, &line, &used),
                     HF_FTP_LINE_MORE);
    assert_int_equal(hf_ftp_line_cut(flood, LINE_MAX_BYTES + 1, LINE_MAX_BYTES, &line, &used),
                     HF_FTP_LINE_TOO_LONG);
    assert_int_equal(hf_ftp_line_cut(flood, size, LINE_MAX_BYTES, &line, &used),
                     HF_FTP_LINE_TOO_LONG);
    free(flood);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_endless_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
