/* TLS sessions: who resumes whose, and who must not. */
#include "tls_pair.h"

/* One control connection and many data connections; each resumes it. */
static void resume_in(int version, bool tickets, bool keys)
{
    static const uint8_t key[3][HF_TLS_TICKET_KEY_MAX] = {"one", "two", "three"};
    usual();
    of_client.max_version = version;
    of_server.no_tickets = !tickets;
    if (keys) {
        of_server.ticket_keys = key;
        of_server.n_ticket_keys = 3;
        of_server.ticket_key_bytes = 80;
    }
    options.name = "ftp.test";
    options.for_data = true;
    struct hf_tls_ctx *s = make_ctx(&of_server), *c = make_ctx(&of_client);
    struct hf_tls *control[2], *stranger, *data[2];
    assert_int_equal(hf_tls_new(s, &options, &control[0]), HF_OK);
    assert_int_equal(hf_tls_new(c, &options, &control[1]), HF_OK);
    open_pair(control[0], control[1]);
    shake_well();
    assert_false(hf_tls_resumed(control[0]));
    say(&server, "220"); /* tickets of TLS 1.3 come with it */
    expect(&client, "220");
    struct peer kept[2] = {server, client};
    /* The watches moved. */
    for (int i = 0; i < 2; i++) {
        struct peer *from = i ? &client : &server;
        int fd = hf_watch_take(&from->watch);
        open_peer(&kept[i], loop, fd, from->tls);
    }
    for (int i = 0; i < 12; i++) {
        assert_int_equal(hf_tls_new_data(control[0], &data[0]), HF_OK);
        assert_int_equal(hf_tls_new_data(control[1], &data[1]), HF_OK);
        open_pair(data[0], data[1]);
        shake_well();
        if (!hf_tls_resumed(server.tls))
            fail_msg("%s, tickets %d, keys %d: transfer %d did not resume",
                     hf_tls_version(server.tls), tickets, keys, i);
        say(&server, "file");
        expect(&client, "file");
        /* Broken ones do no harm to the session. */
        if (i % 3 == 0)
            hf_socket_shutdown_write(server.watch.fd);
        else
            assert_int_equal(hf_tls_shutdown(server.tls), HF_OK);
        assert_int_equal(end_of(&client), i % 3 == 0 ? HF_TRUNCATED : HF_EOF);
        close_pair();
    }
    /* Somebody else's data connection does not pass for this client's. */
    assert_int_equal(hf_tls_new(s, &options, &stranger), HF_OK);
    assert_int_equal(hf_tls_new_data(stranger, &data[0]), HF_OK);
    assert_int_equal(hf_tls_new_data(control[1], &data[1]), HF_OK);
    open_pair(data[0], data[1]);
    shake_well();
    assert_false(hf_tls_resumed(server.tls));
    close_pair();
    hf_tls_free(stranger);
    close_peer_tls(&kept[0]);
    close_peer_tls(&kept[1]);
    hf_tls_ctx_put(s);
    hf_tls_ctx_put(c);
}

static void test_data_resumes_control(void **state)
{
    (void)state;
    resume_in(HF_TLS_1_2, true, false);
    resume_in(HF_TLS_1_2, false, false);
    resume_in(HF_TLS_1_3, true, false);
    resume_in(HF_TLS_1_3, false, false);
    resume_in(HF_TLS_1_2, true, true);
    resume_in(HF_TLS_1_3, true, true);
}

/* Who comes to a data port first is not known, and a session that was begun there proves nothing
 * about who comes next. */
static void come_twice_in(int version, bool tickets)
{
    usual();
    of_client.max_version = version;
    of_server.no_tickets = !tickets;
    options.for_data = true;
    struct hf_tls_ctx *s = make_ctx(&of_server), *c = make_ctx(&of_client);
    struct hf_tls *control, *thief, *data[2];
    assert_int_equal(hf_tls_new(s, &options, &control), HF_OK);
    assert_int_equal(hf_tls_new(c, &options, &thief), HF_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(hf_tls_new_data(control, &data[0]), HF_OK);
        assert_int_equal(hf_tls_new_data(thief, &data[1]), HF_OK);
        open_pair(data[0], data[1]);
        shake_well();
        if (hf_tls_resumed(server.tls))
            fail_msg("%s, tickets %d: resumed what a data connection had begun",
                     hf_tls_version(server.tls), tickets);
        say(&server, "file");
        expect(&client, "file");
        close_pair();
    }
    hf_tls_free(control);
    hf_tls_free(thief);
    hf_tls_ctx_put(s);
    hf_tls_ctx_put(c);
}

static void test_data_begins_no_session(void **state)
{
    (void)state;
    come_twice_in(HF_TLS_1_2, true);
    come_twice_in(HF_TLS_1_2, false);
    come_twice_in(HF_TLS_1_3, true);
    come_twice_in(HF_TLS_1_3, false);
}

