/*
 * test_log.c: lines arrive where the configuration says, in its formats; missing and slow targets.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_maker.h"
#include "haftp/log/log.h"

struct fixture {
    struct maker maker;
    struct hf_cfg_proxy *cfg;
    struct hf_cfg_log logs[8];
    struct hf_runtime *runtime;
    struct hf_proxy *proxy;
    struct hf_facts facts;
    char folder[64], path[96];
    int receiver, saved_stderr, stderr_pipe[2];
    char got[70000];
};

static struct fixture f;

static int setup(void **state)
{
    (void)state;
    memset(&f, 0, sizeof f);
    maker_init(&f.maker);
    f.cfg = maker_listen(&f.maker, "ftp");
    maker_servers(&f.maker, f.cfg, 2, 21);
    for (struct hf_cfg_server *s = f.cfg->servers; s; s = s->next)
        s->o.weight = 1;
    snprintf(f.folder, sizeof f.folder, "/tmp/haftp-test-log-XXXXXX");
    if (!mkdtemp(f.folder))
        return -1;
    snprintf(f.path, sizeof f.path, "%s/log", f.folder);
    f.receiver = f.saved_stderr = -1;
    return 0;
}

static void give_stderr_back(void)
{
    if (f.saved_stderr < 0)
        return;
    dup2(f.saved_stderr, STDERR_FILENO);
    close(f.saved_stderr);
    close(f.stderr_pipe[0]);
    close(f.stderr_pipe[1]);
    f.saved_stderr = -1;
}

static int teardown(void **state)
{
    (void)state;
    hf_log_fini();
    give_stderr_back();
    if (f.receiver >= 0)
        close(f.receiver);
    unlink(f.path);
    rmdir(f.folder);
    hf_runtime_free(f.runtime);
    maker_fini(&f.maker);
    return 0;
}

/* What the process says on stderr from here on can be read by stderr_text(). */
static void take_stderr(void)
{
    assert_int_equal(pipe2(f.stderr_pipe, O_NONBLOCK), 0);
    fflush(stderr);
    f.saved_stderr = dup(STDERR_FILENO);
    assert_true(dup2(f.stderr_pipe[1], STDERR_FILENO) >= 0);
}

static const char *stderr_text(void)
{
    fflush(stderr);
    ssize_t n = read(f.stderr_pipe[0], f.got, sizeof f.got - 1);
    f.got[n > 0 ? n : 0] = '\0';
    return f.got;
}

static void start_daemon(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", f.path);
    f.receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(f.receiver >= 0);
    assert_int_equal(bind(f.receiver, (struct sockaddr *)&addr, sizeof addr), 0);
}

static void stop_daemon(void)
{
    close(f.receiver);
    unlink(f.path);
    f.receiver = -1;
}

/* The next datagram; "" when there is none. */
static const char *received(void)
{
    ssize_t n = recv(f.receiver, f.got, sizeof f.got - 1, 0);
    f.got[n > 0 ? n : 0] = '\0';
    return f.got;
}

static struct hf_cfg_log *add_log(enum hf_log_target_kind kind, enum hf_log_wire wire)
{
    unsigned i = 0;
    while (f.logs[i].len)
        i++;
    f.logs[i] = (struct hf_cfg_log){.kind = kind,
                                    .wire = wire,
                                    .path = f.path,
                                    .fd = STDERR_FILENO,
                                    .len = 1024,
                                    .facility = 16,
                                    .max_level = 7};
    LL_APPEND(f.cfg->logs_all, &f.logs[i]);
    return &f.logs[i];
}

static void start(bool foreground)
{
    f.runtime = hf_runtime_new(&f.maker.config);
    assert_non_null(f.runtime);
    f.proxy = hf_runtime_proxy(f.runtime, f.cfg);
    assert_int_equal(hf_log_init(f.runtime, foreground), HF_OK);
    f.facts.frontend = f.facts.backend = f.proxy;
    f.facts.server = f.proxy->servers[0];
    f.facts.client = maker_addr("1.2.3.4", 5);
    f.facts.local = maker_addr("6.7.8.9", 21);
    f.facts.bytes_in = 1;
    f.facts.reason = HF_REASON_CLIENT_CLOSED;
    f.facts.phase = HF_PHASE_DATA;
}

