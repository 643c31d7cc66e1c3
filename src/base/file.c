/*
 * file.c: reads small files, and no others.
 *
 * What is asked of the path counts for the descriptor as well: whoever swaps a file for a pipe in
 * between is refused, too, and opening one does not wait.
 */
#include "haftp/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char *reason_of(int error)
{
    if (error == EACCES && geteuid() == 0)
        return "Permission denied: root reads what others own only with CAP_DAC_READ_SEARCH; "
               "let its group read it, or make it root's";
    return strerror(error);
}

/* It is how people write that there is nothing. */
static bool is_dev_null(const struct stat *info)
{
    return S_ISCHR(info->st_mode) && info->st_rdev == makedev(1, 3);
}

/* NULL: it may be read. */
static const char *fault_of(const struct stat *info)
{
    if (is_dev_null(info))
        return NULL;
    errno = EINVAL;
    if (S_ISDIR(info->st_mode))
        return strerror(EISDIR);
    if (!S_ISREG(info->st_mode))
        return "it is a pipe, a socket or a device, which may never end; name a regular file";
    if (info->st_size > (off_t)HF_FILE_MOST)
        return "it is larger than 64 MB, which nothing is that belongs here";
    return NULL;
}

/* Until its end, which may be elsewhere by now; -1: errno says why. */
static ssize_t read_all(int fd, char *text, size_t room)
{
    size_t n = 0;

    while (n < room) {
        ssize_t got = read(fd, text + n, room - n);
        if (got < 0 && errno != EINTR)
            return -1;
        if (got == 0)
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)n;
}

static char *read_open(int fd, size_t *n, const char **why)
{
    struct stat info;

    *why = fstat(fd, &info) == 0 ? fault_of(&info) : strerror(errno);
    if (*why)
        return NULL;
    char *text = malloc((size_t)info.st_size + 1);
    ssize_t got = text ? read_all(fd, text, (size_t)info.st_size) : -1;
    if (got < 0) {
        *why = strerror(errno);
        free(text);
        return NULL;
    }
    text[got] = '\0';
    if (n)
        *n = (size_t)got;
    return text;
}

char *hf_file_read(const char *path, size_t *n, const char **why)
{
    struct stat info;

    *why = stat(path, &info) == 0 ? fault_of(&info) : reason_of(errno);
    if (*why)
        return NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        *why = reason_of(errno);
        return NULL;
    }
    char *text = read_open(fd, n, why);
    int error = errno;
    close(fd);
    errno = error;
    return text;
}

void hf_file_forget(char *text, size_t n)
{
    if (text)
        explicit_bzero(text, n);
    free(text);
}
