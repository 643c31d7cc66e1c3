/*
 * test_load.c: what lines become in the model: sections, inheritance, addresses, and the canonical
 * text.
 */
#include "config_text.h"

static const struct hf_cfg_proxy *first_proxy(struct config_text *t, const char *text)
{
    return accept_text(t, text)->proxies;
}

/* ---- sections and inheritance
 * --------------------------------------------------------------------- */

static void defaults_are_handed_down(void **state)
{
    const struct hf_cfg_proxy *a =
        first_proxy(*state, "defaults\n timeout client 5s\n retries 7\n"
                            " option tcplog\n default-server check inter 9s\n"
                            "listen a\n server s 127.0.0.1:1\n"
                            "defaults\n"
                            "listen b\n server s 127.0.0.1:1\n");
    const struct hf_cfg_proxy *b = a->next;

    assert_int_equal(a->o.timeout.client, 5000);
    assert_int_equal(a->o.retries, 7);
    assert_true(a->o.tcplog);
    assert_true(a->servers->o.check);
    assert_int_equal(a->servers->o.inter_ms, 9000);
    /* A new anonymous section starts afresh. */
    assert_int_equal(b->o.timeout.client, 0);
    assert_int_equal(b->o.retries, 3);
    assert_false(b->o.tcplog);
    assert_false(b->servers->o.check);
}

static void built_in_defaults(void **state)
{
    const struct hf_cfg_proxy *a = first_proxy(*state, "listen a\n server s 127.0.0.1:1\n");

    assert_int_equal(a->caps, HF_CAP_FRONTEND | HF_CAP_BACKEND);
    assert_int_equal(a->id, 1);
    assert_int_equal(a->o.mode, HF_MODE_TCP);
    assert_int_equal(a->o.retries, 3);
    assert_int_equal(a->o.redispatch, HF_UNSET);
    assert_int_equal(a->o.ftp_inspect, HF_UNSET);
    assert_string_equal(a->o.balance, "roundrobin");
    assert_int_equal(a->o.balance_draws, 0); /* random is not random(N) */
    assert_int_equal(a->o.redispatch_every, -1);
    assert_int_equal(a->o.hash_function, HF_HASH_SDBM);
    assert_int_equal(a->o.timeout.ftp_greeting, 30000);
    assert_int_equal(a->o.timeout.ftp_login, 120000);
    assert_int_equal(a->o.ftp_data_wait, 60000);
    assert_int_equal(a->o.ftp_peer, HF_FTP_PEER_STRICT);
    assert_ptr_equal(a->backend, a);
    assert_int_equal(a->servers->o.weight, 1);
    assert_int_equal(a->servers->o.inter_ms, 2000);
    assert_int_equal(a->servers->o.rise, 2);
    assert_int_equal(a->servers->o.fall, 3);
}

static void named_defaults_and_from(void **state)
{
    const struct hf_cfg_proxy *a =
        first_proxy(*state, "defaults one\n retries 1\n maxconn 11\n"
                            "defaults two from one\n retries 2\n"
                            "listen a from one\nlisten b\nlisten c from two\n");

    assert_int_equal(a->o.retries, 1);
    assert_int_equal(a->next->o.retries, 2);
    assert_int_equal(a->next->next->o.retries, 2);
    assert_int_equal(a->next->next->o.maxconn, 11);
    refuse_text(*state, "listen a from three\n", "there is no defaults section named 'three'.");
    refuse_text(*state, "defaults x\ndefaults x\nlisten a from x\n",
                "several defaults sections are named 'x'.");
}

static void lists_of_logs_are_not_shared(void **state)
{
    const struct hf_cfg_proxy *a =
        first_proxy(*state, "global\n log /g local0\n"
                            "defaults\n log /d local1\n"
                            "listen a\n log /a local2\nlisten b\n log global\nlisten c\n no log\n");
    const struct hf_cfg_proxy *b = a->next, *c = b->next;

    assert_string_equal(a->logs_all->path, "/d");
    assert_string_equal(a->logs_all->next->path, "/a");
    assert_null(a->logs_all->next->next);
    assert_string_equal(b->logs_all->path, "/d");
    assert_string_equal(b->logs_all->next->path, "/g");
    assert_null(b->logs_all->next->next);
    assert_null(c->logs_all);
}

