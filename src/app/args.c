/*
 * args.c: reads the command line.
 */
#include "haftp/app/args.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/base/diag.h"

enum kind { KIND_FILE, KIND_ACTION, KIND_FLAG, KIND_TEXT, KIND_NUMBER, KIND_LATER };

struct option {
    const char *word;
    enum kind kind;
    enum hf_action action;
    size_t field; /* offset in struct hf_args */
    const char *argument;
    const char *advice;
};

#define FIELD(name)            .field = offsetof(struct hf_args, name)
#define OPT_FILE(w, a, h)      {.word = w, .kind = KIND_FILE, .argument = a},
#define OPT_ACTION(w, a, h)    {.word = w, .kind = KIND_ACTION, .action = HF_ACTION_##a},
#define OPT_FLAG(w, f, h)      {.word = w, .kind = KIND_FLAG, FIELD(f)},
#define OPT_TEXT(w, a, f, h)   {.word = w, .kind = KIND_TEXT, .argument = a, FIELD(f)},
#define OPT_NUMBER(w, a, f, h) {.word = w, .kind = KIND_NUMBER, .argument = a, FIELD(f)},
#define OPT_LATER(w, a)        {.word = w, .kind = KIND_LATER, .advice = a},
static const struct option options[] = {
#include "options.def"
};

struct parse {
    struct hf_args *args;
    char *const *next; /* the word to read */
    char *const *end;
    FILE *out, *err;
};

/* ---- complaints -------------------------------------------------------------------------- */

/* The shape that HAProxy's users know: the version, then all flags; and what was wrong, last, so
 * that it is what they see. */
__attribute__((format(printf, 2, 3))) static enum hf_status refuse(const struct parse *p,
                                                                   const char *format, ...)
{
    va_list list;

    hf_version_print(p->out, false);
    fflush(p->out);
    hf_usage_print(p->err);
    fputs("\nhaftp: ", p->err);
    va_start(list, format);
    vfprintf(p->err, format, list);
    va_end(list);
    fputc('\n', p->err);
    return HF_INVALID;
}

static enum hf_status refuse_word(const struct parse *p, const char *word)
{
    if (word[0] == '-' && word[1])
        return refuse(p, "unknown option '%s'", word);
    return refuse(p, "unexpected word '%s': a configuration file is given as '-f FILE'", word);
}

static enum hf_status refuse_for_now(const struct parse *p, const struct option *option)
{
    hf_diag_line(p->err, HF_DIAG_ERROR, "option '%s' is not supported by this version yet: %s",
                 option->word, option->advice);
    return HF_UNSUPPORTED;
}

/* ---- values ------------------------------------------------------------------------------ */

static void add_file(struct hf_args *args, const char *file)
{
    args->files[args->n_files++] = file;
}

/* The word after a flag.  Another flag there means that it was forgotten. */
static enum hf_status take_value(struct parse *p, const struct option *option, const char **value)
{
    if (p->next == p->end || !**p->next || **p->next == '-')
        return refuse(p, "option '%s' needs a value: %s %s", option->word, option->word,
                      option->argument);
    *value = *p->next++;
    return HF_OK;
}

static enum hf_status parse_number(const struct parse *p, const struct option *option,
                                   const char *value, unsigned *number)
{
    char *rest;
    unsigned long parsed;

    errno = 0;
    parsed = strtoul(value, &rest, 10);
    if (*value < '0' || *value > '9' || *rest || errno || parsed == 0 || parsed > INT_MAX)
        return refuse(p, "option '%s' needs a number from 1 to %d, not '%s'", option->word, INT_MAX,
                      value);
    *number = (unsigned)parsed;
    return HF_OK;
}

static enum hf_status take_option(struct parse *p, const struct option *option)
{
    void *field = (char *)p->args + option->field;
    const char *value = NULL;
    enum hf_status status = HF_OK;

    if (option->argument)
        status = take_value(p, option, &value);
    if (status != HF_OK)
        return status;
    switch (option->kind) {
    case KIND_FILE:
        add_file(p->args, value);
        return HF_OK;
    case KIND_ACTION:
        p->args->action = option->action;
        return HF_OK;
    case KIND_FLAG:
        *(bool *)field = true;
        return HF_OK;
    case KIND_TEXT:
        *(const char **)field = value;
        return HF_OK;
    case KIND_NUMBER:
        return parse_number(p, option, value, field);
    case KIND_LATER:
        break;
    }
    return refuse_for_now(p, option);
}

/* ---- words ------------------------------------------------------------------------------- */

static const struct option *find_option(const char *word)
{
    if (strcmp(word, "--help") == 0)
        word = "-h";
    if (strcmp(word, "--version") == 0)
        word = "-v";
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(options[i].word, word) == 0)
            return &options[i];
    }
    return NULL;
}

/* These need nothing else on the line, and are answered even if the rest makes no sense. */
static bool wants_text_only(const struct hf_args *args)
{
    return args->action != HF_ACTION_RUN && args->action != HF_ACTION_CHECK &&
           args->action != HF_ACTION_DUMP;
}

static enum hf_status parse_words(struct parse *p)
{
    while (p->next != p->end && !wants_text_only(p->args)) {
        const char *word = *p->next++;
        const struct option *option = find_option(word);
        enum hf_status status;

        if (strcmp(word, "--") == 0) {
            while (p->next != p->end)
                add_file(p->args, *p->next++);
            break;
        }
        status = option ? take_option(p, option) : refuse_word(p, word);
        if (status != HF_OK)
            return status;
    }
    return HF_OK;
}

static enum hf_status settle(struct parse *p)
{
    struct hf_args *args = p->args;

    if (wants_text_only(args))
        return HF_OK;
    if (args->n_files == 0)
        return refuse(p, "no configuration file: give one with '-f FILE'");
    args->foreground |= args->debug;
    args->daemon &= !args->foreground;
    if (args->master_worker && args->action == HF_ACTION_RUN && !args->quiet)
        hf_diag_line(p->err, HF_DIAG_NOTICE,
                     "-W: haftp runs as a single process; ended by TERM or INT it exits with 0");
    return HF_OK;
}

enum hf_status hf_args_parse(int argc, char *const *argv, FILE *out, FILE *err,
                             struct hf_args *args)
{
    struct parse p = {args, argv + (argc > 0), argv + argc, out, err};
    enum hf_status status;

    memset(args, 0, sizeof *args);
    args->files = calloc((size_t)argc + 1, sizeof *args->files);
    if (!args->files)
        return HF_NOMEM;
    status = parse_words(&p);
    return status == HF_OK ? settle(&p) : status;
}

void hf_args_fini(struct hf_args *args)
{
    free(args->files);
    memset(args, 0, sizeof *args);
}
