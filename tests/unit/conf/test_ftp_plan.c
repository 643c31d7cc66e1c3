/*
 * test_ftp_plan.c: each rule by which binds become FTP control and ranges become data ports, on the
 * shapes that people have in their files.
 */
#include "plan_fixture.h"

/* ---- which binds are control ------------------------------------------------------------- */

static void rule_1_no_inspection_makes_a_plain_pipe(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *pipe = maker_listen(m, "pipe");
    struct hf_cfg_bind *control = maker_bind(m, pipe, "*", 21, 21);
    struct hf_cfg_bind *range = maker_bind(m, pipe, "*", 50000, 50100);

    maker_servers(m, pipe, 2, 0);
    pipe->o.ftp_inspect = HF_NO;
    plan(m);
    assert_plain(control);
    assert_plain(range);
    assert_string_equal(control->role_why, "rule 1: no option ftp-inspect");
    assert_null(pipe->ftp_summary);
    assert_silence(m);
}

static void rule_2_the_option_takes_every_single_port(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");
    struct hf_cfg_bind *one = maker_bind(m, ftp, "*", 2121, 2121);
    struct hf_cfg_bind *two = maker_bind(m, ftp, "*", 21, 21);
    struct hf_cfg_bind *range = maker_bind(m, ftp, "*", 50000, 50100);

    maker_servers(m, ftp, 1, 2121);
    ftp->o.ftp_inspect = HF_YES;
    plan(m);
    assert_control(one, 2);
    assert_control(two, 2);
    assert_data(range, 3);
    assert_silence(m);
}

static void rule_3_ports_of_ftp(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");
    struct hf_cfg_bind *explicit = maker_bind(m, ftp, "*", 21, 21);
    struct hf_cfg_bind *implicit = maker_bind(m, ftp, "*", 990, 990);
    struct hf_cfg_bind *other = maker_bind(m, ftp, "*", 2121, 2121);

    maker_servers(m, ftp, 1, 2121);
    plan(m);
    assert_control(explicit, 3);
    assert_control(implicit, 3);
    assert_true(implicit->opaque);
    assert_false(explicit->opaque);
    assert_plain(other);
}

static void ftp_on_other_ports_is_asked_about(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp"), *pipe = maker_listen(m, "pipe");

    maker_bind(m, ftp, "127.0.0.1", 2221, 2221);
    maker_bind(m, ftp, "127.0.0.1", 52000, 52010);
    maker_servers(m, ftp, 1, 2100);
    maker_bind(m, pipe, "127.0.0.2", 2221, 2221);
    maker_bind(m, pipe, "127.0.0.2", 52000, 52010);
    maker_servers(m, pipe, 1, 2100);
    pipe->o.ftp_inspect = HF_NO;
    plan(m);
    assert_warnings(m, 1);
    assert_non_null(strstr(maker_messages(m), "listen 'ftp' has a port and a range of ports"));
}

static void rule_4_all_servers_on_port_21(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *back = maker_backend(m, "back"), *mixed = maker_backend(m, "mixed");
    struct hf_cfg_bind *ftp = maker_bind(m, maker_frontend(m, "ftp", back), "*", 2121, 2121);
    struct hf_cfg_bind *two = maker_bind(m, maker_frontend(m, "two", mixed), "*", 2122, 2122);
    struct hf_cfg_bind *none = maker_bind(m, maker_frontend(m, "none", NULL), "*", 2123, 2123);
    struct hf_cfg_bind *empty = maker_bind(m, maker_listen(m, "empty"), "*", 2124, 2124);

    maker_servers(m, back, 3, 21);
    maker_servers(m, mixed, 2, 21);
    maker_server(m, mixed, "web", "192.168.1.30", 80);
    plan(m);
    assert_control(ftp, 4);
    assert_plain(two);
    assert_plain(none);
    assert_plain(empty);
}

static void rule_4_a_mapped_port_is_not_port_21(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *any = maker_listen(m, "any");
    struct hf_cfg_bind *bind = maker_bind(m, any, "*", 2121, 2121);

    maker_servers(m, any, 2, 0);
    plan(m);
    assert_plain(bind);
}

