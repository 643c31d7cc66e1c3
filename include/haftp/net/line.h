/*
 * line.h: a line between two processes of ours: short texts, each with open descriptors or none.
 *
 * A pair of SOCK_SEQPACKET sockets: a message comes whole or not at all, in order, and whoever has
 * the other end learns that this one is gone.  Both ends are non-blocking and close-on-exec.
 * Several processes may hold copies of one end; a message goes to whoever reads it first.
 */
#ifndef HAFTP_NET_LINE_H
#define HAFTP_NET_LINE_H

#include <stddef.h>

#include "haftp/base/status.h"

#define HF_LINE_BYTES 8192u /* of one message at most */
#define HF_LINE_FDS   64u   /* that go with it at most */

struct hf_line_message {
    char text[HF_LINE_BYTES + 1]; /* ends with a NUL */
    size_t n;
    int fds[HF_LINE_FDS]; /* the receiver's, close-on-exec */
    unsigned n_fds;
};

HF_MUST_USE enum hf_status hf_line_open(int ends[2]);
/* Sends copies of the descriptors; they are still the caller's.  HF_AGAIN: the other side has not
 * read what it has; HF_RESET: it is gone, or takes nothing more; HF_LIMIT: too long.  Any thread.
 */
HF_MUST_USE enum hf_status hf_line_send_mt(int line, const char *text, size_t n, const int *fds,
                                           unsigned n_fds);
/* HF_AGAIN: none waits; HF_EOF: the other end is gone. */
HF_MUST_USE enum hf_status hf_line_receive(int line, struct hf_line_message *message);
/* Waits so long for something to receive, or for the end of the line.  HF_TIMEOUT. */
HF_MUST_USE enum hf_status hf_line_await(int line, int timeout_ms);
/* Closes the descriptors of a message that from `first` on nobody has taken. */
void hf_line_drop_fds(struct hf_line_message *message, unsigned first);
/* From now on nobody can send to this end; what was sent before can still be received. */
void hf_line_refuse(int line);

#endif
