/*
 * test_keywords.c: rules that every row keeps, and what is said of words that have no row.
 */
#include "config_text.h"

#include "parse/keywords.h"

static void every_row_has_a_name_a_place_and_help(void **state)
{
    const struct hf_keyword *row;

    (void)state;
    HF_FOR_KEYWORDS(row)
    {
        if (!row->name || !row->name[0] || !row->help || !row->help[0] || !row->where ||
            !row->token)
            fail_msg("row '%s' lacks a name, a place, a token or help", row->name);
        if (row->help[strlen(row->help) - 1] != '.')
            fail_msg("the help of '%s' is no sentence", row->name);
    }
}

static void no_word_has_two_rows_in_one_place(void **state)
{
    const struct hf_keyword *row, *other;
    uint64_t places = ~(uint64_t)(HF_STRICT | HF_ANY_REST | HF_ANY_NUMBER);

    (void)state;
    HF_FOR_KEYWORDS(row)
    {
        for (other = hf_keywords; other < row; other++) {
            if ((row->where & other->where & places) && strcmp(row->name, other->name) == 0)
                fail_msg("'%s' has two rows", row->name);
        }
    }
}

static void old_spellings_have_a_modern_row(void **state)
{
    const struct hf_keyword *row, *modern;

    (void)state;
    HF_FOR_KEYWORDS(row)
    {
        bool found = !row->modern;
        HF_FOR_KEYWORDS(modern)
        {
            if (row->modern && strcmp(modern->name, row->modern) == 0)
                found |= (modern->where & row->where) == row->where;
        }
        if (!found)
            fail_msg("'%s' is said to be '%s', which is not known where it is", row->name,
                     row->modern);
    }
}

static void the_longer_spelling_wins(void **state)
{
    unsigned words;

    (void)state;
    assert_string_equal(hf_keyword_find("log", "global", HF_IN_LISTEN, &words)->name, "log global");
    assert_int_equal(words, 2);
    assert_string_equal(hf_keyword_find("log", "/dev/log", HF_IN_LISTEN, &words)->name, "log");
    assert_int_equal(words, 1);
    assert_null(hf_keyword_find("timeout", NULL, HF_IN_LISTEN, &words));
    assert_null(hf_keyword_find("bind", NULL, HF_IN_BACKEND, &words));
    assert_true(hf_keyword_is_family("timeout", HF_IN_LISTEN));
    assert_false(hf_keyword_is_family("timeout", HF_IN_GLOBAL));
    assert_false(hf_keyword_is_family("time", HF_IN_LISTEN));
}

static void unknown_words_get_the_nearest_spelling(void **state)
{
    struct config_text *t = *state;

    refuse_text(t, "listen a\n blance x\n",
                "[t.cfg:2:2] : unknown keyword 'blance' in a 'listen' section.");
    assert_non_null(strstr(t->messages, "did you mean 'balance'?"));
    refuse_text(t, "listen a\n timout client 5s\n", "did you mean 'timeout client'?");
    refuse_text(t, "listen a\n timeout clinet 5s\n", "did you mean 'timeout client'?");
    refuse_text(t, "listen a\n bind :21 nmae x maxcon 5\n", "unknown option 'nmae' of 'bind'.");
    assert_non_null(strstr(t->messages, "did you mean 'maxconn'?"));
    refuse_text(t, "listen a\n xyzzy\n", "unknown keyword 'xyzzy'");
    assert_null(strstr(t->messages, "did you mean"));
    refuse_text(t, "global\n servr a b\n",
                "did you mean 'server'? It belongs in 'listen' or 'backend'");
}

