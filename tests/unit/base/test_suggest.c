/*
 * test_suggest.c: what counts as near, and which of several wins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "haftp/base/suggest.h"

static const char *best_of(const char *word, const char *const *candidates)
{
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, word);
    for (; *candidates; candidates++)
        hf_suggest_offer(&suggest, *candidates);
    return suggest.best;
}

static const char *const keywords[] = {"bind",   "balance", "server", "option tcplog",
                                       "listen", "timeout", NULL};

static void one_edit_is_near(void **state)
{
    (void)state;
    assert_string_equal(best_of("bnd", keywords), "bind");
    assert_string_equal(best_of("bindd", keywords), "bind");
    assert_string_equal(best_of("sirver", keywords), "server");
}

static void neighbours_that_swapped_are_one_edit(void **state)
{
    struct hf_suggest suggest;

    (void)state;
    hf_suggest_init(&suggest, "blaance");
    hf_suggest_offer(&suggest, "balance");
    assert_string_equal(suggest.best, "balance");
    assert_int_equal(suggest.distance, 1);
}

static void what_is_far_is_not_suggested(void **state)
{
    (void)state;
    assert_null(best_of("frobnicate", keywords));
    assert_null(best_of("x", keywords));
    assert_null(best_of("", keywords));
}

static void a_number_is_no_misspelt_word(void **state)
{
    static const char *const words[] = {"ws", "5m", NULL};

    (void)state;
    assert_string_equal(best_of("5s", words), "5m");
    assert_string_equal(best_of("us", words), "ws");
}

static void the_nearest_wins_and_the_first_of_equals(void **state)
{
    static const char *const levels[] = {"local0", "local1", "local", NULL};

    (void)state;
    assert_string_equal(best_of("locl1", levels), "local1");
    assert_string_equal(best_of("local9", levels), "local0");
}

static void long_words_are_left_alone(void **state)
{
    static const char *const candidates[] = {
        "a-very-long-name-that-no-keyword-of-any-section-has-today", "b", NULL};

    (void)state;
    assert_null(best_of("a-very-long-name-that-no-keyword-of-any-section-has-todai", candidates));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_edit_is_near),
        cmocka_unit_test(neighbours_that_swapped_are_one_edit),
        cmocka_unit_test(what_is_far_is_not_suggested),
        cmocka_unit_test(a_number_is_no_misspelt_word),
        cmocka_unit_test(the_nearest_wins_and_the_first_of_equals),
        cmocka_unit_test(long_words_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
