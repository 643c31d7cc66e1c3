/*
 * request_rules.c: what the configuration says of each command: `ftp-request` rules, and the facts
 * that they and other expressions go by.
 *
 * A command is judged once, in its place: rules of the frontend, then those of the backend. While
 * it is open whether the server takes a USER or a HOST, nothing behind it is judged: a rule must
 * not go by a name that was refused, nor by the one before.
 */
#include "desk.h"

#include <stdio.h>
#include <string.h>

#include "haftp/conf/load.h"
#include "haftp/log/log.h"
#include "haftp/state/ftp_facts.h"
#include "haftp/stream/account.h"
#include "haftp/stream/rules.h"

#include "filter/filter.h"
#include "tell/tell.h"

static const struct hf_config *config_of(const struct ftp_session *s)
{
    return s->session.engine->runtime->config;
}

bool ftp_facts_of(struct ftp_session *s, struct hf_ftp_facts **out)
{
    struct hf_facts *facts = &s->session.facts;

    *out = facts->ftp;
    if (*out || !(ftp_has_desk(s) || (config_of(s)->ftp_samples & ~HF_FTP_SAMPLE_TLS)))
        return true;
    *out = hf_ftp_facts_make(facts);
    if (*out)
        return true;
    ftp_session_close(s, HF_REASON_RESOURCE, HF_PHASE_DATA, "421 Out of memory.\r\n");
    return false;
}

static bool is_secret(const struct hf_ftp_cmd *cmd)
{
    return cmd->flags & HF_CMDF_SECRET;
}

/* ---- one rule after the other -------------------------------------------------------------- */

/* A line of its own, at once: who, where, what. */
static void log_command(const struct ftp_session *s, const struct hf_ftp_cmd *cmd)
{
    const struct hf_facts *facts = &s->session.facts;
    const char *user = facts->ftp && facts->ftp->user ? facts->ftp->user : "-";
    char client[HF_ADDR_TEXT_SIZE];

    hf_log_event_mt(facts->frontend, HF_LEVEL_INFO, "Command of %s (%s %s/%s, user %s): %.*s%s%.*s",
                    hf_addr_text(&facts->client, client), facts->frontend->cfg->name,
                    facts->backend ? facts->backend->cfg->name : facts->frontend->cfg->name,
                    facts->server ? facts->server->cfg->name : "<NOSRV>", user, (int)cmd->verb.n,
                    cmd->verb.p, cmd->arg.n ? " " : "", is_secret(cmd) ? 0 : (int)cmd->arg.n,
                    cmd->arg.p);
}

/* The same line of a defaults section came to both: it counts once. */
static bool was_run(const struct hf_cfg_rule *rule, const struct hf_cfg_proxy *before)
{
    const struct hf_cfg_rule *other =
        before && rule->inherited ? before->rules[HF_RULES_FTP] : NULL;

    while (other && !(other->inherited && other->loc.source == rule->loc.source &&
                      other->loc.line == rule->loc.line))
        other = other->next;
    return other != NULL;
}

/* The rule that denies the command, or NULL.  `before`: the section whose rules were run already,
 * or NULL. */
static const struct hf_cfg_rule *run(struct ftp_session *s, const struct hf_cfg_proxy *section,
                                     const struct hf_cfg_proxy *before,
                                     const struct hf_ftp_cmd *cmd)
{
    const struct hf_cfg_rule *rule = section->rules[HF_RULES_FTP];
    struct hf_eval eval;

    if (!rule)
        return NULL;
    hf_rules_prepare(&eval, &s->session, section);
    for (; rule; rule = rule->next) {
        if (was_run(rule, before) || hf_cond_eval(rule->cond, &eval) != HF_TRUE)
            continue;
        switch (rule->action) {
        case HF_RULE_FTP_LOG:
            log_command(s, cmd);
            break;
        case HF_RULE_FTP_DENY:
            hf_account_denial(s->session.engine, &s->session.facts, section, HF_RULES_FTP);
            return rule;
        default:
            if (!hf_rules_go_on(rule, &s->session, &eval)) /* allow */
                return NULL;
        }
    }
    return NULL;
}

