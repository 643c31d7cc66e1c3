/*
 * test_tls_expiry.c: what is said of a certificate, when nothing is, and how often.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "haftp/state/tls.h"

#define DAY (INT64_C(24) * 3600)
#define NOW INT64_C(1800000000) /* 2027-01-15 08:00:00 UTC */

static void assert_says(int64_t from, int64_t until, const char *words)
{
    const struct hf_tls_cert_info info = {
        .file = "ftp.pem", .name = "ftp.test", .from = NOW + from, .until = NOW + until};
    char text[HF_TLS_EXPIRY_BYTES];

    assert_int_equal(hf_tls_expiry_text(&info, NOW, text), words != NULL);
    if (words)
        assert_string_equal(text, words);
}

#define FILE_AND_NAME "the certificate in 'ftp.pem' (ftp.test) "

static void ends(void **state)
{
    (void)state;
    assert_says(-DAY, 60 * DAY, NULL);
    assert_says(-DAY, 14 * DAY + 1, NULL);
    assert_says(-DAY, 14 * DAY, FILE_AND_NAME "expires in 14 days, on 2027-01-29 08:00:00 UTC");
    assert_says(-DAY, DAY, FILE_AND_NAME "expires in 1 day, on 2027-01-16 08:00:00 UTC");
    assert_says(-DAY, DAY - 1, FILE_AND_NAME "expires within a day, on 2027-01-16 07:59:59 UTC");
    assert_says(-DAY, -1, FILE_AND_NAME "has expired on 2027-01-15 07:59:59 UTC");
    assert_says(1, 60 * DAY, FILE_AND_NAME "is not valid before 2027-01-15 08:00:01 UTC");
    assert_says(0, 60 * DAY, NULL);
}

/* ---- whose, and how often ----------------------------------------------------------------------
 */

/* A self-signed certificate that is good for so many days, give or take a second; its file. */
static void make_cert(char path[64], double days)
{
    X509 *x509 = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_NAME *name = X509_get_subject_name(x509);

    X509_set_version(x509, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(x509), -100L * 86400);
    X509_gmtime_adj(X509_getm_notAfter(x509), (long)(days * 86400));
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"a.test", -1, -1,
                               0);
    X509_set_issuer_name(x509, name);
    X509_set_pubkey(x509, key);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    strcpy(path, "/tmp/haftp-test-XXXXXX");
    FILE *file = fdopen(mkstemp(path), "w");
    assert_int_equal(PEM_write_X509(file, x509), 1);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
    X509_free(x509);
    EVP_PKEY_free(key);
}

#define N_SITES 4u

/* Lines with TLS; each has the certificate of the one before it, too. */
struct lines {
    struct hf_config config;
    struct hf_tls_site site[N_SITES];
    char path[N_SITES][64];
};

static void make_lines(struct lines *lines, const double days[N_SITES])
{
    memset(lines, 0, sizeof *lines);
    lines->config.tls_sites = lines->site;
    for (unsigned i = 0; i < N_SITES; i++) {
        struct hf_tls_cert certs[2] = {{.file = lines->path[i]}};
        struct hf_tls_settings settings = {.server = true, .certs = certs, .n_certs = i ? 2 : 1};
        char why[HF_TLS_WHY_BYTES];

        make_cert(lines->path[i], days[i]);
        if (i) {
            certs[1].file = lines->path[i - 1];
            lines->site[i - 1].next = &lines->site[i];
        }
        assert_int_equal(hf_tls_ctx_new(&settings, why, &lines->site[i].ctx), HF_OK);
    }
}

static void drop_lines(struct lines *lines)
{
    for (unsigned i = 0; i < N_SITES; i++) {
        hf_tls_ctx_put(lines->site[i].ctx);
        unlink(lines->path[i]);
    }
}

static void test_each_file_once(void **state)
{
    static const double days[N_SITES] = {60, 13.5, -2, 15.5};
    struct hf_tls_endings endings;
    struct lines lines;
    int64_t now = (int64_t)time(NULL);
    (void)state;

    make_lines(&lines, days);
    hf_config_tls_endings(&lines.config, now, &endings);
    assert_int_equal(endings.n, 2);
    assert_int_equal(endings.n_more, 0);
    assert_string_equal(endings.of[0].cert->file, lines.path[1]);
    assert_ptr_equal(endings.of[0].site, &lines.site[1]);
    assert_string_equal(endings.of[1].cert->file, lines.path[2]);
    assert_ptr_equal(endings.of[1].site, &lines.site[2]);
    hf_config_tls_endings(&lines.config, now + 2 * DAY, &endings);
    assert_int_equal(endings.n, 3);
    hf_config_tls_endings(&lines.config, now + 60 * DAY, &endings);
    assert_int_equal(endings.n, N_SITES);
    drop_lines(&lines);
}

static struct {
    unsigned n, until;
    char last[HF_TLS_EXPIRY_BYTES];
    struct hf_loop *loop;
} told;

static void on_told(const char *text)
{
    snprintf(told.last, sizeof told.last, "%s", text);
    if (++told.n == told.until)
        hf_loop_stop(told.loop);
}

static void test_told_again_and_again(void **state)
{
    static const double days[N_SITES] = {60, 60, 3.5, 60};
    struct lines lines;
    struct hf_tls_reminder reminder = {.config = &lines.config, .tell = on_told, .every_ms = 5};
    (void)state;

    make_lines(&lines, days);
    reminder.loop = told.loop = hf_loop_new();
    told.n = 0;
    told.until = 3;
    hf_tls_remind(&reminder);
    assert_int_equal(told.n, 0);
    hf_loop_run(told.loop);
    assert_int_equal(told.n, 3);
    assert_non_null(strstr(told.last, lines.path[2]));
    assert_non_null(strstr(told.last, "expires in 3 days"));
    hf_tls_remind_stop(&reminder);
    assert_false(hf_timer_is_set(&reminder.timer));
    hf_loop_free(told.loop);
    drop_lines(&lines);
}

/* Told for another reason: the next time is a whole interval later. */
static void test_not_twice_in_an_interval(void **state)
{
    static const double days[N_SITES] = {60, 60, 3.5, 60};
    struct lines lines;
    struct hf_tls_reminder reminder = {.config = &lines.config, .tell = on_told, .every_ms = 1000};
    (void)state;

    make_lines(&lines, days);
    reminder.loop = told.loop = hf_loop_new();
    told.n = told.until = 0;
    hf_tls_remind(&reminder);
    reminder.every_ms = 100 * 1000;
    hf_tls_remind_now(&reminder);
    assert_int_equal(told.n, 1);
    assert_true(reminder.timer.due_ms >= hf_loop_now(told.loop) + 99 * 1000);
    hf_tls_remind_stop(&reminder);
    hf_loop_free(told.loop);
    drop_lines(&lines);
}

static void test_nobody_is_reminded_without_tls(void **state)
{
    const struct hf_config config = {.tls_sites = NULL};
    struct hf_tls_reminder reminder = {.config = &config, .tell = on_told, .every_ms = 5};
    (void)state;

    reminder.loop = hf_loop_new();
    hf_tls_remind(&reminder);
    assert_false(hf_timer_is_set(&reminder.timer));
    hf_loop_free(reminder.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends),
        cmocka_unit_test(test_each_file_once),
        cmocka_unit_test(test_told_again_and_again),
        cmocka_unit_test(test_not_twice_in_an_interval),
        cmocka_unit_test(test_nobody_is_reminded_without_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
