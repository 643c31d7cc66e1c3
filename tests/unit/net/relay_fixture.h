/*
 * relay_fixture.h: a relay between two connections whose other ends the test plays.
 */
#ifndef HAFTP_TEST_RELAY_FIXTURE_H
#define HAFTP_TEST_RELAY_FIXTURE_H

#include "net_fixture.h"

#include "haftp/base/assert.h"
#include "haftp/net/relay.h"

/* One relay between two connections; the test plays both peers. */
struct scene {
    struct hf_relay relay;
    struct hf_reap reap;
    int peer[2]; /* our side of front and of back */
    unsigned eofs[2], secure[2], readable[2], done, broken, moved, events_after_close;
    int broken_end;
    enum hf_status broken_status;
    bool close_on_eof, close_on_moved;
};

static struct hf_loop *loop; /* made by each test */

static inline void on_event(struct hf_relay *relay, enum hf_relay_event event, int end,
                            enum hf_status status)
{
    struct scene *s = HF_CONTAINER(relay, struct scene, relay);
    s->events_after_close += relay->closed;
    switch (event) {
    case HF_RELAY_EOF:
        s->eofs[end]++;
        if (s->close_on_eof)
            hf_relay_close(relay, 0);
        break;
    case HF_RELAY_READABLE:
        s->readable[end]++;
        break;
    case HF_RELAY_DONE:
        s->done++;
        break;
    case HF_RELAY_BROKEN:
        s->broken++;
        s->broken_end = end;
        s->broken_status = status;
        break;
    case HF_RELAY_SECURE:
        s->secure[end]++;
        break;
    case HF_RELAY_MOVED:
        s->moved++;
        if (s->close_on_moved)
            hf_relay_close(relay, 1u << HF_FRONT | 1u << HF_BACK);
        break;
    }
}

typedef void (*pair_fn)(int pair[2]);

static inline void open_scene(struct scene *s, pair_fn make_pair, bool allow_splice)
{
    *s = (struct scene){0};
    hf_relay_init(&s->relay, allow_splice, on_event);
    for (int end = HF_FRONT; end <= HF_BACK; end++) {
        int pair[2];
        make_pair(pair);
        s->peer[end] = pair[1];
        assert_int_equal(hf_relay_attach(&s->relay, end, loop, pair[0]), HF_OK);
    }
}

static inline void close_scene(struct scene *s)
{
    hf_relay_close(&s->relay, 0);
    hf_relay_close(&s->relay, 0);
    for (int i = 0; i < 5; i++)
        turn(loop);
    assert_int_equal(s->events_after_close, 0);
    for (int end = HF_FRONT; end <= HF_BACK; end++)
        if (s->peer[end] >= 0)
            close(s->peer[end]);
}

static inline void close_peer(struct scene *s, int end, bool reset)
{
    if (reset)
        hf_socket_reset_on_close(s->peer[end]);
    close(s->peer[end]);
    s->peer[end] = -1;
}

/* Reads until `want` bytes came or the stream ended; the loop turns meanwhile. */
static inline enum hf_status read_exactly(int fd, char *buf, size_t want, size_t *got)
{
    enum hf_status status = HF_OK;
    *got = 0;
    for (unsigned turns = 0; *got < want && turns < MANY_TURNS; turns++) {
        size_t n;
        turn(loop);
        status = hf_socket_recv(fd, buf + *got, want - *got, &n);
        *got += n;
        if (status && status != HF_AGAIN)
            return status;
    }
    return status;
}

static inline void expect_bytes(int fd, const char *text)
{
    char buf[256];
    size_t got;
    read_exactly(fd, buf, strlen(text), &got);
    assert_int_equal(got, strlen(text));
    assert_memory_equal(buf, text, got);
}

static inline enum hf_status expect_end(int fd)
{
    char byte;
    size_t got;
    enum hf_status status = read_exactly(fd, &byte, 1, &got);
    assert_int_equal(got, 0);
    return status;
}

/* Runs a case over each kind of transport in each mode. */
typedef void (*case_fn)(struct scene *s);

static inline void in_every_mode(case_fn run)
{
    static const pair_fn kinds[] = {tcp_pair, unix_pair};
    for (int kind = 0; kind < 2; kind++) {
        for (int allow_splice = 0; allow_splice < 2; allow_splice++) {
            struct scene s;
            unsigned before = open_descriptors();
            open_scene(&s, kinds[kind], allow_splice);
            run(&s);
            close_scene(&s);
            assert_true(open_descriptors() <= before + 2); /* one spare pipe */
        }
    }
}

#endif
