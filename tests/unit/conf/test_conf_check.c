/*
 * test_conf_check.c: what is told about sections that do not fit together, and that it is told
 * once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf_int.h"
#include "config_maker.h"

static int setup(void **state)
{
    static struct maker maker;

    maker_init(&maker);
    *state = &maker;
    return 0;
}

static int teardown(void **state)
{
    maker_fini(*state);
    return 0;
}

static void check(struct maker *m)
{
    hf_conf_find_reach(&m->config);
    hf_conf_ftp_plan(&m->config, m->diag);
    hf_conf_check(&m->config, m->diag);
}

/* Exactly so many messages; then what they say. */
static void assert_counts(struct maker *m, unsigned errors, unsigned warnings, unsigned notices)
{
    if (hf_diag_count(m->diag, HF_DIAG_ERROR) != errors ||
        hf_diag_count(m->diag, HF_DIAG_WARNING) + hf_diag_count(m->diag, HF_DIAG_ADVICE) !=
            warnings ||
        hf_diag_count(m->diag, HF_DIAG_NOTICE) != notices)
        fail_msg("expected %u errors, %u warnings, %u notices:\n%s", errors, warnings, notices,
                 maker_messages(m));
}

static void assert_told(struct maker *m, const char *text)
{
    const char *messages = maker_messages(m);

    if (!strstr(messages, text))
        fail_msg("nobody said \"%s\" but:\n%s", text, messages);
}

/* A section without fault. */
static struct hf_cfg_proxy *web(struct maker *m, const char *name, uint16_t port)
{
    struct hf_cfg_proxy *proxy = maker_listen(m, name);

    maker_bind(m, proxy, "*", port, port);
    maker_server(m, proxy, "s1", "192.168.5.1", 80);
    return proxy;
}

static struct hf_cfg_proxy *ftp(struct maker *m, const char *name, const char *host)
{
    struct hf_cfg_proxy *proxy = maker_listen(m, name);

    maker_bind(m, proxy, host, 21, 21);
    maker_bind(m, proxy, host, 50000, 50100);
    maker_servers(m, proxy, 2, 0);
    return proxy;
}

static void a_sound_configuration_gets_no_message(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *back = maker_backend(m, "back");

    maker_servers(m, back, 1, 80);
    maker_bind(m, maker_frontend(m, "front", back), "*", 80, 80);
    web(m, "web", 8080);
    ftp(m, "ftp", "10.0.0.1");
    check(m);
    assert_counts(m, 0, 0, 0);
}

/* ---- what is missing --------------------------------------------------------------------- */

static void missing_timeouts_are_one_warning_a_section(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *none = web(m, "none", 80), *two = web(m, "two", 81);
    struct hf_cfg_proxy *back = maker_backend(m, "back");

    memset(&none->o.timeout, 0, sizeof none->o.timeout);
    two->o.timeout.connect = 0;
    two->o.timeout.server = 0;
    maker_servers(m, back, 1, 80);
    back->o.timeout.client = 0; /* a backend has no clients */
    maker_bind(m, maker_frontend(m, "front", back), "*", 82, 82);
    check(m);
    assert_counts(m, 0, 2, 0);
    assert_told(m, "'none' has no timeout client, timeout connect, timeout server:");
    assert_told(m, "'two' has no timeout connect, timeout server:");
}

static void a_section_without_an_entrance_is_told(void **state)
{
    struct maker *m = *state;

    maker_servers(m, maker_listen(m, "closed"), 1, 80);
    maker_bind(m, maker_frontend(m, "nowhere", NULL), "*", 80, 80);
    check(m);
    assert_counts(m, 0, 2, 0);
    assert_told(m, "listen 'closed' has no bind");
    assert_told(m, "frontend 'nowhere' has no default_backend");
}

static void an_unknown_backend_has_been_told_already(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *front = maker_frontend(m, "front", NULL);

    maker_bind(m, front, "*", 80, 80);
    maker_servers(m, maker_backend(m, "back"), 1, 80);
    front->o.default_backend = "bakc";
    hf_diag_add(m->diag, HF_DIAG_ERROR, front->loc, NULL, "as the resolve pass would");
    check(m);
    assert_counts(m, 1, 0, 0);
}

