/* The byte buffer: empty costs nothing, limits hold, bytes keep their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "haftp/base/buf.h"

static void test_empty_has_no_memory(void **state)
{
    (void)state;
    struct hf_buf b = {0};
    assert_int_equal(hf_buf_size(&b), 0);
    assert_int_equal(hf_buf_view(&b).n, 0);
    hf_buf_drop(&b, 0);
    assert_int_equal(hf_buf_add(&b, "", 0, 10), HF_OK);
    assert_null(b.mem);
}

static void test_add_and_drop(void **state)
{
    (void)state;
    struct hf_buf b = {0};
    assert_int_equal(hf_buf_add(&b, "hello ", 6, 100), HF_OK);
    assert_int_equal(hf_buf_add(&b, "world", 5, 100), HF_OK);
    assert_true(hf_view_is(hf_buf_view(&b), "hello world"));
    hf_buf_drop(&b, 6);
    assert_true(hf_view_is(hf_buf_view(&b), "world"));
    hf_buf_drop(&b, 5);
    assert_null(b.mem);
}

static void test_limit_adds_nothing(void **state)
{
    (void)state;
    struct hf_buf b = {0};
    assert_int_equal(hf_buf_add(&b, "12345", 5, 4), HF_LIMIT);
    assert_null(b.mem);
    assert_int_equal(hf_buf_add(&b, "1234", 4, 4), HF_OK);
    assert_int_equal(hf_buf_add(&b, "5", 1, 4), HF_LIMIT);
    assert_true(hf_view_is(hf_buf_view(&b), "1234"));
    hf_buf_drop(&b, 1);
    assert_int_equal(hf_buf_add(&b, "5", 1, 4), HF_OK); /* dropped bytes do not count */
    assert_true(hf_view_is(hf_buf_view(&b), "2345"));
    assert_int_equal(hf_buf_add(&b, "x", SIZE_MAX, SIZE_MAX - 1), HF_LIMIT);
    hf_buf_clear(&b);
    hf_buf_clear(&b);
}

/* A long stream through a small window reuses the same memory. */
static void test_stream_does_not_grow(void **state)
{
    (void)state;
    struct hf_buf b = {0};
    unsigned char in = 0, out = 0;
    for (unsigned round = 0; round < 10000; round++) {
        char chunk[37];
        for (size_t i = 0; i < sizeof chunk; i++)
            chunk[i] = (char)in++;
        assert_int_equal(hf_buf_add(&b, chunk, sizeof chunk, 256), HF_OK);
        size_t drop = hf_buf_size(&b) > 100 ? 60 : 10;
        struct hf_view view = hf_buf_view(&b);
        for (size_t i = 0; i < drop; i++)
            assert_int_equal((unsigned char)view.p[i], out++);
        hf_buf_drop(&b, drop);
        assert_true(b.size <= 256);
    }
    hf_buf_clear(&b);
}

static void test_grows_to_what_is_asked(void **state)
{
    (void)state;
    struct hf_buf b = {0};
    static char big[100000];
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 31);
    assert_int_equal(hf_buf_add(&b, "ab", 2, SIZE_MAX), HF_OK);
    hf_buf_drop(&b, 1);
    assert_int_equal(hf_buf_add(&b, big, sizeof big, SIZE_MAX), HF_OK);
    assert_int_equal(hf_buf_size(&b), sizeof big + 1);
    assert_int_equal(hf_buf_view(&b).p[0], 'b');
    assert_memory_equal(hf_buf_view(&b).p + 1, big, sizeof big);
    hf_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_has_no_memory),    cmocka_unit_test(test_add_and_drop),
        cmocka_unit_test(test_limit_adds_nothing),     cmocka_unit_test(test_stream_does_not_grow),
        cmocka_unit_test(test_grows_to_what_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
