/*
 * config_text.h: a configuration from a string, for tests of the language.
 *
 * The text is written to a file named "t.cfg" of a directory that lives as long as the test.
 */
#ifndef HAFTP_TEST_CONFIG_TEXT_H
#define HAFTP_TEST_CONFIG_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "haftp/conf/load.h"

struct config_text {
    char directory[64];
    struct hf_diag *diag;
    struct hf_config *config; /* NULL when the text was refused */
    char *messages;           /* what hf_diag_print() says */
};

static inline void config_text_clear(struct config_text *t)
{
    hf_config_free(t->config);
    hf_diag_free(t->diag);
    free(t->messages);
    t->config = NULL;
    t->diag = NULL;
    t->messages = NULL;
}

static inline struct hf_config *load_bytes(struct config_text *t, const char *text, size_t n)
{
    const char *path = "t.cfg";
    size_t size;
    FILE *file = fopen(path, "w");

    config_text_clear(t);
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, n, file), n);
    fclose(file);
    t->diag = hf_diag_new();
    t->config = hf_config_load(&path, 1, t->diag);
    file = open_memstream(&t->messages, &size);
    hf_diag_print(t->diag, file, HF_DIAG_NOTICE);
    fclose(file);
    return t->config;
}

static inline struct hf_config *load_text(struct config_text *t, const char *text)
{
    return load_bytes(t, text, strlen(text));
}

/* Accepted: the model. */
static inline struct hf_config *accept_text(struct config_text *t, const char *text)
{
    if (!load_text(t, text))
        fail_msg("refused:\n%s\n%s", text, t->messages);
    return t->config;
}

/* Refused with a message that has `wanted` in it. */
static inline void refuse_text(struct config_text *t, const char *text, const char *wanted)
{
    if (load_text(t, text))
        fail_msg("accepted:\n%s", text);
    if (!strstr(t->messages, wanted))
        fail_msg("no message says \"%s\":\n%s", wanted, t->messages);
}

/* The canonical text; the caller frees it. */
static inline char *dump_text(const struct hf_config *config)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    hf_config_dump(config, file);
    fclose(file);
    return text;
}

static inline int config_text_setup(void **state)
{
    static struct config_text t;

    snprintf(t.directory, sizeof t.directory, "/tmp/haftp-conf-XXXXXX");
    if (!mkdtemp(t.directory) || chdir(t.directory) != 0)
        return -1;
    *state = &t;
    return 0;
}

static inline int config_text_teardown(void **state)
{
    struct config_text *t = *state;

    config_text_clear(t);
    (void)!unlink("t.cfg");
    return chdir("/") != 0 || rmdir(t->directory) != 0;
}

#define CONFIG_TEST(name)                                                                          \
    cmocka_unit_test_setup_teardown(name, config_text_setup, config_text_teardown)

#endif
