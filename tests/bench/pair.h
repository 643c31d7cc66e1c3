/*
 * pair.h: what the benchmarks of relays share: a connection over loopback, and giving up.
 */
#ifndef HAFTP_BENCH_PAIR_H
#define HAFTP_BENCH_PAIR_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "haftp/net/socket.h"

_Noreturn static inline void die(const char *what)
{
    perror(what);
    exit(1);
}

/* Pacing of other congestion controls would hide what a relay costs. */
static inline void use_reno(int fd)
{
    if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4) != 0)
        die("TCP_CONGESTION");
}

/* [0] is non-blocking, for what is measured; [1] blocking, for a thread at its far end. */
static inline void connect_pair(int pair[2])
{
    struct hf_addr addr = {.v4 = {.sin_family = AF_INET}}, peer;
    int listener;
    addr.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (hf_socket_listen(&addr, NULL, &listener) != HF_OK)
        die("listen");
    hf_socket_local(listener, &addr);
    if (hf_socket_connect(&addr, NULL, &pair[1]) != HF_OK)
        die("connect");
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    if (poll(&waiting, 1, 5000) != 1 || hf_socket_accept(listener, &pair[0], &peer) != HF_OK)
        die("accept");
    close(listener);
    use_reno(pair[0]);
    use_reno(pair[1]);
    fcntl(pair[1], F_SETFL, 0);
}

#endif
