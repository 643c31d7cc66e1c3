/*
 * ftp_reply.c: lines from a server -> replies.
 */
#include "haftp/wire/ftp.h"

/* 100..599, or 0 when the line does not begin with a code. */
static uint16_t leading_code(struct hf_view line)
{
    if (line.n < 3 || line.p[0] < '1' || line.p[0] > '5')
        return 0;
    unsigned code = 0;
    for (size_t i = 0; i < 3; i++) {
        if (line.p[i] < '0' || line.p[i] > '9')
            return 0;
        code = code * 10 + (unsigned)(line.p[i] - '0');
    }
    return (uint16_t)code;
}

/* "123 text", or "123" alone, as z/OS ends its replies. */
static bool is_last_form(struct hf_view line)
{
    return line.n == 3 || line.p[3] == ' ';
}

enum hf_ftp_reply_line hf_ftp_reply_next(struct hf_ftp_reply *state, struct hf_view line)
{
    uint16_t code = leading_code(line);

    if (state->multi) {
        /* Other codes, and this code with a hyphen, are text (RFC 959 4.2). */
        if (code != state->code || !is_last_form(line))
            return HF_FTP_REPLY_MORE;
        state->multi = false;
        return HF_FTP_REPLY_LAST;
    }

    state->code = code;
    if (code != 0 && is_last_form(line))
        return HF_FTP_REPLY_LAST;
    if (code != 0 && line.p[3] == '-') {
        state->multi = true;
        return HF_FTP_REPLY_MORE;
    }
    state->code = 0;
    return HF_FTP_REPLY_BAD;
}
