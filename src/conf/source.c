/*
 * source.c: files and directories into memory.
 */
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utlist.h>

/* All files together.  More is a device or a wrong path, not a configuration. */
#define MOST_BYTES    ((size_t)64 << 20)
#define PIPE_PATIENCE 10000 /* ms without a byte from a pipe */

static const char *advice_of(int error)
{
    if (error == EFBIG)
        return "all files together may have 64 MB";
    if (error == ETIMEDOUT)
        return "it is a pipe, and nothing came through it for 10 seconds";
    return NULL;
}

static enum hf_status cannot_open(struct hf_diag *diag, const char *path, int error)
{
    hf_diag_add(diag, HF_DIAG_ERROR, (struct hf_loc){0}, advice_of(error),
                "Cannot open configuration file/directory %s : %s", path, strerror(error));
    return hf_status_from_errno(error);
}

static const char *next_line(const char *p, const char *end)
{
    p = memchr(p, '\n', (size_t)(end - p));
    return p ? p + 1 : NULL;
}

static void mark_lines(struct hf_arena *arena, struct hf_source *source)
{
    const char *end = source->text + source->size, *p;
    unsigned lines = 0;

    for (p = source->text; p; p = next_line(p, end))
        lines++;
    uint32_t *marks = hf_arena_alloc(arena, (lines / HF_SOURCE_MARK + 1) * sizeof *marks);
    lines = 0;
    for (p = source->text; p; p = next_line(p, end)) {
        if (lines++ % HF_SOURCE_MARK == 0)
            marks[source->n_marks++] = (uint32_t)(p - source->text);
    }
    source->marks = marks;
}

static void append(struct hf_arena *arena, const char *path, const char *text, size_t size,
                   struct hf_source **sources)
{
    struct hf_source *source = HF_NEW(arena, struct hf_source);
    const struct hf_source *other;

    LL_COUNT(*sources, other, source->index);
    source->name = hf_arena_strdup(arena, path);
    source->text = text;
    source->size = size;
    mark_lines(arena, source);
    LL_APPEND(*sources, source);
}

static size_t room_left(const struct hf_source *sources)
{
    size_t taken = 0;

    for (; sources; sources = sources->next)
        taken += sources->size;
    return MOST_BYTES - taken;
}

/* Something to read, or the end. */
static bool wait_readable(int fd, int patience)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    int n;

    do
        n = poll(&wanted, 1, patience);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        errno = ETIMEDOUT;
    return n > 0;
}

struct text {
    char *bytes; /* malloc()ed */
    size_t size, room;
};

static bool read_some(int fd, const int *patience, struct text *text, bool *ended)
{
    ssize_t n = -1;

    if (!patience || wait_readable(fd, *patience))
        n = read(fd, text->bytes + text->size, text->room - text->size);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    text->size += (size_t)n;
    *ended = n == 0;
    return true;
}

/* False: errno says why. */
static bool read_all(int fd, size_t most, struct text *text)
{
    struct stat info;
    bool ended = false;

    if (fstat(fd, &info) != 0)
        return false;
    /* A pipe that nobody writes to must not hold us for ever; a person at a terminal may think. */
    int patience = S_ISCHR(info.st_mode) ? -1 : PIPE_PATIENCE;
    bool may_wait = !S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode);
    while (!ended) {
        if (text->size == text->room) {
            errno = EFBIG;
            size_t room = text->room ? text->room * 2 : 16384;
            char *larger = text->size > most ? NULL : realloc(text->bytes, room);
            if (!larger)
                return false;
            text->bytes = larger;
            text->room = room;
        }
        if (!read_some(fd, may_wait ? &patience : NULL, text, &ended))
            return false;
    }
    errno = EFBIG;
    return text->size <= most;
}

/* The whole text is kept, so that messages can show the line even when the file has changed. */
static enum hf_status read_file(struct hf_arena *arena, const char *path,
                                struct hf_source **sources, struct hf_diag *diag)
{
    /* Without O_NONBLOCK a named pipe would not even open before somebody writes to it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct text text = {0};
    enum hf_status status = HF_OK;

    if (fd < 0)
        return cannot_open(diag, path, errno);
    if (read_all(fd, room_left(*sources), &text))
        append(arena, path, hf_arena_strndup(arena, text.bytes, text.size), text.size, sources);
    else
        status = cannot_open(diag, path, errno);
    free(text.bytes);
    close(fd);
    return status;
}

static int is_configuration(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return entry->d_name[0] != '.' && n > 4 && strcmp(entry->d_name + n - 4, ".cfg") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum hf_status read_directory(struct hf_arena *arena, const char *path,
                                     struct hf_source **sources, struct hf_diag *diag)
{
    struct dirent **entries;
    enum hf_status status = HF_OK;
    bool slash = path[0] && path[strlen(path) - 1] == '/';
    int n = scandir(path, &entries, is_configuration, by_bytes);

    if (n < 0)
        return cannot_open(diag, path, errno);
    if (n == 0)
        hf_diag_add(diag, HF_DIAG_NOTICE, (struct hf_loc){0},
                    "only visible files named *.cfg are read",
                    "directory %s holds no configuration file", path);
    for (int i = 0; i < n; i++) {
        const char *file =
            hf_arena_printf(arena, "%s%s%s", path, slash ? "" : "/", entries[i]->d_name);
        enum hf_status one = read_file(arena, file, sources, diag);
        if (one != HF_OK)
            status = one;
        free(entries[i]);
    }
    free(entries);
    return status;
}

enum hf_status hf_source_read(struct hf_arena *arena, const char *path, struct hf_source **sources,
                              struct hf_diag *diag)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return cannot_open(diag, path, errno);
    return S_ISDIR(info.st_mode) ? read_directory(arena, path, sources, diag)
                                 : read_file(arena, path, sources, diag);
}
