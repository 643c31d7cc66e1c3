/*
 * terms.c: what `ftp-data` lines with conditions say of a command: which address its client is
 * told, and whether client and server exchange data without us.
 */
#include "setup.h"

#include "haftp/net/socket.h"
#include "haftp/stream/rules.h"

/* The first line whose condition is met; NULL: none. */
static const struct hf_cfg_data_rule *first_met(struct ftp_session *s,
                                                const struct hf_cfg_data_rule *rule)
{
    struct hf_eval eval;

    if (!rule || !rule->cond) /* mostly: no line, or one for everybody */
        return rule;
    hf_rules_prepare(&eval, &s->session, s->session.facts.frontend->cfg);
    while (rule && hf_cond_eval(rule->cond, &eval) != HF_TRUE)
        rule = rule->next;
    return rule;
}

struct hf_addr ftp_told_address(struct ftp_session *s)
{
    const struct hf_facts *facts = &s->session.facts;
    const struct hf_cfg_data_rule *rule = first_met(s, facts->frontend->cfg->advertise);

    return rule ? rule->addr : *hf_facts_here(facts);
}

bool ftp_is_direct(struct ftp_session *s)
{
    /* What does not pass here gets no TLS from us. */
    return !s->front.tls && !s->back.tls &&
           first_met(s, s->session.facts.frontend->cfg->direct) != NULL;
}

/* Nothing of such a transfer passes here, so nothing tells us that it goes on: only the kernel can
 * find out that one of them has vanished meanwhile. */
static void watch_over(struct ftp_session *s)
{
    const struct hf_keepalive usual = {0};

    hf_socket_keepalive(s->front.watch.fd, &usual);
    hf_socket_keepalive(s->back.watch.fd, &usual);
}

void ftp_go_direct(struct ftp_session *s)
{
    ftp_forget_next_xfer(s);
    s->needs_port = false; /* of ours */
    if (!s->direct)
        watch_over(s);
    s->direct = true;
}

bool ftp_transfers_directly(struct ftp_session *s)
{
    const struct ftp_command *head = ftp_queue_head(&s->queue);
    return s->direct && head && head->begun && ftp_command_moves_data(head);
}