static void names_of_sections(void **state)
{
    struct config_text *t = *state;

    accept_text(t, "frontend a\nbackend a\n");
    refuse_text(t, "listen a\nbackend a\n", "a section named 'a' exists already.");
    refuse_text(t, "backend a\nlisten x\nbackend a\n", "the other one is at t.cfg:1");
    refuse_text(t, "listen a/b\n", "'a/b' cannot be the name of a listen section.");
    refuse_text(t, "listen\n maxconn 5\n nonsense\n", "'listen' needs another word.");
    assert_int_equal(hf_diag_count(t->diag, HF_DIAG_ERROR), 2);
    refuse_text(t, "global x\n", "unexpected 'x', expected end of line.");
}

static void old_addresses_on_the_first_line(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_proxy *a = first_proxy(t, "listen a 10.0.0.1:21,10.0.0.2:2121\n");

    assert_int_equal(a->binds->port_lo, 21);
    assert_int_equal(a->binds->next->port_lo, 2121);
    assert_non_null(strstr(t->messages, "write: bind 10.0.0.1:21,10.0.0.2:2121"));
    refuse_text(t, "backend a 10.0.0.1:21\n",
                "unexpected '10.0.0.1:21' behind the section's name.");
}

static void default_backend_is_found(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_proxy *f = first_proxy(t, "frontend f\n default_backend b\nbackend b\n");

    assert_ptr_equal(f->backend, f->next);
    refuse_text(t, "frontend f\n default_backend pool\nbackend poll\n",
                "[t.cfg:2:18] : 'pool' names no backend or listen section.");
    assert_non_null(strstr(t->messages, "did you mean 'poll'?"));
}

/* ---- binds and servers
 * ------------------------------------------------------------------------------- */

static void assert_bind(struct config_text *t, const char *address, const char *host, uint16_t lo,
                        uint16_t hi)
{
    char text[256], buf[HF_ADDR_TEXT_SIZE];

    snprintf(text, sizeof text, "listen a\n bind %s\n", address);
    const struct hf_cfg_bind *bind = first_proxy(t, text)->binds;
    assert_string_equal(hf_addr_host_text(&bind->addr, buf), host);
    assert_int_equal(bind->port_lo, lo);
    assert_int_equal(bind->port_hi, hi);
    assert_int_equal(hf_addr_port(&bind->addr), lo);
}

static void bind_addresses(void **state)
{
    assert_bind(*state, "10.0.0.1:21", "10.0.0.1", 21, 21);
    assert_bind(*state, ":21", "0.0.0.0", 21, 21);
    assert_bind(*state, "*:50000-50100", "0.0.0.0", 50000, 50100);
    assert_bind(*state, "[::]:21", "::", 21, 21);
    assert_bind(*state, "::1:2121", "::1", 2121, 2121);
    assert_bind(*state, "ipv4@:21", "0.0.0.0", 21, 21);
    assert_bind(*state, "ipv6@*:21", "::", 21, 21);
    assert_bind(*state, "ipv6@:21", "::", 21, 21);
    assert_bind(*state, "localhost:21", "127.0.0.1", 21, 21);
}

static void bad_bind_addresses(void **state)
{
    struct config_text *t = *state;

    refuse_text(t, "listen a\n bind *:0\n", "'0' is not a port or a range of ports.");
    refuse_text(t, "listen a\n bind *:65536\n", "'65536' is not a port or a range of ports.");
    refuse_text(t, "listen a\n bind *:20-10\n", "a range begins with the lower one");
    refuse_text(t, "listen a\n bind *:+1\n", "'+1' is not a port or a range of ports.");
    refuse_text(t, "listen a\n bind 10.0.0.1\n", "'10.0.0.1' has no port.");
    refuse_text(t, "listen a\n bind :21,10.0.0.1:x\n", "'x' is not a port or a range of ports.");
    refuse_text(t, "listen a\n bind ipv6@10.0.0.1:21\n", "'10.0.0.1' is not an IPv6 address.");
    refuse_text(t, "listen a\n bind fd@x\n", "'x' is not the number of a descriptor.");
    refuse_text(t, "listen a\n bind udp@:21\n", "'udp@:21' is for datagrams.");
    refuse_text(t, "listen a\n bind :21,,:22\n", "an address is empty.");
    refuse_text(t, "listen a\n bind :21,:22 id 3\n", "'id' is for a bind with one address");
    refuse_text(t, "listen a\n bind :21 id 3\n bind :22 id 3\n", "has a bind with id 3 already.");
    refuse_text(t, "listen a\n bind :21 ssl\n", "'ssl' needs a certificate.");
    refuse_text(t, "listen a\n bind :21 ssl\n", "'ssl' needs a certificate");
    refuse_text(t, "listen a\n bind :21 namespace no-such\n", "this host has no network namespace");
    refuse_text(t, "listen a\n bind\n", "'bind' needs another word.");
}

