/*
 * cert_info.c: what people want to know of a context's certificates: whose, and until when.
 */
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tls_int.h"

static bool add_text(char *out, const ASN1_STRING *text)
{
    int n = text ? ASN1_STRING_length(text) : 0;
    if (n <= 0 || (size_t)n >= HF_TLS_CERT_NAME_BYTES)
        return false;
    memcpy(out, ASN1_STRING_get0_data(text), (size_t)n);
    out[n] = '\0';
    return true;
}

static bool first_alternative(const X509 *x509, char *out)
{
    GENERAL_NAMES *list = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    for (int i = 0; !found && i < sk_GENERAL_NAME_num(list); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(list, i);
        found = name->type == GEN_DNS && add_text(out, name->d.dNSName);
    }
    GENERAL_NAMES_free(list);
    return found;
}

static bool common_name(const X509 *x509, char *out)
{
    const X509_NAME *subject = X509_get_subject_name(x509);
    int i = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    return i >= 0 && add_text(out, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)));
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm;
    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

enum hf_status hf_tls_cert_tell(struct hf_tls_ctx *ctx, const char *file, const X509 *x509)
{
    struct hf_tls_cert_info *infos = realloc(ctx->infos, (ctx->n_infos + 1) * sizeof *infos), *info;
    unsigned n;
    if (!infos)
        return HF_NOMEM;
    ctx->infos = infos;
    info = &infos[ctx->n_infos];
    *info = (struct hf_tls_cert_info){
        .file = strdup(file),
        .from = seconds_of(X509_get0_notBefore(x509)),
        .until = seconds_of(X509_get0_notAfter(x509)),
    };
    if (!info->file)
        return HF_NOMEM;
    ctx->n_infos++;
    if (!first_alternative(x509, info->name) && !common_name(x509, info->name))
        strcpy(info->name, "no name");
    return X509_digest(x509, EVP_sha256(), info->digest, &n) == 1 ? HF_OK : HF_FAILED;
}

const struct hf_tls_cert_info *hf_tls_ctx_certs(const struct hf_tls_ctx *ctx, unsigned *n)
{
    *n = ctx->n_infos;
    return ctx->infos;
}

void hf_tls_cert_forget(struct hf_tls_ctx *ctx)
{
    for (unsigned i = 0; i < ctx->n_infos; i++)
        free(ctx->infos[i].file);
    free(ctx->infos);
}
