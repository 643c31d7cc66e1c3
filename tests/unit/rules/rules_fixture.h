/*
 * rules_fixture.h: a session made up for tests, and expressions and conditions written as in a
 * file: what the parser makes of them is evaluated.
 */
#ifndef HAFTP_TEST_RULES_FIXTURE_H
#define HAFTP_TEST_RULES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "haftp/conf/load.h"
#include "haftp/rules/eval.h"

struct rules_fixture {
    struct hf_config *config;
    struct hf_runtime *runtime;
    struct hf_diag *diag;
    struct hf_facts facts;
    struct hf_vars *vars;
    struct hf_eval eval;
    char text[8192]; /* of the last sample */
};

static struct rules_fixture f;

static inline struct hf_addr fixture_addr(const char *host, uint16_t port)
{
    struct hf_addr addr;
    assert_int_equal(hf_addr_parse_host(hf_view_cstr(host), &addr), HF_OK);
    hf_addr_set_port(&addr, port);
    return addr;
}

static inline struct hf_proxy *fixture_proxy(const char *name)
{
    for (unsigned i = 0; i < f.runtime->n_proxies; i++) {
        if (strcmp(f.runtime->proxies[i]->cfg->name, name) == 0)
            return f.runtime->proxies[i];
    }
    fail_msg("no section %s", name);
    return NULL;
}

static inline void fixture_fini(void)
{
    hf_vars_free(&f.vars);
    hf_vars_process_free();
    hf_runtime_free(f.runtime);
    hf_config_free(f.config);
    hf_diag_free(f.diag);
    f = (struct rules_fixture){0};
}

static inline void fixture_read(const char *text)
{
    char path[64];
    const char *const paths[] = {path};
    int fd = memfd_create("config", MFD_CLOEXEC);

    fixture_fini();
    f.diag = hf_diag_new();
    assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    f.config = hf_config_load(paths, 1, f.diag);
    close(fd);
    if (!f.config) {
        hf_diag_print(f.diag, stderr, HF_DIAG_ERROR);
        fail_msg("not a configuration:\n%s", text);
    }
}

/* A session of the section "front", which has these lines, and whose backend is "pool". */
static inline void fixture_load(const char *lines)
{
    char *text;
    assert_true(
        asprintf(&text,
                 "defaults\n  timeout client 1m\n  timeout server 2m\n  timeout connect 5s\n"
                 "listen front\n  bind 127.0.0.1:2121 name control\n"
                 "  bind 127.0.0.1:50000-50003\n%s\n  default_backend pool\n"
                 "backend pool\n  timeout tunnel 3m\n  stick-table type ip size 100\n"
                 "  server one 127.0.0.1:2122 weight 3 maxconn 10\n"
                 "  server two 127.0.0.1:2123 maxconn 20\n"
                 "  server spare 127.0.0.1:2124 backup\n",
                 lines) > 0);
    fixture_read(text);
    free(text);
    f.runtime = hf_runtime_new(f.config);
    assert_non_null(f.runtime);
    struct hf_proxy *front = fixture_proxy("front");
    f.facts = (struct hf_facts){
        .frontend = front,
        .bind = front->cfg->binds,
        .client = fixture_addr("192.0.2.7", 40001),
        .local = fixture_addr("127.0.0.1", 2121),
        .queue_ms = -1,
        .connect_ms = -1,
    };
    hf_eval_init(&f.eval, f.runtime, &f.facts);
    f.eval.section = front->cfg;
    f.eval.vars = &f.vars;
    f.eval.final = true;
}

static inline int fixture_setup(void **state)
{
    (void)state;
    fixture_load("");
    return 0;
}

static inline int fixture_teardown(void **state)
{
    (void)state;
    fixture_fini();
    return 0;
}

/* One of the expressions of the rules in front, else as in a log-format. */
static inline const struct hf_expr *fixture_expr(const char *text)
{
    const struct hf_cfg_proxy *front = f.config->proxies;
    char *format;
    for (int set = 0; set < HF_N_RULE_SETS; set++) {
        for (const struct hf_cfg_rule *rule = front->rules[set]; rule; rule = rule->next) {
            if (rule->expr && strcmp(rule->expr->text, text) == 0)
                return rule->expr;
        }
    }
    assert_true(asprintf(&format, "%%[%s]", text) > 0);
    const struct hf_format *read = hf_format_new(f.config, f.diag, format);
    free(format);
    if (!read || !read->pieces || !read->pieces->expr) {
        hf_diag_print(f.diag, stderr, HF_DIAG_ERROR);
        fail_msg("not an expression: %s", text);
        return NULL;
    }
    return read->pieces->expr;
}

/* Rules with these expressions: those that look at bytes or name sections cannot be read later. */
static inline void fixture_load_rules(const char *const *expressions, size_t n)
{
    char *lines = NULL;
    size_t size;
    FILE *out = open_memstream(&lines, &size);
    for (size_t i = 0; i < n; i++) {
        bool response = strncmp(expressions[i], "re", 2) == 0 && expressions[i][2] != 'q';
        fprintf(out, "  tcp-re%s content set-var(txn.x) %s\n", response ? "sponse" : "quest",
                expressions[i]);
    }
    fclose(out);
    fixture_load(lines);
    free(lines);
}

/* NULL: there is no such sample; "..." when more bytes may bring or change it. */
static inline const char *evaluate(const char *text)
{
    struct hf_sample sample;
    enum hf_truth truth = hf_expr_eval(fixture_expr(text), &f.eval, &sample);
    if (truth != HF_TRUE)
        return truth == HF_MISSING ? "..." : NULL;
    assert_true(hf_sample_cast(&sample, HF_TYPE_STR, &f.eval));
    assert_true(sample.bytes.n < sizeof f.text);
    if (sample.bytes.n)
        memcpy(f.text, sample.bytes.p, sample.bytes.n);
    f.text[sample.bytes.n] = '\0';
    return f.text;
}

static inline void assert_evaluates(const char *text, const char *expected)
{
    const char *result = evaluate(text);
    bool same = result && expected ? strcmp(result, expected) == 0 : result == expected;
    if (!same)
        fail_msg("%s gave %s, not %s", text, result ? result : "nothing",
                 expected ? expected : "nothing");
}

#endif
