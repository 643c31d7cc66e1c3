/*
 * fuzz_cmd.c: a command is the same command once it is written plainly.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <strings.h>

#include "haftp/wire/ftp.h"

static void check_within(struct hf_view part, struct hf_view whole)
{
    HF_ASSERT(part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void check_name(const struct hf_ftp_cmd *cmd)
{
    if (cmd->id == HF_CMD_OTHER) {
        HF_ASSERT(cmd->flags == 0);
        return;
    }
    const char *name = hf_ftp_cmd_name(cmd->id);
    HF_ASSERT(strlen(name) == cmd->verb.n && strncasecmp(name, cmd->verb.p, cmd->verb.n) == 0);
}

/* "VERB argument" without what surrounded them. */
static void check_plain(const struct hf_ftp_cmd *cmd)
{
    size_t size = cmd->verb.n + 1 + cmd->arg.n;
    char *plain = malloc(size);
    struct hf_ftp_cmd again;
    HF_ASSERT(plain);
    memcpy(plain, cmd->verb.p, cmd->verb.n);
    plain[cmd->verb.n] = ' ';
    memcpy(plain + cmd->verb.n + 1, cmd->arg.p, cmd->arg.n);
    HF_ASSERT(hf_ftp_cmd_parse(hf_view(plain, size), &again));
    HF_ASSERT(again.id == cmd->id && again.flags == cmd->flags && !again.telnet);
    HF_ASSERT(hf_view_eq(again.verb, cmd->verb) && hf_view_eq(again.arg, cmd->arg));
    free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_view line = hf_view((const char *)data, size);
    struct hf_ftp_cmd cmd;
    bool found = hf_ftp_cmd_parse(line, &cmd);
    check_within(cmd.verb, line);
    check_within(cmd.arg, line);
    HF_ASSERT(found == (cmd.verb.n > 0));
    check_name(&cmd);
    if (found)
        check_plain(&cmd);
    return 0;
}
