/* The relay, by splicing and by copying: every byte once and in order, FIN as FIN, reset as reset.
 */
#include "relay_fixture.h"

#include <sys/syscall.h>

enum refusal { REFUSE_NOTHING, REFUSE_READING, REFUSE_WRITING };

static enum refusal refuse;
static unsigned splices;

/* Stands in for the C library's: counts, and refuses as kernels do for sockets that cannot splice.
 */
ssize_t splice(int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned flags)
{
    int type;
    socklen_t len = sizeof type;
    bool reading = getsockopt(in, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
    if (refuse == (reading ? REFUSE_READING : REFUSE_WRITING)) {
        errno = EINVAL;
        return -1;
    }
    splices++;
    return syscall(SYS_splice, in, in_at, out, out_at, n, flags);
}

/* The stream's bytes repeat with a prime period, so that no lost or doubled block goes unnoticed.
 */
#define PERIOD 65521u
#define CHUNK  (1u << 18)

static char pattern[PERIOD + CHUNK];

static const char *pattern_at(uint64_t at)
{
    return pattern + at % PERIOD;
}

static void fill_pattern(void)
{
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof pattern; i++) {
        x = i % PERIOD ? x * 1103515245 + 12345 : 1;
        pattern[i] = (char)(x >> 16);
    }
}

struct flow {
    int from, to;
    uint64_t total, sent, received;
    size_t write_most, read_most;
    unsigned read_every; /* a slow reader: one read in so many turns */
};

static void flow_step(struct flow *f, unsigned turns)
{
    static char buf[CHUNK];
    size_t n;
    if (f->sent < f->total) {
        size_t size =
            f->total - f->sent < f->write_most ? (size_t)(f->total - f->sent) : f->write_most;
        enum hf_status status = hf_socket_send(f->from, pattern_at(f->sent), size, &n);
        assert_true(status == HF_OK || status == HF_AGAIN);
        f->sent += n;
        if (f->sent == f->total)
            hf_socket_shutdown_write(f->from);
    }
    if (turns % f->read_every == 0 && hf_socket_recv(f->to, buf, f->read_most, &n) == HF_OK) {
        if (memcmp(buf, pattern_at(f->received), n) != 0)
            fail_msg("wrong bytes after %llu", (unsigned long long)f->received);
        f->received += n;
    }
}

static void run_flow(struct flow *f)
{
    for (unsigned turns = 0; f->received < f->total; turns++) {
        assert_true(turns < 100 * MANY_TURNS);
        turn(loop);
        flow_step(f, turns);
    }
    assert_int_equal(f->received, f->total);
}

static int set_up(void **state)
{
    (void)state;
    refuse = REFUSE_NOTHING;
    splices = 0;
    loop = hf_loop_new();
    return loop ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hf_loop_free(loop);
    return 0;
}

static void case_chatter(struct scene *s)
{
    hf_relay_start(&s->relay);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(write(s->peer[HF_FRONT], "NOOP\r\n", 6), 6);
        expect_bytes(s->peer[HF_BACK], "NOOP\r\n");
        assert_int_equal(write(s->peer[HF_BACK], "200 OK\r\n", 8), 8);
        expect_bytes(s->peer[HF_FRONT], "200 OK\r\n");
    }
    assert_int_equal(s->relay.end[HF_FRONT].bytes, 600);
    assert_int_equal(s->relay.end[HF_BACK].bytes, 800);
    assert_true(s->moved > 0);
    assert_int_equal(splices, 0); /* small bytes never touch a pipe */
    assert_null(s->relay.end[HF_FRONT].spill);
}

static void test_chatter(void **state)
{
    (void)state;
    in_every_mode(case_chatter);
}

static void case_fin_both_ways(struct scene *s)
{
    hf_relay_start(&s->relay);
    assert_int_equal(write(s->peer[HF_FRONT], "up", 2), 2);
    hf_socket_shutdown_write(s->peer[HF_FRONT]);
    expect_bytes(s->peer[HF_BACK], "up");
    assert_int_equal(expect_end(s->peer[HF_BACK]), HF_EOF);
    assert_int_equal(s->eofs[HF_FRONT], 1);
    /* The other direction is still open. */
    assert_int_equal(write(s->peer[HF_BACK], "down", 4), 4);
    expect_bytes(s->peer[HF_FRONT], "down");
    assert_int_equal(s->done, 0);
    close_peer(s, HF_BACK, false);
    assert_int_equal(expect_end(s->peer[HF_FRONT]), HF_EOF);
    TURN_UNTIL(loop, s->done);
    assert_int_equal(s->eofs[HF_BACK], 1);
    assert_int_equal(s->done, 1);
    assert_int_equal(s->broken, 0);
}