/* A session holds for the certificate that it began with, as each may ask for other clients. */
static void resume_among_certs(int version)
{
    usual();
    struct hf_tls_settings strict = {
        .verify = HF_TLS_VERIFY_REQUIRED, .verify_given = true, .ca_file = ca.path};
    struct hf_tls_cert certs[] = {{.file = server_cert.path},
                                  {.file = second_cert.path},
                                  {.file = wild_cert.path, .own = &strict}};
    struct hf_tls_cert shown = {.file = client_cert.path};
    of_server.certs = certs;
    of_server.n_certs = 3;
    of_client.max_version = version;
    struct hf_tls_ctx *s = make_ctx(&of_server), *stranger = make_ctx(&of_client);
    of_client.certs = &shown;
    of_client.n_certs = 1;
    struct hf_tls_ctx *c = make_ctx(&of_client);
    options.name = "x.wild.test";
    for (int i = 0; i < 3; i++) {
        connect_with(s, c, &options);
        shake_well();
        say(&server, "220");
        expect(&client, "220");
        assert_int_equal(hf_tls_resumed(server.tls), i > 0);
        close_pair();
    }
    for (int i = 0; i < 2; i++) { /* begun where nothing is asked for */
        options.name = i ? "second.test" : "ftp.test";
        connect_with(s, stranger, &options);
        shake_well();
        say(&server, "220");
        expect(&client, "220");
        SSL_SESSION *begun = SSL_get1_session(client.tls->ssl);
        close_pair();
        options.name = "x.wild.test";
        connect_with(s, stranger, &options);
        assert_int_equal(SSL_set_session(client.tls->ssl, begun), 1);
        SSL_SESSION_free(begun);
        assert_int_equal(shake().server, HF_DENIED);
        close_pair();
    }
    hf_tls_ctx_put(s);
    hf_tls_ctx_put(c);
    hf_tls_ctx_put(stranger);
}

static void test_sessions_of_certificates(void **state)
{
    (void)state;
    resume_among_certs(HF_TLS_1_2);
    resume_among_certs(HF_TLS_1_3);
}

/* Connections to a server resume each other's sessions, unless told not to. */
static void test_reuse_between_connections(void **state)
{
    (void)state;
    for (int version = HF_TLS_1_2; version <= HF_TLS_1_3; version++) {
        for (int reuse = 0; reuse < 2; reuse++) {
            usual();
            of_client.max_version = version;
            of_client.no_reuse = !reuse;
            struct hf_tls_ctx *s = make_ctx(&of_server), *c = make_ctx(&of_client);
            for (int i = 0; i < 4; i++) {
                options.name = i == 3 ? "other.test" : "ftp.test";
                connect_with(s, c, &options);
                shake_well();
                say(&server, "220");
                expect(&client, "220");
                assert_int_equal(hf_tls_resumed(client.tls), reuse && (i == 1 || i == 2));
                close_pair();
            }
            hf_tls_ctx_put(s);
            hf_tls_ctx_put(c);
        }
    }
}

/* But for one that is to see the certificate, which takes no session and leaves none. */
static void test_fresh_connections(void **state)
{
    (void)state;
    for (int version = HF_TLS_1_2; version <= HF_TLS_1_3; version++) {
        static const bool fresh[] = {true, false, true, false};
        usual();
        of_client.max_version = version;
        struct hf_tls_ctx *s = make_ctx(&of_server), *c = make_ctx(&of_client);
        for (int i = 0; i < 4; i++) {
            options.fresh = fresh[i];
            connect_with(s, c, &options);
            shake_well();
            say(&server, "220");
            expect(&client, "220");
            assert_int_equal(hf_tls_resumed(client.tls), i == 3);
            close_pair();
        }
        hf_tls_ctx_put(s);
        hf_tls_ctx_put(c);
    }
}

/* A ticket of one host or process is good for another one that has the same keys. */
static void test_shared_ticket_keys(void **state)
{
    static const uint8_t key[3][HF_TLS_TICKET_KEY_MAX] = {"one", "two", "three"};
    (void)state;
    usual();
    of_server.ticket_keys = key;
    of_server.n_ticket_keys = 3;
    of_server.ticket_key_bytes = 48;
    struct hf_tls_ctx *s[2] = {make_ctx(&of_server), make_ctx(&of_server)},
                      *c = make_ctx(&of_client);
    for (int i = 0; i < 2; i++) {
        connect_with(s[i], c, &options);
        shake_well();
        say(&server, "220");
        expect(&client, "220");
        assert_int_equal(hf_tls_resumed(client.tls), i);
        close_pair();
        hf_tls_ctx_put(s[i]);
    }
    hf_tls_ctx_put(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data_resumes_control),
        cmocka_unit_test(test_data_begins_no_session),
        cmocka_unit_test(test_sessions_of_certificates),
        cmocka_unit_test(test_reuse_between_connections),
        cmocka_unit_test(test_fresh_connections),
        cmocka_unit_test(test_shared_ticket_keys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
