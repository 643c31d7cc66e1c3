/*
 * test_directive.c: conditions, blocks that are read or dropped, and messages of a file.
 */
#include "config_text.h"

/* `condition` decides which of two lines is read. */
static bool takes_branch(struct config_text *t, const char *condition)
{
    char text[512];

    snprintf(text, sizeof text, "global\n.if %s\n  node yes\n.else\n  node no\n.endif\n",
             condition);
    return strcmp(accept_text(t, text)->global.node, "yes") == 0;
}

static void refuse_condition(struct config_text *t, const char *condition, const char *wanted)
{
    char text[512];

    snprintf(text, sizeof text, "global\n.if %s\n  nonsense\n.endif\n", condition);
    refuse_text(t, text, wanted);
    assert_int_equal(hf_diag_count(t->diag, HF_DIAG_ERROR), 2); /* that one, and the file's */
}

static void conditions(void **state)
{
    static const char *const yes[] = {"1",
                                      "5",
                                      "-1",
                                      "+1",
                                      "007",
                                      "0x10",
                                      "99999999999999999999",
                                      "!0",
                                      "!!1",
                                      "! 0",
                                      "(1)",
                                      "((1))",
                                      "!(0)",
                                      "1&&1",
                                      "1 && 1",
                                      "1||0",
                                      "1 || 0 && 0",
                                      "(0 || 1) && 1",
                                      " 1 ",
                                      "1 # c",
                                      "\"1\"",
                                      "'1 && 1'",
                                      "\"\" 1",
                                      "defined(HF_T)",
                                      "!defined(HF_NO)",
                                      "defined('HF_T')",
                                      "streq(a,a)",
                                      "streq(a b,a  b)",
                                      "streq(\"$HF_T\",v)",
                                      "streq(\"'a,b'\",\"'a,b'\")",
                                      "streq(\"'a)'\",\"'a)'\")",
                                      "streq(,)",
                                      "strneq(a,b)",
                                      "strstr(abc,b)",
                                      "feature(PCRE2)",
                                      "enabled(SPLICE)",
                                      "version_atleast(2.6)",
                                      "version_atleast(2.6-dev3)",
                                      "version_atleast(2)",
                                      "version_before(2.7)",
                                      "version_before(2.7-dev1)",
                                      "version_before(2.6.12-1)",
                                      "version_atleast(2.6.12-rc1)",
                                      "!streq(a,b)&&!defined(HF_NO)||0"};
    static const char *const no[] = {"",
                                     "\"\"",
                                     "0",
                                     "!1",
                                     "0||0",
                                     "1 && 0",
                                     "0 || 1 && 0",
                                     "defined(HF_NO)",
                                     "defined()",
                                     "defined",
                                     "defined( HF_T )",
                                     "streq(a,b)",
                                     "streq(a, a)",
                                     "streq($HF_T,v)",
                                     "strneq(a,a)",
                                     "strstr(abc,d)",
                                     "feature(NOPE)",
                                     "feature(pcre2)",
                                     "enabled(NOPE)",
                                     "version_atleast(2.7)",
                                     "version_atleast(3)",
                                     "version_before(2.6.12)",
                                     "version_atleast(2.6.12-1)"};

    setenv("HF_T", "v", 1);
    unsetenv("HF_NO");
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (!takes_branch(*state, yes[i]))
            fail_msg("'%s' is false", yes[i]);
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        if (takes_branch(*state, no[i]))
            fail_msg("'%s' is true", no[i]);
    }
}