static void words_of_other_sections_are_told_where_they_belong(void **state)
{
    struct config_text *t = *state;

    refuse_text(t, "global\n timeout client 5s\n", "'timeout client' is not allowed in a 'global'");
    assert_non_null(strstr(t->messages, "it belongs in 'defaults', 'frontend' or 'listen'"));
    refuse_text(t, "frontend f\n server s 127.0.0.1:1\n",
                "'server' is not allowed in a 'frontend'");
    refuse_text(t, "defaults\n bind :21\n", "'bind' is not allowed in a 'defaults' section.");
    accept_text(t, "backend b\n bind :2121\n timeout client 5s\n");
    assert_non_null(
        strstr(t->messages, "'bind' ignored because backend 'b' has no frontend capability."));
    assert_null(t->config->proxies->binds);
    refuse_text(t, "daemon\n", "'daemon' stands outside of any section.");
}

static void a_misspelt_section_is_taken_as_meant(void **state)
{
    struct config_text *t = *state;

    refuse_text(t, "global\n daemon\nfronted f\n bind :2121\n maxconn 5\n",
                "[t.cfg:3:1] : unknown keyword 'fronted'");
    assert_non_null(strstr(t->messages, "did you mean 'frontend'?"));
    assert_int_equal(hf_diag_count(t->diag, HF_DIAG_ERROR), 2);
}

static void what_is_not_supported_is_not_called_unknown(void **state)
{
    struct config_text *t = *state;

    refuse_text(t, "listen l\n server s 127.0.0.1:1 socks4 127.0.0.1:1080\n",
                "'socks4' is not supported by this version");
}

static void what_does_nothing_is_told(void **state)
{
    struct config_text *t = *state;

    accept_text(t, "global\n nbproc 1\n");
    assert_non_null(strstr(t->messages, "'nbproc' has no effect: haftp uses threads"));
    accept_text(t, "listen a\n option httplog\n http-request deny if TRUE\n");
    assert_non_null(
        strstr(t->messages, "'option httplog' is for HTTP; 'option tcplog' is used instead."));
    assert_non_null(strstr(t->messages, "'http-request' has no effect in mode tcp."));
    accept_text(t, "defaults\n option splice-auto\n");
    assert_non_null(strstr(t->messages, "splice is used wherever the kernel allows"));
}

static void old_spellings_are_read_as_todays(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_proxy *a =
        accept_text(t,
                    "listen a\n contimeout 4000\n clitimeout 5s\n srvtimeout 6000\n redispatch\n")
            ->proxies;

    assert_int_equal(a->o.timeout.connect, 4000);
    assert_int_equal(a->o.timeout.client, 5000);
    assert_int_equal(a->o.timeout.server, 6000);
    assert_int_equal(a->o.redispatch, HF_YES);
    assert_non_null(strstr(t->messages, "write: timeout connect 4000"));
    assert_non_null(strstr(t->messages, "write: option redispatch"));
}

static void times_with_a_tail_are_warned_of(void **state)
{
    struct config_text *t = *state;

    assert_int_equal(accept_text(t, "listen a\n timeout client 5sec\n")->proxies->o.timeout.client,
                     5000);
    assert_non_null(strstr(t->messages, "'ec' behind the unit of '5sec' is not read."));
    refuse_text(t, "listen a\n timeout client 25d\n", "the time of 'timeout client' is too long.");
    refuse_text(t, "listen a\n timeout client soon\n", "unexpected 'soon', expected a time");
    refuse_text(t, "listen a\n timeout client\n", "'timeout client' needs a time");
    refuse_text(t, "listen a\n timeout client 5s 6s\n", "unexpected '6s'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_a_name_a_place_and_help),
        cmocka_unit_test(no_word_has_two_rows_in_one_place),
        cmocka_unit_test(old_spellings_have_a_modern_row),
        cmocka_unit_test(the_longer_spelling_wins),
        CONFIG_TEST(unknown_words_get_the_nearest_spelling),
        CONFIG_TEST(words_of_other_sections_are_told_where_they_belong),
        CONFIG_TEST(a_misspelt_section_is_taken_as_meant),
        CONFIG_TEST(what_is_not_supported_is_not_called_unknown),
        CONFIG_TEST(what_does_nothing_is_told),
        CONFIG_TEST(old_spellings_are_read_as_todays),
        CONFIG_TEST(times_with_a_tail_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
