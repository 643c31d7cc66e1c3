/*
 * hex.h: bytes as text, two digits each.  Any thread.
 */
#ifndef HAFTP_BASE_HEX_H
#define HAFTP_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>

#include "haftp/base/str.h"

/* Into 2 * n + 1 bytes; returns out. */
char *hf_hex_text(const void *bytes, size_t n, char *out);
/* The next 2 * n digits of the text are these bytes; false when they are not, or no digits. */
bool hf_hex_bytes(const char *text, void *bytes, size_t n);
/* All of them, digits.n / 2 bytes, to `out`, which may be where the digits are.  False: there are
 * others among them, or their number is odd. */
bool hf_hex_decode(struct hf_view digits, char *out);
/* Capital digits of as many bytes as fit, and no NUL; returns how many. */
size_t hf_hex_encode(struct hf_view bytes, char *out, size_t size);

#endif
