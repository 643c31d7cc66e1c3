/*
 * tls_files.c: whether the file of a certificate holds what it must, as its text tells.
 *
 * Whoever starts and whoever reads certificates anew asks the same, so that a file has one fault
 * and not two.  What only OpenSSL can tell is told when contexts are made (src/net/tls/setup.c).
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "haftp/base/file.h"
#include "haftp/conf/load.h"

bool hf_config_holds_cert(const char *text)
{
    return strstr(text, "-----BEGIN CERTIFICATE-----") ||
           strstr(text, "-----BEGIN TRUSTED CERTIFICATE-----") ||
           strstr(text, "-----BEGIN X509 CERTIFICATE-----");
}

static bool holds_key(const char *text)
{
    return text && strstr(text, "PRIVATE KEY-----");
}

/* ASN.1 as it is: a sequence, with its length in two bytes. */
static bool is_der(const char *text)
{
    return strncmp(text, "\x30\x82", 2) == 0;
}

static bool asks_passphrase(const char *text)
{
    return strstr(text, "-----BEGIN ENCRYPTED PRIVATE KEY-----") ||
           strstr(text, "Proc-Type: 4,ENCRYPTED");
}

static const char *unreadable(struct hf_arena *arena, const char *path, const char *why)
{
    return hf_arena_printf(arena, "cannot read '%s': %s", path, why);
}

static const char *fault_of_key(struct hf_arena *arena, const char *path, const char *text)
{
    if (!asks_passphrase(text))
        return NULL;
    return hf_arena_printf(arena,
                           "the private key in '%s' has a passphrase, and nobody is there to type "
                           "it: take it off with 'openssl pkey -in %s -out NEW.key'",
                           path, path);
}

/* In a file of its own, beside the certificate's. */
static const char *fault_of_key_file(const struct hf_config *config, struct hf_arena *arena,
                                     const char *path)
{
    const char *key_path = hf_config_key_path(config, arena, path);
    const char *fault = NULL, *why;
    size_t n = 0;
    char *text = hf_file_read(key_path, &n, &why);

    if (!text && errno != ENOENT)
        fault = unreadable(arena, key_path, why);
    else if (!holds_key(text))
        fault = hf_arena_printf(arena,
                                "'%s' holds no private key, and no file with '.key' behind its "
                                "name does: append the key to it",
                                path);
    else
        fault = fault_of_key(arena, key_path, text);
    hf_file_forget(text, n);
    return fault;
}

static const char *fault_of_text(const struct hf_config *config, struct hf_arena *arena,
                                 const char *path, const char *text)
{
    if (!hf_config_holds_cert(text))
        return hf_arena_printf(arena, "'%s' holds no certificate in PEM%s", path,
                               holds_key(text) ? ", only a key: put the certificate before it"
                               : is_der(text)  ? "; it is binary: 'openssl x509 -inform DER' makes "
                                                 "PEM of it, of PKCS#12 'openssl pkcs12 -nodes'"
                                               : "");
    if (holds_key(text))
        return fault_of_key(arena, path, text);
    return fault_of_key_file(config, arena, path);
}

static const char *fault_of_file(const struct hf_config *config, struct hf_arena *arena,
                                 const char *path)
{
    const char *why;
    size_t n = 0;
    char *text = hf_file_read(path, &n, &why);
    const char *fault =
        text ? fault_of_text(config, arena, path, text) : unreadable(arena, path, why);
    hf_file_forget(text, n);
    return fault;
}

/* Certificates of one name for several kinds of keys: FILE.rsa, FILE.ecdsa.  *n: how many. */
static const char *fault_of_bundle(const struct hf_config *config, struct hf_arena *arena,
                                   const char *path, unsigned *n)
{
    static const char *const endings[] = HF_TLS_BUNDLE_ENDINGS;
    const char *fault = NULL;

    *n = 0;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0] && !fault; i++) {
        const char *part = hf_arena_printf(arena, "%s%s", path, endings[i]);
        if (access(part, F_OK) != 0)
            continue;
        fault = fault_of_file(config, arena, part);
        ++*n;
    }
    return fault;
}

const char *hf_config_cert_fault(const struct hf_config *config, struct hf_arena *arena,
                                 const char *path)
{
    struct stat info;
    unsigned n = 0;
    const char *fault = NULL;

    if (stat(path, &info) != 0 && errno == ENOENT)
        fault = fault_of_bundle(config, arena, path, &n);
    return n ? fault : fault_of_file(config, arena, path);
}