static void options_of_a_bind_hold_for_its_list(void **state)
{
    const struct hf_cfg_bind *bind =
        first_proxy(*state, "listen a\n bind :21,:2121 name n maxconn 5 backlog 7 interface lo "
                            "transparent\n")
            ->binds;

    for (unsigned i = 0; i < 2; i++, bind = bind->next) {
        assert_string_equal(bind->name, "n");
        assert_int_equal(bind->backlog, 7);
        assert_int_equal(bind->maxconn, 5);
        assert_string_equal(bind->interface, "lo");
        assert_true(bind->transparent);
    }
    assert_null(bind);
}

static const struct hf_cfg_bind *bind_of(struct config_text *t, const char *line)
{
    char text[256];

    snprintf(text, sizeof text, "listen a\n bind %s\n", line);
    return first_proxy(t, text)->binds;
}

static void binds_without_a_port(void **state)
{
    const struct hf_cfg_bind *bind = bind_of(*state, "/run/s,unix@s,abns@s mode 600 uid 5");
    const enum hf_reach reaches[] = {HF_REACH_UNIX, HF_REACH_UNIX, HF_REACH_ABNS};
    const char *const paths[] = {"/run/s", "s", "s"};

    for (unsigned i = 0; i < 3; i++, bind = bind->next) {
        assert_int_equal(bind->reach, reaches[i]);
        assert_string_equal(bind->path, paths[i]);
        assert_int_equal(bind->port_lo, 0);
        assert_false(hf_addr_is_set(&bind->addr));
        assert_int_equal(bind->uid, 5);
        assert_int_equal(bind->gid, -1);
    }
    assert_null(bind);
}

static void a_descriptor_that_is_open_is_a_bind(void **state)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    char line[32];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(listen(fd, 1), 0);
    snprintf(line, sizeof line, "fd@%d", fd);
    const struct hf_cfg_bind *bound = bind_of(*state, line);
    assert_int_equal(bound->reach, HF_REACH_FD);
    assert_int_equal(bound->fd, fd);
    assert_int_not_equal(bound->port_lo, 0);
    assert_int_equal(bound->port_hi, bound->port_lo);
    close(fd);
    snprintf(line, sizeof line, "listen a\n bind fd@%d\n", fd);
    refuse_text(*state, line, "it is not open.");
}

static const struct hf_cfg_server *server(struct config_text *t, const char *line)
{
    char text[256];

    snprintf(text, sizeof text, "listen a\n server %s\n", line);
    return first_proxy(t, text)->servers;
}

static void ports_of_servers(void **state)
{
    assert_int_equal(server(*state, "s 127.0.0.1:21")->port_map, HF_PORT_FIXED);
    assert_int_equal(server(*state, "s 127.0.0.1")->port_map, HF_PORT_SAME);
    assert_int_equal(server(*state, "s 127.0.0.1:0")->port_map, HF_PORT_SAME);
    assert_int_equal(server(*state, "s 127.0.0.1:+100")->port_offset, 100);
    assert_int_equal(server(*state, "s 127.0.0.1:-100")->port_offset, -100);
    assert_int_equal(server(*state, "s 127.0.0.1:-100")->port_map, HF_PORT_OFFSET);
    assert_int_equal(server(*state, "s ::1")->port_map, HF_PORT_SAME);
    assert_int_equal(hf_addr_port(&server(*state, "s [::1]:2121")->addr), 2121);
    /* Words that are keywords elsewhere may be names. */
    assert_string_equal(server(*state, "check 127.0.0.1:21 check")->name, "check");
    assert_string_equal(server(*state, "5s 127.0.0.1:21")->name, "5s");
}

static void bad_servers(void **state)
{
    struct config_text *t = *state;

    refuse_text(t, "listen a\n server s 127.0.0.1:20-30\n", "a server has no range of ports");
    refuse_text(t, "listen a\n server s 127.0.0.1:ftp\n", "'ftp' is not a port.");
    refuse_text(t, "listen a\n server s no.such.host.invalid:21\n",
                "cannot find the address of 'no.such.host.invalid'.");
    refuse_text(t, "listen a\n server s 127.0.0.1 check\n", "so 'check' needs one.");
    accept_text(t, "listen a\n server s 127.0.0.1 check port 21\n");
    accept_text(t, "listen a\n default-server check\n server s 127.0.0.1 no-check\n");
    refuse_text(t, "listen a\n server s 127.0.0.1:1\n server s 127.0.0.1:2\n",
                "'a' has a server named 's' already.");
    refuse_text(t, "listen a\n server s 127.0.0.1:1 weight 257\n",
                "'weight' must be between 0 and 256.");
    refuse_text(t, "listen a\n server s 127.0.0.1:1 inter 0\n",
                "the time of 'inter' is too short.");
    refuse_text(t, "listen a\n server s 127.0.0.1:1 rise x\n", "'rise' must be 1 or more.");
    refuse_text(t, "listen a\n server s 127.0.0.1:1 rise\n", "'rise' needs a number.");
}

