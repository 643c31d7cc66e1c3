/*
 * line.c: messages with descriptors between processes (SCM_RIGHTS, unix(7)).
 *
 * It does not know what the messages mean, and keeps nothing between calls.
 */
#include "haftp/net/line.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union rights { /* aligned for a header */
    struct cmsghdr header;
    char bytes[CMSG_SPACE(HF_LINE_FDS * sizeof(int))];
};

enum hf_status hf_line_open(int ends[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
        return hf_status_from_errno(errno);
    return HF_OK;
}

enum hf_status hf_line_send_mt(int line, const char *text, size_t n, const int *fds, unsigned n_fds)
{
    union rights rights = {.bytes = {0}};
    struct iovec part = {(void *)text, n};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (n == 0 || n > HF_LINE_BYTES || n_fds > HF_LINE_FDS)
        return HF_LIMIT;
    if (n_fds) {
        message.msg_control = rights.bytes;
        message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(header), fds, n_fds * sizeof(int));
    }
    ssize_t sent;
    do {
        sent = sendmsg(line, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return HF_OK;
    /* ETOOMANYREFS: as many descriptors as the user may have are on their way already. */
    if (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS)
        return HF_AGAIN;
    return errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN ? HF_RESET
                                                                      : hf_status_from_errno(errno);
}

static void take_rights(struct msghdr *from, struct hf_line_message *message)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(from); header; header = CMSG_NXTHDR(from, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t bytes = header->cmsg_len - CMSG_LEN(0);
        memcpy(message->fds, CMSG_DATA(header), bytes); /* no more than `rights` has room for */
        message->n_fds = (unsigned)(bytes / sizeof(int));
    }
}

enum hf_status hf_line_receive(int line, struct hf_line_message *message)
{
    union rights rights;
    struct iovec part = {message->text, HF_LINE_BYTES};
    struct msghdr from = {.msg_iov = &part,
                          .msg_iovlen = 1,
                          .msg_control = rights.bytes,
                          .msg_controllen = sizeof rights.bytes};
    ssize_t n;

    message->n_fds = 0;
    message->n = 0;
    do {
        n = recvmsg(line, &from, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == ECONNRESET ? HF_EOF : hf_status_from_errno(errno);
    if (n == 0)
        return HF_EOF;
    take_rights(&from, message);
    message->n = (size_t)n;
    message->text[n] = '\0';
    return HF_OK;
}

enum hf_status hf_line_await(int line, int timeout_ms)
{
    struct pollfd wait = {.fd = line, .events = POLLIN};
    int n;

    do {
        n = poll(&wait, 1, timeout_ms);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return hf_status_from_errno(errno);
    return n ? HF_OK : HF_TIMEOUT;
}

void hf_line_drop_fds(struct hf_line_message *message, unsigned first)
{
    for (unsigned i = first; i < message->n_fds; i++)
        close(message->fds[i]);
    message->n_fds = first < message->n_fds ? first : message->n_fds;
}

void hf_line_refuse(int line)
{
    shutdown(line, SHUT_RD);
}
