/*
 * trust.c: the peer's certificate: whether it is asked for, who may have signed it, and what
 * was found wrong with it.
 */
#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#include "tls_int.h"

/* ---- whom we trust ---- */

/* A key may lie there, too; nobody asks for it. */
static int no_password(char *buf, int size, int writing, void *arg)
{
    (void)buf, (void)size, (void)writing, (void)arg;
    return -1;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Each name once, as clients read them all. */
static void add_name(STACK_OF(X509_NAME) * names, const X509_NAME *name)
{
    for (int i = 0; i < sk_X509_NAME_num(names); i++) {
        if (X509_NAME_cmp(sk_X509_NAME_value(names, i), name) == 0)
            return;
    }
    X509_NAME *copy = X509_NAME_dup(name);
    if (copy && !sk_X509_NAME_push(names, copy))
        X509_NAME_free(copy);
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), k = strlen(end);
    return n > k && strcmp(name + n - k, end) == 0;
}

struct found {
    unsigned certs, crls;
};

/* Each certificate and CRL of a text; names (NULL: nobody asks) gets whose the certificates are. */
static struct found trust_pem(X509_STORE *store, const struct hf_tls_pem *pem,
                              STACK_OF(X509_NAME) * names)
{
    BIO *bio = hf_tls_pem_bio(pem);
    STACK_OF(X509_INFO) *all = bio ? PEM_X509_INFO_read_bio(bio, NULL, no_password, NULL) : NULL;
    struct found found = {0, 0};

    for (int i = 0; i < sk_X509_INFO_num(all); i++) {
        const X509_INFO *info = sk_X509_INFO_value(all, i);
        found.certs += info->x509 && X509_STORE_add_cert(store, info->x509);
        found.crls += info->crl && X509_STORE_add_crl(store, info->crl);
        if (names && info->x509)
            add_name(names, X509_get_subject_name(info->x509));
    }
    sk_X509_INFO_pop_free(all, X509_INFO_free);
    BIO_free(bio);
    return found;
}

static enum hf_status trust_file(X509_STORE *store, const struct hf_tls_settings *settings,
                                 const char *file, const char *kind, STACK_OF(X509_NAME) * names,
                                 struct found *found, char *why)
{
    struct hf_tls_pem pem;
    enum hf_status status = hf_tls_pem_read(&pem, settings->files, file, why);

    if (status)
        return status;
    *found = trust_pem(store, &pem, names);
    if (!found->certs && !found->crls)
        status = hf_tls_why(why, "unable to load %s file '%s': %s", kind, file, hf_tls_reason());
    ERR_clear_error();
    hf_tls_pem_forget(&pem);
    return status;
}

/* The first remark is kept: it is made again with each further certificate. */
static struct hf_tls_remark *remark_on(const struct hf_tls_settings *settings, const char *file)
{
    struct hf_tls_remark *remark = settings->remark;

    if (!remark || *remark->text)
        return NULL;
    remark->file = file;
    return remark;
}

static void remark_on_folder(const struct hf_tls_settings *settings, const char *folder,
                             const char *first, unsigned n_useless)
{
    struct hf_tls_remark *remark = remark_on(settings, folder);

    if (remark && n_useless == 1)
        snprintf(remark->text, sizeof remark->text, "%s: it is passed over", first);
    else if (remark)
        snprintf(remark->text, sizeof remark->text,
                 "%s: it is passed over, and so are %u more files of the folder", first,
                 n_useless - 1);
}

static bool is_for_authorities(const char *name)
{
    return ends_in(name, ".pem") || ends_in(name, ".crt") || ends_in(name, ".cer") ||
           ends_in(name, ".crl");
}

/* What it holds under other names is not ours to judge. */
static enum hf_status trust_folder(X509_STORE *store, const struct hf_tls_settings *settings,
                                   const char *folder, char *why)
{
    DIR *dir = opendir(folder);
    char first[HF_TLS_WHY_BYTES - 80], reason[HF_TLS_WHY_BYTES];
    unsigned n = 0, n_useless = 0;
    struct found found;

    if (!dir)
        return hf_tls_why(why, "cannot read '%s': %s", folder, strerror(errno));
    for (const struct dirent *file; (file = readdir(dir));) {
        char path[4096];
        if (!is_for_authorities(file->d_name))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
        if (trust_file(store, settings, path, "CA", NULL, &found, reason) == HF_OK)
            n++;
        else if (n_useless++ == 0)
            snprintf(first, sizeof first, "%.*s", (int)sizeof first - 1, reason);
    }
    closedir(dir);
    if (n && n_useless)
        remark_on_folder(settings, folder, first, n_useless);
    return n ? HF_OK : hf_tls_why(why, "no authority's certificate is in '%s'", folder);
}

