/*
 * test_status.c: each status has a text, each errno that sockets give has a status.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "haftp/base/status.h"

static const enum hf_status all[] = {
#define X(name, text) HF_##name,
    HF_STATUS_ROWS(X)
#undef X
};
#define COUNT (sizeof all / sizeof all[0])

static void test_texts_differ(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        const char *text = hf_status_text(all[i]);
        assert_true(strlen(text) > 0);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(text, hf_status_text(all[j]));
    }
}

static void test_unknown_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(hf_status_text((enum hf_status)COUNT), "unknown status");
    assert_string_equal(hf_status_text((enum hf_status) - 1), "unknown status");
}

static void test_ok_is_zero(void **state)
{
    (void)state;
    assert_int_equal(HF_OK, 0);
}

static void test_errno(void **state)
{
    (void)state;
    static const struct {
        int err;
        enum hf_status status;
    } rows[] = {
        {0, HF_OK},
        {EAGAIN, HF_AGAIN},
        {EINPROGRESS, HF_AGAIN},
        {EINTR, HF_AGAIN},
        {ECONNRESET, HF_RESET},
        {EPIPE, HF_RESET},
        {ECONNABORTED, HF_RESET},
        {ECONNREFUSED, HF_REFUSED},
        {EHOSTUNREACH, HF_UNREACHABLE},
        {ENETUNREACH, HF_UNREACHABLE},
        {ETIMEDOUT, HF_TIMEOUT},
        {ENOMEM, HF_NOMEM},
        {ENOBUFS, HF_NOMEM},
        {EMFILE, HF_NOFD},
        {ENFILE, HF_NOFD},
        {EADDRINUSE, HF_INUSE},
        {EADDRNOTAVAIL, HF_NOADDR},
        {EACCES, HF_DENIED},
        {EPERM, HF_DENIED},
        {EINVAL, HF_INVALID},
        {ENOENT, HF_NOTFOUND},
        {EAFNOSUPPORT, HF_UNSUPPORTED},
        {EOPNOTSUPP, HF_UNSUPPORTED},
        {EIO, HF_FAILED},
        {-1, HF_FAILED},
        {100000, HF_FAILED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(hf_status_from_errno(rows[i].err), rows[i].status);
}

/* A failure is never taken for success. */
static void test_no_errno_is_ok(void **state)
{
    (void)state;
    for (int err = 1; err < 256; err++)
        assert_int_not_equal(hf_status_from_errno(err), HF_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_differ),   cmocka_unit_test(test_unknown_has_a_text),
        cmocka_unit_test(test_ok_is_zero),     cmocka_unit_test(test_errno),
        cmocka_unit_test(test_no_errno_is_ok),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
