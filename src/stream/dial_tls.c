/*
 * dial_tls.c: TLS to the server, as its line says.
 */
#include "dial_int.h"

#include <string.h>

#include "haftp/conf/load.h"
#include "haftp/log/log.h"
#include "haftp/state/tls.h"
#include "haftp/stream/rules.h"

#define SNI_BYTES 256u

/* The name that the server's certificate is asked for by; NULL: none.  Valid as long as `eval`. */
static const char *name_of_server(const struct hf_session *session, struct hf_eval *eval,
                                  char name[SNI_BYTES])
{
    const struct hf_expr *expr = session->server->cfg->o.sni_expr;
    struct hf_sample sample;

    hf_rules_prepare(eval, (struct hf_session *)session, session->facts.backend->cfg);
    if (!expr || hf_expr_eval(expr, eval, &sample) != HF_TRUE ||
        !hf_sample_cast(&sample, HF_TYPE_STR, eval) || sample.bytes.n == 0 ||
        sample.bytes.n >= SNI_BYTES)
        return NULL;
    memcpy(name, sample.bytes.p, sample.bytes.n);
    name[sample.bytes.n] = '\0';
    return name;
}

enum hf_status hf_dial_new_tls(struct hf_session *session, bool for_data, struct hf_tls **out)
{
    const struct hf_cfg_server *cfg = session->server->cfg;
    struct hf_eval eval;
    char name[SNI_BYTES];
    struct hf_tls_options options = {
        .name = name_of_server(session, &eval, name),
        .for_data = for_data,
    };

    if (hf_config_verifies(session->engine->runtime->config, &cfg->o))
        options.verify_name = options.name ? options.name : cfg->o.tls.verifyhost;
    return hf_tls_begin_mt(cfg->tls_site, &options, out);
}

static enum hf_status begin_tls(struct hf_dial *dial)
{
    enum hf_status status = hf_dial_new_tls(dial->session, false, &dial->tls);
    if (status == HF_OK) {
        hf_tls_use(dial->tls, dial->watch);
        dial->session->facts.back_tls = dial->tls;
    }
    return status;
}

static void tell_tls_failure(const struct hf_dial *dial)
{
    static struct hf_log_limit limit;
    const struct hf_server *server = dial->session->server;
    unsigned suppressed;

    if (hf_log_allowed_mt(&limit, 5, &suppressed))
        hf_log_event_mt(server->proxy, HF_LEVEL_ERR,
                        "%s/%s: TLS handshake with the server failed: %s", server->proxy->cfg->name,
                        server->cfg->name, hf_tls_error(dial->tls));
}

bool hf_dial_is_secure(struct hf_dial *dial)
{
    enum hf_status status = HF_OK;

    if (!dial->speaks_tls || !dial->session->server->cfg->o.tls.ssl)
        return true;
    if (!dial->tls)
        status = begin_tls(dial);
    if (status != HF_OK) {
        hf_dial_again(dial, HF_REASON_RESOURCE);
        return false;
    }
    status = hf_tls_handshake(dial->tls);
    if (status != HF_OK && status != HF_AGAIN) {
        tell_tls_failure(dial);
        hf_dial_again(dial, HF_REASON_TLS_SERVER);
    }
    return status == HF_OK;
}

struct hf_tls *hf_dial_take_tls(struct hf_dial *dial)
{
    struct hf_tls *tls = dial->tls;
    dial->tls = NULL;
    return tls;
}

void hf_dial_drop_tls(struct hf_dial *dial)
{
    hf_tls_free(dial->tls);
    dial->tls = NULL;
    dial->session->facts.back_tls = NULL;
}