static enum hf_status trust(X509_STORE *store, const struct hf_tls_settings *settings,
                            const char *file, STACK_OF(X509_NAME) * names, char *why)
{
    struct found found;

    if (strcmp(file, "@system-ca") == 0)
        return X509_STORE_set_default_paths(store)
                   ? HF_OK
                   : hf_tls_why(why, "cannot load the system's authorities: %s", hf_tls_reason());
    if (is_folder(file))
        return trust_folder(store, settings, file, why);
    return trust_file(store, settings, file, "CA", names, &found, why);
}

/* Without the list of an authority none of its certificates is good. */
static enum hf_status use_crls(X509_STORE *store, const struct hf_tls_settings *settings, char *why)
{
    const char *file = settings->crl_file;
    struct found found = {0, 0};
    enum hf_status status = trust_file(store, settings, file, "CRL", NULL, &found, why);
    struct hf_tls_remark *remark = status || found.crls ? NULL : remark_on(settings, file);

    if (remark)
        snprintf(remark->text, sizeof remark->text,
                 "'%s' holds no CRL: certificates are refused whose authority has none in the "
                 "'ca-file' either",
                 file);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return status;
}

/* ---- what is found wrong ---- */

static bool is_ignored(const struct hf_tls_errors *errors, int error)
{
    unsigned i = (unsigned)error;
    return i < HF_TLS_N_ERRORS && errors->bits[i / 64] >> i % 64 & 1;
}

/* As HAProxy compares them: with all alternative names, and with the common names too, whether
 * there are others or not; and with addresses, as what they are. */
static bool is_for(X509 *cert, const char *name)
{
    return *name != '.' && /* else any name that ends with it */
           (X509_check_host(cert, name, 0, X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT, NULL) == 1 ||
            X509_check_ip_asc(cert, name, 0) == 1);
}

/* Asks for the name that the peer's own certificate must have, notes the first error of it and of
 * an authority, and lets pass what may. */
static int on_verify(int good, X509_STORE_CTX *store)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct hf_tls *tls = hf_tls_of(ssl);
    int depth = X509_STORE_CTX_get_error_depth(store);

    if (good && depth == 0 && tls->verify_name &&
        !is_for(X509_STORE_CTX_get_current_cert(store), tls->verify_name)) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
        good = 0;
    }
    if (good)
        return 1;
    int error = X509_STORE_CTX_get_error(store);
    if (depth > 0 && !tls->faults.ca_error) {
        tls->faults.ca_error = error;
        tls->faults.ca_depth = depth;
    } else if (depth == 0 && !tls->faults.error) {
        tls->faults.error = error;
    }
    return is_ignored(depth > 0 ? &tls->ctx->ca_ignored : &tls->ctx->crt_ignored, error);
}

/* ---- all of it ---- */

static enum hf_status trust_all(SSL_CTX *ssl, const struct hf_tls_settings *settings,
                                STACK_OF(X509_NAME) * names, char *why)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ssl);
    enum hf_status status = HF_OK;

    if (settings->ca_file)
        status = trust(store, settings, settings->ca_file, names, why);
    if (!status && settings->ca_verify_file)
        status = trust(store, settings, settings->ca_verify_file, NULL, why);
    if (!status && settings->crl_file)
        status = use_crls(store, settings, why);
    return status;
}

enum hf_status hf_tls_trust_set(SSL_CTX *ssl, const struct hf_tls_settings *settings, char *why)
{
    static const int modes[] = {
        [HF_TLS_VERIFY_NONE] = SSL_VERIFY_NONE,
        [HF_TLS_VERIFY_OPTIONAL] = SSL_VERIFY_PEER,
        [HF_TLS_VERIFY_REQUIRED] = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
    };
    SSL_CTX_set_verify(ssl, modes[settings->verify], on_verify);
    if (settings->verify == HF_TLS_VERIFY_NONE)
        return HF_OK;
    STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();
    enum hf_status status = names ? trust_all(ssl, settings, names, why)
                                  : hf_tls_why(why, "%s", hf_status_text(HF_NOMEM));
    if (status || !settings->server || settings->no_ca_names)
        sk_X509_NAME_pop_free(names, X509_NAME_free);
    else
        SSL_CTX_set_client_CA_list(ssl, names);
    return status;
}