static void test_fin_both_ways(void **state)
{
    (void)state;
    in_every_mode(case_fin_both_ways);
}

static void case_zero_bytes(struct scene *s)
{
    hf_relay_start(&s->relay);
    close_peer(s, HF_FRONT, false);
    assert_int_equal(expect_end(s->peer[HF_BACK]), HF_EOF);
    close_peer(s, HF_BACK, false);
    TURN_UNTIL(loop, s->done || s->broken);
    assert_int_equal(s->broken, 0);
    assert_int_equal(s->relay.end[HF_FRONT].bytes, 0);
}

static void test_zero_bytes(void **state)
{
    (void)state;
    in_every_mode(case_zero_bytes);
}

/* An upload whose client is done before the server side exists. */
static void case_gone_before_start(struct scene *s)
{
    assert_int_equal(write(s->peer[HF_FRONT], "x", 1), 1);
    close_peer(s, HF_FRONT, false);
    for (int i = 0; i < 10; i++)
        turn(loop);
    assert_int_equal(s->eofs[HF_FRONT], 0);
    hf_relay_start(&s->relay);
    expect_bytes(s->peer[HF_BACK], "x");
    assert_int_equal(expect_end(s->peer[HF_BACK]), HF_EOF);
}

static void test_gone_before_start(void **state)
{
    (void)state;
    in_every_mode(case_gone_before_start);
}

static void test_start_before_attach(void **state)
{
    (void)state;
    struct scene s = {.peer = {-1, -1}};
    hf_relay_init(&s.relay, true, on_event);
    hf_relay_start(&s.relay);
    int pair[2];
    tcp_pair(pair);
    s.peer[HF_BACK] = pair[1];
    assert_int_equal(hf_relay_attach(&s.relay, HF_BACK, loop, pair[0]), HF_OK);
    assert_int_equal(write(pair[1], "late", 4), 4);
    for (int i = 0; i < 10; i++)
        turn(loop);
    tcp_pair(pair);
    s.peer[HF_FRONT] = pair[1];
    assert_int_equal(hf_relay_attach(&s.relay, HF_FRONT, loop, pair[0]), HF_OK);
    expect_bytes(s.peer[HF_FRONT], "late");
    close_scene(&s);
}

static void test_close_before_anything(void **state)
{
    (void)state;
    struct hf_relay relay;
    hf_relay_init(&relay, true, on_event);
    hf_relay_close(&relay, 3);
    hf_relay_close(&relay, 3);
    assert_true(fcntl(0, F_GETFD) >= 0);
}

/* ---- resets ---- */

static void reset_from(int end, bool allow_splice)
{
    struct scene s;
    open_scene(&s, tcp_pair, allow_splice);
    hf_relay_start(&s.relay);
    assert_int_equal(write(s.peer[end], "part", 4), 4);
    expect_bytes(s.peer[!end], "part");
    close_peer(&s, end, true);
    TURN_UNTIL(loop, s.broken);
    assert_int_equal(s.broken_end, end);
    assert_int_equal(s.broken_status, HF_RESET);
    assert_int_equal(s.done + s.eofs[0] + s.eofs[1], 0);
    hf_relay_close(&s.relay, 1u << !end);
    assert_int_equal(expect_end(s.peer[!end]), HF_RESET);
    assert_int_equal(s.broken, 1);
    close_scene(&s);
}

static void test_reset_breaks_both_sides(void **state)
{
    (void)state;
    for (int allow_splice = 0; allow_splice < 2; allow_splice++) {
        reset_from(HF_FRONT, allow_splice);
        reset_from(HF_BACK, allow_splice);
    }
}

