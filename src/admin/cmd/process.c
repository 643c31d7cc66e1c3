/*
 * process.c: commands about the process as a whole.
 */
#include <stdlib.h>

#include "haftp/admin/command.h"

extern char **environ;

static enum hf_call_result show_version(struct hf_call *call)
{
    hf_text_put(&call->out, HAFTP_VERSION "\n");
    return HF_CALL_DONE;
}

static enum hf_call_result show_env(struct hf_call *call)
{
    const char *name = hf_call_arg(call, 0), *value = getenv(name);

    if (*name && !value)
        return hf_call_error(call, "Variable not found");
    if (*name)
        hf_text_printf(&call->out, "%s=%s\n", name, value);
    for (char **variable = environ; !*name && variable && *variable; variable++)
        hf_text_printf(&call->out, "%s\n", *variable);
    return HF_CALL_DONE;
}

static const struct hf_command commands[] = {
    {"show version", "", "show version of the current process", HF_ADMIN_USER, show_version},
    {"show env", "[var]", "dump environment variables known to the process", HF_ADMIN_OPERATOR,
     show_env},
};
HF_COMMANDS(process, commands)
