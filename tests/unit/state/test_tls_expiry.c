/*
 * test_tls_expiry.c: what is said of a certificate, and when nothing is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
