/*
 * main.c: the story of a process.
 *
 *   arguments -> configuration -> [-c: verdict] -> [master: starts another process here] -> sockets
 * -> background -> logs -> privileges -> workers -> serve
 *
 * In the background, too, whoever started us sees what fails before all workers run: the terminal
 * and the exit code wait until then.
 */
#include <errno.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utlist.h>

#include "app_int.h"
#include "haftp/app/args.h"
#include "haftp/balance/balance.h"
#include "haftp/conf/load.h"
#include "haftp/log/format.h"
#include "haftp/log/log.h"
#include "haftp/net/relay.h"
#include "haftp/rules/vars.h"
#include "haftp/state/connect.h"
#include "haftp/state/tls.h"

static const char *check_algorithm(const char *name)
{
    const char *nearest = "";
    return hf_balance_find(name, &nearest) ? NULL : nearest;
}

/* What the command line says stands above what the file says. */
static void apply_args(struct hf_config *config, const struct hf_args *args)
{
    struct hf_cfg_global *global = &config->global;
    global->daemon = (global->daemon || args->daemon) && !args->foreground;
    global->master_worker = global->master_worker || args->master_worker;
    global->zero_warning = global->zero_warning || args->zero_warning;
    global->nosplice = global->nosplice || args->no_splice;
    if (args->maxconn)
        global->maxconn = args->maxconn;
    if (args->pidfile) {
        global->pidfile = args->pidfile;
        global->pidfile_loc = (struct hf_loc){0};
    }
    struct hf_cfg_proxy *proxy;
    LL_FOREACH(config->proxies, proxy)
    {
        if ((proxy->caps & HF_CAP_FRONTEND) && !proxy->o.maxconn)
            proxy->o.maxconn = args->section_maxconn;
    }
    /* Whoever has a file checked wants to read what is wrong with it, whatever it says itself. */
    if (args->action == HF_ACTION_RUN)
        hf_diag_set_quiet(args->quiet || global->quiet);
}

static unsigned worker_count(const struct hf_config *config)
{
    cpu_set_t cpus;
    if (config->global.nbthread)
        return config->global.nbthread;
    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&cpus);
}

/* ---- configuration ---- */

/* With -V the output is a configuration, which can be read again: the verdict is a comment in it.
 */
static void say_verdict(const char *text, const struct hf_args *args)
{
    if (!args->quiet)
        printf("%s%s\n", args->verbose ? "# " : "", text);
}

static void check_loaded(const struct hf_config *config, const struct hf_args *args,
                         struct hf_diag *diag)
{
    hf_config_check_master(config, config->global.master_worker || args->master_worker, diag);
}

static void discard(struct hf_config *config)
{
    hf_config_release_tls(config);
    hf_config_free(config);
}

static struct hf_config *load(const struct hf_args *args, int *exit_code)
{
    struct hf_diag *diag = hf_diag_new();
    struct hf_config *config;

    hf_config_set_algorithm_check(check_algorithm);
    enum hf_status status = hf_config_read(args->files, args->n_files, diag, &config);
    if (config)
        check_loaded(config, args, diag);
    if (config && !hf_diag_count(diag, HF_DIAG_ERROR))
        hf_config_prepare_tls(config, diag);
    if (config && hf_diag_count(diag, HF_DIAG_ERROR)) {
        discard(config);
        config = NULL;
    }
    if (config)
        apply_args(config, args); /* before anything is printed: it may say `quiet` */
    hf_diag_print(diag, stderr, HF_DIAG_NOTICE);
    unsigned warnings = hf_diag_count(diag, HF_DIAG_WARNING);
    unsigned advice = hf_diag_count(diag, HF_DIAG_ADVICE);
    hf_diag_free(diag);

    *exit_code = HF_EXIT_ERROR;
    if (!config) {
        if (status != HF_NOTFOUND) /* that says enough */
            hf_diag_line(stderr, HF_DIAG_ERROR, "config : Fatal errors found in configuration.");
        return NULL;
    }
    if (warnings && config->global.zero_warning) {
        hf_diag_line(stderr, HF_DIAG_ERROR,
                     "config : Some warnings were found and 'zero-warning' is set. Aborting.");
        discard(config);
        return NULL;
    }
    if (warnings + advice && args->action == HF_ACTION_CHECK && !args->quiet)
        say_verdict("Warnings were found.", args);
    *exit_code = HF_EXIT_OK;
    return config;
}

static int check_only(const struct hf_config *config, const struct hf_args *args)
{
    if (args->verbose && !args->quiet) {
        hf_config_explain(config, stdout);
        hf_config_dump(config, stdout);
    }
    if (!hf_config_has_listener(config)) {
        say_verdict("Configuration file has no error but will not start (no listener) => exit(2).",
                    args);
        return HF_EXIT_NO_LISTENER;
    }
    say_verdict("Configuration file is valid", args);
    return HF_EXIT_OK;
}

