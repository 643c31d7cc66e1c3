/*
 * test_format.c: every variable, the flags, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_maker.h"
#include "haftp/log/format.h"
#include "haftp/state/ftp_facts.h"
#include "haftp/state/ftp_log.h"
#include "haftp/state/runtime.h"
#include "xferlog_int.h"

struct fixture {
    struct maker maker;
    struct hf_runtime *runtime;
    struct hf_facts facts;
    char line[1024];
};

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    setenv("TZ", "UTC-1", 1); /* POSIX sign: one hour east */
    tzset();
    memset(&f, 0, sizeof f);
    maker_init(&f.maker);
    struct hf_cfg_proxy *backend = maker_backend(&f.maker, "pool");
    struct hf_cfg_proxy *frontend = maker_frontend(&f.maker, "ftp", backend);
    maker_servers(&f.maker, backend, 2, 21);
    backend->servers->o.cookie = "ftp1";
    f.runtime = hf_runtime_new(&f.maker.config);
    if (!f.runtime)
        return -1;
    struct hf_proxy *front = hf_runtime_proxy(f.runtime, frontend);
    struct hf_proxy *back = hf_runtime_proxy(f.runtime, backend);
    atomic_store(&f.runtime->sessions, 5);
    atomic_store(&f.runtime->sessions_total, 77);
    atomic_store(&front->sessions_front, 4);
    atomic_store(&back->sessions_back, 3);
    atomic_store(&back->servers[0]->sessions, 2);
    f.facts = (struct hf_facts){
        .frontend = front,
        .backend = back,
        .server = back->servers[0],
        .client = maker_addr("127.0.0.1", 33978),
        .local = maker_addr("10.0.0.1", 21),
        .accepted_us = 1795393476908123, /* 2026-11-23 00:24:36 UTC */
        .queue_ms = 1,
        .connect_ms = 12,
        .total_ms = 3003,
        .bytes_in = 17,
        .bytes_out = 4711,
        .srv_queue = 6,
        .be_queue = 7,
        .retries = 3,
        .reason = HF_REASON_CLIENT_CLOSED,
        .phase = HF_PHASE_DATA,
    };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hf_runtime_free(f.runtime);
    maker_fini(&f.maker);
    return 0;
}

static const char *run(const char *text)
{
    const struct hf_format *format = hf_format_new(&f.maker.config, f.maker.diag, text);
    assert_non_null(format);
    size_t n = hf_log_format_run(format, &f.facts, 42, f.line, sizeof f.line);
    assert_int_equal(n, strlen(f.line));
    return f.line;
}

static void tcplog(void **state)
{
    (void)state;
    assert_string_equal(run(HF_LOG_TCPLOG), "127.0.0.1:33978 [23/Nov/2026:01:24:36.908] ftp "
                                            "pool/ftp_1 1/12/3003 4711 CD 5/4/3/2/3 6/7");
}

static void ftplog(void **state)
{
    (void)state;
    struct hf_ftp_log log = {.cwd = "/home", .type = 'A', .transfers = 3, .transfer_bytes = 12345};
    struct hf_ftp_facts ftp = {.user = "al ice", .code = 221, .log = &log};
    struct hf_ftp_transfer transfer = {.cmd = HF_CMD_STOR,
                                       .active = true,
                                       .type = 'I',
                                       .code = 226,
                                       .bytes = 3000,
                                       .took_ms = 1500,
                                       .why = "finished",
                                       .path = "/home/a \"b\""};
    f.facts.ftp = &ftp;
    assert_string_equal(run(HF_LOG_FTP_SESSION),
                        "127.0.0.1:33978 [23/Nov/2026:01:24:36.908] ftp pool/ftp_1 1/12/3003 4711 "
                        "CD 5/4/3/2/3 6/7 session - - 221 12345 3 \"al ice\" "
                        "\"the client closed the connection\" \"/home\"");
    log.transfer = &transfer;
    assert_string_equal(run(HF_LOG_FTP_TRANSFER),
                        "127.0.0.1:33978 [23/Nov/2026:01:24:36.908] ftp pool/ftp_1 1/12/3003 4711 "
                        "CD 5/4/3/2/3 6/7 STOR up/active/I - 226 3000 2000 \"al ice\" "
                        "\"finished\" \"/home/a \\\"b\\\"\"");
    transfer = (struct hf_ftp_transfer){.cmd = HF_CMD_RETR, .from_server = true, .why = "gone"};
    ftp.user = NULL;
    assert_string_equal(run("%[ftp.cmd] %[ftp.direction]/%[ftp.mode]/%[ftp.type] %[ftp.data_tls] "
                            "%[ftp.code] %[ftp.bytes] %[ftp.rate] %[ftp.transfers] %[ftp.user] "
                            "%[ftp.path]"),
                        "RETR down/passive/- - - 0 0 3 - -");
    f.facts.ftp = NULL;
    assert_string_equal(
        run("%[ftp.cmd] %[ftp.user] %[ftp.bytes] %[ftp.code] %[ftp.path] %[ftp.why]"),
        "- - - - - the client closed the connection");
}

