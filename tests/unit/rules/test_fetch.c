/*
 * test_fetch.c: every fetch, of a session that is made up, of bytes that came so far.
 */
#include "rules_fixture.h"

#include "haftp/state/ftp_facts.h"

#include <time.h>

#include "haftp/state/stick.h"

static void addresses(void **state)
{
    (void)state;
    assert_evaluates("src", "192.0.2.7");
    assert_evaluates("src_port", "40001");
    assert_evaluates("dst", "127.0.0.1");
    assert_evaluates("dst_port", "2121");
    assert_evaluates("dst_is_local", "1");
    assert_evaluates("src_is_local", "0");
    assert_evaluates("fc_src", "192.0.2.7");
    assert_evaluates("fc_dst_port", "2121");
    assert_evaluates("fc_rcvd_proxy", "0");
    /* A rule said otherwise. */
    assert_int_equal(hf_facts_remember(&f.facts), HF_OK);
    f.facts.client = fixture_addr("2001:db8::5", 7);
    f.facts.local = fixture_addr("2001:db8::6", 8);
    assert_evaluates("src", "2001:db8::5");
    assert_evaluates("dst_port", "8");
    assert_evaluates("fc_src", "192.0.2.7");
    assert_evaluates("fc_src_port", "40001");
    assert_evaluates("fc_src_is_local", "0");
    assert_evaluates("fc_dst", "127.0.0.1");
    assert_evaluates("fc_dst_is_local", "1");
    free(f.facts.first);
    f.facts.first = NULL;
}

static void nobody_there(void **state)
{
    (void)state;
    static const char *const fetches[] = {"src",    "src_port",    "dst_port",   "fc_src",
                                          "so_id",  "so_name",     "fe_name",    "be_id",
                                          "srv_id", "srv_name",    "fc_rtt",     "thread",
                                          "bc_dst", "bc_src_port", "prio_class", "fe_defbe"};
    f.eval.facts = NULL;
    for (size_t i = 0; i < sizeof fetches / sizeof fetches[0]; i++)
        assert_evaluates(fetches[i], NULL);
    /* Not a TCP client, such as one of a unix socket. */
    f.eval.facts = &f.facts;
    f.facts.client = (struct hf_addr){0};
    assert_evaluates("src", NULL);
    assert_evaluates("src_port", NULL);
    assert_evaluates("src_is_local", NULL);
    assert_evaluates("fc_rtt", NULL);
}

static void sections(void **state)
{
    (void)state;
    struct hf_proxy *pool = fixture_proxy("pool");
    assert_evaluates("fe_name", "front");
    assert_evaluates("fe_id", "1");
    assert_evaluates("fe_defbe", "pool");
    assert_evaluates("fe_client_timeout", "60000");
    assert_evaluates("be_name", "front"); /* none was chosen */
    f.facts.backend = pool;
    assert_evaluates("be_name", "pool");
    assert_evaluates("be_id", "2");
    assert_evaluates("be_server_timeout", "120000");
    assert_evaluates("quic_enabled", "0");
    assert_evaluates("cur_server_timeout", "120000");
    assert_evaluates("be_tunnel_timeout", "180000");
    assert_evaluates("cur_tunnel_timeout", "180000");
    assert_evaluates("so_id", "1");
    assert_evaluates("so_name", "control");
    f.facts.bind = f.facts.bind->next; /* a listener for each port */
    f.facts.local = fixture_addr("127.0.0.1", 50002);
    assert_evaluates("so_id", "4");
    assert_evaluates("so_name", NULL);
    f.facts.priority_class = -3;
    f.facts.priority_offset_ms = 70;
    assert_evaluates("prio_class", "-3");
    assert_evaluates("prio_offset", "70");
}

