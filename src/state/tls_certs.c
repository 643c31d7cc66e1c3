/*
 * tls_certs.c: from `crt` and `crt-list` words to a list of certificates.
 *
 * A folder stands for its files in the order of their names; a crt-list for its lines, each with
 * options in [] and the names it is for.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "haftp/base/file.h"
#include "haftp/conf/load.h"
#include "tls_int.h"

struct list {
    const struct hf_config *config;
    struct hf_arena *arena;
    struct hf_tls_cert *certs;
    unsigned n, room;
    char *why;
};

__attribute__((format(printf, 2, 3))) static bool complain(const struct list *list,
                                                           const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(list->why, HF_TLS_WHY_BYTES, format, args);
    va_end(args);
    return false;
}

static struct hf_tls_cert *append(struct list *list)
{
    if (list->n == list->room) {
        unsigned room = list->room ? 2 * list->room : 4;
        struct hf_tls_cert *more = hf_arena_alloc(list->arena, room * sizeof *more);
        if (list->n)
            memcpy(more, list->certs, list->n * sizeof *more);
        list->certs = more;
        list->room = room;
    }
    list->certs[list->n] = (struct hf_tls_cert){0};
    return &list->certs[list->n++];
}

/* ---- one certificate --------------------------------------------------------------------- */

static void set_files(const struct list *list, struct hf_tls_cert *cert, const char *path)
{
    const char *key = hf_config_key_path(list->config, list->arena, path);

    cert->file = path;
    cert->key_file = access(key, F_OK) == 0 ? key : NULL;
}

/* FILE.rsa, FILE.ecdsa: together they are the certificate where there is no FILE. */
static bool set_bundle(const struct list *list, struct hf_tls_cert *cert, const char *path)
{
    static const char *const endings[] = HF_TLS_BUNDLE_ENDINGS;
    const struct hf_tls_cert *with = NULL;

    if (access(path, F_OK) == 0)
        return false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const char *part = hf_arena_printf(list->arena, "%s%s", path, endings[i]);
        if (access(part, F_OK) != 0)
            continue;
        struct hf_tls_cert *one = HF_NEW(list->arena, struct hf_tls_cert);
        set_files(list, one, part);
        one->with = with;
        with = one;
    }
    if (with)
        *cert = *with;
    return with;
}

static bool add_file(struct list *list, const char *path)
{
    const char *fault = hf_config_cert_fault(list->config, list->arena, path);
    if (fault)
        return complain(list, "%s", fault);
    struct hf_tls_cert *cert = append(list);
    if (!set_bundle(list, cert, path))
        set_files(list, cert, path);
    return true;
}

/* ---- a folder ---------------------------------------------------------------------------- */

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The name without what a bundle puts behind it; *n gets its length. */
static bool is_of_bundle(const char *name, size_t *n)
{
    static const char *const endings[] = HF_TLS_BUNDLE_ENDINGS;

    *n = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t k = strlen(endings[i]);
        if (*n > k && strcmp(name + *n - k, endings[i]) == 0) {
            *n -= k;
            return true;
        }
    }
    return false;
}

static bool add_folder(struct list *list, const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    const char *bundle = "";
    bool right = true;

    if (n < 0)
        return complain(list, "cannot read '%s': %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        const char *path = hf_arena_printf(list->arena, "%s/%s", folder, name);
        size_t length;
        if (right && !hf_config_is_beside_cert(name) && is_file(path)) {
            if (is_of_bundle(name, &length))
                path = hf_arena_strndup(list->arena, path, strlen(folder) + 1 + length);
            if (strcmp(path, bundle) != 0)
                right = add_file(list, path);
            bundle = path;
        }
        free(entries[i]);
    }
    free(entries);
    return right;
}

static const char *path_of(const struct list *list, const char *text)
{
    return hf_config_tls_path(list->arena, list->config->global.crt_base, text);
}

static bool add_path(struct list *list, const char *text)
{
    const char *path = path_of(list, text);
    struct stat st;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return add_folder(list, path);
    return add_file(list, path);
}

/* ---- options of a line of a crt-list ----------------------------------------------------- */

static int version_named(const char *text)
{
    static const char *const names[] = {"SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"};

    for (int i = 0; i < 5; i++) {
        if (strcmp(text, names[i]) == 0)
            return i ? HF_TLS_1_0 + i - 1 : HF_TLS_1_0;
    }
    return 0;
}

static bool set_verify(struct hf_tls_settings *own, const char *text)
{
    static const char *const names[] = {"none", "optional", "required"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            own->verify = (enum hf_tls_verify)i;
            own->verify_given = true;
            return true;
        }
    }
    return false;
}

