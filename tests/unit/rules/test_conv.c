/*
 * test_conv.c: every converter gives what HAProxy 2.6 gives; the cases run in this order, with the
 * same variables.
 */
#include "rules_fixture.h"

struct conversion {
    const char *text;
    const char *result; /* NULL: nothing comes out */
};

/* Measured: `http-request set-var(txn.r) EXPRESSION`, and what `http-request return` said. */
static const struct conversion conversions[] = {
    /* casts */
    {"bin(610062),upper", "A"},
    {"bin(610062),length", "1"},
    {"bin(6100ff62),hex", "6100FF62"},
    {"bool(true),add(4)", "5"},
    {"int(5),bool", "1"},
    {"int(-3),length", "2"},
    {"int(16909060),ipmask(24)", "1.2.3.0"},
    {"int(-1),ipmask(32)", "255.255.255.255"},
    {"int(4294967297),ipmask(32)", "0.0.0.1"},
    {"int(258),hex", "0000000000000102"},
    {"bool(true),crc32", "304476159"},
    {"ipv4(1.2.3.4),add(0)", "16909060"},
    {"ipv4(1.2.3.4),length", "7"},
    {"ipv4(1.2.3.4),hex", "01020304"},
    {"ipv4(1.2.3.4),not", "0"},
    {"ipv6(::1),hex", "00000000000000000000000000000001"},
    {"ipv6(2001:db8::1),length", "11"},
    {"str(12abc),add(1)", "13"},
    {"str(abc),add(1)", "1"},
    {"str(),add(1)", NULL},
    {"str(-5),add(1)", "-4"},
    {"str(+5),add(1)", "6"},
    {"str(99999999999999999999),add(0)", "9223372036854775807"},
    {"str(-99999999999999999999),add(0)", "-9223372036854775808"},
    {"str(1.2.3.4),ipmask(16)", "1.2.0.0"},
    {"str(1.2.3),ipmask(16)", NULL},
    {"str(1.2.3.4x),ipmask(16)", "1.2.0.0"},
    {"str(1.2.3.4.5),ipmask(16)", NULL},
    {"str(1.2.3.4.),ipmask(16)", NULL},
    {"str(1..2.3),ipmask(16)", NULL},
    {"str(256.2.3.4),ipmask(16)", NULL},
    {"str(01.2.3.4),ipmask(32)", "1.2.3.4"},
    {"str(::ffff:1.2.3.4),ipmask(16)", "1.2.0.0"},
    {"str(::1),ipmask(16,128)", "::1"},
    {"str(abc),ipmask(16)", NULL},
    /* numbers */
    {"int(5),add(3)", "8"},
    {"int(9223372036854775807),add(1)", "9223372036854775807"},
    {"int(-9223372036854775807),add(-5)", "-9223372036854775808"},
    {"int(5),sub(7)", "-2"},
    {"int(-9223372036854775808),sub(1)", "-9223372036854775808"},
    {"int(5),sub(-9223372036854775808)", "9223372036854775807"},
    {"int(6),mul(-7)", "-42"},
    {"int(9223372036854775807),mul(2)", "9223372036854775807"},
    {"int(-5),mul(4611686018427387904)", "-9223372036854775808"},
    {"int(5),mul(-4611686018427387904)", "-9223372036854775808"},
    {"int(-2),mul(-4611686018427387904)", "9223372036854775807"},
    {"int(-7),div(2)", "-3"},
    {"int(5),div(0)", "9223372036854775807"},
    {"int(-5),div(0)", "9223372036854775807"},
    {"int(-9223372036854775808),div(-1)", "9223372036854775807"},
    {"int(-7),mod(3)", "-1"},
    {"int(5),mod(0)", "0"},
    {"int(-9223372036854775808),mod(-1)", "0"},
    {"int(5),neg", "-5"},
    {"int(-9223372036854775808),neg", "9223372036854775807"},
    {"int(5),and(3)", "1"},
    {"int(5),or(2)", "7"},
    {"int(5),xor(1)", "4"},
    {"int(5),cpl", "-6"},
    {"int(5),htonl,hex", "00000005"},
    {"int(-1),htonl,hex", "FFFFFFFF"},
    {"int(4294967296),htonl,hex", "00000000"},
    {"int(0),bool", "0"},
    {"int(0),not", "1"},
    {"int(5),not", "0"},
    {"int(4),even", "1"},
    {"int(-3),even", "0"},
    {"int(4),odd", "0"},
    {"int(-3),odd", "1"},
    {"bool(true),iif(yes,no)", "yes"},
    {"bool(false),iif(yes,no)", "no"},
    {"bool(true),iif(,no)", ""},
    {"str(12),iif(yes,no)", "yes"},
    {"str(x),iif(yes,no)", "no"},
    {"ipv4(1.2.3.4),ipmask(255.255.0.0)", "1.2.0.0"},
    {"ipv6(2001:db8:1:2:3::1),ipmask(24,48)", "2001:db8:1::"},
    {"ipv6(2001:db8:ffff:ffff::1),ipmask(16,ffff:ffff:ff00::)", "2001:db8:ff00::"},
    {"ipv6(2001:db8::1),ipmask(16)", NULL},
    {"ipv6(::ffff:1.2.3.4),ipmask(24,64)", "1.2.3.0"},
    {"ipv6(::1.2.3.4),ipmask(16,128)", "::1.2.3.4"},
    /* hashes */
    {"str(hello),sdbm", "684824882"},
    {"str(hello),sdbm(1)", "2061535398"},
    {"str(hello),djb2", "261238937"},
    {"str(hello),djb2(1)", "1119739105"},
    {"str(hello),wt6", "3538347703"},
    {"str(hello),wt6(1)", "140457739"},
    {"str(hello),crc32", "907060870"},
    {"str(hello),crc32(1)", "3902247103"},
    {"str(hello),crc32c", "2591144780"},
    {"str(hello),crc32c(1)", "2290590055"},
    {"str(hello),xxh32", "4211111929"},
    {"str(hello),xxh32(5)", "3191799670"},
    {"str(hello),xxh64", "2794345569481354659"},
    {"str(hello),xxh64(5)", "5588056476589539108"},
    /* text */
    {"str(AbC\xc3\xa9),lower", "abc\xc3\xa9"},
    {"str(AbC\xc3\xa9),upper", "ABC\xc3\xa9"},
    {"str(),length", "0"},
    {"str(hello),bytes(1)", "ello"},
    {"str(hello),bytes(1,2)", "el"},
    {"str(hello),bytes(5)", ""},
    {"str(hello),bytes(6)", ""},
    {"str(hello),bytes(1,100)", "ello"},
    {"str(hello),bytes(1,0)", ""},
    {"str(hello),bytes(-1)", ""},
    {"str(hello),bytes(1,-1)", "ello"},
    {"str(xxabxx),ltrim(x)", "abxx"},
    {"str(hello),ltrim(eh)", "llo"},
    {"str(xxabxx),rtrim(x)", "xxab"},
    {"str(hello),rtrim(lo)", "he"},
    {"str(hello),rtrim(hello)", ""},
    {"bin(610d0a62),cut_crlf", "a"},
    {"bin(610a62),cut_crlf", "a"},
    {"str(ab),cut_crlf", "ab"},
    {"str(host:80),host_only", "host"},
    {"str(host),host_only", "host"},
    {"str([::1]:80),host_only", "[::1]"},
    {"str([::1]),host_only", "[::1]"},
    {"str(:80),host_only", ""},
    {"str(1:2:3),host_only", "1:2"},
    {"str(host:80),port_only", "80"},
    {"str(host),port_only", "0"},
    {"str([::1]:9),port_only", "9"},
    {"str([::1]),port_only", "0"},
    {"str(host:),port_only", "0"},
    {"str(a:b:c),field(1,:)", "a"},
    {"str(a:b:c),field(3,:)", "c"},
    {"str(a:b:c),field(4,:)", NULL},
    {"str(a:b:c),field(-1,:)", "c"},
    {"str(a:b:c),field(-3,:)", "a"},
    {"str(a:b:c),field(-4,:)", NULL},
    {"str(a::c),field(2,:)", ""},
    {"str(a:b:c:d),field(2,:,2)", "b:c"},
    {"str(a:b:c:d),field(2,:,0)", "b:c:d"},
    {"str(a:b:c:d),field(2,:,-1)", "b:c:d"},
    {"str(a:b:c:d),field(2,:,100)", "b:c:d"},
    {"str(a:b:c:d),field(-2,:,3)", "a:b:c"},
    {"str(a:b:c:d),field(-3,:,2)", "a:b"},
    {"str(a:b:c:d),field(-2,:,0)", "a:b:c"},
    {"str(a-b:c),field(2,:-)", "b"},
    {"str(),field(1,:)", ""},
    {"str(abc:),field(2,:)", ""},
    {"str(abc:),field(-1,:)", ""},
    {"str(:abc),field(1,:)", ""},
    {"str(a::c),word(2,:)", "c"},
    {"str(::a::c:),word(1,:)", "a"},
    {"str(::a::c:),word(-1,:)", "c"},
    {"str(a:b:c:d),word(2,:,2)", "b:c"},
    {"str(a:b:c:d),word(2,:,0)", "b:c:d"},
    {"str(a:b:c:d),word(-1,:,2)", "c:d"},
    {"str(a:b:c:d),word(-2,:,3)", "a:b:c"},
    {"str(a::b::c),word(2,:,2)", "b::c"},
    {"str(a::b::c),word(-1,:,2)", "b::c"},
    {"str(a:b:c),word(4,:)", ""},
    {"str(:::),word(1,:)", ""},
    {"str(),word(1,:)", ""},
    {"str(hello),regsub(l,L)", "heLlo"},
    {"str(hello),regsub(l,L,g)", "heLLo"},
    {"str(hello),regsub(L,x,gi)", "hexxo"},
    {"str(hello),regsub(x,y)", "hello"},
    {"str(hello),regsub(^,x)", "xhello"},
    {"str(aaa),regsub(^a,b,g)", "baa"},
    {"str(abc),regsub(x*,-,g)", "-a-b-c-"},
    {"str(abc),regsub(b,[\\0],g)", "a[b]c"},
    {"str(abc),regsub(\"(a)(b)\",\"\\2\\1\")", "bac"},
    /* variables */
    {"str(abc),set-var(txn.s)", "abc"},
    {"int(10),set-var(txn.i)", "10"},
    {"int(5),add(txn.i)", "15"},
    {"int(5),sub(txn.i)", "-5"},
    {"int(5),add(txn.s)", "5"},
    {"int(5),add(txn.none)", NULL},
    {"str(x),concat(<,txn.i,>)", "x<10>"},
    {"str(x),concat(<,txn.s,>)", "x<abc>"},
    {"str(x),concat(<,txn.none,>)", "x<>"},
    {"str(x),concat(<)", "x<"},
    {"str(),concat(,,)", ""},
    {"str(x),add_item(-,txn.i)", "x-10"},
    {"str(x),add_item(-,txn.i,y)", "x-10y"},
    {"str(x),add_item(-,,y)", "x-y"},
    {"str(),add_item(-,,y)", "y"},
    {"str(),add_item(-,txn.i)", "10"},
    {"str(x),add_item(-,txn.none)", "x"},
    {"str(abc),strcmp(txn.s)", "0"},
    {"str(ab),strcmp(txn.s)", "-1"},
    {"str(abcde),strcmp(txn.s)", "1"},
    {"str(zzz),strcmp(txn.s)", "25"},
    {"str(),strcmp(txn.s)", "-1"},
    {"str(10),strcmp(txn.i)", "0"},
    {"str(a),strcmp(txn.none)", NULL},
    {"var(txn.s)", "abc"},
    {"var(txn.none)", NULL},
    {"var(txn.none,other)", "other"},
    {"str(x),set-var(txn.s,ifnotexists)", NULL},
    {"str(x),set-var(txn.s,ifexists)", "x"},
    {"str(),set-var(txn.s,ifnotempty)", NULL},
    {"str(y),set-var(txn.s,ifempty)", NULL},
    {"var(txn.s)", "x"},
    {"int(30),set-var(txn.i,ifgt)", NULL},
    {"int(3),set-var(txn.i,ifgt)", "3"},
    {"int(2),set-var(txn.i,iflt)", NULL},
    {"int(4),set-var(txn.i,iflt)", "4"},
    {"int(0),set-var(txn.i,ifempty)", NULL},
    {"int(0),set-var(txn.i,ifnotempty)", "0"},
    {"str(z),set-var(txn.i,ifgt)", "z"},
    {"str(a),unset-var(txn.s)", "a"},
    {"var(txn.s)", NULL},
    {"str(b),set-var(txn.s,ifset)", NULL},
    {"str(b),set-var(txn.s,ifexists)", "b"},
    {"str(c),set-var(txn.s,ifnotset)", NULL},
    {"var(txn.s)", "b"},
    {"bin(610062),set-var(txn.b),hex", "610062"},
    {"var(txn.b),hex", "610062"},
    {"ipv6(::1),set-var(txn.a)", "::1"},
    {"str(x),concat(,txn.a,)", "x::1"},
    /* encodings */
    {"str(hello),base64", "aGVsbG8="},
    {"str(hell),base64", "aGVsbA=="},
    {"str(hel),base64", "aGVs"},
    {"str(),base64", ""},
    {"str(aGVsbG8=),b64dec", "hello"},
    {"str(aGVsbA==),b64dec", "hell"},
    {"str(aGVs),b64dec", "hel"},
    {"str(aGVsbG8),b64dec", NULL},
    {"str(!!!!),b64dec", NULL},
    {"str(),b64dec", ""},
    {"bin(fbff),ub64enc", "-_8"},
    {"str(-_8),ub64dec,hex", "FBFF"},
    {"str(aGVsbG8),ub64dec", "hello"},
    {"str(Y),ub64dec", NULL},
    {"str(68656c6C6f),hex2i", "448378203247"},
    {"str(ff),hex2i", "255"},
    {"str(fg),hex2i", NULL},
    {"str(ffffffffffffffff),hex2i", "-1"},
    {"str(1ffffffffffffffff),hex2i", "-1"},
    {"str(),hex2i", "0"},
    {"str(a%20b%41+c),url_dec", "a bA+c"},
    {"str(a%20b%41+c),url_dec(1)", "a bA c"},
    {"str(a+b?c+d),url_dec", "a+b?c d"},
    {"str(a%2),url_dec", NULL},
    {"str(a%zz),url_dec", NULL},
    {"str(az09-_.~),url_enc", "az09-_.~"},
    {"bin(20212224252627282a2b2c2f3a3b3c3d3e3f405b5c5d5e607b7c7d7fe9),url_enc",
     "%20%21%22%24%25%26%27%28%2A%2B%2C%2F%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E%60%7B%7C%7D%7F%E9"},
    {"bin(0102030405060708),be2dec(:,2)", "258:772:1286:1800"},
    {"bin(0102030405060708),be2dec(:,3)", "66051:263430:1800"},
    {"bin(0102030405060708),be2dec(:,3,1)", "66051:263430"},
    {"bin(ffffffffffffffff),be2dec(:,8)", "18446744073709551615"},
    {"bin(0102030405060708),le2dec(:,2)", "513:1027:1541:2055"},
    {"bin(0102030405060708),le2dec(:,3,1)", "197121:394500"},
    {"str(a=1&bb=2&c),param(bb)", "2"},
    {"str(a=1;b=2),param(b,;)", "2"},
    {"str(a=1&bb=2&c),param(c)", ""},
    {"int(86400000),ms_utime(%F)", "1970-01-02"},
    {"int(86400000000),us_utime(%F,86400)", "1970-01-03"},
    {"bin(0102030405060708),be2hex(:,3)", "010203:040506:0708"},
    {"bin(0102030405060708),be2hex(:,3,1)", "010203:040506"},
    {"bin(0102030405060708),be2hex", "0102030405060708"},
    {"bin(01020304),be2hex(,2)", "01020304"},
    {"str(a/b),json", "a\\/b"},
    {"bin(0a0d0908220c5c),json", "\\n\\r\\t\\b\\\"\\f\\\\"},
    {"bin(01),json", "\\u0001"},
    {"bin(7f),json", "\\u007f"},
    {"bin(c3a9),json", "\\u00c3\\u00a9"},
    {"bin(c3a9),json(utf8)", "\\u00e9"},
    {"bin(e9),json", "\\u00e9"},
    {"bin(e9),json(utf8)", NULL},
    {"bin(c080),json(utf8)", NULL},
    {"bin(c080),json(utf8p)", "\\u0000"},
    {"bin(eda080),json(utf8)", NULL},
    {"bin(61e962),json(utf8s)", "ab"},
    {"bin(61e962),json(utf8p)", NULL},
    {"bin(61e962),json(utf8ps)", "ab"},
    /* dates */
    {"int(0),utime(\"%Y-%m-%d %H:%M:%S\")", "1970-01-01 00:00:00"},
    {"int(3600),utime(%H,3600)", "02"},
    {"int(0),utime(\"\")", ""},
    {"int(1600000000),ltime(%s)", "1600000000"},
    {"int(-1),utime(%Y)", "1141709097"},
    /* sections */
    {"str(nix),nbsrv", NULL},
    {"str(nix/s),srv_queue", NULL},
    {"str(hello),debug", "hello"},
    {"str(hello),debug(here)", "hello"},
};