/* ---- lines ------------------------------------------------------------------------------- */

static void default_line_at_connect(void **state)
{
    (void)state;
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_RAW);
    start(false);
    hf_log_connect_mt(&f.facts);
    assert_string_equal(received(), "Connect from 1.2.3.4:5 to 6.7.8.9:21 (ftp/TCP)");
    hf_log_session_mt(&f.facts);
    assert_string_equal(received(), "");
}

static void formatted_line_at_the_end(void **state)
{
    (void)state;
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_RAW);
    f.cfg->o.log_format = hf_format_new(&f.maker.config, f.maker.diag, "%ci %s %ts %lc");
    start(false);
    hf_log_connect_mt(&f.facts);
    assert_string_equal(received(), "");
    hf_log_session_mt(&f.facts);
    assert_string_equal(received(), "1.2.3.4 ftp_1 CD 0");
    hf_log_session_mt(&f.facts);
    assert_string_equal(received(), "1.2.3.4 ftp_1 CD 1");
}

static void tcplog_is_a_format(void **state)
{
    (void)state;
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_RAW);
    f.cfg->o.tcplog = true;
    start(false);
    hf_log_session_mt(&f.facts);
    assert_non_null(strstr(received(), "] ftp ftp/ftp_1 0/0/0 0 CD 0/0/0/0/0 0/0"));
}

/* Each kind of session has the line that fits it. */
static void ftplog_has_a_line_for_each_kind(void **state)
{
    (void)state;
    struct hf_cfg_bind bind = {.role = HF_BIND_CONTROL};
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_RAW);
    f.cfg->o.ftplog = true;
    start(false);
    hf_log_connect_mt(&f.facts);
    assert_string_equal(received(), "");
    hf_log_session_mt(&f.facts);
    assert_null(strstr(received(), "session"));
    f.facts.bind = &bind;
    hf_log_session_mt(&f.facts);
    assert_non_null(strstr(received(), " 0/0 session - - - - - \"\" \"the client"));
    f.facts.is_transfer = true;
    hf_log_session_mt(&f.facts);
    assert_non_null(strstr(received(), " 0/0 - -/-/- - - - - \"\" \"the client"));
}

static void unwanted_sessions_are_not_logged(void **state)
{
    (void)state;
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_RAW);
    f.cfg->o.log_format = hf_format_new(&f.maker.config, f.maker.diag, "x");
    f.cfg->o.dontlognull = f.cfg->o.dontlog_normal = true;
    start(false);
    hf_log_session_mt(&f.facts);
    assert_string_equal(received(), "x");
    f.facts.bytes_in = 0;
    f.facts.bytes_out = 20; /* the greeting */
    hf_log_session_mt(&f.facts);
    assert_string_equal(received(), "");
    f.facts.is_transfer = true; /* a download */
    hf_log_session_mt(&f.facts);
    assert_string_equal(received(), "x");
    f.facts.bytes_in = 1;
    f.facts.reason = HF_REASON_NONE;
    hf_log_session_mt(&f.facts);
    assert_string_equal(received(), "");
    f.facts.redispatched = true;
    hf_log_session_mt(&f.facts);
    assert_string_equal(received(), "x");
}

static void events_are_escaped_and_cut(void **state)
{
    (void)state;
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_RAW)->len = 80;
    start(false);
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "user '%s' \x1b[2J", "bob\r\nFAKE\x7f");
    assert_string_equal(received(), "user 'bob#0D#0AFAKE#7F' #1B[2J");
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "%0200d", 7);
    assert_int_equal(strlen(received()), 80);
    char *huge = malloc(100000);
    memset(huge, '\n', 99999);
    huge[99999] = '\0';
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "%s", huge);
    assert_int_equal(strlen(received()), 80);
    free(huge);
}

static void levels_are_limited_and_raised(void **state)
{
    (void)state;
    start_daemon();
    struct hf_cfg_log *log = add_log(HF_LOG_UNIX, HF_LOG_SHORT);
    log->max_level = HF_LEVEL_NOTICE;
    log->min_level = HF_LEVEL_ERR;
    start(false);
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "too much detail");
    assert_string_equal(received(), "");
    hf_log_event_mt(f.proxy, HF_LEVEL_NOTICE, "as it is");
    assert_string_equal(received(), "<5>as it is");
    hf_log_event_mt(f.proxy, HF_LEVEL_EMERG, "calm down");
    assert_string_equal(received(), "<3>calm down");
}

