/*
 * info.c: the process as a whole, for `show info` and as metrics.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "haftp/base/clock.h"
#include "haftp/log/log.h"
#include "haftp/state/tls.h"

#include "stats.h"

#define U32     STAT_U32
#define U64     STAT_U64
#define GAUGE   STAT_KIND_GAUGE
#define COUNTER STAT_KIND_COUNTER

static unsigned load(const _Atomic unsigned *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static uint64_t load64(const _Atomic uint64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static const char *uptime(const struct hf_runtime *runtime, uint64_t now_ms, char out[128])
{
    unsigned seconds = (unsigned)((now_ms - runtime->started_ms) / 1000);

    snprintf(out, 128, "%ud %uh%02um%02us", seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60,
             seconds % 60);
    return out;
}

/* 0: there is none. */
static uint64_t limit_of(int what)
{
    struct rlimit limit;

    if (getrlimit((__rlimit_resource_t)what, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return 0;
    return limit.rlim_cur;
}

static uint64_t resident_bytes(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re"); /* behind a chroot it may not be there */

    if (!file)
        return 0;
    if (fscanf(file, "%*u %llu", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static const char *host_name(char out[128])
{
    if (gethostname(out, 128) != 0)
        out[0] = '\0';
    out[127] = '\0';
    return out;
}

static uint64_t reuse_percent(const struct hf_runtime *runtime)
{
    uint64_t full = 0, resumed = 0;

    for (const struct hf_tls_site *site = runtime->config->tls_sites; site; site = site->next) {
        if (!site->bind)
            continue;
        full += load64(&site->counts.full);
        resumed += load64(&site->counts.resumed);
    }
    return full + resumed ? resumed * 100 / (full + resumed) : 0;
}

static unsigned n_listeners(const struct hf_runtime *runtime)
{
    unsigned n = 0;

    if (atomic_load_explicit(&runtime->stopping, memory_order_relaxed))
        return 0;
    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        const struct hf_cfg_bind *bind = runtime->proxies[i]->cfg->binds;
        for (; bind && !runtime->proxies[i]->cfg->o.disabled; bind = bind->next)
            n++;
    }
    return n;
}

static uint64_t bytes_out(const struct hf_runtime *runtime)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < runtime->n_proxies; i++)
        sum += hf_counted(runtime, runtime->proxies[i]->front_at, HF_COUNT_BYTES_OUT);
    return sum;
}

unsigned stat_info(const struct hf_runtime *r, struct stat_info table[STAT_MOST_INFO],
                   char text[4][128])
{
    const struct hf_cfg_global *g = &r->config->global;
    uint64_t now = hf_clock_steady_ms();
    unsigned n = 0;

#define N(name, type, tags, metric, kind, value, help)                                             \
    table[n++] =                                                                                   \
        (struct stat_info){name, tags, metric, help, type, kind, {true, (int64_t)(value), NULL}};
#define T(name, tags, value, help)                                                                 \
    table[n++] = (struct stat_info){                                                               \
        name, tags, NULL, help, STAT_TEXT, STAT_KIND_GAUGE, {true, 0, (value)}};
#include "info.def"
    return n;
}
