/*
 * ftp_cmd.c: a line from a client -> command and argument.
 *
 * Servers disagree on what may surround a verb.  We read a line as the most lenient of them does:
 * a command that a server would obey must not pass us unseen.
 */
#include "haftp/wire/ftp.h"

#define VERB_SIZE 4u

struct row {
    char name[VERB_SIZE + 1]; /* padded with NUL */
    unsigned size;
    unsigned flags;
};

static const struct row rows[HF_CMD_COUNT] = {
    [HF_CMD_OTHER] = {"?", 1, 0},
#define X(id, name, flags, help) [HF_CMD_##id] = {name, sizeof(name) - 1, flags},
#include "haftp/wire/commands.def"
#undef X
};

/* Telnet (RFC 854): IAC begins a command; WILL, WONT, DO and DONT name an option after it. */
enum { TELNET_FIRST = 240, TELNET_WILL = 251, TELNET_DONT = 254, TELNET_IAC = 255 };

static unsigned byte_at(struct hf_view line, size_t at)
{
    return at < line.n ? (unsigned char)line.p[at] : 0;
}

/* The blanks of isspace(): some servers split words with it.  A CR here is never before an LF. */
static bool is_blank(unsigned c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t telnet_size(struct hf_view line, size_t at)
{
    unsigned command = byte_at(line, at + 1);
    if (byte_at(line, at) == TELNET_IAC && command >= TELNET_WILL && command <= TELNET_DONT)
        return at + 3 <= line.n ? 3 : 2;
    return 1;
}

/* Either byte of "IAC DM" may have come as urgent data and be missing here, so any byte that could
 * be part of a Telnet command is skipped: no verb begins with one. */
static size_t skip_to_verb(struct hf_view line, bool *telnet)
{
    size_t at = 0;
    *telnet = false;
    for (;;) {
        if (byte_at(line, at) >= TELNET_FIRST) {
            at += telnet_size(line, at);
            *telnet = true;
        } else if (is_blank(byte_at(line, at))) {
            at++;
        } else {
            return at;
        }
    }
}

/* Servers differ in what they make of such bytes in a verb, and of control characters behind it:
 * some give no reply at all, and every later reply would be taken for another command's. */
static bool is_odd(struct hf_view verb, struct hf_view blanks)
{
    for (size_t i = 0; i < verb.n; i++) {
        if (byte_at(verb, i) <= ' ' || byte_at(verb, i) > '~')
            return true;
    }
    for (size_t i = 0; i < blanks.n; i++) {
        if (blanks.p[i] != ' ' && blanks.p[i] != '\t')
            return true;
    }
    return false;
}

static enum hf_ftp_cmd_id find(struct hf_view verb)
{
    char upper[VERB_SIZE] = {0};
    if (verb.n > VERB_SIZE)
        return HF_CMD_OTHER;
    for (size_t i = 0; i < verb.n; i++) {
        char c = verb.p[i];
        upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    for (unsigned id = HF_CMD_OTHER + 1; id < HF_CMD_COUNT; id++) {
        if (rows[id].size == verb.n && memcmp(rows[id].name, upper, VERB_SIZE) == 0)
            return (enum hf_ftp_cmd_id)id;
    }
    return HF_CMD_OTHER;
}

bool hf_ftp_cmd_parse(struct hf_view line, struct hf_ftp_cmd *out)
{
    size_t verb = skip_to_verb(line, &out->telnet);
    size_t end = verb;
    while (end < line.n && !is_blank(byte_at(line, end)))
        end++;
    size_t arg = end;
    while (is_blank(byte_at(line, arg)))
        arg++;

    out->verb = hf_view(line.p + verb, end - verb);
    out->arg = hf_view(line.p + arg, line.n - arg);
    out->id = find(out->verb);
    out->flags = hf_ftp_cmd_flags(out->id);
    out->odd_verb = is_odd(out->verb, hf_view(line.p + end, arg - end));
    return out->verb.n > 0;
}

const char *hf_ftp_cmd_name(enum hf_ftp_cmd_id id)
{
    return (unsigned)id < HF_CMD_COUNT ? rows[id].name : rows[HF_CMD_OTHER].name;
}

unsigned hf_ftp_cmd_flags(enum hf_ftp_cmd_id id)
{
    return (unsigned)id < HF_CMD_COUNT ? rows[id].flags : 0;
}
