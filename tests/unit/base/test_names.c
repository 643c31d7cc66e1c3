/*
 * test_names.c: many names, found again; the first of two keeps its name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "haftp/base/names.h"

static void names_are_found_again(void **state)
{
    struct hf_arena *arena = hf_arena_new();
    struct hf_names names = {0};
    static int things[5000];

    (void)state;
    assert_null(hf_names_find(&names, "n0"));
    for (int i = 0; i < 5000; i++) {
        assert_null(hf_names_find(&names, hf_arena_printf(arena, "n%d", i)));
        hf_names_add(&names, arena, hf_arena_printf(arena, "n%d", i), &things[i]);
    }
    for (int i = 0; i < 5000; i++)
        assert_ptr_equal(hf_names_find(&names, hf_arena_printf(arena, "n%d", i)), &things[i]);
    assert_null(hf_names_find(&names, "n5000"));
    assert_null(hf_names_find(&names, ""));
    assert_int_equal(names.n, 5000);
    hf_arena_free(arena);
}

static void the_first_keeps_the_name(void **state)
{
    struct hf_arena *arena = hf_arena_new();
    struct hf_names names = {0};
    int first, second;

    (void)state;
    hf_names_add(&names, arena, "", &first);
    hf_names_add(&names, arena, "", &second);
    assert_ptr_equal(hf_names_find(&names, ""), &first);
    assert_int_equal(names.n, 1);
    hf_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_again),
        cmocka_unit_test(the_first_keeps_the_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
