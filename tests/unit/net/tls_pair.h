/*
 * tls_pair.h: one TLS connection against another, on one loop, with certificates of every kind.
 *
 * usual() sets both sides' settings, the test changes them, meet() makes the connections.
 */
#ifndef HAFTP_TEST_TLS_PAIR_H
#define HAFTP_TEST_TLS_PAIR_H

#include "tls_fixture.h"

static struct hf_loop *loop;
static struct issued ca, other_ca, server_cert, second_cert, wild_cert, address_cert, client_cert,
    expired_cert;
static struct peer server, client;

static inline struct hf_tls_settings server_settings(const struct hf_tls_cert *certs, unsigned n)
{
    return (struct hf_tls_settings){.server = true, .certs = certs, .n_certs = n};
}

static inline struct hf_tls_settings client_settings(void)
{
    return (struct hf_tls_settings){.verify = HF_TLS_VERIFY_REQUIRED, .ca_file = ca.path};
}

static inline void open_pair(struct hf_tls *server_tls, struct hf_tls *client_tls)
{
    int pair[2];
    tcp_pair(pair);
    open_peer(&server, loop, pair[0], server_tls);
    open_peer(&client, loop, pair[1], client_tls);
}

static inline void connect_with(struct hf_tls_ctx *server_ctx, struct hf_tls_ctx *client_ctx,
                                const struct hf_tls_options *options)
{
    struct hf_tls *s, *c;
    assert_int_equal(hf_tls_new(server_ctx, NULL, &s), HF_OK);
    assert_int_equal(hf_tls_new(client_ctx, options, &c), HF_OK);
    open_pair(s, c);
}

static inline void close_pair(void)
{
    close_peer_tls(&server);
    close_peer_tls(&client);
}

struct handshake {
    enum hf_status server, client;
};

static inline struct handshake shake(void)
{
    struct handshake h = {HF_AGAIN, HF_AGAIN};
    for (unsigned turns = 0; h.server == HF_AGAIN || h.client == HF_AGAIN; turns++) {
        assert_true(turns < MANY_TURNS);
        if (h.server == HF_AGAIN)
            h.server = hf_tls_handshake(server.tls);
        if (h.client == HF_AGAIN)
            h.client = hf_tls_handshake(client.tls);
        /* A server of TLS 1.3 hears of a client's refusal only when it reads. */
        if (h.server == HF_OK && h.client != HF_OK && h.client != HF_AGAIN)
            break;
        turn(loop);
    }
    return h;
}

static inline void shake_well(void)
{
    struct handshake h = shake();
    if (h.server || h.client)
        fail_msg("server: %s, client: %s", hf_tls_error(server.tls), hf_tls_error(client.tls));
    assert_true(hf_tls_is_ready(server.tls) && hf_tls_is_ready(client.tls));
}

static inline enum hf_status receive(struct peer *peer, char *buf, size_t room, size_t *n)
{
    enum hf_status status;
    unsigned turns = 0;
    while ((status = hf_tls_recv(peer->tls, buf, room, n)) == HF_AGAIN) {
        assert_true(turns++ < MANY_TURNS);
        turn(loop);
    }
    return status;
}

static inline void expect(struct peer *peer, const char *text)
{
    char buf[64];
    size_t n;
    assert_int_equal(receive(peer, buf, sizeof buf, &n), HF_OK);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(buf, text, n);
}

static inline void say(struct peer *peer, const char *text)
{
    size_t n;
    assert_int_equal(hf_tls_send(peer->tls, text, strlen(text), &n), HF_OK);
    assert_int_equal(n, strlen(text));
}

static inline enum hf_status end_of(struct peer *peer)
{
    char byte;
    size_t n;
    enum hf_status status = receive(peer, &byte, 1, &n);
    assert_int_equal(n, 0);
    return status;
}

/* Both contexts with the usual certificate; the test changes the settings. */
static struct hf_tls_cert usual_cert;
static struct hf_tls_settings of_server, of_client;
static struct hf_tls_options options;

static inline void usual(void)
{
    usual_cert = (struct hf_tls_cert){.file = server_cert.path};
    of_server = server_settings(&usual_cert, 1);
    of_client = client_settings();
    options = (struct hf_tls_options){0};
}

static inline struct handshake meet(void)
{
    struct hf_tls_ctx *s = make_ctx(&of_server), *c = make_ctx(&of_client);
    connect_with(s, c, &options);
    hf_tls_ctx_put(s); /* the connection keeps its own count */
    hf_tls_ctx_put(c);
    return shake();
}

static inline void meet_well(void)
{
    struct handshake h = meet();
    if (h.server || h.client)
        fail_msg("server: %s, client: %s", hf_tls_error(server.tls), hf_tls_error(client.tls));
}

/* ---- for all tests ---- */

static inline int set_up(void **state)
{
    (void)state;
    loop = hf_loop_new();
    issue(&ca, "authority", NULL, 100, NULL);
    issue(&other_ca, "somebody", NULL, 100, NULL);
    issue(&server_cert, "ftp.test", "DNS:ftp.test,DNS:other.test", 100, &ca);
    issue(&second_cert, "second", "DNS:second.test", 100, &ca);
    issue(&wild_cert, "wild", "DNS:*.wild.test", 100, &ca);
    issue(&address_cert, "192.0.2.2", "IP:192.0.2.1", 100, &ca);
    issue(&client_cert, "somebody's client", "email:me@test", 100, &ca);
    issue(&expired_cert, "expired", "DNS:ftp.test", -1, &ca);
    return loop ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    struct issued *all[] = {&ca,        &other_ca,     &server_cert, &second_cert,
                            &wild_cert, &address_cert, &client_cert, &expired_cert};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        discard(all[i]);
    hf_loop_free(loop);
    return 0;
}

#endif
