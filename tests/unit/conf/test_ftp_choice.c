/*
 * test_ftp_choice.c: what of a login the choice of a server depends on, and what is told where
 * there is no login.
 */
#include <string.h>

#include "config_text.h"

#include "haftp/conf/load.h"

#define HEAD                                                                                       \
    "defaults\n timeout connect 5s\n timeout client 1m\n timeout server 1m\n"                      \
    "frontend front\n bind 127.0.0.1:21\n ftp-data ports 50000-50010\n"
#define POOL " server s1 192.168.1.1:21\n server s2 192.168.1.2:21\n"

static struct hf_cfg_proxy *front_of(struct config_text *t, const char *text)
{
    struct hf_config *config = accept_text(t, text);
    return config->proxies;
}

static void assert_chooses(struct config_text *t, const char *front, const char *back,
                           unsigned wanted)
{
    char text[2048];

    snprintf(text, sizeof text, HEAD "%s\n default_backend pool\nbackend pool\n%s\n" POOL, front,
             back);
    unsigned got = front_of(t, text)->ftp_chooses_by;
    if (got != wanted)
        fail_msg("%u instead of %u: %s%s", got, wanted, front, back);
}

static void every_place_counts(void **state)
{
    struct config_text *t = *state;

    assert_chooses(t, "", "", 0);
    assert_chooses(t, " ftp-request deny if { ftp.user bob }", "", 0);
    assert_chooses(t, " log-format %[ftp.user]", "", 0);
    assert_chooses(t, " use_backend pool if { ftp.cmd USER }", "", 0);
    assert_chooses(t, " use_backend pool if { ftp.user bob }", "", HF_FTP_SAMPLE_USER);
    assert_chooses(t, " acl a src 10.0.0.1\n acl a ftp.host x\n use_backend pool if TRUE or !a", "",
                   HF_FTP_SAMPLE_HOST);
    assert_chooses(t, " use_backend %[ftp.user]-%[ftp.host]", "",
                   HF_FTP_SAMPLE_USER | HF_FTP_SAMPLE_HOST);
    assert_chooses(t, "", " use-server s1 if { ftp.tls }", HF_FTP_SAMPLE_TLS);
    assert_chooses(t, "", " use-server %[ftp.user] if TRUE", HF_FTP_SAMPLE_USER);
    assert_chooses(t, "", " balance hash ftp.user", HF_FTP_SAMPLE_USER);
    assert_chooses(t, "", " balance hash ftp.user\n balance roundrobin", 0);
    assert_chooses(t, "", " stick-table type string size 10\n stick match ftp.user",
                   HF_FTP_SAMPLE_USER);
    assert_chooses(t, "", " stick-table type ip size 10\n stick on src if { ftp.user bob }",
                   HF_FTP_SAMPLE_USER);
    assert_chooses(t, "", " ignore-persist if { ftp.host a }", HF_FTP_SAMPLE_HOST);
}

static void a_backend_counts_for_those_that_reach_it(void **state)
{
    struct config_text *t = *state;
    struct hf_cfg_proxy *front =
        front_of(t, HEAD " default_backend plain\n"
                         "frontend other\n bind 127.0.0.1:2121\n option ftp-inspect\n"
                         " ftp-data ports 50000-50010\n use_backend hashed if { src 10.0.0.1 }\n"
                         " default_backend plain\n"
                         "backend plain\n" POOL "backend hashed\n balance hash ftp.user\n" POOL);

    assert_int_equal(front->ftp_chooses_by, 0);
    assert_int_equal(front->next->ftp_chooses_by, HF_FTP_SAMPLE_USER);
    assert_non_null(
        strstr(front->next->ftp_summary, "chosen by ftp.user: haftp greets the clients itself"));
    assert_null(strstr(front->ftp_summary, "greets"));
}

static void assert_told(struct config_text *t, const char *lines, const char *wanted)
{
    char text[2048];

    snprintf(text, sizeof text, HEAD "%s\n default_backend pool\nbackend pool\n" POOL, lines);
    accept_text(t, text);
    if (wanted ? !strstr(t->messages, wanted) : *t->messages != '\0')
        fail_msg("%s is not what was said:\n%s", wanted ? wanted : "nothing", t->messages);
}

static void what_has_no_conversation_is_told(void **state)
{
    struct config_text *t = *state;

    assert_told(t, " ftp-request log if { ftp.cmd SITE }", NULL);
    assert_told(t, " no option ftp-inspect\n ftp-request deny if { ftp.cmd SITE }",
                "'ftp-request' has no effect: no bind of 'front' carries FTP");
    assert_told(t, " no option ftp-inspect\n use_backend pool if { ftp.user bob }",
                "'front' chooses servers by ftp.user, which is not known");
    assert_told(t, " ftp-greeting Hello", "'ftp-greeting' has no effect in 'front'");
    assert_told(t, " ftp-greeting Hello\n use_backend pool if { ftp.user bob }", NULL);
}

