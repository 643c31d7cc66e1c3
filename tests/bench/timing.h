/*
 * timing.h: nanoseconds of one operation, the best of several rounds: what disturbs only adds.
 */
#ifndef HAFTP_BENCH_TIMING_H
#define HAFTP_BENCH_TIMING_H

#include <stdint.h>
#include <time.h>

#define ROUNDS 7u

/* What a benchmark returns is used, so that the compiler cannot leave its work out. */
typedef uint64_t (*bench_fn)(unsigned operations);

static inline uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline double best_ns(unsigned operations, bench_fn fn)
{
    static volatile uint64_t sink;
    uint64_t best = UINT64_MAX;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t began = now_ns();
        sink += fn(operations);
        uint64_t took = now_ns() - began;
        best = took < best ? took : best;
    }
    return (double)best / operations;
}

#endif