static void options_of_servers(void **state)
{
    const struct hf_cfg_server *s =
        server(*state, "s 127.0.0.1:21 check inter 3s fastinter 1s downinter 500 rise 4 fall 5 "
                       "port 2121 addr 127.0.0.2 weight 0 maxconn 6 backup disabled "
                       "cookie ftp1");

    assert_true(s->o.check && s->o.backup && s->o.disabled);
    assert_int_equal(s->o.inter_ms, 3000);
    assert_int_equal(s->o.fastinter_ms, 1000);
    assert_int_equal(s->o.downinter_ms, 500);
    assert_int_equal(s->o.rise, 4);
    assert_int_equal(s->o.fall, 5);
    assert_int_equal(s->o.check_port, 2121);
    assert_true(hf_addr_is_set(&s->o.check_addr));
    assert_int_equal(s->o.weight, 0);
    assert_int_equal(s->o.maxconn, 6);
    assert_string_equal(s->o.cookie, "ftp1");
    s = server(*state, "s 127.0.0.1:21 disabled enabled backup no-backup");
    assert_false(s->o.disabled || s->o.backup);
}

static void numbers_are_read_as_by_haproxy(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_server *s =
        server(t, "s 127.0.0.1:21x weight 10x maxconn -1 check port 70000");

    assert_int_equal(hf_addr_port(&s->addr), 21);
    assert_int_equal(s->o.weight, 10);
    assert_int_equal(s->o.maxconn, 0);
    assert_int_equal(s->o.check_port, 70000 - 65536);
    assert_non_null(strstr(t->messages, "'x' at the end of port '21x' is not read"));
    assert_int_equal(server(t, "s 127.0.0.1:21 weight")->o.weight, 0);
    assert_non_null(strstr(t->messages, "'weight' has no value"));
}

static void names_of_servers_are_looked_up_when_their_line_ends(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_server *s = server(t, "s localhost:21");

    assert_string_equal(s->host, "localhost");
    assert_int_equal(hf_addr_port(&s->addr), 21);
    s = server(t, "s no.such.host.invalid:21 init-addr none");
    assert_true(s->unresolved);
    assert_false(hf_addr_is_set(&s->addr));
    s = server(t, "s no.such.host.invalid:21 init-addr libc,127.0.0.9");
    assert_false(s->unresolved);
    assert_int_equal(hf_addr_port(&s->addr), 21);
    assert_int_equal(server(t, "s localhost:21 resolve-prefer ipv4")->addr.sa.sa_family, AF_INET);
    refuse_text(t, "listen a\n server s ipv6@127.0.0.1:21\n", "'127.0.0.1' is not an IPv6");
    refuse_text(t, "listen a\n server s no.such.host.invalid:21 init-addr last\n",
                "'init-addr' has no method");
}

static void a_template_makes_servers(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_proxy *proxy =
        first_proxy(t, "listen a\n server-template s 2-4 localhost:21 weight 7 backup\n");
    const struct hf_cfg_server *s = proxy->servers;

    assert_int_equal(proxy->n_servers, 3);
    for (unsigned i = 0; i < 3; i++, s = s->next) {
        char name[8];
        snprintf(name, sizeof name, "s%u", i + 2);
        assert_string_equal(s->name, name);
        assert_int_equal(s->index, i);
        assert_int_equal(s->o.weight, 7);
        assert_int_equal(hf_addr_port(&s->addr), 21);
    }
    refuse_text(t, "listen a\n server-template s 3-1 localhost:21\n",
                "'3-1' is not a number of servers.");
    refuse_text(t, "listen a\n server s2 127.0.0.1:1\n server-template s 2 127.0.0.1:2\n",
                "'a' has a server named 's2' already.");
}

