/*
 * ftps.c: the words of FTPS on `bind` and `server` lines, and how they go together.
 */
#include "ends.h"

#include "ftp_plan_int.h"

/* ---- what a line says ----------------------------------------------------------------------- */

struct word {
    const char *name;
    bool given;
    struct hf_loc loc;
};

/* What is promised of data connections must not be lost for want of a certificate. */
static void check_data_words(struct hf_build *b, const struct hf_cfg_bind_tls *tls)
{
    const struct word words[] = {
        {"data-tls-required", tls->data_tls_required, tls->data_tls_required_loc},
        {"data-tls-reuse", tls->data_tls_reuse, tls->data_tls_reuse_loc},
        {"data-tls-eof-lenient", tls->data_tls_eof_lenient, tls->data_tls_eof_lenient_loc},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].given)
            hf_build_error(b, words[i].loc, "add 'starttls crt FILE', or 'ssl crt FILE'",
                           "'%s' needs TLS, which this bind does not have", words[i].name);
    }
}

void hf_ends_check_bind_ftps(struct hf_build *b)
{
    struct hf_cfg_bind_tls *tls = &b->bind.tls;

    if (tls->starttls_required && !tls->starttls) {
        tls->starttls = true;
        tls->starttls_loc = tls->starttls_required_loc;
    }
    if (tls->starttls && tls->ssl)
        hf_build_error(
            b, tls->starttls_loc,
            "a port speaks TLS from its first byte ('ssl', as on port 990), or after AUTH "
            "('starttls', as on port 21): write a bind for each",
            "'starttls' and 'ssl' exclude each other");
    if (!tls->starttls && !tls->ssl)
        check_data_words(b, tls);
}

void hf_ends_check_server_ftps(struct hf_build *b, const struct hf_cfg_server *server)
{
    const struct hf_cfg_server_tls *tls = &server->o.tls;

    if (tls->starttls && tls->ssl)
        hf_build_error(b, tls->starttls_loc,
                       "its port speaks TLS from the first byte ('ssl', as on port 990), or after "
                       "AUTH ('starttls', as on port 21)",
                       "'starttls' and 'ssl' exclude each other");
    else if (tls->data_tls_eof_lenient && !tls->starttls && !tls->ssl)
        hf_diag_add(b->diag, HF_DIAG_NOTICE, tls->data_tls_eof_lenient_loc, NULL,
                    "'data-tls-eof-lenient' has no effect: server '%s' has neither 'starttls' nor "
                    "'ssl'.",
                    server->name);
}

/* ---- what the FTP plan made of it ----------------------------------------------------------- */

static void check_bind(struct hf_plan *plan, const struct hf_cfg_bind *bind)
{
    const struct hf_cfg_bind_tls *tls = &bind->tls;

    if (bind->role == HF_BIND_DATA && hf_bind_has_tls(bind))
        hf_diag_add(plan->diag, HF_DIAG_ERROR, hf_bind_tls_loc(bind),
                    "write it on the bind that carries control connections: data connections get "
                    "their TLS from there, when the client asks for it with PROT P",
                    "bind %s has FTP's data ports: '%s' cannot stand here.", bind->text,
                    tls->ssl ? "ssl" : "starttls");
    else if (bind->role == HF_BIND_PLAIN && tls->starttls)
        hf_diag_add(plan->diag, HF_DIAG_ERROR, tls->starttls_loc,
                    "remove 'no option ftp-inspect' where this is FTP, or write 'ssl' where it is "
                    "not",
                    "'starttls' is for FTP, but bind %s carries plain TCP.", bind->text);
    else if (bind->role == HF_BIND_PLAIN && tls->ssl &&
             (tls->data_tls_required || tls->data_tls_reuse || tls->data_tls_eof_lenient))
        hf_diag_add(plan->diag, HF_DIAG_ADVICE, bind->loc, "remove them, or use FTP's port 990",
                    "'data-tls-required', 'data-tls-reuse' and 'data-tls-eof-lenient' have no "
                    "effect: bind %s carries plain TCP.",
                    bind->text);
}

