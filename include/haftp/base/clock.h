/*
 * clock.h: the time of day, for logs.  Any thread.
 *
 * Timers and durations follow the loop's clock instead (hf_loop_now), which nobody can set back.
 */
#ifndef HAFTP_BASE_CLOCK_H
#define HAFTP_BASE_CLOCK_H

#include <stdint.h>

int64_t hf_clock_wall_us(void); /* microseconds since the epoch */

#endif
