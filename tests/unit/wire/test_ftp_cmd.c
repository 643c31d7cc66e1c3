/*
 * test_ftp_cmd.c: no command passes unseen, however it is dressed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "haftp/wire/ftp.h"

struct parse {
    const char *line;
    enum hf_ftp_cmd_id id;
    const char *verb;
    const char *arg;
    bool telnet;
};

static const struct parse parses[] = {
    {"PASV", HF_CMD_PASV, "PASV", "", false},
    {"pasv", HF_CMD_PASV, "pasv", "", false},
    {"pAsV ", HF_CMD_PASV, "pAsV", "", false},
    {"PWD", HF_CMD_PWD, "PWD", "", false},
    {"PW", HF_CMD_OTHER, "PW", "", false},
    {"PASVX", HF_CMD_OTHER, "PASVX", "", false},
    {"PAS\x16", HF_CMD_OTHER, "PAS\x16", "", false}, /* 'V' with the letter bit flipped */
    {"XPWD", HF_CMD_OTHER, "XPWD", "", false},
    {"?", HF_CMD_OTHER, "?", "", false},
    {"USER joe", HF_CMD_USER, "USER", "joe", false},
    {"RETR  a file ", HF_CMD_RETR, "RETR", "a file ", false},
    {"STOR\tx", HF_CMD_STOR, "STOR", "x", false},
    {"SITE PORT 1,2,3,4,5,6", HF_CMD_SITE, "SITE", "PORT 1,2,3,4,5,6", false},
    {"EPRT |1|1.2.3.4|99|", HF_CMD_EPRT, "EPRT", "|1|1.2.3.4|99|", false},
    {"EPSV ALL", HF_CMD_EPSV, "EPSV", "ALL", false},
    /* Servers that split words at any blank obey these. */
    {" PASV", HF_CMD_PASV, "PASV", "", false},
    {"\t\v PASV", HF_CMD_PASV, "PASV", "", false},
    {"PASV\r", HF_CMD_PASV, "PASV", "", false},
    {"NOOP\rPORT 1,2,3,4,5,6", HF_CMD_NOOP, "NOOP", "PORT 1,2,3,4,5,6", false},
    /* ABOR as RFC 959 wants it (IAC IP, IAC DM), then with bytes taken away as urgent data. */
    {"\377\364\377\362ABOR", HF_CMD_ABOR, "ABOR", "", true},
    {"\377\364\377ABOR", HF_CMD_ABOR, "ABOR", "", true},
    {"\377\364\362ABOR", HF_CMD_ABOR, "ABOR", "", true},
    {"\362ABOR", HF_CMD_ABOR, "ABOR", "", true},
    {"\364\362abor", HF_CMD_ABOR, "abor", "", true},
    /* DO and its like bring an option, which may look like a letter. */
    {"\377\375\006STAT", HF_CMD_STAT, "STAT", "", true},
    {"\377\373ASTAT x", HF_CMD_STAT, "STAT", "x", true},
    {" \377\361 NOOP", HF_CMD_NOOP, "NOOP", "", true},
    /* In an argument these bytes are part of a path. */
    {"RETR \xff\xff.txt", HF_CMD_RETR, "RETR", "\xff\xff.txt", false},
    {"CWD \xc3\xa9t\xc3\xa9", HF_CMD_CWD, "CWD", "\xc3\xa9t\xc3\xa9", false},
};

static void test_parses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parses / sizeof parses[0]; i++) {
        const struct parse *c = &parses[i];
        struct hf_ftp_cmd cmd;
        if (!hf_ftp_cmd_parse(hf_view_cstr(c->line), &cmd))
            fail_msg("no verb in \"%s\"", c->line);
        if (cmd.id != c->id || !hf_view_is(cmd.verb, c->verb) || !hf_view_is(cmd.arg, c->arg) ||
            cmd.telnet != c->telnet)
            fail_msg("\"%s\": %s, verb \"%.*s\", argument \"%.*s\"", c->line,
                     hf_ftp_cmd_name(cmd.id), (int)cmd.verb.n, cmd.verb.p, (int)cmd.arg.n,
                     cmd.arg.p);
    }
}

