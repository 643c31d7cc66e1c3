/* Legs and relays over TLS: every byte once, ends as ends, what is cut off as broken. */
#include "tls_fixture.h"

#include "haftp/base/assert.h"
#include "haftp/net/leg.h"
#include "haftp/net/relay.h"

static struct hf_loop *loop;
static struct issued ca, cert;
static struct hf_tls_ctx *server_ctx, *client_ctx;

static struct hf_tls *new_tls(struct hf_tls_ctx *ctx)
{
    struct hf_tls *tls;
    assert_int_equal(hf_tls_new(ctx, NULL, &tls), HF_OK);
    return tls;
}

/* ---- a relay whose front speaks TLS; the test is the client and the plain server ---- */

static struct hf_relay relay;
static struct peer client;
static int server_fd;
static unsigned done, secure, eofs[2];
static int broken_end;
static enum hf_status broken;

static void on_event(struct hf_relay *r, enum hf_relay_event event, int end, enum hf_status status)
{
    (void)r;
    secure += event == HF_RELAY_SECURE;
    done += event == HF_RELAY_DONE;
    eofs[end] += event == HF_RELAY_EOF;
    if (event == HF_RELAY_BROKEN) {
        broken = status;
        broken_end = end;
    }
}

static void open_relay(void)
{
    int front[2], back[2];
    done = secure = eofs[0] = eofs[1] = 0;
    broken = HF_OK;
    tcp_pair(front);
    tcp_pair(back);
    hf_relay_init(&relay, true, on_event);
    hf_relay_secure(&relay, HF_FRONT, new_tls(server_ctx));
    assert_int_equal(hf_relay_attach(&relay, HF_FRONT, loop, front[0]), HF_OK);
    assert_int_equal(hf_relay_attach(&relay, HF_BACK, loop, back[0]), HF_OK);
    hf_relay_start(&relay);
    open_peer(&client, loop, front[1], new_tls(client_ctx));
    server_fd = back[1];
    enum hf_status status = HF_AGAIN;
    for (unsigned turns = 0; status == HF_AGAIN && turns < MANY_TURNS; turns++) {
        status = hf_tls_handshake(client.tls);
        turn(loop);
    }
    assert_int_equal(status, HF_OK);
    TURN_UNTIL(loop, secure);
    assert_int_equal(secure, 1);
}

static void close_relay(void)
{
    hf_relay_close(&relay, 0);
    close_peer_tls(&client);
    if (server_fd >= 0)
        close(server_fd);
    for (int i = 0; i < 3; i++)
        turn(loop);
}

static enum hf_status client_end(void)
{
    char byte;
    size_t n;
    enum hf_status status = HF_AGAIN;
    for (unsigned turns = 0; status == HF_AGAIN && turns < MANY_TURNS; turns++) {
        status = hf_tls_recv(client.tls, &byte, 1, &n);
        turn(loop);
    }
    return status;
}

static void test_zero_bytes(void **state)
{
    (void)state;
    open_relay();
    close(server_fd);
    server_fd = -1;
    assert_int_equal(client_end(), HF_EOF); /* close_notify, not only FIN */
    /* Who was told the end may still have had something to say. */
    hf_socket_shutdown_write(client.watch.fd);
    TURN_UNTIL(loop, done || broken);
    assert_int_equal(broken, HF_TRUNCATED);
    close_relay();
}

static void test_truncation_is_broken(void **state)
{
    size_t n;
    (void)state;
    for (int lenient = 0; lenient < 2; lenient++) {
        open_relay();
        relay.end[HF_FRONT].eof_lenient = lenient;
        assert_int_equal(hf_tls_send(client.tls, "half", 4, &n), HF_OK);
        hf_socket_shutdown_write(client.watch.fd);
        TURN_UNTIL(loop, eofs[HF_FRONT] || broken);
        assert_int_equal(broken, lenient ? HF_OK : HF_TRUNCATED);
        assert_int_equal(eofs[HF_FRONT], lenient);
        if (!lenient)
            assert_int_equal(broken_end, HF_FRONT);
        close_relay();
    }
}

