/*
 * command.c: the table of all commands; who is meant by words, and help.
 */
#include <stdio.h>
#include <stdlib.h>

#include "admin_int.h"
#include "haftp/base/suggest.h"

#include "command_list.inc"

#define N_GROUPS (sizeof hf_command_list / sizeof hf_command_list[0])

/* How many of the words stand at the beginning of the command's; *whole: those are all it has. */
static unsigned count_common(const struct hf_command *command, char *const *words, unsigned n,
                             bool *whole)
{
    const char *p = command->words;
    unsigned common = 0;

    for (; *p && common < n; common++) {
        size_t length = strcspn(p, " ");
        if (strlen(words[common]) != length || memcmp(words[common], p, length) != 0)
            break;
        p += length + (p[length] == ' ');
    }
    *whole = !*p;
    return common;
}

const struct hf_command *admin_find(char *const *words, unsigned n, unsigned *own)
{
    const struct hf_command *best = NULL;
    *own = 0;
    for (unsigned g = 0; g < N_GROUPS; g++) {
        for (unsigned i = 0; i < hf_command_list[g]->n; i++) {
            const struct hf_command *command = &hf_command_list[g]->list[i];
            bool whole;
            unsigned common = count_common(command, words, n, &whole);
            if (whole && common > *own) {
                best = command;
                *own = common;
            }
        }
    }
    return best;
}

/* ---- help -------------------------------------------------------------------------------- */

static int by_words(const void *a, const void *b)
{
    const struct hf_command *const *first = a, *const *second = b;
    return strcmp((*first)->words, (*second)->words);
}

/* All that this level may use, by name; the caller frees it.  NULL: out of memory. */
static const struct hf_command **sorted(enum hf_admin_level level, unsigned *n)
{
    unsigned room = 0;
    for (unsigned g = 0; g < N_GROUPS; g++)
        room += hf_command_list[g]->n;
    const struct hf_command **list = calloc(room, sizeof *list);
    *n = 0;
    for (unsigned g = 0; list && g < N_GROUPS; g++) {
        for (unsigned i = 0; i < hf_command_list[g]->n; i++) {
            const struct hf_command *command = &hf_command_list[g]->list[i];
            if (command->level <= level && command->help[0])
                list[(*n)++] = command;
        }
    }
    if (list)
        qsort(list, *n, sizeof *list, by_words);
    return list;
}

static void print_line(struct hf_text *out, const struct hf_command *command)
{
    char usage[128];
    snprintf(usage, sizeof usage, "%s%s%s", command->words, command->args[0] ? " " : "",
             command->args);
    hf_text_printf(out, "  %-40s: %s\n", usage, command->help);
}

unsigned admin_help(struct hf_text *out, enum hf_admin_level level, char *const *words, unsigned n)
{
    unsigned n_all, printed = 0;
    const struct hf_command **list = sorted(level, &n_all);
    for (unsigned i = 0; i < n_all; i++) {
        bool whole;
        unsigned common = count_common(list[i], words, n, &whole);
        if (common < n && !whole)
            continue;
        if (n && common == 0)
            continue;
        print_line(out, list[i]);
        printed++;
    }
    free(list);
    return printed;
}

/* The commands with the most of the words in common, or with a name that is spelt nearly so. */
void admin_unknown(struct hf_text *out, enum hf_admin_level level, char *const *words, unsigned n)
{
    unsigned n_all, most = 0;
    const struct hf_command **list = n ? sorted(level, &n_all) : NULL;
    struct hf_text near = {0};
    char meant[HF_SUGGEST_MAX + 1];

    for (unsigned i = 0; list && i < n_all; i++) {
        bool whole;
        unsigned common = count_common(list[i], words, n, &whole);
        most = common > most ? common : most;
    }
    snprintf(meant, sizeof meant, "%s%s%s", n ? words[0] : "", n > 1 ? " " : "",
             n > 1 ? words[1] : "");
    struct hf_suggest suggest;
    hf_suggest_init(&suggest, meant);
    for (unsigned i = 0; list && i < n_all; i++)
        hf_suggest_offer(&suggest, list[i]->words);
    for (unsigned i = 0; list && i < n_all; i++) {
        bool whole;
        unsigned common = count_common(list[i], words, n, &whole);
        if ((most && common == most) || (suggest.best && strcmp(suggest.best, list[i]->words) == 0))
            print_line(&near, list[i]);
    }
    free(list);
    if (near.n) {
        hf_text_put(out,
                    "Unknown command, but maybe one of the following ones is a better match:\n");
        hf_text_add(out, near.mem, near.n);
    } else {
        hf_text_put(out, "Unknown command. Please enter one of the following commands only:\n");
        admin_help(out, level, NULL, 0);
    }
    hf_text_free(&near);
}
