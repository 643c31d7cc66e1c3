/*
 * getsocks.c: what `haftp -x` asks: a process that takes over from this one wants its sockets.
 */
#include "haftp/admin/command.h"

static enum hf_call_result get_sockets(struct hf_call *call)
{
    if (hf_call_bind(call)->expose_fd < 0) /* not given */
        return hf_call_error(call, "This socket has no 'expose-fd listeners'.");
    if (!call->host->offer(hf_call_fd(call)))
        return hf_call_error(call, "The sockets cannot be sent here.");
    return HF_CALL_DONE;
}

static const struct hf_command commands[] = {
    {"_getsocks", "", "", HF_ADMIN_USER, get_sockets},
};
HF_COMMANDS(getsocks, commands)
