/*
 * test_arena.c: alignment, zeroed memory, large blocks, text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "haftp/base/arena.h"

static int setup(void **state)
{
    *state = hf_arena_new();
    return 0;
}

static int teardown(void **state)
{
    hf_arena_free(*state);
    return 0;
}

static void memory_is_zero_and_aligned(void **state)
{
    for (size_t bytes = 1; bytes < 300; bytes += 7) {
        unsigned char *p = hf_arena_alloc(*state, bytes);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xa5, bytes); /* a neighbour that overlaps would show it */
    }
}

static void a_block_may_be_larger_than_a_chunk(void **state)
{
    const size_t large = 1 << 20;
    char *p = hf_arena_alloc(*state, large);

    memset(p, 1, large);
    char *q = hf_arena_alloc(*state, 1);
    assert_int_equal(*q, 0);
    assert_int_equal(p[large - 1], 1);
}

static void nothing_is_a_valid_size(void **state)
{
    assert_non_null(hf_arena_alloc(*state, 0));
}

static void text_is_copied(void **state)
{
    char text[] = "ftp_1 ftp_2";
    char *first = hf_arena_strndup(*state, text, 5), *all = hf_arena_strdup(*state, text);

    text[0] = 'x';
    assert_string_equal(first, "ftp_1");
    assert_string_equal(all, "ftp_1 ftp_2");
    assert_string_equal(hf_arena_strndup(*state, NULL, 0), "");
    assert_string_equal(hf_arena_printf(*state, "%s:%d", "a", 21), "a:21");
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    hf_arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_is_zero_and_aligned, setup, teardown),
        cmocka_unit_test_setup_teardown(a_block_may_be_larger_than_a_chunk, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_a_valid_size, setup, teardown),
        cmocka_unit_test_setup_teardown(text_is_copied, setup, teardown),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
