/* One TLS connection against another: handshakes, bytes, ends, certificates, names. */
#include "tls_pair.h"

/* ---- bytes and ends ---- */

static void chat_in(int version)
{
    usual();
    of_client.max_version = version;
    struct hf_tls_ctx *s = make_ctx(&of_server), *c = make_ctx(&of_client);
    options.name = options.verify_name = "ftp.test";
    connect_with(s, c, &options);
    shake_well();
    assert_string_equal(hf_tls_version(server.tls), version == HF_TLS_1_2 ? "TLSv1.2" : "TLSv1.3");
    assert_string_equal(hf_tls_cipher(server.tls), hf_tls_cipher(client.tls));
    assert_string_equal(hf_tls_name(server.tls), "ftp.test");
    assert_false(hf_tls_resumed(server.tls));
    say(&client, "NOOP");
    expect(&server, "NOOP");
    say(&server, "200");
    expect(&client, "200");
    /* Half-close: the other direction goes on. */
    assert_int_equal(hf_tls_shutdown(client.tls), HF_OK);
    hf_socket_shutdown_write(client.watch.fd);
    assert_int_equal(end_of(&server), HF_EOF);
    assert_int_equal(end_of(&server), HF_EOF);
    say(&server, "more");
    expect(&client, "more");
    assert_int_equal(hf_tls_shutdown(server.tls), HF_OK);
    assert_int_equal(hf_tls_shutdown(server.tls), HF_OK);
    assert_int_equal(end_of(&client), HF_EOF);
    close_pair();
    hf_tls_ctx_put(s);
    hf_tls_ctx_put(c);
}

static void test_chat(void **state)
{
    (void)state;
    chat_in(HF_TLS_1_2);
    chat_in(HF_TLS_1_3);
}

static void test_truncation(void **state)
{
    (void)state;
    usual();
    meet_well();
    say(&client, "half a fi");
    hf_socket_shutdown_write(client.watch.fd);
    expect(&server, "half a fi");
    assert_int_equal(end_of(&server), HF_TRUNCATED);
    assert_int_equal(end_of(&server), HF_TRUNCATED);
    close_pair();
}

static void test_reset(void **state)
{
    (void)state;
    usual();
    meet_well();
    hf_socket_reset_on_close(client.watch.fd);
    close_peer_tls(&client);
    assert_int_equal(end_of(&server), HF_RESET);
    close_pair();
}

/* What the socket does not take waits inside and is sent later; no byte is lost or doubled. */
static void test_back_pressure(void **state)
{
    enum { TOTAL = 4 << 20, CHUNK = 200000 };
    static char out[CHUNK + 256], in[CHUNK];
    (void)state;
    usual();
    meet_well();
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (char)(i * 7 % 251);
    size_t sent = 0, got = 0, blocked = 0;
    for (unsigned turns = 0; got < TOTAL; turns++) {
        assert_true(turns < MANY_TURNS);
        size_t n = 0, size = TOTAL - sent < CHUNK ? TOTAL - sent : CHUNK;
        enum hf_status status = HF_AGAIN;
        if (size)
            status = hf_tls_send(server.tls, out + sent % 251, size, &n);
        assert_true(status == HF_OK || status == HF_AGAIN);
        blocked += status == HF_AGAIN;
        sent += n;
        if (!size)
            (void)!hf_tls_flush(server.tls);
        if (turns % 8 == 0) {
            while (hf_tls_recv(client.tls, in, sizeof in, &n) == HF_OK) {
                for (size_t i = 0; i < n; i++)
                    if (in[i] != (char)((got + i) % 251 * 7 % 251))
                        fail_msg("wrong byte at %zu", got + i);
                got += n;
            }
        }
        turn(loop);
    }
    assert_true(blocked > 0);
    assert_int_equal(hf_tls_flush(server.tls), HF_OK);
    assert_int_equal(hf_tls_shutdown(server.tls), HF_OK);
    assert_int_equal(end_of(&client), HF_EOF);
    close_pair();
}

/* Small records carry more of what TLS adds. */
static void test_small_records(void **state)
{
    static const char bytes[200000];
    static const unsigned sizes[] = {512, 864};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t n;
        usual();
        of_server.record_bytes = sizes[i];
        of_server.ciphers = "ECDHE-ECDSA-AES128-SHA";
        of_client.max_version = HF_TLS_1_2;
        meet_well();
        assert_int_equal(hf_tls_send(server.tls, bytes, sizeof bytes, &n), HF_OK);
        assert_true(n > 100000);
        close_pair();
    }
}

