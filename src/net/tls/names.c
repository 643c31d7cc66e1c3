/*
 * names.c: which certificate is for which server name.
 *
 * A name matches as it is, else by the wildcard of its first label; a certificate with an exception
 * for a name ("!a.b") is not found by its wildcard.  Of several, a client that can use ECDSA gets
 * the first with such a key, others the first with RSA; where that tells nothing, the first that
 * was added.
 */
#include <ctype.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <uthash.h>

#include "tls_int.h"

#define MOST_BYTES 255u /* of a name; RFC 1035, 2.3.4 */

struct holder {
    struct holder *next;
    SSL_CTX *ssl;
    bool ecdsa, rsa; /* kinds of its keys */
};

struct name {
    UT_hash_handle hh;
    struct holder *certs;  /* in the order they came */
    struct holder *except; /* those with an exception for this name */
    char text[];           /* lower case; "*.b" for wildcards */
};

struct hf_tls_names {
    struct name *names;
    const SSL_CTX *first;     /* the certificate that was added first */
    const struct name *usual; /* its first name; NULL: none */
};

enum hf_status hf_tls_names_new(struct hf_tls_names **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? HF_OK : HF_NOMEM;
}

static void free_holders(struct holder *holder)
{
    while (holder) {
        struct holder *next = holder->next;
        SSL_CTX_free(holder->ssl);
        free(holder);
        holder = next;
    }
}

void hf_tls_names_free(struct hf_tls_names *names)
{
    struct name *name, *next;
    if (!names)
        return;
    HASH_ITER(hh, names->names, name, next)
    {
        HASH_DEL(names->names, name);
        free_holders(name->certs);
        free_holders(name->except);
        free(name);
    }
    free(names);
}

/* ---- adding ---- */

static struct name *find(const struct hf_tls_names *names, const char *text, size_t size)
{
    struct name *name;
    HASH_FIND(hh, names->names, text, size, name);
    return name;
}

static struct name *find_or_add(struct hf_tls_names *names, const char *text, size_t size)
{
    char lower[MOST_BYTES];
    if (size == 0 || size > MOST_BYTES)
        return NULL;
    for (size_t i = 0; i < size; i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    struct name *name = find(names, lower, size);
    if (name)
        return name;
    name = calloc(1, sizeof *name + size + 1);
    if (!name)
        return NULL;
    memcpy(name->text, lower, size);
    HASH_ADD_KEYPTR(hh, names->names, name->text, size, name);
    return name;
}

/* A bundle has several; OpenSSL chooses among them. */
static void find_kinds(struct holder *holder)
{
    for (int more = SSL_CTX_set_current_cert(holder->ssl, SSL_CERT_SET_FIRST); more == 1;
         more = SSL_CTX_set_current_cert(holder->ssl, SSL_CERT_SET_NEXT)) {
        X509 *cert = SSL_CTX_get0_certificate(holder->ssl);
        const EVP_PKEY *key = cert ? X509_get0_pubkey(cert) : NULL;
        holder->ecdsa = holder->ecdsa || (key && EVP_PKEY_is_a(key, "EC"));
        holder->rsa = holder->rsa || (key && EVP_PKEY_is_a(key, "RSA"));
    }
    (void)SSL_CTX_set_current_cert(holder->ssl, SSL_CERT_SET_FIRST);
}

static bool holds(const struct holder *list, const SSL_CTX *ssl)
{
    while (list && list->ssl != ssl)
        list = list->next;
    return list;
}

static enum hf_status add(struct hf_tls_names *names, const char *text, size_t size, SSL_CTX *ssl)
{
    bool excluded = size && *text == '!';
    struct name *name = find_or_add(names, text + excluded, size - excluded);
    if (!name)
        return size - excluded && size - excluded <= MOST_BYTES ? HF_NOMEM : HF_OK;
    struct holder **list = excluded ? &name->except : &name->certs;
    if (holds(*list, ssl))
        return HF_OK;
    while (*list)
        list = &(*list)->next;
    *list = calloc(1, sizeof **list);
    if (!*list)
        return HF_NOMEM;
    SSL_CTX_up_ref(ssl);
    (*list)->ssl = ssl;
    find_kinds(*list);
    if (!excluded && !names->usual && ssl == names->first)
        names->usual = name;
    return HF_OK;
}

static enum hf_status add_alternatives(struct hf_tls_names *names, X509 *x509, SSL_CTX *ssl)
{
    GENERAL_NAMES *list = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    enum hf_status status = HF_OK;
    for (int i = 0; !status && i < sk_GENERAL_NAME_num(list); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(list, i);
        if (name->type == GEN_DNS)
            status = add(names, (const char *)ASN1_STRING_get0_data(name->d.dNSName),
                         (size_t)ASN1_STRING_length(name->d.dNSName), ssl);
    }
    GENERAL_NAMES_free(list);
    return status;
}

static enum hf_status add_common_names(struct hf_tls_names *names, X509 *x509, SSL_CTX *ssl)
{
    X509_NAME *subject = X509_get_subject_name(x509);
    enum hf_status status = HF_OK;
    int i = -1;
    while (!status && (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0) {
        const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));
        status = add(names, (const char *)ASN1_STRING_get0_data(text),
                     (size_t)ASN1_STRING_length(text), ssl);
    }
    return status;
}

