/*
 * test_match.c: every method of matching answers as HAProxy 2.6 does.
 */
#include "rules_fixture.h"

struct comparison {
    const char *text; /* of an ACL */
    bool matches;
};

/* Measured: whether `http-request set-var(txn.r) str(yes) if { ACL }` did so. */
static const struct comparison comparisons[] = {
    /* found, bool, int */
    {"str(0) -m bool", false},
    {"str(a) -m bool", false},
    {"str(1) -m bool", true},
    {"str() -m bool", false},
    {"int(7) -m bool", true},
    {"int(0) -m bool", false},
    {"str() -m found", true},
    {"var(txn.none) -m found", false},
    {"str(5x) -m int 5", true},
    {"str(x) -m int 0", true},
    {"str() -m int 0", false},
    {"int(5) 1:10", true},
    {"int(5) :4", false},
    {"int(5) 6:", false},
    {"int(5) 5:", true},
    {"int(5) gt 4", true},
    {"int(5) ge 5", true},
    {"int(5) lt 5", false},
    {"int(5) le 5", true},
    {"int(5) eq 4", false},
    {"int(5) 1 3 5", true},
    {"ipv4(1.2.3.4) -m int 16909060", true},
    {"bool(true) 1", true},
    /* addresses */
    {"int(2130706433) -m ip 127.0.0.1", true},
    {"str(127.0.0.1) -m ip 127.0.0.0/8", true},
    {"str(nonsense) -m ip 0.0.0.0/0", false},
    {"str(::1) -m ip ::/64", true},
    {"ipv4(1.2.3.4) 1.2.3.4", true},
    {"ipv4(1.2.3.4) 1.2.3.5", false},
    {"ipv4(1.2.3.4) 1.2.0.0/16 4.0.0.0/8", true},
    {"ipv4(1.2.3.4) ::ffff:1.2.3.0/120", true},
    {"ipv4(1.2.3.4) ::/0", true},
    {"ipv4(1.2.3.4) 1.2.0.4/255.255.0.255", true},
    {"ipv4(1.2.3.4) 1.2.0.5/255.255.0.255", false},
    {"ipv4(1.2.3.4) 0.0.0.0/0", true},
    {"ipv6(::ffff:1.2.3.4) 1.2.3.4", true},
    {"ipv6(::ffff:1.2.3.4) 1.2.0.4/255.255.0.255", true},
    {"ipv6(::1.2.3.4) 1.2.3.4", true},
    {"ipv6(2002:0102:0304::1) 1.2.3.4", true},
    {"ipv6(::1) 0.0.0.1", true},
    {"ipv6(2001:db8::1) 0.0.0.0/0", false},
    {"ipv6(2001:db8::1) 2001:db8::/32", true},
    {"ipv6(2001:db9::1) 2001:db8::/32", false},
    /* text */
    {"str(abc) -m str abc", true},
    {"str(abc) -m str ab abc", true},
    {"str(abc) -m str abcd", false},
    {"str(ABC) -m str abc", false},
    {"str(ABC) -m str -i abc", true},
    {"str(abc) -m beg ab", true},
    {"str(abc) -m beg bc", false},
    {"str(ABC) -m beg -i ab", true},
    {"str(abc) -m end bc", true},
    {"str(abc) -m end abcd", false},
    {"str(ABC) -m end -i bc", true},
    {"str(abc) -m sub b", true},
    {"str(abc) -m sub d", false},
    {"str(ABC) -m sub -i b", true},
    {"str(abc) -m len 3", true},
    {"str(abc) -m len gt 3", false},
    {"str(abc) -m len 1:3", true},
    {"int(50) -m len 2", true},
    {"int(5) -m str 5", true},
    {"bool(true) -m str 1", true},
    {"ipv4(1.2.3.4) -m str 1.2.3.4", true},
    {"str(abc) -m reg ^a.c$", true},
    {"str(ABC) -m reg ^a.c$", false},
    {"str(ABC) -m reg -i ^a.c$", true},
    {"str(a/b/c) -m dir b", true},
    {"str(a/b/c) -m dir a/b", true},
    {"str(a/b/c) -m dir /b/c", true},
    {"str(a/bc/c) -m dir b", false},
    {"str(a/b?c) -m dir b", true},
    {"str(A/B) -m dir -i b", true},
    {"str(www.foo.com) -m dom foo", true},
    {"str(www.foo.com) -m dom foo.com", true},
    {"str(www.foo.com) -m dom oo.com", false},
    {"str(www.foo.com:80) -m dom com", true},
    {"str(www.foo.com) -m dom .foo.", true},
    {"str(www.FOO.com) -m dom -i foo", true},
    /* bytes */
    {"bin(610062) -m str a", true},
    {"bin(610062) -m sub b", false},
    {"bin(610062) -m len 1", true},
    {"bin(610062) -m reg ^a$", true},
    {"bin(610062) -m bin 610062", true},
    {"bin(610062) -m bin 6100", false},
    {"str(ab) -m bin 6162", true},
    {"str(ab) -m bin 6163 6162", true},
};