#define EXPLICIT_PORT 21
#define IMPLICIT_PORT 990

/* Who speaks first in the clear and who in TLS wait for each other, until one of them gives up. */
static void advise_bind_port(struct hf_plan *plan, const struct hf_cfg_bind *bind)
{
    const struct hf_cfg_bind_tls *tls = &bind->tls;

    if (bind->role != HF_BIND_CONTROL)
        return;
    if (tls->starttls && bind->port_lo == IMPLICIT_PORT)
        hf_diag_add(plan->diag, HF_DIAG_ADVICE, tls->starttls_loc,
                    "write 'ssl' here, and 'starttls' on a bind of port 21",
                    "clients speak TLS from the first byte on port 990, but with 'starttls' bind "
                    "%s waits for AUTH: they will not get in.",
                    bind->text);
    else if (tls->ssl && bind->port_lo == EXPLICIT_PORT)
        hf_diag_add(plan->diag, HF_DIAG_ADVICE, tls->ssl_loc,
                    "write 'starttls' or 'starttls-required' here, and 'ssl' on a bind of port 990",
                    "clients wait for a greeting in the clear on port 21, but with 'ssl' bind %s "
                    "waits for their TLS: they will not get in.",
                    bind->text);
}

static void advise_server_port(struct hf_plan *plan, const struct hf_cfg_server *server)
{
    const struct hf_cfg_server_tls *tls = &server->o.tls;

    if (tls->starttls && !tls->ssl && server->port == IMPLICIT_PORT)
        hf_diag_add(plan->diag, HF_DIAG_ADVICE, tls->starttls_loc,
                    "write 'ssl', or the port where it takes AUTH, which is 21",
                    "port 990 speaks TLS from the first byte, but with 'starttls' server '%s' is "
                    "expected to greet in the clear.",
                    server->name);
    else if (tls->ssl && !tls->starttls && server->port == EXPLICIT_PORT)
        hf_diag_add(plan->diag, HF_DIAG_ADVICE, tls->ssl_loc,
                    "write 'starttls', or the port where it has TLS from the start, which is 990",
                    "port 21 greets in the clear, but with 'ssl' server '%s' is expected to speak "
                    "TLS from the first byte.",
                    server->name);
}

static void advise_ports(struct hf_plan *plan, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_bind *bind;
    const struct hf_cfg_server *server;

    for (bind = proxy->binds; bind; bind = bind->next)
        advise_bind_port(plan, bind);
    for (server = proxy->servers; server; server = server->next)
        advise_server_port(plan, server);
}

/* Sessions that are not looked into cannot be brought to TLS. */
static void check_servers(struct hf_plan *plan, const struct hf_cfg_bind *bind)
{
    const struct hf_cfg_proxy *proxy = bind->proxy;

    for (unsigned i = 0; i < proxy->n_reach; i++) {
        const struct hf_cfg_server_tls *tls = &proxy->reach[i]->o.tls;
        if (bind->opaque && !bind->derived && (tls->ssl || tls->starttls))
            hf_diag_add(plan->diag, HF_DIAG_ERROR, tls->ssl ? tls->ssl_loc : tls->starttls_loc,
                        "write 'ssl crt FILE' on the bind to end the clients' TLS here, or another "
                        "section for port 990",
                        "server '%s' has '%s', but bind %s passes on the clients' own TLS.",
                        proxy->reach[i]->name, tls->ssl ? "ssl" : "starttls", bind->text);
        else if (bind->role == HF_BIND_PLAIN && tls->starttls)
            hf_diag_add(plan->diag, HF_DIAG_ERROR, tls->starttls_loc,
                        "write 'option ftp-inspect' into the section if it is FTP, else remove "
                        "'starttls'",
                        "server '%s' has 'starttls', but bind %s leads plain TCP to it.",
                        proxy->reach[i]->name, bind->text);
    }
}

void hf_plan_check_tls(struct hf_plan *plan, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_bind *bind;

    for (bind = proxy->binds; bind; bind = bind->next) {
        check_bind(plan, bind);
        check_servers(plan, bind);
    }
    advise_ports(plan, proxy);
}
