/*
 * client.c: one client of the runtime API: its lines come in, its commands run one after the other,
 * their answers go out.
 *
 * A command begins when the answers before it are with the kernel but for HF_CALL_ENOUGH bytes; so
 * a client that does not read costs one answer's memory, until its silence has lasted too long.
 */
#include <stdlib.h>

#include <utlist.h>

#include "admin_int.h"
#include "haftp/base/assert.h"
#include "haftp/net/socket.h"

#define MOST_LINE_BYTES    16384u          /* as HAProxy's tune.bufsize is, unless it is set */
#define MOST_PAYLOAD_BYTES (1024u * 1024u) /* of one command */

/* What one client may use up of a turn of main's loop, in bytes of answers; a command that says
 * nothing has its cost, too. */
#define BYTES_OF_A_TURN HF_CALL_ENOUGH
#define COST_OF_A_STEP  1024u

static void go_on(struct hf_admin_client *client);

/* ---- life -------------------------------------------------------------------------------- */

static void on_silence(struct hf_timer *timer)
{
    struct hf_admin_client *client = HF_CONTAINER(timer, struct hf_admin_client, silence);
    admin_client_close(client);
}

/* It said something, or read something. */
static void hear(struct hf_admin_client *client)
{
    struct hf_loop *loop = client->admin->host.loop;
    if (client->timeout_ms && !client->closed)
        hf_loop_timer(loop, &client->silence, client->timeout_ms, on_silence);
}

static void on_ready(struct hf_watch *watch)
{
    go_on(HF_CONTAINER(watch, struct hf_admin_client, watch));
}

struct hf_admin_client *admin_client_new(struct hf_admin *admin, const struct hf_cfg_bind *bind,
                                         int fd)
{
    struct hf_admin_client *client = calloc(1, sizeof *client);
    if (!client) {
        close(fd);
        return NULL;
    }
    client->admin = admin;
    client->bind = bind;
    client->level = bind->level < 0 ? HF_ADMIN_OPERATOR : (enum hf_admin_level)bind->level;
    client->severity = bind->severity_output < 0
                           ? ADMIN_SEVERITY_NONE
                           : (enum admin_severity_output)bind->severity_output;
    client->timeout_ms = admin->host.runtime->config->global.stats_timeout_ms;
    if (hf_watch_open_or_close(&client->watch, admin->host.loop, fd, HF_READY_OUT, on_ready)) {
        free(client);
        return NULL;
    }
    DL_APPEND(admin->clients, client);
    hear(client);
    return client;
}

static void end_call(struct hf_admin_client *client)
{
    struct hf_call *call = &client->call;
    if (call->give_up)
        call->give_up(call);
    admin_ask_forget(call);
    hf_text_free(&call->out);
    hf_text_free(&call->answers);
    client->running = client->waiting = false;
}

static void release(struct hf_reap *reap)
{
    free(HF_CONTAINER(reap, struct hf_admin_client, reap));
}

/* There may be a key in it. */
static void forget_payload(struct hf_admin_client *client)
{
    if (client->payload.mem)
        explicit_bzero(client->payload.mem, client->payload.n);
    hf_text_free(&client->payload);
}

void admin_client_close(struct hf_admin_client *client)
{
    struct hf_loop *loop = client->admin->host.loop;

    if (client->closed)
        return;
    client->closed = true;
    end_call(client);
    hf_loop_timer_cancel(loop, &client->silence);
    hf_watch_close(&client->watch);
    hf_buf_clear(&client->in);
    hf_text_free(&client->out);
    forget_payload(client);
    free(client->line);
    admin_client_gone(client);
    hf_loop_reap(loop, &client->reap, release);
}

/* ---- answers ----------------------------------------------------------------------------- */

static size_t unsent(const struct hf_admin_client *client)
{
    return client->out.n - client->sent;
}

