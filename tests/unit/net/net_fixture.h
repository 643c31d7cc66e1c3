/*
 * net_fixture.h: loopback sockets and bounded waiting for the unit tests of the net floor.
 */
#ifndef HAFTP_TEST_NET_FIXTURE_H
#define HAFTP_TEST_NET_FIXTURE_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "haftp/net/loop.h"
#include "haftp/net/socket.h"
#include "loop_int.h"

#define MANY_TURNS 200000u

static inline struct hf_addr loopback(uint16_t port)
{
    struct hf_addr addr = {.v4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
    addr.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return addr;
}

/* A listening socket on a free port of 127.0.0.1, and its address. */
static inline int listen_somewhere(struct hf_addr *addr)
{
    int fd;
    struct hf_addr any_port = loopback(0);
    assert_int_equal(hf_socket_listen(&any_port, NULL, &fd), HF_OK);
    hf_socket_local(fd, addr);
    return fd;
}

static inline void wait_for(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    assert_int_equal(poll(&p, 1, 5000), 1);
}

/* Two ends of one TCP connection, non-blocking; [0] is the accepted one. */
static inline void tcp_pair(int pair[2])
{
    struct hf_addr addr, peer;
    int listener = listen_somewhere(&addr);
    assert_int_equal(hf_socket_connect(&addr, NULL, &pair[1]), HF_OK);
    wait_for(listener, POLLIN);
    assert_int_equal(hf_socket_accept(listener, &pair[0], &peer), HF_OK);
    wait_for(pair[1], POLLOUT);
    assert_int_equal(hf_socket_connected(pair[1]), HF_OK);
    close(listener);
}

static inline void unix_pair(int pair[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
}

/* One turn of the loop; does not wait. */
static inline void turn(struct hf_loop *loop)
{
    hf_loop_turn(loop, false);
}

/* Turns until the condition holds, with a limit, so that a broken test fails instead of hanging. */
#define TURN_UNTIL(loop, condition)                                                                \
    do {                                                                                           \
        unsigned turns_ = 0;                                                                       \
        while (!(condition)) {                                                                     \
            assert_true(turns_++ < MANY_TURNS);                                                    \
            turn(loop);                                                                            \
        }                                                                                          \
    } while (0)

static inline unsigned open_descriptors(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

#endif
