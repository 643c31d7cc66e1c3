/*
 * record.c: what log lines tell of a session: who it is, where it is, and each of its transfers.
 *
 * Nothing is kept where nobody reads it (hf_ftp_log_wanted()).  What a command said counts when
 * the server has agreed to it: until its reply, the argument waits in a note.  Replies to commands
 * that have notes come in order, so the notes are a queue beside the session's queue of commands.
 */
#include "tell.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "haftp/base/clock.h"
#include "haftp/state/ftp_log.h"

#include "data/xfer.h"

#define HOME "~" /* the login directory, until the server has said its name */

struct note {
    struct note *next;
    char text[]; /* a command's argument */
};

struct record {
    struct hf_ftp_log log; /* first: the session's facts point to it */
    struct note *notes;    /* of commands that are not answered yet, the oldest first */
    char *cwd;
};

struct ftp_transfer_record {
    struct hf_ftp_transfer transfer;
    uint64_t began_ms;
    char path[];
};

static struct record *record_of(const struct ftp_session *s)
{
    const struct hf_ftp_facts *ftp = s->session.facts.ftp;
    return ftp ? (struct record *)ftp->log : NULL;
}

static uint64_t now_of(const struct ftp_session *s)
{
    return hf_loop_now(s->session.engine->loop);
}

/* Without memory there is less to tell, and that is all. */
void ftp_record_begin(struct ftp_session *s)
{
    struct hf_facts *facts = &s->session.facts;
    if (!hf_ftp_log_wanted(s->session.engine->runtime->config, facts->frontend->cfg))
        return;
    struct hf_ftp_facts *ftp = hf_ftp_facts_make(facts);
    struct record *record = ftp ? calloc(1, sizeof *record) : NULL;
    if (!record)
        return;
    record->log.type = 'A'; /* RFC 959 3.1.1.1 */
    ftp->log = &record->log;
}

void ftp_record_end(struct ftp_session *s)
{
    struct record *record = record_of(s);
    struct note *note, *next;
    if (!record)
        return;
    LL_FOREACH_SAFE(record->notes, note, next)
    free(note);
    free(record->cwd);
    free(record);
    s->session.facts.ftp->log = NULL;
}

/* ---- texts ---------------------------------------------------------------------------------- */

static size_t bounded(size_t n)
{
    return n < HF_FTP_PATH_MAX ? n : HF_FTP_PATH_MAX;
}

static void set_cwd(struct record *record, const char *text, size_t n)
{
    char *copy = text ? strndup(text, bounded(n)) : NULL; /* the text may be the old one's */
    free(record->cwd);
    record->cwd = copy;
    record->log.cwd = copy;
}

/* A path in the making: names with a slash before each, behind `home` bytes of HOME, or 0. */
struct path {
    char text[2 * HF_FTP_PATH_MAX + 2];
    size_t n, home;
};

static void path_up(struct path *path)
{
    while (path->n > path->home && path->text[--path->n] != '/')
        ;
}

static void path_add_name(struct path *path, struct hf_view name)
{
    bool above_home = path->home && path->n == path->home;
    if (name.n == 0 || hf_view_is(name, "."))
        return;
    if (hf_view_is(name, "..") && !above_home) {
        path_up(path);
        return;
    }
    if (path->n + name.n + 1 > sizeof path->text)
        return;
    path->text[path->n++] = '/';
    memcpy(path->text + path->n, name.p, name.n);
    path->n += name.n;
}

static void path_add(struct path *path, struct hf_view text)
{
    size_t begin = 0;
    for (size_t i = 0; i <= text.n; i++) {
        if (i < text.n && text.p[i] != '/')
            continue;
        path_add_name(path, hf_view(text.p + begin, i - begin));
        begin = i + 1;
    }
}

static bool is_below_home(struct hf_view text)
{
    return text.n && text.p[0] == *HOME && (text.n == 1 || text.p[1] == '/');
}

static void path_begin(struct path *path, struct hf_view from)
{
    path->n = path->home = is_below_home(from) ? 1 : 0;
    path->text[0] = *HOME;
    path_add(path, hf_view(from.p + path->n, from.n - path->n));
}