static void wrong_conditions(void **state)
{
    static const struct {
        const char *condition, *wanted;
    } rows[] = {
        {"x", "[t.cfg:2:5] : there is no predicate 'x'."},
        {"nope(1)", "[t.cfg:2:5] : there is no predicate 'nope'."},
        {"0 && nope", "[t.cfg:2:10] : there is no predicate 'nope'."},
        {"1 || \"nope\"", "[t.cfg:2:10] : there is no predicate 'nope'."},
        {"1 1", "[t.cfg:2:7] : this stands behind the end of the condition."},
        {"1x", "[t.cfg:2:6] : this stands behind the end of the condition."},
        {"1)", "[t.cfg:2:6] : this stands behind the end of the condition."},
        {"defined (A)", "this stands behind the end of the condition."},
        {"1 & 1", "this stands behind the end of the condition."},
        {"(1", "[t.cfg:2:5] : this parenthesis is not closed."},
        {"((1)", "[t.cfg:2:5] : this parenthesis is not closed."},
        {"defined(A", "[t.cfg:2:12] : this parenthesis is not closed."},
        {"()", "[t.cfg:2:6] : a condition cannot begin with ')'."},
        {"!", "a condition is missing here."},
        {"1 &&", "a condition is missing here."},
        {"&& 1", "a condition cannot begin with '&'."},
        {"1 ||| 1", "a condition cannot begin with '|'."},
        {"- 1", "a condition cannot begin with '-'."},
        {"defined(A,B)", "'defined' takes 1 argument."},
        {"streq(a)", "'streq' needs two arguments."},
        {"streq()", "'streq' needs two arguments."},
        {"streq(a,b,c)", "'streq' takes 2 arguments."},
        {"streq('a,b',c)", "'streq' takes 2 arguments."},
        {"streq(\"'a,b\",c)", "a quote in the arguments is not closed."},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refuse_condition(*state, rows[i].condition, rows[i].wanted);
}

static void parentheses_end_somewhere(void **state)
{
    char text[8192], *end = stpcpy(text, ".if ");

    for (unsigned i = 0; i < 2000; i++)
        *end++ = i < 1024 ? '(' : '!';
    strcpy(end, "1\n");
    refuse_text(*state, text, "more than 1024 levels of parentheses.");
}

static void what_is_no_version_is_compared_with_a_warning(void **state)
{
    struct config_text *t = *state;

    assert_true(takes_branch(t, "version_atleast(x)"));
    assert_non_null(strstr(t->messages, "'x' is not a version"));
}

/* ---- blocks ------------------------------------------------------------------------------ */

static const char *read_node(struct config_text *t, const char *lines)
{
    char text[512];

    snprintf(text, sizeof text, "global\n  node none\n%s", lines);
    return accept_text(t, text)->global.node;
}

static void the_first_true_branch_is_read(void **state)
{
    assert_string_equal(read_node(*state, ".if 0\n node a\n.elif 1\n node b\n.elif 1\n node c\n"
                                          ".else\n node d\n.endif\n"),
                        "b");
    assert_string_equal(
        read_node(*state, ".if 0\n node a\n.elif 0\n node b\n.else\n node d\n.endif\n"), "d");
    assert_string_equal(read_node(*state, ".if 0\n node a\n.endif\n"), "none");
    assert_string_equal(
        read_node(*state, ".if 0\n.if 1\n node a\n.else\n node b\n.endif\n.endif\n"), "none");
    assert_string_equal(read_node(*state, ".if 1\n.if 0\n.else\n node b\n.endif\n.endif\n"), "b");
}

static void a_dropped_branch_is_cut_into_words_only(void **state)
{
    read_node(*state, ".if 0\n nonsense\n.nope\n.alert x\n.elif\n [scope\n.endif\n");
    read_node(*state, ".if 1\n.elif nonsense(\n.endif\n");
    read_node(*state, ".if 0\n.if nonsense(\n.endif\n.endif\n");
    read_node(*state, ".if 0\nlisten\n.endif\n node a\n");
    refuse_text(*state, ".if 0\n 'x\n.endif\n", "[t.cfg:2:2] : this quote is not closed.");
    refuse_text(*state, ".if 0\n \"5$\"\n.endif\n", "begins a variable's name.");
}

static void comments_and_quotes_at_directives(void **state)
{
    assert_string_equal(read_node(*state, "'.if' 0 # c\n node a\n.else # c\n node b\n.endif#c\n"),
                        "b");
}

static void wrong_blocks(void **state)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {".else\n", "[t.cfg:1:1] : '.else' without '.if'."},
        {".elif 1\n", "[t.cfg:1:1] : '.elif' without '.if'."},
        {".endif\n", "[t.cfg:1:1] : '.endif' without '.if'."},
        {".if 1\n.endif\n.endif\n", "[t.cfg:3:1] : '.endif' without '.if'."},
        {".if 1\n.else\n.else\n.endif\n", "[t.cfg:3:1] : '.else' behind '.else'."},
        {".if 1\n.else\n.elif 1\n.endif\n", "[t.cfg:3:1] : '.elif' behind '.else'."},
        {".if 1\n.else x\n.endif\n", "[t.cfg:2:7] : unexpected 'x' behind '.else'."},
        {".if 1\n.endif x\n", "[t.cfg:2:8] : unexpected 'x' behind '.endif'."},
        {".if 1\nglobal\n\n", "[t.cfg:3] : the file ends within the '.if' of line 1."},
        {".if 0\n", "[t.cfg:1] : the file ends within the '.if' of line 1."},
        {".nope\n", "[t.cfg:1:1] : unknown directive '.nope'."},
        {".IF 1\n", "[t.cfg:1:1] : unknown directive '.IF'."},
        {".endfi\n", "did you mean '.endif'?"},
        {".if 'x\n nonsense\n.endif\n", "[t.cfg:1:5] : this quote is not closed."},
    };
    struct config_text *t = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        refuse_text(t, rows[i].text, rows[i].wanted);
        assert_int_equal(hf_diag_count(t->diag, HF_DIAG_ERROR), 2);
    }
}

