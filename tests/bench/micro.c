/*
 * micro.c: what one operation of the busiest small parts costs.
 *
 * Prints nanoseconds per operation, the best of several rounds.  Not a test: nothing fails.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/base/wheel.h"
#include "haftp/conf/load.h"
#include "haftp/wire/ftp.h"
#include "timing.h"

#define LINE_MAX_BYTES 8192u

static void measure(const char *what, unsigned operations, bench_fn fn)
{
    printf("%-44s %10.1f ns\n", what, best_ns(operations, fn));
}

/* ---- wire ---------------------------------------------------------------------------------- */

static uint64_t cut_lines(unsigned operations)
{
    static const char stream[] =
        "150 Opening BINARY mode data connection for file (1024 bytes).\r\n"
        "226 Transfer complete.\r\n";
    uint64_t sum = 0;
    size_t at = 0;
    for (unsigned i = 0; i < operations; i++) {
        struct hf_view line;
        size_t used;
        if (hf_ftp_line_cut(stream + at, sizeof stream - 1 - at, LINE_MAX_BYTES, &line, &used) !=
            HF_FTP_LINE_OK)
            at = 0;
        at += used;
        sum += line.n;
    }
    return sum;
}

static uint64_t cut_endless_line(unsigned operations)
{
    static char flood[LINE_MAX_BYTES];
    uint64_t sum = 0;
    memset(flood, 'A', sizeof flood);
    for (unsigned i = 0; i < operations; i++) {
        struct hf_view line;
        size_t used;
        sum += hf_ftp_line_cut(flood, sizeof flood, LINE_MAX_BYTES, &line, &used);
    }
    return sum;
}

static uint64_t read_replies(unsigned operations)
{
    const struct hf_view lines[] = {hf_view_cstr("211-Features:"), hf_view_cstr(" EPSV"),
                                    hf_view_cstr("226 inside"), hf_view_cstr("211 End")};
    struct hf_ftp_reply reply = {0};
    uint64_t sum = 0;
    for (unsigned i = 0; i < operations; i++) {
        sum += hf_ftp_reply_next(&reply, lines[i % 4]);
        sum += reply.code;
    }
    return sum;
}

static uint64_t parse_commands(unsigned operations)
{
    const struct hf_view lines[] = {hf_view_cstr("USER anonymous"), hf_view_cstr("retr a/b/c.txt"),
                                    hf_view_cstr("SMNT x"), hf_view_cstr("XCRC unknown")};
    uint64_t sum = 0;
    for (unsigned i = 0; i < operations; i++) {
        struct hf_ftp_cmd cmd;
        sum += hf_ftp_cmd_parse(lines[i % 4], &cmd);
        sum += cmd.id;
    }
    return sum;
}

static uint64_t parse_227(unsigned operations)
{
    struct hf_view text = hf_view_cstr(" Entering Passive Mode (192,168,1,10,195,80).");
    uint64_t sum = 0;
    for (unsigned i = 0; i < operations; i++) {
        struct hf_addr addr;
        sum += hf_ftp_parse_pasv_reply(text, &addr) == HF_OK ? addr.v4.sin_port : 0;
    }
    return sum;
}

static uint64_t parse_229(unsigned operations)
{
    struct hf_view text = hf_view_cstr(" Entering Extended Passive Mode (|||50000|)");
    uint64_t sum = 0;
    for (unsigned i = 0; i < operations; i++) {
        struct hf_addr addr;
        sum += hf_ftp_parse_epsv_reply(text, &addr) == HF_OK ? addr.v4.sin_port : 0;
    }
    return sum;
}

static uint64_t format_227(unsigned operations)
{
    struct hf_addr addr = {.v4 = {.sin_family = AF_INET, .sin_port = htons(50000)}};
    char buf[HF_FTP_ADDR_LINE];
    uint64_t sum = 0;
    for (unsigned i = 0; i < operations; i++)
        sum += hf_ftp_format_227(&addr, buf);
    return sum;
}

/* ---- wheel --------------------------------------------------------------------------------- */

#define TIMERS 10000u

static uint64_t fired;

static void on_timer(struct hf_timer *timer)
{
    (void)timer;
    fired++;
}

/* A session's idle timer: set far away, moved often, seldom let go. */
static uint64_t move_timers(unsigned operations)
{
    static struct hf_timer timers[TIMERS];
    struct hf_wheel *wheel = hf_wheel_new(0);
    HF_ASSERT(wheel);
    for (unsigned i = 0; i < operations; i++)
        hf_wheel_set(wheel, &timers[i % TIMERS], 50000u + i % 7919u, on_timer);
    for (unsigned i = 0; i < TIMERS; i++)
        hf_wheel_cancel(wheel, &timers[i]);
    hf_wheel_free(wheel);
    return operations;
}

static uint64_t fire_timers(unsigned operations)
{
    static struct hf_timer timers[TIMERS];
    struct hf_wheel *wheel = hf_wheel_new(0);
    uint64_t now = 0;
    HF_ASSERT(wheel);
    for (unsigned done = 0; done < operations; done += TIMERS) {
        for (unsigned i = 0; i < TIMERS; i++)
            hf_wheel_set(wheel, &timers[i], now + 1 + i % 7919u, on_timer);
        for (unsigned step = 0; step < 100; step++)
            hf_wheel_advance(wheel, now += 80);
    }
    hf_wheel_free(wheel);
    return fired;
}

/* ---- configuration ------------------------------------------------------------------------- */

static char config_path[64];
static unsigned config_lines;

/* A file of `sections` FTP sections, somewhere that needs no cleaning up. */
static void write_config(unsigned sections)
{
    int fd = memfd_create("config", 0);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    HF_ASSERT(out);
    fprintf(out, "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 50s\n"
                 "  timeout server 50s\n");
    for (unsigned i = 0; i < sections; i++) {
        unsigned port = 20000 + i;
        fprintf(out, "listen ftp_%u\n  bind 127.0.0.1:%u\n  option ftp-inspect\n", i, port);
        fprintf(out, "  balance leastconn\n");
        for (unsigned s = 0; s < 6; s++)
            fprintf(out, "  server s%u 10.0.%u.%u:21 check inter 2s weight 10\n", s, i % 256, s);
    }
    HF_ASSERT(fflush(out) == 0); /* not closed: the path names the descriptor */
    config_lines = 5 + sections * 10;
    snprintf(config_path, sizeof config_path, "/proc/self/fd/%d", fd);
}

static uint64_t load_config(unsigned operations)
{
    const char *const paths[] = {config_path};
    uint64_t sum = 0;
    for (unsigned done = 0; done < operations; done += config_lines) {
        struct hf_diag *diag = hf_diag_new();
        struct hf_config *config = hf_config_load(paths, 1, diag);
        if (!config) {
            hf_diag_print(diag, stderr, HF_DIAG_ERROR);
            exit(1);
        }
        sum += config->n_proxies;
        hf_config_free(config);
        hf_diag_free(diag);
    }
    return sum;
}

int main(void)
{
    measure("line: cut", 1000000, cut_lines);
    measure("line: 8 KiB without an end", 100000, cut_endless_line);
    measure("reply: a line of a multi-line reply", 1000000, read_replies);
    measure("command: parse", 1000000, parse_commands);
    measure("address: read a 227", 1000000, parse_227);
    measure("address: read a 229", 1000000, parse_229);
    measure("address: write a 227", 1000000, format_227);
    measure("wheel: move one of 10,000 timers", 1000000, move_timers);
    measure("wheel: set and fire", 1000000, fire_timers);
    write_config(100);
    measure("configuration: a line of 1,005", config_lines * 10, load_config);
    return 0;
}
