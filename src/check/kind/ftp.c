/*
 * ftp.c: a server that greets is well; with a user, one that lets him log in.
 *
 *   connect --> 220 --> [AUTH TLS --> 234 -->] [USER --> 331 --> PASS --> 230 -->] QUIT --> 221
 *
 * With `starttls` on the server's line nothing but AUTH is said in the clear.
 * Whatever else the server says is a failure that names it.  The end of the connection after QUIT
 * is as good as a 221: the server has shown already what it can.
 */
#include "../check_int.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "haftp/base/buf.h"
#include "haftp/wire/ftp.h"

/* RFC 1635 asks anonymous users for an address. */
#define ANONYMOUS_PASSWORD "haftp@"

enum step { STEP_GREETING, STEP_AUTH, STEP_SECURE, STEP_USER, STEP_PASS, STEP_QUIT };

static const char *const awaited[] = {"the greeting",      "the reply to AUTH",
                                      "the TLS handshake", "the reply to USER",
                                      "the reply to PASS", "the reply to QUIT"};

struct ftp_check {
    enum step step;
    struct hf_ftp_reply reply; /* where we are in it */
    size_t reply_bytes;
    char first[128];  /* beginning of the reply's first line, without the password */
    struct hf_buf in; /* an unfinished line */
    bool more;        /* something stands behind the line at hand */
};

/* Without `option ftp-check` nobody logs in: see kind_of() in check.c. */
static const struct hf_cfg_ftp_check *login_of(const struct hf_check_run *run)
{
    static const struct hf_cfg_ftp_check none;
    const struct hf_cfg_ftp_check *login = hf_check_server(run)->proxy->o.ftp_check;
    return login ? login : &none;
}

/* ---- endings: each of these ends the run, after which nothing of it may be touched ---- */

/* Some servers repeat what they were told.  The whole line is looked at, also what is not kept of
 * it: half a password is a good hint. */
void hf_check_quote(struct hf_view line, const char *password, char *out, size_t size)
{
    if (password && *password && memmem(line.p, line.n, password, strlen(password)))
        line = hf_view_cstr("(a reply that repeats the password)");
    snprintf(out, size, "%.*s", (int)(line.n < size ? line.n : size - 1), line.p);
}

static void wrong_reply(struct hf_check_run *run, const struct ftp_check *check, unsigned code)
{
    char info[192];

    snprintf(info, sizeof info, "%s: %s", awaited[check->step], check->first);
    hf_check_conclude(run, HF_CHECK_L7STS, code, info);
}

static void not_ftp(struct hf_check_run *run, const struct ftp_check *check, const char *what)
{
    char info[128];

    snprintf(info, sizeof info, "%s, waiting for %s", what, awaited[check->step]);
    hf_check_conclude(run, HF_CHECK_L7RSP, 0, info);
}

static void passed(struct hf_check_run *run)
{
    hf_check_conclude(run, HF_CHECK_L7OK, 0, NULL);
}

/* ---- the conversation ---- */

/* False: the run has ended. */
static bool say(struct hf_check_run *run, struct ftp_check *check, enum step step, const char *verb,
                const char *arg)
{
    char line[1024];
    int n = snprintf(line, sizeof line, "%s%s%s\r\n", verb, arg ? " " : "", arg ? arg : "");

    size_t sent = 0;

    check->step = step;
    if (n >= (int)sizeof line) {
        not_ftp(run, check, "the name is too long to be sent");
        return false;
    }
    /* An empty socket takes it whole. */
    if (hf_check_send(run, line, (size_t)n, &sent) == HF_OK && sent == (size_t)n)
        return true;
    not_ftp(run, check, "the connection broke");
    return false;
}

static bool is_anonymous(const char *user)
{
    return strcasecmp(user, "anonymous") == 0 || strcasecmp(user, "ftp") == 0;
}

static bool quit(struct hf_check_run *run, struct ftp_check *check)
{
    return say(run, check, STEP_QUIT, "QUIT", NULL);
}

static bool say_password(struct hf_check_run *run, struct ftp_check *check)
{
    const struct hf_cfg_ftp_check *login = login_of(run);

    if (login->password)
        return say(run, check, STEP_PASS, "PASS", login->password);
    if (is_anonymous(login->user))
        return say(run, check, STEP_PASS, "PASS", ANONYMOUS_PASSWORD);
    hf_check_conclude(run, HF_CHECK_L7STS, 331,
                      "the server wants a password, and 'option ftp-check' has none");
    return false;
}

/* The connection is as the rest of the conversation wants it. */
static bool log_in(struct hf_check_run *run, struct ftp_check *check)
{
    if (!login_of(run)->user)
        return quit(run, check);
    return say(run, check, STEP_USER, "USER", login_of(run)->user);
}