static void a_backend_without_servers_is_told_when_used(void **state)
{
    struct maker *m = *state;

    maker_bind(m, maker_listen(m, "empty"), "*", 80, 80);
    maker_bind(m, maker_frontend(m, "front", maker_backend(m, "back")), "*", 81, 81);
    maker_backend(m, "spare");
    check(m);
    assert_counts(m, 0, 2, 1);
    assert_told(m, "listen 'empty' has no server");
    assert_told(m, "backend 'back' has no server: every connection to 'front' will be refused");
    assert_told(m, "no section uses backend 'spare'");
}

static void a_section_of_data_ports_needs_no_servers(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *control = maker_listen(m, "ftp");

    maker_bind(m, control, "*", 21, 21);
    maker_servers(m, control, 2, 21);
    maker_bind(m, maker_listen(m, "data"), "*", 50000, 50100);
    maker_bind(m, maker_frontend(m, "more", NULL), "*", 51000, 51100);
    maker_data_section(m, control, "data");
    maker_data_section(m, control, "more");
    check(m);
    assert_counts(m, 0, 0, 0);
}

static void a_backend_that_lends_its_table_is_used(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_stick_table table = {.proxy = maker_backend(m, "table")};
    struct hf_cfg_stick_rule rule = {.table = &table};

    web(m, "web", 80)->stick_rules = &rule;
    check(m);
    assert_counts(m, 0, 0, 0);
}

static void log_lines_need_a_target(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_log target = {0};
    struct hf_cfg_proxy *one = web(m, "one", 80), *two = web(m, "two", 81);

    one->o.tcplog = true;
    two->o.tcplog = true;
    two->logs_all = &target;
    check(m);
    assert_counts(m, 0, 1, 0);
    assert_told(m, "listen 'one' chooses what to log, but has no log target");
    assert_told(m, "log stdout");
}

static void a_disabled_section_is_left_alone(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *off = maker_listen(m, "off");

    off->o.disabled = true;
    off->o.mode = HF_MODE_HTTP;
    memset(&off->o.timeout, 0, sizeof off->o.timeout);
    check(m);
    assert_counts(m, 0, 0, 0);
}

/* ---- ports ------------------------------------------------------------------------------- */

static void ftp_ports_taken_twice_are_told(void **state)
{
    struct maker *m = *state;

    ftp(m, "ftp", "10.0.0.1");
    maker_bind(m, web(m, "web", 80), "10.0.0.1", 50050, 50050);
    maker_bind(m, web(m, "more", 81), "*", 50090, 50200);
    maker_bind(m, web(m, "twin", 82), "10.0.0.1", 21, 21);
    check(m);
    /* The range of `more` looks like FTP, and the twin has no data ports. */
    assert_counts(m, 0, 5, 0);
    assert_told(m, "port 50050 of bind '10.0.0.1:50050' (plain TCP of 'web') is taken by bind "
                   "'10.0.0.1:50000-50100' (FTP data of 'ftp') at [");
    assert_told(m, "ports 50090-50100 of bind '*:50090-50200' (plain TCP of 'more') are taken");
    assert_told(m, "port 21 of bind '10.0.0.1:21' (FTP control of 'twin') is taken by bind "
                   "'10.0.0.1:21' (FTP control of 'ftp') at [");
}

static void an_address_inside_any_address_is_told(void **state)
{
    struct maker *m = *state;

    ftp(m, "all", "*");
    ftp(m, "one", "10.0.0.1");
    check(m);
    assert_counts(m, 0, 2, 0); /* of the control port, and of the data ports */
    assert_told(m, "port 21 of bind '10.0.0.1:21' (FTP control of 'one') is taken by bind '*:21'");
}

static void overlapping_data_ranges_are_told(void **state)
{
    struct maker *m = *state;

    ftp(m, "ftp", "10.0.0.1");
    maker_bind(m, m->config.proxies, "10.0.0.1", 50100, 50200);
    check(m);
    assert_counts(m, 0, 2, 0);
    assert_told(m, "port 50100 of bind '10.0.0.1:50100-50200' (FTP data of 'ftp') is taken");
}

