/*
 * master.c: the master process: starts a worker process, watches over all of them, starts a new one
 * at a reload.
 *
 * A reload (USR2, HUP) executes the program anew, so that a new binary is used.  The new program
 * finds the workers in its environment, starts a candidate at once, and only the candidate reads
 * the configuration: whatever is wrong with that, the master and the workers live on.  The
 * candidate takes over from the workers before it (takeover.c) and reports; then those stop softly.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app_int.h"
#include "haftp/net/line.h"

/* Environment: "GENERATION,CURRENT,DAEMON,EXIT-ON-FAILURE,MAX-RELOADS PID:LINE:GENERATION ..." */
#define STATE         "HAFTP_MASTER"
#define STATE_PIDFILE "HAFTP_MASTER_PIDFILE"
#define MOST_WORKERS  APP_MOST_FOREBEARS

/* What a worker that serves tells its master. */
struct report {
    bool exit_on_failure;
    unsigned max_reloads;
};

struct child {
    pid_t pid;
    int line; /* our end */
    unsigned generation;
    bool serves;
};

static struct {
    const struct hf_args *args;
    char *program; /* to be executed at a reload */
    char *const *argv;
    struct child list[MOST_WORKERS]; /* the newest first */
    unsigned n;
    unsigned generation;
    unsigned current; /* the generation that served last; those before it are former ones */
    struct report rules;
    bool revived; /* by a reload */
    bool in_background;
    bool stopping;
    bool reload_again; /* asked for while a candidate starts */
    int exit_code;     /* -1: that of the last worker */
    int signals, reports;
    int messages; /* in the background: what a candidate says, for the log if it fails; else -1 */
} master = {.exit_code = -1, .signals = -1, .reports = -1, .messages = -1};

/* The worker's side. */
static struct {
    bool is_worker;
    pid_t master;
    int report, line;
} origin = {.report = -1, .line = -1};

/* ---- the worker's side --------------------------------------------------------------------- */

bool app_is_worker(void)
{
    return origin.is_worker;
}

int app_worker_line(void)
{
    int line = origin.line;
    origin.line = -1;
    return line;
}

/* Forgotten by the kernel when the user changes, so it comes after that. */
void app_worker_stay_with_master(void)
{
    if (!origin.is_worker)
        return;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != origin.master)
        raise(SIGTERM);
}

void app_worker_report(const struct hf_cfg_global *global)
{
    const struct report report = {.exit_on_failure = !global->no_exit_on_failure,
                                  .max_reloads = global->mworker_max_reloads};

    if (!origin.is_worker)
        return;
    if (master.messages >= 0)
        app_leave_terminal();
    (void)!write(origin.report, &report, sizeof report); /* a master that is gone needs none */
    close(origin.report);
    origin.report = -1;
}

/* ---- what outlives a reload ---------------------------------------------------------------- */

void app_master_remember(char *const *argv)
{
    char folder[PATH_MAX];

    master.argv = argv;
    if (argv[0] && *argv[0] != '/' && strchr(argv[0], '/') && getcwd(folder, sizeof folder)) {
        if (asprintf(&master.program, "%s/%s", folder, argv[0]) < 0)
            master.program = NULL;
    } else if (argv[0]) {
        master.program = strdup(argv[0]);
    }
}

bool app_master_is_revived(void)
{
    return getenv(STATE) != NULL;
}

static void restore(void)
{
    const char *text = getenv(STATE), *next;
    int background, exit_on_failure, n = 0;
    struct child child = {.serves = true};

    if (text && sscanf(text, "%u,%u,%d,%d,%u%n", &master.generation, &master.current, &background,
                       &exit_on_failure, &master.rules.max_reloads, &n) == 5) {
        master.in_background = background;
        master.rules.exit_on_failure = exit_on_failure;
        for (next = text + n;
             master.n < MOST_WORKERS &&
             sscanf(next, " %d:%d:%u%n", &child.pid, &child.line, &child.generation, &n) == 3;
             next += n) {
            fcntl(child.line, F_SETFD, FD_CLOEXEC);
            master.list[master.n++] = child;
        }
    }
    master.revived = true;
    unsetenv(STATE); /* it is ours, and none of the worker's */
}

