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

enum kind {
    KIND_FILE,
    KIND_ACTION,
    KIND_FLAG,
    KIND_TEXT,
    KIND_NUMBER,
    KIND_GLUED,
    KIND_PIDS,
    KIND_PLAIN,
};

struct option {
    const char *word;
    enum kind kind;
    enum hf_action action; /* HF_ACTION_RUN: none */
    size_t field;          /* offset in struct hf_args */
    const char *argument;
    const char *help;
};

#define FIELD(name)         .field = offsetof(struct hf_args, name)
#define OPT_FILE(w, a, h)   {.word = w, .kind = KIND_FILE, .argument = a},
#define OPT_ACTION(w, a, h) {.word = w, .kind = KIND_ACTION, .action = HF_ACTION_##a},
#define OPT_TEST(w, a, act, f, h)                                                                  \
    {.word = w, .kind = KIND_TEXT, .argument = a, .action = HF_ACTION_##act, FIELD(f)},
#define OPT_FLAG(w, f, h)      {.word = w, .kind = KIND_FLAG, FIELD(f)},
#define OPT_TEXT(w, a, f, h)   {.word = w, .kind = KIND_TEXT, .argument = a, FIELD(f)},
#define OPT_NUMBER(w, a, f, h) {.word = w, .kind = KIND_NUMBER, .argument = a, FIELD(f)},
#define OPT_GLUED(w, a, f, h)  {.word = w, .kind = KIND_GLUED, .help = h, FIELD(f)},
#define OPT_PIDS(w, f, h)      {.word = w, .kind = KIND_PIDS, FIELD(f)},
#define OPT_PLAIN(w, h)        {.word = w, .kind = KIND_PLAIN, .help = h},
#define OPT_WORD(w, a, h)      {.word = w, .kind = KIND_PLAIN, .argument = a, .help = h},
static const struct option options[] = {
#include "options.def"
};

struct parse {
    struct hf_args *args;
    char *const *next; /* the word to read */
    char *const *end;
    FILE *out, *err;
    const struct option **idle; /* those that were given and have no effect */
    unsigned n_idle;
};

/* ---- complaints -------------------------------------------------------------------------- */

/* What was wrong, and where all flags are: the list of them would hide it. */
__attribute__((format(printf, 2, 3))) static enum hf_status refuse(const struct parse *p,
                                                                   const char *format, ...)
{
    va_list list;

    fputs("haftp: ", p->err);
    va_start(list, format);
    vfprintf(p->err, format, list);
    va_end(list);
    fputs("\nUsage: haftp -f FILE|DIR [OPTION...] [-- FILE...]; haftp --help lists the options.\n",
          p->err);
    return HF_INVALID;
}

static enum hf_status refuse_word(const struct parse *p, const char *word)
{
    if (word[0] == '-' && word[1])
        return refuse(p, "unknown option '%s'", word);
    return refuse(p, "unexpected word '%s': a configuration file is given as '-f FILE'", word);
}

/* ---- values ------------------------------------------------------------------------------ */

static void add_file(struct hf_args *args, const char *file)
{
    args->files[args->n_files++] = file;
}

/* The word after a flag.  Another flag there means that it was forgotten. */
static enum hf_status take_value(struct parse *p, const struct option *option, const char **value)
{
    bool any = option->action == HF_ACTION_TEST; /* conditions may be empty, or begin with "-1" */
    if (p->next == p->end || (!any && (!**p->next || **p->next == '-')))
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
    if (*value < '0' || *value > '9' || *rest || errno || parsed > INT_MAX)
        return refuse(p, "option '%s' needs a number from 0 to %d, not '%s'", option->word, INT_MAX,
                      value);
    *number = (unsigned)parsed;
    return HF_OK;
}

/* "-sf 12 13": up to the next flag.  There may be none, as behind an empty $(cat PIDFILE). */
static enum hf_status take_pids(struct parse *p, const struct option *option, struct hf_pids *pids)
{
    if (!pids->list)
        pids->list = calloc((size_t)(p->end - p->next) + 1, sizeof *pids->list);
    if (!pids->list)
        return HF_NOMEM;
    for (; p->next != p->end && **p->next != '-'; p->next++) {
        if (!**p->next || strspn(*p->next, "0123456789") != strlen(*p->next))
            return refuse(p, "option '%s' takes process ids, not '%s'", option->word, *p->next);
        pids->list[pids->n++] = (pid_t)strtol(*p->next, NULL, 10);
    }
    return HF_OK;
}

static bool is_memory_word(const char *word, size_t n)
{
    static const char *const words[] = {"fail",      "merge",  "cold-first", "hot-first", "caller",
                                        "integrity", "global", "cache",      "tag",       "poison"};
    if (n > 3 && strncmp(word, "no-", 3) == 0) {
        word += 3;
        n -= 3;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i]) == n && strncmp(words[i], word, n) == 0)
            return true;
    }
    return false;
}

