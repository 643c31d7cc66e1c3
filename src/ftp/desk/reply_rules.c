/*
 * reply_rules.c: rules of `tcp-response content` that ask for ftp.code: looked at with each final
 * reply of the server to a command of the client's.
 *
 * All others are about the server's first bytes, as in HAProxy (greeting.c).
 */
#include "desk.h"

#include <stdio.h>
#include <string.h>

#include "haftp/state/ftp_facts.h"
#include "haftp/stream/rules.h"

static const char refused[] = "421 A rule of this service ends the session here.\r\n";

static bool has_rules(const struct ftp_session *s)
{
    const struct hf_proxy *backend = s->session.facts.backend;
    const struct hf_cfg_rule *rule = backend ? backend->cfg->rules[HF_RULES_RESPONSE] : NULL;

    while (rule && !rule->each_reply)
        rule = rule->next;
    return rule != NULL;
}

/* Clients may be some commands ahead: what is asked for is the command that was answered. */
static enum hf_ruling rule_on(struct ftp_session *s, const struct ftp_command *command)
{
    struct hf_ftp_facts *ftp = s->session.facts.ftp;
    char verb[sizeof ftp->verb];

    memcpy(verb, ftp->verb, sizeof verb);
    if (command->id != HF_CMD_OTHER)
        snprintf(ftp->verb, sizeof ftp->verb, "%s",
                 hf_ftp_cmd_name((enum hf_ftp_cmd_id)command->id));
    enum hf_ruling ruling = hf_rules_at_reply(&s->session, s->session.facts.backend->cfg);
    memcpy(ftp->verb, verb, sizeof verb);
    return ruling;
}

bool ftp_judge_reply(struct ftp_session *s, const struct ftp_command *command, unsigned code)
{
    if (code < 200 || !command || command->own || !s->session.facts.ftp || !has_rules(s) ||
        s->reply_mode == FTP_REPLY_SWALLOW || s->reply_mode == FTP_REPLY_RETRY)
        return true;
    if (rule_on(s, command) != HF_RULING_REJECT)
        return true;
    ftp_session_close(s, HF_REASON_PROXY_REFUSED, HF_PHASE_DATA, refused);
    return false;
}
