/*
 * bond.c: which sessions a connection resumes.
 *
 * FTP's data connections resume their control connection's session: servers demand it, and it is
 * how we know a client again.  Toward clients the bond's id is the sessions' context, which OpenSSL
 * puts into tickets and compares; toward servers the bond keeps what tickets came.  Other
 * connections to a server resume the newest session of their context.
 */
#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "tls_int.h"

/* A control connection may last for days, and its data connections resume its first session. */
#define BOND_LIFETIME_S (7L * 24 * 3600)

struct hf_tls_bond *hf_tls_bond_new(void)
{
    struct hf_tls_bond *bond = calloc(1, sizeof *bond);
    if (!bond)
        return NULL;
    if (RAND_bytes(bond->id, sizeof bond->id) != 1) {
        free(bond);
        return NULL;
    }
    bond->users = 1;
    return bond;
}

void hf_tls_bond_put(struct hf_tls_bond *bond)
{
    if (!bond || --bond->users > 0)
        return;
    for (unsigned i = 0; i < bond->n_sessions; i++)
        SSL_SESSION_free(bond->sessions[i]);
    free(bond);
}

/* ---- toward clients ---- */

static enum hf_status apply_as_server(struct hf_tls *tls)
{
    if (!tls->bond)
        return HF_OK;
    if (!SSL_set_session_id_context(tls->ssl, tls->bond->id, sizeof tls->bond->id))
        return HF_FAILED;
    if (tls->is_data && !SSL_set_num_tickets(tls->ssl, 0))
        return HF_FAILED;
    return HF_OK;
}

/* Whoever came to a data port first may have been somebody else than the client, and must not pass
 * for it the next time. */
static bool proves_nothing(const struct hf_tls *tls)
{
    return tls->is_data && !SSL_session_reused(tls->ssl);
}

/* Written into a ticket. */
static const char no_proof[] = "data";

int hf_tls_bond_ticket(SSL *ssl, void *arg)
{
    (void)arg;
    if (proves_nothing(hf_tls_of(ssl)))
        return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), no_proof, sizeof no_proof);
    if (hf_tls_of(ssl)->bond)
        SSL_SESSION_set_timeout(SSL_get_session(ssl), BOND_LIFETIME_S);
    return 1;
}

SSL_TICKET_RETURN hf_tls_bond_ticket_read(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                          size_t size, SSL_TICKET_STATUS status, void *arg)
{
    void *mark = NULL;
    size_t mark_bytes = 0;
    (void)ssl, (void)name, (void)size, (void)arg;
    if (session && SSL_SESSION_get0_ticket_appdata(session, &mark, &mark_bytes) && mark_bytes)
        return SSL_TICKET_RETURN_IGNORE;
    switch (status) {
    case SSL_TICKET_SUCCESS:
        return SSL_TICKET_RETURN_USE;
    case SSL_TICKET_SUCCESS_RENEW:
        return SSL_TICKET_RETURN_USE_RENEW;
    default:
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
}

/* Done at once, as a connection that is about to send a ticket cannot be shut down.  What the
 * socket does not take waits; how it broke, if it did, is told by the next call. */
void hf_tls_give_ticket(struct hf_tls *control)
{
    if (!control->ctx->server || !control->ready || control->shut || control->end)
        return;
    ERR_clear_error();
    if (SSL_new_session_ticket(control->ssl) == 1)
        (void)SSL_do_handshake(control->ssl);
}

/* ---- toward servers ---- */

static bool is_single_use(const SSL_SESSION *session)
{
    return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

/* OpenSSL declares a session dead for its own reasons (a ticket of TLS 1.3 that was used, a
 * connection that broke); so each connection gets a copy. */
static enum hf_status offer(struct hf_tls *tls, SSL_SESSION *session)
{
    SSL_SESSION *copy = SSL_SESSION_dup(session);
    bool done = copy && SSL_set_session(tls->ssl, copy);
    SSL_SESSION_free(copy);
    return done ? HF_OK : HF_NOMEM;
}

static enum hf_status offer_bond(struct hf_tls *tls)
{
    struct hf_tls_bond *bond = tls->bond;
    if (bond->n_sessions == 0)
        return HF_OK;
    SSL_SESSION *newest = bond->sessions[bond->n_sessions - 1];
    enum hf_status status = offer(tls, newest);
    if (bond->n_sessions > 1 && is_single_use(newest)) {
        bond->n_sessions--;
        SSL_SESSION_free(newest);
    }
    return status;
}

static bool same_name(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static enum hf_status offer_memory(struct hf_tls *tls)
{
    struct hf_tls_memory *memory = &tls->ctx->memory;
    SSL_SESSION *session = NULL;
    pthread_mutex_lock(&memory->lock);
    if (memory->session && same_name(memory->name, tls->name)) {
        session = memory->session;
        SSL_SESSION_up_ref(session);
    }
    pthread_mutex_unlock(&memory->lock);
    if (!session)
        return HF_OK;
    enum hf_status status = offer(tls, session);
    SSL_SESSION_free(session);
    return status;
}

static enum hf_status apply_as_client(struct hf_tls *tls)
{
    if (tls->is_data)
        return offer_bond(tls);
    return tls->bond || tls->fresh || !tls->ctx->reuse ? HF_OK : offer_memory(tls);
}

static void keep_in_bond(struct hf_tls_bond *bond, SSL_SESSION *session)
{
    if (bond->n_sessions == HF_TLS_BOND_SESSIONS) {
        SSL_SESSION_free(bond->sessions[0]);
        bond->n_sessions--;
        memmove(bond->sessions, bond->sessions + 1, bond->n_sessions * sizeof *bond->sessions);
    }
    bond->sessions[bond->n_sessions++] = session;
}

static bool keep_in_memory(struct hf_tls *tls, SSL_SESSION *session)
{
    struct hf_tls_memory *memory = &tls->ctx->memory;
    char *name = tls->name ? strdup(tls->name) : NULL;
    if (tls->name && !name)
        return false;
    pthread_mutex_lock(&memory->lock);
    SSL_SESSION *old = memory->session;
    char *old_name = memory->name;
    memory->session = session;
    memory->name = name;
    pthread_mutex_unlock(&memory->lock);
    SSL_SESSION_free(old);
    free(old_name);
    return true;
}

/* 1: the session is ours now. */
int hf_tls_bond_keep(SSL *ssl, SSL_SESSION *session)
{
    struct hf_tls *tls = hf_tls_of(ssl);
    if (tls->ctx->server) {
        if (proves_nothing(tls))
            SSL_CTX_remove_session(tls->ctx->ssl, session);
        else if (tls->bond)
            SSL_SESSION_set_timeout(session, BOND_LIFETIME_S);
        return 0;
    }
    if (tls->bond) {
        keep_in_bond(tls->bond, session);
        return 1;
    }
    return tls->ctx->reuse && !tls->fresh && keep_in_memory(tls, session);
}

enum hf_status hf_tls_bond_apply(struct hf_tls *tls)
{
    return tls->ctx->server ? apply_as_server(tls) : apply_as_client(tls);
}
