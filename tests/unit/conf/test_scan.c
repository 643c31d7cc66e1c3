/*
 * test_scan.c: characters to words: quotes, escapes, comments, variables, ends of lines.
 */
#include "config_text.h"

/* The word that `written` is read as, seen through a keyword that takes any. */
static void assert_word(struct config_text *t, const char *written, const char *expected)
{
    char text[512];

    snprintf(text, sizeof text, "global\n  log-tag %s\n", written);
    assert_string_equal(accept_text(t, text)->global.log_tag, expected);
}

static void refuse_word(struct config_text *t, const char *written, const char *wanted)
{
    char text[512];

    snprintf(text, sizeof text, "global\n  log-tag %s\n", written);
    refuse_text(t, text, wanted);
}

static void quotes_keep_blanks_and_join(void **state)
{
    assert_word(*state, "\"a b\"", "a b");
    assert_word(*state, "'a b'", "a b");
    assert_word(*state, "a\"b c\"'d e'f", "ab cd ef");
    assert_word(*state, "\"it's #1\"", "it's #1");
    assert_word(*state, "'say \"x\" \\n $HOME'", "say \"x\" \\n $HOME");
}

static void escapes(void **state)
{
    assert_word(*state, "a\\ b\\#c\\'d\\\"e\\\\f", "a b#c'd\"e\\f");
    assert_word(*state, "\"a\\tb\\nc\\rd\"", "a\tb\nc\rd");
    assert_word(*state, "\\x41\\x7a", "Az");
    assert_word(*state, "^2\\d\\d", "^2\\d\\d");
    assert_word(*state, "\"\\$HOME\"", "$HOME");
    assert_word(*state, "a\\$b", "a\\$b");
    assert_word(*state, "\\", "\\");
}

static void bad_escapes_are_errors(void **state)
{
    refuse_word(*state, "\\x4", "[t.cfg:2:11] : \\x needs two hexadecimal digits.");
    refuse_word(*state, "\\xzz", "\\x needs two hexadecimal digits.");
    refuse_word(*state, "\\x00", "a NUL byte cannot be part of a word.");
}

static void comments(void **state)
{
    assert_word(*state, "a # b", "a");
    assert_word(*state, "a#b", "a");
    assert_word(*state, "a\\#b", "a#b");
    assert_non_null(accept_text(*state, "# only a comment\n\n  \t # another\n"));
}

static void a_carriage_return_ends_the_line(void **state)
{
    struct config_text *t = *state;

    assert_string_equal(accept_text(t, "global\r\n  log-tag a\r\n")->global.log_tag, "a");
    assert_string_equal(accept_text(t, "global\n  log-tag a\r b c\n")->global.log_tag, "a");
}

static void blanks_of_all_kinds(void **state)
{
    struct config_text *t = *state;
    assert_string_equal(accept_text(t, "\fglobal\v\n\t\v log-tag\f\ta \n")->global.log_tag, "a");
}

static void a_quote_ends_on_its_line(void **state)
{
    struct config_text *t = *state;

    refuse_word(t, "\"abc", "[t.cfg:2:11] : this quote is not closed.");
    refuse_word(t, "x'abc", "[t.cfg:2:12] : this quote is not closed.");
    refuse_word(t, "'abc\r'", "this quote is not closed.");
}

static void the_last_line_must_end(void **state)
{
    struct config_text *t = *state;

    refuse_text(t, "global\n  daemon", "[t.cfg:2:9] : missing LF on last line.");
    refuse_text(t, "global\n# x", "missing LF on last line.");
    refuse_text(t, "global\n  log-tag 'a", "missing LF on last line.");
    assert_non_null(load_text(t, ""));
}

static void a_nul_byte_is_an_error_anywhere(void **state)
{
    struct config_text *t = *state;
    static const char *const texts[] = {"global\n# a\0b\n", "global\n daemon \0\n",
                                        "global\n log-tag 'a\0b'\n"};
    static const size_t sizes[] = {13, 17, 20};

    for (unsigned i = 0; i < 3; i++) {
        assert_null(load_bytes(t, texts[i], sizes[i]));
        assert_non_null(strstr(t->messages, "a NUL byte."));
    }
}

static void a_line_has_64_words(void **state)
{
    char text[1024] = "defaults\n  balance x", *end = text + strlen(text);

    for (unsigned i = 2; i < 64; i++)
        end = stpcpy(end, " w");
    strcpy(end, "\n");
    accept_text(*state, text);
    strcpy(end, " w\n");
    refuse_text(*state, text, "more than 64 words on a line.");
}

static void a_blank_behind_word_64_counts(void **state)
{
    char text[1024] = "defaults\n  balance x", *end = text + strlen(text);

    for (unsigned i = 2; i < 64; i++)
        end = stpcpy(end, " w");
    strcpy(end, " # x\n");
    refuse_text(*state, text, "more than 64 words on a line.");
    strcpy(end, "# x\n");
    accept_text(*state, text);
}

