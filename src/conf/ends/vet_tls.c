/*
 * vet_tls.c: the files of TLS words, as far as can be told without a TLS library.
 *
 * HAProxy says at the line that a file is missing or holds something else; so do we.  What only
 * OpenSSL can tell is told when contexts are made (src/state/tls_bind.c).
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "haftp/conf/load.h"
#include "parse/build.h"
#include "parse/value.h"
#include "vet.h"

#define LARGEST_FILE (64 << 20)

static bool cannot_read(struct hf_build *b, const struct hf_word *word, const char *path)
{
    hf_build_error(b, word->loc, NULL, "cannot read '%s': %s", path, strerror(errno));
    return false;
}

static bool is_wrong(struct hf_build *b, const struct hf_word *word, const char *path,
                     const char *what)
{
    hf_build_error(b, word->loc, NULL, "'%s' %s", path, what);
    return false;
}

/* The file's bytes as a string in the arena, or NULL with errno set. */
static const char *slurp(struct hf_build *b, const char *path)
{
    struct stat info;
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    size_t room = fstat(fileno(file), &info) == 0 && info.st_size < LARGEST_FILE
                      ? (size_t)info.st_size
                      : LARGEST_FILE;
    char *text = hf_arena_alloc(b->config->arena, room + 1);
    size_t n = fread(text, 1, room, file);
    int error = ferror(file) ? errno : 0;
    fclose(file);
    text[n] = '\0';
    errno = error;
    return error ? NULL : text;
}

static bool holds_certificate(const char *text)
{
    return strstr(text, "-----BEGIN CERTIFICATE-----") ||
           strstr(text, "-----BEGIN TRUSTED CERTIFICATE-----") ||
           strstr(text, "-----BEGIN X509 CERTIFICATE-----");
}

static bool holds_key(const char *text)
{
    return text && strstr(text, "PRIVATE KEY-----");
}

/* Certificates of one name for several kinds of keys: FILE.rsa, FILE.ecdsa. */
static bool is_bundle(struct hf_build *b, const char *path)
{
    static const char *const endings[] = HF_TLS_BUNDLE_ENDINGS;

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (access(hf_arena_printf(b->config->arena, "%s%s", path, endings[i]), R_OK) == 0)
            return true;
    }
    return false;
}

/* A certificate, and its key there or in a file beside it. */
static bool check_certificate(struct hf_build *b, const struct hf_word *word, const char *path)
{
    const char *text = slurp(b, path);

    if (!text)
        return is_bundle(b, path) || cannot_read(b, word, path);
    if (!holds_certificate(text))
        return is_wrong(b, word, path, "holds no certificate in PEM");
    if (holds_key(text) ||
        holds_key(slurp(b, hf_config_key_path(b->config, b->config->arena, path))))
        return true;
    return is_wrong(
        b, word, path,
        "holds no private key, and no file with '.key' behind its name does: append the "
        "key to it");
}

static bool check_folder(struct hf_build *b, const struct hf_word *word, const char *folder)
{
    struct dirent **entries;
    bool right = true;
    int n = scandir(folder, &entries, NULL, alphasort);

    if (n < 0)
        return cannot_read(b, word, folder);
    for (int i = 0; i < n; i++) {
        const char *path = hf_arena_printf(b->config->arena, "%s/%s", folder, entries[i]->d_name);
        struct stat info;
        if (right && !hf_config_is_beside_cert(entries[i]->d_name) && stat(path, &info) == 0 &&
            S_ISREG(info.st_mode))
            right = check_certificate(b, word, path);
        free(entries[i]);
    }
    free(entries);
    return right;
}

HF_VET(certificate)
{
    const char *path = hf_config_tls_path(b->config->arena, b->config->global.crt_base, word->text);
    struct stat info;

    (void)row;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return check_folder(b, word, path);
    return check_certificate(b, word, path);
}

/* A certificate a line, and options and names behind it. */
HF_VET(certificate_list)
{
    struct hf_arena *arena = b->config->arena;
    const char *text = slurp(b, word->text);

    (void)row;
    if (!text)
        return cannot_read(b, word, word->text);
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        const char *line = text + strspn(text, " \t\r");
        size_t n = strcspn(line, " \t\r\n[#");
        const char *path = hf_config_tls_path(b->config->arena, b->config->global.crt_base,
                                              hf_arena_strndup(arena, line, n));
        if (n && !check_certificate(b, word, path))
            return false;
    }
    return true;
}

HF_VET(ca_file)
{
    const char *path = hf_config_tls_path(b->config->arena, b->config->global.ca_base, word->text);
    struct stat info;

    (void)row;
    if (word->text[0] == '@') /* @system-ca */
        return true;
    if (stat(path, &info) != 0)
        return cannot_read(b, word, path);
    if (S_ISDIR(info.st_mode))
        return true;
    const char *text = slurp(b, path);
    if (!text)
        return cannot_read(b, word, path);
    if (!holds_certificate(text) && !strstr(text, "-----BEGIN X509 CRL-----"))
        return is_wrong(b, word, path, "holds no certificate and no CRL in PEM");
    return true;
}

/* Lines of 48 or 80 bytes in base64, three at least. */
HF_VET(ticket_keys)
{
    const char *text = slurp(b, word->text);
    unsigned lines = 0;

    (void)row;
    if (!text)
        return cannot_read(b, word, word->text);
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        size_t n = strcspn(text, "\r\n");
        if (n != 64 && n != 108)
            return is_wrong(b, word, word->text, "is not made of keys of 48 or 80 bytes in base64");
        lines++;
    }
    return lines >= 3 || is_wrong(b, word, word->text, "holds less than three keys");
}

HF_VET(tls_errors)
{
    const char *text = word->text, *rest;

    if (strcmp(text, "all") == 0)
        return true;
    for (;; text = rest + 1) {
        int64_t number = hf_value_loose_number(text, &rest);
        if (number < 1 || number > 94) {
            hf_build_error(b, word->loc, "write all, or numbers of errors with commas between",
                           "'%s' is not a list of errors for '%s'", word->text, row->name);
            return false;
        }
        rest += strcspn(rest, ",");
        if (!*rest)
            return true;
    }
}