static bool names_itself(const struct hf_tls_cert *cert)
{
    for (unsigned i = 0; i < cert->n_names; i++)
        if (cert->names[i][0] != '!')
            return false;
    return true;
}

enum hf_status hf_tls_names_add(struct hf_tls_names *names, const struct hf_tls_cert *cert,
                                SSL_CTX *ssl)
{
    enum hf_status status = HF_OK;
    if (!names->first)
        names->first = ssl;
    for (unsigned i = 0; !status && i < cert->n_names; i++)
        status = add(names, cert->names[i], strlen(cert->names[i]), ssl);
    X509 *x509 = SSL_CTX_get0_certificate(ssl);
    if (!status && x509 && names_itself(cert))
        status = add_alternatives(names, x509, ssl);
    if (!status && x509 && names_itself(cert))
        status = add_common_names(names, x509, ssl);
    return status;
}

/* ---- finding ---- */

/* `except`: these do not count. */
static SSL_CTX *choose(const struct holder *list, const struct holder *except, bool ecdsa)
{
    SSL_CTX *first = NULL, *rsa = NULL;
    for (; list; list = list->next) {
        if (holds(except, list->ssl))
            continue;
        if (ecdsa && list->ecdsa)
            return list->ssl;
        if (!rsa && list->rsa)
            rsa = list->ssl;
        if (!first)
            first = list->ssl;
    }
    return rsa ? rsa : first;
}

SSL_CTX *hf_tls_names_usual(const struct hf_tls_names *names, bool ecdsa)
{
    return names->usual ? choose(names->usual->certs, NULL, ecdsa) : NULL;
}

SSL_CTX *hf_tls_names_find(const struct hf_tls_names *names, const char *text, size_t size,
                           bool ecdsa)
{
    char lower[MOST_BYTES + 1] = "*";
    if (size == 0 || size > MOST_BYTES)
        return NULL;
    for (size_t i = 0; i < size; i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    const struct name *exact = find(names, lower, size);
    if (exact && exact->certs)
        return choose(exact->certs, NULL, ecdsa);
    const char *dot = memchr(lower, '.', size);
    if (!dot || dot == lower)
        return NULL;
    size_t label = (size_t)(dot - lower);
    lower[label - 1] = '*';
    const struct name *wild = find(names, lower + label - 1, size - label + 1);
    return wild ? choose(wild->certs, exact ? exact->except : NULL, ecdsa) : NULL;
}