static void a_line_may_begin_with_a_carriage_return(void **state)
{
    assert_string_equal(accept_text(*state, "\rglobal\n \r node a\r b\n")->global.node, "a");
}

static void a_line_that_begins_with_an_empty_word_is_not_read(void **state)
{
    struct config_text *t = *state;

    accept_text(t, "global\n  \"\"\n  \"$HF_NOT_SET\"\n");
    assert_int_equal(hf_diag_count(t->diag, HF_DIAG_WARNING), 0);
    accept_text(t, "global\n  '' nonsense\n");
    assert_non_null(strstr(t->messages, "[t.cfg:2:3] : the line begins with an empty word"));
}

static void scopes_have_no_effect(void **state)
{
    struct config_text *t = *state;

    accept_text(t, "[haftp]\nglobal\n [x] # c\n  daemon\n");
    assert_non_null(strstr(t->messages, "the scope [x] has no effect"));
    refuse_text(t, "[]\n", "this is not the name of a scope.");
    refuse_text(t, "[a b]\n", "this is not the name of a scope.");
    refuse_text(t, "[a\n", "this is not the name of a scope.");
    refuse_text(t, "[a]b\n", "this is not the name of a scope.");
    refuse_text(t, "[a] b\n", "[t.cfg:1:5] : unexpected 'b' behind the scope [a].");
}

static void prefixes_stand_before_few_words(void **state)
{
    struct config_text *t = *state;

    accept_text(t, "defaults\n no option dontlognull\n no log\n");
    accept_text(t, "global\n no log\n no strict-limits\n default numa-cpu-mapping\n");
    refuse_text(t, "global\n no maxconn 5\n", "[t.cfg:2:2] : 'no' cannot stand before 'maxconn'.");
    refuse_text(t, "global\n no nosplice\n", "'no' cannot stand before 'nosplice'.");
    refuse_text(t, "global\n no\n", "'no' stands alone.");
    refuse_text(t, "global\n default log\n", "'default' cannot stand before 'log'.");
    refuse_text(t, "defaults\n default option tcplog\n", "'default' cannot stand before 'option'.");
    refuse_text(t, "defaults\n no no log\n", "'no' cannot stand before 'no'.");
}

static void quoted_keywords_are_keywords(void **state)
{
    assert_true(accept_text(*state, "\"glo\"bal\n  'daemon'\n")->global.daemon);
}

static void an_empty_word_ends_the_line(void **state)
{
    struct config_text *t = *state;

    accept_text(t, "global\n  daemon \"\"\n");
    assert_int_equal(hf_diag_count(t->diag, HF_DIAG_WARNING), 0);
    accept_text(t, "global\n  daemon \"$HF_NOT_SET\" nonsense\n");
    assert_non_null(strstr(t->messages, "an empty word ends the line"));
    refuse_word(t, "\"\"", "'log-tag' needs another word.");
}

/* ---- variables ---------------------------------------------------------------------------------
 */

static void variables_in_double_quotes(void **state)
{
    setenv("HF_T", "v w", 1);
    setenv("HF_EMPTY", "", 1);
    unsetenv("HF_NO");
    assert_word(*state, "\"a${HF_T}b\"", "av wb");
    assert_word(*state, "\"a$HF_T-b\"", "av w-b");
    assert_word(*state, "a$HF_T", "a$HF_T");
    assert_word(*state, "\"x${HF_NO}y\"", "xy");
    assert_word(*state, "\"x${HF_NO-a default}y\"", "xa defaulty");
    assert_word(*state, "\"x${HF_EMPTY-default}y\"", "xy");
    refuse_word(*state, "\"$HF_EMPTY\"", "'log-tag' needs another word.");
}

static void a_list_gives_words(void **state)
{
    struct config_text *t = *state;

    setenv("HF_LIST", " setting  two words", 1);
    unsetenv("HF_NO");
    refuse_text(t, "global\n  log-tag \"${HF_LIST[*]}\"\n", "unexpected");
    setenv("HF_LIST", "  log-tag  x ", 1);
    assert_string_equal(accept_text(t, "global\n  \"${HF_LIST[*]}\"\n")->global.log_tag, "x");
    assert_string_equal(accept_text(t, "global\n  \"${HF_NO[*]-log-tag y}\"\n")->global.log_tag,
                        "y");
    assert_true(accept_text(t, "global\n  daemon \"${HF_NO[*]}\"\n")->global.daemon);
}

static void pseudo_variables(void **state)
{
    assert_word(*state, "\"$.FILE:${.LINE}:${.SECTION}\"", "t.cfg:2:global");
    refuse_word(*state, "\"$.OTHER\"", "unknown variable.");
}

static void what_is_no_variable_is_an_error(void **state)
{
    refuse_word(*state, "\"5$\"", "a '$' in double quotes begins a variable's name.");
    refuse_word(*state, "\"$1\"", "a '$' in double quotes begins a variable's name.");
    refuse_word(*state, "\"${}\"", "this is not a variable.");
    refuse_word(*state, "\"${HF_T:-x}\"", "this is not a variable.");
    refuse_word(*state, "\"${HF_T\"", "this is not a variable.");
    refuse_word(*state, "\"${HF_T[0]}\"", "this is not a variable.");
}