/* The server dies in the middle of a big file: no mode may make that look like its end. */
static void test_reset_in_mid_flow(void **state)
{
    (void)state;
    for (int allow_splice = 0; allow_splice < 2; allow_splice++) {
        struct scene s;
        open_scene(&s, tcp_pair, allow_splice);
        hf_relay_start(&s.relay);
        struct flow f = {
            s.peer[HF_BACK], s.peer[HF_FRONT], UINT64_C(1) << 30, 0, 0, 1 << 18, 1 << 18, 1};
        for (unsigned turns = 0; f.received < 8u << 20; turns++) {
            turn(loop);
            flow_step(&f, turns);
        }
        close_peer(&s, HF_BACK, true);
        char buf[1 << 16];
        size_t n;
        for (unsigned turns = 0; !s.broken; turns++) {
            assert_true(turns < MANY_TURNS);
            turn(loop);
            assert_true(hf_socket_recv(f.to, buf, sizeof buf, &n) != HF_EOF);
        }
        assert_int_equal(s.broken_end, HF_BACK);
        assert_int_equal(s.eofs[HF_BACK], 0);
        hf_relay_close(&s.relay, 1u << HF_FRONT);
        enum hf_status status;
        while ((status = hf_socket_recv(f.to, buf, sizeof buf, &n)) == HF_OK)
            ;
        assert_int_equal(status, HF_RESET);
        close_scene(&s);
    }
}

/* The client goes away while the server sends. */
static void test_receiver_resets_in_mid_flow(void **state)
{
    (void)state;
    for (int allow_splice = 0; allow_splice < 2; allow_splice++) {
        struct scene s;
        open_scene(&s, tcp_pair, allow_splice);
        hf_relay_start(&s.relay);
        static char chunk[1 << 18];
        size_t n;
        for (int i = 0; i < 50; i++) {
            (void)!hf_socket_send(s.peer[HF_BACK], chunk, sizeof chunk, &n);
            turn(loop);
        }
        close_peer(&s, HF_FRONT, false); /* with bytes unread: the kernel resets */
        TURN_UNTIL(loop, s.broken);
        assert_int_equal(s.broken_end, HF_FRONT);
        close_scene(&s);
    }
}

/* Half-closed by a FIN, then reset: nothing is read from it any more, and still it is noticed. */
static void test_reset_after_half_close(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, tcp_pair, true);
    hf_relay_start(&s.relay);
    hf_socket_shutdown_write(s.peer[HF_FRONT]);
    TURN_UNTIL(loop, s.eofs[HF_FRONT]);
    close_peer(&s, HF_FRONT, true);
    TURN_UNTIL(loop, s.broken);
    assert_int_equal(s.broken_end, HF_FRONT);
    /* The server got the whole upload and its end: a reset could only destroy that. */
    hf_relay_close(&s.relay, 1u << HF_BACK);
    assert_int_equal(expect_end(s.peer[HF_BACK]), HF_EOF);
    close_scene(&s);
}

/* The client's reset comes after its FIN, while a slow server has not read all: nothing is lost. */
static void test_late_reset_does_not_cut_an_upload(void **state)
{
    (void)state;
    for (int allow_splice = 0; allow_splice < 2; allow_splice++) {
        struct scene s;
        open_scene(&s, tcp_pair, allow_splice);
        hf_relay_start(&s.relay);
        struct flow f = {s.peer[HF_FRONT], s.peer[HF_BACK], 24u << 20, 0, 0, CHUNK, 1 << 14, 1};
        bool reset = false;
        for (unsigned turns = 0; f.received < f.total; turns++) {
            assert_true(turns < 100 * MANY_TURNS);
            turn(loop);
            flow_step(&f, turns);
            if (f.sent == f.total && s.relay.end[HF_FRONT].eof && !reset) {
                close_peer(&s, HF_FRONT, true);
                reset = true;
            }
        }
        assert_true(reset);
        assert_int_equal(s.relay.end[HF_FRONT].bytes, f.total);
        close_scene(&s);
    }
}

/* ---- big flows ---- */

static void big_flow(pair_fn make_pair, bool allow_splice, enum refusal how)
{
    struct scene s;
    refuse = how;
    open_scene(&s, make_pair, allow_splice);
    hf_relay_start(&s.relay);
    struct flow f = {s.peer[HF_BACK], s.peer[HF_FRONT], 72u << 20, 0, 0, CHUNK, CHUNK, 7};
    run_flow(&f);
    assert_int_equal(expect_end(f.to), HF_EOF);
    assert_int_equal(s.relay.end[HF_BACK].bytes, f.total);
    assert_int_equal(s.eofs[HF_BACK], 1);
    assert_int_equal(s.relay.splice, allow_splice && how == REFUSE_NOTHING);
    assert_null(s.relay.end[HF_BACK].pipe); /* held only while bytes are in it */
    assert_null(s.relay.end[HF_BACK].spill);
    assert_true(s.moved > 0);
    refuse = REFUSE_NOTHING;
    close_scene(&s);
}

