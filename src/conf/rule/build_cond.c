/*
 * build_cond.c: ACLs and conditions.
 */
#include "parse/build.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <utlist.h>

#include "expr/expr_build.h"
#include "expr/word.h"
#include "haftp/base/suggest.h"

static struct hf_arena *arena_of(struct hf_build *b)
{
    return b->config->arena;
}

/* ---- names ------------------------------------------------------------------------------- */

/* ACLs of a defaults section are not known in the sections that use it, only its rules are.  Their
 * names get the section's in front, so that the rules can be told wherever they are. */
static const char *full_name(struct hf_build *b, const char *name)
{
    if (!b->in_defaults)
        return name;
    return hf_arena_printf(arena_of(b), "%s.%s", b->section->name, name);
}

/* Other ACLs than for the line before: they are gone through once. */
static void turn_to_acls(struct hf_build *b)
{
    struct hf_acl *acl;

    if (b->acls_of == b->section->acls)
        return;
    b->acls_of = b->section->acls;
    b->acl_names = (struct hf_names){0};
    LL_FOREACH(b->section->acls, acl)
    {
        hf_names_add(&b->acl_names, arena_of(b), acl->name, acl);
    }
}

static struct hf_acl *find(struct hf_build *b, const char *name)
{
    turn_to_acls(b);
    return hf_names_find(&b->acl_names, full_name(b, name));
}

static void append(struct hf_build *b, struct hf_acl *acl)
{
    turn_to_acls(b);
    HF_APPEND(b, b->section->acls, acl);
    hf_names_add(&b->acl_names, arena_of(b), acl->name, acl);
    b->acls_of = b->section->acls;
}

static const char *suggestion(struct hf_build *b, const char *name)
{
    struct hf_suggest suggest;
    struct hf_acl *acl;
    size_t skip = b->in_defaults ? strlen(full_name(b, "")) : 0;

    hf_suggest_init(&suggest, name);
    LL_FOREACH(b->section->acls, acl)
    {
        hf_suggest_offer(&suggest, acl->name + skip);
    }
    return suggest.best ? hf_arena_printf(arena_of(b), "did you mean '%s'?", suggest.best)
                        : "an ACL must be defined above the line that uses it";
}

static bool is_good_name(struct hf_build *b, const struct hf_word *name)
{
    if (strcasecmp(name->text, "or") == 0) {
        hf_build_error(b, name->loc, "choose another name",
                       "'%s' stands between alternatives: it cannot be the name of an ACL",
                       name->text);
        return false;
    }
    for (size_t i = 0; name->text[i]; i++) {
        char c = name->text[i];
        if (isalnum((unsigned char)c) || strchr("-_.:", c))
            continue;
        hf_build_error(b, hf_word_part(name, i, i + 1),
                       "letters, digits, '-', '_', '.' and ':' may be used",
                       "'%c' cannot be in the name of an ACL", c);
        return false;
    }
    return true;
}

bool hf_build_in_anonymous_defaults(struct hf_build *b, struct hf_loc loc, const char *what)
{
    if (!b->in_defaults || b->section->name)
        return false;
    hf_build_error(b, loc, "write 'defaults NAME', and 'from NAME' in the sections that use it",
                   "'%s' needs a defaults section with a name", what);
    return true;
}

void hf_build_acl(struct hf_build *b, struct hf_loc loc)
{
    const struct hf_word *words = b->rule.words;
    unsigned n = b->rule.n_words;
    struct hf_acl_test *test;
    struct hf_acl *acl;

    if (hf_build_in_anonymous_defaults(b, loc, "acl"))
        return;
    if (n == 0) {
        hf_build_error(b, loc, "write: acl NAME SAMPLE VALUES", "'acl' needs a name");
        return;
    }
    if (!is_good_name(b, &words[0]))
        return;
    test = hf_acl_parse(b, words + 1, n - 1, words[0].loc);
    acl = find(b, words[0].text);
    if (!acl) {
        acl = HF_NEW(arena_of(b), struct hf_acl);
        acl->name = full_name(b, words[0].text);
        acl->loc = words[0].loc;
        append(b, acl);
    }
    /* A faulty one is known by its name, so that its uses are not told as well. */
    if (test)
        HF_APPEND(b, acl->tests, test);
}

/* ---- conditions -------------------------------------------------------------------------- */

void hf_build_rule_word(struct hf_build *b, const struct hf_word *word)
{
    b->rule.words[b->rule.n_words++] = *word;
}

void hf_build_condition(struct hf_build *b, struct hf_loc loc, bool unless)
{
    b->rule.cond = HF_NEW(arena_of(b), struct hf_cond);
    b->rule.cond->loc = loc;
    b->rule.cond->unless = unless;
    b->rule.alternative = NULL;
    b->rule.negated = false;
    b->rule.dangling_or = (struct hf_loc){0};
}

/* An "or" closes what was there; nothing on a side means nothing, as in HAProxy. */
void hf_build_or(struct hf_build *b, struct hf_loc loc)
{
    if (!b->rule.alternative)
        hf_diag_add(b->diag, HF_DIAG_WARNING, loc, NULL, "nothing stands before this 'or'.");
    else
        b->rule.dangling_or = loc;
    b->rule.alternative = NULL;
    b->rule.negated = false;
}

void hf_build_not(struct hf_build *b, struct hf_loc loc)
{
    b->rule.negated = !b->rule.negated;
    b->rule.negation = loc;
}

static void add_term(struct hf_build *b, const struct hf_acl *acl, struct hf_loc loc)
{
    struct hf_cond_term *term = HF_NEW(arena_of(b), struct hf_cond_term);
    struct hf_cond *cond = b->rule.cond;

    term->acl = acl;
    term->negated = b->rule.negated;
    b->rule.negated = false;
    if (!b->rule.alternative) {
        b->rule.alternative = HF_NEW(arena_of(b), struct hf_cond_all);
        LL_APPEND(cond->any, b->rule.alternative);
    }
    LL_APPEND(b->rule.alternative->terms, term);
    cond->loc.end_col = loc.end_col;
}

void hf_build_acl_name(struct hf_build *b, const struct hf_word *name)
{
    struct hf_acl *acl = find(b, name->text);

    if (!acl)
        acl = hf_acl_predefined(b, name);
    if (acl) {
        add_term(b, acl, name->loc);
        return;
    }
    b->rule.faulty = true;
    if (name->text[0] == '{')
        hf_build_error(b, name->loc, "blanks belong around braces: { src 10.0.0.0/8 }",
                       "'%s' is not the name of an ACL", name->text);
    else
        hf_build_error(b, name->loc, suggestion(b, name->text), "no ACL is named '%s'", name->text);
}

void hf_build_group_word(struct hf_build *b, const struct hf_word *word)
{
    b->rule.group[b->rule.n_group++] = *word;
}

void hf_build_acl_group(struct hf_build *b, struct hf_loc loc)
{
    struct hf_acl_test *test = hf_acl_parse(b, b->rule.group, b->rule.n_group, loc);

    b->rule.n_group = 0;
    if (!test) {
        b->rule.faulty = true;
        return;
    }
    struct hf_acl *acl = HF_NEW(arena_of(b), struct hf_acl);
    acl->loc = loc;
    acl->tests = test;
    add_term(b, acl, loc);
}
