/* Socket calls: statuses, options, and what close() tells the peer. */
#include "net_fixture.h"

#include <netinet/tcp.h>

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static void test_listen_on_a_taken_port(void **state)
{
    (void)state;
    struct hf_addr addr;
    int fd = listen_somewhere(&addr), second;
    assert_true(hf_addr_port(&addr) != 0);
    assert_int_equal(hf_socket_listen(&addr, NULL, &second), HF_INUSE);
    close(fd);
}

/* It shows whether a port can be had, and nobody gets in who would be thrown out again. */
static void test_only_bound(void **state)
{
    (void)state;
    struct hf_listen_opts opts = {.only_bound = true};
    struct hf_addr addr;
    int taken = listen_somewhere(&addr), fd, client;
    assert_int_equal(hf_socket_listen(&addr, &opts, &fd), HF_INUSE);
    close(taken);
    assert_int_equal(hf_socket_listen(&addr, &opts, &fd), HF_OK);
    client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client, &addr.sa, sizeof addr.v4), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(client);
    close(fd);
}

static void test_reuseport_shares_a_port(void **state)
{
    (void)state;
    struct hf_listen_opts opts = {.reuseport = true, .backlog = 5};
    struct hf_addr addr = loopback(0);
    int first, second;
    assert_int_equal(hf_socket_listen(&addr, &opts, &first), HF_OK);
    hf_socket_local(first, &addr);
    assert_int_equal(hf_socket_listen(&addr, &opts, &second), HF_OK);
    close(first);
    close(second);
}

static void test_listen_errors_have_names(void **state)
{
    (void)state;
    int fd;
    struct hf_addr foreign = loopback(0);
    foreign.v4.sin_addr.s_addr = htonl(0xC0000201); /* 192.0.2.1: documentation only */
    assert_int_equal(hf_socket_listen(&foreign, NULL, &fd), HF_NOADDR);
    struct hf_addr here = loopback(0);
    struct hf_listen_opts opts = {.interface = "nosuchif0"};
    enum hf_status status = hf_socket_listen(&here, &opts, &fd);
    assert_true(status == HF_NOTFOUND || status == HF_DENIED);
}