static void rule_5_the_cookie_of_a_range_section(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp"), *data = maker_listen(m, "data");
    struct hf_cfg_bind *control = maker_bind(m, ftp, "10.0.0.1", 2121, 2121);
    struct hf_cfg_bind *range = maker_bind(m, data, "10.0.0.1", 50000, 50100);

    maker_servers(m, ftp, 3, 2121);
    maker_servers(m, data, 3, 2121);
    maker_cookie(m, ftp, "FTP_SERVER");
    maker_cookie(m, data, "FTP_SERVER");
    plan(m);
    assert_control(control, 5);
    assert_data(range, 4);
    assert_string_equal(ftp->ftp_summary,
                        "ftp: bind 10.0.0.1:2121 carries FTP control connections (rule 5: cookie "
                        "FTP_SERVER is shared with the port range of data); data ports "
                        "10.0.0.1:50000-50100 of section data (rule 4: both share cookie "
                        "FTP_SERVER); 3 servers; AUTH TLS passes through to the servers");
    assert_silence(m);
}

static void rule_5_needs_one_single_port_and_the_same_name(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *two = maker_listen(m, "two"), *data = maker_listen(m, "data");
    struct hf_cfg_proxy *other = maker_listen(m, "other");
    struct hf_cfg_bind *first = maker_bind(m, two, "*", 2121, 2121);
    struct hf_cfg_bind *second = maker_bind(m, two, "*", 8080, 8080);
    struct hf_cfg_bind *third = maker_bind(m, other, "*", 2222, 2222);
    struct hf_cfg_bind *range = maker_bind(m, data, "*", 50000, 50100);

    maker_cookie(m, two, "A");
    maker_cookie(m, data, "A");
    maker_cookie(m, other, "B");
    plan(m);
    assert_plain(first);
    assert_plain(second);
    assert_plain(third);
    assert_plain(range);
}

static void the_cookie_of_a_backend_pairs_its_frontends(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *back1 = maker_backend(m, "back1"), *back2 = maker_backend(m, "back2");
    struct hf_cfg_proxy *ftp = maker_frontend(m, "ftp", back1);
    struct hf_cfg_bind *control = maker_bind(m, ftp, "*", 2121, 2121);
    struct hf_cfg_bind *range = maker_bind(m, maker_frontend(m, "data", back2), "*", 50000, 50100);

    maker_cookie(m, back1, "C");
    maker_cookie(m, back2, "C");
    plan(m);
    assert_control(control, 5);
    assert_data(range, 4);
    assert_string_equal(ftp->data_why, "both share cookie C");
    assert_silence(m);
}

static void a_cookie_in_defaults_pairs_nothing(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *web = maker_listen(m, "web"), *games = maker_listen(m, "games");
    struct hf_cfg_bind *bind = maker_bind(m, web, "*", 80, 80);

    maker_bind(m, games, "*", 6000, 6010);
    maker_cookie(m, web, "SRV");
    games->o.cookie_name = "SRV";
    games->o.cookie_loc = web->o.cookie_loc;
    plan(m);
    assert_plain(bind);
    assert_silence(m);
}

static void http_and_disabled_sections_are_left_alone(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *http = maker_listen(m, "http"), *off = maker_listen(m, "off");
    struct hf_cfg_bind *one = maker_bind(m, http, "*", 21, 21);
    struct hf_cfg_bind *two = maker_bind(m, off, "*", 21, 21);

    http->o.mode = HF_MODE_HTTP;
    off->o.disabled = true;
    plan(m);
    assert_plain(one);
    assert_plain(two);
    assert_silence(m);
}

/* ---- shapes ------------------------------------------------------------------------------ */

