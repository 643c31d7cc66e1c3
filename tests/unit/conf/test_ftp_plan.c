/*
 * test_ftp_plan.c: each rule by which binds become FTP control and ranges become data ports, on the
 * shapes that people have in their files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf_int.h"
#include "config_maker.h"
#include "haftp/conf/load.h"

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

static void plan(struct maker *m)
{
    hf_conf_ftp_plan(&m->config, m->diag);
}

static void assert_told(struct maker *m, const char *text)
{
    const char *messages = maker_messages(m);

    if (!strstr(messages, text))
        fail_msg("nobody said \"%s\" but:\n%s", text, messages);
}

static void assert_silence(struct maker *m)
{
    assert_string_equal(maker_messages(m), "");
}

static void assert_warnings(struct maker *m, unsigned n)
{
    if (hf_diag_count(m->diag, HF_DIAG_WARNING) != n || hf_diag_count(m->diag, HF_DIAG_ERROR))
        fail_msg("expected %u warnings and no error:\n%s", n, maker_messages(m));
}

static void assert_plain(const struct hf_cfg_bind *bind)
{
    assert_int_equal(bind->role, HF_BIND_PLAIN);
    assert_int_equal(bind->role_rule, 0);
}

static void assert_control(const struct hf_cfg_bind *bind, int rule)
{
    assert_int_equal(bind->role, HF_BIND_CONTROL);
    assert_int_equal(bind->role_rule, rule);
    assert_non_null(bind->role_why);
}

static void assert_data(const struct hf_cfg_bind *bind, int rule)
{
    assert_int_equal(bind->role, HF_BIND_DATA);
    assert_int_equal(bind->role_rule, rule);
}

static unsigned count_ranges(const struct hf_cfg_proxy *control)
{
    const struct hf_cfg_data_range *range;
    int n;

    LL_COUNT(control->data_ranges, range, n);
    return (unsigned)n;
}

static void assert_serves_all(const struct hf_cfg_data_range *range)
{
    assert_null(range->only);
    assert_int_equal(range->n_only, 0);
}

static void assert_serves_one(const struct hf_cfg_data_range *range, const char *server)
{
    assert_int_equal(range->n_only, 1);
    assert_string_equal(range->only[0]->name, server);
}

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
                        "FTP_SERVER); 3 servers");
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
                        "both share cookie FTP_SERVER); 3 servers");
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
                        "it); 3 servers");
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
                        "backend ftp_servers");
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

/* ---- ftp-data lines ---------------------------------------------------------------------- */

static void a_named_section_comes_before_all_else(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp"), *named = maker_listen(m, "named");
    struct hf_cfg_bind *own = maker_bind(m, ftp, "*", 40000, 40009);
    struct hf_cfg_bind *range = maker_bind(m, named, "*", 50000, 50009);
    struct hf_cfg_bind *more = maker_bind(m, named, "*", 50020, 50029);

    maker_bind(m, ftp, "*", 21, 21);
    maker_servers(m, ftp, 2, 21);
    maker_servers(m, named, 2, 0);
    maker_data_section(m, ftp, "named");
    maker_data_section(m, ftp, "named");
    maker_data_ports(m, ftp, 60000, 60009);
    plan(m);
    assert_int_equal(ftp->data_rule, 1);
    assert_data(range, 1);
    assert_data(more, 1);
    assert_string_equal(range->role_why, "data ports of ftp");
    assert_plain(own);
    assert_int_equal(count_ranges(ftp), 2);
    assert_silence(m);
}

static void a_named_section_may_be_a_plain_pipe_otherwise(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp"), *data = maker_listen(m, "data");
    struct hf_cfg_bind *range = maker_bind(m, data, "*", 50000, 50009);

    maker_bind(m, ftp, "*", 21, 21);
    data->o.ftp_inspect = HF_NO;
    maker_data_section(m, ftp, "data");
    plan(m);
    assert_data(range, 1);
    assert_silence(m);
}

