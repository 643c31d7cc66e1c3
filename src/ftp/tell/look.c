/*
 * look.c: what a control session is doing, for an administrator who looks.
 */
#include "data/xfer.h"
#include "haftp/base/assert.h"
#include "tell.h"

static const char *doing(const struct ftp_session *s)
{
    struct ftp_queue queue = s->queue;
    const struct ftp_command *head = ftp_queue_head(&queue);

    switch ((enum ftp_state)s->state) {
    case FTP_ADMITTING:
        return "waits for rules";
    case FTP_DESK:
        return "waits for a login";
    case FTP_DIALING:
        return "waits for a server";
    case FTP_GREETING:
        return "waits for a greeting";
    case FTP_OPAQUE:
        return "relays";
    case FTP_LINGER:
        return "leaves";
    case FTP_READY:
        break;
    }
    return head ? hf_ftp_cmd_name((enum hf_ftp_cmd_id)head->id) : "idle";
}

static void look_at_transfer(const struct ftp_xfer *x, uint64_t now_ms, struct hf_session_look *out)
{
    int from = x->from_server ? HF_BACK : HF_FRONT;

    out->transfers = true;
    out->download = x->from_server;
    out->transferred = x->relay.end[from].bytes;
    out->transfer_ms = now_ms - x->facts.accepted_ms;
    out->file = ftp_record_path(x);
    if (x->active_ms && now_ms - x->active_ms < out->idle_ms)
        out->idle_ms = now_ms - x->active_ms;
}

void ftp_session_look(const struct hf_session *session, struct hf_session_look *out)
{
    const struct ftp_session *s = HF_CONTAINER(session, struct ftp_session, session);
    const struct hf_facts *facts = &session->facts;
    uint64_t now_ms = hf_loop_now(session->engine->loop);

    out->kind = s->opaque ? "ftp-tls" : "ftp";
    out->doing = doing(s);
    out->user = facts->ftp ? facts->ftp->user : NULL;
    out->idle_ms = now_ms - (s->active_ms ? s->active_ms : facts->accepted_ms);
    out->bytes_in = facts->bytes_in;
    out->bytes_out = facts->bytes_out;
    if (s->xfer && s->xfer->begun)
        look_at_transfer(s->xfer, now_ms, out);
}