static void sources_of_servers_and_sections(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_server *s = server(
        t, "s 127.0.0.1:21 source 127.0.0.2:1000-2000 interface lo usesrc clientip weight 3");

    assert_int_equal(s->o.source->port_lo, 1000);
    assert_int_equal(s->o.source->port_hi, 2000);
    assert_int_equal(s->o.source->usesrc, HF_USESRC_CLIENT_IP);
    assert_string_equal(s->o.source->interface, "lo");
    assert_int_equal(s->o.weight, 3);
    assert_non_null(first_proxy(t, "backend b\n source 127.0.0.2\n")->o.source);
    refuse_text(t, "backend b\n source 127.0.0.2:10-20\n", "a range of ports cannot be used here");
    refuse_text(t, "backend b\n server s 127.0.0.1:1 usesrc client\n", "unexpected 'usesrc'");
}

static void what_a_server_expects_is_never_left_out(void **state)
{
    struct config_text *t = *state;

    refuse_text(t, "listen a\n server s 127.0.0.1:1 ssl\n", "no 'ca-file' is given");
    refuse_text(t, "listen a\n server s 127.0.0.1:1 socks4 127.0.0.1:1080\n",
                "'socks4' is not supported");
    refuse_text(t, "listen a\n default-server socks4 127.0.0.1:1080\n server s 127.0.0.1:1\n",
                "'socks4' is not supported");
}

/* ---- lines with a shape of their own
 * ------------------------------------------------------------------ */

static void balance_lines(void **state)
{
    struct config_text *t = *state;

    assert_int_equal(first_proxy(t, "backend b\n balance random(5)\n")->o.balance_draws, 5);
    assert_string_equal(first_proxy(t, "backend b\n balance random(5)\n")->o.balance, "random");
    assert_string_equal(first_proxy(t, "backend b\n balance\n")->o.balance, "roundrobin");
    assert_string_equal(first_proxy(t, "backend b\n balance rdp-cookie(x)\n")->o.balance,
                        "roundrobin");
    assert_string_equal(first_proxy(t, "backend b\n balance uri len 3\n")->o.balance, "roundrobin");
    assert_non_null(strstr(t->messages, "looks at HTTP"));
    refuse_text(t, "backend b\n balance random(0)\n", "'(0)' is not a number of draws.");
}

static const char *no_near_name(const char *name)
{
    return strcmp(name, "roundrobin") == 0 ? NULL : "roundrobin";
}

static void algorithms_are_judged_by_those_who_know_them(void **state)
{
    struct config_text *t = *state;

    hf_config_set_algorithm_check(no_near_name);
    refuse_text(t, "defaults\n balance rondrobin\nbackend a\nbackend b\n",
                "[t.cfg:2:10] : unknown balance algorithm 'rondrobin'.");
    assert_non_null(strstr(t->messages, "did you mean 'roundrobin'?"));
    /* Two heirs, one cause. */
    assert_int_equal(hf_diag_count(t->diag, HF_DIAG_ERROR), 1);
    hf_config_set_algorithm_check(NULL);
}

static void options_and_their_negation(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_proxy *a =
        first_proxy(t, "defaults\n option ftp-inspect\n option redispatch 2\n option tcpka\n"
                       "listen a\nlisten b\n no option ftp-inspect\n no option redispatch\n"
                       " no option clitcpka\n");

    assert_int_equal(a->o.ftp_inspect, HF_YES);
    assert_int_equal(a->o.redispatch, HF_YES);
    assert_int_equal(a->o.redispatch_every, 2);
    assert_true(a->o.tcpka_client && a->o.tcpka_server);
    assert_int_equal(a->next->o.ftp_inspect, HF_NO);
    assert_int_equal(a->next->o.redispatch, HF_NO);
    assert_false(a->next->o.tcpka_client);
    assert_true(a->next->o.tcpka_server);
    refuse_text(t, "listen a\n no option tcplog\n", "'no' cannot stand before 'option tcplog'.");
    refuse_text(t, "global\n no daemon\n", "'no' cannot stand before 'daemon'.");
    refuse_text(t, "listen a\n no bind :21\n", "'no' cannot stand before 'bind'");
}