static void as_haproxy(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conversions / sizeof conversions[0]; i++)
        assert_evaluates(conversions[i].text, conversions[i].result);
}

/* ---- where haftp differs on purpose ------------------------------------------------------- */

static void better_than_haproxy(void **state)
{
    (void)state;
    /* HAProxy replaces the end twice, and takes letters for digits of a port. */
    assert_evaluates("str(abc),regsub($,x,g)", "abcx");
    assert_evaluates("str(host:abc),port_only", "0");
    /* HAProxy gives bytes that were not there, or decodes behind padding. */
    assert_evaluates("str(aGVsbG8=),ub64dec", "hello");
    assert_evaluates("str(aGVsbG8=aGVs),b64dec", NULL);
    /* HAProxy drops texts with characters beyond the first plane. */
    assert_evaluates("bin(f09f9880),json(utf8)", "\\ud83d\\ude00");
}

/* ---- room --------------------------------------------------------------------------------- */

static const char *const long_ones[] = {
    "req.payload(0,4000),hex",
    "req.payload(0,4000),hex,length",
    "req.payload(0,0),length",
    "req.payload(0,0),concat(x),length",
    "req.payload(0,0),concat(x),regsub(a,bb,g),upper,length",
    "req.payload(0,0),url_enc,length",
    "req.payload(0,4000),base64,length",
};

