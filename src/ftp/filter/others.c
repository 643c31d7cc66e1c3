/*
 * others.c: clients that do not speak FTP are heard no further.
 *
 * A browser or a scanner; TLS on a port in the clear; a page that makes a browser talk to us, with
 * commands of its own choice in what follows.
 */
#include "filter_int.h"

#include <ctype.h>
#include <string.h>

#define LONGEST_VERB 8u

/* A TLS record that begins a handshake (RFC 8446, 5.1). */
static bool is_tls_hello(struct hf_view bytes)
{
    return bytes.n > 0 && bytes.p[0] == 0x16 && (bytes.n == 1 || bytes.p[1] == 0x03);
}

enum ftp_verdict ftp_close_to_others(struct ftp_session *s, struct hf_view bytes)
{
    /* Such a client shows nobody the reply, but the log does. */
    ftp_session_close(s, HF_REASON_PROTOCOL_CLIENT, HF_PHASE_DATA,
                      is_tls_hello(bytes)
                          ? "421 Implicit TLS on a port without it: the client needs explicit "
                            "FTPS (AUTH TLS) here, or the bind 'ssl'.\r\n"
                          : "421 This is FTP, and nothing else.\r\n");
    return FTP_CLOSED;
}

/* "GET / HTTP/1.1", "INVITE sip:x SIP/2.0": a browser or a scanner; or a page that makes a browser
 * talk to us, with commands of its own choice in what follows. */
bool ftp_is_of_another_protocol(const struct hf_ftp_cmd *cmd)
{
    struct hf_view arg = cmd->arg;

    if (cmd->id != HF_CMD_OTHER || arg.n < 5 || arg.p[arg.n - 2] != '.' || arg.p[arg.n - 4] != '/')
        return false;
    size_t name = arg.n - 4;
    while (name > 0 && arg.p[name - 1] >= 'A' && arg.p[name - 1] <= 'Z')
        name--;
    bool numbered =
        isdigit((unsigned char)arg.p[arg.n - 3]) && isdigit((unsigned char)arg.p[arg.n - 1]);
    return numbered && name < arg.n - 4 && name > 0 && arg.p[name - 1] == ' ';
}

/* The client's first bytes, a line or what is there of it, are none that an FTP client begins with:
 * a TLS hello, "SSH-2.0-OpenSSH".  No command has a longer name than XSHA256. */
static bool begins_as_another(struct hf_view bytes)
{
    struct hf_ftp_cmd cmd;

    if (memchr(bytes.p, '\0', bytes.n))
        return true;
    if (!hf_ftp_cmd_parse(bytes, &cmd))
        return false;
    for (size_t i = 0; i < cmd.verb.n; i++) {
        if (!isalnum((unsigned char)cmd.verb.p[i]))
            return true;
    }
    return cmd.verb.n > LONGEST_VERB;
}

bool ftp_is_heard(struct ftp_session *s, enum hf_ftp_line cut, struct hf_view line,
                  struct hf_view all)
{
    bool whole = cut == HF_FTP_LINE_OK || cut == HF_FTP_LINE_NUL;

    if (s->spoke_ftp)
        return true;
    if (begins_as_another(whole ? line : all))
        return ftp_close_to_others(s, all) == FTP_DONE;
    s->spoke_ftp = cut != HF_FTP_LINE_MORE;
    return true;
}