static void the_two_section_form_pairs_by_cookie(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp_control"), *data = maker_listen(m, "ftp_data");
    struct hf_cfg_bind *control = maker_bind(m, ftp, "10.0.0.1", 21, 21);
    struct hf_cfg_bind *range = maker_bind(m, data, "10.0.0.1", 50000, 50100);

    maker_servers(m, ftp, 3, 21);
    maker_servers(m, data, 3, 21);
    maker_cookie(m, ftp, "FTP_SERVER");
    maker_cookie(m, data, "FTP_SERVER");
    plan(m);
    assert_control(control, 3);
    assert_data(range, 4);
    assert_int_equal(ftp->data_rule, 4);
    assert_int_equal(count_ranges(ftp), 1);
    assert_ptr_equal(ftp->data_ranges->bind, range);
    assert_serves_all(ftp->data_ranges);
    assert_string_equal(range->role_why, "data ports of ftp_control");
    assert_null(data->ftp_summary);
    assert_string_equal(ftp->ftp_summary,
                        "ftp_control: bind 10.0.0.1:21 carries FTP control connections (rule 3: "
                        "port 21); data ports 10.0.0.1:50000-50100 of section ftp_data (rule 4: "
                        "both share cookie FTP_SERVER); 3 servers; AUTH TLS passes through to the "
                        "servers");
    assert_silence(m);
}

static void the_one_section_form_works_with_a_warning(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp_cluster");

    assert_non_null(maker_bind(m, ftp, "10.0.0.1", 21, 21));
    maker_servers(m, ftp, 3, 21);
    plan(m);
    assert_control(ftp->binds, 3);
    assert_int_equal(ftp->data_rule, 6);
    assert_null(ftp->data_ranges);
    assert_string_equal(ftp->ftp_summary,
                        "ftp_cluster: bind 10.0.0.1:21 carries FTP control connections (rule 3: "
                        "port 21); data on any free port (rule 6: no port range in the file is for "
                        "it); 3 servers; AUTH TLS passes through to the servers, but without data "
                        "ports");
    assert_warnings(m, 1);
    assert_told(m, "listen 'ftp_cluster' carries FTP but has no data ports");
    assert_told(m, "ftp-data ports");
}

static void the_tutorial_has_a_range_in_the_frontend(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *back = maker_backend(m, "ftp_servers");
    struct hf_cfg_proxy *front = maker_frontend(m, "ftp", back);
    struct hf_cfg_bind *control = maker_bind(m, front, "*", 21, 21);
    struct hf_cfg_bind *range = maker_bind(m, front, "*", 50000, 50100);

    maker_servers(m, back, 3, 0);
    plan(m);
    assert_control(control, 3);
    assert_data(range, 3);
    assert_int_equal(front->data_rule, 3);
    assert_int_equal(count_ranges(front), 1);
    assert_serves_all(front->data_ranges);
    assert_string_equal(front->ftp_summary,
                        "ftp: bind *:21 carries FTP control connections (rule 3: port 21); data "
                        "ports *:50000-50100 (rule 3: the section binds them itself); 3 servers of "
                        "backend ftp_servers; AUTH TLS passes through to the servers");
    assert_silence(m);
}

static void two_frontends_on_one_backend_pair_by_servers(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *back = maker_backend(m, "back");
    struct hf_cfg_proxy *ftp = maker_frontend(m, "ftp", back);
    struct hf_cfg_proxy *data = maker_frontend(m, "data", back);
    struct hf_cfg_bind *range;

    maker_bind(m, ftp, "*", 21, 21);
    range = maker_bind(m, data, "*", 50000, 50100);
    maker_servers(m, back, 2, 0);
    plan(m);
    assert_data(range, 5);
    assert_int_equal(ftp->data_rule, 5);
    assert_serves_all(ftp->data_ranges);
    assert_silence(m);
}

/* 50000-50000 is one port, and no control port: its author wrote a range. */
static void a_range_may_have_one_port(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");
    struct hf_cfg_bind *control = maker_bind(m, ftp, "*", 2121, 2121);
    struct hf_cfg_bind *range = maker_bind(m, ftp, "*", 50000, 50000);

    range->is_range = true;
    maker_servers(m, ftp, 2, 21);
    plan(m);
    assert_control(control, 4);
    assert_data(range, 3);
}

