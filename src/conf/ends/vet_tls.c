/*
 * vet_tls.c: the files of TLS words, as far as can be told without a TLS library.
 *
 * HAProxy says at the line that a file is missing or holds something else; so do we.  What only
 * OpenSSL can tell is told when contexts are made (src/state/tls.c).
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "haftp/base/file.h"
#include "haftp/conf/load.h"
#include "parse/build.h"
#include "parse/value.h"
#include "vet.h"

static bool cannot_read(struct hf_build *b, const struct hf_word *word, const char *path,
                        const char *why)
{
    hf_build_error(b, word->loc, NULL, "cannot read '%s': %s", path, why);
    return false;
}

static bool is_wrong(struct hf_build *b, const struct hf_word *word, const char *path,
                     const char *what)
{
    hf_build_error(b, word->loc, NULL, "'%s' %s", path, what);
    return false;
}

/* The file's bytes as a string in the arena; NULL: it was told why not. */
static const char *slurp(struct hf_build *b, const struct hf_word *word, const char *path)
{
    const char *why;
    char *text = hf_file_read(path, NULL, &why);
    const char *copy = text ? hf_arena_strdup(b->config->arena, text) : NULL;

    if (!text)
        (void)cannot_read(b, word, path, why);
    free(text);
    return copy;
}

static bool check_certificate(struct hf_build *b, const struct hf_word *word, const char *path)
{
    const char *fault = hf_config_cert_fault(b->config, b->config->arena, path);

    if (fault)
        hf_build_error(b, word->loc, NULL, "%s", fault);
    return !fault;
}

static bool check_folder(struct hf_build *b, const struct hf_word *word, const char *folder)
{
    struct dirent **entries;
    bool right = true;
    int n = scandir(folder, &entries, NULL, alphasort);

    if (n < 0)
        return cannot_read(b, word, folder, strerror(errno));
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
    const char *text = slurp(b, word, word->text);
    unsigned number = 1;

    (void)row;
    if (!text)
        return false;
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n', number++) {
        const char *line = text + strspn(text, " \t\r");
        size_t n = strcspn(line, " \t\r\n[#");
        const char *path = hf_config_tls_path(b->config->arena, b->config->global.crt_base,
                                              hf_arena_strndup(arena, line, n));
        const char *fault = n ? hf_config_cert_fault(b->config, arena, path) : NULL;
        if (fault) {
            hf_build_error(b, word->loc, NULL, "%s:%u: %s", word->text, number, fault);
            return false;
        }
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
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return true;
    const char *text = slurp(b, word, path);
    if (!text)
        return false;
    if (!hf_config_holds_cert(text) && !strstr(text, "-----BEGIN X509 CRL-----"))
        return is_wrong(b, word, path, "holds no certificate and no CRL in PEM");
    return true;
}

/* Lines of 48 or 80 bytes in base64, three at least. */
HF_VET(ticket_keys)
{
    const char *text = slurp(b, word, word->text);
    unsigned lines = 0;

    (void)row;
    if (!text)
        return false;
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
