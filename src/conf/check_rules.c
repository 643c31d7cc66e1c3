/*
 * check_rules.c: rules that can never do what their author expects of them.
 */
#include "conf_int.h"
#include "ftp_plan_int.h"

static bool is_empty(const struct hf_expr *expr)
{
    return expr->fetch.row->id < 0;
}

/* A protection that is not there must not look as if it were, and a rule that lets nobody in must
 * be seen before it does. */
static void check_condition(const struct hf_cond *cond, struct hf_loc loc, struct hf_diag *diag)
{
    const struct hf_acl_test *test = hf_cond_find(cond, is_empty);

    if (test)
        hf_diag_add(diag, HF_DIAG_WARNING, loc,
                    "limit clients otherwise: by 'maxconn', 'rate-limit sessions', or in the "
                    "firewall",
                    "this rule goes by '%s', which has no value in this version: no comparison "
                    "with it is ever true.",
                    test->expr->fetch.row->name);
}

static void check_conditions(const struct hf_cfg_proxy *proxy, struct hf_diag *diag)
{
    const struct hf_cfg_data_rule *line;
    const struct hf_cfg_rule *rule;

    for (int set = 0; set < HF_N_RULE_SETS; set++) {
        for (rule = proxy->rules[set]; rule; rule = rule->next)
            check_condition(rule->cond, rule->loc, diag);
    }
    for (line = proxy->advertise; line; line = line->next)
        check_condition(line->cond, line->loc, diag);
    for (line = proxy->direct; line; line = line->next)
        check_condition(line->cond, line->loc, diag);
}

/* Data past haftp gets no TLS from it.  False: nobody can use it here. */
static bool check_direct_at(const struct hf_cfg_proxy *proxy, const struct hf_cfg_bind *bind,
                            const char *hint, struct hf_diag *diag)
{
    if (bind->role != HF_BIND_CONTROL)
        return true;
    if (bind->tls.ssl || bind->tls.starttls_required) {
        hf_diag_add(diag, HF_DIAG_ERROR, proxy->direct->loc, hint,
                    "'ftp-data direct' cannot be used where TLS ends at haftp, as at the bind "
                    "'%s'.",
                    bind->text);
        return false;
    }
    if (bind->tls.starttls)
        hf_diag_add(diag, HF_DIAG_NOTICE, proxy->direct->loc, NULL,
                    "'ftp-data direct' holds for clients in the clear only: data of those that ask "
                    "for TLS at the bind '%s' passes through haftp.",
                    bind->text);
    return true;
}

static void check_direct(const struct hf_cfg_proxy *proxy, struct hf_diag *diag)
{
    static const char hint[] = "remove the line, or let servers and clients speak TLS themselves";

    if (!proxy->direct)
        return;
    for (const struct hf_cfg_bind *bind = proxy->binds; bind; bind = bind->next) {
        if (!check_direct_at(proxy, bind, hint, diag))
            return;
    }
    for (unsigned i = 0; i < proxy->n_reach; i++) {
        const struct hf_cfg_server *server = proxy->reach[i];
        if (hf_server_has_tls(&server->o)) {
            hf_diag_add(diag, HF_DIAG_ERROR, proxy->direct->loc, hint,
                        "'ftp-data direct' cannot be used where haftp speaks TLS, as with server "
                        "'%s'.",
                        server->name);
            return;
        }
    }
}

/* Leased data connections are not looked into. */
static void check_data_section(const struct hf_cfg_proxy *proxy, struct hf_diag *diag)
{
    const struct hf_cfg_rule *rule = proxy->rules[HF_RULES_REQUEST];

    if (!rule)
        rule = proxy->rules[HF_RULES_RESPONSE];
    if (rule && hf_conf_gives_only_data_ports(proxy))
        hf_diag_add(diag, HF_DIAG_WARNING, rule->loc,
                    "'tcp-request connection' rules do apply to them",
                    "content rules have no effect on FTP data connections, and '%s' has no others.",
                    proxy->name);
}

void hf_conf_check_rules(const struct hf_config *config, struct hf_diag *diag)
{
    const struct hf_cfg_proxy *proxy;

    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        if (proxy->o.disabled)
            continue;
        check_conditions(proxy, diag);
        check_data_section(proxy, diag);
        check_direct(proxy, diag);
    }
    hf_conf_check_ftp_rules(config, diag);
}
