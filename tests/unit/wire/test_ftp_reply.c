/*
 * test_ftp_reply.c: where replies end, for the servers that exist.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "haftp/wire/ftp.h"

#define LINE_MAX_BYTES 8192u

/* A stream from a server and the codes of its replies in order; 0 ends the list. */
struct conversation {
    const char *what;
    const char *stream;
    unsigned codes[8];
};

static const struct conversation conversations[] = {
    {"single lines", "220 hello\r\n331 who\r\n230 in\r\n", {220, 331, 230}},
    {"two replies in one segment", "150 here\r\n226 done\r\n", {150, 226}},
    {"bare code", "200\r\n201 \r\n", {200, 201}},
    {"bare LF", "220 a\n221 b\n", {220, 221}},
    {"multi-line", "220-welcome\r\n to\r\n220 here\r\n230 x\r\n", {220, 230}},
    {"code on each line", "211-A\r\n211-B\r\n211-C\r\n211 End\r\n200 x\r\n", {211, 200}},
    {"not indented", "211-Features\r\nSIZE\r\nMDTM\r\n211 End\r\n200 x\r\n", {211, 200}},
    {"blank lines", "211-Features\r\n\r\n SIZE\r\n\r\n211 End\r\n200 x\r\n", {211, 200}},
    {"other codes inside",
     "211-st\r\n226 old\r\n550 no\r\n212 near\r\n211 End\r\n200 x\r\n",
     {211, 200}},
    {"digits without a code",
     "213-st\r\n1\r\n21\r\n2133 x\r\n213x\r\n213 End\r\n200 x\r\n",
     {213, 200}},
    {"passive text inside", "211-st\r\n227 (1,2,3,4,5,6)\r\n211 End\r\n200 x\r\n", {211, 200}},
    {"bare code at the end", "234-z/OS\r\n more\r\n234\r\n200 x\r\n", {234, 200}},
    {"indented end is text", "214-help\r\n 214 no\r\n214 End\r\n", {214}},
    {"empty first line", "220-\r\n220 \r\n", {220}},
    {"after a transfer", "150-about\r\n150 go\r\n226-sent\r\n5 files\r\n226 done\r\n", {150, 226}},
    {"limits of the codes", "100 a\r\n599 b\r\n", {100, 599}},
};

struct reader {
    struct hf_ftp_reply state;
    unsigned codes[8];
    unsigned count, bad;
};

/* Takes the lines that are complete in stream[at..arrived); returns where it stopped. */
static size_t read_lines(struct reader *reader, const char *stream, size_t at, size_t arrived)
{
    struct hf_view line;
    size_t used;
    while (hf_ftp_line_cut(stream + at, arrived - at, LINE_MAX_BYTES, &line, &used) ==
           HF_FTP_LINE_OK) {
        at += used;
        switch (hf_ftp_reply_next(&reader->state, line)) {
        case HF_FTP_REPLY_LAST:
            assert_true(reader->count < 8);
            assert_false(reader->state.multi);
            reader->codes[reader->count++] = reader->state.code;
            break;
        case HF_FTP_REPLY_MORE:
            assert_true(reader->state.multi);
            break;
        case HF_FTP_REPLY_BAD:
            reader->bad++;
            break;
        }
    }
    return at;
}

static void assert_read(const struct reader *reader, const struct conversation *c, size_t split)
{
    if (reader->bad || memcmp(reader->codes, c->codes, sizeof c->codes) != 0)
        fail_msg("%s, split at %zu: %u replies, first %u", c->what, split, reader->count,
                 reader->codes[0]);
}

static void test_every_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conversations / sizeof conversations[0]; i++) {
        const struct conversation *c = &conversations[i];
        size_t size = strlen(c->stream);
        for (size_t split = 0; split <= size; split++) {
            struct reader reader = {0};
            size_t at = read_lines(&reader, c->stream, 0, split);
            assert_int_equal(read_lines(&reader, c->stream, at, size), size);
            assert_read(&reader, c, split);
        }
    }
}

static void test_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conversations / sizeof conversations[0]; i++) {
        const struct conversation *c = &conversations[i];
        struct reader reader = {0};
        size_t at = 0;
        for (size_t arrived = 0; arrived <= strlen(c->stream); arrived++)
            at = read_lines(&reader, c->stream, at, arrived);
        assert_read(&reader, c, 0);
    }
}

static void test_not_a_reply(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",      " ",         "2",      "22",     "hello",     "220text",
        "220_x", "220\ttext", "2200 x", "099 x",  "000",       "600 x",
        "999 x", "-20 x",     "2x0 x",  " 220 x", "SSH-2.0-x", "\xb2\xb2\xb0 x"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct hf_ftp_reply reply = {0};
        assert_int_equal(hf_ftp_reply_next(&reply, hf_view_cstr(lines[i])), HF_FTP_REPLY_BAD);
        assert_int_equal(reply.code, 0);
        assert_false(reply.multi);
        /* The next reply is read as if nothing had been. */
        assert_int_equal(hf_ftp_reply_next(&reply, hf_view_cstr("200 x")), HF_FTP_REPLY_LAST);
        assert_int_equal(reply.code, 200);
    }
}

/* Each code from 000 to 999 in each form. */
static void test_every_code(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 1000; code++) {
        static const char ends[] = {' ', '-', '\0'};
        for (size_t i = 0; i < sizeof ends; i++) {
            char line[8];
            struct hf_ftp_reply reply = {0};
            snprintf(line, sizeof line, "%03u%c", code, ends[i]);
            enum hf_ftp_reply_line result = hf_ftp_reply_next(&reply, hf_view_cstr(line));
            bool good = code >= 100 && code <= 599;
            assert_int_equal(result, !good            ? HF_FTP_REPLY_BAD
                                     : ends[i] == '-' ? HF_FTP_REPLY_MORE
                                                      : HF_FTP_REPLY_LAST);
            assert_int_equal(reply.code, good ? code : 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_not_a_reply),
        cmocka_unit_test(test_every_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
