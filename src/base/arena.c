/*
 * arena.c: chunks of zeroed memory, handed out by moving a mark.
 */
#include "haftp/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "haftp/base/assert.h"

#define CHUNK_BYTES ((size_t)16 * 1024)

struct chunk {
    struct chunk *next;
    size_t used, size;
    max_align_t mem[];
};

struct hf_arena {
    struct chunk *chunks; /* the newest first; only that one is filled */
    size_t bytes, most;   /* most 0: no limit */
};

/* Arenas are used while starting or loading a file: without memory for that there is no way on. */
static void *must_have(void *memory)
{
    if (memory)
        return memory;
    fputs("haftp: out of memory while reading the configuration\n", stderr);
    exit(1);
}

struct hf_arena *hf_arena_new(void)
{
    return must_have(calloc(1, sizeof(struct hf_arena)));
}

void hf_arena_free(struct hf_arena *arena)
{
    if (!arena)
        return;
    while (arena->chunks) {
        struct chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
    free(arena);
}

void hf_arena_limit(struct hf_arena *arena, size_t bytes)
{
    arena->most = bytes;
}

static _Noreturn void give_up(const struct hf_arena *arena)
{
    fprintf(stderr, "haftp: the configuration takes more than %zu MB of memory\n",
            arena->most >> 20);
    exit(1);
}

void *hf_arena_alloc(struct hf_arena *arena, size_t bytes)
{
    size_t need = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    HF_ASSERT(need >= bytes);
    if (arena->most && need > arena->most - arena->bytes)
        give_up(arena);
    struct chunk *chunk = arena->chunks;

    if (!chunk || chunk->size - chunk->used < need) {
        size_t size = need > CHUNK_BYTES ? need : CHUNK_BYTES;
        chunk = must_have(calloc(1, sizeof *chunk + size));
        chunk->size = size;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    void *memory = (char *)chunk->mem + chunk->used;
    chunk->used += need;
    arena->bytes += need;
    return memory;
}

char *hf_arena_strndup(struct hf_arena *arena, const char *text, size_t n)
{
    char *copy = hf_arena_alloc(arena, n + 1);
    if (n)
        memcpy(copy, text, n);
    return copy;
}

char *hf_arena_strdup(struct hf_arena *arena, const char *text)
{
    return hf_arena_strndup(arena, text, strlen(text));
}

char *hf_arena_printf(struct hf_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    HF_ASSERT(n >= 0);
    char *text = hf_arena_alloc(arena, (size_t)n + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}
