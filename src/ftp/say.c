/*
 * say.c: what a step has to say, gathered for each side and sent in one write.
 */
#include "session_int.h"

#include <string.h>

#include "haftp/base/assert.h"

#include "tell/tell.h"

static struct ftp_stage *stage_of(struct ftp_session *s, const struct hf_leg *leg)
{
    return leg == &s->front ? &ftp_of(s)->to_front : &ftp_of(s)->to_back;
}

/* What was gathered for a leg, to be sent now; counted as sent. */
struct ftp_stage ftp_take_stage(struct ftp_session *s, const struct hf_leg *leg)
{
    struct ftp_stage *stage = stage_of(s, leg), taken = *stage;
    stage->n = 0;
    if (taken.n)
        ftp_count_bytes(s, leg == &s->front ? 0 : taken.n, leg == &s->front ? taken.n : 0);
    return taken;
}

/* Sends what was gathered for a leg in one write.  False: that side broke (the session was NOT
 * closed). */
static bool flush_stage(struct ftp_session *s, struct hf_leg *leg)
{
    struct ftp_stage stage = ftp_take_stage(s, leg);
    return stage.n == 0 || hf_leg_send(leg, stage.mem, stage.n) == HF_OK;
}

/* False: a full stage could not be sent. */
bool ftp_add(struct ftp_session *s, struct hf_leg *leg, const char *p, size_t n)
{
    struct ftp_stage *stage = stage_of(s, leg);
    HF_ASSERT(n <= FTP_STAGE_BYTES);
    if (stage->n + n > FTP_STAGE_BYTES && !flush_stage(s, leg))
        return false;
    memcpy(stage->mem + stage->n, p, n);
    stage->n += n;
    return true;
}

bool ftp_say(struct ftp_session *s, struct hf_leg *leg, const char *p, size_t n)
{
    if (ftp_add(s, leg, p, n))
        return true;
    ftp_leg_broke(s, leg);
    return false;
}

bool ftp_speak_now(struct ftp_session *s, struct hf_leg *leg)
{
    if (flush_stage(s, leg))
        return true;
    ftp_leg_broke(s, leg);
    return false;
}

bool ftp_say_line(struct ftp_session *s, struct hf_leg *leg, struct hf_view line)
{
    return ftp_say(s, leg, line.p, line.n) && ftp_say(s, leg, "\r\n", 2);
}

/* The same, and what waited from before. */
static bool send_all(struct ftp_session *s, struct hf_leg *leg)
{
    if (!flush_stage(s, leg))
        return false;
    enum hf_status status = hf_leg_flush(leg);
    return status == HF_OK || status == HF_AGAIN;
}

/* Everything this step has to say.  False: the session is over. */
bool ftp_speak(struct ftp_session *s)
{
    if (!send_all(s, &s->front)) {
        ftp_client_broke(s, HF_REASON_CLIENT_RESET);
        return false;
    }
    if (!send_all(s, &s->back)) {
        ftp_server_broke(s, HF_REASON_SERVER_RESET);
        return false;
    }
    return true;
}