static void addresses_are_expanded_without_quotes(void **state)
{
    setenv("HF_PORT", "2121", 1);
    const struct hf_config *c = accept_text(*state, "listen a\n  bind 127.0.0.1:$HF_PORT\n"
                                                    "  server s 127.0.0.1:${HF_PORT}\n"
                                                    "  server t 127.0.0.1:21$HF_NO$\n");
    assert_int_equal(c->proxies->binds->port_lo, 2121);
    assert_int_equal(hf_addr_port(&c->proxies->servers->addr), 2121);
    assert_int_equal(hf_addr_port(&c->proxies->servers->next->addr), 21);
}

static void the_file_sets_variables_for_the_lines_below(void **state)
{
    struct config_text *t = *state;

    unsetenv("HF_X");
    assert_string_equal(
        accept_text(t, "global\n setenv HF_X 1\n presetenv HF_X 2\n log-tag \"$HF_X\"\n")
            ->global.log_tag,
        "1");
    assert_string_equal(
        accept_text(t, "global\n setenv HF_X 1\n unsetenv HF_X\n log-tag \"a$HF_X\"\n")
            ->global.log_tag,
        "a");
    assert_string_equal(accept_text(t, "global\n setenv HF_X 1\n setenv HF_Y 2\n resetenv HF_Y\n"
                                       " log-tag \"a$HF_X$HF_Y\"\n")
                            ->global.log_tag,
                        "a2");
    assert_null(getenv("HF_X"));
    refuse_text(t, "global\n setenv HF=X 1\n", "'HF=X' cannot be the name of a variable.");
    refuse_text(t, "global\n presetenv HF=X 1\n", "'HF=X' cannot be the name of a variable.");
    refuse_text(t, "global\n unsetenv HF=X\n", "'HF=X' cannot be the name of a variable.");
    accept_text(t, "global\n setenv HF_X 1 2\n");
    assert_non_null(strstr(t->messages, "[t.cfg:2:16] : '2' is one word too many"));
}

static void predefined_variables(void **state)
{
    struct config_text *t = *state;

    unsetenv("HAPROXY_LOCALPEER");
    unsetenv("HAPROXY_MWORKER");
    assert_word(t, "\"$HAPROXY_CFGFILES|$HAPROXY_STARTUP_VERSION|$HAPROXY_MWORKER|$HAPROXY_CLI\"",
                "|" HAFTP_VERSION "||");
    hf_config_set_options(&(struct hf_load_options){.localpeer = "me", .master_worker = true});
    assert_word(t, "\"$HAPROXY_LOCALPEER|$HAPROXY_MWORKER\"", "me|1");
    hf_config_set_options(&(struct hf_load_options){0});
    setenv("HAPROXY_LOCALPEER", "you", 1);
    assert_word(t, "\"$HAPROXY_LOCALPEER\"", "you");
    unsetenv("HAPROXY_LOCALPEER");
}

static void a_default_is_taken_as_it_stands(void **state)
{
    unsetenv("HF_NO");
    assert_word(*state, "\"${HF_NO-a\\\"b\\x41 $HF_T #}c\"", "a\\\"b\\x41 $HF_T #c");
    assert_word(*state, "\"$.LINE.x|$HF_NO.x\"", "2.x|.x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(quotes_keep_blanks_and_join),
        CONFIG_TEST(escapes),
        CONFIG_TEST(bad_escapes_are_errors),
        CONFIG_TEST(comments),
        CONFIG_TEST(a_carriage_return_ends_the_line),
        CONFIG_TEST(blanks_of_all_kinds),
        CONFIG_TEST(a_quote_ends_on_its_line),
        CONFIG_TEST(the_last_line_must_end),
        CONFIG_TEST(a_nul_byte_is_an_error_anywhere),
        CONFIG_TEST(a_line_has_64_words),
        CONFIG_TEST(a_blank_behind_word_64_counts),
        CONFIG_TEST(a_line_may_begin_with_a_carriage_return),
        CONFIG_TEST(a_line_that_begins_with_an_empty_word_is_not_read),
        CONFIG_TEST(scopes_have_no_effect),
        CONFIG_TEST(prefixes_stand_before_few_words),
        CONFIG_TEST(quoted_keywords_are_keywords),
        CONFIG_TEST(an_empty_word_ends_the_line),
        CONFIG_TEST(variables_in_double_quotes),
        CONFIG_TEST(a_list_gives_words),
        CONFIG_TEST(pseudo_variables),
        CONFIG_TEST(what_is_no_variable_is_an_error),
        CONFIG_TEST(addresses_are_expanded_without_quotes),
        CONFIG_TEST(the_file_sets_variables_for_the_lines_below),
        CONFIG_TEST(predefined_variables),
        CONFIG_TEST(a_default_is_taken_as_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
