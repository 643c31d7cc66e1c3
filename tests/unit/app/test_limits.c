/* Descriptors: what is put aside before sessions are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "app_int.h"

static struct rlimit before;

static struct app_limits with(rlim_t descriptors, const struct hf_cfg_global *global)
{
    struct hf_config config;
    memset(&config, 0, sizeof config);
    config.global = *global;
    config.global.ulimit_n = (unsigned)descriptors;
    struct rlimit tight = {descriptors, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    struct app_limits limits = app_limits_apply(&config, 10, 4);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    return limits;
}

static void pipes_and_loops_are_put_aside(void **state)
{
    (void)state;
    struct hf_cfg_global global = {.maxpipes = 100};
    struct app_limits limits = with(1000, &global);
    assert_int_equal(limits.pipes, 100);
    assert_true(4 * limits.maxconn <= 1000 - 10 - 2 * 100 - 5 * 8);
    assert_true(limits.maxconn > 100);
}

static void pipes_never_crowd_sessions_out(void **state)
{
    (void)state;
    struct hf_cfg_global global = {0}, nosplice = {.nosplice = true};
    struct app_limits few = with(400, &global), none = with(400, &nosplice);
    assert_int_equal(few.pipes, 50);
    assert_true(few.maxconn > 40);
    assert_int_equal(none.pipes, 0);
    assert_true(none.maxconn > few.maxconn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipes_and_loops_are_put_aside),
        cmocka_unit_test(pipes_never_crowd_sessions_out),
    };
    if (getrlimit(RLIMIT_NOFILE, &before) != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