static void stick_lines(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_proxy *a = first_proxy(
        t, "backend a\n stick-table type ip size 10k expire 30m nopurge\n stick on src\n"
           "backend b\n stick match src table a\n stick store-request src table a\n");

    assert_int_equal(a->stick_table->type, HF_STICK_IP);
    assert_int_equal(a->stick_table->size, 10240);
    assert_int_equal(a->stick_table->expire_ms, 1800000);
    assert_true(a->stick_table->nopurge);
    assert_true(a->stick_rules->match && a->stick_rules->store);
    assert_ptr_equal(a->stick_rules->table, a->stick_table);
    const struct hf_cfg_stick_rule *rule = a->next->stick_rules;
    assert_true(rule->match && !rule->store);
    assert_ptr_equal(rule->table, a->stick_table);
    assert_true(!rule->next->match && rule->next->store);
    refuse_text(t, "backend a\n stick-table type text size 1k\n", "'type' cannot be 'text'.");
    refuse_text(t, "backend a\n stick-table size 1k\n", "'stick-table' needs a 'type'.");
    refuse_text(t, "backend a\n stick-table type ip\n", "'stick-table' needs 'size N'.");
    refuse_text(t, "backend a\n stick on src\n", "section 'a' has no stick-table.");
    refuse_text(t, "backend a\n stick on src table x\n",
                "[t.cfg:2:21] : 'x' names no section with a stick-table.");
    refuse_text(t, "backend a\n stick on dest\n", "unknown sample fetch 'dest'");
    refuse_text(t, "backend a\n stick on\n", "'stick on' needs a sample.");
    refuse_text(t, "backend a\n stick on src table\n", "'table' needs the name of a section.");
    refuse_text(t, "backend a\n stick-table type ip size 1\n stick on bool(1)\n",
                "a truth value cannot be a key of the stick-table of 'a'");
    refuse_text(t, "backend a\n stick on src nonsense\n", "unexpected 'nonsense'.");
    refuse_text(t, "backend a\n stick-table type ip size 1\n stick-table type ip size 1\n",
                "'a' has a stick-table already.");
}

static void ftp_data_lines(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_proxy *a =
        first_proxy(t, "listen a\n bind 127.0.0.1:21\n server s 127.0.0.1:21\n"
                       " ftp-data ports 50000-50100\n ftp-data wait 30s\n ftp-data peer network\n"
                       " ftp-data advertise 192.0.2.1\n ftp-data server-address announced\n");
    char buf[HF_ADDR_TEXT_SIZE];

    assert_int_equal(a->data_refs->lo, 50000);
    assert_int_equal(a->data_refs->hi, 50100);
    assert_null(a->data_refs->section);
    assert_int_equal(a->o.ftp_data_wait, 30000);
    assert_int_equal(a->o.ftp_peer, HF_FTP_PEER_NETWORK);
    assert_true(a->o.ftp_server_announced);
    assert_string_equal(hf_addr_host_text(&a->advertise->addr, buf), "192.0.2.1");
    refuse_text(t, "listen a\n ftp-data ports 5-3\n", "'5-3' is not a range of ports.");
    refuse_text(t, "listen a\n ftp-data peer all\n", "'ftp-data peer' cannot be 'all'.");
    refuse_text(t, "listen a\n ftp-data wiat 5s\n", "did you mean 'ftp-data wait'?");
    refuse_text(t, "listen a\n ftp-data advertise\n", "'ftp-data advertise' needs an address.");
    refuse_text(t, "listen a\n ftp-data advertise ::1\n", "'::1' cannot be told to clients.");
    refuse_text(t, "listen a\n ftp-data advertise 0.0.0.0\n", "'0.0.0.0' cannot be told");
    refuse_text(t, "listen a\n ftp-data advertise 192.0.2.1 1\n", "unexpected '1'");
    refuse_text(t, "listen a\n ftp-data direct 192.0.2.1\n", "unexpected '192.0.2.1'");
    refuse_text(t, "listen a\n ftp-data\n", "'ftp-data' needs another word");
}

static void log_lines(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_log *log =
        accept_text(t,
                    "global\n log /dev/log local0\n log 127.0.0.1 len 2048 format rfc5424 local1 "
                    "notice err\n log stdout format raw daemon\n log udp@127.0.0.1:515 ftp debug\n")
            ->global.logs;

    assert_int_equal(log->kind, HF_LOG_UNIX);
    assert_string_equal(log->path, "/dev/log");
    assert_int_equal(log->facility, 16);
    assert_int_equal(log->max_level, 7);
    assert_int_equal(log->min_level, 0);
    assert_int_equal(log->len, 1024);
    log = log->next;
    assert_int_equal(log->kind, HF_LOG_UDP);
    assert_int_equal(hf_addr_port(&log->addr), 514);
    assert_int_equal(log->len, 2048);
    assert_int_equal(log->wire, HF_LOG_RFC5424);
    assert_int_equal(log->facility, 17);
    assert_int_equal(log->max_level, 5);
    assert_int_equal(log->min_level, 3);
    log = log->next;
    assert_int_equal(log->kind, HF_LOG_FD);
    assert_int_equal(log->fd, 1);
    assert_int_equal(log->wire, HF_LOG_RAW);
    assert_int_equal(hf_addr_port(&log->next->addr), 515);
    refuse_text(t, "global\n log /dev/log\n", "'log' needs");
    refuse_text(t, "global\n log /dev/log locl0\n", "did you mean 'local0'?");
    refuse_text(t, "global\n log /dev/log format raw len 100 local0\n", "unexpected 'len'");
    refuse_text(t, "global\n log ring@x locl0\n", "unknown log facility 'locl0'.");
    assert_null(accept_text(t, "global\n log ring@x local0\n")->global.logs);
    assert_non_null(strstr(t->messages, "without effect in this version: 'log ring@' (t.cfg:2)"));
    assert_null(accept_text(t, "global\n log tcp@127.0.0.1:514 local0\n")->global.logs);
    assert_non_null(strstr(t->messages, "'log to a stream' (t.cfg:2)"));
    refuse_text(t, "global\n log /dev/log len 79 local0\n", "'len' must be between 80 and 65535.");
}