/* "-sf 12 13", "-st 12" and "-x SOCKET" are for the first time only. */
static char **arguments_without_past(void)
{
    size_t n = 0;
    while (master.argv[n])
        n++;
    char **argv = calloc(n + 1, sizeof *argv);
    for (size_t i = 0, k = 0; argv && i < n; i++) {
        const char *word = master.argv[i];
        if (strcmp(word, "-sf") == 0 || strcmp(word, "-st") == 0) {
            while (i + 1 < n && *master.argv[i + 1] != '-')
                i++;
        } else if (strcmp(word, "-x") == 0) {
            i++;
        } else {
            argv[k++] = master.argv[i];
        }
    }
    return argv;
}

static bool write_state(void)
{
    char text[MOST_WORKERS * 40 + 80];
    size_t n = (size_t)snprintf(text, sizeof text, "%u,%u,%d,%d,%u", master.generation,
                                master.current, master.in_background, master.rules.exit_on_failure,
                                master.rules.max_reloads);

    for (unsigned i = 0; i < master.n; i++) {
        const struct child *child = &master.list[i];
        n += (size_t)snprintf(text + n, sizeof text - n, " %d:%d:%u", child->pid, child->line,
                              child->generation);
        fcntl(child->line, F_SETFD, 0);
    }
    return setenv(STATE, text, 1) == 0;
}

static void tell_systemd(const char *state)
{
    if (master.args->systemd)
        app_notify(state);
}

/* Comes back only when that fails. */
static void reload(void)
{
    char **argv = arguments_without_past();

    hf_diag_line(stderr, HF_DIAG_NOTICE, "Reloading haftp");
    tell_systemd("RELOADING=1\nSTATUS=Reloading Configuration.\n");
    if (argv && master.program && write_state())
        execvp(master.program, argv);
    hf_diag_line(stderr, HF_DIAG_ERROR, "Cannot execute '%s': %s. The workers go on.",
                 master.program ? master.program : "haftp", strerror(errno));
    for (unsigned i = 0; i < master.n; i++)
        fcntl(master.list[i].line, F_SETFD, FD_CLOEXEC);
    unsetenv(STATE);
    free(argv);
    tell_systemd("READY=1\nSTATUS=Reload failed!\n");
}

/* ---- workers ------------------------------------------------------------------------------- */

static void signal_all(int number)
{
    for (unsigned i = 0; i < master.n; i++)
        kill(master.list[i].pid, number);
}

static struct child *candidate(void)
{
    return master.n && !master.list[0].serves ? &master.list[0] : NULL;
}