/* "-dM", "-dM0x50", "-dMno-merge,tag": a byte, then words. */
static enum hf_status check_memory_debugging(const struct parse *p, const char *value)
{
    char *word;
    size_t n;

    (void)strtoul(value, &word, 0);
    for (word += *word == ','; *word; word += n + (word[n] == ',')) {
        n = strcspn(word, ",");
        if (n && !is_memory_word(word, n))
            return refuse(p, "option '-dM' does not know '%.*s'", (int)n, word);
    }
    return HF_OK;
}

/* `word` is the whole flag with what is glued to it. */
static enum hf_status take_glued(struct parse *p, const struct option *option, const char *word)
{
    const char *value = word + strlen(option->word);

    *(const char **)((char *)p->args + option->field) = value;
    if (option->field == offsetof(struct hf_args, memory_debugging)) {
        p->idle[p->n_idle++] = option;
        return check_memory_debugging(p, value);
    }
    return HF_OK;
}

static enum hf_status take_option(struct parse *p, const struct option *option, const char *word)
{
    void *field = (char *)p->args + option->field;
    const char *value = NULL;
    enum hf_status status = HF_OK;

    if (option->argument)
        status = take_value(p, option, &value);
    if (status != HF_OK)
        return status;
    if (option->action != HF_ACTION_RUN)
        p->args->action = option->action;
    switch (option->kind) {
    case KIND_FILE:
        add_file(p->args, value);
        break;
    case KIND_ACTION:
        break;
    case KIND_FLAG:
        *(bool *)field = true;
        break;
    case KIND_TEXT:
        *(const char **)field = value;
        break;
    case KIND_NUMBER:
        return parse_number(p, option, value, field);
    case KIND_GLUED:
        return take_glued(p, option, word);
    case KIND_PIDS:
        return take_pids(p, option, field);
    case KIND_PLAIN:
        p->idle[p->n_idle++] = option;
        break;
    }
    return HF_OK;
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
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (options[i].kind == KIND_GLUED &&
            strncmp(options[i].word, word, strlen(options[i].word)) == 0)
            return &options[i];
    }
    return NULL;
}

/* These need nothing else on the line, and are answered even if the rest makes no sense. */
static bool wants_text_only(const struct hf_args *args)
{
    return args->action == HF_ACTION_HELP || args->action == HF_ACTION_VERSION ||
           args->action == HF_ACTION_BUILD;
}

/* What is said where a configuration is run: -c looks at the file, not at the command line. */
static void tell_idle_options(const struct parse *p)
{
    if (p->args->action != HF_ACTION_RUN || p->args->quiet)
        return;
    for (unsigned i = 0; i < p->n_idle; i++)
        hf_diag_line(p->err, HF_DIAG_NOTICE, "%s: %s", p->idle[i]->word, p->idle[i]->help);
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
        status = option ? take_option(p, option, word) : refuse_word(p, word);
        if (status != HF_OK)
            return status;
    }
    return HF_OK;
}

static enum hf_status settle(struct parse *p)
{
    struct hf_args *args = p->args;

    if (wants_text_only(args) || args->action == HF_ACTION_TEST)
        return HF_OK;
    if (args->n_files == 0 && (args->keyword_classes || args->list_objects)) {
        args->action = HF_ACTION_LIST;
        return HF_OK;
    }
    if (args->n_files == 0)
        return refuse(p, "no configuration file: give one with '-f FILE'");
    args->foreground |= args->debug;
    args->daemon &= !args->foreground;
    args->master_worker |= args->systemd;
    tell_idle_options(p);
    return HF_OK;
}

enum hf_status hf_args_parse(int argc, char *const *argv, FILE *out, FILE *err,
                             struct hf_args *args)
{
    struct parse p = {args, argv + (argc > 0), argv + argc, out, err, NULL, 0};
    enum hf_status status = HF_NOMEM;

    memset(args, 0, sizeof *args);
    args->files = calloc((size_t)argc + 1, sizeof *args->files);
    p.idle = calloc((size_t)argc + 1, sizeof(const struct option *));
    if (args->files && p.idle) {
        status = parse_words(&p);
        if (status == HF_OK)
            status = settle(&p);
    }
    free(p.idle);
    return status;
}

void hf_args_fini(struct hf_args *args)
{
    free(args->files);
    free(args->old_pids.list);
    free(args->terminated_pids.list);
    memset(args, 0, sizeof *args);
}