/* What the argument names, seen from the working directory.  As far as the conversation shows:
 * where a name is a link, ".." behind it leads elsewhere. */
static struct hf_view resolve(const struct record *record, struct hf_view arg, struct path *path)
{
    bool complete = arg.n && (arg.p[0] == '/' || is_below_home(arg));

    path_begin(path, complete ? arg : hf_view_cstr(record->cwd ? record->cwd : HOME));
    if (!complete)
        path_add(path, arg);
    if (path->n == 0)
        path->text[path->n++] = '/';
    return hf_view(path->text, bounded(path->n));
}

/* LIST -la: options are no part of the path. */
static struct hf_view skip_options(struct hf_view arg)
{
    while (arg.n && arg.p[0] == '-') {
        const char *blank = memchr(arg.p, ' ', arg.n);
        size_t skip = blank ? (size_t)(blank - arg.p) + 1 : arg.n;
        arg = hf_view(arg.p + skip, arg.n - skip);
    }
    return arg;
}

/* 257 "/a ""quoted"" name" and a remark (RFC 959, appendix II). */
static void on_pwd(struct record *record, struct hf_view line)
{
    char name[HF_FTP_PATH_MAX];
    size_t n = 0;
    const char *p = memchr(line.p, '"', line.n), *end = line.p + line.n;

    for (p = p ? p + 1 : end; p < end && n < sizeof name; p++) {
        if (*p == '"' && (p + 1 == end || *++p != '"')) {
            set_cwd(record, name, n);
            return;
        }
        name[n++] = *p;
    }
}

/* ---- commands and their replies -----------------------------------------------------------------
 */

static bool needs_note(enum hf_ftp_cmd_id id)
{
    switch (id) {
    case HF_CMD_USER:
    case HF_CMD_CWD:
    case HF_CMD_CDUP:
    case HF_CMD_PWD:
    case HF_CMD_TYPE:
    case HF_CMD_REIN:
        return true;
    default:
        return hf_ftp_cmd_flags(id) & HF_CMDF_DATA;
    }
}

void ftp_record_command(struct ftp_session *s, struct ftp_command *command, struct hf_view arg)
{
    struct record *record = record_of(s);
    enum hf_ftp_cmd_id id = (enum hf_ftp_cmd_id)command->id;
    if (!record || !needs_note(id))
        return;
    size_t n = bounded(arg.n);
    struct note *note = calloc(1, sizeof *note + n + 1);
    if (!note)
        return;
    memcpy(note->text, arg.p, n);
    LL_APPEND(record->notes, note);
    command->noted = true;
}

/* NULL: it has none, or not any more. */
static struct note *take_note(struct record *record, struct ftp_command *command)
{
    struct note *note = command->noted ? record->notes : NULL;
    if (note)
        LL_DELETE(record->notes, note);
    command->noted = false;
    return note;
}

static void agree(struct record *record, enum hf_ftp_cmd_id id, struct hf_view arg,
                  struct hf_view line)
{
    struct path path;
    struct hf_view to;
    switch (id) {
    case HF_CMD_USER:
        set_cwd(record, NULL, 0);
        break;
    case HF_CMD_REIN:
        set_cwd(record, NULL, 0);
        record->log.type = 'A';
        break;
    case HF_CMD_CWD:
    case HF_CMD_CDUP:
        to = resolve(record, id == HF_CMD_CWD ? arg : hf_view_cstr(".."), &path);
        set_cwd(record, to.p, to.n);
        break;
    case HF_CMD_PWD:
        on_pwd(record, line);
        break;
    case HF_CMD_TYPE:
        record->log.type = arg.n ? (char)toupper((unsigned char)arg.p[0]) : 'A';
        break;
    default:
        break;
    }
}

void ftp_record_reply(struct ftp_session *s, struct ftp_command *command, unsigned code,
                      struct hf_view line)
{
    struct record *record = record_of(s);
    struct note *note = record && code >= 200 ? take_note(record, command) : NULL;
    if (note && code < 400)
        agree(record, (enum hf_ftp_cmd_id)command->id, hf_view_cstr(note->text), line);
    free(note);
}