static void ninety_nine_blocks_nest(void **state)
{
    char text[4096], *end = text;

    for (unsigned i = 0; i < 99; i++)
        end = stpcpy(end, ".if 1\n");
    for (unsigned i = 0; i < 99; i++)
        end = stpcpy(end, ".endif\n");
    accept_text(*state, text);
    end = text;
    for (unsigned i = 0; i < 100; i++)
        end = stpcpy(end, ".if 0\n");
    refuse_text(*state, text, "[t.cfg:100:1] : too many nested '.if'.");
}

/* ---- messages ---------------------------------------------------------------------------- */

static void messages_are_told_with_their_place(void **state)
{
    struct config_text *t = *state;

    accept_text(t, ".notice \"a b\"\n.notice\n.diag quiet\n.warning c\n");
    assert_non_null(strstr(t->messages, "[NOTICE]"));
    assert_non_null(strstr(t->messages, "[t.cfg:1:1] : 'a b'."));
    assert_non_null(strstr(t->messages, "[t.cfg:2:1] : ''."));
    assert_non_null(strstr(t->messages, "[t.cfg:4:1] : 'c'."));
    assert_null(strstr(t->messages, "quiet"));
    assert_int_equal(hf_diag_count(t->diag, HF_DIAG_WARNING), 1);

    refuse_text(t, ".notice a b\n", "[t.cfg:1:11] : '.notice' takes one word.");
    refuse_text(t, ".diag a b\n", "'.diag' takes one word.");
    refuse_text(t, ".alert \"no\"\nnonsense\n", "[t.cfg:1:1] : 'no'.");
    assert_null(strstr(t->messages, "nonsense"));
}

static void diagnostics_speak_when_asked(void **state)
{
    struct config_text *t = *state;

    hf_config_set_options(&(struct hf_load_options){.say_diag = true});
    accept_text(t, ".diag loud\n");
    hf_config_set_options(&(struct hf_load_options){0});
    assert_non_null(strstr(t->messages, "[t.cfg:1:1] : 'loud'."));
}

static void a_condition_can_be_tested_alone(void **state)
{
    struct hf_diag *diag = hf_diag_new();
    bool holds;

    (void)state;
    setenv("HF_T", "v", 1);
    assert_int_equal(hf_config_test_condition("streq(\"$HF_T\",v)", &holds, diag), HF_OK);
    assert_true(holds);
    assert_int_equal(hf_config_test_condition("", &holds, diag), HF_OK);
    assert_false(holds);
    assert_int_equal(hf_diag_count(diag, HF_DIAG_ERROR), 0);
    assert_int_equal(hf_config_test_condition("nope", &holds, diag), HF_INVALID);
    assert_int_equal(hf_config_test_condition("'1", &holds, diag), HF_INVALID);
    assert_int_equal(hf_diag_count(diag, HF_DIAG_ERROR), 2);
    hf_diag_free(diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(conditions),
        CONFIG_TEST(wrong_conditions),
        CONFIG_TEST(parentheses_end_somewhere),
        CONFIG_TEST(what_is_no_version_is_compared_with_a_warning),
        CONFIG_TEST(the_first_true_branch_is_read),
        CONFIG_TEST(a_dropped_branch_is_cut_into_words_only),
        CONFIG_TEST(comments_and_quotes_at_directives),
        CONFIG_TEST(wrong_blocks),
        CONFIG_TEST(ninety_nine_blocks_nest),
        CONFIG_TEST(messages_are_told_with_their_place),
        CONFIG_TEST(diagnostics_speak_when_asked),
        CONFIG_TEST(a_condition_can_be_tested_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
