/*
 * tls_cert.c: one SSL_CTX: a certificate and the rules that its connections keep.
 *
 * Every failure has a sentence that says which file or word is wrong.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tls_int.h"

/* What just failed, in words: the system's where it was a file, else OpenSSL's last ones. */
static const char *reason(void)
{
    const char *text = "no reason known";
    for (unsigned long error; (error = ERR_get_error());) {
        if (ERR_SYSTEM_ERROR(error)) {
            text = strerror(ERR_GET_REASON(error));
            ERR_clear_error();
        } else if (ERR_reason_error_string(error)) {
            text = ERR_reason_error_string(error);
        }
    }
    return text;
}

/* ---- certificate and key ---- */

/* Nobody is there to type it. */
static int no_password(char *buf, int size, int writing, void *arg)
{
    (void)buf, (void)size, (void)writing, (void)arg;
    return -1;
}

static bool is_error(unsigned long error, int lib, int code)
{
    return ERR_GET_LIB(error) == lib && ERR_GET_REASON(error) == code;
}

static EVP_PKEY *read_key(const char *file)
{
    BIO *bio = BIO_new_file(file, "r");
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    return key;
}

/* The certificate of `file` that the key is for: 1 is the first one; 0: none. */
static unsigned place_of_owner(const char *file, const EVP_PKEY *key)
{
    BIO *bio = key ? BIO_new_file(file, "r") : NULL;
    unsigned n = 0;
    bool found = false;
    for (X509 *x509; bio && !found && (x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL)); n++) {
        found = X509_check_private_key(x509, key) == 1;
        X509_free(x509);
    }
    BIO_free(bio);
    return found ? n : 0;
}

static enum hf_status wrong_key(const char *file, const struct hf_tls_cert *cert, char *why)
{
    EVP_PKEY *key = read_key(file);
    unsigned place = place_of_owner(cert->file, key);
    EVP_PKEY_free(key);
    ERR_clear_error();
    if (place > 1)
        return hf_tls_why(
            why,
            "the private key in '%s' is for certificate %u of '%s', not for the first: "
            "put its certificate first, the chain behind it",
            file, place, cert->file);
    return hf_tls_why(why, "the private key in '%s' does not match the certificate in '%s'", file,
                      cert->file);
}

/* OpenSSL keeps a place for each kind of key: one of another kind than the certificate's leaves
 * that without a key and makes its own, empty place the current one, and is no error to it. */
static bool use_key(SSL_CTX *ssl, const char *file, const X509 *owner)
{
    return SSL_CTX_use_PrivateKey_file(ssl, file, SSL_FILETYPE_PEM) == 1 &&
           SSL_CTX_get0_certificate(ssl) == owner;
}

/* No error is another kind of key, see above. */
static bool is_mismatch(unsigned long error)
{
    return !error || is_error(error, ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH) ||
           is_error(error, ERR_LIB_X509, X509_R_KEY_TYPE_MISMATCH);
}

static enum hf_status load_key(SSL_CTX *ssl, const struct hf_tls_cert *cert, char *why)
{
    const char *file = cert->file;
    const X509 *owner = SSL_CTX_get0_certificate(ssl);
    bool done = use_key(ssl, file, owner);
    if (!done && cert->key_file && !is_mismatch(ERR_peek_last_error())) {
        ERR_clear_error();
        file = cert->key_file;
        done = use_key(ssl, file, owner);
    }
    if (done)
        return HF_OK;
    if (is_mismatch(ERR_peek_last_error()))
        return wrong_key(file, cert, why);
    return hf_tls_why(why, "cannot load a private key from '%s': %s", file, reason());
}

static enum hf_status load_cert(struct hf_tls_ctx *ctx, SSL_CTX *ssl,
                                const struct hf_tls_cert *cert, char *why)
{
    for (; cert; cert = cert->with) {
        if (SSL_CTX_use_certificate_chain_file(ssl, cert->file) != 1)
            return hf_tls_why(why, "cannot load a certificate from '%s': %s", cert->file, reason());
        ERR_clear_error();
        enum hf_status status = load_key(ssl, cert, why);
        if (status)
            return status;
        if (hf_tls_cert_tell(ctx, cert->file, SSL_CTX_get0_certificate(ssl)) != HF_OK)
            return hf_tls_why(why, "cannot keep what '%s' says", cert->file);
    }
    return HF_OK;
}

/* ---- Diffie-Hellman ---- */