static void what_is_too_long_is_cut(void **state)
{
    (void)state;
    char bytes[3 * HF_EVAL_SCRATCH];
    memset(bytes, 'a', sizeof bytes);
    fixture_load_rules(long_ones, sizeof long_ones / sizeof long_ones[0]);
    f.eval.request = hf_view(bytes, sizeof bytes);
    assert_int_equal(strlen(evaluate(long_ones[0])), HF_EVAL_SCRATCH);
    assert_evaluates(long_ones[2], "12288");
    for (size_t i = 1; i < sizeof long_ones / sizeof long_ones[0]; i++) {
        if (i != 2)
            assert_evaluates(long_ones[i], "4096");
    }
}

/* Every converter reads one half of the scratch and writes the other. */
static void converters_in_a_row(void **state)
{
    (void)state;
    assert_evaluates("str(Hello),upper,lower,concat(-x),base64,b64dec,hex,lower", "68656c6c6f2d78");
    assert_evaluates("str(hello),upper,bytes(1,3),lower,concat(<,,>)", "ell<>");
    assert_evaluates("str(a),set-var(txn.v),concat(b),concat(,txn.v,c),upper", "ABAC");
    assert_evaluates("int(1),add(1),concat(x),concat(,txn.v),length", "3");
}

/* ---- maps --------------------------------------------------------------------------------- */

