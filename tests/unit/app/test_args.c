/*
 * test_args.c: what each flag sets, and how a wrong command line is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "haftp/app/args.h"

struct run {
    struct hf_args args;
    enum hf_status status;
    char *out, *err; /* what was printed */
    size_t out_size, err_size;
    FILE *out_file, *err_file;
};

static int setup(void **state)
{
    static struct run run;

    memset(&run, 0, sizeof run);
    *state = &run;
    return 0;
}

static void forget(struct run *run)
{
    hf_args_fini(&run->args);
    free(run->out);
    free(run->err);
    run->out = run->err = NULL;
}

static int teardown(void **state)
{
    forget(*state);
    return 0;
}

/* `line` is cut at blanks; the program's name comes before it. */
static void parse(struct run *run, const char *line)
{
    static char words[256];
    char *argv[32] = {"haftp"}, *rest = words, *word;
    int argc = 1;

    forget(run);
    snprintf(words, sizeof words, "%s", line);
    while ((word = strsep(&rest, " ")) && argc < 31) {
        if (*word)
            argv[argc++] = word;
    }
    run->out_file = open_memstream(&run->out, &run->out_size);
    run->err_file = open_memstream(&run->err, &run->err_size);
    assert_non_null(run->out_file);
    assert_non_null(run->err_file);
    run->status = hf_args_parse(argc, argv, run->out_file, run->err_file, &run->args);
    fclose(run->out_file);
    fclose(run->err_file);
}

static void assert_refused(struct run *run, const char *line, const char *said)
{
    parse(run, line);
    assert_int_equal(run->status, HF_INVALID);
    assert_string_equal(run->out, "");
    assert_non_null(strstr(run->err, "haftp --help"));
    if (!strstr(run->err, said))
        fail_msg("expected \"%s\" in: %s", said, run->err);
}

static void assert_silent(const struct run *run)
{
    assert_int_equal(run->status, HF_OK);
    assert_string_equal(run->out, "");
    assert_string_equal(run->err, "");
}

static void files_come_in_order_from_everywhere(void **state)
{
    struct run *run = *state;

    parse(run, "-f one.cfg -V -f dir -- two.cfg -f");
    assert_silent(run);
    assert_int_equal(run->args.action, HF_ACTION_RUN);
    assert_int_equal(run->args.n_files, 4);
    assert_string_equal(run->args.files[0], "one.cfg");
    assert_string_equal(run->args.files[1], "dir");
    assert_string_equal(run->args.files[2], "two.cfg");
    assert_string_equal(run->args.files[3], "-f"); /* after -- all words are files */
}

static void every_flag_sets_its_field(void **state)
{
    struct run *run = *state;

    parse(run, "-f x -c -V -q -db -dW -dS -p /run/h.pid -C /etc/h -n 2000");
    assert_silent(run);
    assert_int_equal(run->args.action, HF_ACTION_CHECK);
    assert_true(run->args.verbose && run->args.quiet && run->args.foreground);
    assert_true(run->args.zero_warning && run->args.no_splice);
    assert_false(run->args.daemon || run->args.debug || run->args.master_worker);
    assert_string_equal(run->args.pidfile, "/run/h.pid");
    assert_string_equal(run->args.chdir_to, "/etc/h");
    assert_int_equal(run->args.maxconn, 2000);
}

static void foreground_wins_over_background(void **state)
{
    struct run *run = *state;

    parse(run, "-f x -D");
    assert_true(run->args.daemon);
    assert_false(run->args.foreground);
    parse(run, "-f x -D -db");
    assert_false(run->args.daemon);
    parse(run, "-d -f x -D");
    assert_true(run->args.debug && run->args.foreground);
    assert_false(run->args.daemon);
}

static void master_worker_is_known(void **state)
{
    struct run *run = *state;

    parse(run, "-W -db -f x");
    assert_int_equal(run->status, HF_OK);
    assert_true(run->args.master_worker && run->args.foreground);
    assert_silent(run);
    parse(run, "-Ws -f x");
    assert_true(run->args.master_worker);
    assert_silent(run);
    parse(run, "-W -q -f x");
    assert_silent(run);
    parse(run, "-W -c -f x");
    assert_silent(run);
}

static void values_of_all_kinds(void **state)
{
    struct run *run = *state;

    parse(run, "-f x -L me -N 5 -m 64 -dD -dV -dL -dKcfg,smp");
    assert_silent(run);
    assert_string_equal(run->args.localpeer, "me");
    assert_int_equal(run->args.section_maxconn, 5);
    assert_int_equal(run->args.megabytes, 64);
    assert_true(run->args.say_diag && run->args.list_objects && run->args.servers_unverified);
    assert_string_equal(run->args.keyword_classes, "cfg,smp");
    parse(run, "-f x -n 0");
    assert_silent(run);
    assert_int_equal(run->args.maxconn, 0);
}

static void what_has_no_effect_is_told(void **state)
{
    static const char *const flags[] = {"-S", "-dG", "-dR", "-de", "-dp", "-dM"};
    struct run *run = *state;
    char wanted[16];

    parse(run, "-f x -S a -dG -dR -de -dp -dr -dM");
    assert_int_equal(run->status, HF_OK);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        snprintf(wanted, sizeof wanted, ": %s: ", flags[i]);
        if (!strstr(run->err, wanted))
            fail_msg("nothing is said of %s:\n%s", flags[i], run->err);
    }
    parse(run, "-q -f x -dp");
    assert_silent(run);
    parse(run, "-c -f x -dp");
    assert_silent(run);
}

