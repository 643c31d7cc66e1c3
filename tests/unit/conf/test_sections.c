/*
 * test_sections.c: what is kept of the sections that are no proxies, and who this process is.
 */
#include "config_text.h"

#include "conf_int.h"
#include "haftp/conf/sections.h"

#define PROXY "listen l\n bind 127.0.0.1:2121\n server s 127.0.0.1:21\n"

static void resolvers_keep_their_times(void **state)
{
    struct config_text *t = *state;
    const struct hf_config *config =
        accept_text(t, "resolvers dns\n nameserver a udp@127.0.0.1:53\n"
                       " nameserver b tcp@[::1]:5353\n hold valid 7s\n timeout retry 2\n" PROXY);
    const struct hf_cfg_resolvers *dns =
        (const struct hf_cfg_resolvers *)hf_conf_find_other(config, "resolvers", "dns");

    assert_non_null(dns);
    assert_string_equal(dns->nameservers->name, "a");
    assert_false(dns->nameservers->tcp);
    assert_true(dns->nameservers->next->tcp);
    assert_int_equal(hf_addr_port(&dns->nameservers->next->addr), 5353);
    assert_int_equal(dns->hold_valid_ms, 7000);
    assert_int_equal(dns->retry_ms, 2);
    assert_int_equal(dns->resolve_ms, 1000);
    assert_int_equal(dns->retries, 3);
    assert_null(hf_conf_find_other(config, "peers", "dns"));
    assert_null(hf_conf_find_other(config, "resolvers", "dn"));
}

static void users_are_in_groups_by_either_line(void **state)
{
    struct config_text *t = *state;
    const struct hf_config *config =
        accept_text(t, "userlist u\n group g users a,bb\n group h\n user a\n"
                       " user bb insecure-password p groups h\n user b groups g,h\n" PROXY);
    const struct hf_cfg_userlist *list =
        (const struct hf_cfg_userlist *)hf_conf_find_other(config, "userlist", "u");
    const struct hf_cfg_group *g = list->groups;
    const struct hf_cfg_user *a = list->users, *bb = a->next, *b = bb->next;

    assert_string_equal(g->users, "a,bb");
    assert_string_equal(bb->groups, "h");
    assert_string_equal(b->groups, "g,h");
    assert_string_equal(bb->plain_password, "p");
    refuse_text(t, "userlist u\n group g users a\n user b groups i\n" PROXY,
                "user list 'u' has no user 'a'.");
    assert_non_null(strstr(t->messages, "[t.cfg:3:16] : user list 'u' has no group 'i'."));
}

/* The name of this process is the host's, unless the file says otherwise. */
static void this_process_is_known_among_peers(void **state)
{
    struct config_text *t = *state;

    accept_text(t, "peers p\n peer \"${HAPROXY_LOCALPEER}\" 127.0.0.1:9\n"
                   " peer other 127.0.0.2:9\n" PROXY);
    assert_null(strstr(t->messages, "lacks this process"));
    accept_text(t, "peers p\n bind 127.0.0.1:9\n server \"${HAPROXY_LOCALPEER}\"\n" PROXY);
    assert_null(strstr(t->messages, "lacks this process"));
    accept_text(t, "peers p\n peer other 127.0.0.2:9\n" PROXY);
    assert_non_null(strstr(t->messages, "section 'peers p' lacks this process itself"));
    refuse_text(t,
                "peers p\n peer \"${HAPROXY_LOCALPEER}\" 127.0.0.1:9\n"
                " peer \"${HAPROXY_LOCALPEER}\" 127.0.0.1:9\n" PROXY,
                "[t.cfg:3:7] : ");
    assert_non_null(strstr(t->messages, "is the name of this process, and stands here already"));
    refuse_text(t, "peers p\n bind 127.0.0.1:9\n server \"${HAPROXY_LOCALPEER}\" 127.0.0.1:9\n",
                "[t.cfg:3:32] : ");
    assert_non_null(strstr(t->messages, "is this process itself and takes no address"));
}

static void tables_of_peers_are_kept(void **state)
{
    struct config_text *t = *state;
    const struct hf_config *config =
        accept_text(t, "peers p\n peer x 127.0.0.2:9\n table t type ip size 100\n"
                       " table u type ip size 200\n" PROXY);
    const struct hf_cfg_peers *peers =
        (const struct hf_cfg_peers *)hf_conf_find_other(config, "peers", "p");

    assert_string_equal(peers->tables->name, "t");
    assert_int_equal(peers->tables->table->size, 100);
    assert_string_equal(peers->tables->next->name, "u");
    assert_int_equal(peers->tables->next->table->size, 200);
    assert_int_equal(peers->section.n_servers, 1);
}

static void a_section_ends_where_the_next_begins(void **state)
{
    struct config_text *t = *state;
    const struct hf_config *config =
        accept_text(t, "ring r\n size 20000\nlisten a\n bind 127.0.0.1:2121\n timeout connect 5s\n"
                       "resolvers d\n timeout retry 9s\n parse-resolv-conf\nglobal\n maxconn 7\n");
    const struct hf_cfg_ring *ring =
        (const struct hf_cfg_ring *)hf_conf_find_other(config, "ring", "r");

    assert_int_equal(ring->size, 20000);
    assert_int_equal(config->proxies->o.timeout.connect, 5000);
    assert_int_equal(config->global.maxconn, 7);
    refuse_text(t, "listen a\n bind 127.0.0.1:2121\nring r\n bind 127.0.0.1:2122\n",
                "'bind' is not allowed in a 'ring' section.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(resolvers_keep_their_times),
        CONFIG_TEST(users_are_in_groups_by_either_line),
        CONFIG_TEST(this_process_is_known_among_peers),
        CONFIG_TEST(tables_of_peers_are_kept),
        CONFIG_TEST(a_section_ends_where_the_next_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
