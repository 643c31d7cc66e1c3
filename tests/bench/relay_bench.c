/*
 * relay_bench.c: what it costs to move bytes through hf_relay, by copying and by splicing.
 *
 *   relay_bench [GIB [CONNECTIONS]]
 *
 * Sources send pages of a memory file with sendfile(), sinks discard with MSG_TRUNC, so the relay's
 * own cost shows.  Its processor time is that of its thread; on loopback that includes the
 * receiving side of what it sends.  The kernel's congestion control is set to reno: pacing of
 * others would hide the relay.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>

#include "haftp/base/assert.h"
#include "haftp/net/relay.h"
#include "pair.h"

#define FILE_BYTES       (1u << 20)
#define SINK_BYTES       (4u << 20)
#define MOST_CONNECTIONS 64

struct lane {
    struct hf_relay relay;
    pthread_t source, sink;
    int source_fd, sink_fd;
    uint64_t bytes;
};

static struct hf_loop *loop;
static struct lane lane[MOST_CONNECTIONS];
static unsigned lanes, lanes_left;
static int file_fd;

static void *run_source(void *arg)
{
    struct lane *l = arg;
    for (uint64_t left = l->bytes; left > 0;) {
        off_t at = 0;
        ssize_t n = sendfile(l->source_fd, file_fd, &at, left < FILE_BYTES ? left : FILE_BYTES);
        if (n <= 0)
            die("sendfile");
        left -= (uint64_t)n;
    }
    close(l->source_fd);
    return NULL;
}

static void *run_sink(void *arg)
{
    struct lane *l = arg;
    static char untouched[SINK_BYTES]; /* MSG_TRUNC discards */
    uint64_t got = 0;
    ssize_t n;
    while ((n = recv(l->sink_fd, untouched, sizeof untouched, MSG_TRUNC)) > 0)
        got += (uint64_t)n;
    if (n < 0 || got != l->bytes)
        die("a sink did not get everything");
    close(l->sink_fd);
    return NULL;
}

static void on_relay(struct hf_relay *relay, enum hf_relay_event event, int end,
                     enum hf_status status)
{
    if (event == HF_RELAY_BROKEN) {
        fprintf(stderr, "end %d broke: %s\n", end, hf_status_text(status));
        exit(1);
    }
    if (event != HF_RELAY_EOF)
        return;
    hf_relay_close(relay, 0);
    if (--lanes_left == 0)
        hf_loop_stop(loop);
}

static void open_lane(struct lane *l, uint64_t bytes, bool splice)
{
    int front[2], back[2];
    connect_pair(front);
    connect_pair(back);
    l->bytes = bytes;
    l->source_fd = front[1];
    l->sink_fd = back[1];
    hf_relay_init(&l->relay, splice, on_relay);
    if (hf_relay_attach(&l->relay, HF_FRONT, loop, front[0]) != HF_OK ||
        hf_relay_attach(&l->relay, HF_BACK, loop, back[0]) != HF_OK)
        die("attach");
    hf_relay_start(&l->relay);
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void measure(const char *name, double gib, bool splice)
{
    struct rusage before, after;
    struct timespec start, end;
    loop = hf_loop_new();
    if (!loop)
        die("loop");
    lanes_left = lanes;
    for (unsigned i = 0; i < lanes; i++)
        open_lane(&lane[i], (uint64_t)(gib / lanes * (1u << 30)), splice);

    getrusage(RUSAGE_THREAD, &before);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (unsigned i = 0; i < lanes; i++)
        if (pthread_create(&lane[i].sink, NULL, run_sink, &lane[i]) != 0 ||
            pthread_create(&lane[i].source, NULL, run_source, &lane[i]) != 0)
            die("thread");
    hf_loop_run(loop);
    for (unsigned i = 0; i < lanes; i++) {
        pthread_join(lane[i].source, NULL);
        pthread_join(lane[i].sink, NULL);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    getrusage(RUSAGE_THREAD, &after);
    hf_loop_free(loop);

    double wall = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    double user = seconds(after.ru_utime) - seconds(before.ru_utime);
    double sys = seconds(after.ru_stime) - seconds(before.ru_stime);
    printf("%-7s %6.2f GiB/s  %.4f CPU s/GiB (user %.4f, system %.4f)\n", name, gib / wall,
           (user + sys) / gib, user / gib, sys / gib);
}

int main(int argc, char **argv)
{
    double gib = argc > 1 ? atof(argv[1]) : 4;
    lanes = argc > 2 ? (unsigned)atoi(argv[2]) : 4;
    if (gib <= 0 || lanes == 0 || lanes > MOST_CONNECTIONS) {
        fprintf(stderr, "usage: relay_bench [GIB [CONNECTIONS (1-%d)]]\n", MOST_CONNECTIONS);
        return 2;
    }
    file_fd = memfd_create("relay_bench", MFD_CLOEXEC);
    if (file_fd < 0 || ftruncate(file_fd, FILE_BYTES) != 0)
        die("memfd");
    printf("%g GiB over %u connections\n", gib, lanes);
    measure("copy", gib, false);
    measure("splice", gib, true);
    return 0;
}
