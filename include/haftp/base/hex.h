/*
 * hex.h: bytes as text, two digits each, for messages between processes.  Any thread.
 */
#ifndef HAFTP_BASE_HEX_H
#define HAFTP_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* Into 2 * n + 1 bytes; returns out. */
char *hf_hex_text(const void *bytes, size_t n, char *out);
/* The next 2 * n digits of the text are these bytes; false when they are not, or no digits. */
bool hf_hex_bytes(const char *text, void *bytes, size_t n);

#endif
