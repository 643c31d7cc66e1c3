/*
 * test_hash.c: the values that HAProxy 2.6 gives for the same bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "haftp/base/hash.h"

#define LONG "this-is-a-longer-text-of-more-than-32-bytes-for-xxh64-0123456789"

static void byte_by_byte(void **state)
{
    (void)state;
    struct hf_view hello = hf_view_cstr("hello"), accent = hf_view_cstr("\xc3\xa9");
    assert_int_equal(hf_hash_sdbm(hello), 684824882);
    assert_int_equal(hf_hash_djb2(hello), 261238937);
    assert_int_equal(hf_hash_wt6(hello), 3538347703);
    assert_int_equal(hf_hash_crc32(hello), 907060870);
    assert_int_equal(hf_hash_crc32c(hello), 2591144780);
    /* Bytes are unsigned. */
    assert_int_equal(hf_hash_sdbm(accent), 12791974);
    assert_int_equal(hf_hash_djb2(accent), 5866513);
    assert_int_equal(hf_hash_wt6(accent), 3686392309);
}

static void of_nothing(void **state)
{
    (void)state;
    struct hf_view nothing = hf_view_cstr("");
    assert_int_equal(hf_hash_sdbm(nothing), 0);
    assert_int_equal(hf_hash_djb2(nothing), 5381);
    assert_int_equal(hf_hash_wt6(nothing), 4187620192);
    assert_int_equal(hf_hash_crc32(nothing), 0);
    assert_true((int64_t)hf_hash_xxh64(nothing, 0) == -1205034819632174695);
}

static void avalanche(void **state)
{
    (void)state;
    assert_int_equal(hf_hash_avalanche(684824882), 2061535398);
    assert_int_equal(hf_hash_avalanche(261238937), 1119739105);
    assert_int_equal(hf_hash_avalanche(907060870), 3902247103);
}

static void xxhash(void **state)
{
    (void)state;
    struct hf_view hello = hf_view_cstr("hello"), text = hf_view_cstr(LONG);
    assert_int_equal(hf_hash_xxh32(hello, 0), 4211111929);
    assert_int_equal(hf_hash_xxh32(hello, 5), 3191799670);
    assert_int_equal(hf_hash_xxh32(text, 0), 3126523921);
    assert_true(hf_hash_xxh64(hello, 0) == 2794345569481354659);
    assert_true(hf_hash_xxh64(hello, 5) == 5588056476589539108);
    assert_true(hf_hash_xxh64(text, 0) == 3653860332156065886);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(of_nothing),
        cmocka_unit_test(avalanche),
        cmocka_unit_test(xxhash),
    };
    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
