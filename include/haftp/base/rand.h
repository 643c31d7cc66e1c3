/*
 * rand.h: unpredictable numbers (from the kernel, buffered per thread).  Any thread.
 */
#ifndef HAFTP_BASE_RAND_H
#define HAFTP_BASE_RAND_H

#include <stdint.h>

uint32_t hf_rand32(void);
/* Uniform in [0, n); n > 0. */
uint32_t hf_rand_below(uint32_t n);

#endif