static void test_slow_reader_by_splice(void **state)
{
    (void)state;
    big_flow(tcp_pair, true, REFUSE_NOTHING);
    assert_true(splices > 0);
    splices = 0;
    big_flow(unix_pair, true, REFUSE_NOTHING);
    assert_true(splices > 0);
}

static void test_slow_reader_by_copy(void **state)
{
    (void)state;
    big_flow(tcp_pair, false, REFUSE_NOTHING);
    big_flow(unix_pair, false, REFUSE_NOTHING);
    assert_int_equal(splices, 0);
}

static void test_splice_refused_falls_back(void **state)
{
    (void)state;
    big_flow(tcp_pair, true, REFUSE_READING);
    assert_int_equal(splices, 0);
    big_flow(tcp_pair, true, REFUSE_WRITING);
    assert_int_equal(splices, 1); /* what was in the pipe is not lost */
}

static void test_small_pipes_when_asked_for(void **state)
{
    (void)state;
    hf_relay_configure(8192, 0, true);
    splices = 0;
    big_flow(tcp_pair, true, REFUSE_NOTHING);
    assert_true(splices > 0);
    hf_relay_configure(0, 0, true);
}

static void test_no_pipe_to_be_had(void **state)
{
    (void)state;
    struct scene stuck, s;
    hf_relay_configure(0, 1, true);
    /* The one pipe allowed is held by a reader that does not read. */
    open_scene(&stuck, tcp_pair, true);
    hf_relay_start(&stuck.relay);
    static char chunk[1 << 18];
    size_t n;
    for (unsigned i = 0; !stuck.relay.end[HF_BACK].pipe; i++) {
        assert_true(i < MANY_TURNS);
        (void)!hf_socket_send(stuck.peer[HF_BACK], chunk, sizeof chunk, &n);
        turn(loop);
    }
    splices = 0;
    open_scene(&s, tcp_pair, true);
    hf_relay_start(&s.relay);
    struct flow f = {s.peer[HF_BACK], s.peer[HF_FRONT], 16u << 20, 0, 0, CHUNK, CHUNK, 1};
    run_flow(&f);
    assert_true(s.relay.splice); /* not refused, only none to be had now */
    close_scene(&s);
    close_scene(&stuck); /* closed with bytes in its pipe */
    hf_relay_configure(0, 0, true);
}

static void test_both_directions_at_once(void **state)
{
    (void)state;
    for (int allow_splice = 0; allow_splice < 2; allow_splice++) {
        struct scene s;
        open_scene(&s, tcp_pair, allow_splice);
        hf_relay_start(&s.relay);
        struct flow up = {s.peer[HF_FRONT], s.peer[HF_BACK], 16u << 20, 0, 0, 70001, 50021, 1};
        struct flow down = {s.peer[HF_BACK], s.peer[HF_FRONT], 16u << 20, 0, 0, CHUNK, 3001, 1};
        for (unsigned t = 0; up.received < up.total || down.received < down.total; t++) {
            assert_true(t < 100 * MANY_TURNS);
            turn(loop);
            flow_step(&up, t);
            flow_step(&down, t);
        }
        TURN_UNTIL(loop, s.done);
        assert_int_equal(s.eofs[HF_FRONT] + s.eofs[HF_BACK], 2);
        close_scene(&s);
    }
}

static void test_one_byte_writes(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, tcp_pair, true);
    hf_socket_nodelay(s.peer[HF_FRONT]);
    hf_relay_start(&s.relay);
    struct flow f = {s.peer[HF_FRONT], s.peer[HF_BACK], 5000, 0, 0, 1, 1, 1};
    run_flow(&f);
    assert_int_equal(splices, 0);
    close_scene(&s);
}