static void assert_received_like(const char *before, const char *after)
{
    const char *line = received();
    if (strncmp(line, before, strlen(before)) != 0 || !strstr(line, after))
        fail_msg("'%s' is not '%s...%s'", line, before, after);
}

static void wire_formats(void **state)
{
    (void)state;
    char after[512], host[256];
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_USUAL);
    add_log(HF_LOG_UNIX, HF_LOG_RFC5424)->facility = 17;
    add_log(HF_LOG_UNIX, HF_LOG_RFC3164);
    add_log(HF_LOG_UNIX, HF_LOG_LOCAL);
    add_log(HF_LOG_UNIX, HF_LOG_PRIORITY);
    add_log(HF_LOG_UNIX, HF_LOG_TIMED);
    add_log(HF_LOG_UNIX, HF_LOG_ISO);
    f.maker.config.global.log_tag = "haftp";
    start(false);
    hf_log_event_mt(f.proxy, HF_LEVEL_ALERT, "text");
    snprintf(after, sizeof after, " haftp[%d]: text", (int)getpid());
    assert_received_like("<129>", after);
    assert_int_equal(strlen(f.got), strlen("<129>Nov 23 00:24:36") + strlen(after));
    assert_int_equal(gethostname(host, sizeof host), 0);
    snprintf(after, sizeof after, "%s haftp %d - - text", host, (int)getpid());
    assert_received_like("<137>1 20", after);
    snprintf(after, sizeof after, " localhost haftp[%d]: text", (int)getpid());
    assert_received_like("<129>", after);
    snprintf(after, sizeof after, " haftp[%d]: text", (int)getpid());
    assert_received_like("<129>", after);
    assert_null(strstr(f.got, "localhost"));
    assert_string_equal(received(), "<129>text");
    int year, month, day, hour, minute, second, micros, zone_hours, zone_minutes;
    assert_int_equal(sscanf(received(), "<1>%4d-%2d-%2dT%2d:%2d:%2d.%6d%3d:%2d text", &year, &month,
                            &day, &hour, &minute, &second, &micros, &zone_hours, &zone_minutes),
                     9);
    assert_int_equal(sscanf(received(), "%4d-%2d-%2dT%2d:%2d:%2d.%6d%3d:%2d text", &year, &month,
                            &day, &hour, &minute, &second, &micros, &zone_hours, &zone_minutes),
                     9);
}

static void a_sample_lets_some_lines_through(void **state)
{
    static struct hf_cfg_sample_range ranges[] = {{1, 2}, {5, 5}};
    char seen[32] = "";
    (void)state;
    start_daemon();
    struct hf_cfg_log *log = add_log(HF_LOG_UNIX, HF_LOG_RAW);
    log->sample_ranges = ranges;
    log->n_sample_ranges = 2;
    log->sample_size = 5;
    start(false);
    for (unsigned i = 1; i <= 10; i++) {
        hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "%u ", i);
        strcat(seen, received());
    }
    assert_string_equal(seen, "1 2 5 6 7 10 ");
}

static void what_went_wrong_is_an_error_where_asked(void **state)
{
    (void)state;
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_SHORT);
    f.cfg->o.log_format = hf_format_new(&f.maker.config, f.maker.diag, "line");
    f.cfg->o.log_separate_errors = true;
    start(false);
    hf_log_session_mt(&f.facts);
    assert_string_equal(received(), "<3>line");
    f.facts.reason = HF_REASON_NONE;
    hf_log_session_mt(&f.facts);
    assert_string_equal(received(), "<6>line");
    f.facts.retries = 1;
    hf_log_session_mt(&f.facts);
    assert_string_equal(received(), "<3>line");
}

/* A name of Linux instead of a file. */
static void abstract_sockets(void **state)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    char name[64];
    (void)state;
    snprintf(name, sizeof name, "haftp-test-log-%d", (int)getpid());
    memcpy(addr.sun_path + 1, name, strlen(name));
    f.receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(f.receiver, (struct sockaddr *)&addr, sizeof addr), 0);
    struct hf_cfg_log *log = add_log(HF_LOG_UNIX, HF_LOG_RAW);
    log->path = name;
    log->abstract = true;
    start(false);
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "text");
    assert_string_equal(received(), "text");
}

