/*
 * test_servers.c: lines that say how servers are chosen, limited and followed.
 */
#include "config_text.h"

static const struct hf_cfg_proxy *first_proxy(struct config_text *t, const char *text)
{
    return accept_text(t, text)->proxies;
}

static void hash_type_lines(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_opts *o;

    o = &first_proxy(t, "backend b\n hash-type consistent djb2 avalanche\n")->o;
    assert_int_equal(o->hash_type, HF_HASH_CONSISTENT);
    assert_int_equal(o->hash_function, HF_HASH_DJB2);
    assert_true(o->hash_avalanche);
    o = &first_proxy(t, "backend b\n hash-type consistent\n")->o;
    assert_int_equal(o->hash_function, HF_HASH_SDBM);
    assert_true(o->hash_avalanche); /* HAProxy's choice when no function is named */
    assert_false(first_proxy(t, "backend b\n hash-type consistent sdbm\n")->o.hash_avalanche);
    assert_false(first_proxy(t, "backend b\n hash-type map-based\n")->o.hash_avalanche);
    assert_int_equal(first_proxy(t, "backend b\n hash-type map-based none\n")->o.hash_function,
                     HF_HASH_NONE);
    refuse_text(t, "backend b\n hash-type x\n", "'hash-type' cannot be 'x'.");
    refuse_text(t, "backend b\n hash-type avalanche\n",
                "'hash-type avalanche' is no longer known.");
    refuse_text(t, "backend b\n hash-type map-based md5\n", "unknown hash function 'md5'.");
    refuse_text(t, "backend b\n hash-type map-based crc32 more\n",
                "unknown modifier 'more' of a hash function.");
}

static void redispatch_takes_a_number_of_any_sign(void **state)
{
    struct config_text *t = *state;

    assert_int_equal(first_proxy(t, "backend b\n option redispatch -2\n")->o.redispatch_every, -2);
    assert_int_equal(first_proxy(t, "backend b\n option redispatch\n")->o.redispatch_every, -1);
    assert_int_equal(first_proxy(t, "backend b\n option redispatch x\n")->o.redispatch_every, 0);
    assert_int_equal(first_proxy(t, "backend b\n no option redispatch 3\n")->o.redispatch, HF_NO);
}

static const struct hf_cfg_server *first_server(struct config_text *t, const char *text)
{
    return first_proxy(t, text)->servers;
}

static void servers_are_numbered(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_server *s =
        first_server(t, "backend b\n server a 127.0.0.1:1 id 2\n server b 127.0.0.1:1\n"
                        " server c 127.0.0.1:1\n");

    assert_int_equal(s->id, 2);
    assert_int_equal(s->next->id, 1);
    assert_int_equal(s->next->next->id, 3);
    refuse_text(t, "backend b\n server a 127.0.0.1:1 id 2\n server b 127.0.0.1:1 id 2\n",
                "have the same id 2.");
}

static void a_limit_is_never_below_the_least_one(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_server *s =
        first_server(t, "backend b\n server a 127.0.0.1:1 minconn 7 maxconn 5\n"
                        " server b 127.0.0.1:1 minconn 7\n server c 127.0.0.1:1 maxconn 5\n");

    assert_int_equal(s->o.maxconn, 7);
    assert_int_equal(s->next->o.maxconn, 7);
    assert_int_equal(s->next->next->o.maxconn, 5);
}

static void servers_track_others(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_server *s = first_server(t, "backend b\n server a 127.0.0.1:1 track b\n"
                                                    " server b 127.0.0.1:1 track c/d\n"
                                                    "backend c\n server d 127.0.0.1:1 check\n");

    assert_ptr_equal(s->tracked, s->next);
    assert_string_equal(s->next->tracked->name, "d");
    refuse_text(t, "backend b\n server a 127.0.0.1:1 track x/y\n", "has the name 'x'.");
    refuse_text(t, "backend b\n server a 127.0.0.1:1 track y\n", "'b' has no server of that name.");
    refuse_text(t, "backend b\n server a 127.0.0.1:1 track a\n", "leads back");
    refuse_text(t, "backend b\n server a 127.0.0.1:1 check track b\n server b 127.0.0.1:1 check\n",
                "cannot both be checked");
    refuse_text(t, "backend b\n server a 127.0.0.1:1 track b\n server b 127.0.0.1:1\n",
                "server 'b' has no health to follow.");
    refuse_text(t, "backend b\n server a 127.0.0.1:1 track b\n server b 127.0.0.1:1 track a\n",
                "leads back");
    /* One circle, one message. */
    assert_int_equal(hf_diag_count(t->diag, HF_DIAG_ERROR), 1);
}

static void table_lines(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_stick_table *table =
        first_proxy(t, "backend a\n stick-table type string len 7 size 10 srvkey addr store "
                       "gpc0,conn_rate(10s),gpc_rate(3,1m),server_id\n")
            ->stick_table;

    assert_int_equal(table->type, HF_STICK_STRING);
    assert_int_equal(table->length, 7);
    assert_int_equal(table->srvkey, HF_STICK_BY_ADDR);
    refuse_text(t, "backend a\n stick-table type ip len 4 size 1\n",
                "only strings and binary keys have a length.");
    refuse_text(t, "backend a\n stick-table type ip size 1 store con_cnt\n",
                "a stick-table cannot store 'con_cnt'.");
    assert_non_null(strstr(t->messages, "did you mean 'conn_cnt'?"));
    refuse_text(t, "backend a\n stick-table type ip size 1 store conn_rate\n",
                "'conn_rate' of a stick-table takes a time");
    refuse_text(t, "backend a\n stick-table type ip size 1 store gpc(101)\n",
                "'gpc' of a stick-table takes a number from 1 to 100");
    refuse_text(t, "backend a\n stick-table type ip size 1 store gpc_rate(3)\n",
                "takes a number and a time");
    refuse_text(t, "backend a\n stick-table type ip size 1 store gpc0(3)\n", "takes no argument");
}

/* A server that is to be told an id, and sessions that have none. */
static void ids_that_nobody_has_are_told(void **state)
{
    static const char told[] = "'unique-id' tells nothing of sessions of 'front'";
    static const char text[] =
        "defaults\n timeout connect 5s\n timeout client 1m\n timeout server 1m\n"
        "frontend front\n bind 127.0.0.1:80\n default_backend b\n%s"
        "backend b\n server s 127.0.0.2:80 send-proxy-v2 proxy-v2-options %s\n";
    struct config_text *t = *state;
    char buf[1024];

    snprintf(buf, sizeof buf, text, "", "crc32c,unique-id");
    accept_text(t, buf);
    assert_non_null(strstr(t->messages, told));
    snprintf(buf, sizeof buf, text, " unique-id-format %ci\n", "crc32c,unique-id");
    accept_text(t, buf);
    assert_string_equal(t->messages, "");
    snprintf(buf, sizeof buf, text, "", "crc32c");
    accept_text(t, buf);
    assert_string_equal(t->messages, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(hash_type_lines),
        CONFIG_TEST(redispatch_takes_a_number_of_any_sign),
        CONFIG_TEST(servers_are_numbered),
        CONFIG_TEST(a_limit_is_never_below_the_least_one),
        CONFIG_TEST(servers_track_others),
        CONFIG_TEST(table_lines),
        CONFIG_TEST(ids_that_nobody_has_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