static void processes_to_take_over_from(void **state)
{
    struct run *run = *state;

    parse(run, "-f x -sf 1 22 -st 3 -x /s");
    assert_silent(run);
    assert_int_equal(run->args.old_pids.n, 2);
    assert_int_equal(run->args.old_pids.list[1], 22);
    assert_int_equal(run->args.terminated_pids.n, 1);
    assert_int_equal(run->args.terminated_pids.list[0], 3);
    assert_string_equal(run->args.takeover_socket, "/s");
    parse(run, "-f x -sf"); /* as $(cat PIDFILE) gives for a first start */
    assert_silent(run);
    assert_int_equal(run->args.old_pids.n, 0);
    assert_refused(run, "-f x -sf 1 y", "takes process ids, not 'y'");
    assert_refused(run, "-f x -x", "option '-x' needs a value: -x SOCKET");
}

static void memory_debugging_is_checked(void **state)
{
    struct run *run = *state;

    parse(run, "-c -f x -dM -dM5 -dM0x50,tag -dMno-merge,poison");
    assert_silent(run);
    assert_refused(run, "-f x -dMnope", "does not know 'nope'");
    assert_refused(run, "-f x -dMtag,no-", "does not know 'no-'");
}

static void conditions_need_no_file(void **state)
{
    struct run *run = *state;

    parse(run, "-cc streq(a,b)");
    assert_silent(run);
    assert_int_equal(run->args.action, HF_ACTION_TEST);
    assert_string_equal(run->args.condition, "streq(a,b)");
    parse(run, "-cc -1 -f x");
    assert_silent(run);
    assert_string_equal(run->args.condition, "-1");
    assert_refused(run, "-cc", "option '-cc' needs a value: -cc COND");
}

static void lists_need_no_file(void **state)
{
    struct run *run = *state;

    parse(run, "-dKall");
    assert_silent(run);
    assert_int_equal(run->args.action, HF_ACTION_LIST);
    parse(run, "-dL");
    assert_int_equal(run->args.action, HF_ACTION_LIST);
    parse(run, "-dKall -c -f x");
    assert_int_equal(run->args.action, HF_ACTION_CHECK);
}

static void a_line_that_makes_no_sense_shows_usage(void **state)
{
    struct run *run = *state;

    assert_refused(run, "", "no configuration file");
    assert_refused(run, "-c", "no configuration file");
    assert_refused(run, "--", "no configuration file");
    assert_refused(run, "-f x -Z", "unknown option '-Z'");
    assert_refused(run, "-f x --verbose", "unknown option '--verbose'");
    assert_refused(run, "-fx", "unknown option '-fx'");
    assert_refused(run, "ftp.cfg", "unexpected word 'ftp.cfg'");
    assert_refused(run, "-f x -", "unexpected word '-'");
}

static void a_missing_or_wrong_value_is_named(void **state)
{
    struct run *run = *state;

    assert_refused(run, "-f", "option '-f' needs a value: -f FILE|DIR");
    assert_refused(run, "-f -c", "option '-f' needs a value");
    assert_refused(run, "-f x -p", "option '-p' needs a value: -p FILE");
    assert_refused(run, "-f x -n", "option '-n' needs a value: -n NUMBER");
    assert_refused(run, "-f x -n -1", "option '-n' needs a value");
    assert_refused(run, "-f x -n 12k", "not '12k'");
    assert_refused(run, "-f x -n +5", "not '+5'");
    assert_refused(run, "-f x -n 99999999999999999999", "needs a number");
}

static void help_and_versions_are_answered_at_once(void **state)
{
    struct run *run = *state;

    parse(run, "-h -Z");
    assert_silent(run);
    assert_int_equal(run->args.action, HF_ACTION_HELP);
    parse(run, "--help");
    assert_int_equal(run->args.action, HF_ACTION_HELP);
    parse(run, "-f x -v nonsense");
    assert_silent(run);
    assert_int_equal(run->args.action, HF_ACTION_VERSION);
    parse(run, "-vv");
    assert_int_equal(run->args.action, HF_ACTION_BUILD);
}

static void usage_names_every_flag(void **state)
{
    static const char *const words[] = {
        "-f FILE|DIR", "-c ",  "-V ", "-q ",  "-db ", "-D ", "-p FILE", "-C ", "-n ",     "-dK[all",
        "-v ",         "-vv ", "-h ", " -sf", " -x",  " -L", " -S",     " -m", "-cc COND"};
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(out);
    hf_usage_print(out);
    fclose(out);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strstr(text, words[i]))
            fail_msg("usage does not name %s:\n%s", words[i], text);
    }
    free(text);
}

static void the_long_version_tells_the_build(void **state)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(out);
    hf_version_print(out, true);
    fclose(out);
    assert_ptr_equal(strstr(text, "haftp version " HAFTP_VERSION "\n"), text);
    assert_non_null(strstr(text, "Compiler: "));
    assert_non_null(strstr(text, "libuv: 1."));
    assert_non_null(strstr(text, "splice"));
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_come_in_order_from_everywhere),
        TEST(every_flag_sets_its_field),
        TEST(foreground_wins_over_background),
        TEST(master_worker_is_known),
        TEST(values_of_all_kinds),
        TEST(what_has_no_effect_is_told),
        TEST(processes_to_take_over_from),
        TEST(memory_debugging_is_checked),
        TEST(conditions_need_no_file),
        TEST(lists_need_no_file),
        TEST(a_line_that_makes_no_sense_shows_usage),
        TEST(a_missing_or_wrong_value_is_named),
        TEST(help_and_versions_are_answered_at_once),
        TEST(usage_names_every_flag),
        TEST(the_long_version_tells_the_build),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