static void rules_of_backends_without_conversation_are_told(void **state)
{
    static const char told[] =
        "no section that carries FTP control connections uses backend 'pool'";
    static const char rule[] = " ftp-request deny if { ftp.cmd SITE }\n";
    struct config_text *t = *state;
    char text[2048];

    snprintf(text, sizeof text,
             HEAD " no option ftp-inspect\n default_backend pool\nbackend pool\n%s" POOL, rule);
    accept_text(t, text);
    assert_non_null(strstr(t->messages, told));
    /* As one of two, it has an effect; what defaults hand down is for all. */
    snprintf(text, sizeof text,
             HEAD " ftp-tls refuse\n default_backend pool\nfrontend plain\n bind 127.0.0.1:80\n "
                  "no option ftp-inspect\n default_backend pool\nbackend pool\n%s" POOL,
             rule);
    accept_text(t, text);
    assert_string_equal(t->messages, "");
    snprintf(text, sizeof text,
             "defaults\n%s timeout connect 5s\n timeout client 1m\n timeout server 1m\n"
             "frontend front\n bind 127.0.0.1:80\n default_backend pool\n"
             "backend pool\n server s1 192.168.1.1:80\n",
             rule);
    accept_text(t, text);
    assert_string_equal(t->messages, "");
    /* A listen that FTP comes to as to a backend. */
    snprintf(text, sizeof text,
             HEAD " ftp-tls refuse\n default_backend pool\nlisten pool\n bind 127.0.0.1:80\n "
                  "no option ftp-inspect\n%s" POOL,
             rule);
    accept_text(t, text);
    assert_string_equal(t->messages, "");
}

static void names_that_lead_anywhere_are_told(void **state)
{
    static const char told[] = "a client of 'front' reaches any backend of the file by giving its "
                               "name as ftp.user";
    struct config_text *t = *state;

    assert_told(t, " use_backend %[ftp.user]", told);
    assert_told(t, " use_backend %[ftp.user,lower] if { src 127.0.0.1 }", told);
    assert_told(t, " use_backend %[ftp.host,field(1,.)]", "by giving its name as ftp.host");
    assert_told(t, " use_backend %[ftp.user] if { ftp.user alice bob }", NULL);
    assert_told(t, " use_backend ftp_%[ftp.user]", NULL);
    assert_told(t, " use_backend %[src]", NULL);
}

static void rules_that_tls_escapes_are_told(void **state)
{
    static const char told[] = "clients of 'front' escape this rule by TLS";
    static const char *const in_backend[] = {
        " ftp-request deny if { ftp.cmd SITE }\n",
        " tcp-response content sc-inc-gpc0(0) if { ftp.code 530 }\n",
    };
    struct config_text *t = *state;
    char text[2048];

    assert_told(t, " ftp-request deny if { ftp.cmd SITE }", told);
    assert_told(t, " ftp-request allow if { ftp.cmd SITE }", NULL);
    assert_told(t, " ftp-request deny if { ftp.cmd SITE }\n ftp-tls refuse", NULL);
    assert_told(t, " ftp-request deny if { ftp.cmd SITE }\n use_backend ftp_%[ftp.user]", NULL);
    assert_told(t, " ftp-request deny if { ftp.cmd SITE }\n use_backend ftp_%[ftp.host]", told);
    assert_told(t, " ftp-request sc-inc-gpc0(0) if { ftp.cmd SITE }", told);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(text, sizeof text, HEAD " default_backend pool\nbackend pool\n%s" POOL,
                 in_backend[i]);
        accept_text(t, text);
        assert_non_null(strstr(t->messages, told));
    }
}

static void denials_are_numbered(void **state)
{
    struct config_text *t = *state;
    char text[8192], *at = text;

    at += sprintf(at, HEAD);
    for (int i = 0; i < 100; i++)
        at += sprintf(at, " ftp-request deny code %d if { ftp.arg %d }\n", 500 + i, i);
    sprintf(at, " default_backend pool\nbackend pool\n" POOL);
    struct hf_config *config = accept_text(t, text);
    assert_int_equal(config->n_ftp_denials, 100);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(config->ftp_denials[i]->denial, i);
        assert_int_equal(config->ftp_denials[i]->number, 500 + i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(every_place_counts),
        CONFIG_TEST(a_backend_counts_for_those_that_reach_it),
        CONFIG_TEST(what_has_no_conversation_is_told),
        CONFIG_TEST(rules_of_backends_without_conversation_are_told),
        CONFIG_TEST(names_that_lead_anywhere_are_told),
        CONFIG_TEST(rules_that_tls_escapes_are_told),
        CONFIG_TEST(denials_are_numbered),
    };
    return cmocka_run_group_tests_name("ftp_choice", tests, NULL, NULL);
}