static void samples_of_log_lines(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_log *log =
        accept_text(t, "global\n log /x sample 7,1-3:10 local0\n log /x sample 1:1 local0\n")
            ->global.logs;

    assert_int_equal(log->sample_size, 10);
    assert_int_equal(log->n_sample_ranges, 2);
    assert_int_equal(log->sample_ranges[0].lo, 1);
    assert_int_equal(log->sample_ranges[0].hi, 3);
    assert_int_equal(log->sample_ranges[1].lo, 7);
    assert_int_equal(log->sample_ranges[1].hi, 7);
    assert_int_equal(log->next->sample_size, 1);
    refuse_text(t, "global\n log /x sample 1 local0\n", "'1' has no size of the sample.");
    refuse_text(t, "global\n log /x sample 1:0 local0\n", "'1:0' has no size of the sample.");
    refuse_text(t, "global\n log /x sample 1:3x local0\n", "'1:3x' has no size of the sample.");
    refuse_text(t, "global\n log /x sample x:3 local0\n", "'x' is not a range of lines.");
    refuse_text(t, "global\n log /x sample 0:3 local0\n", "'0' is not a range of lines.");
    refuse_text(t, "global\n log /x sample 2-1:3 local0\n", "'2-1' is not a range of lines.");
    refuse_text(t, "global\n log /x sample :3 local0\n", "'' is not a range of lines.");
    refuse_text(t, "global\n log /x sample 1-2,2:3 local0\n", "the ranges of the sample overlap.");
    refuse_text(t, "global\n log /x sample 4:3 local0\n", "a range ends behind the sample");
}

static void global_lines(void **state)
{
    struct config_text *t = *state;
    const struct hf_cfg_global *g =
        &accept_text(t, "global\n daemon\n maxconn 2000\n user root\n gid 7\n hard-stop-after 30s\n"
                        " spread-checks 5\n tune.pipesize 65536\n"
                        "global\n nbthread 2\n log-send-hostname box\n")
             ->global;

    assert_true(g->daemon);
    assert_int_equal(g->maxconn, 2000);
    assert_true(g->set_uid && g->set_gid);
    assert_int_equal(g->uid, 0);
    assert_int_equal(g->gid, 7);
    assert_int_equal(g->hard_stop_after_ms, 30000);
    assert_int_equal(g->spread_checks, 5);
    assert_int_equal(g->pipesize, 65536);
    assert_int_equal(g->nbthread, 2);
    assert_string_equal(g->log_hostname, "box");
    assert_string_equal(g->log_tag, "haftp");
    refuse_text(t, "global\n user no-such-user-here\n",
                "this host has no user 'no-such-user-here'.");
    refuse_text(t, "global\n group no-such-group-x\n", "this host has no group 'no-such-group-x'.");
    refuse_text(t, "global\n uid\n", "'uid' needs a number.");
    refuse_text(t, "global\n spread-checks 51\n", "'spread-checks' must be between 0 and 50.");
}

/* ---- what is wrong as a whole
 * --------------------------------------------------------------------------- */

static void http_is_refused_where_it_would_be_served(void **state)
{
    struct config_text *t = *state;

    accept_text(t, "defaults\n mode http\nlisten a\n mode tcp\n bind :2121\n");
    refuse_text(t, "defaults\n mode http\nlisten a\n bind :80\nlisten b\n bind :81\n",
                "[t.cfg:2:7] : section 'a' proxies HTTP, which is out of haftp's scope.");
    assert_int_equal(hf_diag_count(t->diag, HF_DIAG_ERROR), 1);
}

