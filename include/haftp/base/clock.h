/*
 * clock.h: the time of day, for logs; and a clock that nobody can set back.  Any thread.
 *
 * Where there is a loop, timers and durations follow its clock instead (hf_loop_now).
 */
#ifndef HAFTP_BASE_CLOCK_H
#define HAFTP_BASE_CLOCK_H

#include <stdint.h>

int64_t hf_clock_wall_us(void);    /* microseconds since the epoch */
uint64_t hf_clock_steady_ms(void); /* as hf_loop_now(), and now */

#endif