/* A bulk transfer and then small messages on the same connection: back to one read, one write. */
static void test_bulk_then_chatter(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, tcp_pair, true);
    hf_relay_start(&s.relay);
    static char big[1 << 20];
    static char back[sizeof big];
    size_t sent = 0, n, got;
    while (sent < sizeof big) {
        (void)!hf_socket_send(s.peer[HF_FRONT], big + sent, sizeof big - sent, &n);
        sent += n;
        turn(loop);
        if (sent < sizeof big)
            assert_int_equal(read_exactly(s.peer[HF_BACK], back, n, &got), HF_OK);
    }
    assert_true(splices > 0);
    read_exactly(s.peer[HF_BACK], back, n, &got);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write(s.peer[HF_FRONT], "ping", 4), 4);
        expect_bytes(s.peer[HF_BACK], "ping");
    }
    splices = 0;
    assert_int_equal(write(s.peer[HF_FRONT], "ping", 4), 4);
    expect_bytes(s.peer[HF_BACK], "ping");
    assert_int_equal(splices, 0);
    close_scene(&s);
}

/* Urgent data stops splice() and short reads; the stream must go on past it. */
static void test_urgent_data_does_not_stall(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, tcp_pair, true);
    hf_relay_start(&s.relay);
    const char *big = pattern;
    static char buf[100000];
    size_t n, got;
    for (int round = 0; round < 5; round++) {
        assert_int_equal(send(s.peer[HF_FRONT], big, 50000, 0), 50000);
        assert_int_equal(send(s.peer[HF_FRONT], big + 50000, 1, MSG_OOB), 1);
        assert_int_equal(hf_socket_send(s.peer[HF_FRONT], big + 50001, 49999, &n), HF_OK);
        assert_int_equal(n, 49999);
        read_exactly(s.peer[HF_BACK], buf, sizeof buf, &got);
        assert_int_equal(got, sizeof buf);
        assert_memory_equal(buf, big, sizeof buf);
    }
    close_scene(&s);
}

/* ---- closing ---- */

static void test_close_inside_callbacks(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, tcp_pair, true);
    s.close_on_eof = true;
    hf_relay_start(&s.relay);
    hf_socket_shutdown_write(s.peer[HF_BACK]);
    TURN_UNTIL(loop, s.relay.closed);
    assert_int_equal(expect_end(s.peer[HF_FRONT]), HF_EOF);
    assert_int_equal(s.done, 0);
    close_scene(&s);

    open_scene(&s, tcp_pair, true);
    s.close_on_moved = true;
    hf_relay_start(&s.relay);
    assert_int_equal(write(s.peer[HF_FRONT], "x", 1), 1);
    TURN_UNTIL(loop, s.relay.closed);
    assert_int_equal(s.moved, 1);
    close_scene(&s);
}

static void test_many_relays_leak_nothing(void **state)
{
    (void)state;
    static char chunk[40000];
    unsigned before = open_descriptors();
    for (unsigned i = 0; i < 2000; i++) {
        struct scene s;
        size_t n;
        open_scene(&s, i % 8 ? unix_pair : tcp_pair, i % 3);
        hf_relay_start(&s.relay);
        (void)!hf_socket_send(s.peer[i % 2], chunk, i % 7 ? 10 : sizeof chunk, &n);
        for (unsigned t = 0; t < i % 5; t++)
            turn(loop);
        if (i % 4 == 0)
            close_peer(&s, i % 2, i % 16 == 0);
        for (unsigned t = 0; t < i % 3; t++)
            turn(loop);
        close_scene(&s);
    }
    hf_loop_free(loop); /* with its spare pipes */
    loop = hf_loop_new();
    assert_int_equal(open_descriptors(), before);
}

static void test_idle_relay_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct hf_relay) <= 200);
}

int main(void)
{
    fill_pattern();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_chatter),
        TEST(test_fin_both_ways),
        TEST(test_zero_bytes),
        TEST(test_gone_before_start),
        TEST(test_start_before_attach),
        TEST(test_close_before_anything),
        TEST(test_reset_breaks_both_sides),
        TEST(test_reset_in_mid_flow),
        TEST(test_receiver_resets_in_mid_flow),
        TEST(test_reset_after_half_close),
        TEST(test_late_reset_does_not_cut_an_upload),
        TEST(test_slow_reader_by_splice),
        TEST(test_slow_reader_by_copy),
        TEST(test_splice_refused_falls_back),
        TEST(test_small_pipes_when_asked_for),
        TEST(test_no_pipe_to_be_had),
        TEST(test_both_directions_at_once),
        TEST(test_one_byte_writes),
        TEST(test_bulk_then_chatter),
        TEST(test_urgent_data_does_not_stall),
        TEST(test_close_inside_callbacks),
        TEST(test_many_relays_leak_nothing),
        TEST(test_idle_relay_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
