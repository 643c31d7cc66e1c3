/*
 * plan_fixture.h: what the tests of the FTP plan share: a small configuration, and claims about its
 * plan.
 */
#ifndef PLAN_FIXTURE_H
#define PLAN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf_int.h"
#include "config_maker.h"
#include "haftp/conf/load.h"

static inline int setup(void **state)
{
    static struct maker maker;

    maker_init(&maker);
    *state = &maker;
    return 0;
}

static inline int teardown(void **state)
{
    maker_fini(*state);
    return 0;
}

static inline void plan(struct maker *m)
{
    hf_conf_find_reach(&m->config);
    hf_conf_ftp_plan(&m->config, m->diag);
}

static inline void assert_told(struct maker *m, const char *text)
{
    const char *messages = maker_messages(m);

    if (!strstr(messages, text))
        fail_msg("nobody said \"%s\" but:\n%s", text, messages);
}

static inline void assert_silence(struct maker *m)
{
    assert_string_equal(maker_messages(m), "");
}

static inline void assert_warnings(struct maker *m, unsigned n)
{
    if (hf_diag_count(m->diag, HF_DIAG_WARNING) + hf_diag_count(m->diag, HF_DIAG_ADVICE) != n ||
        hf_diag_count(m->diag, HF_DIAG_ERROR))
        fail_msg("expected %u warnings and no error:\n%s", n, maker_messages(m));
}

static inline void assert_plain(const struct hf_cfg_bind *bind)
{
    assert_int_equal(bind->role, HF_BIND_PLAIN);
    assert_int_equal(bind->role_rule, 0);
}

static inline void assert_control(const struct hf_cfg_bind *bind, int rule)
{
    assert_int_equal(bind->role, HF_BIND_CONTROL);
    assert_int_equal(bind->role_rule, rule);
    assert_non_null(bind->role_why);
}

static inline void assert_data(const struct hf_cfg_bind *bind, int rule)
{
    assert_int_equal(bind->role, HF_BIND_DATA);
    assert_int_equal(bind->role_rule, rule);
}

static inline unsigned count_ranges(const struct hf_cfg_proxy *control)
{
    const struct hf_cfg_data_range *range;
    int n;

    LL_COUNT(control->data_ranges, range, n);
    return (unsigned)n;
}

static inline void assert_serves_all(const struct hf_cfg_data_range *range)
{
    assert_null(range->only);
    assert_int_equal(range->n_only, 0);
}

static inline void assert_serves_one(const struct hf_cfg_data_range *range, const char *server)
{
    assert_int_equal(range->n_only, 1);
    assert_string_equal(range->only[0]->name, server);
}

#endif
