/*
 * test_diag.c: the shape of messages, their order, and that they outlive their source.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "haftp/base/diag.h"

static struct hf_source source_of(const char *name, const char *text, unsigned index)
{
    return (struct hf_source){.name = name, .text = text, .size = strlen(text), .index = index};
}

/* What is printed, without the two introductory lines, "(PID)" for the process id. */
static char *printed(const struct hf_diag *diag, enum hf_severity at_least, unsigned *count)
{
    char *text, pid[32], *out;
    size_t size, out_size;
    FILE *file = open_memstream(&text, &size);

    *count = hf_diag_print(diag, file, at_least);
    fclose(file);
    snprintf(pid, sizeof pid, "(%d)", (int)getpid());
    file = open_memstream(&out, &out_size);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *at = strstr(line, pid);
        if (strstr(line, "haftp version is") || strstr(line, "path to executable is"))
            continue;
        if (at)
            fprintf(file, "%.*s(PID)%s\n", (int)(at - line), line, at + strlen(pid));
        else
            fprintf(file, "%s\n", line);
    }
    fclose(file);
    free(text);
    return out;
}

static void assert_printed(const struct hf_diag *diag, enum hf_severity at_least,
                           const char *expected)
{
    unsigned count;
    char *text = printed(diag, at_least, &count);

    assert_string_equal(text, expected);
    free(text);
}

static void a_message_shows_its_line_a_caret_and_a_hint(void **state)
{
    struct hf_source source = source_of("ftp.cfg", "listen a\n\tblance x\n", 0);
    struct hf_diag *diag = hf_diag_new();

    (void)state;
    hf_diag_add(diag, HF_DIAG_ERROR, (struct hf_loc){&source, 2, 2, 8}, "did you mean 'balance'?",
                "unknown keyword '%s'.", "blance");
    assert_printed(diag, HF_DIAG_NOTICE,
                   "[ALERT]    (PID) : config : parsing [ftp.cfg:2:2] : unknown keyword 'blance'.\n"
                   "    2 | \tblance x\n"
                   "      | \t^~~~~~\n"
                   "   hint: did you mean 'balance'?\n");
    hf_diag_free(diag);
}

static void a_line_without_columns_has_no_caret(void **state)
{
    struct hf_source source = source_of("f", "one\r\ntwo", 0);
    struct hf_diag *diag = hf_diag_new();

    (void)state;
    hf_diag_add(diag, HF_DIAG_WARNING, (struct hf_loc){.source = &source, .line = 1}, NULL, "w");
    hf_diag_add(diag, HF_DIAG_NOTICE, (struct hf_loc){.source = &source, .line = 9}, NULL, "n");
    assert_printed(diag, HF_DIAG_NOTICE,
                   "[WARNING]  (PID) : config : parsing [f:1] : w\n"
                   "    1 | one\n"
                   "[NOTICE]   (PID) : config : parsing [f:9] : n\n");
    hf_diag_free(diag);
}

static void messages_are_in_the_order_of_the_files(void **state)
{
    struct hf_source first = source_of("1", "a\nb\n", 0), second = source_of("2", "c\n", 1);
    struct hf_diag *diag = hf_diag_new();
    struct hf_loc nowhere = {0};

    (void)state;
    hf_diag_add(diag, HF_DIAG_ERROR, nowhere, NULL, "last");
    hf_diag_add(diag, HF_DIAG_ERROR, (struct hf_loc){.source = &second, .line = 1}, NULL, "fourth");
    hf_diag_add(diag, HF_DIAG_ERROR, (struct hf_loc){&first, 2, 1, 2}, NULL, "third");
    hf_diag_add(diag, HF_DIAG_ERROR, (struct hf_loc){&first, 1, 1, 2}, NULL, "first");
    hf_diag_add(diag, HF_DIAG_ERROR, (struct hf_loc){&first, 1, 1, 2}, NULL, "second");
    assert_printed(diag, HF_DIAG_ERROR,
                   "[ALERT]    (PID) : config : parsing [1:1:1] : first\n    1 | a\n      | ^\n"
                   "[ALERT]    (PID) : config : parsing [1:1:1] : second\n    1 | a\n      | ^\n"
                   "[ALERT]    (PID) : config : parsing [1:2:1] : third\n    2 | b\n      | ^\n"
                   "[ALERT]    (PID) : config : parsing [2:1] : fourth\n    1 | c\n"
                   "[ALERT]    (PID) : config : last\n");
    hf_diag_free(diag);
}