static void tag_and_hostname(void **state)
{
    (void)state;
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_RFC3164);
    f.maker.config.global.log_hostname = "gate";
    f.cfg->o.log_tag = "mine";
    start(false);
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "text");
    assert_received_like("<134>", " gate mine[");
}

static void the_process_has_its_own_targets(void **state)
{
    (void)state;
    start_daemon();
    struct hf_cfg_log *log = add_log(HF_LOG_UNIX, HF_LOG_RAW);
    f.cfg->logs_all = NULL;
    f.maker.config.global.logs = log;
    start(false);
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "of the section");
    hf_log_event_mt(NULL, HF_LEVEL_INFO, "of the process");
    assert_string_equal(received(), "of the process");
}

/* ---- targets ----------------------------------------------------------------------------- */

static void udp_target(void **state)
{
    (void)state;
    struct hf_addr addr = maker_addr("127.0.0.1", 0);
    socklen_t n = sizeof addr;
    f.receiver = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(f.receiver, &addr.sa, sizeof addr.v4), 0);
    assert_int_equal(getsockname(f.receiver, &addr.sa, &n), 0);
    add_log(HF_LOG_UDP, HF_LOG_RAW)->addr = addr;
    start(false);
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "over the wire");
    assert_string_equal(received(), "over the wire");
}

static void descriptor_target_writes_lines(void **state)
{
    (void)state;
    take_stderr();
    add_log(HF_LOG_FD, HF_LOG_RAW);
    start(true);
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "one");
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "two");
    assert_string_equal(stderr_text(), "one\ntwo\n");
}

static void a_full_pipe_loses_lines_instead_of_blocking(void **state)
{
    (void)state;
    take_stderr();
    /* Blocking, as a standard descriptor is. */
    assert_int_equal(fcntl(f.stderr_pipe[1], F_SETFL, 0), 0);
    add_log(HF_LOG_FD, HF_LOG_RAW)->len = 65535;
    start(true);
    for (unsigned i = 0; i < 200; i++)
        hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "%05000u", i);
    assert_true(hf_log_dropped_mt() > 0);
    assert_true(hf_log_dropped_mt() < 200);
    assert_int_equal(strcspn(stderr_text(), "\n"), 4095); /* PIPE_BUF with the end of line */
}

static void a_full_disk_is_called_so(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    take_stderr();
    add_log(HF_LOG_FD, HF_LOG_RAW)->fd = full;
    start(true);
    for (unsigned i = 0; i < 3; i++)
        hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "lost");
    assert_int_equal(hf_log_dropped_mt(), 3);
    const char *text = stderr_text();
    assert_non_null(strstr(text, "No space left on device; lines for it are lost"));
    assert_null(strstr(text, "daemon"));
    close(full);
}

static void a_slow_daemon_loses_lines_instead_of_blocking(void **state)
{
    (void)state;
    take_stderr();
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_RAW);
    start(false);
    for (unsigned i = 0; i < 5000; i++)
        hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "%0900u", i);
    assert_true(hf_log_dropped_mt() > 0);
    assert_string_equal(stderr_text(), ""); /* slow is not dead */
}

static void what_was_lost_is_told_at_the_end(void **state)
{
    char expected[100];
    (void)state;
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_RAW);
    f.maker.config.global.logs = f.logs;
    start(false);
    for (unsigned i = 0; i < 5000; i++)
        hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "%0900u", i);
    snprintf(expected, sizeof expected,
             "%" PRIu64 " log lines were lost: their targets did not take them",
             hf_log_dropped_mt());
    while (*received())
        ;
    hf_log_fini();
    assert_string_equal(received(), expected);
}

static void a_dead_daemon_is_told_once_and_found_again(void **state)
{
    (void)state;
    take_stderr();
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_RAW);
    start(false);
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "first");
    assert_string_equal(received(), "first");
    stop_daemon();
    for (unsigned i = 0; i < 3; i++)
        hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "lost");
    assert_int_equal(hf_log_dropped_mt(), 3);
    const char *text = stderr_text();
    assert_non_null(strstr(text, "cannot log to "));
    assert_non_null(strstr(text, f.path));
    assert_null(strstr(strstr(text, "cannot log to ") + 1, "cannot log to "));

    start_daemon();
    for (unsigned i = 0; i < 3000 && strcmp(received(), "again") != 0; i++) {
        hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "again"); /* the next second's first connects */
        poll(NULL, 0, 1);
    }
    assert_string_equal(f.got, "again");
}