static int test_condition(const struct hf_args *args)
{
    struct hf_diag *diag = hf_diag_new();
    bool holds = false;
    enum hf_status status = hf_config_test_condition(args->condition, &holds, diag);

    hf_diag_print(diag, stderr, HF_DIAG_NOTICE);
    hf_diag_free(diag);
    return status != HF_OK ? HF_EXIT_NO_CONDITION : holds ? HF_EXIT_OK : HF_EXIT_FALSE;
}

static int print_object(struct dl_phdr_info *object, size_t size, void *out)
{
    (void)size;
    if (object->dlpi_name && object->dlpi_name[0])
        fprintf(out, "  %s\n", object->dlpi_name);
    return 0;
}

/* -dK and -dL: what they list comes first, then the files that were given. */
static void list_things(const struct hf_args *args)
{
    if (args->list_objects) {
        puts("Shared libraries of this process:");
        dl_iterate_phdr(print_object, stdout);
    }
    if (args->keyword_classes && !hf_config_list_keywords(stdout, args->keyword_classes)) {
        hf_diag_line(stderr, HF_DIAG_WARNING, "-dK%s: 'haftp -dKhelp' lists the classes there are.",
                     args->keyword_classes);
    }
}

/* ---- running ---- */

static void tell_what_was_understood(const struct hf_runtime *runtime)
{
    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        const struct hf_proxy *proxy = runtime->proxies[i];
        if (!proxy->cfg->ftp_summary)
            continue;
        hf_log_announce_mt(proxy, HF_LEVEL_NOTICE, "%s", proxy->cfg->ftp_summary);
    }
}

static struct app_worker *new_workers(unsigned n, struct hf_runtime *runtime,
                                      struct hf_lease_table *leases, struct hf_ties *ties,
                                      struct app_sockets *sockets)
{
    struct app_worker *workers = calloc(n, sizeof *workers);
    for (unsigned i = 0; workers && i < n; i++) {
        if (app_worker_init(&workers[i], runtime, leases, ties, sockets, i, n))
            continue;
        hf_diag_line(stderr, HF_DIAG_ERROR,
                     "Cannot start worker %u: out of memory or descriptors; raise the limit "
                     "(`ulimit -n`, LimitNOFILE= of the service).",
                     i);
        for (unsigned k = 0; k <= i; k++)
            app_worker_fini(&workers[k]);
        free(workers);
        return NULL;
    }
    return workers;
}

/* Returns the signal that ended us, or -1. */
static int serve(struct hf_runtime *runtime, struct hf_lease_table *leases, struct hf_ties *ties,
                 struct app_sockets *sockets, struct app_api *api, unsigned n_workers,
                 const struct hf_args *args)
{
    const struct hf_cfg_global *global = &runtime->config->global;

    if (hf_log_init(runtime, !global->daemon) != HF_OK) {
        hf_diag_line(stderr, HF_DIAG_ERROR, "Cannot open the logs: out of memory or descriptors.");
        return -1;
    }
    int signal_number = -1;
    if (app_is_worker() || app_write_pidfile(global)) {
        if (!app_is_worker())
            app_offer_open();
        if (app_drop_privileges(runtime->config)) {
            app_worker_stay_with_master();
            struct app_serving serving = {.args = args,
                                          .runtime = runtime,
                                          .leases = leases,
                                          .ties = ties,
                                          .sockets = sockets,
                                          .n_workers = n_workers};
            serving.workers = new_workers(n_workers, runtime, leases, ties, sockets);
            if (serving.workers) {
                tell_what_was_understood(runtime);
                hf_log_startup_vars(runtime);
                signal_number = app_serve(&serving, api);
                free(serving.workers);
            }
        }
        if (!app_is_worker())
            app_remove_pidfile(global);
    }
    hf_log_fini();
    hf_vars_process_free();
    return signal_number;
}

