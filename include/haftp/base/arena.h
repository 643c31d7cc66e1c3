/*
 * arena.h: memory that lives and dies together.
 *
 * A configuration is one arena: nothing in it is freed on its own.  Allocation never fails (the
 * process ends: arenas are only used while starting or loading a file).  One thread at a time.
 */
#ifndef HAFTP_BASE_ARENA_H
#define HAFTP_BASE_ARENA_H

#include <stddef.h>

#include "haftp/base/str.h"

struct hf_arena;

struct hf_arena *hf_arena_new(void);
void hf_arena_free(struct hf_arena *arena); /* NULL is fine */

/* Above so many bytes the process ends with a message; 0: no limit. */
void hf_arena_limit(struct hf_arena *arena, size_t bytes);
void *hf_arena_alloc(struct hf_arena *arena, size_t bytes); /* zeroed, aligned for any type */
char *hf_arena_strndup(struct hf_arena *arena, const char *text, size_t n);
char *hf_arena_strdup(struct hf_arena *arena, const char *text);
__attribute__((format(printf, 2, 3))) char *hf_arena_printf(struct hf_arena *arena,
                                                            const char *format, ...);

#define HF_NEW(arena, type) ((type *)hf_arena_alloc((arena), sizeof(type)))

#endif