/* False: the client is gone. */
static bool flush(struct hf_admin_client *client)
{
    while (unsent(client) && (client->watch.ready & HF_READY_OUT)) {
        size_t n;
        enum hf_status status =
            hf_socket_send(client->watch.fd, client->out.mem + client->sent, unsent(client), &n);
        if (status == HF_AGAIN) {
            client->watch.ready &= (uint8_t)~HF_READY_OUT;
        } else if (status) {
            admin_client_close(client);
            return false;
        } else {
            client->sent += n;
            hear(client);
        }
    }
    if (!unsent(client)) {
        hf_text_free(&client->out);
        client->sent = 0;
        if (client->refused)
            hf_socket_shutdown_write(client->watch.fd);
    }
    return true;
}

static void move_answer(struct hf_admin_client *client)
{
    struct hf_text *from = &client->call.out, *to = &client->out;
    hf_text_add(to, from->mem, from->n);
    to->failed |= from->failed;
    hf_text_free(from);
}

static void end_answer(struct hf_admin_client *client)
{
    move_answer(client);
    end_call(client);
    if (client->out.failed) {
        client->out.failed = false;
        hf_text_put(&client->out, "\nOut of memory: the answer is cut off here.\n");
        client->leaving = true;
    }
    if (!client->leaving)
        hf_text_put(&client->out, client->prompts ? "\n> " : "\n");
}

/* ---- commands ---------------------------------------------------------------------------- */

static void run(struct hf_admin_client *client)
{
    struct hf_call *call = &client->call;

    switch (call->command->run(call)) {
    case HF_CALL_DONE:
        end_answer(client);
        break;
    case HF_CALL_MORE:
        move_answer(client);
        call->step++;
        break;
    case HF_CALL_WAIT:
        client->waiting = true;
        break;
    }
}

void admin_client_resume(struct hf_admin_client *client)
{
    client->waiting = false;
    go_on(client);
}

static const char *const no_words[1];

/* The words of a command are there: finds it, and begins it. */
static void begin(struct hf_admin_client *client, unsigned n, bool is_last)
{
    struct hf_call *call = &client->call;
    unsigned own;
    const struct hf_command *command = admin_find(client->words, n, &own);

    *call = (struct hf_call){.command = command,
                             .client = client,
                             .host = &client->admin->host,
                             .runtime = client->admin->host.runtime,
                             .args = client->words + own,
                             .n_args = n - own};
    if (is_last && client->has_payload)
        call->payload =
            client->payload.mem ? hf_view(client->payload.mem, client->payload.n) : hf_view("", 0);
    client->running = client->asked = true;
    if (n == ADMIN_MOST_WORDS) {
        hf_call_error(call, "Too many words: a command has fewer than %u.", ADMIN_MOST_WORDS);
    } else if (n && client->words[0][0] == '@') {
        hf_call_error(call,
                      "'%s' is for the CLI of a master process ('-S'): this socket belongs to "
                      "one process, send the command without it.",
                      client->words[0]);
    } else if (!command) {
        admin_unknown(&call->out, client->level, n ? client->words : (char *const *)no_words, n);
    } else if (command->level > client->level) {
        hf_call_error(call, "Permission denied");
    } else {
        run(client);
        return;
    }
    end_answer(client);
}

/* The next command of the line that is being carried out. */
static void begin_next(struct hf_admin_client *client)
{
    unsigned n = admin_cut(client->rest, client->words, &client->rest);
    bool is_last = !client->rest;
    begin(client, n, is_last);
}

static void end_line(struct hf_admin_client *client)
{
    free(client->line);
    client->line = NULL;
    forget_payload(client);
    client->has_payload = false;
}

/* ---- lines ------------------------------------------------------------------------------- */

static void refuse(struct hf_admin_client *client, const char *why)
{
    hf_text_put(&client->out, why);
    client->leaving = client->refused = true;
    hf_buf_clear(&client->in);
}

/* A line of a payload; the empty one ends it.  Its last newline is not part of it. */
static void add_payload(struct hf_admin_client *client, const char *p, size_t n)
{
    if (n == 0) {
        client->takes_payload = false;
        client->rest = client->line;
        return;
    }
    if (client->payload.n + n + 1 > MOST_PAYLOAD_BYTES) {
        refuse(client, "The payload is too long: 1 MiB at most.\n");
        return;
    }
    if (client->payload.n)
        hf_text_put(&client->payload, "\n");
    hf_text_add(&client->payload, p, n);
    if (client->prompts)
        hf_text_put(&client->out, "+ ");
}

