/*
 * unix.c: sockets with names instead of addresses.
 */
#include "haftp/net/unix.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static enum hf_status new_socket(int *fd_out)
{
    *fd_out = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return *fd_out < 0 ? hf_status_from_errno(errno) : HF_OK;
}

static enum hf_status fill(struct sockaddr_un *name, const char *path, bool abstract)
{
    size_t n = strlen(path);

    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (n == 0 || n >= sizeof name->sun_path)
        return HF_INVALID;
    memcpy(name->sun_path + abstract, path, n);
    return HF_OK;
}

static enum hf_status set_rights(const char *path, const struct hf_unix_opts *opts)
{
    if (opts->mode != -1 && chmod(path, (mode_t)opts->mode) != 0)
        return hf_status_from_errno(errno);
    if ((opts->uid != -1 || opts->gid != -1) &&
        chown(path, (uid_t)opts->uid, (gid_t)opts->gid) != 0)
        return hf_status_from_errno(errno);
    return HF_OK;
}

static enum hf_status bind_and_listen(int fd, const struct sockaddr_un *name, int backlog)
{
    if (bind(fd, (const struct sockaddr *)name, sizeof *name) != 0 ||
        listen(fd, backlog > 0 ? backlog : SOMAXCONN) != 0)
        return hf_status_from_errno(errno);
    return HF_OK;
}

/* Something is there that is no socket; rename() would put ours in its place. */
static bool is_taken(const char *path)
{
    struct stat there;
    return lstat(path, &there) == 0 && !S_ISSOCK(there.st_mode);
}

/* Made under another name, which the old one gives way to when all is done. */
static enum hf_status listen_at_path(int fd, const char *path, const struct hf_unix_opts *opts)
{
    char unfinished[sizeof((struct sockaddr_un *)0)->sun_path + 16];
    struct sockaddr_un name;

    if (is_taken(path))
        return HF_INUSE;
    snprintf(unfinished, sizeof unfinished, "%s.%d", path, (int)getpid());
    enum hf_status status = fill(&name, unfinished, false);
    if (status)
        return status;
    unlink(unfinished);
    status = bind_and_listen(fd, &name, opts->backlog);
    if (!status)
        status = set_rights(unfinished, opts);
    if (!status && rename(unfinished, path) != 0)
        status = hf_status_from_errno(errno);
    if (status)
        unlink(unfinished);
    return status;
}

enum hf_status hf_unix_listen(const char *path, const struct hf_unix_opts *opts, int *fd_out)
{
    struct sockaddr_un name;
    int fd;

    enum hf_status status = fill(&name, path, opts->abstract);
    if (!status)
        status = new_socket(&fd);
    if (status)
        return status;
    status =
        opts->abstract ? bind_and_listen(fd, &name, opts->backlog) : listen_at_path(fd, path, opts);
    if (status) {
        close(fd);
        return status;
    }
    *fd_out = fd;
    return HF_OK;
}

enum hf_status hf_unix_connect(const char *path, bool abstract, int *fd_out)
{
    struct sockaddr_un name;
    int fd;

    enum hf_status status = fill(&name, path, abstract);
    if (!status)
        status = new_socket(&fd);
    if (status)
        return status;
    if (connect(fd, (struct sockaddr *)&name, sizeof name) != 0) {
        status = hf_status_from_errno(errno);
        close(fd);
        return status;
    }
    *fd_out = fd;
    return HF_OK;
}