static void a_data_range_inside_any_address_of_its_section_is_told(void **state)
{
    struct maker *m = *state;

    ftp(m, "ftp", "*");
    maker_bind(m, m->config.proxies, "10.0.0.1", 50100, 50200);
    check(m);
    assert_told(m, "bind '10.0.0.1:50100-50200' (FTP data of 'ftp') ");
}

static void what_does_not_meet_is_not_told(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *one = ftp(m, "one", "10.0.0.1"), *off = ftp(m, "off", "10.0.0.1");

    ftp(m, "two", "10.0.0.2");
    ftp(m, "six", "2001:db8::1");
    off->o.disabled = true;
    one->binds->interface = "eth0";
    /* Its range equals the first one's: they are one listener. */
    ftp(m, "other_card", "10.0.0.1")->binds->interface = "eth1";
    /* Two plain sections may do what HAProxy lets them do. */
    web(m, "web", 80);
    web(m, "again", 80);
    check(m);
    assert_counts(m, 0, 0, 0);
}

static void both_families_of_one_section_may_share_a_port(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *proxy = ftp(m, "ftp", "*");

    maker_bind(m, proxy, "::", 21, 21);
    maker_bind(m, proxy, "::", 50000, 50100);
    check(m);
    assert_counts(m, 0, 0, 0);
}

static void too_few_descriptors_are_told(void **state)
{
    struct maker *m = *state;

    ftp(m, "ftp", "*");
    m->config.global.maxconn = 1000;
    m->config.global.ulimit_n = 4000;
    check(m);
    assert_counts(m, 0, 1, 0);
    assert_told(m, "ulimit-n 4000 is too low for maxconn 1000, which can need 4102 descriptors");
}

static void enough_descriptors_are_not_told(void **state)
{
    struct maker *m = *state;

    ftp(m, "ftp", "*");
    m->config.global.maxconn = 1000;
    check(m);
    m->config.global.ulimit_n = 4102;
    check(m);
    assert_counts(m, 0, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Client and server would speak past each other's TLS. */
static void direct_data_needs_ends_that_speak_alike(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = web(m, "ftp", 21);

    ftp->direct = HF_NEW(m->config.arena, struct hf_cfg_data_rule);
    ftp->binds->tls.ssl = true;
    check(m);
    assert_told(m, "'ftp-data direct' cannot be used where TLS ends at haftp");
    ftp->binds->tls.ssl = false;
    ftp->servers->o.tls.ssl = true;
    check(m);
    assert_told(m, "'ftp-data direct' cannot be used where haftp speaks TLS");
}

/* With TLS on both sides a session has two connections of it. */
static void a_limit_that_lets_nobody_in_is_told(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *proxy = web(m, "secure", 8000);

    m->config.global.maxsslconn = 1;
    proxy->binds->tls.ssl = true;
    check(m);
    assert_counts(m, 0, 0, 0);
    proxy->servers->o.tls.ssl = true;
    check(m);
    assert_told(m, "maxsslconn 1 is not enough for one session of 'secure' with TLS");
    assert_counts(m, 0, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sound_configuration_gets_no_message),
        TEST(missing_timeouts_are_one_warning_a_section),
        TEST(a_section_without_an_entrance_is_told),
        TEST(an_unknown_backend_has_been_told_already),
        TEST(a_backend_without_servers_is_told_when_used),
        TEST(a_section_of_data_ports_needs_no_servers),
        TEST(a_backend_that_lends_its_table_is_used),
        TEST(log_lines_need_a_target),
        TEST(a_disabled_section_is_left_alone),
        TEST(ftp_ports_taken_twice_are_told),
        TEST(an_address_inside_any_address_is_told),
        TEST(overlapping_data_ranges_are_told),
        TEST(a_data_range_inside_any_address_of_its_section_is_told),
        TEST(what_does_not_meet_is_not_told),
        TEST(both_families_of_one_section_may_share_a_port),
        TEST(too_few_descriptors_are_told),
        TEST(direct_data_needs_ends_that_speak_alike),
        TEST(enough_descriptors_are_not_told),
        TEST(a_limit_that_lets_nobody_in_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