static void test_descriptors_are_nonblocking_and_private(void **state)
{
    (void)state;
    int pair[2];
    tcp_pair(pair);
    for (int i = 0; i < 2; i++) {
        assert_true(fcntl(pair[i], F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(pair[i], F_GETFD) & FD_CLOEXEC);
        close(pair[i]);
    }
}

static void test_ipv6_and_mapped_peers(void **state)
{
    (void)state;
    struct hf_addr any = {.v6 = {.sin6_family = AF_INET6}}, local, peer, to;
    struct hf_listen_opts both = {.v4v6 = true};
    int listener, client, fd;
    enum hf_status status = hf_socket_listen(&any, &both, &listener);
    if (status == HF_UNSUPPORTED)
        skip(); /* this kernel was built or started without IPv6 */
    assert_int_equal(status, HF_OK);
    assert_int_equal(option(listener, IPPROTO_IPV6, IPV6_V6ONLY), 0);
    hf_socket_local(listener, &local);
    to = loopback(hf_addr_port(&local));
    struct hf_addr from = loopback(0);
    assert_int_equal(hf_socket_connect(&to, &from, &client), HF_OK);
    wait_for(listener, POLLIN);
    assert_int_equal(hf_socket_accept(listener, &fd, &peer), HF_OK);
    assert_int_equal(peer.sa.sa_family, AF_INET); /* not ::ffff:127.0.0.1 */
    struct hf_addr client_local;
    hf_socket_local(client, &client_local);
    assert_true(hf_addr_equal(&peer, &client_local));
    close(fd);
    close(client);
    close(listener);

    struct hf_listen_opts only = {.v6only = true};
    assert_int_equal(hf_socket_listen(&any, &only, &listener), HF_OK);
    assert_int_equal(option(listener, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    close(listener);
}

static void test_ipv6_source_address(void **state)
{
    (void)state;
    struct hf_addr any = {.v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT}};
    struct hf_addr to, from = any;
    int listener, client;
    enum hf_status status = hf_socket_listen(&any, NULL, &listener);
    if (status == HF_UNSUPPORTED || status == HF_NOADDR)
        skip(); /* this kernel has no IPv6, or its loopback has no ::1 */
    assert_int_equal(status, HF_OK);
    hf_socket_local(listener, &to);
    assert_int_equal(hf_socket_connect(&to, &from, &client), HF_OK);
    wait_for(client, POLLOUT);
    assert_int_equal(hf_socket_connected(client), HF_OK);
    close(client);
    close(listener);
}

static void test_connect_refused(void **state)
{
    (void)state;
    struct hf_addr addr;
    int fd = listen_somewhere(&addr), client;
    close(fd);
    enum hf_status status = hf_socket_connect(&addr, NULL, &client);
    if (status == HF_OK) {
        wait_for(client, POLLOUT);
        status = hf_socket_connected(client);
        close(client);
    }
    assert_int_equal(status, HF_REFUSED);
}

static void test_connect_in_progress_is_again(void **state)
{
    (void)state;
    /* A listener whose queue is full answers no more SYNs, so the next connects hang. */
    struct hf_addr addr;
    int listener = listen_somewhere(&addr), client[8], pending = 0;
    assert_int_equal(listen(listener, 0), 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(hf_socket_connect(&addr, NULL, &client[i]), HF_OK);
    for (int i = 0; i < 8; i++) {
        pending += hf_socket_connected(client[i]) == HF_AGAIN;
        close(client[i]);
    }
    assert_true(pending > 0);
    close(listener);
}

static void test_connect_from_source(void **state)
{
    (void)state;
    struct hf_addr addr, peer, from = loopback(0), unset = {0};
    from.v4.sin_addr.s_addr = htonl(0x7f000009); /* 127.0.0.9 */
    int listener = listen_somewhere(&addr), client, fd;
    assert_int_equal(hf_socket_connect(&addr, &from, &client), HF_OK);
    wait_for(listener, POLLIN);
    assert_int_equal(hf_socket_accept(listener, &fd, &peer), HF_OK);
    assert_true(hf_addr_same_host(&peer, &from));

    /* The same source port again toward the same peer cannot be: the four numbers are taken. */
    struct hf_addr taken;
    hf_socket_local(client, &taken);
    int second;
    enum hf_status status = hf_socket_connect(&addr, &taken, &second);
    assert_true(status == HF_NOPORT || status == HF_INUSE);
    close(fd);
    close(client);

    from.v4.sin_addr.s_addr = htonl(0xC0000201);
    assert_int_equal(hf_socket_connect(&addr, &from, &client), HF_NOADDR);
    assert_int_equal(hf_socket_connect(&addr, &unset, &client), HF_OK);
    close(client);
    close(listener);
}

static void test_recv_and_send_statuses(void **state)
{
    (void)state;
    int pair[2];
    char buf[16];
    size_t n;
    tcp_pair(pair);
    assert_int_equal(hf_socket_recv(pair[0], buf, sizeof buf, &n), HF_AGAIN);
    assert_int_equal(n, 0);
    assert_int_equal(hf_socket_send(pair[1], "hello", 5, &n), HF_OK);
    assert_int_equal(n, 5);
    wait_for(pair[0], POLLIN);
    assert_int_equal(hf_socket_recv(pair[0], buf, sizeof buf, &n), HF_OK);
    assert_int_equal(n, 5);

    static char big[1 << 20];
    enum hf_status status;
    while ((status = hf_socket_send(pair[1], big, sizeof big, &n)) == HF_OK)
        ;
    assert_int_equal(status, HF_AGAIN);
    assert_true(hf_socket_unsent(pair[1]) > 0);

    hf_socket_shutdown_write(pair[0]);
    wait_for(pair[1], POLLIN);
    assert_int_equal(hf_socket_recv(pair[1], buf, sizeof buf, &n), HF_EOF);
    hf_socket_reset_on_close(pair[0]);
    close(pair[0]);
    assert_int_equal(hf_socket_send(pair[1], "x", 1, &n), HF_RESET); /* and no SIGPIPE */
    close(pair[1]);
}

static void test_input_is_seen_without_reading_it(void **state)
{
    (void)state;
    int pair[2];
    char room[8];
    size_t n;

    tcp_pair(pair);
    assert_false(hf_socket_has_input(pair[0]));
    assert_false(hf_socket_has_input(-1));
    assert_int_equal(hf_socket_send(pair[1], "x", 1, &n), HF_OK);
    wait_for(pair[0], POLLIN);
    assert_true(hf_socket_has_input(pair[0]));
    assert_int_equal(hf_socket_recv(pair[0], room, sizeof room, &n), HF_OK);
    assert_int_equal(n, 1);
    assert_false(hf_socket_has_input(pair[0]));
    close(pair[0]);
    close(pair[1]);
}

static void test_last_bytes_leave_with_the_end(void **state)
{
    (void)state;
    int pair[2];
    char room[8];
    size_t n;

    tcp_pair(pair);
    assert_int_equal(hf_socket_send_last(pair[1], "last", 4, &n), HF_OK);
    assert_int_equal(n, 4);
    hf_socket_shutdown_write(pair[1]);
    assert_int_equal(hf_socket_unsent(pair[1]), 0);
    wait_for(pair[0], POLLIN);
    assert_int_equal(hf_socket_recv(pair[0], room, sizeof room, &n), HF_OK);
    assert_int_equal(n, 4);
    wait_for(pair[0], POLLIN);
    assert_int_equal(hf_socket_recv(pair[0], room, sizeof room, &n), HF_EOF);
    close(pair[0]);
    close(pair[1]);
}

static void test_pending_error_is_told_once(void **state)
{
    (void)state;
    int pair[2];
    tcp_pair(pair);
    assert_int_equal(hf_socket_error(pair[1]), HF_OK);
    hf_socket_reset_on_close(pair[0]);
    close(pair[0]);
    wait_for(pair[1], POLLIN);
    assert_int_equal(hf_socket_error(pair[1]), HF_RESET);
    assert_int_equal(hf_socket_error(pair[1]), HF_OK);
    close(pair[1]);
}

/* The Telnet data mark of an ABOR is urgent; it must not vanish from the line. */
static void test_urgent_byte_stays_in_its_place(void **state)
{
    (void)state;
    int pair[2];
    char buf[16] = "";
    size_t n, got = 0;
    tcp_pair(pair);
    assert_int_equal(send(pair[1], "ab", 2, 0), 2);
    assert_int_equal(send(pair[1], "!", 1, MSG_OOB), 1);
    assert_int_equal(send(pair[1], "cd", 2, 0), 2);
    while (got < 5) {
        wait_for(pair[0], POLLIN);
        assert_int_equal(hf_socket_recv(pair[0], buf + got, sizeof buf - got, &n), HF_OK);
        got += n;
    }
    assert_memory_equal(buf, "ab!cd", 5);
    close(pair[0]);
    close(pair[1]);
}

static void test_switches(void **state)
{
    (void)state;
    int pair[2];
    tcp_pair(pair);
    hf_socket_nodelay(pair[0]);
    assert_int_equal(option(pair[0], IPPROTO_TCP, TCP_NODELAY), 1);
    struct hf_addr local, peer = {0};
    socklen_t size = sizeof peer;
    hf_socket_local(pair[0], &local);
    assert_int_equal(getpeername(pair[1], &peer.sa, &size), 0);
    assert_true(hf_addr_equal(&local, &peer));
    close(pair[0]);
    close(pair[1]);
    hf_socket_local(pair[0], &local); /* closed */
    assert_false(hf_addr_is_set(&local));
    unix_pair(pair);
    hf_socket_local(pair[0], &local);
    assert_false(hf_addr_is_set(&local));
    close(pair[0]);
    close(pair[1]);
}

static void test_keepalive_leaves_what_is_not_given_to_the_kernel(void **state)
{
    (void)state;
    int pair[2];
    tcp_pair(pair);
    int probes = option(pair[0], IPPROTO_TCP, TCP_KEEPCNT);
    hf_socket_keepalive(pair[0], &(struct hf_keepalive){.idle_s = 61, .interval_s = 7});
    assert_int_equal(option(pair[0], SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option(pair[0], IPPROTO_TCP, TCP_KEEPCNT), probes);
    assert_int_equal(option(pair[0], IPPROTO_TCP, TCP_KEEPIDLE), 61);
    assert_int_equal(option(pair[0], IPPROTO_TCP, TCP_KEEPINTVL), 7);
    hf_socket_keepalive(pair[0], &(struct hf_keepalive){.probes = 3});
    assert_int_equal(option(pair[0], IPPROTO_TCP, TCP_KEEPCNT), 3);
    assert_int_equal(option(pair[0], IPPROTO_TCP, TCP_KEEPIDLE), 61);
    close(pair[0]);
    close(pair[1]);
}

static void test_buffers_have_the_given_sizes(void **state)
{
    (void)state;
    int pair[2];
    tcp_pair(pair);
    int receive = option(pair[0], SOL_SOCKET, SO_RCVBUF);
    hf_socket_buffers(pair[0], &(struct hf_buffers){.send = 20000});
    assert_int_equal(option(pair[0], SOL_SOCKET, SO_RCVBUF), receive);
    assert_int_equal(option(pair[0], SOL_SOCKET, SO_SNDBUF), 2 * 20000); /* the kernel doubles */
    hf_socket_buffers(pair[0], &(struct hf_buffers){.receive = 30000});
    assert_int_equal(option(pair[0], SOL_SOCKET, SO_RCVBUF), 2 * 30000);
    close(pair[0]);
    close(pair[1]);
}

static void test_accept_with_nobody_there(void **state)
{
    (void)state;
    struct hf_addr addr, peer;
    int fd, listener = listen_somewhere(&addr);
    assert_int_equal(hf_socket_accept(listener, &fd, &peer), HF_AGAIN);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listen_on_a_taken_port),
        cmocka_unit_test(test_only_bound),
        cmocka_unit_test(test_reuseport_shares_a_port),
        cmocka_unit_test(test_listen_errors_have_names),
        cmocka_unit_test(test_descriptors_are_nonblocking_and_private),
        cmocka_unit_test(test_ipv6_and_mapped_peers),
        cmocka_unit_test(test_ipv6_source_address),
        cmocka_unit_test(test_connect_refused),
        cmocka_unit_test(test_connect_in_progress_is_again),
        cmocka_unit_test(test_connect_from_source),
        cmocka_unit_test(test_recv_and_send_statuses),
        cmocka_unit_test(test_input_is_seen_without_reading_it),
        cmocka_unit_test(test_last_bytes_leave_with_the_end),
        cmocka_unit_test(test_pending_error_is_told_once),
        cmocka_unit_test(test_urgent_byte_stays_in_its_place),
        cmocka_unit_test(test_switches),
        cmocka_unit_test(test_keepalive_leaves_what_is_not_given_to_the_kernel),
        cmocka_unit_test(test_buffers_have_the_given_sizes),
        cmocka_unit_test(test_accept_with_nobody_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