static struct hf_ftp_transfer download(const char *path)
{
    return (struct hf_ftp_transfer){.cmd = HF_CMD_RETR,
                                    .from_server = true,
                                    .begun = true,
                                    .complete = true,
                                    .type = 'I',
                                    .bytes = 1048576,
                                    .took_ms = 2499,
                                    .path = path};
}

static const char *xferlog_line(void)
{
    assert_true(hf_xferlog_tells(&f.facts));
    size_t n = hf_xferlog_line(&f.facts, 1795393476, f.line);
    assert_int_equal(n, strlen(f.line));
    return f.line;
}

static void xferlog(void **state)
{
    (void)state;
    char long_path[HF_FTP_PATH_MAX + 1];
    struct hf_ftp_transfer transfer = download("/pub/a file\n");
    struct hf_ftp_log log = {.transfer = &transfer};
    struct hf_ftp_facts ftp = {.user = "alice", .log = &log};
    f.facts.ftp = &ftp;
    assert_string_equal(xferlog_line(), "Mon Nov 23 01:24:36 2026 2 127.0.0.1 1048576 "
                                        "/pub/a_file#0A b _ o r alice ftp 0 * c");
    transfer.cmd = HF_CMD_APPE;
    transfer.from_server = transfer.complete = false;
    transfer.type = 'A';
    transfer.took_ms = 0;
    ftp.user = "Anonymous";
    assert_string_equal(xferlog_line(), "Mon Nov 23 01:24:36 2026 1 127.0.0.1 1048576 "
                                        "/pub/a_file#0A a _ i a Anonymous ftp 0 * i");
    /* Whatever the names are, all columns are there. */
    memset(long_path, '\x1', HF_FTP_PATH_MAX);
    long_path[HF_FTP_PATH_MAX] = '\0';
    transfer.path = ftp.user = long_path;
    const char *line = xferlog_line();
    assert_true(strlen(line) < HF_XFERLOG_LINE - 1);
    assert_string_equal(line + strlen(line) - 11, "1 ftp 0 * i");
}

static void no_xferlog(void **state)
{
    (void)state;
    struct hf_ftp_transfer transfer = download("/pub");
    struct hf_ftp_log log = {.transfer = NULL};
    struct hf_ftp_facts ftp = {.user = "alice", .log = &log};
    assert_false(hf_xferlog_tells(&f.facts));
    f.facts.ftp = &ftp;
    assert_false(hf_xferlog_tells(&f.facts)); /* a session */
    log.transfer = &transfer;
    transfer.cmd = HF_CMD_LIST;
    assert_false(hf_xferlog_tells(&f.facts));
    transfer.cmd = HF_CMD_STOR;
    transfer.begun = transfer.complete = false;
    assert_false(hf_xferlog_tells(&f.facts)); /* refused */
}

static void tcplog_without_a_server(void **state)
{
    (void)state;
    f.facts.server = NULL;
    f.facts.queue_ms = f.facts.connect_ms = -1;
    f.facts.bytes_out = 0;
    f.facts.retries = 0;
    f.facts.reason = HF_REASON_NO_SERVER;
    f.facts.phase = HF_PHASE_CONNECT;
    assert_string_equal(run(HF_LOG_TCPLOG), "127.0.0.1:33978 [23/Nov/2026:01:24:36.908] ftp "
                                            "pool/<NOSRV> -1/-1/3003 0 SC 5/4/3/0/0 6/7");
    f.facts.backend = NULL;
    assert_string_equal(run("%b/%s %bc %si:%sp %sk"), "ftp/<NOSRV> 0 -:- -");
}

static void every_variable(void **state)
{
    (void)state;
    char expected[512], host[256];
    assert_string_equal(run("%B %U %ID %ST %%"), "4711 17 - 0 %");
    assert_string_equal(run("%T|%Tl|%t"), "23/Nov/2026:00:24:36 +0000|23/Nov/2026:01:24:36 +0100|"
                                          "23/Nov/2026:01:24:36.908");
    assert_string_equal(run("%Ts.%ms"), "1795393476.908");
    assert_string_equal(run("%Tw %Tc %Td %Th %Tt %Tu"), "1 12 2990 0 3003 3003");
    assert_string_equal(run("%ac %fc %bc %sc %rc %sq %bq"), "5 4 3 2 3 6 7");
    assert_string_equal(run("%f %ft %b %s %sk"), "ftp ftp pool ftp_1 ftp1");
    assert_string_equal(run("%ci:%cp %fi:%fp %si:%sp %bi:%bp"),
                        "127.0.0.1:33978 10.0.0.1:21 192.168.1.10:21 -:-");
    assert_string_equal(run("%ts %lc %rt %sslc %sslv"), "CD 42 77 - -");
    snprintf(expected, sizeof expected, "%d", (int)getpid());
    assert_string_equal(run("%pid"), expected);
    assert_int_equal(gethostname(host, sizeof host), 0);
    assert_string_equal(run("%H"), host);
}