static void begin_line(struct hf_admin_client *client, const char *p, size_t n)
{
    client->line = strndup(p, n);
    if (!client->line) {
        refuse(client, "Out of memory.\n");
        return;
    }
    client->takes_payload = client->has_payload = admin_cut_payload_mark(client->line);
    client->rest = client->takes_payload ? NULL : client->line;
    if (client->takes_payload && client->prompts)
        hf_text_put(&client->out, "+ ");
}

/* False: none is whole. */
static bool take_line(struct hf_admin_client *client)
{
    struct hf_view in = hf_buf_view(&client->in);
    const char *newline = memchr(in.p, '\n', in.n);
    if (!newline) {
        if (in.n >= MOST_LINE_BYTES)
            refuse(client, "The line is too long: 16384 bytes at most.\n");
        return false;
    }
    size_t n = (size_t)(newline - in.p), whole = n + 1;
    if (n && in.p[n - 1] == '\r')
        n--;
    if (client->takes_payload)
        add_payload(client, in.p, n);
    else
        begin_line(client, in.p, n);
    if (!client->leaving)
        hf_buf_drop(&client->in, whole);
    return true;
}

/* ---- the connection ---------------------------------------------------------------------- */

/* False: it is gone, or has said all it will. */
static bool receive(struct hf_admin_client *client)
{
    while ((client->watch.ready & HF_READY_IN) && !client->ended &&
           hf_buf_size(&client->in) < MOST_LINE_BYTES) {
        char piece[4096];
        size_t n;
        enum hf_status status = hf_socket_recv(client->watch.fd, piece, sizeof piece, &n);
        if (status == HF_AGAIN) {
            client->watch.ready &= (uint8_t)~HF_READY_IN;
        } else if (status == HF_EOF) {
            client->ended = true;
        } else if (!status && client->refused) {
            continue; /* a close with bytes unread would take our last words away */
        } else if (status ||
                   hf_buf_add(&client->in, piece, n, MOST_LINE_BYTES + sizeof piece) != HF_OK) {
            admin_client_close(client);
            return false;
        } else {
            hear(client);
        }
    }
    return true;
}

/* Nothing is left to do, and nothing more is to be awaited: who has no prompt is done when all that
 * came was answered. */
static bool is_done(const struct hf_admin_client *client)
{
    if (client->running || unsent(client))
        return false;
    if (client->refused)
        return client->ended;
    if (client->leaving || client->ended)
        return true;
    return client->asked && !client->prompts && !client->line && hf_buf_size(&client->in) == 0;
}

/* One step of what can be done without the client; false: nothing. */
static bool step(struct hf_admin_client *client)
{
    if (client->leaving || client->waiting || unsent(client) >= HF_CALL_ENOUGH)
        return false;
    if (client->running)
        run(client);
    else if (client->rest)
        begin_next(client);
    else if (!take_line(client))
        return false;
    if (client->line && !client->rest && !client->running && !client->takes_payload)
        end_line(client);
    return true;
}

/* Commands that come in one packet are answered in one, as far as there is room and it is fair: who
 * writes and reads without end must not keep the loop from checks, signals and other clients. */
static void go_on(struct hf_admin_client *client)
{
    size_t spent = 0;
    bool worked = true;

    while (worked && !client->closed && receive(client)) {
        for (worked = false; spent < BYTES_OF_A_TURN; worked = true) {
            size_t before = client->out.n;
            if (!step(client))
                break;
            spent += COST_OF_A_STEP + client->out.n - before;
        }
        if (!flush(client))
            return;
        if (spent >= BYTES_OF_A_TURN) {
            hf_watch_again(&client->watch);
            return;
        }
    }
    if (!client->closed && is_done(client))
        admin_client_close(client);
}
