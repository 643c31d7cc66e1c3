/*
 * value.h: numbers, times and sizes as the configuration writes them.
 */
#ifndef HAFTP_CONF_VALUE_H
#define HAFTP_CONF_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "haftp/base/status.h"

/* Digits only.  Larger than int64_t: INT64_MAX, which every limit refuses. */
HF_MUST_USE enum hf_status hf_value_number(const char *text, int64_t *out);

/* As C's atoi(): a sign, digits; 0 without any.  *rest points at what follows them, at `text` when
 * there are none.  What is more than an int can hold becomes the largest one. */
int64_t hf_value_loose_number(const char *text, const char **rest);

/* Digits and us, ms, s, m, h or d, in milliseconds, rounded up; `unit_us` is the unit of bare
 * digits.  *rest points at what follows the unit ("ec" of "5sec").  HF_LIMIT when it is more than
 * the largest time; HF_INVALID when it is no time. */
HF_MUST_USE enum hf_status hf_value_time(const char *text, unsigned unit_us, int64_t *ms,
                                         const char **rest);

/* Digits and k, m or g of either case. */
HF_MUST_USE enum hf_status hf_value_size(const char *text, int64_t *out);

/* "low-high" or "port"; HF_INVALID if it is neither, HF_LIMIT if a number is not 1..65535 or low is
 * above high. */
HF_MUST_USE enum hf_status hf_value_port_range(const char *text, uint16_t *lo, uint16_t *hi);

/* The shortest text that hf_value_time() reads back to the same. */
void hf_value_print_time(FILE *out, uint64_t ms);
/* A word as the scanner must read it: quoted only where needed. */
void hf_value_print_word(FILE *out, const char *text);

#endif