static void ids_are_used_once(void **state)
{
    refuse_text(*state, "listen a\n id 5\nlisten b\n id 5\n",
                "sections 'a' and 'b' have the same id 5.");
}

static void fifty_errors_are_enough(void **state)
{
    struct config_text *t = *state;
    char text[2048] = "global\n", *end = text + strlen(text);

    for (unsigned i = 0; i < 80; i++)
        end = stpcpy(end, " nonsense\n");
    refuse_text(t, text, "Too many errors: what follows was not read.");
    assert_non_null(strstr(t->messages, "[t.cfg:51:2]"));
    assert_null(strstr(t->messages, "[t.cfg:52:2]"));
}

static void a_missing_file_is_named(void **state)
{
    struct config_text *t = *state;
    const char *paths[] = {"/nonexistent/haftp.cfg"};

    config_text_clear(t);
    t->diag = hf_diag_new();
    assert_null(hf_config_load(paths, 1, t->diag));
    assert_int_equal(hf_diag_count(t->diag, HF_DIAG_ERROR), 1);
    load_text(t, "");
}

static void only_sections_with_binds_listen(void **state)
{
    struct config_text *t = *state;

    assert_false(hf_config_has_listener(accept_text(t, "global\n")));
    assert_false(hf_config_has_listener(accept_text(t, "listen a\n bind :2121\n disabled\n")));
    assert_true(hf_config_has_listener(accept_text(t, "listen a\n bind :2121\n")));
}

static void the_canonical_text_reads_as_itself(void **state)
{
    struct config_text *t = *state;
    char *once = dump_text(accept_text(
        t,
        "global\n daemon\n uid 5\n log stdout len 90 format short local3 info\n"
        "defaults\n log global\n timeout connect 5s\n timeout ftp-login 1m\n option tcpka\n"
        " default-server inter 7s\n ftp-data ports 50000-50009\n"
        "frontend f\n bind [::]:2121 v6only name 'a b'\n default_backend b\n"
        " log-format \"%ci \\\"it's\\\" #\\$x\"\n ftp-data peer any\n"
        "backend b\n balance random(3)\n hash-type consistent\n no option redispatch\n"
        " stick-table type ipv6 size 3g expire 90s\n stick on src\n cookie C insert\n"
        " server s1 127.0.0.1 check port 21 no-backup weight 9\n server s2 [::1]:-5 cookie v\n"));
    char *twice = dump_text(accept_text(t, once));

    assert_string_equal(once, twice);
    free(once);
    free(twice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(defaults_are_handed_down),
        CONFIG_TEST(built_in_defaults),
        CONFIG_TEST(named_defaults_and_from),
        CONFIG_TEST(lists_of_logs_are_not_shared),
        CONFIG_TEST(names_of_sections),
        CONFIG_TEST(old_addresses_on_the_first_line),
        CONFIG_TEST(default_backend_is_found),
        CONFIG_TEST(bind_addresses),
        CONFIG_TEST(bad_bind_addresses),
        CONFIG_TEST(options_of_a_bind_hold_for_its_list),
        CONFIG_TEST(binds_without_a_port),
        CONFIG_TEST(a_descriptor_that_is_open_is_a_bind),
        CONFIG_TEST(numbers_are_read_as_by_haproxy),
        CONFIG_TEST(names_of_servers_are_looked_up_when_their_line_ends),
        CONFIG_TEST(a_template_makes_servers),
        CONFIG_TEST(sources_of_servers_and_sections),
        CONFIG_TEST(what_a_server_expects_is_never_left_out),
        CONFIG_TEST(ports_of_servers),
        CONFIG_TEST(bad_servers),
        CONFIG_TEST(options_of_servers),
        CONFIG_TEST(balance_lines),
        CONFIG_TEST(algorithms_are_judged_by_those_who_know_them),
        CONFIG_TEST(options_and_their_negation),
        CONFIG_TEST(stick_lines),
        CONFIG_TEST(ftp_data_lines),
        CONFIG_TEST(log_lines),
        CONFIG_TEST(samples_of_log_lines),
        CONFIG_TEST(global_lines),
        CONFIG_TEST(http_is_refused_where_it_would_be_served),
        CONFIG_TEST(ids_are_used_once),
        CONFIG_TEST(fifty_errors_are_enough),
        CONFIG_TEST(a_missing_file_is_named),
        CONFIG_TEST(only_sections_with_binds_listen),
        CONFIG_TEST(the_canonical_text_reads_as_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
