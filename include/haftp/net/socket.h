/*
 * socket.h: the socket calls, with our statuses and our defaults.
 *
 * All descriptors made here are non-blocking and close-on-exec.  Any thread.
 */
#ifndef HAFTP_NET_SOCKET_H
#define HAFTP_NET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "haftp/base/addr.h"
#include "haftp/base/status.h"

/* Sizes in bytes; 0: as the kernel sizes them. */
struct hf_buffers {
    unsigned receive, send;
};

/* NULL or all zero: the system's defaults. */
struct hf_listen_opts {
    bool reuseport;  /* one of several sockets of ours on this address */
    bool only_bound; /* nobody is let in: whoever came would be reset when it is closed */
    bool v6only, v4v6, transparent;
    const char *interface;
    int backlog;               /* 0: SOMAXCONN */
    unsigned user_timeout_ms;  /* of accepted connections; 0: the system's */
    int mss;                   /* largest segment; 0 or less: the system's */
    bool fastopen;             /* take the data of a client's SYN */
    bool defer_accept;         /* accept when the first bytes are there */
    struct hf_buffers buffers; /* of accepted connections; best effort */
};

/* All zero: the system's defaults. */
struct hf_connect_opts {
    struct hf_addr from;   /* not set: any source; its port 0: any port */
    bool transparent;      /* `from` need not be an address of this host */
    const char *interface; /* NULL: any */
    unsigned user_timeout_ms;
    struct hf_buffers buffers; /* best effort */
};

/* Bound and listening.  HF_INUSE, HF_DENIED, HF_NOADDR, ... name what the kernel said; HF_NOTFOUND:
 * no such interface. */
HF_MUST_USE enum hf_status hf_socket_listen(const struct hf_addr *addr,
                                            const struct hf_listen_opts *opts, int *fd_out);
/* For a listening socket of another process: what of the options can still be changed, best effort.
 */
void hf_socket_listen_again(int fd, const struct hf_listen_opts *opts);
/* Begins to connect; HF_OK also while in progress (wait for HF_READY_OUT, then
 * hf_socket_connected()).  `from` NULL or unset: any source; its port 0: any port.  HF_NOPORT: all
 * local ports (or the one asked for) are taken toward this peer. */
HF_MUST_USE enum hf_status hf_socket_connect(const struct hf_addr *to, const struct hf_addr *from,
                                             int *fd_out);
HF_MUST_USE enum hf_status hf_socket_connect_with(const struct hf_addr *to,
                                                  const struct hf_connect_opts *opts, int *fd_out);
/* HF_OK, HF_AGAIN, or why the connect failed. */
HF_MUST_USE enum hf_status hf_socket_connected(int fd);
/* The pending error of a socket, which it then forgets; HF_OK when there is none. */
HF_MUST_USE enum hf_status hf_socket_error(int fd);

/* One accept; HF_AGAIN when none waits, HF_NOFD when out of descriptors.  `peer` is unmapped;
 * not set when it came by a unix socket. */
HF_MUST_USE enum hf_status hf_socket_accept(int listen_fd, int *fd_out, struct hf_addr *peer);
/* HF_OK with *n > 0; HF_AGAIN; HF_EOF; HF_RESET, ... */
HF_MUST_USE enum hf_status hf_socket_recv(int fd, void *buf, size_t room, size_t *n);
/* The same, but what is read stays there.  HF_EOF only when nothing is left before the end. */
HF_MUST_USE enum hf_status hf_socket_peek(int fd, void *buf, size_t room, size_t *n);
HF_MUST_USE enum hf_status hf_socket_send(int fd, const void *buf, size_t size, size_t *n);
/* The same for bytes that hf_socket_shutdown_write() or a close follows at once: they and the FIN
 * leave in one segment.  Where nothing follows, the kernel sends them after 200 ms. */
HF_MUST_USE enum hf_status hf_socket_send_last(int fd, const void *buf, size_t size, size_t *n);
/* The same; the last byte is urgent data. */
HF_MUST_USE enum hf_status hf_socket_send_urgent(int fd, const void *buf, size_t size, size_t *n);
/* Would a read, or an accept, find anything now?  Does not block; false for -1. */
bool hf_socket_has_input(int fd);

void hf_socket_local(int fd, struct hf_addr *out); /* unmapped; unset on failure */
void hf_socket_nodelay(int fd);
/* TCP probes of a silent peer; what is 0 is left to the kernel. */
struct hf_keepalive {
    unsigned probes, idle_s, interval_s;
};
void hf_socket_keepalive(int fd, const struct hf_keepalive *how);
/* Of a connection that is there; of a new one better by the options above, as the largest window
 * is agreed on with the first segments.  Best effort. */
void hf_socket_buffers(int fd, const struct hf_buffers *buffers);
void hf_socket_shutdown_write(int fd);
/* Bytes given to the kernel that have not left this host, as when the peer's window is full; 0 when
 * unknown. */
size_t hf_socket_unsent(int fd);
/* The next close() of this socket sends RST and drops what is queued: how a broken transfer is
 * told to the other side, so that a truncated file never looks complete. */
void hf_socket_reset_on_close(int fd);
/* The same by a reset that passes so many routers at most, 1..255. */
void hf_socket_reset_near_on_close(int fd, unsigned hops);
/* The next close() tells the peer nothing at all, as far as the kernel permits: it goes on waiting
 * (silent-drop).  Else a reset that dies at the first router. */
void hf_socket_vanish_on_close(int fd);
/* SO_MARK (needs CAP_NET_ADMIN) and the IP type of service of what is sent; failure is harmless. */
void hf_socket_mark(int fd, unsigned mark);
void hf_socket_tos(int fd, unsigned tos);

#endif