/* What some servers would read as another verb is told apart; what surrounds a verb is not. */
static void test_odd_verb(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool odd;
    } verbs[] = {
        {"PASV", false},
        {"X-Y~!", false},
        {"\377\364\377\362ABOR", false},
        {"CWD \377\361", false},
        {"PO\377\361RT 1,2,3,4,5,6", true},
        {"PASV\377\361", true},
        {"P\200SV", true},
        {"PA\bSV", true},
        {"\177PASV", true},
        {"\33PASV", true},
    };
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        struct hf_ftp_cmd cmd;
        assert_true(hf_ftp_cmd_parse(hf_view_cstr(verbs[i].line), &cmd));
        if (cmd.odd_verb != verbs[i].odd)
            fail_msg("\"%s\" should%s be odd", verbs[i].line, verbs[i].odd ? "" : " not");
    }
}

static void test_no_verb(void **state)
{
    (void)state;
    static const char *const lines[] = {"",         " ",        "\t \r",        "\xff",
                                        "\xff\xf4", "\xff\xfd", "\xff\xfd\x06", "\xff\xff\xff"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct hf_ftp_cmd cmd;
        assert_false(hf_ftp_cmd_parse(hf_view_cstr(lines[i]), &cmd));
        assert_int_equal(cmd.id, HF_CMD_OTHER);
        assert_int_equal(cmd.arg.n, 0);
    }
}

/* Lines with a NUL are refused before; still, a verb that holds one is no other verb. */
static void test_nul_in_verb(void **state)
{
    (void)state;
    struct hf_ftp_cmd cmd;
    assert_true(hf_ftp_cmd_parse(hf_view("MKD\0 x", 6), &cmd));
    assert_int_equal(cmd.id, HF_CMD_OTHER);
    assert_int_equal(cmd.verb.n, 4);
}

/* Every row is found under its own name and no other. */
static void test_every_row(void **state)
{
    (void)state;
    static const struct {
        enum hf_ftp_cmd_id id;
        const char *name;
        unsigned flags;
    } rows[] = {
#define X(id, name, flags, help) {HF_CMD_##id, name, flags},
#include "haftp/wire/commands.def"
#undef X
    };
    assert_int_equal(sizeof rows / sizeof rows[0], HF_CMD_COUNT - 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hf_ftp_cmd cmd;
        assert_in_range(strlen(rows[i].name), 3, 4);
        assert_true(hf_ftp_cmd_parse(hf_view_cstr(rows[i].name), &cmd));
        assert_int_equal(cmd.id, rows[i].id);
        assert_int_equal(cmd.flags, rows[i].flags);
        assert_int_equal(hf_ftp_cmd_flags(cmd.id), rows[i].flags);
        assert_string_equal(hf_ftp_cmd_name(cmd.id), rows[i].name);
    }
}

static void test_flags(void **state)
{
    (void)state;
    static const struct {
        const char *verb;
        unsigned flags;
    } flags[] = {
        {"RETR", HF_CMDF_DATA_DOWN},
        {"STOR", HF_CMDF_DATA_UP},
        {"EPSV", HF_CMDF_PASSIVE},
        {"EPRT", HF_CMDF_ACTIVE},
        {"ABOR", HF_CMDF_URGENT},
        {"PASS", HF_CMDF_LOGIN | HF_CMDF_SECRET},
        {"XYZZ", 0},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        struct hf_ftp_cmd cmd;
        assert_true(hf_ftp_cmd_parse(hf_view_cstr(flags[i].verb), &cmd));
        assert_int_equal(cmd.flags, flags[i].flags);
    }
}

static void test_name_of_nothing(void **state)
{
    (void)state;
    assert_string_equal(hf_ftp_cmd_name(HF_CMD_OTHER), "?");
    assert_string_equal(hf_ftp_cmd_name(HF_CMD_COUNT), "?");
    assert_int_equal(hf_ftp_cmd_flags(HF_CMD_OTHER), 0);
    assert_int_equal(hf_ftp_cmd_flags(HF_CMD_COUNT), 0);
    assert_string_equal(hf_ftp_cmd_name((enum hf_ftp_cmd_id)12345), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parses),          cmocka_unit_test(test_no_verb),
        cmocka_unit_test(test_odd_verb),        cmocka_unit_test(test_nul_in_verb),
        cmocka_unit_test(test_every_row),       cmocka_unit_test(test_flags),
        cmocka_unit_test(test_name_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
