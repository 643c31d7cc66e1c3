/*
 * unix.h: unix sockets: a path of the file system, or a name in Linux's abstract name space.
 *
 * All descriptors made here are non-blocking and close-on-exec.  Any thread.
 */
#ifndef HAFTP_NET_UNIX_H
#define HAFTP_NET_UNIX_H

#include <stdbool.h>
#include <sys/types.h>

#include "haftp/base/status.h"

struct hf_unix_opts {
    bool abstract; /* the path is an abstract name, padded with zeros as HAProxy does */
    int mode;      /* access rights of the file; -1: as the umask says */
    int uid, gid;  /* its owners; -1: ours */
    int backlog;   /* 0: SOMAXCONN */
};

/* Bound and listening.  A socket that has the path already loses it at once, and only when ours is
 * ready to be used.  HF_INUSE: what has it is no socket.  HF_INVALID: the path is empty or too
 * long. */
HF_MUST_USE enum hf_status hf_unix_listen(const char *path, const struct hf_unix_opts *opts,
                                          int *fd_out);
/* Connected when HF_OK; HF_AGAIN: its queue is full. */
HF_MUST_USE enum hf_status hf_unix_connect(const char *path, bool abstract, int *fd_out);

#endif