static void ftp_conversation(void **state)
{
    static const char *const of_ftp[] = {"ftp.cmd", "ftp.arg", "ftp.user", "ftp.host", "ftp.code"};
    (void)state;

    for (size_t i = 0; i < sizeof of_ftp / sizeof of_ftp[0]; i++)
        assert_evaluates(of_ftp[i], NULL); /* nobody keeps them */
    assert_evaluates("ftp.tls", "0");
    f.facts.client_tls = true;
    assert_evaluates("ftp.tls", "1");

    struct hf_ftp_facts *ftp = hf_ftp_facts_make(&f.facts);
    for (size_t i = 0; i < sizeof of_ftp / sizeof of_ftp[0]; i++)
        assert_evaluates(of_ftp[i], NULL); /* nothing was said */
    hf_ftp_facts_begin(ftp, hf_view_cstr("retr"), hf_view_cstr("a b"));
    assert_int_equal(hf_ftp_facts_say(ftp, false, hf_view_cstr("bob")), HF_OK);
    assert_evaluates("ftp.user", NULL);
    hf_ftp_facts_settle(ftp, true);
    assert_int_equal(hf_ftp_facts_say(ftp, true, hf_view_cstr("A.example")), HF_OK);
    hf_ftp_facts_settle(ftp, true);
    ftp->code = 226;
    assert_evaluates("ftp.cmd", "RETR");
    assert_evaluates("ftp.arg,upper", "A B");
    assert_evaluates("ftp.user", "bob");
    assert_evaluates("ftp.host", "a.example");
    assert_evaluates("ftp.code", "226");
    hf_ftp_facts_free(&f.facts);
}

static void numbers_that_a_file_gives(void **state)
{
    (void)state;
    fixture_load("  id 2");
    assert_evaluates("fe_id", "2");
    f.facts.backend = fixture_proxy("pool");
    assert_evaluates("be_id", "1");
}

static const char *const of_sections[] = {
    "fe_conn(front)",
    "be_conn(pool)",
    "srv_conn(pool/one)",
    "srv_conn_free(pool/one)",
    "be_conn_free(pool)",
    "connslots(pool)",
    "queue(pool)",
    "avg_queue(pool)",
    "srv_queue(pool/one)",
    "table_cnt(pool)",
    "table_avl(pool)",
    "nbsrv(pool)",
    "srv_is_up(pool/one)",
    "srv_weight(pool/one)",
    "srv_uweight(pool/one)",
    "srv_iweight(pool/one)",
    "fe_sess_rate(front)",
    "be_sess_rate(pool)",
    "srv_sess_rate(pool/one)",
    "src,in_table(pool)",
};

static int sections_setup(void **state)
{
    (void)state;
    fixture_load_rules(of_sections, sizeof of_sections / sizeof of_sections[0]);
    return 0;
}

static void counts(void **state)
{
    (void)state;
    struct hf_proxy *pool = fixture_proxy("pool");
    atomic_store(&f.runtime->proxies[0]->sessions_front, 4);
    atomic_store(&pool->sessions_back, 3);
    atomic_store(&pool->servers[0]->sessions, 2);
    assert_evaluates("fe_conn", "4"); /* of the section that asks */
    assert_evaluates("fe_conn(front)", "4");
    assert_evaluates("be_conn(pool)", "3");
    assert_evaluates("srv_conn(pool/one)", "2");
    assert_evaluates("srv_conn_free(pool/one)", "8");
    assert_evaluates("be_conn_free(pool)", "28");
    assert_evaluates("queue(pool)", "0");
    assert_evaluates("avg_queue(pool)", "0");
    assert_evaluates("srv_queue(pool/one)", "0");
    assert_evaluates("str(pool/one),srv_queue", "0");
    assert_evaluates("table_cnt(pool)", "0");
    assert_evaluates("table_avl(pool)", "100");
    assert_evaluates("connslots(pool)", "-1");
    assert_evaluates("src,in_table(pool)", "0");
    hf_stick_set_mt(pool->stick, (struct hf_view){"\xc0\x00\x02\x07", 4}, 0, pool->servers[0]);
    assert_evaluates("table_cnt(pool)", "1");
    assert_evaluates("table_avl(pool)", "99");
    assert_evaluates("src,in_table(pool)", "1");
}

static void rates(void **state)
{
    (void)state;
    struct hf_proxy *front = f.runtime->proxies[0], *pool = fixture_proxy("pool");
    f.eval.now_ms = 1000;
    assert_evaluates("fe_sess_rate(front)", "0");
    for (int i = 0; i < 3; i++)
        hf_rate_count_mt(&front->rate_front, 1000);
    hf_rate_count_mt(&pool->rate_back, 1000);
    hf_rate_count_mt(&pool->rate_back, 1000);
    hf_rate_count_mt(&pool->servers[0]->session_rate, 1000);
    assert_evaluates("fe_sess_rate(front)", "3");
    assert_evaluates("be_sess_rate(pool)", "2");
    assert_evaluates("srv_sess_rate(pool/one)", "1");
}