static const struct hf_cfg_rule *denial_of(struct ftp_session *s, const struct hf_ftp_cmd *cmd)
{
    const struct hf_cfg_proxy *front = s->session.facts.frontend->cfg;
    /* Of a backend that the command leads away from, the rules are for others. */
    const struct hf_proxy *backend = ftp_desk_leads_away(s, cmd) ? NULL : s->session.facts.backend;
    const struct hf_cfg_proxy *back = backend ? backend->cfg : NULL;
    const struct hf_cfg_rule *denial = NULL;

    if (!(s->judged & FTP_JUDGED_FRONT))
        denial = run(s, front, NULL, cmd);
    s->judged |= FTP_JUDGED_FRONT;
    if (denial || !back || (s->judged & FTP_JUDGED_BACK))
        return denial;
    s->judged |= FTP_JUDGED_BACK;
    return back == front ? NULL : run(s, back, front, cmd);
}

static bool has_rules(const struct ftp_session *s)
{
    const struct hf_facts *facts = &s->session.facts;
    return facts->frontend->cfg->rules[HF_RULES_FTP] ||
           (facts->backend && facts->backend->cfg->rules[HF_RULES_FTP]);
}

/* Some servers take Telnet commands out of any place in a line: what a rule sees would not be what
 * they act on. */
static bool hides_telnet(const struct hf_ftp_cmd *cmd)
{
    return memchr(cmd->arg.p, 0xff, cmd->arg.n) != NULL;
}

enum ftp_verdict ftp_judge(struct ftp_session *s, const struct hf_ftp_cmd *cmd, bool *answered)
{
    struct hf_ftp_facts *ftp;

    if (!ftp_facts_of(s, &ftp))
        return FTP_CLOSED;
    if (ftp && ftp->said)
        return FTP_HOLD;
    if (ftp)
        hf_ftp_facts_begin(ftp, cmd->verb, is_secret(cmd) ? hf_view(NULL, 0) : cmd->arg);
    if (!has_rules(s))
        return FTP_DONE;
    *answered = true;
    if (hides_telnet(cmd))
        return ftp_answer(s, cmd->id, FTP_ANSWER_ODD_ARG);
    const struct hf_cfg_rule *denial = denial_of(s, cmd);
    *answered = denial != NULL;
    if (!denial)
        return FTP_DONE;
    struct ftp_command *command = ftp_queue_push(&s->queue, cmd->id, FTP_ANSWER_DENIED);
    command->denial = (uint16_t)denial->denial;
    if (cmd->flags & HF_CMDF_DATA)
        ftp_record_command(s, command, cmd->arg);
    return ftp_answer_command(s, command);
}

size_t ftp_denial_line(const struct ftp_session *s, const struct ftp_command *command,
                       char line[FTP_DENIAL_LINE])
{
    const struct hf_cfg_rule *rule = config_of(s)->ftp_denials[command->denial];
    bool login = hf_ftp_cmd_flags((enum hf_ftp_cmd_id)command->id) & HF_CMDF_LOGIN;
    int code = rule->number ? (int)rule->number : login ? 530 : 550;

    return (size_t)snprintf(line, FTP_DENIAL_LINE, "%d %s\r\n", code,
                            rule->reply ? rule->reply : "Permission denied.");
}

void ftp_command_over(struct ftp_session *s, bool used)
{
    struct hf_ftp_facts *ftp = s->session.facts.ftp;

    if (ftp)
        hf_ftp_facts_end(ftp, config_of(s)->ftp_samples & HF_FTP_SAMPLE_ARG);
    if (used)
        s->judged = 0;
}

/* ---- names --------------------------------------------------------------------------------- */

enum ftp_answer ftp_answer_to_name(enum hf_status noted)
{
    if (noted == HF_OK)
        return FTP_ANSWER_NONE;
    return noted == HF_LIMIT ? FTP_ANSWER_LONG_NAME : FTP_ANSWER_NO_MEMORY;
}

enum ftp_answer ftp_note_name(struct ftp_session *s, const struct hf_ftp_cmd *cmd)
{
    struct hf_ftp_facts *ftp = s->session.facts.ftp;

    if (cmd->id == HF_CMD_HOST && s->user_given)
        return FTP_ANSWER_LATE_HOST;
    if (!ftp)
        return FTP_ANSWER_NONE;
    return ftp_answer_to_name(hf_ftp_facts_say(ftp, cmd->id == HF_CMD_HOST, cmd->arg));
}

void ftp_name_answered(struct ftp_session *s, enum hf_ftp_cmd_id id, unsigned code)
{
    struct hf_ftp_facts *ftp = s->session.facts.ftp;
    bool accepted = code < 400;
    /* Pure-FTPd says 230 to a guest who gives another name, and he is a guest as before. */
    bool ignored = id == HF_CMD_USER && s->user_proven && code < 300;

    if (ftp)
        hf_ftp_facts_settle(ftp, accepted && !ignored);
    if (id == HF_CMD_USER && accepted)
        s->user_given = true;
}