static void a_missing_socket_in_the_background_is_told_at_the_first_line(void **state)
{
    (void)state;
    take_stderr();
    add_log(HF_LOG_UNIX, HF_LOG_RAW);
    start(false);
    assert_string_equal(stderr_text(), "");
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "lost");
    assert_non_null(strstr(stderr_text(), "No such file or directory"));
}

static void a_missing_socket_in_the_foreground_becomes_stderr(void **state)
{
    (void)state;
    take_stderr();
    add_log(HF_LOG_UNIX, HF_LOG_RFC3164)->max_level = HF_LEVEL_NOTICE;
    add_log(HF_LOG_UNIX, HF_LOG_RFC3164); /* the same socket again, as in many files */
    start(true);
    const char *warning = strstr(stderr_text(), f.path);
    assert_non_null(warning);
    assert_null(strstr(warning + 1, f.path));
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "seen once");
    assert_string_equal(stderr_text(), "seen once\n");
    hf_log_connect_mt(&f.facts);
    assert_string_equal(stderr_text(), "Connect from 1.2.3.4:5 to 6.7.8.9:21 (ftp/TCP)\n");
}

static void no_stand_in_beside_a_descriptor(void **state)
{
    (void)state;
    take_stderr();
    add_log(HF_LOG_UNIX, HF_LOG_RFC3164);
    add_log(HF_LOG_FD, HF_LOG_SHORT);
    start(true);
    (void)stderr_text();
    hf_log_event_mt(f.proxy, HF_LEVEL_INFO, "seen once");
    assert_string_equal(stderr_text(), "<6>seen once\n");
}

/* ---- changes of state -------------------------------------------------------------------- */

static void servers_going_down_and_up(void **state)
{
    (void)state;
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_SHORT);
    f.cfg->servers->next->o.backup = true;
    start(false);
    struct hf_server *active = f.proxy->servers[0], *backup = f.proxy->servers[1];
    atomic_store(&active->sessions, 4);
    hf_server_set_up_mt(active, false, "reason: Layer4 timeout, check duration: 2001ms");
    assert_string_equal(received(),
                        "<1>Server ftp/ftp_1 is DOWN, reason: Layer4 timeout, check duration: "
                        "2001ms. 0 active and 1 backup servers left. Running on backup. 4 sessions "
                        "active, 0 requeued, 0 remaining in queue.");
    hf_server_set_up_mt(backup, false, "");
    assert_string_equal(received(), "<1>Backup Server ftp/ftp_2 is DOWN. 0 active and 0 backup "
                                    "servers left. 0 sessions active, 0 requeued, 0 remaining in "
                                    "queue.");
    assert_string_equal(received(), "<0>proxy ftp has no server available!");
    hf_server_set_up_mt(active, true, "reason: Layer4 check passed, check duration: 0ms");
    assert_string_equal(received(), "<5>Server ftp/ftp_1 is UP, reason: Layer4 check passed, check "
                                    "duration: 0ms. 1 active and 0 backup servers online. 0 "
                                    "sessions requeued, 0 total in queue.");
    hf_server_note_mt(active, "Health check for server ftp/ftp_1 succeeded.");
    assert_string_equal(received(), "<5>Health check for server ftp/ftp_1 succeeded.");
    assert_string_equal(received(), "");
}

static void state_is_on_stderr_once_in_the_foreground(void **state)
{
    (void)state;
    take_stderr();
    add_log(HF_LOG_UNIX, HF_LOG_RAW); /* missing: stderr stands in */
    start(true);
    (void)stderr_text();
    hf_server_set_up_mt(f.proxy->servers[0], false, "");
    const char *text = strstr(stderr_text(), "[WARNING]");
    assert_non_null(text);
    const char *first = strstr(text, "Server ftp/ftp_1 is DOWN.");
    assert_non_null(first);
    assert_null(strstr(first + 1, "Server ftp/ftp_1"));
}