static void wrong_section_names_are_errors_with_advice(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp"), *off = maker_listen(m, "off");
    struct hf_cfg_proxy *one = maker_listen(m, "one");

    maker_bind(m, ftp, "*", 21, 21);
    maker_servers(m, ftp, 2, 21);
    maker_bind(m, maker_listen(m, "ftp_data"), "*", 50000, 50009);
    maker_backend(m, "back");
    maker_bind(m, maker_listen(m, "single"), "*", 8080, 8080);
    maker_bind(m, off, "*", 51000, 51009);
    off->o.disabled = true;
    maker_bind(m, one, "*", 51000, 51009);
    maker_server(m, one, "d1", "192.168.1.10", 0); /* no word about the server it lacks */
    maker_data_section(m, ftp, "one");
    maker_data_section(m, ftp, "ftp_dta");
    maker_data_section(m, ftp, "back");
    maker_data_section(m, ftp, "single");
    maker_data_section(m, ftp, "off");
    plan(m);
    assert_int_equal(hf_diag_count(m->diag, HF_DIAG_ERROR), 4);
    assert_int_equal(hf_diag_count(m->diag, HF_DIAG_WARNING), 0);
    assert_told(m, "no listen or frontend is named 'ftp_dta'");
    assert_told(m, "did you mean 'ftp_data'?");
    assert_told(m, "it is a backend, which has no binds");
    assert_told(m, "'single' binds no port range");
    assert_told(m, "'off' does not carry TCP connections");
}

static void a_section_line_without_control_is_told(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *web = maker_listen(m, "web");

    maker_bind(m, web, "*", 80, 80);
    maker_bind(m, maker_listen(m, "data"), "*", 50000, 50009);
    maker_data_section(m, web, "data");
    plan(m);
    assert_warnings(m, 1);
    assert_told(m, "no bind of 'web' carries FTP control connections");
}

static void ports_are_bound_beside_every_control_bind(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");
    struct hf_cfg_data_range *range;

    maker_bind(m, ftp, "10.0.0.1", 21, 21);
    maker_bind(m, ftp, "10.0.0.1", 21, 21); /* same address: no second range */
    maker_bind(m, ftp, "::1", 21, 21)->v6only = true;
    maker_bind(m, ftp, "10.0.0.9", 8080, 8080);
    maker_servers(m, ftp, 2, 2121);
    maker_data_ports(m, ftp, 50000, 50100);
    plan(m);
    assert_int_equal(ftp->data_rule, 2);
    assert_int_equal(count_ranges(ftp), 2);
    range = ftp->data_ranges;
    assert_string_equal(range->bind->text, "10.0.0.1:50000-50100");
    assert_true(range->bind->derived);
    assert_data(range->bind, 2);
    assert_ptr_equal(range->bind->proxy, ftp);
    assert_int_equal(hf_addr_port(&range->bind->addr), 50000);
    assert_int_equal(range->bind->port_hi, 50100);
    assert_string_equal(range->next->bind->text, "[::1]:50000-50100");
    assert_true(range->next->bind->v6only);
    assert_silence(m);
}

static void ports_that_the_section_binds_are_not_bound_twice(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");
    struct hf_cfg_bind *range, *other;

    maker_bind(m, ftp, "10.0.0.1", 21, 21);
    range = maker_bind(m, ftp, "*", 50000, 50100);
    other = maker_bind(m, ftp, "*", 40000, 40100);
    maker_data_ports(m, ftp, 50000, 50100);
    plan(m);
    assert_int_equal(count_ranges(ftp), 1);
    assert_ptr_equal(ftp->data_ranges->bind, range);
    assert_false(range->derived);
    assert_plain(other);
    assert_silence(m);
}

static void ports_of_two_sections_on_one_address_are_one_listener(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *one = maker_listen(m, "one"), *two = maker_listen(m, "two");

    maker_bind(m, one, "10.0.0.1", 21, 21);
    maker_bind(m, two, "10.0.0.1", 2121, 2121);
    two->o.ftp_inspect = HF_YES;
    maker_data_ports(m, one, 50000, 50100);
    maker_data_ports(m, two, 50000, 50100);
    plan(m);
    assert_null(one->binds->next->shared_with);
    assert_ptr_equal(two->binds->next->shared_with, one->binds->next);
    assert_ptr_equal(two->data_ranges->bind, one->binds->next);
    assert_silence(m);
}

/* ---- ranges that meet -------------------------------------------------------------------- */

static void the_same_range_in_two_sections_is_bound_once(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");
    struct hf_cfg_proxy *data1 = maker_listen(m, "data1"), *data2 = maker_listen(m, "data2");

    maker_bind(m, ftp, "*", 21, 21);
    maker_servers(m, ftp, 3, 21);
    maker_bind(m, data1, "*", 50000, 50100);
    maker_server(m, data1, "d1", "192.168.1.10", 0);
    maker_server(m, data1, "d3", "192.168.1.12", 0);
    maker_bind(m, data2, "*", 50000, 50100);
    maker_server(m, data2, "d2", "192.168.1.11", 0);
    plan(m);
    assert_null(data1->binds->shared_with);
    assert_ptr_equal(data2->binds->shared_with, data1->binds);
    assert_int_equal(count_ranges(ftp), 1);
    assert_ptr_equal(ftp->data_ranges->bind, data1->binds);
    assert_int_equal(ftp->data_ranges->n_only, 3);
    assert_silence(m);
}

