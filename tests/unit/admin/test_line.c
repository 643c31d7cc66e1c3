/*
 * test_line.c: a line of the runtime API becomes commands, and a command words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "admin_int.h"

/* All commands of a line: words in brackets, commands separated by "|". */
static const char *cut(const char *text)
{
    static char line[512], out[1024];
    char *words[ADMIN_MOST_WORDS + 1], *rest = line;

    snprintf(line, sizeof line, "%s", text);
    out[0] = '\0';
    while (rest) {
        unsigned n = admin_cut(rest, words, &rest);
        assert_null(words[n]);
        for (unsigned i = 0; i < n; i++)
            snprintf(out + strlen(out), sizeof out - strlen(out), "[%s]", words[i]);
        if (rest)
            strcat(out, "|");
    }
    return out;
}

static void words_are_cut_at_blanks(void **state)
{
    (void)state;
    assert_string_equal(cut("show servers state"), "[show][servers][state]");
    assert_string_equal(cut("  show \t servers  "), "[show][servers]");
    assert_string_equal(cut(""), "");
    assert_string_equal(cut(" \t "), "");
}

static void semicolons_end_commands(void **state)
{
    (void)state;
    assert_string_equal(cut("a b;c"), "[a][b]|[c]");
    assert_string_equal(cut("a b ; c ;"), "[a][b]|[c]|");
    assert_string_equal(cut(";;"), "||");
}

static void a_backslash_takes_what_follows(void **state)
{
    (void)state;
    assert_string_equal(cut("add map x a\\ b"), "[add][map][x][a b]");
    assert_string_equal(cut("a\\;b;c"), "[a;b]|[c]");
    assert_string_equal(cut("a\\\\ b"), "[a\\][b]");
    assert_string_equal(cut("\\a\\b"), "[ab]");
    assert_string_equal(cut("a \\"), "[a][]");
}

static void too_many_words_are_counted_only(void **state)
{
    (void)state;
    char line[4 * ADMIN_MOST_WORDS], *words[ADMIN_MOST_WORDS + 1], *rest;
    for (size_t i = 0; i < sizeof line; i++)
        line[i] = i % 2 ? ' ' : 'x';
    line[sizeof line - 1] = '\0';
    assert_int_equal(admin_cut(line, words, &rest), ADMIN_MOST_WORDS);
    assert_null(rest);
    assert_null(words[ADMIN_MOST_WORDS]);
}

static void a_mark_at_the_end_announces_a_payload(void **state)
{
    (void)state;
    char with[] = "set ssl cert x <<", blank[] = "set x << \t", inside[] = "set << x",
         glued[] = "x<<", alone[] = "<<";
    assert_true(admin_cut_payload_mark(with));
    assert_string_equal(with, "set ssl cert x ");
    assert_true(admin_cut_payload_mark(blank));
    assert_string_equal(blank, "set x ");
    assert_false(admin_cut_payload_mark(inside));
    assert_false(admin_cut_payload_mark(glued));
    assert_true(admin_cut_payload_mark(alone));
    assert_string_equal(alone, "");
}

static void commands_are_found_by_all_their_words(void **state)
{
    (void)state;
    char *words[] = {"show", "cli", "sockets", "more", NULL};
    unsigned own;
    assert_string_equal(admin_find(words, 4, &own)->words, "show cli sockets");
    assert_int_equal(own, 3);
    assert_null(admin_find(words, 2, &own));
    assert_null(admin_find(words, 0, &own));
}

static void what_is_unknown_is_answered_with_what_is_near(void **state)
{
    (void)state;
    char *near[] = {"show", "verison", NULL}, *far[] = {"dance", NULL};
    struct hf_text out = {0};
    admin_unknown(&out, HF_ADMIN_ADMIN, near, 2);
    assert_non_null(strstr(out.mem, "a better match"));
    assert_non_null(strstr(out.mem, "  show version "));
    assert_null(strstr(out.mem, "  quit "));
    hf_text_free(&out);
    admin_unknown(&out, HF_ADMIN_USER, far, 1);
    assert_non_null(strstr(out.mem, "  quit "));
    assert_null(strstr(out.mem, "show env")); /* not of this level */
    hf_text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_cut_at_blanks),
        cmocka_unit_test(semicolons_end_commands),
        cmocka_unit_test(a_backslash_takes_what_follows),
        cmocka_unit_test(too_many_words_are_counted_only),
        cmocka_unit_test(a_mark_at_the_end_announces_a_payload),
        cmocka_unit_test(commands_are_found_by_all_their_words),
        cmocka_unit_test(what_is_unknown_is_answered_with_what_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
