/*
 * http.c: in mode tcp words for HTTP have no effect, as in HAProxy; in mode http they belong to
 * sections that do not run in this version.
 */
#include "http.h"

#include <string.h>

#include <utlist.h>

#include "conf_int.h"
#include "stats_page.h"

void hf_http_note(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    struct hf_http_word *word = HF_NEW(b->config->arena, struct hf_http_word);

    word->row = row;
    word->loc = loc;
    LL_APPEND(b->http_words, word);
    if (row->fate == HF_FATE_HTTP_PAGE)
        b->section->o.http_page = true;
}

static const struct hf_http_word *find(const struct hf_build *b, const char *name)
{
    const struct hf_http_word *word;

    LL_FOREACH(b->http_words, word)
    {
        if (strcmp(word->row->name, name) == 0)
            return word;
    }
    return NULL;
}

/* Two ways to ask for a password. */
static void check_password(struct hf_build *b)
{
    const struct hf_http_word *rule = find(b, "stats http-request");

    if (rule && (find(b, "stats auth") || find(b, "stats realm")))
        hf_build_error(b, rule->loc, "leave out one of them",
                       "'stats http-request' excludes 'stats auth' and 'stats realm'");
}

void hf_http_tell(struct hf_build *b)
{
    const struct hf_http_word *word;

    check_password(b);
    LL_FOREACH(b->http_words, word)
    {
        if (b->section->o.mode == HF_MODE_HTTP && hf_page_acts_on(word->row))
            continue;
        if (b->section->o.mode == HF_MODE_HTTP)
            hf_conf_add_pending(b->config, word->row->name, word->loc);
        else
            hf_diag_add(b->diag, HF_DIAG_WARNING, word->loc,
                        "it is for HTTP only; the line can be removed",
                        "'%s' has no effect in mode tcp.", word->row->name);
    }
    b->http_words = NULL;
}