static void several_ranges_are_all_taken_with_a_warning(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");

    maker_bind(m, ftp, "*", 21, 21);
    maker_bind(m, ftp, "*", 50000, 50009);
    maker_bind(m, ftp, "*", 51000, 51009);
    plan(m);
    assert_int_equal(count_ranges(ftp), 2);
    assert_warnings(m, 1);
    assert_told(m, "all of them are taken as FTP data ports of 'ftp'");
    assert_told(m, "'ftp-data ports 50000-50009'");
}

static void several_ranges_are_told_once(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *one = maker_listen(m, "one"), *two = maker_listen(m, "two");
    struct hf_cfg_proxy *data = maker_listen(m, "data");

    maker_bind(m, one, "10.0.0.1", 21, 21);
    maker_bind(m, two, "10.0.0.2", 21, 21);
    maker_bind(m, data, "*", 50000, 50009);
    maker_bind(m, data, "*", 51000, 51009);
    maker_servers(m, one, 2, 21);
    maker_servers(m, two, 2, 21);
    maker_servers(m, data, 2, 0);
    plan(m);
    assert_int_equal(count_ranges(one), 2);
    assert_int_equal(count_ranges(two), 2);
    assert_warnings(m, 1);
}

static void equal_ranges_serve_all_if_one_of_them_does(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");
    struct hf_cfg_proxy *data1 = maker_listen(m, "data1"), *data2 = maker_listen(m, "data2");

    maker_bind(m, ftp, "*", 21, 21);
    maker_servers(m, ftp, 2, 21);
    maker_bind(m, data1, "*", 50000, 50100);
    maker_server(m, data1, "d1", "192.168.1.10", 0);
    maker_bind(m, data2, "*", 50000, 50100);
    maker_servers(m, data2, 2, 0);
    plan(m);
    assert_int_equal(count_ranges(ftp), 1);
    assert_serves_all(ftp->data_ranges);
    assert_silence(m);
}

static void interfaces_keep_equal_ranges_apart(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");

    maker_bind(m, ftp, "10.0.0.1", 21, 21)->interface = "eth0";
    maker_bind(m, ftp, "10.0.0.1", 50000, 50100)->interface = "eth0";
    maker_bind(m, ftp, "10.0.0.1", 50000, 50100)->interface = "eth1";
    plan(m);
    assert_int_equal(count_ranges(ftp), 2);
    assert_null(ftp->binds->next->next->shared_with);
    assert_silence(m);
}

static void data_ports_on_another_interface_are_told(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");

    maker_bind(m, ftp, "10.0.0.1", 21, 21);
    maker_bind(m, ftp, "10.0.0.1", 50000, 50100)->interface = "eth1";
    plan(m);
    assert_warnings(m, 1);
    assert_told(m, "no data port range listens on all of '10.0.0.1:21'");
}

static void one_range_on_several_addresses_is_no_surprise(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");

    maker_bind(m, ftp, "10.0.0.1", 21, 21);
    maker_bind(m, ftp, "::1", 21, 21);
    maker_bind(m, ftp, "10.0.0.1", 50000, 50009);
    maker_bind(m, ftp, "::1", 50000, 50009);
    plan(m);
    assert_int_equal(count_ranges(ftp), 2);
    assert_silence(m);
}

static void servers_without_a_common_address_are_told(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp"), *data = maker_listen(m, "data");

    maker_bind(m, ftp, "*", 21, 21);
    maker_servers(m, ftp, 2, 21);
    maker_bind(m, data, "*", 50000, 50100);
    maker_server(m, data, "d1", "192.168.9.9", 0);
    maker_cookie(m, ftp, "C");
    maker_cookie(m, data, "C");
    plan(m);
    assert_serves_all(ftp->data_ranges);
    assert_warnings(m, 1);
    assert_told(m, "'data' gives data ports to 'ftp', but their servers have no address in common");
}

static void data_ports_on_another_address_are_told(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");

    maker_bind(m, ftp, "10.0.0.1", 21, 21);
    maker_bind(m, ftp, "10.0.0.2", 50000, 50100);
    plan(m);
    assert_warnings(m, 1);
    assert_told(m, "no data port range listens on all of '10.0.0.1:21'");
}