static void servers(void **state)
{
    (void)state;
    struct hf_proxy *pool = fixture_proxy("pool");
    assert_evaluates("nbsrv(pool)", "2");
    assert_evaluates("str(pool),nbsrv", "2");
    assert_evaluates("srv_is_up(pool/one)", "1");
    assert_evaluates("srv_weight(pool/one)", "3");
    assert_evaluates("srv_uweight(pool/one)", "3");
    assert_evaluates("srv_iweight(pool/one)", "3");
    hf_server_set_up_mt(pool->servers[0], false, "");
    assert_evaluates("nbsrv(pool)", "1");
    assert_evaluates("srv_is_up(pool/one)", "0");
    assert_evaluates("be_conn_free(pool)", "20");
    hf_server_set_up_mt(pool->servers[1], false, "");
    assert_evaluates("nbsrv(pool)", "1"); /* the spare one */
    assert_evaluates("be_conn_free(pool)", "-1");
    hf_server_set_up_mt(pool->servers[2], false, "");
    assert_evaluates("nbsrv(pool)", "0");
    assert_evaluates("be_conn_free(pool)", "0");

    assert_evaluates("srv_name", NULL);
    f.facts.backend = pool;
    f.facts.server = pool->servers[1];
    assert_evaluates("srv_name", "two");
    assert_evaluates("srv_id", "2");
    assert_evaluates("bc_dst", NULL); /* not connected yet */
    f.facts.connect_ms = 3;
    f.facts.server_local = fixture_addr("127.0.0.9", 12345);
    assert_evaluates("bc_dst", "127.0.0.1");
    assert_evaluates("bc_dst_port", "2123");
    assert_evaluates("bc_src", "127.0.0.9");
    assert_evaluates("bc_src_port", "12345");
}

/* ---- without a session -------------------------------------------------------------------- */

static void constants(void **state)
{
    (void)state;
    assert_evaluates("always_true", "1");
    assert_evaluates("always_false", "0");
    assert_evaluates("bool(true)", "1");
    assert_evaluates("bool(0)", "0");
    assert_evaluates("int(-5)", "-5");
    assert_evaluates("ipv4(1.2.3.4)", "1.2.3.4");
    assert_evaluates("ipv6(::1)", "::1");
    assert_evaluates("str(a b)", "a b");
    assert_evaluates("str()", "");
    assert_evaluates("bin(6162F0),hex", "6162F0");
    assert_evaluates("meth(GET)", "GET");
}

static const char *const of_environment[] = {"env(HAFTP_TEST_VARIABLE)", "env(HAFTP_TEST_NOTHING)"};

static void the_process(void **state)
{
    (void)state;
    char host[256];
    assert_int_equal(gethostname(host, sizeof host), 0);
    assert_evaluates("hostname", host);
    assert_evaluates("nbproc", "1");
    assert_evaluates("proc", "1");
    f.facts.worker = 3;
    assert_evaluates("thread", "3");
    assert_evaluates("stopping", "0");
    atomic_store(&f.runtime->stopping, true);
    assert_evaluates("stopping", "1");
    setenv("HAFTP_TEST_VARIABLE", "a value", 1);
    fixture_load_rules(of_environment, 2);
    assert_evaluates("env(HAFTP_TEST_VARIABLE)", "a value");
    assert_evaluates("env(HAFTP_TEST_NOTHING)", NULL);
}

