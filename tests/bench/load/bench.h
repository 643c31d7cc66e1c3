/*
 * bench.h: what the load tools share: clocks, addresses, sockets, and giving up.
 *
 * The tools are cheap next to what they measure: one thread, epoll, no allocation on the way.  IPv4
 * only.
 */
#ifndef HAFTP_BENCH_H
#define HAFTP_BENCH_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS_AT_MOST 65536

static inline uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

__attribute__((noreturn, format(printf, 1, 2))) static inline void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

/* "127.0.0.1:21"; without a port: `port`. */
static inline struct sockaddr_in address(const char *text, unsigned port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    char host[64];
    if (sscanf(text, "%63[0-9.]:%u", host, &port) < 1 ||
        inet_pton(AF_INET, host, &addr.sin_addr) != 1)
        die("not an IPv4 address and a port: %s", text);
    addr.sin_port = htons((uint16_t)port);
    return addr;
}

static inline void no_delay(int fd)
{
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static inline int new_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket: %s", strerror(errno));
    return fd;
}

static inline int listen_on(struct sockaddr_in addr)
{
    int fd = new_socket();
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) || listen(fd, 4096))
        die("port %u: %s", ntohs(addr.sin_port), strerror(errno));
    return fd;
}

/* Begins to connect; -1: refused at once. */
static inline int connect_to(struct sockaddr_in addr)
{
    int fd = new_socket();
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0 || errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}

static inline void watch(int set, int fd, uint32_t events, void *who)
{
    struct epoll_event event = {.events = events, .data.ptr = who};
    if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) && epoll_ctl(set, EPOLL_CTL_MOD, fd, &event))
        die("epoll_ctl: %s", strerror(errno));
}

#endif
