/*
 * samples.c: the words inside expressions, rules and formats with their help, from the rows.
 */
#include <string.h>

#include "haftp/base/assert.h"
#include "haftp/conf/expr.h"
#include "list_int.h"

#define LENGTH(rows) (sizeof(rows) / sizeof(rows)[0])

struct word {
    const char *usage, *help;
};

static void list_words(FILE *out, const char *title, const struct word *words, size_t n)
{
    fprintf(out, "\n%s\n", title);
    for (const struct word *word = words; word < words + n; word++)
        fprintf(out, "  %s\n      %s\n", word->usage, word->help);
}

/* ---- sample fetches and converters ------------------------------------------------------- */

/* A letter of a signature as users read it; samples.h explains them. */
static const char *argument_name(char letter)
{
    static const char *const names[] = {
        ['i'] = "NUMBER",
        ['I'] = "NUMBER",
        ['L'] = "NUMBER",
        ['c'] = "NUMBER",
        ['o'] = "OFFSET",
        ['s'] = "TEXT",
        ['d'] = "TEXT",
        ['k'] = "HEX",
        ['v'] = "VARIABLE",
        ['V'] = "VARIABLE",
        ['a'] = "IPV4",
        ['A'] = "IPV6",
        ['m'] = "MASK",
        ['M'] = "MASK6",
        ['f'] = "FRONTEND",
        ['b'] = "BACKEND",
        ['S'] = "SERVER",
        ['t'] = "TABLE",
        ['u'] = "USERLIST",
        ['r'] = "REGEX",
        ['p'] = "FILE",
        ['B'] = "true|false",
        ['P'] = "FIELD",
        ['T'] = "us|ms",
        ['D'] = "s|ms|us",
        ['C'] = "CONDITION",
        ['K'] = "SINK",
        ['g'] = "FLAGS",
        ['j'] = "CHARSET",
        ['q'] = "MODE",
        ['4'] = "VERSION",
        ['x'] = "ANY",
        ['n'] = "NUMBER|VARIABLE",
        ['h'] = "BITS",
        ['e'] = "BITS",
        ['H'] = "DIGEST",
        ['F'] = "TAG",
        ['N'] = "MESSAGE",
        ['O'] = "TYPE",
        ['J'] = "PATH",
        ['W'] = "int",
        ['G'] = "BASE64|VARIABLE",
        ['w'] = "ALGORITHM|VARIABLE",
    };
    const char *name = (size_t)letter < LENGTH(names) ? names[(size_t)letter] : NULL;

    HF_ASSERT(name);
    return name;
}

/* "map(FILE[,TEXT])" */
static void print_usage(FILE *out, const struct hf_sample_row *row)
{
    const char *bar = strchr(row->signature, '|'), *comma = "";

    fputs(row->name, out);
    if (!row->signature[0])
        return;
    fputs("(", out);
    for (const char *letter = row->signature; *letter; letter++) {
        if (letter == bar) {
            fputs("[", out);
            continue;
        }
        fprintf(out, "%s%s", comma, argument_name(*letter));
        comma = ",";
    }
    fputs(bar ? "])" : ")", out);
}

/* What must have happened before a sample is there. */
static const char *known_text(unsigned known)
{
    if ((known & HF_KNOWN_REQUEST) && (known & HF_KNOWN_RESPONSE))
        return ", from the bytes of the client or of the server";
    if (known & HF_KNOWN_REQUEST)
        return ", from the bytes of the client";
    if (known & HF_KNOWN_RESPONSE)
        return (known & HF_KNOWN_END) ? ", once the server is connected"
                                      : ", from the bytes of the server";
    if (known & HF_KNOWN_END)
        return ", at the end of the session";
    if (known & HF_KNOWN_SERVER)
        return ", once the server was chosen";
    if (known & HF_KNOWN_BACKEND)
        return ", once the backend was chosen";
    return "";
}

/* Rows of other spellings have the id of the row they are another spelling of, and stand behind. */
static const struct hf_sample_row *first_spelling(const struct hf_sample_row *rows,
                                                  const struct hf_sample_row *row)
{
    const struct hf_sample_row *first = rows;

    while (first < row && first->id != row->id)
        first++;
    return row->id >= 0 ? first : row;
}