/* An option with a value.  False: there is no such option, or no such value. */
static bool set_value(const struct list *list, struct hf_tls_settings *own, const char *name,
                      const char *value)
{
    const char *path = hf_config_tls_path(list->arena, list->config->global.ca_base, value);
    const struct {
        const char *name;
        const char **field;
        const char *value;
    } texts[] = {
        {"alpn", &own->alpn, value},
        {"ca-file", &own->ca_file, path},
        {"ca-verify-file", &own->ca_verify_file, path},
        {"ciphers", &own->ciphers, value},
        {"ciphersuites", &own->ciphersuites, value},
        {"crl-file", &own->crl_file, path},
        {"curves", &own->curves, value},
        {"ecdhe", &own->curves, value},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].field = texts[i].value;
            return true;
        }
    }
    if (strcmp(name, "ssl-min-ver") == 0)
        return (own->min_version = version_named(value)) != 0;
    if (strcmp(name, "ssl-max-ver") == 0)
        return (own->max_version = version_named(value)) != 0;
    return strcmp(name, "verify") == 0 && set_verify(own, value);
}

/* words[*at] begins with '['; goes to the one that ends with ']'. */
static bool read_options(const struct list *list, char **words, unsigned n, unsigned *at,
                         struct hf_tls_settings *own)
{
    bool last = false;

    words[*at]++;
    for (; !last && *at < n; ++*at) {
        char *name = words[*at];
        size_t length = strlen(name);
        if (length && name[length - 1] == ']') {
            name[length - 1] = '\0';
            last = true;
        }
        if (!*name)
            continue;
        if (strcmp(name, "no-ca-names") == 0) {
            own->no_ca_names = true;
            continue;
        }
        if (strcmp(name, "allow-0rtt") == 0) /* told on bind lines: it has no effect */
            continue;
        if (last || *at + 1 >= n)
            return complain(list, "the option '%s' of a certificate needs a value", name);
        char *value = words[++*at];
        length = strlen(value);
        if (length && value[length - 1] == ']') {
            value[length - 1] = '\0';
            last = true;
        }
        if (!set_value(list, own, name, value))
            return complain(list, "a certificate cannot have the option '%s %s'", name, value);
    }
    return last || complain(list, "']' is missing behind the options of a certificate");
}

/* ---- a crt-list -------------------------------------------------------------------------- */

#define BLANKS " \t\r\n"

/* `words` has room for a word of every second byte. */
static unsigned split(char *line, char **words)
{
    unsigned n = 0;
    char *state;

    for (char *word = strtok_r(line, BLANKS, &state); word; word = strtok_r(NULL, BLANKS, &state))
        words[n++] = word;
    return n;
}

static bool add_line(struct list *list, char *line)
{
    char **words = hf_arena_alloc(list->arena, (strlen(line) / 2 + 1) * sizeof *words);
    unsigned n = split(line, words), at = 1, first = list->n;
    struct hf_tls_settings *own = NULL;

    if (n == 0 || words[0][0] == '#')
        return true;
    if (!add_file(list, path_of(list, words[0])))
        return false;
    if (at < n && words[at][0] == '[') {
        own = HF_NEW(list->arena, struct hf_tls_settings);
        if (!read_options(list, words, n, &at, own))
            return false;
    }
    const char **names = hf_arena_alloc(list->arena, (n - at + 1) * sizeof *names);
    memcpy(names, words + at, (n - at) * sizeof *names);
    for (unsigned i = first; i < list->n; i++) {
        list->certs[i].own = own;
        list->certs[i].names = names;
        list->certs[i].n_names = n - at;
    }
    return true;
}

static bool add_lines(struct list *list, char *text, unsigned *number)
{
    bool right = true;

    for (char *end; right && *text; text = end + 1) {
        end = text + strcspn(text, "\n");
        right = add_line(list, hf_arena_strndup(list->arena, text, (size_t)(end - text)));
        ++*number;
        if (!*end)
            break;
    }
    return right;
}

static bool add_list(struct list *list, const char *path)
{
    const char *why;
    char *text = hf_file_read(path, NULL, &why);
    unsigned number = 0;

    if (!text)
        return complain(list, "cannot read '%s': %s", path, why);
    bool right = add_lines(list, text, &number);
    free(text);
    if (!right) {
        char what[HF_TLS_WHY_BYTES];
        memcpy(what, list->why, sizeof what);
        snprintf(list->why, HF_TLS_WHY_BYTES, "%s:%u: %.300s", path, number, what);
    }
    return right;
}

struct hf_tls_cert *hf_tls_certs_of(const struct hf_config *config, struct hf_arena *arena,
                                    const struct hf_cfg_text *words, unsigned *n,
                                    struct hf_loc *loc, char why[HF_TLS_WHY_BYTES])
{
    struct list list = {.config = config, .arena = arena, .why = why};

    *n = 0;
    *why = '\0';
    for (; words; words = words->next) {
        *loc = words->loc;
        bool is_list = strcmp(words->name, "crt-list") == 0;
        if (!(is_list ? add_list(&list, words->text) : add_path(&list, words->text)))
            return NULL;
    }
    *n = list.n;
    return list.certs;
}
