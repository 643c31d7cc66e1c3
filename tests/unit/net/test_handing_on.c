/*
 * test_handing_on.c: lines between processes: messages come whole, with their descriptors, and an
 * end is noticed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "haftp/net/line.h"

static struct hf_line_message message;

static int count_descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += dup2(fd, fd) == fd;
    return n;
}

static void messages_keep_their_bounds(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(hf_line_open(ends), HF_OK);
    assert_int_equal(hf_line_receive(ends[1], &message), HF_AGAIN);
    assert_int_equal(hf_line_await(ends[1], 0), HF_TIMEOUT);
    assert_int_equal(hf_line_send_mt(ends[0], "one", 3, NULL, 0), HF_OK);
    assert_int_equal(hf_line_send_mt(ends[0], "second", 6, NULL, 0), HF_OK);
    assert_int_equal(hf_line_await(ends[1], 0), HF_OK);
    assert_int_equal(hf_line_receive(ends[1], &message), HF_OK);
    assert_string_equal(message.text, "one");
    assert_int_equal(hf_line_receive(ends[1], &message), HF_OK);
    assert_string_equal(message.text, "second");
    assert_int_equal(message.n, 6);
    assert_int_equal(hf_line_send_mt(ends[0], "", 0, NULL, 0), HF_LIMIT);
    close(ends[0]);
    assert_int_equal(hf_line_receive(ends[1], &message), HF_EOF);
    assert_int_equal(hf_line_send_mt(ends[1], "x", 1, NULL, 0), HF_RESET);
    close(ends[1]);
}

static void descriptors_come_along(void **state)
{
    int ends[2], pipes[2], fds[HF_LINE_FDS], before = count_descriptors();
    char byte;
    (void)state;
    assert_int_equal(hf_line_open(ends), HF_OK);
    assert_int_equal(pipe(pipes), 0);
    for (unsigned i = 0; i < HF_LINE_FDS; i++)
        fds[i] = pipes[1];
    assert_int_equal(hf_line_send_mt(ends[0], "many", 4, fds, HF_LINE_FDS), HF_OK);
    assert_int_equal(hf_line_receive(ends[1], &message), HF_OK);
    assert_int_equal(message.n_fds, HF_LINE_FDS);
    assert_int_equal(write(message.fds[HF_LINE_FDS - 1], "y", 1), 1);
    assert_int_equal(read(pipes[0], &byte, 1), 1);
    close(message.fds[0]);
    hf_line_drop_fds(&message, 1);
    assert_int_equal(message.n_fds, 1);
    close(ends[0]);
    close(ends[1]);
    close(pipes[0]);
    close(pipes[1]);
    assert_int_equal(count_descriptors(), before);
}

static void a_full_line_takes_no_more(void **state)
{
    static const char text[HF_LINE_BYTES];
    enum hf_status status;
    int ends[2];
    unsigned n = 0;
    (void)state;
    assert_int_equal(hf_line_open(ends), HF_OK);
    while ((status = hf_line_send_mt(ends[0], text, sizeof text, NULL, 0)) == HF_OK && n < 10000)
        n++;
    assert_int_equal(status, HF_AGAIN);
    hf_line_refuse(ends[1]);
    assert_int_equal(hf_line_send_mt(ends[0], "x", 1, NULL, 0), HF_RESET);
    while (n-- > 0) /* what was sent before is not lost */
        assert_int_equal(hf_line_receive(ends[1], &message), HF_OK);
    assert_int_equal(hf_line_receive(ends[1], &message), HF_EOF);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_keep_their_bounds),
        cmocka_unit_test(descriptors_come_along),
        cmocka_unit_test(a_full_line_takes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