static void list_samples(FILE *out, const char *title, const struct hf_sample_row *rows, unsigned n)
{
    fprintf(out, "\n%s\n", title);
    for (const struct hf_sample_row *row = rows; row < rows + n; row++) {
        const struct hf_sample_row *first = first_spelling(rows, row);
        fputs("  ", out);
        print_usage(out, row);
        if (first == row)
            fprintf(out, "\n      %s\n", row->help);
        else
            fprintf(out, "\n      Another spelling of '%s'.\n", first->name);
        if (row->id >= 0 && row->in)
            fprintf(out, "      Makes %s from %s.\n", hf_type_name(row->out),
                    hf_type_name(row->in));
        else if (row->id >= 0)
            fprintf(out, "      Gives %s%s.\n", hf_type_name(row->out), known_text(row->known));
    }
}

void hf_list_fetches(FILE *out)
{
    list_samples(out, "Sample fetches", hf_fetches, hf_n_fetches);
}

void hf_list_converters(FILE *out)
{
    list_samples(out, "Converters", hf_convs, hf_n_convs);
}

/* ---- ACLs -------------------------------------------------------------------------------- */

static const struct acl_name {
    const char *name, *fetch, *method;
} acl_names[] = {
#define HF_ACL_NAME(word, fetch, method) {word, fetch, method},
#include "../../../grammar/rows/samples/acl.def"
};

/* The row of the fetch that begins `test`, perhaps under a name that only ACLs know. */
static const struct hf_sample_row *fetch_of(const char *test)
{
    struct hf_view name = hf_view(test, strcspn(test, " ("));

    for (size_t i = 0; i < LENGTH(acl_names); i++) {
        if (hf_view_is(name, acl_names[i].name))
            return hf_fetch_find(hf_view_cstr(acl_names[i].fetch));
    }
    return hf_fetch_find(name);
}

static void list_predefined(FILE *out)
{
    static const struct {
        const char *name, *test;
    } acls[] = {
#define HF_ACL_PREDEFINED(word, test) {word, test},
#include "../../../grammar/rows/samples/acl.def"
    };

    fputs("\nACLs that need not be defined\n", out);
    for (size_t i = 0; i < LENGTH(acls); i++) {
        const struct hf_sample_row *fetch = fetch_of(acls[i].test);
        HF_ASSERT(fetch);
        fprintf(out, "  %s\n", acls[i].name);
        if (fetch->id < 0)
            fprintf(out, "      %s\n", fetch->help);
        else
            fprintf(out, "      The same as '{ %s }'.\n", acls[i].test);
    }
}

static void list_acl_names(FILE *out)
{
    fputs("\nNames of fetches that only ACLs know\n", out);
    for (size_t i = 0; i < LENGTH(acl_names); i++) {
        const struct acl_name *acl = &acl_names[i];
        const struct hf_sample_row *fetch = fetch_of(acl->fetch);
        HF_ASSERT(fetch);
        fprintf(out, "  %s\n", acl->name);
        if (fetch->id < 0)
            fprintf(out, "      %s\n", fetch->help);
        else
            fprintf(out, "      The fetch '%s' with '-m %s'.\n", acl->fetch, acl->method);
    }
}

void hf_list_acls(FILE *out)
{
    static const struct word methods[] = {
#define HF_ACL_METHOD(match, word, type, help) {word, help},
#include "../../../grammar/rows/samples/acl.def"
    };
    static const struct word flags[] = {
#define HF_ACL_FLAG(usage, help) {usage, help},
#include "../../../grammar/rows/samples/acl.def"
    };

    list_words(out, "Methods of ACLs, behind '-m'", methods, LENGTH(methods));
    list_words(out, "Flags of ACLs", flags, LENGTH(flags));
    list_predefined(out);
    list_acl_names(out);
}

/* ---- rules ------------------------------------------------------------------------------- */