static void announcements_are_printed_harmless(void **state)
{
    (void)state;
    take_stderr();
    start_daemon();
    add_log(HF_LOG_UNIX, HF_LOG_SHORT);
    start(true);
    hf_log_announce_mt(f.proxy, HF_LEVEL_NOTICE, "hello\n%s", "you");
    assert_string_equal(received(), "<5>hello#0Ayou");
    assert_non_null(strstr(stderr_text(), ") : hello#0Ayou\n"));
}

/* ---- configuration, limits --------------------------------------------------------------- */

static void a_backend_logs_events_only(void **state)
{
    (void)state;
    struct hf_cfg_proxy *backend = maker_backend(&f.maker, "pool");
    start_daemon();
    backend->logs_all = add_log(HF_LOG_UNIX, HF_LOG_RAW);
    /* A frontend's, inherited from defaults. */
    backend->o.log_format = hf_format_new(&f.maker.config, f.maker.diag, "%ci");
    maker_server(&f.maker, backend, "only", "10.0.0.1", 21)->o.weight = 1;
    start(false);
    hf_server_set_up_mt(hf_runtime_proxy(f.runtime, backend)->servers[0], false, "");
    assert_non_null(strstr(received(), "Server pool/only is DOWN."));
    assert_string_equal(received(), "backend pool has no server available!");
}

static void strangers_cannot_fill_the_disk(void **state)
{
    (void)state;
    struct hf_log_limit limit = {0};
    unsigned suppressed = 99, allowed = 0;
    for (unsigned i = 0; i < 100; i++)
        allowed += hf_log_allowed_at_mt(&limit, 1000, 3, &suppressed);
    assert_int_equal(allowed, 3);
    assert_int_equal(suppressed, 0);
    assert_true(hf_log_allowed_at_mt(&limit, 1001, 3, &suppressed));
    assert_int_equal(suppressed, 97);
    assert_true(hf_log_allowed_at_mt(&limit, 1001, 3, &suppressed));
    assert_int_equal(suppressed, 0);
    assert_false(hf_log_allowed_mt(&limit, 0, &suppressed));
}

static void without_a_logger_nothing_happens(void **state)
{
    (void)state;
    hf_log_event_mt(NULL, HF_LEVEL_INFO, "nobody hears");
    hf_log_connect_mt(&f.facts);
    hf_log_session_mt(&f.facts);
    assert_int_equal(hf_log_dropped_mt(), 0);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(default_line_at_connect),
        WITH_FIXTURE(formatted_line_at_the_end),
        WITH_FIXTURE(tcplog_is_a_format),
        WITH_FIXTURE(ftplog_has_a_line_for_each_kind),
        WITH_FIXTURE(unwanted_sessions_are_not_logged),
        WITH_FIXTURE(events_are_escaped_and_cut),
        WITH_FIXTURE(levels_are_limited_and_raised),
        WITH_FIXTURE(wire_formats),
        WITH_FIXTURE(a_sample_lets_some_lines_through),
        WITH_FIXTURE(what_went_wrong_is_an_error_where_asked),
        WITH_FIXTURE(abstract_sockets),
        WITH_FIXTURE(tag_and_hostname),
        WITH_FIXTURE(the_process_has_its_own_targets),
        WITH_FIXTURE(udp_target),
        WITH_FIXTURE(descriptor_target_writes_lines),
        WITH_FIXTURE(a_full_pipe_loses_lines_instead_of_blocking),
        WITH_FIXTURE(a_full_disk_is_called_so),
        WITH_FIXTURE(a_slow_daemon_loses_lines_instead_of_blocking),
        WITH_FIXTURE(what_was_lost_is_told_at_the_end),
        WITH_FIXTURE(a_dead_daemon_is_told_once_and_found_again),
        WITH_FIXTURE(a_missing_socket_in_the_background_is_told_at_the_first_line),
        WITH_FIXTURE(a_missing_socket_in_the_foreground_becomes_stderr),
        WITH_FIXTURE(no_stand_in_beside_a_descriptor),
        WITH_FIXTURE(servers_going_down_and_up),
        WITH_FIXTURE(state_is_on_stderr_once_in_the_foreground),
        WITH_FIXTURE(announcements_are_printed_harmless),
        WITH_FIXTURE(a_backend_logs_events_only),
        WITH_FIXTURE(strangers_cannot_fill_the_disk),
        WITH_FIXTURE(without_a_logger_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