static void become_worker(pid_t parent, int report, int line)
{
    int lines[MOST_WORKERS];
    sigset_t set;

    origin.is_worker = true;
    origin.master = parent;
    origin.report = report;
    origin.line = line;
    for (unsigned i = 0; i < master.n; i++)
        lines[i] = master.list[i].line;
    app_takeover_from(lines, master.n);
    app_offer_end(); /* the name is the master's */
    close(master.signals);
    if (master.messages >= 0) {
        dup2(master.messages, STDERR_FILENO);
        app_prepare_to_leave();
    }
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* True in the new process. */
static bool start_candidate(void)
{
    int report[2] = {-1, -1}, line[2] = {-1, -1};
    pid_t parent = getpid(), pid = -1;

    if (master.in_background && master.revived)
        master.messages = memfd_create("messages", MFD_CLOEXEC);
    if (master.n == MOST_WORKERS)
        hf_diag_line(stderr, HF_DIAG_ERROR, "%u workers have not ended yet: no new one is started.",
                     MOST_WORKERS);
    else if (pipe2(report, O_CLOEXEC) == 0 && hf_line_open(line) == HF_OK)
        pid = fork();
    if (pid == 0) {
        close(report[0]);
        close(line[0]);
        become_worker(parent, report[1], line[1]);
        return true;
    }
    close(report[1]);
    close(line[1]);
    if (pid < 0) {
        close(report[0]);
        close(line[0]);
        hf_diag_line(stderr, HF_DIAG_ERROR, "Cannot start a worker: %s.", strerror(errno));
        return false;
    }
    memmove(&master.list[1], &master.list[0], master.n * sizeof master.list[0]);
    master.list[0] = (struct child){.pid = pid, .line = line[0], .generation = ++master.generation};
    master.n++;
    master.reports = report[0];
    return false;
}

/* The new worker serves: those before it may go. */
static void relieve(const struct child *by)
{
    for (unsigned i = 1; i < master.n; i++) {
        const struct child *former = &master.list[i];
        bool too_old = by->generation - former->generation > master.rules.max_reloads;
        kill(former->pid, too_old ? SIGTERM : SIGUSR1);
    }
    if (!master.revived)
        app_tell_old_processes(master.args);
}

static void on_report(void)
{
    struct report report;
    bool whole = read(master.reports, &report, sizeof report) == sizeof report;
    struct child *child = candidate();

    close(master.reports);
    master.reports = -1;
    if (!whole || !child)
        return; /* it ends: SIGCHLD comes */
    child->serves = true;
    master.current = child->generation;
    master.rules = report;
    hf_diag_line(stderr, HF_DIAG_NOTICE, "New worker (%d) forked", child->pid);
    hf_diag_line(stderr, HF_DIAG_NOTICE, "Loading success.");
    relieve(child);
    app_daemon_ready();
    tell_systemd("READY=1\nSTATUS=Ready.\n");
}

/* In the background nobody reads our standard error: the current worker logs what was said there.
 */
static void log_failure(const struct child *current)
{
    char text[8192], line[1024], *rest = text, *part;
    ssize_t n = master.messages < 0 ? 0 : pread(master.messages, text, sizeof text - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    snprintf(line, sizeof line, "log The reload has failed, this process goes on");
    (void)!hf_line_send_mt(current->line, line, strlen(line), NULL, 0);
    while ((part = strsep(&rest, "\n"))) {
        snprintf(line, sizeof line, "log %s", part);
        if (*part)
            (void)!hf_line_send_mt(current->line, line, strlen(line), NULL, 0);
    }
}

static void on_loading_failed(const struct child *child, int status)
{
    /* Else it has said itself why. */
    if (WIFSIGNALED(status) && !master.stopping)
        hf_diag_line(stderr, HF_DIAG_ERROR, "The new worker (%d) was ended by signal %d (%s).",
                     child->pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
    if (!master.n) {
        master.exit_code = HF_EXIT_ERROR;
        return;
    }
    hf_diag_line(stderr, HF_DIAG_WARNING, "Loading failure!");
    for (unsigned i = 0; i < master.n; i++)
        (void)!hf_line_send_mt(master.list[i].line, "resume", 6, NULL, 0);
    log_failure(&master.list[0]);
    tell_systemd("READY=1\nSTATUS=Reload failed!\n");
}

static void on_ended(const struct child *child, int status)
{
    bool was_current = child->generation == master.current;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    const char *text = WIFEXITED(status) ? "Exit" : strsignal(WTERMSIG(status));
    bool failed = code && code != 128 + SIGTERM && code != 128 + SIGINT;

    if (!child->serves) {
        on_loading_failed(child, status);
        return;
    }
    if (was_current && !(master.stopping && code == 0))
        hf_diag_line(stderr, HF_DIAG_ERROR, "Current worker (%d) exited with code %d (%s)",
                     child->pid, code, text);
    else
        hf_diag_line(stderr, HF_DIAG_WARNING, "%s worker (%d) exited with code %d (%s)",
                     was_current ? "Current" : "Former", child->pid, code, text);
    if (was_current && failed && !master.stopping) {
        master.exit_code = code;
        if (master.rules.exit_on_failure) {
            hf_diag_line(stderr, HF_DIAG_ERROR,
                         "exit-on-failure: killing every processes with SIGTERM");
            master.stopping = true;
            signal_all(SIGTERM);
        }
    } else if (master.exit_code < 0 && failed && !master.n) {
        master.exit_code = code;
    }
}

static void reap(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        unsigned i = 0;
        while (i < master.n && master.list[i].pid != pid)
            i++;
        if (i == master.n)
            continue; /* in a container we are everybody's parent */
        struct child child = master.list[i];
        close(child.line);
        master.n--;
        memmove(&master.list[i], &master.list[i + 1], (master.n - i) * sizeof child);
        on_ended(&child, status);
    }
}

/* ---- the master's own life ----------------------------------------------------------------- */

static void on_signal(int number)
{
    switch (number) {
    case SIGCHLD:
        reap();
        return;
    case SIGUSR2:
    case SIGHUP:
        if (!master.stopping)
            master.reload_again = true;
        return;
    default:
        if (!master.stopping)
            hf_diag_line(stderr, HF_DIAG_WARNING, "Exiting Master process...");
        tell_systemd("STOPPING=1\n");
        master.stopping = true;
        signal_all(number);
        return;
    }
}

static void take_signals(void)
{
    struct signalfd_siginfo info;

    while (read(master.signals, &info, sizeof info) == sizeof info)
        on_signal((int)info.ssi_signo);
}

static bool open_signals(void)
{
    static const int mine[] = {SIGCHLD, SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP};
    sigset_t set;

    sigemptyset(&set);
    for (unsigned i = 0; i < sizeof mine / sizeof mine[0]; i++)
        sigaddset(&set, mine[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* whoever waited for our start may have gone */
    master.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return master.signals >= 0;
}

/* A process that is to follow without being ours (-sf) gets the lines of all. */
static void answer_successor(void)
{
    int lines[MOST_WORKERS];
    unsigned n = 0;

    for (unsigned i = 0; i < master.n; i++)
        if (master.list[i].serves)
            lines[n++] = master.list[i].line;
    app_offer_answer(lines, n);
}

static void supervise(void)
{
    reap(); /* those that ended while the program was executed anew */
    while (master.n) {
        struct pollfd wait[] = {{.fd = master.signals, .events = POLLIN},
                                {.fd = master.reports, .events = POLLIN},
                                {.fd = app_offer_fd(), .events = POLLIN}};
        if (poll(wait, 3, -1) < 0 && errno != EINTR)
            break;
        if (wait[1].revents)
            on_report();
        if (wait[2].revents)
            answer_successor();
        take_signals();
        if (master.reload_again && !candidate() && master.n) {
            master.reload_again = false;
            reload();
        }
    }
}

bool app_master(const struct hf_args *args, const struct hf_config *config, int *exit_code)
{
    struct hf_cfg_global past = {.pidfile = getenv(STATE_PIDFILE)};
    const struct hf_cfg_global *global = config ? &config->global : &past;

    master.args = args;
    *exit_code = HF_EXIT_ERROR;
    if (!open_signals())
        return false;
    if (!config) {
        restore();
    } else {
        master.in_background = global->daemon;
        if (global->daemon)
            app_daemonize();
        if (!app_write_pidfile(global))
            return false;
        if (global->pidfile)
            setenv(STATE_PIDFILE, global->pidfile, 1);
    }
    app_offer_open();
    if (start_candidate())
        return true;
    supervise();
    app_offer_end();
    *exit_code = master.exit_code < 0 ? HF_EXIT_OK : master.exit_code;
    if (master.stopping || master.revived || master.rules.max_reloads)
        hf_diag_line(stderr, HF_DIAG_WARNING, "All workers exited. Exiting... (%d)", *exit_code);
    app_remove_pidfile(global);
    return false;
}