/* ---- transfers ---------------------------------------------------------------------------------
 */

static struct ftp_transfer_record *new_transfer(const struct record *record, struct hf_view arg)
{
    struct path path;
    struct hf_view to = resolve(record, skip_options(arg), &path);
    struct ftp_transfer_record *made = calloc(1, sizeof *made + to.n + 1);
    if (!made)
        return NULL;
    memcpy(made->path, to.p, to.n);
    made->transfer.path = made->path;
    return made;
}

const char *ftp_record_path(const struct ftp_xfer *x)
{
    return x->record ? x->record->transfer.path : NULL;
}

void ftp_record_transfer(struct ftp_session *s, struct ftp_xfer *x, struct ftp_command *command)
{
    struct record *record = record_of(s);
    if (!record || x->record || !command)
        return;
    struct note *note = take_note(record, command);
    ftp_record_transfer_of(s, x, (enum hf_ftp_cmd_id)command->id,
                           hf_view_cstr(note ? note->text : ""));
    free(note);
}

void ftp_record_transfer_of(struct ftp_session *s, struct ftp_xfer *x, enum hf_ftp_cmd_id id,
                            struct hf_view arg)
{
    struct record *record = record_of(s);
    struct ftp_transfer_record *made = record ? new_transfer(record, arg) : NULL;
    if (!made)
        return;
    made->began_ms = now_of(s);
    made->transfer.cmd = id;
    made->transfer.active = hf_addr_is_set(&x->client_port);
    made->transfer.from_server = !(hf_ftp_cmd_flags(id) & HF_CMDF_DATA_UP);
    made->transfer.type = record->log.type;
    if (!x->client_came) { /* its line has a date all the same */
        x->facts.accepted_us = hf_clock_wall_us();
        x->facts.accepted_ms = made->began_ms;
    }
    x->record = made;
}

static bool is_being_aborted(const struct ftp_session *s)
{
    for (unsigned n = 0; n < s->queue.count; n++) {
        if (s->queue.command[(s->queue.head + n) % FTP_QUEUE_MAX].id == HF_CMD_ABOR)
            return true;
    }
    return false;
}

static const char *outcome(const struct ftp_xfer *x, unsigned code)
{
    if (x->state == FTP_XFER_BROKEN && x->why)
        return x->why;
    if (code < 300)
        return hf_reason_text(HF_REASON_NONE);
    if (x->facts.reason == HF_REASON_PROXY_REFUSED)
        return hf_reason_text(HF_REASON_PROXY_REFUSED);
    if (is_being_aborted(x->session))
        return "aborted by the client";
    return x->begun ? "the server broke it off" : "the server refused it";
}

void ftp_record_verdict(struct ftp_xfer *x, unsigned code)
{
    x->verdict = (uint16_t)code;
    x->was_aborted = is_being_aborted(x->session);
    if (!x->record)
        return;
    struct hf_ftp_transfer *transfer = &x->record->transfer;
    transfer->code = (uint16_t)code;
    transfer->why = outcome(x, code);
    transfer->complete = code >= 200 && code < 300;
}

void ftp_record_close(struct ftp_xfer *x)
{
    struct record *record = record_of(x->session);
    if (!x->record || !record)
        return;
    struct hf_ftp_transfer *transfer = &x->record->transfer;
    transfer->begun = x->begun;
    transfer->bytes = x->relay.end[transfer->from_server ? HF_BACK : HF_FRONT].bytes;
    transfer->took_ms = (uint32_t)(now_of(x->session) - x->record->began_ms);
    if (!transfer->why) /* the session ends before the server has said anything */
        transfer->why = x->state == FTP_XFER_BROKEN && x->why
                            ? x->why
                            : hf_reason_text((enum hf_reason)x->facts.reason);
    record->log.transfers++;
    record->log.transfer_bytes += transfer->bytes;
    record->log.transfer = transfer;
}

void ftp_record_free(struct ftp_xfer *x)
{
    struct record *record = record_of(x->session);
    if (record)
        record->log.transfer = NULL;
    free(x->record);
    x->record = NULL;
}