static EVP_PKEY *read_dh(const char *file)
{
    BIO *bio = BIO_new_file(file, "r");
    EVP_PKEY *dh = bio ? PEM_read_bio_Parameters(bio, NULL) : NULL;
    BIO_free(bio);
    if (dh && !EVP_PKEY_is_a(dh, "DH") && !EVP_PKEY_is_a(dh, "DHX")) {
        EVP_PKEY_free(dh);
        dh = NULL;
    }
    return dh;
}

/* The certificate's file may bring its own. */
static enum hf_status set_dh(SSL_CTX *ssl, const struct hf_tls_settings *settings,
                             const struct hf_tls_cert *cert, char *why)
{
    EVP_PKEY *dh = cert ? read_dh(cert->file) : NULL;
    if (!dh && settings->dh_file) {
        dh = read_dh(settings->dh_file);
        if (!dh)
            return hf_tls_why(why, "cannot load DH parameters from '%s'", settings->dh_file);
    }
    ERR_clear_error();
    if (!dh)
        SSL_CTX_set_dh_auto(ssl, 1);
    else if (!SSL_CTX_set0_tmp_dh_pkey(ssl, dh)) {
        EVP_PKEY_free(dh);
        return hf_tls_why(why, "cannot use the DH parameters: %s", reason());
    }
    return HF_OK;
}

/* ---- versions, ciphers, curves ---- */

static enum hf_status set_versions(SSL_CTX *ssl, const struct hf_tls_settings *settings, char *why)
{
    static const struct {
        int version;
        uint64_t option;
    } left_out[] = {
        {HF_TLS_1_0, SSL_OP_NO_TLSv1},
        {HF_TLS_1_1, SSL_OP_NO_TLSv1_1},
        {HF_TLS_1_2, SSL_OP_NO_TLSv1_2},
        {HF_TLS_1_3, SSL_OP_NO_TLSv1_3},
    };
    int oldest = settings->min_version ? settings->min_version : HF_TLS_1_2;
    if (settings->max_version && settings->max_version < oldest && !settings->min_version)
        oldest = settings->max_version;
    if (!SSL_CTX_set_min_proto_version(ssl, oldest) ||
        !SSL_CTX_set_max_proto_version(ssl, settings->max_version))
        return hf_tls_why(why, "cannot set the versions of TLS: %s", reason());
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
        if (settings->no_versions & 1u << (left_out[i].version & 15))
            SSL_CTX_set_options(ssl, left_out[i].option);
    return HF_OK;
}

static int curves_index;
static pthread_once_t curves_once = PTHREAD_ONCE_INIT;

static void free_curves(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long number,
                        void *arg)
{
    (void)parent, (void)all, (void)index, (void)number, (void)arg;
    free(data);
}

static void make_curves_index(void)
{
    curves_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_curves);
}

const char *hf_tls_cert_curves(const SSL_CTX *ssl)
{
    pthread_once(&curves_once, make_curves_index);
    return SSL_CTX_get_ex_data(ssl, curves_index);
}

/* A connection that moves here later (tls_ctx.c) must be told them once more. */
static bool set_curves(SSL_CTX *ssl, const char *curves)
{
    char *copy = strdup(curves);
    pthread_once(&curves_once, make_curves_index);
    if (copy && SSL_CTX_set1_curves_list(ssl, curves) &&
        SSL_CTX_set_ex_data(ssl, curves_index, copy))
        return true;
    free(copy);
    return false;
}

static enum hf_status set_signatures(SSL_CTX *ssl, const struct hf_tls_settings *settings,
                                     char *why)
{
    const char *own = settings->sigalgs, *clients = settings->client_sigalgs;
    if (own && !SSL_CTX_set1_sigalgs_list(ssl, own))
        return hf_tls_why(why, "unable to set signature algorithms to '%s': %s", own, reason());
    if (clients && !SSL_CTX_set1_client_sigalgs_list(ssl, clients))
        return hf_tls_why(why, "unable to set clients' signature algorithms to '%s': %s", clients,
                          reason());
    return HF_OK;
}

static enum hf_status set_ciphers(SSL_CTX *ssl, const struct hf_tls_settings *settings, char *why)
{
    if (settings->ciphers && !SSL_CTX_set_cipher_list(ssl, settings->ciphers))
        return hf_tls_why(why, "unable to set SSL cipher list to '%s': %s", settings->ciphers,
                          reason());
    if (settings->ciphersuites && !SSL_CTX_set_ciphersuites(ssl, settings->ciphersuites))
        return hf_tls_why(why, "unable to set TLS 1.3 cipher suites to '%s': %s",
                          settings->ciphersuites, reason());
    if (settings->curves && !set_curves(ssl, settings->curves))
        return hf_tls_why(why, "unable to set SSL curves list to '%s': %s", settings->curves,
                          reason());
    return set_signatures(ssl, settings, why);
}