static void time_and_chance(void **state)
{
    (void)state;
    time_t before = time(NULL);
    long long now = atoll(evaluate("date"));
    /* time() may lag behind by a tick. */
    assert_true(now >= before && now <= time(NULL) + 1);
    assert_true(llabs(atoll(evaluate("date(-60)")) + 60 - now) <= 1);
    assert_true(llabs(atoll(evaluate("date(5,ms)")) / 1000 - now) <= 1);
    assert_true(llabs(atoll(evaluate("date(0,us)")) / 1000000 - now) <= 1);
    assert_true(atoll(evaluate("date_us")) < 1000000);
    assert_evaluates("rand(1)", "0");
    assert_evaluates("rand(0)", "0");
    for (int i = 0; i < 20; i++)
        assert_true(atoll(evaluate("rand(10)")) < 10);
    assert_evaluates("uuid,regsub([0-9a-f],x,g)", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    assert_evaluates("uuid,bytes(14,1)", "4");
}

/* ---- bytes -------------------------------------------------------------------------------- */

static const char *const of_bytes[] = {
    "req.len",
    "req_len",
    "res.len",
    "req.payload(0,0)",
    "req.payload(0,1)",
    "req.payload(0,4)",
    "req.payload(5,0)",
    "req.payload(5,4)",
    "req.payload(5,20000)",
    "req.payload(-1,4)",
    "payload(5,1)",
    "payload(0,3)",
    "res.payload(0,3)",
    "req.payload_lv(0,2)",
    "payload_lv(0,2)",
    "req.payload_lv(0,2,4)",
    "req.payload_lv(0,2,+1)",
    "req.payload_lv(0,2,-1),hex",
    "req.payload_lv(0,1)",
    "req.payload_lv(0,2,-3)",
    "req.payload_lv(0,2,8)",
    "req.payload_lv(9,2)",
    "req.payload_lv(2,2)",
    "res.payload_lv(0,1)",
    "req.ssl_hello_type",
    "req_ssl_hello_type",
    "req.ssl_ver",
    "req.ssl_sni",
    "req.ssl_alpn",
    "req.ssl_ec_ext",
    "req.ssl_st_ext",
    "rep_ssl_hello_type",
    "res.ssl_hello_type",
    "wait_end",
};

static int bytes_setup(void **state)
{
    (void)state;
    fixture_load_rules(of_bytes, sizeof of_bytes / sizeof of_bytes[0]);
    return 0;
}

static void client_sends(const char *bytes, size_t n)
{
    f.eval.request = hf_view(bytes, n);
}

static void length_and_payload(void **state)
{
    (void)state;
    assert_evaluates("req.len", NULL); /* not looked at here */
    assert_evaluates("req.payload(0,1)", NULL);
    client_sends("USER x\r\n", 8);
    assert_evaluates("req.len", "8");
    assert_evaluates("req_len", "8");
    assert_evaluates("req.payload(0,4)", "USER");
    assert_evaluates("req.payload(5,0)", "x\r\n");
    assert_evaluates("payload(5,1)", "x");
    assert_evaluates("req.payload(5,4)", NULL);
    assert_evaluates("res.len", NULL);
    f.eval.response = hf_view("220 hi", 6);
    assert_evaluates("res.len", "6");
    assert_evaluates("res.payload(0,3)", "220");
    assert_evaluates("payload(0,3)", "220");
}

static void payload_that_may_still_come(void **state)
{
    (void)state;
    f.eval.final = false;
    client_sends("", 0);
    assert_evaluates("req.payload(0,4)", "...");
    client_sends("USER x", 6);
    assert_evaluates("req.payload(0,4)", "USER");
    assert_evaluates("req.payload(0,0)", "...");
    assert_evaluates("req.len", "...");
    assert_evaluates("req.payload(5,4)", "...");
    assert_evaluates("req.payload(5,20000)", NULL); /* more than is ever looked at */
    assert_evaluates("req.payload(-1,4)", NULL);
    f.eval.request_ended = true;
    assert_evaluates("req.payload(5,4)", NULL);
    assert_evaluates("req.payload(0,0)", "USER x");
    assert_evaluates("req.len", "6");
}

static void the_end_of_the_wait(void **state)
{
    (void)state;
    assert_evaluates("wait_end", "1");
    f.eval.final = false;
    assert_evaluates("wait_end", "...");
}

static void payload_behind_its_length(void **state)
{
    (void)state;
    client_sends("\x00\x03"
                 "abcdefgh",
                 10);
    assert_evaluates("req.payload_lv(0,2)", "abc");
    assert_evaluates("payload_lv(0,2)", "abc");
    assert_evaluates("req.payload_lv(0,2,4)", "cde");  /* from the start */
    assert_evaluates("req.payload_lv(0,2,+1)", "bcd"); /* from behind the length */
    assert_evaluates("req.payload_lv(0,2,-1),hex", "036162");
    assert_evaluates("req.payload_lv(0,1)", NULL); /* a length of 0 */
    assert_evaluates("req.payload_lv(0,2,-3)", NULL);
    assert_evaluates("req.payload_lv(0,2,8)", NULL);
    f.eval.final = false;
    assert_evaluates("req.payload_lv(0,2,8)", "...");
    assert_evaluates("req.payload_lv(9,2)", "...");
    assert_evaluates("req.payload_lv(2,2)", NULL); /* "ab": 24930 bytes */
    f.eval.response = hf_view("\x01z", 2);
    assert_evaluates("res.payload_lv(0,1)", "z");
}

/* ---- TLS ---------------------------------------------------------------------------------- */

/* A hello of TLS 1.2 or 1.3 with these extensions; returns its size. */
static size_t make_hello(char *out, const char *extensions, size_t n)
{
    size_t at = 0, body = 2 + 32 + 1 + 2 + 2 + 2 + 2 + n;
#define PUT(byte) out[at++] = (char)(byte)
    PUT(0x16), PUT(3), PUT(1), PUT((body + 4) >> 8), PUT(body + 4);
    PUT(1), PUT(0), PUT(body >> 8), PUT(body);
    PUT(3), PUT(3);
    memset(out + at, 'r', 32), at += 32;
    PUT(0);                            /* session */
    PUT(0), PUT(2), PUT(0x13), PUT(1); /* ciphers */
    PUT(1), PUT(0);                    /* compressions */
    PUT(n >> 8), PUT(n);
    memcpy(out + at, extensions, n);
    return at + n;
#undef PUT
}

static const char extensions[] = "\x00\x00\x00\x0d\x00\x0b\x00\x00\x08"
                                 "ftp.test"                         /* name */
                                 "\x00\x0a\x00\x04\x00\x02\x00\x1d" /* groups */
                                 "\x00\x10\x00\x06\x00\x04\x03"
                                 "ftp" /* ALPN */
                                 "\x00\x23\x00\x02"
                                 "tt"; /* ticket */

static void client_hello(void **state)
{
    (void)state;
    char hello[512];
    size_t n = make_hello(hello, extensions, sizeof extensions - 1);
    client_sends(hello, n);
    assert_evaluates("req.ssl_hello_type", "1");
    assert_evaluates("req_ssl_hello_type", "1");
    assert_evaluates("req.ssl_ver", "196611"); /* 3.3 */
    assert_evaluates("req.ssl_sni", "ftp.test");
    assert_evaluates("req.ssl_alpn", "ftp");
    assert_evaluates("req.ssl_ec_ext", "1");
    assert_evaluates("req.ssl_st_ext", "2");
    f.eval.final = false;
    for (size_t some = 0; some < n; some++) {
        char *exact = memcpy(malloc(some + 1), hello, some);
        client_sends(exact, some);
        assert_evaluates("req.ssl_sni", "...");
        assert_evaluates("req.ssl_hello_type", "...");
        free(exact);
    }
}

static void client_hello_without(void **state)
{
    (void)state;
    char hello[512];
    client_sends(hello, make_hello(hello, "", 0));
    assert_evaluates("req.ssl_sni", NULL);
    assert_evaluates("req.ssl_alpn", NULL);
    assert_evaluates("req.ssl_ec_ext", NULL);
    assert_evaluates("req.ssl_st_ext", "0");
    client_sends(hello, make_hello(hello, "\x00\x23\x00\x00", 4));
    assert_evaluates("req.ssl_st_ext", "1");
    client_sends("USER anonymous\r\n", 16);
    f.eval.final = false;
    assert_evaluates("req.ssl_sni", NULL);
    assert_evaluates("req.ssl_hello_type", NULL);
    f.eval.response = hf_view("\x16\x03\x03\x00\x04\x02\x00\x00\x00", 9);
    assert_evaluates("rep_ssl_hello_type", "2");
    assert_evaluates("res.ssl_hello_type", "2");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

#define SECTIONS_TEST(name) cmocka_unit_test_setup_teardown(name, sections_setup, fixture_teardown)
#define BYTES_TEST(name)    cmocka_unit_test_setup_teardown(name, bytes_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses),
        TEST(nobody_there),
        TEST(sections),
        TEST(ftp_conversation),
        TEST(numbers_that_a_file_gives),
        SECTIONS_TEST(counts),
        SECTIONS_TEST(rates),
        SECTIONS_TEST(servers),
        TEST(constants),
        TEST(the_process),
        TEST(time_and_chance),
        BYTES_TEST(length_and_payload),
        BYTES_TEST(payload_that_may_still_come),
        BYTES_TEST(payload_behind_its_length),
        BYTES_TEST(the_end_of_the_wait),
        BYTES_TEST(client_hello),
        BYTES_TEST(client_hello_without),
    };
    return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}