/* Each request for new keys has an answer, which this client never reads. */
static void test_flood_of_key_updates(void **state)
{
    enum hf_status status = HF_AGAIN;
    int small = 4096;
    char byte;
    size_t n;
    (void)state;
    usual();
    meet_well();
    setsockopt(server.watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    for (int i = 0; i < 1000000 && status == HF_AGAIN; i++) {
        (void)!hf_tls_flush(client.tls);
        if (hf_buf_size(&client.tls->out) == 0) {
            assert_int_equal(SSL_key_update(client.tls->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
            assert_int_equal(SSL_do_handshake(client.tls->ssl), 1);
        }
        if (i % 500 == 0)
            turn(loop);
        status = hf_tls_recv(server.tls, &byte, 1, &n);
    }
    assert_int_equal(status, HF_LIMIT);
    assert_true(hf_buf_size(&server.tls->out) < 1 << 20);
    close_pair();
}

/* ---- handshakes that fail, and why ---- */

static void test_garbage(void **state)
{
    (void)state;
    static const char *const garbage[] = {"USER anonymous\r\n", "GET / HTTP/1.0\r\n\r\n",
                                          "\x16\x03\x01\xff\xff nonsense of a length",
                                          "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        struct hf_tls *tls;
        int pair[2];
        usual();
        struct hf_tls_ctx *ctx = make_ctx(&of_server);
        assert_int_equal(hf_tls_new(ctx, NULL, &tls), HF_OK);
        tcp_pair(pair);
        open_peer(&server, loop, pair[0], tls);
        assert_true(write(pair[1], garbage[i], strlen(garbage[i])) > 0);
        enum hf_status status;
        unsigned turns = 0;
        while ((status = hf_tls_handshake(tls)) == HF_AGAIN && turns++ < 10)
            turn(loop);
        close(pair[1]);
        if (i == 0 || i == 1)
            assert_int_equal(status, HF_INVALID);
        for (turns = 0; (status = hf_tls_handshake(tls)) == HF_AGAIN && turns < MANY_TURNS; turns++)
            turn(loop);
        assert_true(status != HF_OK && status != HF_AGAIN);
        assert_string_not_equal(hf_tls_error(tls), "");
        close_peer_tls(&server);
        hf_tls_ctx_put(ctx);
    }
}

static void expect_refusal(struct handshake h, enum hf_status of_client_side, const char *words)
{
    assert_int_equal(h.client, of_client_side);
    if (!strstr(hf_tls_error(client.tls), words))
        fail_msg("'%s' does not say '%s'", hf_tls_error(client.tls), words);
    close_pair();
}

static void test_untrusted_server(void **state)
{
    (void)state;
    usual();
    of_client.ca_file = other_ca.path;
    expect_refusal(meet(), HF_DENIED, "unable to get local issuer certificate");
    usual();
    usual_cert.file = expired_cert.path;
    expect_refusal(meet(), HF_DENIED, "certificate has expired");
    usual();
    options.verify_name = "elsewhere.test";
    expect_refusal(meet(), HF_DENIED, "hostname mismatch");
    usual();
    options.name = options.verify_name = "elsewhere.test";
    of_client.verify = HF_TLS_VERIFY_NONE;
    meet_well();
    close_pair();
}

/* As HAProxy 2.6 was found to compare them. */
static void test_names_of_servers(void **state)
{
    const struct {
        const char *file, *name;
        bool right;
    } cases[] = {
        {server_cert.path, "ftp.test", true},    {server_cert.path, "FTP.test", true},
        {server_cert.path, "other.test", true},  {server_cert.path, ".test", false},
        {second_cert.path, "second.test", true}, {second_cert.path, "second", true},
        {second_cert.path, "first", false},      {wild_cert.path, "a.wild.test", true},
        {wild_cert.path, "wild.test", false},    {wild_cert.path, "a.b.wild.test", false},
        {address_cert.path, "192.0.2.1", true},  {address_cert.path, "192.0.2.2", true},
        {address_cert.path, "192.0.2.3", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        usual();
        usual_cert.file = cases[i].file;
        options.verify_name = cases[i].name;
        if (cases[i].right) {
            meet_well();
            close_pair();
        } else {
            expect_refusal(meet(), HF_DENIED, "hostname mismatch");
        }
    }
}

static void test_client_certificates(void **state)
{
    (void)state;
    usual();
    of_server.verify = HF_TLS_VERIFY_REQUIRED;
    of_server.ca_file = ca.path;
    of_client.max_version = HF_TLS_1_2; /* there the client learns of it in the handshake */
    struct handshake h = meet();
    assert_int_equal(h.server, HF_DENIED);
    assert_string_equal(hf_tls_error(server.tls), "the peer showed no certificate");
    close_pair();

    struct hf_tls_cert shown = {.file = client_cert.path};
    of_client.certs = &shown;
    of_client.n_certs = 1;
    of_client.max_version = 0;
    meet_well();
    assert_non_null(hf_tls_peer_cert(server.tls));
    assert_int_equal(hf_tls_verify_result(server.tls), X509_V_OK);
    close_pair();

    shown.file = expired_cert.path;
    of_client.max_version = HF_TLS_1_2;
    h = meet();
    assert_int_equal(h.server, HF_DENIED);
    assert_int_equal(hf_tls_faults(server.tls)->error, X509_V_ERR_CERT_HAS_EXPIRED);
    close_pair();

    of_server.crt_ignored.bits[0] = 1ull << X509_V_ERR_CERT_HAS_EXPIRED;
    meet_well();
    assert_int_equal(hf_tls_verify_result(server.tls), X509_V_ERR_CERT_HAS_EXPIRED);
    close_pair();

    of_server.verify = HF_TLS_VERIFY_OPTIONAL;
    of_client.n_certs = 0;
    meet_well();
    assert_null(hf_tls_peer_cert(server.tls));
    close_pair();
}

static void test_versions_and_ciphers(void **state)
{
    (void)state;
    usual();
    of_server.min_version = HF_TLS_1_3;
    of_client.max_version = HF_TLS_1_2;
    struct handshake h = meet();
    assert_int_equal(h.server, HF_UNSUPPORTED);
    close_pair();
    usual();
    of_server.no_versions = 1u << (HF_TLS_1_3 & 15);
    meet_well();
    assert_string_equal(hf_tls_version(client.tls), "TLSv1.2");
    close_pair();
    usual();
    of_server.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
    of_client.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
    of_client.max_version = HF_TLS_1_2;
    h = meet();
    assert_int_equal(h.server, HF_UNSUPPORTED);
    close_pair();
    usual();
    of_client.sigalgs = "ECDSA+SHA256";
    meet_well();
    close_pair();
    of_server.sigalgs = "ECDSA+SHA384";
    h = meet();
    assert_int_equal(h.server, HF_UNSUPPORTED);
    close_pair();
}

static void test_alpn(void **state)
{
    size_t n;
    (void)state;
    usual();
    of_server.alpn = "ftp";
    of_server.alpn_strict = true;
    meet_well();
    assert_null(hf_tls_alpn(server.tls, &n));
    close_pair();
    of_client.alpn = "http/1.1,ftp";
    meet_well();
    assert_memory_equal(hf_tls_alpn(client.tls, &n), "ftp", 3);
    assert_int_equal(n, 3);
    close_pair();
    of_client.alpn = "http/1.1";
    expect_refusal(meet(), HF_UNSUPPORTED, "no application protocol");
    of_server.alpn_strict = false;
    meet_well();
    close_pair();
}

/* ---- names ---- */

static const char *cert_for(const char *name)
{
    static char cn[64];
    options.name = name;
    struct handshake h = meet();
    if (h.client) {
        close_pair();
        return NULL;
    }
    X509_NAME_get_text_by_NID(X509_get_subject_name(hf_tls_peer_cert(client.tls)), NID_commonName,
                              cn, sizeof cn);
    close_pair();
    return cn;
}

static void test_names(void **state)
{
    static const char *const filters[] = {"*.filtered.test", "!not.filtered.test"};
    (void)state;
    usual();
    struct hf_tls_cert certs[] = {
        {.file = server_cert.path},
        {.file = wild_cert.path},
        {.file = second_cert.path, .names = filters, .n_names = 2},
    };
    of_server.certs = certs;
    of_server.n_certs = 3;
    assert_string_equal(cert_for(NULL), "ftp.test");
    assert_string_equal(cert_for("ftp.test"), "ftp.test");
    assert_string_equal(cert_for("FTP.wild.Test"), "wild");
    assert_string_equal(cert_for("a.b.wild.test"), "ftp.test"); /* one label, no more */
    assert_string_equal(cert_for("a.filtered.test"), "second");
    assert_string_equal(cert_for("not.filtered.test"), "ftp.test");
    assert_string_equal(cert_for("second.test"), "ftp.test"); /* its filters say otherwise */
    of_server.strict_sni = true;
    assert_string_equal(cert_for("x.wild.test"), "wild");
    assert_null(cert_for("unknown.test"));
    assert_null(cert_for(NULL));
}

/* What a line of a crt-list says counts for its certificate only. */
static void test_own_settings(void **state)
{
    (void)state;
    usual();
    struct hf_tls_settings strict = {.verify = HF_TLS_VERIFY_REQUIRED,
                                     .verify_given = true,
                                     .ca_file = ca.path,
                                     .max_version = HF_TLS_1_2};
    struct hf_tls_cert certs[] = {{.file = server_cert.path},
                                  {.file = wild_cert.path, .own = &strict}};
    of_server.certs = certs;
    of_server.n_certs = 2;
    meet_well();
    assert_string_equal(hf_tls_version(server.tls), "TLSv1.3");
    close_pair();
    options.name = "x.wild.test";
    struct handshake h = meet();
    assert_int_equal(h.server, HF_DENIED);
    close_pair();
    struct hf_tls_cert shown = {.file = client_cert.path};
    of_client.certs = &shown;
    of_client.n_certs = 1;
    meet_well();
    assert_string_equal(hf_tls_version(server.tls), "TLSv1.2");
    close_pair();
}

/* ---- settings that are wrong ---- */

static void expect_complaint(const char *words)
{
    char why[HF_TLS_WHY_BYTES];
    struct hf_tls_ctx *ctx;
    assert_int_equal(hf_tls_ctx_new(&of_server, why, &ctx), HF_INVALID);
    if (!strstr(why, words))
        fail_msg("'%s' does not say '%s'", why, words);
    usual();
}

/* As an administrator writes it with `cat`. */
static void write_file(char path[64], X509 *const certs[], EVP_PKEY *key)
{
    strcpy(path, "/tmp/haftp-test-XXXXXX");
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    for (; *certs; certs++)
        assert_int_equal(PEM_write_X509(file, *certs), 1);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

static void test_key_of_another_certificate(void **state)
{
    char path[64];
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    (void)state;
    usual();
    usual_cert.file = path;
    write_file(path, (X509 *[]){server_cert.cert, NULL}, client_cert.key);
    expect_complaint("does not match the certificate in");
    unlink(path);
    usual_cert.file = path;
    write_file(path, (X509 *[]){server_cert.cert, NULL}, rsa); /* another kind of key, too */
    expect_complaint("does not match the certificate in");
    unlink(path);
    usual_cert.file = path;
    write_file(path, (X509 *[]){ca.cert, server_cert.cert, NULL}, server_cert.key);
    expect_complaint("is for certificate 2 of");
    unlink(path);
    EVP_PKEY_free(rsa);
}

static void test_wrong_settings(void **state)
{
    (void)state;
    usual();
    usual_cert.file = "/nowhere/at.pem";
    expect_complaint("cannot read '/nowhere/at.pem': No such file");
    char keyless[sizeof server_cert.path];
    write_cert_alone(&server_cert, keyless);
    usual_cert.file = keyless;
    expect_complaint("cannot load a private key from");
    usual_cert.file = keyless;
    usual_cert.key_file = client_cert.path;
    expect_complaint("does not match the certificate in");
    usual_cert.file = keyless;
    usual_cert.key_file = server_cert.path;
    meet_well();
    close_pair();
    unlink(keyless);
    usual();
    of_server.ciphers = "NO-SUCH-CIPHER";
    expect_complaint("unable to set SSL cipher list to 'NO-SUCH-CIPHER'");
    of_server.ciphersuites = "TLS_NONE";
    expect_complaint("cipher suites to 'TLS_NONE'");
    of_server.curves = "P-1";
    expect_complaint("curves list to 'P-1'");
    of_server.sigalgs = "nonsense";
    expect_complaint("signature algorithms to 'nonsense'");
    of_server.client_sigalgs = "nonsense";
    expect_complaint("clients' signature algorithms to 'nonsense'");
    of_server.security_level = &(const int){5}; /* no key of ours is that long */
    expect_complaint("cannot load a certificate from");
    of_server.alpn = "a,,b";
    expect_complaint("ALPN");
    of_server.dh_file = server_cert.path;
    expect_complaint("DH parameters");
    of_server.verify = HF_TLS_VERIFY_REQUIRED;
    of_server.ca_file = "/nowhere/ca.pem";
    expect_complaint("cannot read '/nowhere/ca.pem': No such file");
    of_server.verify = HF_TLS_VERIFY_REQUIRED;
    of_server.ca_file = ca.path;
    of_server.crl_file = "/nowhere/crl.pem";
    expect_complaint("cannot read '/nowhere/crl.pem': No such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chat),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_back_pressure),
        cmocka_unit_test(test_small_records),
        cmocka_unit_test(test_flood_of_key_updates),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_untrusted_server),
        cmocka_unit_test(test_names_of_servers),
        cmocka_unit_test(test_client_certificates),
        cmocka_unit_test(test_versions_and_ciphers),
        cmocka_unit_test(test_alpn),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_own_settings),
        cmocka_unit_test(test_key_of_another_certificate),
        cmocka_unit_test(test_wrong_settings),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
