/*
 * cli.c: commands about the connection to the runtime API itself.
 */
#include "admin_int.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

static enum hf_call_result help(struct hf_call *call)
{
    enum hf_admin_level level = call->client->level;
    struct hf_text list = {0};

    if (admin_help(&list, level, call->args, call->n_args) == 0) {
        admin_unknown(&call->out, level, call->args, call->n_args);
    } else {
        hf_text_put(&call->out, "The following commands are valid at this level:\n");
        hf_text_add(&call->out, list.mem, list.n);
    }
    hf_text_free(&list);
    return HF_CALL_DONE;
}

static enum hf_call_result prompt(struct hf_call *call)
{
    call->client->prompts = !call->client->prompts;
    return HF_CALL_DONE;
}

static enum hf_call_result quit(struct hf_call *call)
{
    call->client->leaving = true;
    return HF_CALL_DONE;
}

static enum hf_call_result become_user(struct hf_call *call)
{
    call->client->level = HF_ADMIN_USER;
    return HF_CALL_DONE;
}

static enum hf_call_result become_operator(struct hf_call *call)
{
    call->client->level = HF_ADMIN_OPERATOR;
    return HF_CALL_DONE;
}

static const char *const level_names[] = {"user", "operator", "admin"};

static enum hf_call_result show_level(struct hf_call *call)
{
    hf_text_printf(&call->out, "%s\n", level_names[call->client->level]);
    return HF_CALL_DONE;
}

static void print_socket(struct hf_text *out, const struct hf_cfg_bind *bind)
{
    char text[HF_ADDR_TEXT_SIZE];
    int level = bind->level < 0 ? HF_ADMIN_OPERATOR : bind->level;

    if (bind->reach == HF_REACH_INET)
        hf_text_printf(out, "%s@%s", bind->addr.sa.sa_family == AF_INET6 ? "ipv6" : "ipv4",
                       hf_addr_text(&bind->addr, text));
    else
        hf_text_printf(out, "%s@%s", bind->reach == HF_REACH_ABNS ? "abns" : "unix", bind->path);
    hf_text_printf(out, " %s all\n", level_names[level]);
}

static enum hf_call_result show_sockets(struct hf_call *call)
{
    const struct hf_cfg_bind *bind;

    hf_text_put(&call->out, "# socket lvl processes\n");
    for (bind = call->runtime->config->global.stats_sockets; bind; bind = bind->next)
        print_socket(&call->out, bind);
    return HF_CALL_DONE;
}

/* Seconds, or a number with a unit of HAProxy's times. */
static bool read_timeout(const char *text, unsigned *ms)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"", 1000},  {"us", 0.001}, {"ms", 1},     {"s", 1000},
                 {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return false;
    unsigned long number = strtoul(text, &end, 10);
    for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++) {
        double value = (double)number * units[i].ms;
        if (strcmp(end, units[i].name) == 0 && value >= 1 && value <= INT32_MAX) {
            *ms = (unsigned)value;
            return true;
        }
    }
    return false;
}

static enum hf_call_result set_timeout(struct hf_call *call)
{
    if (!hf_call_arg_is(call, 0, "cli"))
        return hf_call_error(call, "'set timeout' only supports 'cli'.");
    if (call->n_args < 2)
        return hf_call_error(call, "Expects an integer value.");
    if (!read_timeout(call->args[1], &call->client->timeout_ms))
        return hf_call_error(call, "Invalid timeout value.");
    return HF_CALL_DONE;
}

static enum hf_call_result set_severity(struct hf_call *call)
{
    static const char *const names[] = {"none", "number", "string"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (hf_call_arg_is(call, 0, names[i])) {
            call->client->severity = (enum admin_severity_output)i;
            return HF_CALL_DONE;
        }
    }
    return hf_call_error(call, "one of 'none', 'number', 'string' is a required argument");
}

static const struct hf_command commands[] = {
    {"help", "[<command>]", "list matching or all commands", HF_ADMIN_USER, help},
    {"prompt", "", "toggle interactive mode with prompt", HF_ADMIN_USER, prompt},
    {"quit", "", "disconnect", HF_ADMIN_USER, quit},
    {"user", "", "lower the level of the current CLI session to user", HF_ADMIN_USER, become_user},
    {"operator", "", "lower the level of the current CLI session to operator", HF_ADMIN_OPERATOR,
     become_operator},
    {"show cli level", "", "display the level of the current CLI session", HF_ADMIN_USER,
     show_level},
    {"show cli sockets", "", "dump list of cli sockets", HF_ADMIN_USER, show_sockets},
    {"set timeout", "[cli] <delay>", "change a timeout setting", HF_ADMIN_USER, set_timeout},
    {"set severity-output", "[none|number|string]",
     "set presence of severity level in feedback information", HF_ADMIN_USER, set_severity},
};
HF_COMMANDS(cli, commands)
