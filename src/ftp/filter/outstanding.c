/*
 * outstanding.c: which command a reply belongs to.
 *
 * A queue, not a "last command": a pipelining client would make a single slot pair the wrong two.
 */
#include "outstanding.h"

#include "haftp/base/assert.h"

#include "filter.h"

static unsigned flags_of(const struct ftp_command *command)
{
    return hf_ftp_cmd_flags((enum hf_ftp_cmd_id)command->id);
}

bool ftp_queue_full(const struct ftp_queue *queue)
{
    return queue->count == FTP_QUEUE_MAX;
}

static struct ftp_command *at(struct ftp_queue *queue, unsigned n)
{
    return &queue->command[(queue->head + n) % FTP_QUEUE_MAX];
}

struct ftp_command *ftp_queue_head(struct ftp_queue *queue)
{
    return queue->count ? at(queue, 0) : NULL;
}

struct ftp_command *ftp_queue_at(struct ftp_queue *queue, int position)
{
    HF_ASSERT(position < (int)queue->count);
    return position < 0 ? NULL : at(queue, (unsigned)position);
}

struct ftp_command *ftp_queue_push(struct ftp_queue *queue, enum hf_ftp_cmd_id id,
                                   enum ftp_answer answer)
{
    HF_ASSERT(!ftp_queue_full(queue));
    struct ftp_command *command = at(queue, queue->count++);
    *command = (struct ftp_command){.id = (uint8_t)id, .answer = (uint8_t)answer};
    return command;
}

void ftp_queue_remove(struct ftp_queue *queue, unsigned n)
{
    HF_ASSERT(n < queue->count);
    for (; n > 0; n--) /* those before it move up, so that the head stays a pop */
        *at(queue, n) = *at(queue, n - 1);
    queue->head = (uint8_t)((queue->head + 1) % FTP_QUEUE_MAX);
    queue->count--;
}

bool ftp_queue_awaits(struct ftp_queue *queue, unsigned flags)
{
    for (unsigned n = 0; n < queue->count; n++) {
        const struct ftp_command *command = at(queue, n);
        if (command->answer == FTP_ANSWER_NONE && (flags_of(command) & flags))
            return true;
    }
    return false;
}

bool ftp_queue_invites_server(struct ftp_queue *queue)
{
    for (unsigned n = 0; n < queue->count; n++)
        if (at(queue, n)->asked == HF_CMD_PORT || at(queue, n)->asked == HF_CMD_EPRT)
            return true;
    return false;
}

bool ftp_command_moves_data(const struct ftp_command *command)
{
    return command && command->answer == FTP_ANSWER_NONE &&
           ((flags_of(command) & HF_CMDF_DATA) || (command->id == HF_CMD_OTHER && command->begun));
}

bool ftp_command_is_download(const struct ftp_command *command)
{
    return !(flags_of(command) & HF_CMDF_DATA_UP);
}

bool ftp_queue_transfers(struct ftp_queue *queue)
{
    for (unsigned n = 0; n < queue->count; n++)
        if (ftp_command_moves_data(at(queue, n)))
            return true;
    return false;
}

void ftp_queue_doubt_abort(struct ftp_queue *queue)
{
    for (unsigned n = 0; n < queue->count; n++) {
        struct ftp_command *command = at(queue, n);
        command->doubtful = command->id == HF_CMD_ABOR && command->answer == FTP_ANSWER_NONE;
    }
}

bool ftp_queue_abort_in_doubt(struct ftp_queue *queue)
{
    return queue->count && at(queue, 0)->doubtful;
}

/* RFC 959 5.4, and 426, which ProFTPD says behind its 226 when TLS is in use. */
static bool answers_abort(unsigned code)
{
    switch (code) {
    case 225:
    case 226:
    case 421:
    case 426:
    case 500:
    case 501:
    case 502:
        return true;
    default:
        return false;
    }
}

bool ftp_queue_abort_is_over(struct ftp_queue *queue, unsigned code)
{
    return ftp_queue_abort_in_doubt(queue) && queue->count > 1 && !answers_abort(code);
}

void ftp_queue_give_up_abort(struct ftp_queue *queue)
{
    HF_ASSERT(ftp_queue_abort_in_doubt(queue));
    queue->late_abort = true;
}

/* Would it be the wrong one for whoever waits? */
static bool abort_is_late(struct ftp_queue *queue, unsigned code)
{
    const struct ftp_command *head = at(queue, 0);

    if (!queue->late_abort || head->id == HF_CMD_ABOR)
        return false;
    return code == 225 || (!ftp_command_moves_data(head) && (code == 226 || code == 426));
}

bool ftp_queue_setup_is_late(struct ftp_queue *queue, unsigned code)
{
    const struct ftp_command *head = ftp_queue_head(queue);
    unsigned asked = head ? head->asked : 0;

    return queue->late_setup &&
           ((code == 227 && asked != HF_CMD_PASV) || (code == 229 && asked != HF_CMD_EPSV));
}

void ftp_queue_answered(struct ftp_queue *queue, const struct ftp_command *command, unsigned code)
{
    bool setup = command && (command->asked == HF_CMD_PASV || command->asked == HF_CMD_EPSV);

    if (queue->late_abort && setup && code >= 500)
        queue->late_setup = true; /* 500 and 502 are said of ABOR, too */
    else if (code == 227 || code == 229)
        queue->late_setup = false;
    queue->late_abort = false;
}

/* May end a transfer that has begun?  Syntax errors and everything else that is positive belong to
 * a command that the server answered while the transfer ran (NOOP, STAT: RFC 959 4.1.3). */
static bool ends_transfer(unsigned code)
{
    switch (code) {
    case 225:
    case 226:
    case 250:
        return true;
    default:
        return code >= 400 && !(code >= 500 && code <= 504) && code != 530;
    }
}

int ftp_queue_match(struct ftp_queue *queue, unsigned code)
{
    if (queue->count == 0 || abort_is_late(queue, code) || ftp_queue_setup_is_late(queue, code))
        return -1;
    struct ftp_command *head = at(queue, 0);
    if (!head->begun || !ftp_command_moves_data(head) || code < 200 || ends_transfer(code))
        return 0;
    for (unsigned n = 1; n < queue->count; n++) {
        struct ftp_command *command = at(queue, n);
        if (command->answer == FTP_ANSWER_NONE && (flags_of(command) & HF_CMDF_URGENT))
            return (int)n;
    }
    return 0;
}
