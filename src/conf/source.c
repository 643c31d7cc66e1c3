/*
 * source.c: files and directories into memory.
 */
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utlist.h>

#define LARGEST_FILE                                                                               \
    ((size_t)64 * 1024 * 1024) /* a device or a wrong path, not a configuration                    \
                                */

static enum hf_status cannot_open(struct hf_diag *diag, const char *path, int error)
{
    hf_diag_add(diag, HF_DIAG_ERROR, (struct hf_loc){0}, NULL,
                "Cannot open configuration file/directory %s : %s", path, strerror(error));
    return hf_status_from_errno(error);
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
    LL_APPEND(*sources, source);
}

/* The whole text; it is kept so that messages can show the line even when the file has changed. */
static enum hf_status read_all(struct hf_arena *arena, int fd, char **text, size_t *size,
                               int *error)
{
    size_t room = 0, used = 0;
    char *buffer = NULL;
    ssize_t n;

    do {
        if (used == room) {
            room = room ? room * 2 : 16384;
            char *larger = used < LARGEST_FILE ? realloc(buffer, room) : NULL;
            if (!larger) {
                free(buffer);
                *error = EFBIG;
                return HF_LIMIT;
            }
            buffer = larger;
        }
        n = read(fd, buffer + used, room - used);
        if (n > 0)
            used += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    *error = errno;
    *text = hf_arena_strndup(arena, buffer, used);
    *size = used;
    free(buffer);
    return n < 0 ? HF_FAILED : HF_OK;
}

static enum hf_status read_file(struct hf_arena *arena, const char *path,
                                struct hf_source **sources, struct hf_diag *diag)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), error;
    char *text;
    size_t size;

    if (fd < 0)
        return cannot_open(diag, path, errno);
    enum hf_status status = read_all(arena, fd, &text, &size, &error);
    close(fd);
    if (status != HF_OK)
        return cannot_open(diag, path, error);
    append(arena, path, text, size, sources);
    return HF_OK;
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