/* The arguments of an action as users read them; samples.h explains the letters. */
static const char *action_arguments(char letter)
{
    static const char *const texts[] = {
        ['-'] = "",
        ['e'] = " SAMPLE",
        ['#'] = " NUMBER",
        ['v'] = "(VARIABLE[,CONDITION...]) SAMPLE",
        ['f'] = "(VARIABLE[,CONDITION...]) FORMAT",
        ['u'] = "(VARIABLE)",
        ['4'] = " layer4",
        ['l'] = " LEVEL",
        ['w'] = " NUMBER",
        ['k'] = " SAMPLE [table SECTION]",
        ['n'] = "(COUNTER)",
        ['o'] = "(COUNTER) { NUMBER | SAMPLE }",
        ['i'] = "(INDEX,COUNTER)",
        ['j'] = "(INDEX,COUNTER) { NUMBER | SAMPLE }",
        ['c'] = " SAMPLE len NUMBER",
        ['r'] = "(VARIABLE,RESOLVERS) SAMPLE",
        ['m'] = " http [proto NAME]",
        ['s'] = " SERVICE",
        ['g'] = " ENGINE GROUP",
        ['d'] = " [code NUMBER] [text TEXT]",
        ['y'] = " [rst-ttl NUMBER]",
        ['x'] = " { NUMBER | SAMPLE }",
        ['b'] = " FILTER [limit { SIZE | SAMPLE }] [period { TIME | SAMPLE }]",
        ['a'] = " BACKEND/SERVER [name SAMPLE]",
    };
    const char *text = (size_t)letter < LENGTH(texts) ? texts[(size_t)letter] : NULL;

    HF_ASSERT(text);
    return text;
}

static void print_rule_sets(FILE *out, const char *letters)
{
    static const struct {
        char letter;
        const char *name;
    } sets[] = {{'C', "connection"}, {'S', "session"}, {'Q', "content"}};
    const char *before = "tcp-request ";

    if (letters[0] == 'F') {
        fputs("      In ftp-request.\n", out);
        return;
    }
    fputs("      In ", out);
    for (size_t i = 0; i < LENGTH(sets); i++) {
        if (!strchr(letters, sets[i].letter))
            continue;
        fprintf(out, "%s%s", before, sets[i].name);
        before = ", ";
    }
    if (strchr(letters, 'R'))
        fprintf(out, "%stcp-response content", *before == ',' ? "; " : "");
    if (strchr(letters, 'F'))
        fputs("; ftp-request", out);
    fputs(".\n", out);
}

void hf_list_actions(FILE *out)
{
    static const struct {
        const char *name, *sets, *help;
        enum hf_rule_action action;
        char args;
    } rows[] = {
#define HF_ACTION(action, word, sets, args, help) {word, sets, help, HF_RULE_##action, args[0]},
#include "../../../grammar/rows/samples/action.def"
    };

    fputs("\nActions of 'tcp-request', 'tcp-response' and 'ftp-request'\n", out);
    for (size_t i = 0; i < LENGTH(rows); i++) {
        bool works = rows[i].action != HF_RULE_NONE;
        fprintf(out, "  %s%s\n      %s\n", rows[i].name, action_arguments(rows[i].args),
                works ? rows[i].help : "Checked, but without effect in this version.");
        if (works)
            print_rule_sets(out, rows[i].sets);
    }
}

/* ---- log formats ------------------------------------------------------------------------- */

void hf_list_aliases(FILE *out)
{
    static const struct word words[] = {
#define HF_ALIAS(id, word, help) {"%" word, help},
#define HF_ALIAS_HTTP(word)      {"%" word, "For HTTP only: refused in mode tcp."},
#include "../../../grammar/rows/samples/alias.def"
    };

    list_words(out, "Variables of log formats", words, LENGTH(words));
}

/* ---- directives -------------------------------------------------------------------------- */

void hf_list_directives(FILE *out)
{
    static const struct word directives[] = {
#define HF_DIRECTIVE(word, args, help) {word args, help},
#include "../../../grammar/rows/samples/directive.def"
    };
    static const struct word predicates[] = {
#define HF_PREDICATE(word, n_args, holds, args, help) {word "(" args ")", help},
#include "../../../grammar/rows/samples/directive.def"
    };

    list_words(out, "Directives, on lines of their own", directives, LENGTH(directives));
    list_words(out, "What conditions of '.if', '.elif' and '-cc' may ask", predicates,
               LENGTH(predicates));
}