static void one_range_per_server_serves_that_server(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");
    struct hf_cfg_proxy *data1 = maker_listen(m, "data1"), *data2 = maker_listen(m, "data2");

    maker_bind(m, ftp, "*", 21, 21);
    maker_servers(m, ftp, 2, 21);
    maker_bind(m, data1, "*", 50000, 50009);
    maker_server(m, data1, "d1", "192.168.1.10", 0);
    maker_bind(m, data2, "*", 50010, 50019);
    maker_server(m, data2, "d2", "192.168.1.11", 0);
    plan(m);
    assert_int_equal(ftp->data_rule, 5);
    assert_int_equal(count_ranges(ftp), 2);
    assert_serves_one(ftp->data_ranges, "ftp_1");
    assert_serves_one(ftp->data_ranges->next, "ftp_2");
    assert_non_null(strstr(ftp->ftp_summary, "*:50000-50009 of section data1 (for ftp_1), "
                                             "*:50010-50019 of section data2 (for ftp_2)"));
    assert_silence(m);
}

static void a_server_without_a_range_of_its_own_uses_all(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");
    struct hf_cfg_proxy *data1 = maker_listen(m, "data1"), *data2 = maker_listen(m, "data2");

    maker_bind(m, ftp, "*", 21, 21);
    maker_servers(m, ftp, 3, 21);
    maker_bind(m, data1, "*", 50000, 50009);
    maker_server(m, data1, "d1", "192.168.1.10", 0);
    maker_bind(m, data2, "*", 50010, 50019);
    maker_server(m, data2, "d2", "192.168.1.11", 0);
    plan(m);
    assert_int_equal(ftp->data_ranges->n_only, 2);
    assert_string_equal(ftp->data_ranges->only[1]->name, "ftp_3");
    assert_int_equal(ftp->data_ranges->next->n_only, 2);
    assert_warnings(m, 1);
    assert_told(m, "no data section of 'ftp' holds the address of server 'ftp_3'");
}

static void rule_5_leaves_ranges_of_other_servers_plain(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp"), *games = maker_listen(m, "games");
    struct hf_cfg_proxy *pipe = maker_listen(m, "pipe");
    struct hf_cfg_bind *range = maker_bind(m, games, "*", 6000, 6010);
    struct hf_cfg_bind *opted_out = maker_bind(m, pipe, "*", 7000, 7010);

    maker_bind(m, ftp, "*", 21, 21);
    maker_servers(m, ftp, 2, 21);
    maker_servers(m, games, 3, 0); /* one of them is not ours */
    maker_servers(m, pipe, 2, 0);
    pipe->o.ftp_inspect = HF_NO;
    plan(m);
    assert_plain(range);
    assert_plain(opted_out);
    assert_int_equal(ftp->data_rule, 6);
}

static void placeholders_do_not_hinder_the_match(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp"), *data = maker_listen(m, "data");

    maker_bind(m, ftp, "*", 21, 21);
    maker_servers(m, ftp, 2, 21);
    maker_bind(m, data, "*", 50000, 50100);
    maker_server(m, data, "placeholder", "0.0.0.0", 0);
    maker_cookie(m, ftp, "C");
    maker_cookie(m, data, "C");
    plan(m);
    assert_int_equal(ftp->data_rule, 4);
    assert_serves_all(ftp->data_ranges);
    assert_silence(m);
}

static void rule_5_ignores_placeholders_but_needs_a_server(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp"), *data = maker_listen(m, "data");
    struct hf_cfg_proxy *other = maker_listen(m, "other");

    maker_bind(m, ftp, "*", 21, 21);
    maker_servers(m, ftp, 2, 21);
    maker_bind(m, data, "*", 50000, 50100);
    maker_servers(m, data, 2, 0);
    maker_server(m, data, "placeholder", "0.0.0.0", 0);
    maker_bind(m, other, "*", 6000, 6010);
    maker_server(m, other, "placeholder", "0.0.0.0", 0);
    plan(m);
    assert_data(data->binds, 5);
    assert_plain(other->binds);
    assert_silence(m);
}