static char map_path[64];

static void write_map(const char *text)
{
    snprintf(map_path, sizeof map_path, "/tmp/haftp-map-XXXXXX");
    int fd = mkstemp(map_path);
    assert_true(fd >= 0);
    assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void assert_maps(const char *sample, const char *conv, const char *fallback,
                        const char *expected)
{
    char text[256];
    snprintf(text, sizeof text, "%s,%s(%s%s%s)", sample, conv, map_path, *fallback ? "," : "",
             fallback);
    assert_evaluates(text, expected);
}

static int remove_map(void **state)
{
    (void)unlink(map_path);
    return fixture_teardown(state);
}

static void maps_of_text(void **state)
{
    (void)state;
    write_map("# names\nab 1.2.3.4\n\nabc 2\nab 3\n  d  four words here\n");
    assert_maps("str(ab)", "map", "", "1.2.3.4");
    assert_maps("str(ab)", "map_str", "", "1.2.3.4");
    assert_maps("str(AB)", "map_str", "", NULL);
    assert_maps("str(AB)", "map_str", "none", "none");
    assert_maps("str(d)", "map_str", "", "four words here");
    assert_maps("str(abcd)", "map_beg", "", "2"); /* the longest */
    assert_maps("str(abd)", "map_beg", "", "1.2.3.4");
    assert_maps("str(xabc)", "map_end", "", "2");
    assert_maps("str(xabcx)", "map_sub", "", "1.2.3.4"); /* the first */
    assert_maps("str(x/abc/y)", "map_dir", "", "2");
    assert_maps("str(x.abc.y)", "map_dom", "", "2");
    assert_maps("str(xdx)", "map_reg", "", "four words here");
}

static void maps_to_numbers_and_addresses(void **state)
{
    (void)state;
    write_map("a 5\nb -7\n");
    assert_maps("str(a)", "map_str_int", "", "5");
    assert_maps("str(b),lower", "map_str_int", "", "-7");
    assert_maps("str(c)", "map_str_int", "9", "9");
    assert_maps("str(c)", "map_str_int", "", NULL);
    (void)unlink(map_path);
    write_map("a 192.0.2.1\nb 2001:db8::1\n");
    assert_maps("str(a)", "map_str_ip", "", "192.0.2.1");
    assert_maps("str(b)", "map_str_ip", "", "2001:db8::1");
    assert_maps("str(c)", "map_str_ip", "10.0.0.1", "10.0.0.1");
}

static void maps_of_networks_and_numbers(void **state)
{
    (void)state;
    write_map("10.0.0.0/8 ten\n10.1.0.0/16 one\n10.1.2.3 host\n2001:db8::/32 six\n");
    assert_maps("ipv4(10.1.2.3)", "map_ip", "", "host");
    assert_maps("ipv4(10.1.2.4)", "map_ip", "", "one");
    assert_maps("ipv4(10.2.0.1)", "map_ip", "", "ten");
    assert_maps("ipv4(11.0.0.1)", "map_ip", "", NULL);
    assert_maps("ipv6(2001:db8::5)", "map_ip", "", "six");
    assert_maps("src", "map_ip", "other", "other");
    (void)unlink(map_path);
    write_map("1:9 small\n5 five\n10: large\n");
    assert_maps("int(5)", "map_int", "", "small");
    assert_maps("int(500)", "map_int", "", "large");
    assert_maps("int(0)", "map_int", "", NULL);
}

static void maps_with_groups(void **state)
{
    (void)state;
    write_map("^(.*)@(.*)$ \\2/\\1\n");
    assert_maps("str(me@host)", "map_regm", "", "host/me");
    assert_maps("str(me)", "map_regm", "x", "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(as_haproxy, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(better_than_haproxy, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_too_long_is_cut, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(converters_in_a_row, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(maps_of_text, fixture_setup, remove_map),
        cmocka_unit_test_setup_teardown(maps_to_numbers_and_addresses, fixture_setup, remove_map),
        cmocka_unit_test_setup_teardown(maps_of_networks_and_numbers, fixture_setup, remove_map),
        cmocka_unit_test_setup_teardown(maps_with_groups, fixture_setup, remove_map),
    };
    return cmocka_run_group_tests_name("conv", tests, NULL, NULL);
}
