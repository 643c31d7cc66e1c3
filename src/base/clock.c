/*
 * clock.c: the system's clock in microseconds.
 */
#include "haftp/base/clock.h"

#include <stddef.h>
#include <sys/time.h>

int64_t hf_clock_wall_us(void)
{
    struct timeval now;
    gettimeofday(&now, NULL);
    return (int64_t)now.tv_sec * 1000000 + now.tv_usec;
}
