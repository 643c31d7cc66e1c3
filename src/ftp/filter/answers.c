/*
 * answers.c: what haftp answers itself: each in its place in the order of replies.
 */
#include "filter_int.h"

#include <stdlib.h>
#include <string.h>

#include "data/setup.h"
#include "data/xfer.h"
#include "desk/desk.h"
#include "tell/tell.h"

const char *ftp_answer_text(enum ftp_answer answer)
{
    static const char *const text[] = {
#define X(name, words) [FTP_ANSWER_##name] = (words),
#include "answers.def"
#undef X
    };
    return text[answer];
}

void ftp_replied(struct ftp_session *s, unsigned code)
{
    s->last_code = (uint16_t)code;
    if (s->session.facts.ftp)
        s->session.facts.ftp->code = (uint16_t)code;
}

/* ---- into the queue ---- */

/* REST is for the next transfer (RFC 3659 5.3): a server that does not hear of that one would begin
 * another file at its offset. */
static bool forget_offset(struct ftp_session *s, struct ftp_command *command)
{
    bool moves_data = hf_ftp_cmd_flags((enum hf_ftp_cmd_id)command->id) & HF_CMDF_DATA;

    if (!moves_data || !s->offset_set)
        return true;
    s->offset_set = false;
    command->forgets = true;
    return ftp_say_line(s, &s->back, hf_view_cstr("REST 0"));
}

enum ftp_verdict ftp_answer_command(struct ftp_session *s, struct ftp_command *command)
{
    return forget_offset(s, command) && ftp_answer_due(s) ? FTP_DONE : FTP_CLOSED;
}

enum ftp_verdict ftp_answer(struct ftp_session *s, enum hf_ftp_cmd_id id, enum ftp_answer text)
{
    ftp_log_answer(s, id, text);
    return ftp_answer_command(s, ftp_queue_push(&s->queue, id, text));
}

/* ---- and out of it, when it is their turn ---- */

static bool say_answer(struct ftp_session *s, const char *words)
{
    ftp_replied(s, (unsigned)((words[0] - '0') * 100 + (words[1] - '0') * 10 + (words[2] - '0')));
    ftp_count_reply(s);
    return ftp_say(s, &s->front, words, strlen(words));
}

/* A transfer that is not to be: what was prepared for it goes, as when the server refuses one. */
static void deny_transfer(struct ftp_session *s, struct ftp_command *command, unsigned code)
{
    struct ftp_xfer *x = s->next_xfer;

    ftp_passive_stop_waiting(s);
    if (!x)
        return;
    hf_facts_end(&x->facts, HF_REASON_PROXY_REFUSED, HF_PHASE_REQUEST);
    ftp_record_transfer(s, x, command);
    ftp_record_verdict(x, code);
    ftp_xfer_close(x);
    s->next_xfer = NULL;
    s->needs_port = true;
}

static bool say_denial(struct ftp_session *s, struct ftp_command *command)
{
    char line[FTP_DENIAL_LINE];
    size_t n = ftp_denial_line(s, command, line);
    unsigned code = (unsigned)atoi(line);

    if ((hf_ftp_cmd_flags((enum hf_ftp_cmd_id)command->id) & HF_CMDF_DATA) && !s->xfer)
        deny_transfer(s, command, code);
    ftp_record_reply(s, command, code, hf_view(line, n));
    ftp_replied(s, code);
    ftp_count_reply(s);
    return ftp_say(s, &s->front, line, n);
}

bool ftp_answer_due(struct ftp_session *s)
{
    struct ftp_command *head;
    while ((head = ftp_queue_head(&s->queue)) && head->answer != FTP_ANSWER_NONE &&
           !head->forgets) {
        struct ftp_command command = *head;
        ftp_queue_remove(&s->queue, 0);
        if (command.answer == FTP_ANSWER_DENIED ? !say_denial(s, &command)
                                                : !say_answer(s, ftp_answer_text(command.answer)))
            return false;
    }
    return true;
}
