/*
 * escape_int.h: makes bytes from the network harmless in a log.
 */
#ifndef HAFTP_LOG_ESCAPE_INT_H
#define HAFTP_LOG_ESCAPE_INT_H

#include <stddef.h>

/* Copies, writing everything but printable ASCII as #XX, and `also` (may be NULL) with a backslash
 * before it.  Returns how many bytes were written; stops before what does not fit as a whole. */
size_t hf_log_escape(char *out, size_t room, const char *bytes, size_t n, const char *also);

#endif
