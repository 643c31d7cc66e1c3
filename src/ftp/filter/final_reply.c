/*
 * final_reply.c: the final reply of a transfer waits until its data is through, and becomes a 426
 * where the server's 226 would be a lie.
 */
#include "filter_int.h"

#include <stdio.h>
#include <string.h>

#include "haftp/net/socket.h"

#include "data/setup.h"
#include "data/xfer.h"
#include "tell/tell.h"

static void replace(struct ftp_session *s, unsigned code, const char *why)
{
    s->reply_mode = FTP_REPLY_REPLACE;
    ftp_replied(s, code);
    snprintf(s->replacement, sizeof s->replacement, "%u Transfer failed: %s.\r\n", code, why);
}

/* An unknown command may work without (XCRC): the data connection that is ready is its own when the
 * client has come to it, or when the server says that it closes one. */
static bool is_ready_for(const struct ftp_xfer *x, const struct ftp_command *command, unsigned code)
{
    return x && (command->id != HF_CMD_OTHER || x->client_came || code == 226);
}

struct ftp_xfer *ftp_adopt_xfer(struct ftp_session *s, const struct ftp_command *command,
                                unsigned code)
{
    if (!s->xfer && is_ready_for(s->next_xfer, command, code)) {
        s->xfer = s->next_xfer;
        s->next_xfer = NULL;
        ftp_passive_stop_waiting(s);
    }
    return s->xfer;
}

/* The 1xx came just before, in the same packet, and no byte of the file may go ahead of it. */
static enum ftp_verdict let_1xx_go_ahead(struct ftp_session *s)
{
    if (!ftp_speak_now(s, &s->front))
        return FTP_CLOSED;
    if (hf_leg_flush(&s->front) != HF_OK)
        return FTP_HOLD;
    s->begin_after_flush = false;
    return FTP_DONE;
}

enum ftp_verdict ftp_transfer_succeeded(struct ftp_session *s, struct ftp_command *command,
                                        unsigned code)
{
    struct ftp_xfer *x = ftp_adopt_xfer(s, command, code);
    if (!x)
        return FTP_DONE;
    enum ftp_verdict verdict = s->begin_after_flush ? let_1xx_go_ahead(s) : FTP_DONE;
    if (verdict != FTP_DONE)
        return verdict;
    ftp_record_transfer(s, x, command);
    ftp_xfer_begin(x, ftp_command_is_download(command)); /* it may have had no 1xx */
    switch (ftp_xfer_settle(x)) {
    case HF_OK:
        break;
    case HF_AGAIN:
        return FTP_HOLD;
    default:
        replace(s, x->code ? x->code : x->client_came ? 426 : 425, x->why);
        break;
    }
    ftp_record_verdict(x, s->last_code);
    ftp_xfer_close(x);
    s->xfer = NULL;
    return FTP_DONE;
}

bool ftp_give_up_server_port(struct ftp_session *s)
{
    const char *line = ftp_answer_text(FTP_ANSWER_NO_SERVER_PORT);
    struct ftp_command *head = ftp_queue_head(&s->queue);
    struct ftp_xfer *x = s->xfer ? s->xfer : s->next_xfer;
    bool amid_reply = s->reply.code != 0;

    if (!x || !ftp_xfer_lacks_server(x) || !ftp_command_moves_data(head) || head->own || amid_reply)
        return true;
    ftp_replied(s, 425);
    ftp_record_transfer(s, x, head);
    ftp_record_verdict(x, 425);
    head->own = true;
    ftp_xfer_close(x);
    if (x == s->xfer)
        s->xfer = NULL;
    else
        s->next_xfer = NULL;
    s->needs_port = true;
    return ftp_say(s, &s->front, line, strlen(line));
}

static bool has_moved(const struct ftp_xfer *x)
{
    return x->relay.end[HF_FRONT].bytes || x->relay.end[HF_BACK].bytes;
}

/* The server ended it in order, and not a byte was sent: nothing was cut short (a listing of
 * nothing that ends with 450). */
static bool ended_empty(const struct ftp_xfer *x)
{
    const struct hf_relay_end *end = x->relay.end;
    char byte;
    size_t n;

    if (has_moved(x))
        return false;
    return x->state == FTP_XFER_DELIVERED ||
           (end[HF_BACK].watch.fd >= 0 &&
            hf_socket_peek(end[HF_BACK].watch.fd, &byte, 1, &n) == HF_EOF);
}

/* What was under way is reset, so that it looks complete to nobody;
 * what had not begun is closed in peace. */
void ftp_transfer_failed(struct ftp_session *s, struct ftp_command *command, unsigned code)
{
    struct ftp_xfer *x = ftp_adopt_xfer(s, command, code);
    if (!x)
        return;
    if (x->code) { /* it is TLS that failed, and all that the server saw is a reset */
        replace(s, x->code, x->why);
        code = x->code;
    }
    ftp_record_transfer(s, x, command);
    ftp_record_verdict(x, code);
    s->needs_port = s->needs_port || !command->begun;
    if ((command->begun || has_moved(x)) && !ended_empty(x))
        ftp_xfer_reset(x);
    else
        ftp_xfer_close(x);
    s->xfer = NULL;
}
