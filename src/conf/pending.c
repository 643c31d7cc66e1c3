/*
 * pending.c: words of the language that this version reads and checks, but does not act on yet.
 */
#include <string.h>

#include <utlist.h>

#include "conf_int.h"

void hf_conf_add_pending(struct hf_config *config, const char *name, struct hf_loc loc)
{
    struct hf_cfg_pending *word;

    LL_FOREACH(config->pending, word)
    {
        if (strcmp(word->name, name) == 0) {
            word->n++;
            return;
        }
    }
    word = HF_NEW(config->arena, struct hf_cfg_pending);
    *word = (struct hf_cfg_pending){.name = name, .loc = loc, .n = 1};
    LL_APPEND(config->pending, word);
}

void hf_conf_tell_pending(const struct hf_config *config, struct hf_diag *diag)
{
    const struct hf_cfg_pending *word;
    const char *list = "";

    for (word = config->pending; word; word = word->next) {
        const char *more =
            word->n > 1 ? hf_arena_printf(config->arena, " and %u more", word->n - 1) : "";
        list = hf_arena_printf(config->arena, "%s%s'%s' (%s:%d%s)", list, *list ? ", " : "",
                               word->name, word->loc.source->name, word->loc.line, more);
    }
    if (*list)
        hf_diag_add(diag, HF_DIAG_NOTICE, (struct hf_loc){0}, NULL,
                    "checked, but without effect in this version: %s.", list);
}