static void severities_are_counted_and_filtered(void **state)
{
    struct hf_diag *diag = hf_diag_new();
    struct hf_loc nowhere = {0};
    unsigned count;

    (void)state;
    hf_diag_add(diag, HF_DIAG_NOTICE, nowhere, NULL, "n");
    hf_diag_add(diag, HF_DIAG_WARNING, nowhere, NULL, "w");
    hf_diag_add(diag, HF_DIAG_WARNING, nowhere, NULL, "w");
    assert_int_equal(hf_diag_count(diag, HF_DIAG_NOTICE), 1);
    hf_diag_add(diag, HF_DIAG_ADVICE, nowhere, NULL, "a"); /* does not count as HAProxy's would */
    assert_int_equal(hf_diag_count(diag, HF_DIAG_ADVICE), 1);
    assert_int_equal(hf_diag_count(diag, HF_DIAG_WARNING), 2);
    assert_int_equal(hf_diag_count(diag, HF_DIAG_ERROR), 0);
    free(printed(diag, HF_DIAG_WARNING, &count));
    assert_int_equal(count, 2);
    free(printed(diag, HF_DIAG_ERROR, &count));
    assert_int_equal(count, 0);
    hf_diag_free(diag);
}

static void a_message_outlives_its_source(void **state)
{
    char *text = strdup("bad line\n");
    struct hf_source source = source_of("f", text, 0);
    struct hf_diag *diag = hf_diag_new();

    (void)state;
    hf_diag_add(diag, HF_DIAG_ERROR, (struct hf_loc){&source, 1, 5, 9}, NULL, "x");
    free(text);
    source.name = NULL;
    assert_printed(diag, HF_DIAG_ERROR,
                   "[ALERT]    (PID) : config : parsing [f:1:5] : x\n"
                   "    1 | bad line\n"
                   "      |     ^~~~\n");
    hf_diag_free(diag);
}

static void odd_bytes_do_not_reach_the_terminal(void **state)
{
    /* An escape sequence; then an e with an accent, which is two bytes and one column. */
    struct hf_source source = source_of("f", "\033[2J \303\251 x\n", 0);
    struct hf_diag *diag = hf_diag_new();

    (void)state;
    hf_diag_add(diag, HF_DIAG_ERROR, (struct hf_loc){&source, 1, 9, 10}, NULL, "m %s", "\033[2J");
    assert_printed(diag, HF_DIAG_ERROR,
                   "[ALERT]    (PID) : config : parsing [f:1:9] : m ?[2J\n"
                   "    1 | ?[2J \303\251 x\n"
                   "      |        ^\n");
    hf_diag_free(diag);
}

static void a_long_line_is_cut_around_the_fault(void **state)
{
    char text[600];
    struct hf_diag *diag = hf_diag_new();
    unsigned count;

    (void)state;
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    text[500] = 'X';
    struct hf_source source = source_of("f", text, 0);
    hf_diag_add(diag, HF_DIAG_ERROR, (struct hf_loc){&source, 1, 501, 502}, NULL, "m");
    char *out = printed(diag, HF_DIAG_ERROR, &count);
    const char *shown = strstr(out, "    1 | "), *caret = strchr(out, '^');
    assert_non_null(shown);
    assert_non_null(caret);
    const char *caret_line = strstr(out, "      | ");
    assert_int_equal(shown[caret - caret_line], 'X');
    assert_true(strcspn(shown, "\n") < 200);
    free(out);
    hf_diag_free(diag);
}

static void quiet_is_quiet(void **state)
{
    struct hf_diag *diag = hf_diag_new();
    struct hf_loc nowhere = {0};

    (void)state;
    hf_diag_add(diag, HF_DIAG_ERROR, nowhere, NULL, "x");
    hf_diag_set_quiet(true);
    assert_printed(diag, HF_DIAG_NOTICE, "");
    hf_diag_set_quiet(false);
    hf_diag_free(diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_shows_its_line_a_caret_and_a_hint),
        cmocka_unit_test(a_line_without_columns_has_no_caret),
        cmocka_unit_test(messages_are_in_the_order_of_the_files),
        cmocka_unit_test(severities_are_counted_and_filtered),
        cmocka_unit_test(a_message_outlives_its_source),
        cmocka_unit_test(odd_bytes_do_not_reach_the_terminal),
        cmocka_unit_test(a_long_line_is_cut_around_the_fault),
        cmocka_unit_test(quiet_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