static void a_mapped_port_is_the_clients(void **state)
{
    (void)state;
    struct hf_cfg_server server = *f.facts.server->cfg;
    struct hf_server live = {.cfg = &server};
    server.port_map = HF_PORT_OFFSET;
    server.port_offset = 1000;
    f.facts.server = &live;
    f.facts.local = maker_addr("10.0.0.1", 50000);
    assert_string_equal(run("%si:%sp"), "192.168.1.10:51000");
}

static void early_and_redispatched_are_marked(void **state)
{
    (void)state;
    struct hf_cfg_proxy *cfg = f.maker.config.proxies->next;
    cfg->o.logasap = true;
    f.facts.redispatched = true;
    assert_string_equal(run("%Tt %B %U %rc"), "+3003 +4711 +17 +3");
}

static void flags(void **state)
{
    (void)state;
    assert_string_equal(run("%{+Q}s %s"), "\"ftp_1\" ftp_1");
    assert_string_equal(run("%{+Q}o %s %{-Q}b %f"), " \"ftp_1\" pool \"ftp\"");
    assert_string_equal(run("%{+X}ci:%{+X}cp %{+X}Ts"), "7F000001:84BA 6B0387C4");
    f.facts.client = maker_addr("2001:db8::1", 21);
    assert_string_equal(run("%{+X}ci %ci"), "20010DB8000000000000000000000001 2001:db8::1");
}

static void names_cannot_break_the_line(void **state)
{
    (void)state;
    struct hf_cfg_server server = *f.facts.server->cfg;
    struct hf_server live = {.cfg = &server};
    server.name = "a\"b]c\\d\n\xc3\xa9";
    f.facts.server = &live;
    assert_string_equal(run("%s"), "a\"b]c\\d#0A#C3#A9");
    assert_string_equal(run("%{+E}s"), "a\\\"b\\]c\\\\d#0A#C3#A9");
    assert_string_equal(run("%{+Q,+E}s"), "\"a\\\"b\\]c\\\\d#0A#C3#A9\"");
}

static void samples(void **state)
{
    (void)state;
    assert_string_equal(run("[%[src]] %[src_port,add(1)] %[fe_name,upper]"),
                        "[127.0.0.1] 33979 FTP");
    assert_string_equal(run("%[var(txn.none)] %{+Q}[var(txn.none)] %{+Q}[src]"),
                        "- \"\" \"127.0.0.1\"");
    assert_string_equal(run("%[bin(610a5d00)] %{+E}[str(a]b)]"), "a#0A] a\\]b");
    struct hf_sample sample = {.type = HF_TYPE_STR, .bytes = hf_view_cstr("blue")};
    const struct hf_format *format = hf_format_new(&f.maker.config, f.maker.diag, "%[var(sess.x)]");
    assert_non_null(format);
    assert_true(hf_vars_set(&f.facts.vars, format->pieces->expr->fetch.args[0].var, &sample));
    hf_log_format_run(format, &f.facts, 0, f.line, sizeof f.line);
    assert_string_equal(f.line, "blue");
    hf_vars_free(&f.facts.vars);
}

/* The name of a backend must be the name, whatever is in it. */
static void outside_of_a_log(void **state)
{
    (void)state;
    struct hf_eval eval;
    hf_eval_init(&eval, f.runtime, &f.facts);
    const struct hf_format *format =
        hf_format_new(&f.maker.config, f.maker.diag, "to_%[bin(c3a90a)]%[var(txn.none)]-%f");
    assert_non_null(format);
    assert_int_equal(hf_log_format_text(format, &eval, f.line, sizeof f.line), 10);
    assert_string_equal(f.line, "to_\xc3\xa9\n-ftp");
    eval.facts = NULL;
    hf_log_format_text(format, &eval, f.line, sizeof f.line);
    assert_string_equal(f.line, "to_\xc3\xa9\n-");
}

static void what_does_not_fit_is_cut(void **state)
{
    (void)state;
    char small[8];
    const struct hf_format *format = hf_format_new(&f.maker.config, f.maker.diag, "%ci:%cp");
    assert_non_null(format);
    assert_int_equal(hf_log_format_run(format, &f.facts, 0, small, sizeof small), 7);
    assert_string_equal(small, "127.0.0");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(tcplog),
        WITH_FIXTURE(tcplog_without_a_server),
        WITH_FIXTURE(ftplog),
        WITH_FIXTURE(xferlog),
        WITH_FIXTURE(no_xferlog),
        WITH_FIXTURE(every_variable),
        WITH_FIXTURE(a_mapped_port_is_the_clients),
        WITH_FIXTURE(early_and_redispatched_are_marked),
        WITH_FIXTURE(flags),
        WITH_FIXTURE(names_cannot_break_the_line),
        WITH_FIXTURE(samples),
        WITH_FIXTURE(outside_of_a_log),
        WITH_FIXTURE(what_does_not_fit_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