static int run(const struct hf_config *config, const struct hf_args *args)
{
    const struct hf_cfg_global *global = &config->global;
    unsigned n_workers = worker_count(config);
    struct app_sockets sockets = {0};
    struct app_api api = {0};
    int signal_number = -1;

    app_hold_signals();
    sockets.beside_others = args->old_pids.n || args->terminated_pids.n;
    if (!app_ask_old_processes(args))
        return -1;
    app_takeover_sockets(&sockets.heirlooms);

    struct hf_runtime *runtime = hf_runtime_new(config);
    struct hf_lease_table *leases = hf_lease_table_new(config, n_workers);
    struct hf_ties *ties = hf_ties_new();
    if (!runtime || !leases || !ties) {
        hf_diag_line(stderr, HF_DIAG_ERROR, "Cannot start: out of memory.");
    } else if (!app_sockets_open(&sockets, config, leases, n_workers) ||
               !app_api_open(&api, &sockets, config)) {
        hf_diag_line(stderr, HF_DIAG_ERROR,
                     "[haftp.main()] Some protocols failed to start their listeners! Exiting.");
    } else {
        struct app_limits limits = app_limits_apply(
            config, sockets.n + (api.n ? api.n + global->stats_maxconn : 0), n_workers);
        hf_runtime_set_maxconn(runtime, limits.maxconn);
        hf_server_connect_with(&(struct hf_buffers){global->rcvbuf_server, global->sndbuf_server});
        hf_relay_configure(global->pipesize, limits.pipes, !global->nosplice);
        if (global->daemon && !app_is_worker())
            app_daemonize();
        signal_number = serve(runtime, leases, ties, &sockets, &api, n_workers, args);
    }
    app_api_close(&api);
    app_sockets_close(&sockets);
    hf_ties_free(ties);
    hf_lease_table_free(leases);
    for (unsigned i = 0; runtime && i < runtime->n_proxies; i++)
        hf_balance_fini(runtime->proxies[i]);
    hf_runtime_free(runtime);
    return signal_number;
}

/* As HAProxy: a soft stop ends with 0; else a process dies by the signal that ended it. */
static void die_of(int signal_number)
{
    if (signal_number > 0 && signal_number != SIGUSR1)
        app_die_of(signal_number);
}

static void limit_memory(unsigned megabytes)
{
    const struct rlimit limit = {(rlim_t)megabytes << 20, (rlim_t)megabytes << 20};
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        hf_diag_line(stderr, HF_DIAG_WARNING, "Cannot limit the memory to %u MB: %s.", megabytes,
                     strerror(errno));
}

static int run_or_check(const struct hf_args *args)
{
    int exit_code;
    bool revived = args->action == HF_ACTION_RUN && app_master_is_revived();
    if (args->chdir_to && !revived && chdir(args->chdir_to) != 0) {
        hf_diag_line(stderr, HF_DIAG_ERROR, "Cannot change to the directory %s: %s.",
                     args->chdir_to, strerror(errno));
        return HF_EXIT_ERROR;
    }
    if (revived && !app_master(args, NULL, &exit_code))
        return exit_code;
    struct hf_config *config = load(args, &exit_code);
    if (!config)
        return exit_code;

    int signal_number = -1;
    if (args->action == HF_ACTION_CHECK) {
        exit_code = check_only(config, args);
    } else if (args->action == HF_ACTION_DUMP) {
        hf_config_dump(config, stdout);
    } else if (!hf_config_has_listener(config)) {
        hf_diag_line(
            stderr, HF_DIAG_ERROR,
            "[haftp.main()] No enabled listener found (check for 'bind' directives)! Exiting.");
        exit_code = HF_EXIT_ERROR;
    } else {
        if (app_is_worker() || !config->global.master_worker ||
            app_master(args, config, &exit_code)) {
            if (args->megabytes)
                limit_memory(args->megabytes);
            signal_number = run(config, args);
            exit_code = signal_number < 0 ? HF_EXIT_ERROR : HF_EXIT_OK;
        }
    }
    discard(config);
    die_of(signal_number);
    return exit_code;
}

int main(int argc, char **argv)
{
    struct hf_args args;
    int exit_code = HF_EXIT_OK;

    if (hf_args_parse(argc, argv, stdout, stderr, &args) != HF_OK) {
        hf_args_fini(&args);
        return HF_EXIT_ERROR;
    }
    app_master_remember(argv);
    hf_diag_set_quiet(args.quiet);
    hf_config_set_options(&(struct hf_load_options){
        .localpeer = args.localpeer,
        .master_worker = args.master_worker,
        .say_diag = args.say_diag,
        .names_may_fail = args.names_may_fail,
        .servers_unverified = args.servers_unverified,
    });
    list_things(&args);
    switch (args.action) {
    case HF_ACTION_LIST:
        break;
    case HF_ACTION_TEST:
        exit_code = test_condition(&args);
        break;
    case HF_ACTION_HELP:
        hf_usage_print(stdout);
        break;
    case HF_ACTION_VERSION:
        hf_version_print(stdout, false);
        break;
    case HF_ACTION_BUILD:
        hf_version_print(stdout, true);
        break;
    case HF_ACTION_CHECK:
    case HF_ACTION_DUMP:
    case HF_ACTION_RUN:
        exit_code = run_or_check(&args);
        break;
    }
    hf_args_fini(&args);
    return exit_code;
}