static void test_half_close(void **state)
{
    char buf[16];
    size_t n;
    (void)state;
    open_relay();
    assert_int_equal(hf_tls_send(client.tls, "up", 2, &n), HF_OK);
    assert_int_equal(hf_tls_shutdown(client.tls), HF_OK);
    hf_socket_shutdown_write(client.watch.fd);
    TURN_UNTIL(loop, eofs[HF_FRONT]);
    assert_int_equal(recv(server_fd, buf, sizeof buf, 0), 2);
    assert_int_equal(recv(server_fd, buf, sizeof buf, 0), 0);
    assert_int_equal(send(server_fd, "down", 4, 0), 4);
    enum hf_status status = HF_AGAIN;
    for (unsigned turns = 0; status == HF_AGAIN && turns < MANY_TURNS; turns++) {
        status = hf_tls_recv(client.tls, buf, sizeof buf, &n);
        turn(loop);
    }
    assert_int_equal(n, 4);
    close(server_fd);
    server_fd = -1;
    assert_int_equal(client_end(), HF_EOF);
    TURN_UNTIL(loop, done);
    close_relay();
}

/* Both ways at once, with a reader that is slow now and then. */
static void test_many_bytes(void **state)
{
    enum { TOTAL = 8 << 20, PIECE = 100003, PERIOD = 65521 };
    static char out[PERIOD + PIECE], in[PIECE];
    size_t up_sent = 0, up_got = 0, down_sent = 0, down_got = 0, n;
    (void)state;
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (char)(i % PERIOD * 31 >> 3);
    open_relay();
    for (unsigned turns = 0; up_got < TOTAL || down_got < TOTAL; turns++) {
        assert_true(turns < 10 * MANY_TURNS && !broken);
        size_t left = TOTAL - up_sent;
        if (left && hf_tls_send(client.tls, out + up_sent % PERIOD, left < PIECE ? left : PIECE,
                                &n) <= HF_AGAIN)
            up_sent += n;
        if (!left)
            assert_true(hf_tls_flush(client.tls) <= HF_AGAIN);
        left = TOTAL - down_sent;
        if (left && hf_socket_send(server_fd, out + down_sent % PERIOD, left < PIECE ? left : PIECE,
                                   &n) == HF_OK)
            down_sent += n;
        if (turns % 16 == 0 && hf_socket_recv(server_fd, in, sizeof in, &n) == HF_OK) {
            assert_memory_equal(in, out + up_got % PERIOD, n);
            up_got += n;
        }
        while (turns % 5 == 0 && hf_tls_recv(client.tls, in, sizeof in, &n) == HF_OK) {
            assert_memory_equal(in, out + down_got % PERIOD, n);
            down_got += n;
        }
        turn(loop);
    }
    assert_int_equal(relay.end[HF_FRONT].bytes, TOTAL);
    assert_int_equal(relay.end[HF_BACK].bytes, TOTAL);
    close_relay();
}

/* The server's file and its end, as far as they are taken while the client reads nothing. */
static size_t send_file(size_t size)
{
    static char block[16384];
    size_t sent = 0;
    for (unsigned idle = 0; sent < size && idle < 50; idle++) {
        size_t room = size - sent < sizeof block ? size - sent : sizeof block;
        ssize_t n = send(server_fd, block, room, MSG_NOSIGNAL);
        if (n > 0) {
            sent += (size_t)n;
            idle = 0;
        }
        turn(loop);
    }
    if (sent == size)
        hf_socket_shutdown_write(server_fd);
    for (int i = 0; i < 50; i++)
        turn(loop);
    return sent;
}

static enum hf_status client_reads(size_t *got)
{
    static char block[65536];
    enum hf_status status = HF_AGAIN;
    size_t n;
    *got = 0;
    for (unsigned turns = 0; (status == HF_OK || status == HF_AGAIN) && turns < MANY_TURNS;
         turns++) {
        status = hf_tls_recv(client.tls, block, sizeof block, &n);
        if (status == HF_OK)
            *got += n;
        else
            turn(loop);
    }
    return status;
}

/* A session that is killed: however much of its file was where, no part of it looks whole. */
static void test_closed_while_the_client_is_slow(void **state)
{
    unsigned whole = 0, cut = 0;
    (void)state;
    for (size_t size = 65536; size <= (size_t)16 << 20; size *= 2) {
        size_t got;
        open_relay();
        size_t sent = send_file(size);
        hf_relay_close(&relay, 0);
        enum hf_status status = client_reads(&got);
        if (status == HF_EOF) {
            assert_int_equal(sent, size);
            assert_int_equal(got, size);
            whole++;
        } else {
            assert_int_equal(status, HF_TRUNCATED);
            cut++;
        }
        close_relay();
    }
    assert_true(whole && cut);
}

