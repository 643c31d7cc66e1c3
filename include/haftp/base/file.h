/*
 * file.h: a file that a configuration names, read as a whole.
 *
 * Reading may block on the disk: at start, or on main's thread.
 */
#ifndef HAFTP_BASE_FILE_H
#define HAFTP_BASE_FILE_H

#include <stddef.h>

#define HF_FILE_MOST (64u << 20) /* bytes; what is larger is not read */

/* The bytes of a regular file and a NUL behind them, for hf_file_forget() or free(); *n (may be
 * NULL) is how many.  NULL: *why says why, without a name and a dot ("Permission denied"), a text
 * that lasts at least until the next call, and errno is ENOENT where there is no such file.  Never
 * waits: pipes, sockets and devices, which may have no end, are refused without being opened, but
 * for /dev/null, which is an empty file. */
char *hf_file_read(const char *path, size_t *n, const char **why);
/* Frees it and leaves no copy of a key behind; NULL is fine. */
void hf_file_forget(char *text, size_t n);

#endif
