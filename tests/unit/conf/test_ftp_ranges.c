/* The FTP plan: `ftp-data` lines, ranges that meet, and what is told about them. */
#include "plan_fixture.h"

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
    assert_int_equal(hf_diag_count(m->diag, HF_DIAG_ADVICE), 0);
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
    ftp->advertise = HF_NEW(m->config.arena, struct hf_cfg_data_rule);
    ftp->advertise->addr = maker_addr("10.0.0.2", 0);
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
        "# ftp: bind *:21 carries FTP control connections (rule 3: port 21), bind *:990 passes "
        "FTP over TLS on as it comes (rule 3: port 990, implicit FTPS); data ports "
        "*:50000-50100 (rule 3: the section binds them itself); 1 server; AUTH TLS passes through "
        "to "
        "the servers\n"
        "# web: bind *:80 carries plain TCP\n"
        "# pipe: bind *:2121 carries plain TCP (rule 1: no option ftp-inspect)\n");
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
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
