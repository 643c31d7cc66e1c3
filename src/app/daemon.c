/*
 * daemon.c: into the background, into the chroot, out of root.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "app_int.h"

bool app_daemonize(void)
{
    pid_t pid = fork();
    if (pid < 0) {
        hf_diag_line(stderr, HF_DIAG_ERROR, "Cannot fork into the background: %s.",
                     strerror(errno));
        _exit(1);
    }
    if (pid > 0)
        _exit(0); /* the sockets are open: whoever waits for us may go on */
    setsid();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        for (int fd = 0; fd <= 2; fd++)
            dup2(null, fd);
        close(null);
    }
    return true;
}

bool app_write_pidfile(const char *path)
{
    if (!path)
        return true;
    FILE *file = fopen(path, "we");
    if (file && fprintf(file, "%ld\n", (long)getpid()) > 0 && fclose(file) == 0)
        return true;
    hf_diag_line(stderr, HF_DIAG_ERROR, "Cannot write the pid file %s: %s.", path, strerror(errno));
    return false;
}

void app_remove_pidfile(const char *path)
{
    if (path)
        unlink(path); /* gone already, or out of reach in the chroot: nothing to do about it */
}

static bool failed(const char *what)
{
    hf_diag_line(stderr, HF_DIAG_ERROR, "Cannot %s: %s; start haftp as root, or take the line out.",
                 what, strerror(errno));
    return false;
}

bool app_drop_privileges(const struct hf_cfg_global *global)
{
    if (global->chroot && (chroot(global->chroot) != 0 || chdir("/") != 0))
        return failed("chroot");
    if ((global->set_gid || global->set_uid) && getuid() == 0 && setgroups(0, NULL) != 0)
        return failed("drop the supplementary groups");
    if (global->set_gid && setgid(global->gid) != 0)
        return failed("change the group");
    if (global->set_uid && setuid(global->uid) != 0)
        return failed("change the user");
    /* Changing the user makes a process undumpable, and /proc/self its own secret: an
     * administrator's core files and descriptor counts are worth more than hiding from root's own
     * user. */
    prctl(PR_SET_DUMPABLE, 1);
    return true;
}
