/*
 * ftp_choice.c: which sections choose their servers by what an FTP client says at login.
 *
 * Such a section must greet the client itself, so it is decided here, when the file is loaded, and
 * for all sessions of the section alike: by what is written, not by what a session meets.
 */
#include <string.h>

#include "conf_int.h"
#include "ftp_plan_int.h"

#define LOGIN (HF_FTP_SAMPLE_USER | HF_FTP_SAMPLE_HOST | HF_FTP_SAMPLE_TLS)

unsigned hf_conf_ftp_sample(const struct hf_sample_row *row)
{
    switch (row->id) {
    case HF_FETCH_ftp_user:
        return HF_FTP_SAMPLE_USER;
    case HF_FETCH_ftp_host:
        return HF_FTP_SAMPLE_HOST;
    case HF_FETCH_ftp_tls:
        return HF_FTP_SAMPLE_TLS;
    case HF_FETCH_ftp_arg:
        return HF_FTP_SAMPLE_ARG;
    case HF_FETCH_ftp_cmd:
    case HF_FETCH_ftp_code:
        return HF_FTP_SAMPLE_COMMAND;
    case HF_FETCH_ftp_bytes:
    case HF_FETCH_ftp_data_tls:
    case HF_FETCH_ftp_direction:
    case HF_FETCH_ftp_mode:
    case HF_FETCH_ftp_path:
    case HF_FETCH_ftp_rate:
    case HF_FETCH_ftp_transfers:
    case HF_FETCH_ftp_type:
    case HF_FETCH_ftp_why:
        return HF_FTP_SAMPLE_TRANSFER;
    default:
        return 0;
    }
}

/* ---- what lines look at -------------------------------------------------------------------- */

static unsigned of_expr(const struct hf_expr *expr)
{
    return expr ? hf_conf_ftp_sample(expr->fetch.row) : 0;
}

static unsigned of_cond(const struct hf_cond *cond)
{
    const struct hf_cond_all *all;
    const struct hf_cond_term *term;
    const struct hf_acl_test *test;
    unsigned samples = 0;

    for (all = cond ? cond->any : NULL; all; all = all->next) {
        for (term = all->terms; term; term = term->next) {
            for (test = term->acl->tests; test; test = test->next)
                samples |= of_expr(test->expr);
        }
    }
    return samples;
}

static unsigned of_format(const struct hf_format *format)
{
    const struct hf_piece *piece;
    unsigned samples = 0;

    for (piece = format ? format->pieces : NULL; piece; piece = piece->next)
        samples |= of_expr(piece->expr);
    return samples;
}

static unsigned of_choice_of_backend(const struct hf_cfg_proxy *frontend)
{
    const struct hf_cfg_switch *choice;
    unsigned samples = 0;

    for (choice = frontend->switches; choice; choice = choice->next)
        samples |= of_cond(choice->cond) | of_format(choice->format);
    return samples;
}

static unsigned of_choice_of_server(const struct hf_cfg_proxy *backend)
{
    unsigned samples = of_expr(backend->o.balance_expr);
    const struct hf_cfg_use_server *use;
    const struct hf_cfg_stick_rule *stick;
    const struct hf_cfg_persist *persist;

    for (use = backend->use_servers; use; use = use->next)
        samples |= of_cond(use->cond) | of_format(use->format);
    for (stick = backend->stick_rules; stick; stick = stick->next)
        samples |= of_expr(stick->expr) | of_cond(stick->cond);
    for (persist = backend->persist_rules; persist; persist = persist->next)
        samples |= of_cond(persist->cond);
    return samples;
}

/* ---- the pass ------------------------------------------------------------------------------ */

void hf_conf_find_ftp_choice(struct hf_config *config)
{
    struct hf_cfg_proxy *proxy;

    if (!(config->ftp_samples & LOGIN))
        return;
    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        if (!(proxy->caps & HF_CAP_FRONTEND))
            continue;
        proxy->ftp_chooses_by = of_choice_of_backend(proxy);
        for (unsigned i = 0; i < proxy->n_backends; i++)
            proxy->ftp_chooses_by |= of_choice_of_server(proxy->backends[i]);
        proxy->ftp_chooses_by &= LOGIN;
    }
}