/* ---- ALPN ---- */

struct alpn {
    bool strict;
    unsigned size;
    unsigned char wire[];
};

static int alpn_index;
static pthread_once_t alpn_once = PTHREAD_ONCE_INIT;

static void free_alpn(void *parent, void *data, CRYPTO_EX_DATA *all, int index, long number,
                      void *arg)
{
    (void)parent, (void)all, (void)index, (void)number, (void)arg;
    free(data);
}

static void make_alpn_index(void)
{
    alpn_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_alpn);
}

/* "a,bc" as on the wire: each name behind its length. */
static struct alpn *parse_alpn(const char *text, bool strict)
{
    struct alpn *alpn = calloc(1, sizeof *alpn + strlen(text) + 1);
    if (!alpn)
        return NULL;
    alpn->strict = strict;
    while (*text) {
        size_t n = strcspn(text, ",");
        if (n == 0 || n > 255) {
            free(alpn);
            return NULL;
        }
        alpn->wire[alpn->size++] = (unsigned char)n;
        memcpy(alpn->wire + alpn->size, text, n);
        alpn->size += (unsigned)n;
        text += n + (text[n] == ',');
    }
    return alpn;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                   const unsigned char *offered, unsigned offered_size, void *arg)
{
    const struct alpn *alpn = arg;
    unsigned char *chosen;
    (void)ssl;
    if (SSL_select_next_proto(&chosen, out_size, alpn->wire, alpn->size, offered, offered_size) ==
        OPENSSL_NPN_NEGOTIATED) {
        *out = chosen;
        return SSL_TLSEXT_ERR_OK;
    }
    return alpn->strict ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

enum hf_status hf_tls_cert_offer(SSL *ssl, const char *protocols)
{
    struct alpn *alpn = parse_alpn(protocols, false);
    bool done = alpn && SSL_set_alpn_protos(ssl, alpn->wire, alpn->size) == 0;
    free(alpn);
    return done ? HF_OK : HF_INVALID;
}

static enum hf_status set_alpn(SSL_CTX *ssl, const struct hf_tls_settings *settings, char *why)
{
    if (!settings->alpn || !*settings->alpn)
        return HF_OK;
    pthread_once(&alpn_once, make_alpn_index);
    struct alpn *alpn = parse_alpn(settings->alpn, settings->alpn_strict);
    if (!alpn || !SSL_CTX_set_ex_data(ssl, alpn_index, alpn)) {
        free(alpn);
        return hf_tls_why(why, "'%s' is no list of ALPN protocols", settings->alpn);
    }
    if (settings->server)
        SSL_CTX_set_alpn_select_cb(ssl, on_alpn, alpn);
    else if (SSL_CTX_set_alpn_protos(ssl, alpn->wire, alpn->size) != 0)
        return hf_tls_why(why, "cannot set the ALPN protocols");
    return HF_OK;
}

/* ---- the peer's certificate ---- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), k = strlen(end);
    return n > k && strcmp(name + n - k, end) == 0;
}

static enum hf_status trust_folder(X509_STORE *store, const char *folder, char *why)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return hf_tls_why(why, "unable to load CA file. '%s': %s", folder, strerror(errno));
    unsigned n = 0;
    for (const struct dirent *file; (file = readdir(dir));) {
        char path[4096];
        if (!ends_in(file->d_name, ".pem") && !ends_in(file->d_name, ".crt") &&
            !ends_in(file->d_name, ".cer") && !ends_in(file->d_name, ".crl"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
        n += X509_STORE_load_file(store, path) == 1;
    }
    closedir(dir);
    return n ? HF_OK : hf_tls_why(why, "no authority's certificate is in '%s'", folder);
}

static enum hf_status trust(X509_STORE *store, const char *file, char *why)
{
    if (strcmp(file, "@system-ca") == 0)
        return X509_STORE_set_default_paths(store)
                   ? HF_OK
                   : hf_tls_why(why, "cannot load the system's authorities: %s", reason());
    if (is_folder(file))
        return trust_folder(store, file, why);
    if (X509_STORE_load_file(store, file) == 1)
        return HF_OK;
    return hf_tls_why(why, "unable to load CA file '%s': %s", file, reason());
}

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

static enum hf_status set_verify(SSL_CTX *ssl, const struct hf_tls_settings *settings, char *why)
{
    static const int modes[] = {
        [HF_TLS_VERIFY_NONE] = SSL_VERIFY_NONE,
        [HF_TLS_VERIFY_OPTIONAL] = SSL_VERIFY_PEER,
        [HF_TLS_VERIFY_REQUIRED] = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
    };
    X509_STORE *store = SSL_CTX_get_cert_store(ssl);
    enum hf_status status = HF_OK;
    SSL_CTX_set_verify(ssl, modes[settings->verify], on_verify);
    if (settings->verify == HF_TLS_VERIFY_NONE)
        return HF_OK;
    if (settings->ca_file)
        status = trust(store, settings->ca_file, why);
    if (!status && settings->ca_verify_file)
        status = trust(store, settings->ca_verify_file, why);
    if (!status && settings->crl_file) {
        if (X509_STORE_load_file(store, settings->crl_file) != 1)
            return hf_tls_why(why, "unable to load CRL file '%s': %s", settings->crl_file,
                              reason());
        X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    }
    if (!status && settings->server && settings->ca_file && !settings->no_ca_names &&
        !is_folder(settings->ca_file) && settings->ca_file[0] != '@')
        SSL_CTX_set_client_CA_list(ssl, SSL_load_client_CA_file(settings->ca_file));
    return status;
}

/* ---- sessions ---- */

static void add_text(EVP_MD_CTX *digest, const char *text)
{
    EVP_DigestUpdate(digest, text ? text : "", text ? strlen(text) + 1 : 1);
}

/* A session skips the client's certificate: it is resumed only where the same would be asked for.
 */
static enum hf_status set_context(SSL_CTX *ssl, const struct hf_tls_settings *settings, char *why)
{
    unsigned char id[EVP_MAX_MD_SIZE], cert_id[EVP_MAX_MD_SIZE];
    unsigned size = 0, cert_bytes = 0;
    const X509 *cert = SSL_CTX_get0_certificate(ssl);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool done = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
                (!cert || X509_digest(cert, EVP_sha256(), cert_id, &cert_bytes) == 1);
    if (done) {
        EVP_DigestUpdate(digest, cert_id, cert_bytes);
        EVP_DigestUpdate(digest, &settings->verify, sizeof settings->verify);
        add_text(digest, settings->ca_file);
        add_text(digest, settings->ca_verify_file);
        add_text(digest, settings->crl_file);
        done = EVP_DigestFinal_ex(digest, id, &size) == 1 &&
               SSL_CTX_set_session_id_context(ssl, id, size) == 1;
    }
    EVP_MD_CTX_free(digest);
    return done ? HF_OK : hf_tls_why(why, "cannot prepare TLS sessions: %s", reason());
}

/* ---- all of it ---- */

static void set_modes(SSL_CTX *ssl, const struct hf_tls_settings *settings)
{
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ssl, 1);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    if (settings->server && !settings->prefer_client_ciphers)
        SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
    if (settings->no_tickets)
        SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
    if (settings->record_bytes)
        SSL_CTX_set_max_send_fragment(ssl, settings->record_bytes);
    if (settings->security_level)
        SSL_CTX_set_security_level(ssl, *settings->security_level);
    SSL_CTX_set_default_passwd_cb(ssl, no_password);
}

enum hf_status hf_tls_cert_new(struct hf_tls_ctx *ctx, const struct hf_tls_settings *settings,
                               const struct hf_tls_cert *cert, char *why, SSL_CTX **out)
{
    SSL_CTX *ssl = SSL_CTX_new(settings->server ? TLS_server_method() : TLS_client_method());
    if (!ssl)
        return hf_tls_why(why, "%s", reason());
    ERR_clear_error();
    set_modes(ssl, settings);
    enum hf_status status = set_versions(ssl, settings, why);
    if (!status)
        status = set_ciphers(ssl, settings, why);
    if (!status && cert)
        status = load_cert(ctx, ssl, cert, why);
    if (!status && settings->server)
        status = set_dh(ssl, settings, cert, why);
    if (!status)
        status = set_alpn(ssl, settings, why);
    if (!status)
        status = set_verify(ssl, settings, why);
    if (!status && settings->server)
        status = set_context(ssl, settings, why);
    if (status)
        SSL_CTX_free(ssl);
    else
        *out = ssl;
    return status;
}
