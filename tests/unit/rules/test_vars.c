/*
 * test_vars.c: variables: their scopes, copies and bounds.
 */
#include "rules_fixture.h"

static const struct hf_cfg_var sess = {.scope = HF_VAR_SESS, .name = "a", .index = 0};
static const struct hf_cfg_var req = {.scope = HF_VAR_REQ, .name = "a", .index = 1};
static const struct hf_cfg_var proc = {.scope = HF_VAR_PROC, .name = "a", .index = 2};

static struct hf_vars *vars;
static char room[64];

static bool set_text(const struct hf_cfg_var *var, const char *text)
{
    struct hf_sample sample = {.type = HF_TYPE_STR, .bytes = hf_view_cstr(text)};
    return hf_vars_set(&vars, var, &sample);
}

static const char *get_text(const struct hf_cfg_var *var)
{
    static char text[64];
    struct hf_sample sample;
    if (!hf_vars_get(&vars, var, &sample, room, sizeof room))
        return NULL;
    assert_int_equal(sample.type, HF_TYPE_STR);
    snprintf(text, sizeof text, "%.*s", (int)sample.bytes.n, sample.bytes.p);
    return text;
}

static int free_all(void **state)
{
    (void)state;
    hf_vars_free(&vars);
    hf_vars_process_free();
    return 0;
}

static void each_scope_has_its_own(void **state)
{
    (void)state;
    assert_null(get_text(&sess));
    assert_null(vars); /* nothing is there until one is set */
    assert_true(set_text(&sess, "one"));
    assert_true(set_text(&req, "two"));
    assert_true(set_text(&proc, "three"));
    assert_string_equal(get_text(&sess), "one");
    assert_string_equal(get_text(&req), "two");
    assert_string_equal(get_text(&proc), "three");
    hf_vars_end_scope(&vars, HF_VAR_REQ);
    assert_null(get_text(&req));
    assert_string_equal(get_text(&sess), "one");
    hf_vars_free(&vars);
    assert_null(vars);
    assert_string_equal(get_text(&proc), "three"); /* outlives the session */
    hf_vars_end_scope(&vars, HF_VAR_REQ);
}

static void values_are_copied(void **state)
{
    (void)state;
    char text[] = "first";
    assert_true(set_text(&sess, text));
    memset(text, 'x', sizeof text - 1);
    assert_string_equal(get_text(&sess), "first");
    /* To itself, too. */
    struct hf_sample sample;
    assert_true(hf_vars_get(&vars, &sess, &sample, room, sizeof room));
    assert_true(hf_vars_set(&vars, &sess, &sample));
    assert_string_equal(get_text(&sess), "first");
}

static void types_are_kept(void **state)
{
    (void)state;
    struct hf_sample in = {.type = HF_TYPE_INT, .number = -5}, out;
    assert_true(hf_vars_set(&vars, &sess, &in));
    assert_true(hf_vars_get(&vars, &sess, &out, room, sizeof room));
    assert_int_equal(out.type, HF_TYPE_INT);
    assert_int_equal(out.number, -5);
    in = (struct hf_sample){.type = HF_TYPE_IPV4, .addr = fixture_addr("192.0.2.1", 0)};
    assert_true(hf_vars_set(&vars, &sess, &in));
    assert_true(hf_vars_get(&vars, &sess, &out, room, sizeof room));
    assert_int_equal(out.type, HF_TYPE_IPV4);
    assert_true(hf_addr_same_host(&out.addr, &in.addr));
}

static void unset_ones_exist(void **state)
{
    (void)state;
    assert_false(hf_vars_exists(&vars, &sess));
    hf_vars_unset(&vars, &sess);
    assert_false(hf_vars_exists(&vars, &sess));
    assert_true(set_text(&sess, "x"));
    hf_vars_unset(&vars, &sess);
    assert_true(hf_vars_exists(&vars, &sess));
    assert_null(get_text(&sess));
    assert_true(set_text(&proc, "x"));
    hf_vars_unset(NULL, &proc);
    assert_true(hf_vars_exists(NULL, &proc));
    assert_null(get_text(&proc));
}

static void bounded(void **state)
{
    (void)state;
    static char bytes[HF_VARS_SESSION_BYTES];
    struct hf_sample sample = {.type = HF_TYPE_BIN, .bytes = hf_view(bytes, sizeof bytes)};
    assert_true(hf_vars_set(&vars, &sess, &sample));
    assert_true(hf_vars_set(&vars, &sess, &sample)); /* in place of the first */
    assert_false(set_text(&req, "x"));
    assert_null(get_text(&req));
    hf_vars_unset(&vars, &sess);
    assert_true(set_text(&req, "x"));
    sample.bytes.n = sizeof bytes - 1;
    assert_true(hf_vars_set(&vars, &sess, &sample));
    assert_true(set_text(&req, ""));
    assert_true(set_text(&req, "y"));
    assert_false(set_text(&req, "yy"));
    assert_string_equal(get_text(&req), "y"); /* stays as it was */
}

static void without_a_session(void **state)
{
    (void)state;
    struct hf_sample sample = {.type = HF_TYPE_BOOL, .number = 1}, out;
    assert_false(hf_vars_set(NULL, &sess, &sample));
    assert_false(hf_vars_get(NULL, &sess, &out, room, sizeof room));
    assert_true(hf_vars_set(NULL, &proc, &sample));
    assert_true(hf_vars_get(NULL, &proc, &out, room, sizeof room));
}

/* The process's texts are copied out, as another worker may change them. */
static void cut_to_the_room(void **state)
{
    (void)state;
    struct hf_sample out;
    assert_true(set_text(&proc, "abcdef"));
    assert_true(hf_vars_get(&vars, &proc, &out, room, 3));
    assert_int_equal(out.bytes.n, 3);
    assert_ptr_equal(out.bytes.p, room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_scope_has_its_own, free_all),
        cmocka_unit_test_teardown(values_are_copied, free_all),
        cmocka_unit_test_teardown(types_are_kept, free_all),
        cmocka_unit_test_teardown(unset_ones_exist, free_all),
        cmocka_unit_test_teardown(bounded, free_all),
        cmocka_unit_test_teardown(without_a_session, free_all),
        cmocka_unit_test_teardown(cut_to_the_room, free_all),
    };
    return cmocka_run_group_tests_name("vars", tests, NULL, NULL);
}
