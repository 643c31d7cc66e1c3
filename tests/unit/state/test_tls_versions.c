/*
 * test_tls_versions.c: which versions a line speaks, as HAProxy 2.6 was found to speak them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tls_int.h"

enum { V10 = 1, V11, V12, V13 };

#define NO_OPTIONS                                                                                 \
    {                                                                                              \
        .min_version = -1, .max_version = -1                                                       \
    }
#define NO_WORDS                                                                                   \
    {                                                                                              \
        .min = -1, .max = -1                                                                       \
    }

static const struct {
    const char *what;
    struct hf_cfg_tls_options global;
    struct hf_tls_version_words line;
    int min, max; /* 0: not set */
    unsigned refused;
    enum hf_tls_versions outcome;
} cases[] = {
    {"nothing", NO_OPTIONS, NO_WORDS, 0, 0, 0, HF_TLS_VERSIONS_FINE},
    {"each end by itself: the oldest of global",
     {.min_version = V13, .max_version = -1},
     {.min = -1, .max = V13},
     HF_TLS_1_3,
     HF_TLS_1_3,
     0,
     HF_TLS_VERSIONS_FINE},
    {"each end by itself: the newest of global",
     {.min_version = -1, .max_version = V12},
     {.min = V12, .max = -1},
     HF_TLS_1_2,
     HF_TLS_1_2,
     0,
     HF_TLS_VERSIONS_FINE},
    {"ends that do not meet",
     {.min_version = -1, .max_version = V12},
     {.min = V13, .max = -1},
     HF_TLS_1_3,
     HF_TLS_1_2,
     0,
     HF_TLS_VERSIONS_NONE},
    {"the line's end is the one that counts",
     {.min_version = V13, .max_version = -1},
     {.min = V12, .max = -1},
     HF_TLS_1_2,
     0,
     0,
     HF_TLS_VERSIONS_FINE},
    {"one end of the line's, one of global",
     {.min_version = V12, .max_version = V12},
     {.min = -1, .max = V13},
     HF_TLS_1_2,
     HF_TLS_1_3,
     0,
     HF_TLS_VERSIONS_FINE},
    {"both ends of the line",
     {.min_version = V12, .max_version = V12},
     {.min = V13, .max = V13},
     HF_TLS_1_3,
     HF_TLS_1_3,
     0,
     HF_TLS_VERSIONS_FINE},
    {"refusals without a range",
     {.min_version = -1, .max_version = -1, .no_sslv3 = true, .no_tlsv11 = true},
     {.min = -1, .max = -1, .refused = {[V12] = true}},
     0,
     0,
     1u << 3,
     HF_TLS_VERSIONS_FINE},
    {"all refused",
     {.min_version = -1, .max_version = -1, .no_tlsv13 = true},
     {.min = -1, .max = -1, .refused = {[V12] = true}},
     0,
     0,
     3u << 3,
     HF_TLS_VERSIONS_NONE},
    {"refusals beside a range",
     {.min_version = -1, .max_version = -1, .no_tlsv13 = true},
     {.min = -1, .max = V13},
     0,
     HF_TLS_1_3,
     0,
     HF_TLS_VERSIONS_REFUSALS_IGNORED},
    {"refusals of what the range has not",
     {.min_version = V12, .max_version = -1, .no_sslv3 = true, .no_tlsv10 = true},
     NO_WORDS,
     HF_TLS_1_2,
     0,
     0,
     HF_TLS_VERSIONS_FINE},
    {"refused, and the only one",
     {.min_version = V12, .max_version = V12, .no_tlsv12 = true},
     NO_WORDS,
     HF_TLS_1_2,
     HF_TLS_1_2,
     0,
     HF_TLS_VERSIONS_REFUSALS_IGNORED},
    {"an end below the usual oldest one",
     NO_OPTIONS,
     {.min = -1, .max = V11},
     0,
     HF_TLS_1_1,
     0,
     HF_TLS_VERSIONS_FINE},
    {"only SSLv3", NO_OPTIONS, {.min = -1, .max = 0}, 0, HF_TLS_1_0, 0, HF_TLS_VERSIONS_NONE},
};

static void versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hf_tls_settings settings = {0};

        print_message("%s\n", cases[i].what);
        assert_int_equal(hf_tls_versions_of(&cases[i].line, &cases[i].global, &settings),
                         cases[i].outcome);
        assert_int_equal(settings.min_version, cases[i].min);
        assert_int_equal(settings.max_version, cases[i].max);
        assert_int_equal(settings.no_versions, cases[i].refused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(versions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
