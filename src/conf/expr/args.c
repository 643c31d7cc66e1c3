/*
 * args.c: the arguments of a fetch or converter, cut at their commas and read by its signature.
 */
#include "argument.h"

#include <string.h>

#include "check_args.h"
#include "parse/env.h"

/* ---- cutting at commas ------------------------------------------------------------------- */

/* What stands for an escaped character; 0: the backslash stays. */
static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case '\\':
    case '\'':
    case '"':
    case ' ':
        return c;
    default:
        return '\0';
    }
}

/* One argument, up to the comma or parenthesis that ends it. */
static bool read_raw(struct hf_reader *r, const char *open, struct hf_raw_arg *raw)
{
    char *out = hf_arena_alloc(r->b->config->arena, strlen(r->at) + 1), quote = '\0';
    const char *quoted = NULL;

    raw->from = r->at;
    raw->text = out;
    for (; *r->at && (quote || !strchr(",)", *r->at)); r->at++) {
        char c = *r->at;
        if ((c == '"' || c == '\'') && (!quote || quote == c)) {
            quote = quote ? '\0' : c;
            quoted = r->at;
        } else if (c == '\\' && quote != '\'' && r->at[1] && unescape(r->at[1])) {
            *out++ = unescape(*++r->at);
        } else {
            *out++ = c;
        }
    }
    raw->to = r->at;
    if (*r->at)
        return true;
    if (quote)
        return hf_reader_fail(r, quoted, quoted + 1, "put the other quote behind the argument",
                              "this quote is not closed");
    return hf_reader_fail(r, open, open + 1, "put the word into quotes if it has blanks in it",
                          "'(' without its ')'");
}

/* ---- all of them ------------------------------------------------------------------------- */

/* Without an argument: this section, an empty text; else it is missing. */
static bool leave_out(struct hf_arg_reader *a, char letter, bool only_one, const char *name_end)
{
    static const struct hf_raw_arg nothing = {"", "", ""};

    if (strchr("fbt", letter) || (only_one && a->arg->text == NULL && strchr("sn", letter))) {
        struct hf_arg_reader own = {a->r, a->row, &nothing, a->arg};
        a->arg->text = "";
        a->arg->loc = hf_reader_place(a->r, a->r->name, name_end);
        if (letter == 's')
            a->arg->kind = HF_ARG_TEXT;
        else if (letter == 'n') /* HAProxy reads nothing as 0 */
            a->arg->kind = HF_ARG_INT;
        return strchr("sn", letter) || hf_arg_refers(&own, letter);
    }
    return hf_reader_fail(a->r, a->r->name, name_end, NULL, "'%s' lacks an argument: %s",
                          a->row->name, hf_arg_kind(letter));
}

/* regsub(PATTERN,TEXT,FLAGS) */
static bool compile_regex(struct hf_reader *r, struct hf_conv *out)
{
    char error[128];

    for (unsigned i = 0; i < out->n_args; i++) {
        struct hf_arg *arg = &out->args[i];
        const char *flags = i + 2 < out->n_args ? out->args[i + 2].text : NULL;
        if (out->row->signature[i] != 'r')
            continue;
        arg->kind = HF_ARG_REGEX;
        arg->regex = hf_regex_new(r->b->config->arena, arg->text, flags && strchr(flags, 'i'),
                                  error, sizeof error);
        if (arg->regex)
            continue;
        hf_build_error(r->b, arg->loc, NULL, "'%s' is not a regular expression: %s", arg->text,
                       error);
        return false;
    }
    return true;
}

/* env(NAME) is what the variable is now: a second argument. */
static void look_up_variable(struct hf_reader *r, struct hf_conv *out)
{
    const char *value = hf_env_get(r->b->env, hf_view_cstr(out->args[0].text));

    if (value)
        out->args[out->n_args++] = (struct hf_arg){.kind = HF_ARG_TEXT, .text = value};
}

/* Texts may be empty, and some of them are then as good as left out. */
#define TEXTS          "sdkjqgTDCKVBoxHGPOFNJWw"
#define MAY_BE_NOTHING "sdkjqgVBox"

/* An argument that is no text and left empty ends the list. */
static bool ends_list(struct hf_reader *r, const struct hf_sample_row *row,
                      const struct hf_raw_arg *raw)
{
    if (*r->at == ')')
        return true;
    return hf_reader_fail(r, raw->from, r->at + 1, "give all arguments up to the last one",
                          "'%s' has an argument behind one that is left out", row->name);
}

static bool read_given(struct hf_reader *r, const struct hf_sample_row *row, const char *letters,
                       struct hf_conv *out)
{
    const char *open = r->at++;
    struct hf_raw_arg raw;

    if (*r->at == ')' && (!letters[0] || !strchr("TDCKW", letters[0]))) {
        r->at++;
        return true;
    }
    for (;; r->at++) {
        if (!read_raw(r, open, &raw))
            return false;
        if (!letters[out->n_args])
            return hf_reader_fail(r, raw.from, raw.to, NULL, "'%s' takes %s", row->name,
                                  !letters[0] ? "no argument" : "fewer arguments");
        struct hf_arg_reader a = {r, row, &raw, &out->args[out->n_args]};
        char letter = letters[out->n_args];
        bool is_optional = out->n_args >= strcspn(row->signature, "|");
        if (*raw.text || (!is_optional && !strchr("fbt", letter)) ||
            (is_optional && strchr(TEXTS, letter) && !strchr(MAY_BE_NOTHING, letter))) {
            if (!hf_arg_check(&a, letter))
                return false;
        } else if (is_optional && !strchr(TEXTS, letter) && !ends_list(r, row, &raw)) {
            return false;
        }
        a.arg->text = raw.text;
        out->n_args++;
        if (*r->at++ == ')')
            return true;
        r->at--;
    }
}

static bool check_together(struct hf_reader *r, const struct hf_conv *out, const char *name_end)
{
    unsigned index;
    const char *wrong = hf_args_wrong_together(out, &index);

    if (!wrong)
        return true;
    struct hf_loc loc = out->n_args > index ? out->args[index].loc : (struct hf_loc){0};
    hf_build_error(r->b, loc.source ? loc : hf_reader_place(r, r->name, name_end), NULL, "'%s': %s",
                   out->row->name, wrong);
    return false;
}

bool hf_reader_args(struct hf_reader *r, const struct hf_sample_row *row, struct hf_conv *out)
{
    const char *name_end = r->at;
    char letters[16];
    unsigned least = (unsigned)strcspn(row->signature, "|"), n = 0;

    for (const char *p = row->signature; *p; p++) {
        if (*p != '|')
            letters[n++] = *p;
    }
    letters[n] = '\0';
    out->row = row;
    out->args = hf_arena_alloc(r->b->config->arena, (n + 1) * sizeof *out->args);
    out->n_args = 0;
    if (*r->at == '(' && !read_given(r, row, letters, out))
        return false;
    for (unsigned given = out->n_args, i = 0; i < least; i++) {
        struct hf_arg_reader a = {r, row, NULL, &out->args[i]};
        if ((i >= given || (!*out->args[i].text && strchr("fbt", letters[i]))) &&
            !leave_out(&a, letters[i], given == 0 && i == 0, name_end))
            return false;
        if (i >= out->n_args)
            out->n_args = i + 1;
    }
    if (strcmp(row->name, "env") == 0)
        look_up_variable(r, out);
    return check_together(r, out, name_end) && compile_regex(r, out);
}