/* Whatever came behind the 234 came from somebody on the way.  Always false: on_ready() goes on. */
static bool start_tls(struct hf_check_run *run, struct ftp_check *check)
{
    check->step = STEP_SECURE;
    if (check->more) {
        not_ftp(run, check, "bytes came behind the reply to AUTH");
        return false;
    }
    hf_buf_clear(&check->in);
    hf_check_start_tls(run);
    return false;
}

/* A whole reply is there.  False: the run has ended, or goes on elsewhere. */
static bool on_reply(struct hf_check_run *run, struct ftp_check *check, unsigned code)
{
    bool logged_in = code == 230 || code == 232;

    switch (check->step) {
    case STEP_GREETING:
        if (code == 120) /* ready in a moment */
            return true;
        if (code == 220 && hf_check_server(run)->o.tls.starttls && !hf_check_is_secure(run))
            return say(run, check, STEP_AUTH, "AUTH", "TLS");
        if (code == 220)
            return log_in(run, check);
        break;
    case STEP_AUTH:
        if (code == 234)
            return start_tls(run, check);
        break;
    case STEP_SECURE: /* nothing may come */
        break;
    case STEP_USER:
        if (code == 331)
            return say_password(run, check);
        if (logged_in)
            return quit(run, check);
        break;
    case STEP_PASS:
        if (logged_in || code == 202)
            return quit(run, check);
        break;
    case STEP_QUIT:
        if (code < 400) {
            passed(run);
            return false;
        }
        break;
    }
    wrong_reply(run, check, code);
    return false;
}

/* False: the run has ended. */
static bool on_line(struct hf_check_run *run, struct ftp_check *check, struct hf_view line)
{
    bool first = check->reply.code == 0;
    enum hf_ftp_reply_line kind = hf_ftp_reply_next(&check->reply, line);

    if (first)
        hf_check_quote(line, login_of(run)->password, check->first, sizeof check->first);
    check->reply_bytes += line.n;
    if (kind == HF_FTP_REPLY_BAD) {
        not_ftp(run, check, "the server sent something that is not FTP");
        return false;
    }
    if (check->reply_bytes > hf_check_global(run)->ftp_max_reply) {
        not_ftp(run, check, "the server's reply is too long");
        return false;
    }
    if (kind == HF_FTP_REPLY_MORE)
        return true;
    unsigned code = check->reply.code;
    check->reply = (struct hf_ftp_reply){0};
    check->reply_bytes = 0;
    return on_reply(run, check, code);
}

/* All lines that are there.  False: the run has ended. */
static bool on_input(struct hf_check_run *run, struct ftp_check *check)
{
    size_t most = hf_check_global(run)->ftp_max_reply_line;

    for (;;) {
        struct hf_view all = hf_buf_view(&check->in), line;
        size_t used;

        switch (hf_ftp_line_cut(all.p, all.n, most, &line, &used)) {
        case HF_FTP_LINE_MORE:
            return true;
        case HF_FTP_LINE_OK:
            break;
        default:
            not_ftp(run, check, "the server sent something that is not FTP");
            return false;
        }
        check->more = all.n > used;
        if (!on_line(run, check, line))
            return false;
        hf_buf_drop(&check->in, used);
    }
}

static void on_closed(struct hf_check_run *run, const struct ftp_check *check)
{
    if (check->step == STEP_QUIT)
        passed(run);
    else
        not_ftp(run, check, "the server closed the connection");
}

static void on_ready(struct hf_check_run *run, void *state)
{
    struct ftp_check *check = state;
    char room[4096];

    if (check->step == STEP_SECURE && !log_in(run, check))
        return;
    for (;;) {
        size_t n = 0;
        enum hf_status status = hf_check_recv(run, room, sizeof room, &n);
        if (status == HF_AGAIN)
            return;
        if (status != HF_OK) {
            on_closed(run, check);
            return;
        }
        if (hf_buf_add(&check->in, room, n, SIZE_MAX) != HF_OK) {
            not_ftp(run, check, "out of memory");
            return;
        }
        if (!on_input(run, check))
            return;
    }
}

static void on_silence(struct hf_check_run *run, void *state)
{
    const struct ftp_check *check = state;
    char info[64];

    snprintf(info, sizeof info, "waiting for %s", awaited[check->step]);
    hf_check_conclude(run, HF_CHECK_L7TOUT, 0, info);
}

static void on_end(void *state)
{
    struct ftp_check *check = state;
    hf_buf_clear(&check->in);
}

const struct hf_check_ops hf_check_ftp = {
    .name = "ftp",
    .help = "waits for the greeting, and logs in where a user is given",
    .state_bytes = sizeof(struct ftp_check),
    .on_ready = on_ready,
    .on_silence = on_silence,
    .on_end = on_end,
};