static void several_control_sections_share_a_data_section(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *one = maker_listen(m, "one"), *two = maker_listen(m, "two");
    struct hf_cfg_proxy *data = maker_listen(m, "data");
    struct hf_cfg_bind *range = maker_bind(m, data, "*", 50000, 50100);

    maker_bind(m, one, "10.0.0.1", 21, 21);
    maker_bind(m, two, "10.0.0.2", 21, 21);
    maker_servers(m, one, 2, 21);
    maker_servers(m, two, 2, 21);
    maker_servers(m, data, 2, 0);
    plan(m);
    assert_ptr_equal(one->data_ranges->bind, range);
    assert_ptr_equal(two->data_ranges->bind, range);
    assert_string_equal(range->role_why, "data ports of one, two");
    assert_silence(m);
}

static void each_control_section_keeps_its_own_data_section(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *a = maker_listen(m, "a"), *b = maker_listen(m, "b");
    struct hf_cfg_proxy *data_a = maker_listen(m, "data_a"), *data_b = maker_listen(m, "data_b");

    maker_bind(m, a, "10.0.0.1", 21, 21);
    maker_bind(m, b, "10.0.0.2", 21, 21);
    maker_servers(m, a, 2, 21);
    maker_server(m, b, "b1", "192.168.2.1", 21);
    maker_bind(m, data_a, "10.0.0.1", 50000, 50100);
    maker_servers(m, data_a, 2, 0);
    maker_bind(m, data_b, "10.0.0.2", 50000, 50100);
    maker_server(m, data_b, "d1", "192.168.2.1", 0);
    plan(m);
    assert_int_equal(count_ranges(a), 1);
    assert_ptr_equal(a->data_ranges->bind, data_a->binds);
    assert_int_equal(count_ranges(b), 1);
    assert_ptr_equal(b->data_ranges->bind, data_b->binds);
    assert_null(data_b->binds->shared_with);
    assert_silence(m);
}

static void plain_sections_stay_plain_beside_ftp(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp"), *web = maker_listen(m, "web");
    struct hf_cfg_proxy *games = maker_listen(m, "games");
    struct hf_cfg_bind *https = maker_bind(m, web, "*", 443, 443);
    struct hf_cfg_bind *range = maker_bind(m, games, "*", 6000, 6010);
    struct hf_cfg_bind *ssh = maker_bind(m, ftp, "*", 22, 22);

    maker_bind(m, ftp, "*", 21, 21);
    maker_bind(m, ftp, "*", 50000, 50100);
    maker_servers(m, ftp, 2, 0);
    maker_server(m, web, "w1", "192.168.5.1", 443);
    maker_server(m, games, "g1", "192.168.6.1", 0);
    plan(m);
    assert_plain(https);
    assert_plain(range);
    assert_plain(ssh);
    assert_null(web->ftp_summary);
    assert_silence(m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rule_1_no_inspection_makes_a_plain_pipe),
        TEST(rule_2_the_option_takes_every_single_port),
        TEST(rule_3_ports_of_ftp),
        TEST(ftp_on_other_ports_is_asked_about),
        TEST(rule_4_all_servers_on_port_21),
        TEST(rule_4_a_mapped_port_is_not_port_21),
        TEST(rule_5_the_cookie_of_a_range_section),
        TEST(rule_5_needs_one_single_port_and_the_same_name),
        TEST(the_cookie_of_a_backend_pairs_its_frontends),
        TEST(a_cookie_in_defaults_pairs_nothing),
        TEST(http_and_disabled_sections_are_left_alone),
        TEST(the_two_section_form_pairs_by_cookie),
        TEST(the_one_section_form_works_with_a_warning),
        TEST(the_tutorial_has_a_range_in_the_frontend),
        TEST(two_frontends_on_one_backend_pair_by_servers),
        TEST(a_range_may_have_one_port),
        TEST(one_range_per_server_serves_that_server),
        TEST(a_server_without_a_range_of_its_own_uses_all),
        TEST(rule_5_leaves_ranges_of_other_servers_plain),
        TEST(placeholders_do_not_hinder_the_match),
        TEST(rule_5_ignores_placeholders_but_needs_a_server),
        TEST(several_control_sections_share_a_data_section),
        TEST(each_control_section_keeps_its_own_data_section),
        TEST(plain_sections_stay_plain_beside_ftp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