static void an_advertised_address_settles_where_data_goes(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");

    maker_bind(m, ftp, "10.0.0.1", 21, 21);
    maker_bind(m, ftp, "10.0.0.2", 50000, 50100);
    ftp->o.ftp_advertise = maker_addr("10.0.0.2", 0);
    plan(m);
    assert_silence(m);
}

static void a_dual_stack_range_serves_both_families(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp");
    struct hf_cfg_bind *range;

    maker_bind(m, ftp, "*", 21, 21);
    maker_bind(m, ftp, "2001:db8::1", 21, 21);
    range = maker_bind(m, ftp, "::", 50000, 50100);
    plan(m);
    assert_silence(m);
    range->v6only = true;
    range->role = HF_BIND_PLAIN;
    ftp->data_ranges = NULL;
    plan(m);
    assert_warnings(m, 1);
    assert_told(m, "no data port range listens on all of '*:21'");
}

static void port_21_inside_a_range_is_told(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_bind *range = maker_bind(m, maker_listen(m, "old"), "*", 20, 21);

    plan(m);
    assert_plain(range);
    assert_warnings(m, 1);
    assert_told(m, "port 21 inside a port range");
}

static void the_option_on_a_lonely_range_is_told(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *data = maker_listen(m, "data");

    maker_bind(m, data, "*", 50000, 50100);
    data->o.ftp_inspect = HF_YES;
    plan(m);
    assert_warnings(m, 1);
    assert_told(m, "option ftp-inspect has no effect on a port range");
}

static void explaining_prints_every_bind_that_is_not_data(void **state)
{
    struct maker *m = *state;
    struct hf_cfg_proxy *ftp = maker_listen(m, "ftp"), *web = maker_listen(m, "web");
    struct hf_cfg_proxy *pipe = maker_listen(m, "pipe");
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    maker_bind(m, ftp, "*", 21, 21);
    maker_bind(m, ftp, "*", 990, 990);
    maker_bind(m, ftp, "*", 50000, 50100);
    maker_server(m, ftp, "s1", "192.168.1.10", 21);
    maker_bind(m, web, "*", 80, 80);
    maker_bind(m, pipe, "*", 2121, 2121);
    pipe->o.ftp_inspect = HF_NO;
    plan(m);
    hf_config_explain(&m->config, out);
    fclose(out);
    assert_string_equal(
        text,
        "ftp: bind *:21 carries FTP control connections (rule 3: port 21), bind *:990 carries "
        "FTP control connections (rule 3: port 990, implicit FTPS); data ports "
        "*:50000-50100 (rule 3: the section binds them itself); 1 server\n"
        "web: bind *:80 carries plain TCP\n"
        "pipe: bind *:2121 carries plain TCP (rule 1: no option ftp-inspect)\n");
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rule_1_no_inspection_makes_a_plain_pipe),
        TEST(rule_2_the_option_takes_every_single_port),
        TEST(rule_3_ports_of_ftp),
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
        TEST(one_range_per_server_serves_that_server),
        TEST(a_server_without_a_range_of_its_own_uses_all),
        TEST(rule_5_leaves_ranges_of_other_servers_plain),
        TEST(placeholders_do_not_hinder_the_match),
        TEST(rule_5_ignores_placeholders_but_needs_a_server),
        TEST(several_control_sections_share_a_data_section),
        TEST(each_control_section_keeps_its_own_data_section),
        TEST(plain_sections_stay_plain_beside_ftp),
        TEST(a_named_section_comes_before_all_else),
        TEST(a_named_section_may_be_a_plain_pipe_otherwise),
        TEST(wrong_section_names_are_errors_with_advice),
        TEST(a_section_line_without_control_is_told),
        TEST(ports_are_bound_beside_every_control_bind),
        TEST(ports_that_the_section_binds_are_not_bound_twice),
        TEST(ports_of_two_sections_on_one_address_are_one_listener),
        TEST(the_same_range_in_two_sections_is_bound_once),
        TEST(equal_ranges_serve_all_if_one_of_them_does),
        TEST(interfaces_keep_equal_ranges_apart),
        TEST(several_ranges_are_all_taken_with_a_warning),
        TEST(several_ranges_are_told_once),
        TEST(one_range_on_several_addresses_is_no_surprise),
        TEST(servers_without_a_common_address_are_told),
        TEST(data_ports_on_another_address_are_told),
        TEST(data_ports_on_another_interface_are_told),
        TEST(an_advertised_address_settles_where_data_goes),
        TEST(a_dual_stack_range_serves_both_families),
        TEST(port_21_inside_a_range_is_told),
        TEST(the_option_on_a_lonely_range_is_told),
        TEST(explaining_prints_every_bind_that_is_not_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