const char *hf_conf_ftp_choice_text(unsigned chooses_by)
{
    static const char *const texts[] = {
        [HF_FTP_SAMPLE_USER] = "ftp.user",
        [HF_FTP_SAMPLE_HOST] = "ftp.host",
        [HF_FTP_SAMPLE_TLS] = "ftp.tls",
        [HF_FTP_SAMPLE_USER | HF_FTP_SAMPLE_HOST] = "ftp.user and ftp.host",
        [HF_FTP_SAMPLE_USER | HF_FTP_SAMPLE_TLS] = "ftp.user and ftp.tls",
        [HF_FTP_SAMPLE_HOST | HF_FTP_SAMPLE_TLS] = "ftp.host and ftp.tls",
        [LOGIN] = "ftp.user, ftp.host and ftp.tls",
    };
    return texts[chooses_by & LOGIN];
}

/* ---- where there is no conversation -------------------------------------------------------- */

static bool carries_ftp(const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_bind *bind;

    for (bind = proxy->binds; bind; bind = bind->next) {
        if (bind->role == HF_BIND_CONTROL && !bind->opaque)
            return true;
    }
    return false;
}

static const struct hf_cfg_rule *first_own(const struct hf_cfg_rule *rule)
{
    while (rule && rule->inherited)
        rule = rule->next;
    return rule;
}

/* Written in the section itself, not handed down to it. */
static bool is_own_line(const struct hf_cfg_proxy *proxy, struct hf_loc loc)
{
    return loc.source && loc.source == proxy->loc.source && loc.line > proxy->loc.line;
}

/* ---- where it cannot be read --------------------------------------------------------------- */

static bool reaches_server_without_tls(const struct hf_cfg_proxy *proxy)
{
    for (unsigned i = 0; i < proxy->n_reach; i++) {
        if (!hf_server_has_tls(&proxy->reach[i]->o))
            return true;
    }
    return false;
}

/* TLS of clients may go through to servers.  Where the user decides about the server, AUTH is
 * refused (ftp_tls_passes() in src/ftp/opaque/opaque.c). */
static bool passes_tls(const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_bind *bind;
    bool refused = proxy->o.ftp_tls_refused || proxy->ftp_chooses_by & HF_FTP_SAMPLE_USER;

    for (bind = proxy->binds; bind; bind = bind->next) {
        if (bind->role == HF_BIND_CONTROL && !hf_bind_has_tls(bind) && (bind->opaque || !refused))
            return reaches_server_without_tls(proxy);
    }
    return false;
}

/* A rule that keeps clients from something, or counts what they do. */
static const struct hf_cfg_rule *first_guard(const struct hf_cfg_proxy *section)
{
    const struct hf_cfg_rule *rule = section->rules[HF_RULES_FTP];

    while (rule && (rule->action == HF_RULE_ACCEPT || rule->action == HF_RULE_FTP_LOG))
        rule = rule->next;
    if (rule)
        return rule;
    rule = section->rules[HF_RULES_RESPONSE];
    while (rule && !rule->each_reply)
        rule = rule->next;
    return rule;
}

/* Of the section, or of a backend of its. */
static const struct hf_cfg_rule *guard_of(const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_rule *rule = first_guard(proxy);

    for (unsigned i = 0; i < proxy->n_backends && !rule; i++)
        rule = first_guard(proxy->backends[i]);
    return rule;
}

/* Whoever counts on the rule must know.  Beside an error it would only stand in its way. */
static void advise_on_tls(const struct hf_cfg_proxy *proxy, struct hf_diag *diag)
{
    const struct hf_cfg_rule *rule = guard_of(proxy);

    if (rule && passes_tls(proxy) && hf_diag_count(diag, HF_DIAG_ERROR) == 0)
        hf_diag_add(diag, HF_DIAG_ADVICE, rule->loc,
                    "'ftp-tls refuse' keeps all sessions readable, a bind with 'starttls' and "
                    "'crt' ends TLS here",
                    "clients of '%s' escape this rule by TLS: it passes through to the servers, "
                    "and haftp cannot read it.",
                    proxy->name);
}

/* ---- names that lead too far --------------------------------------------------------------- */

/* What comes out is what the client said, or a part of it: no map has looked it up. */
static bool is_client_s_word(const struct hf_expr *expr)
{
    if (!(of_expr(expr) & (HF_FTP_SAMPLE_USER | HF_FTP_SAMPLE_HOST)))
        return false;
    for (unsigned i = 0; i < expr->n_convs; i++)
        if (strncmp(expr->convs[i].row->name, "map", 3) == 0)
            return false;
    return true;
}

