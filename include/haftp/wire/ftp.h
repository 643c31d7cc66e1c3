/*
 * ftp.h: FTP's control language as values: lines, commands, replies, addresses.
 *
 * Pure functions: no I/O, no clock, no allocation.  Any thread.  Views point into the caller's
 * bytes.
 */
#ifndef HAFTP_WIRE_FTP_H
#define HAFTP_WIRE_FTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "haftp/base/addr.h"
#include "haftp/base/str.h"

/* ---- lines --------------------------------------------------------------------------------- */

enum hf_ftp_line {
    HF_FTP_LINE_MORE, /* no end of line yet */
    HF_FTP_LINE_OK,
    HF_FTP_LINE_TOO_LONG, /* more than `max` bytes before the end */
    HF_FTP_LINE_NUL       /* complete, but holds a NUL */
};

/* Cuts the first line of [p, p+n).  LF ends it, with all CRs before it: servers strip one or any
 * number, and what is seen here must be what they act on.  A CR elsewhere is an ordinary byte.
 * `line` has no end-of-line bytes; `used` counts them.  On MORE and TOO_LONG the line is empty and
 * `used` is 0. */
enum hf_ftp_line hf_ftp_line_cut(const char *p, size_t n, size_t max, struct hf_view *line,
                                 size_t *used);

/* ---- commands ------------------------------------------------------------------------------ */

enum {
    HF_CMDF_DATA_DOWN = 1,
    HF_CMDF_DATA_UP = 2,
    HF_CMDF_PASSIVE = 4,
    HF_CMDF_ACTIVE = 8,
    HF_CMDF_URGENT = 16,
    HF_CMDF_LOGIN = 32,
    HF_CMDF_SECRET = 64, /* its argument is never logged */
    HF_CMDF_QUERY = 128, /* leaves nothing behind at the server */
    HF_CMDF_SECURITY = 256,
    HF_CMDF_DATA = HF_CMDF_DATA_DOWN | HF_CMDF_DATA_UP
};

enum hf_ftp_cmd_id {
    HF_CMD_OTHER,
#define X(id, name, flags, help) HF_CMD_##id,
#include "haftp/wire/commands.def"
#undef X
    HF_CMD_COUNT
};

struct hf_ftp_cmd {
    enum hf_ftp_cmd_id id;
    unsigned flags;
    struct hf_view verb; /* as sent, without Telnet bytes */
    struct hf_view arg;  /* without the blanks before it; trailing blanks kept */
    bool telnet;         /* Telnet commands (IAC ...) preceded the verb */
    bool odd_verb;       /* the verb holds bytes that are not printable ASCII, or a control
                          character other than a tab follows it */
};

/* Case does not matter (RFC 959 5.3).  Telnet commands (IAC IP, IAC DM of an ABOR, also with a byte
 * lost to urgent data) and blanks before the verb are skipped; inside it they make the verb odd:
 * servers disagree on which command that is.  False when there is no verb at all. */
bool hf_ftp_cmd_parse(struct hf_view line, struct hf_ftp_cmd *out);
const char *hf_ftp_cmd_name(enum hf_ftp_cmd_id id); /* "RETR"; "?" for OTHER */
unsigned hf_ftp_cmd_flags(enum hf_ftp_cmd_id id);   /* HF_CMDF_*; 0 for OTHER */

/* ---- replies ------------------------------------------------------------------------------- */

/* Where we are in a reply; zero it before the first line, and never again. */
struct hf_ftp_reply {
    uint16_t code; /* 100..599: of the reply that the last line belonged to; 0 after BAD */
    bool multi;    /* inside a multi-line reply */
};

enum hf_ftp_reply_line {
    HF_FTP_REPLY_LAST, /* the reply is complete with this line */
    HF_FTP_REPLY_MORE, /* a line of a multi-line reply, not its last */
    HF_FTP_REPLY_BAD   /* not a reply: no three-digit code where one must stand */
};

/* RFC 959 4.2: "123-text" opens a multi-line reply that ends at the line "123 text" with the same
 * code; lines between may be anything, also "123-more", other digits, blank.  A last line that is
 * the bare code ("123") counts (z/OS).  A first line "123text" without blank or hyphen is BAD;
 * "123" alone is a complete reply. */
enum hf_ftp_reply_line hf_ftp_reply_next(struct hf_ftp_reply *state, struct hf_view line);

/* ---- addresses ----------------------------------------------------------------------------- */

/* Both readers of replies take what follows the code on one line, and either form of address, since
 * some servers answer PASV with the numbers of a 229 and the reverse.  HF_NOTFOUND: no address in
 * this line (in a multi-line reply it may be in another); HF_INVALID: there is one, but a number is
 * out of its range: over 255, over 65535, or port 0. */

/* The six numbers of a 227 (RFC 959 4.1.2, read as RFC 1123 4.1.2.6 asks: the text around them is
 * free).  The address may be 0.0.0.0. */
HF_MUST_USE enum hf_status hf_ftp_parse_pasv_reply(struct hf_view text, struct hf_addr *out);
/* "(<d><d><d>port<d>)", RFC 2428 3, any delimiter 33..126 but a digit, or "|||port|" without
 * parentheses.  An address between the delimiters is tolerated and given; without one the family is
 * AF_UNSPEC and the port is in v4.sin_port (hf_addr_port() does not see it). */
HF_MUST_USE enum hf_status hf_ftp_parse_epsv_reply(struct hf_view text, struct hf_addr *out);
/* PORT and EPRT, read here and written below, are what active mode speaks.
 * "h1,h2,h3,h4,p1,p2" exactly (PORT's argument; trailing blanks allowed). */
HF_MUST_USE enum hf_status hf_ftp_parse_port(struct hf_view arg, struct hf_addr *out);
/* "|1|1.2.3.4|99|" (EPRT's argument).  HF_UNSUPPORTED for a protocol number other than 1 and 2
 * (reply 522). */
HF_MUST_USE enum hf_status hf_ftp_parse_eprt(struct hf_view arg, struct hf_addr *out);
/* EPSV's argument: nothing, "1", "2" or "ALL"; OTHER: another number (reply 522). */
enum hf_epsv_arg { HF_EPSV_NONE, HF_EPSV_V4, HF_EPSV_V6, HF_EPSV_ALL, HF_EPSV_OTHER, HF_EPSV_BAD };
enum hf_epsv_arg hf_ftp_parse_epsv_arg(struct hf_view arg);

/* Complete lines with CRLF, into buf of HF_FTP_ADDR_LINE bytes; return the length.
 * "227 Entering Passive Mode (h1,h2,h3,h4,p1,p2).\r\n"; addr is IPv4. */
#define HF_FTP_ADDR_LINE 128u
size_t hf_ftp_format_227(const struct hf_addr *addr, char *buf);
size_t hf_ftp_format_229(uint16_t port, char *buf);
size_t hf_ftp_format_port(const struct hf_addr *addr, char *buf); /* "PORT ...\r\n", IPv4 */
size_t hf_ftp_format_eprt(const struct hf_addr *addr, char *buf); /* "EPRT ...\r\n" */

#endif
