/*
 * clock.c: the system's clock in microseconds.
 */
#include "haftp/base/clock.h"

#include <stddef.h>
#include <sys/time.h>
#include <time.h>

int64_t hf_clock_wall_us(void)
{
    struct timeval now;
    gettimeofday(&now, NULL);
    return (int64_t)now.tv_sec * 1000000 + now.tv_usec;
}

uint64_t hf_clock_steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
