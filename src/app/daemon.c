/*
 * daemon.c: into the background; the pid file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app_int.h"
#include "haftp/app/args.h"

/* The child's end of the pipe on which the parent waits; -1: nobody waits. */
static int parent_fd = -1;

/* What takes the terminal's place; a chroot has none. */
static int null_fd = -1;

/* The first process: what is said about the start is known when the child has spoken or died. */
static _Noreturn void wait_for_child(int fd)
{
    char word;
    ssize_t n;
    do {
        n = read(fd, &word, 1);
    } while (n < 0 && errno == EINTR);
    _exit(n == 1 ? HF_EXIT_OK : HF_EXIT_ERROR);
}

void app_daemonize(void)
{
    int fd[2];
    pid_t pid = pipe2(fd, O_CLOEXEC) == 0 ? fork() : -1;
    if (pid < 0) {
        hf_diag_line(stderr, HF_DIAG_ERROR, "Cannot go into the background: %s.", strerror(errno));
        _exit(HF_EXIT_ERROR);
    }
    if (pid > 0) {
        close(fd[1]);
        wait_for_child(fd[0]);
    }
    close(fd[0]);
    parent_fd = fd[1];
    app_prepare_to_leave();
    setsid();
}

void app_prepare_to_leave(void)
{
    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
}

void app_leave_terminal(void)
{
    if (null_fd < 0)
        return;
    for (int fd = 0; fd <= 2; fd++)
        dup2(null_fd, fd);
    close(null_fd);
    null_fd = -1;
}

void app_daemon_ready(void)
{
    if (parent_fd < 0)
        return;
    app_leave_terminal();
    ssize_t n = write(parent_fd, "", 1);
    (void)n; /* a parent that was killed meanwhile needs no answer */
    close(parent_fd);
    parent_fd = -1;
}

bool app_write_pidfile(const struct hf_cfg_global *global)
{
    if (!global->pidfile)
        return true;
    /* A pipe that nobody reads is an error then, and nothing to wait for. */
    int fd = open(global->pidfile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644);
    bool written = fd >= 0 && dprintf(fd, "%ld\n", (long)getpid()) > 0;
    int error = errno;
    if (fd >= 0 && close(fd) != 0) {
        written = false;
        error = errno;
    }
    if (!written)
        app_refuse(global->pidfile_loc,
                   error == ENXIO
                       ? "it is a pipe that nobody reads, or a socket: name a file"
                       : "its folder must exist, and haftp must be allowed to write there",
                   "cannot write the pid file '%s': %s.", global->pidfile, strerror(error));
    return written;
}

/* A process that follows us (-sf) has written its own id there. */
static bool names_us(const char *path)
{
    char text[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return strtol(text, NULL, 10) == (long)getpid();
}

void app_remove_pidfile(const struct hf_cfg_global *global)
{
    struct stat st;

    /* Out of reach in a chroot: so be it.  What was there before us, as /dev/null, is not ours. */
    if (global->pidfile && stat(global->pidfile, &st) == 0 && S_ISREG(st.st_mode) &&
        names_us(global->pidfile))
        unlink(global->pidfile);
}
