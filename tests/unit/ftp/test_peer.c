/*
 * Whom `ftp-data peer` takes for the same client.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "haftp/ftp/peer.h"

static bool same(const char *a, const char *b, enum hf_ftp_peer rule)
{
    struct hf_addr left, right;
    assert_int_equal(hf_addr_parse_host(hf_view_cstr(a), &left), HF_OK);
    assert_int_equal(hf_addr_parse_host(hf_view_cstr(b), &right), HF_OK);
    hf_addr_set_port(&left, 1);
    hf_addr_set_port(&right, 2); /* no rule looks at ports */
    return hf_peer_is_same(&left, &right, rule);
}

static void strict_is_the_whole_address(void **state)
{
    (void)state;
    assert_true(same("192.0.2.1", "192.0.2.1", HF_FTP_PEER_STRICT));
    assert_false(same("192.0.2.1", "192.0.2.2", HF_FTP_PEER_STRICT));
    assert_true(same("2001:db8::1", "2001:db8::1", HF_FTP_PEER_STRICT));
    assert_false(same("2001:db8::1", "2001:db8::2", HF_FTP_PEER_STRICT));
    assert_false(same("0.0.0.0", "::", HF_FTP_PEER_STRICT));
}

static void network_is_24_bits_or_64(void **state)
{
    (void)state;
    assert_true(same("192.0.2.1", "192.0.2.254", HF_FTP_PEER_NETWORK));
    assert_false(same("192.0.2.1", "192.0.3.1", HF_FTP_PEER_NETWORK));
    assert_true(same("2001:db8::1", "2001:db8::ffff:0:0:1", HF_FTP_PEER_NETWORK));
    assert_false(same("2001:db8::1", "2001:db8:0:1::1", HF_FTP_PEER_NETWORK));
    assert_false(same("0.0.0.1", "::1", HF_FTP_PEER_NETWORK));
}

static void any_is_everybody(void **state)
{
    (void)state;
    assert_true(same("192.0.2.1", "2001:db8::1", HF_FTP_PEER_ANY));
}

static void a_link_local_address_is_one_of_its_interface(void **state)
{
    struct hf_addr here, there;

    (void)state;
    assert_int_equal(hf_addr_parse_host(hf_view_cstr("fe80::1"), &here), HF_OK);
    there = here;
    here.v6.sin6_scope_id = 1;
    there.v6.sin6_scope_id = 2;
    assert_false(hf_peer_is_same(&here, &there, HF_FTP_PEER_STRICT));
    assert_false(hf_peer_is_same(&here, &there, HF_FTP_PEER_NETWORK));
    assert_true(hf_peer_is_same(&here, &there, HF_FTP_PEER_ANY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strict_is_the_whole_address),
        cmocka_unit_test(network_is_24_bits_or_64),
        cmocka_unit_test(any_is_everybody),
        cmocka_unit_test(a_link_local_address_is_one_of_its_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