#define N_COMPARISONS (sizeof comparisons / sizeof comparisons[0])

/* A rule for each. */
static void load_comparisons(void)
{
    char *lines = NULL;
    size_t size;
    FILE *out = open_memstream(&lines, &size);
    for (size_t i = 0; i < N_COMPARISONS; i++)
        fprintf(out, "  tcp-request content accept if { %s }\n", comparisons[i].text);
    fclose(out);
    fixture_load(lines);
    free(lines);
}

static const struct hf_cfg_rule *first_rule(void)
{
    return f.config->proxies->rules[HF_RULES_REQUEST];
}

static void as_haproxy(void **state)
{
    (void)state;
    load_comparisons();
    const struct hf_cfg_rule *rule = first_rule();
    for (size_t i = 0; i < N_COMPARISONS; i++, rule = rule->next) {
        bool matches = hf_cond_eval(rule->cond, &f.eval) == HF_TRUE;
        if (matches != comparisons[i].matches)
            fail_msg("{ %s } is %s", comparisons[i].text, matches ? "true" : "false");
    }
}

/* ---- many patterns: found by an index ----------------------------------------------------- */

static char path[64];

static FILE *pattern_file(void)
{
    snprintf(path, sizeof path, "/tmp/haftp-patterns-XXXXXX");
    return fdopen(mkstemp(path), "w");
}

static int remove_file(void **state)
{
    (void)unlink(path);
    return fixture_teardown(state);
}

/* `acl` has one %s for the file. */
static void load_acl(const char *acl)
{
    char line[256], text[512];
    snprintf(line, sizeof line, acl, path);
    snprintf(text, sizeof text, "  tcp-request content accept if { %s }", line);
    fixture_load(text);
}

static bool matches(void)
{
    return hf_cond_eval(first_rule()->cond, &f.eval) == HF_TRUE;
}

static void ten_thousand_networks(void **state)
{
    (void)state;
    FILE *out = pattern_file();
    for (int i = 0; i < 10000; i++)
        fprintf(out, "10.%d.%d.0/25\n", i / 100, i % 100);
    fprintf(out, "2001:db8::/32\n");
    fclose(out);
    load_acl("src -f %s");
    assert_false(matches());
    f.facts.client = fixture_addr("10.42.17.5", 1);
    assert_true(matches());
    f.facts.client = fixture_addr("10.42.17.127", 1);
    assert_true(matches());
    f.facts.client = fixture_addr("10.42.17.128", 1);
    assert_false(matches());
    f.facts.client = fixture_addr("10.42.100.1", 1);
    assert_false(matches());
    f.facts.client = fixture_addr("2001:db8::1", 1);
    assert_true(matches());
}

static void ten_thousand_names(void **state)
{
    (void)state;
    FILE *out = pattern_file();
    for (int i = 0; i < 10000; i++)
        fprintf(out, "User%d\n", i);
    fclose(out);
    load_acl("str(user4711) -i -m str -f %s");
    assert_true(matches());
    load_acl("str(user4711) -m str -f %s");
    assert_false(matches());
    load_acl("str(User9999) -m str -f %s");
    assert_true(matches());
    load_acl("str(User10000) -m str -f %s");
    assert_false(matches());
}

static void an_empty_file_matches_nothing(void **state)
{
    (void)state;
    fclose(pattern_file());
    load_acl("src -f %s");
    assert_false(matches());
    load_acl("str() -m str -f %s");
    assert_false(matches());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(as_haproxy, fixture_teardown),
        cmocka_unit_test_teardown(ten_thousand_networks, remove_file),
        cmocka_unit_test_teardown(ten_thousand_names, remove_file),
        cmocka_unit_test_teardown(an_empty_file_matches_nothing, remove_file),
    };
    return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