/* ---- legs ---- */

static struct hf_leg leg;

static void on_leg(struct hf_watch *watch)
{
    (void)watch;
}

static void open_leg(int pair[2])
{
    tcp_pair(pair);
    assert_int_equal(hf_leg_open(&leg, loop, pair[0], HF_READY_OUT, on_leg), HF_OK);
}

static void test_leg_upgrades_in_place(void **state)
{
    char room[64];
    int pair[2];
    size_t n;
    (void)state;
    open_leg(pair);
    assert_int_equal(hf_leg_send(&leg, "234 go on\r\n", 11), HF_OK);
    assert_int_equal(hf_leg_start_tls(&leg, new_tls(server_ctx)), HF_OK);
    assert_int_equal(hf_leg_send(&leg, "x", 1), HF_UNSUPPORTED);
    wait_for(pair[1], POLLIN);
    assert_int_equal(recv(pair[1], room, sizeof room, 0), 11);
    open_peer(&client, loop, pair[1], new_tls(client_ctx));
    enum hf_status status = HF_AGAIN;
    for (unsigned turns = 0; (status || leg.handshaking) && turns < MANY_TURNS; turns++) {
        if (leg.handshaking)
            assert_true(hf_leg_handshake(&leg) <= HF_AGAIN);
        if (status)
            status = hf_tls_handshake(client.tls);
        turn(loop);
    }
    assert_int_equal(status, HF_OK);
    assert_int_equal(hf_tls_send(client.tls, "NOOP\r\n", 6, &n), HF_OK);
    for (unsigned turns = 0; turns < MANY_TURNS; turns++) {
        if (hf_leg_read(&leg, room, sizeof room, &n) == HF_OK)
            break;
        turn(loop);
    }
    assert_int_equal(n, 6);
    assert_memory_equal(room, "NOOP\r\n", 6);
    assert_int_equal(hf_leg_send_last(&leg, "221\r\n", 5), HF_OK);
    TURN_UNTIL(loop, hf_tls_recv(client.tls, room, sizeof room, &n) == HF_OK);
    assert_int_equal(n, 5);
    assert_int_equal(client_end(), HF_EOF);
    hf_leg_close(&leg, false);
    assert_null(leg.tls);
    close_peer_tls(&client);
}

/* CVE-2011-0411: what came in plain text behind AUTH must never count as said under TLS. */
static void test_leg_refuses_what_came_behind_auth(void **state)
{
    char room[64];
    int pair[2];
    size_t n = 0;
    (void)state;
    open_leg(pair);
    assert_int_equal(write(pair[1], "AUTH TLS\r\nUSER x\r\n", 18), 18);
    for (unsigned turns = 0; n < 18 && turns < MANY_TURNS; turns++) {
        turn(loop);
        (void)!hf_leg_read(&leg, room, sizeof room, &n);
        assert_int_equal(hf_leg_keep(&leg, room, n), HF_OK);
    }
    assert_int_equal(hf_leg_start_tls(&leg, new_tls(server_ctx)), HF_DENIED);
    assert_null(leg.tls);
    hf_leg_close(&leg, false);
    close(pair[1]);
}

static int set_up(void **state)
{
    (void)state;
    loop = hf_loop_new();
    issue(&ca, "authority", NULL, 10, NULL);
    issue(&cert, "ftp.test", "DNS:ftp.test", 10, &ca);
    struct hf_tls_cert one = {.file = cert.path};
    server_ctx = make_ctx(&(struct hf_tls_settings){.server = true, .certs = &one, .n_certs = 1});
    client_ctx =
        make_ctx(&(struct hf_tls_settings){.verify = HF_TLS_VERIFY_REQUIRED, .ca_file = ca.path});
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hf_tls_ctx_put(server_ctx);
    hf_tls_ctx_put(client_ctx);
    discard(&ca);
    discard(&cert);
    hf_loop_free(loop);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_bytes),
        cmocka_unit_test(test_truncation_is_broken),
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_many_bytes),
        cmocka_unit_test(test_closed_while_the_client_is_slow),
        cmocka_unit_test(test_leg_upgrades_in_place),
        cmocka_unit_test(test_leg_refuses_what_came_behind_auth),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