/* Text before or behind it makes it the name of a backend that was meant for it. */
static const struct hf_expr *bare_word(const struct hf_format *format)
{
    const struct hf_piece *piece = format ? format->pieces : NULL;

    if (!piece || piece->next || piece->kind != HF_PIECE_EXPR || !is_client_s_word(piece->expr))
        return NULL;
    return piece->expr;
}

static void advise_on_names(const struct hf_cfg_proxy *proxy, struct hf_diag *diag)
{
    static const char hint[] =
        "let a map say who goes where: 'use_backend %[ftp.user,map(/etc/haftp/users.map)]', or "
        "list the names: 'if { ftp.user alice bob }'";
    const struct hf_cfg_switch *choice;

    for (choice = proxy->switches; choice; choice = choice->next) {
        const struct hf_expr *word = bare_word(choice->format);
        unsigned asked = word ? of_expr(word) : 0;

        if (!asked || (of_cond(choice->cond) & asked))
            continue;
        hf_diag_add(diag, HF_DIAG_ADVICE, word->loc, hint,
                    "a client of '%s' reaches any backend of the file by giving its name as %s.",
                    proxy->name, word->fetch.row->name);
    }
}

/* ---- all of it ----------------------------------------------------------------------------- */

/* By the ids of sections, which begin at 1: those that FTP conversations come to. */
static const bool *find_conversations(const struct hf_config *config)
{
    bool *met = hf_arena_alloc(config->arena, config->n_proxies + 1);
    const struct hf_cfg_proxy *proxy;

    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        if (proxy->o.disabled || !carries_ftp(proxy))
            continue;
        met[proxy->id] = true;
        for (unsigned i = 0; i < proxy->n_backends; i++)
            met[proxy->backends[i]->id] = true;
    }
    return met;
}

/* Of a backend that nobody uses, that is told. */
static void check_requests(const struct hf_cfg_proxy *proxy, const char *how, struct hf_diag *diag)
{
    const struct hf_cfg_rule *rule = first_own(proxy->rules[HF_RULES_FTP]);

    if (!rule)
        return;
    if (proxy->caps & HF_CAP_FRONTEND)
        hf_diag_add(diag, HF_DIAG_WARNING, rule->loc, how,
                    "'ftp-request' has no effect: no bind of '%s' carries FTP control connections.",
                    proxy->name);
    else
        hf_diag_add(diag, HF_DIAG_WARNING, rule->loc,
                    "'option ftp-inspect' in a section that uses it makes that carry FTP",
                    "'ftp-request' has no effect: no section that carries FTP control connections "
                    "uses backend '%s'.",
                    proxy->name);
}

static void check_section(const struct hf_cfg_proxy *proxy, bool met, struct hf_diag *diag)
{
    static const char how[] = "'option ftp-inspect' makes its single ports carry FTP";
    bool ftp = carries_ftp(proxy);

    if (!met)
        check_requests(proxy, how, diag);
    if (!(proxy->caps & HF_CAP_FRONTEND))
        return;
    if (ftp) {
        advise_on_tls(proxy, diag);
        advise_on_names(proxy, diag);
    }
    if (proxy->ftp_chooses_by && !ftp && proxy->binds)
        hf_diag_add(diag, HF_DIAG_WARNING, proxy->loc, how,
                    "'%s' chooses servers by %s, which is not known: no bind of it carries FTP "
                    "control connections.",
                    proxy->name, hf_conf_ftp_choice_text(proxy->ftp_chooses_by));
    if (proxy->o.ftp_greeting && !proxy->ftp_chooses_by &&
        is_own_line(proxy, proxy->o.ftp_greeting_loc))
        hf_diag_add(diag, HF_DIAG_WARNING, proxy->o.ftp_greeting_loc,
                    "it is for sections that choose servers by ftp.user, ftp.host or ftp.tls",
                    "'ftp-greeting' has no effect in '%s': clients read the greeting of their "
                    "server.",
                    proxy->name);
}

void hf_conf_check_ftp_rules(const struct hf_config *config, struct hf_diag *diag)
{
    const bool *met = find_conversations(config);
    const struct hf_cfg_proxy *proxy;

    for (proxy = config->proxies; proxy; proxy = proxy->next)
        if (!proxy->o.disabled)
            check_section(proxy, met[proxy->id], diag);
}
