/*
 * spoe.c: filters that have a file of their own, and the rules that ask an agent by them.
 *
 * Neither has an effect here; but a rule that names what does not exist is a mistake in the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "haftp/base/file.h"
#include "parse/build.h"

#include "conf_int.h"

/* ---- lines ------------------------------------------------------------------------------- */

void hf_build_filter_part(struct hf_build *b, const struct hf_keyword *row,
                          const struct hf_word *word)
{
    if (strcmp(row->name, "engine") == 0)
        b->filter_engine = word->text;
    else if (strcmp(row->name, "config") == 0)
        b->filter_file = word->text;
}

void hf_build_filter(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    hf_diag_add(b->diag, HF_DIAG_NOTICE, loc, NULL, "'%s' has no effect: haftp has no filters.",
                row->name);
    if (strcmp(row->name, "filter spoe") == 0 && b->filter_file) {
        struct hf_cfg_spoe *filter = HF_NEW(b->config->arena, struct hf_cfg_spoe);
        *filter =
            (struct hf_cfg_spoe){.loc = loc, .engine = b->filter_engine, .name = b->filter_file};
        LL_APPEND(b->section->spoe_filters, filter);
    }
    b->filter_engine = b->filter_file = NULL;
}

void hf_build_spoe_group(struct hf_build *b, const struct hf_word *engine,
                         const struct hf_word *group)
{
    struct hf_cfg_spoe *wanted = HF_NEW(b->config->arena, struct hf_cfg_spoe);

    *wanted = (struct hf_cfg_spoe){.loc = engine->loc, .engine = engine->text, .name = group->text};
    wanted->loc.end_col = group->loc.end_col;
    LL_APPEND(b->section->spoe_groups, wanted);
}

/* ---- what rules ask for ------------------------------------------------------------------ */

/* Lines belong to the engine whose name stood last in brackets; those above the first one, and all
 * of a filter without a name, to any. */
static bool file_has_group(const char *path, const char *engine, const char *group)
{
    char word[256], name[256], *rest;
    bool here = true, found = false;
    const char *why;
    char *text = hf_file_read(path, NULL, &why); /* where it cannot be read, its line was refused */

    for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line && !found;
         line = strtok_r(NULL, "\n", &rest)) {
        if (sscanf(line, " [%255[^]]]", name) == 1)
            here = !engine || strcmp(name, engine) == 0;
        else
            found = here && sscanf(line, " %255s %255s", word, name) == 2 &&
                    strcmp(word, "spoe-group") == 0 && strcmp(name, group) == 0;
    }
    free(text);
    return found;
}

static const struct hf_cfg_spoe *find_filter(const struct hf_cfg_proxy *proxy, const char *engine)
{
    const struct hf_cfg_spoe *filter = proxy->spoe_filters;

    while (filter && (!filter->engine || strcmp(filter->engine, engine) != 0))
        filter = filter->next;
    return filter;
}

void hf_conf_check_spoe(const struct hf_cfg_proxy *proxy, struct hf_diag *diag)
{
    const struct hf_cfg_spoe *wanted;

    LL_FOREACH(proxy->spoe_groups, wanted)
    {
        const struct hf_cfg_spoe *filter = find_filter(proxy, wanted->engine);
        if (proxy->o.disabled)
            return;
        if (!filter)
            hf_diag_add(diag, HF_DIAG_ERROR, wanted->loc,
                        "add 'filter spoe engine NAME config FILE', or remove the line",
                        "'%s' has no SPOE filter with the engine '%s'.", proxy->name,
                        wanted->engine);
        else if (!file_has_group(filter->name, filter->engine, wanted->name))
            hf_diag_add(diag, HF_DIAG_ERROR, wanted->loc, NULL,
                        "the engine '%s' has no 'spoe-group %s' in '%s'.", wanted->engine,
                        wanted->name, filter->name);
    }
}
