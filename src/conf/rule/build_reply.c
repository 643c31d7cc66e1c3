/*
 * build_reply.c: texts that FTP clients read: of `ftp-request deny`, of `ftp-greeting`.
 */
#include "ends/vet.h"
#include "parse/build.h"

#include <string.h>

#include "parse/value.h"

#define TEXT_MAX     500u /* with its code and its end, a line of 512 bytes: any client reads that */
#define MOST_LINES   20u
#define MOST_DENIALS 65535u
#define FIRST_ROOM   16u

static bool read_code(struct hf_build *b, struct hf_cfg_rule *rule, const struct hf_word *word)
{
    if (hf_value_number(word->text, &rule->number) != HF_OK || rule->number < 400 ||
        rule->number > 599) {
        hf_build_error(b, word->loc, "from 400 to 599, for example 550 or 450",
                       "'%s' is not the code of a refusal", word->text);
        return false;
    }
    if (rule->number == 421) {
        hf_build_error(b, word->loc, "choose another one, for example 450",
                       "421 announces the end of the connection, which goes on");
        return false;
    }
    return true;
}

/* One line of a reply, of n bytes; false: told. */
static bool is_reply_line(struct hf_build *b, const struct hf_word *word, const char *text,
                          size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= ' ' && c != 0x7f)
            continue;
        hf_build_error(b, word->loc, "write printable characters",
                       "the text of a reply cannot hold the byte 0x%02x", c);
        return false;
    }
    if (n > TEXT_MAX) {
        hf_build_error(b, word->loc, "the longest line has 500 bytes",
                       "a line of this text has %zu bytes", n);
        return false;
    }
    return true;
}

static bool read_text(struct hf_build *b, struct hf_cfg_rule *rule, const struct hf_word *word)
{
    rule->reply = word->text;
    return is_reply_line(b, word, word->text, strlen(word->text));
}

/* A line feed begins another line of the greeting. */
HF_VET(greeting)
{
    const char *text = word->text;
    unsigned lines = 1;
    size_t n;

    (void)row;
    for (;; lines++) {
        n = strcspn(text, "\n");
        if (!is_reply_line(b, word, text, n))
            return false;
        if (text[n] == '\0')
            break;
        text += n + 1;
    }
    if (lines <= MOST_LINES)
        return true;
    hf_build_error(b, word->loc, "shorten it, or let the servers say it behind the login",
                   "a greeting has at most %u lines", MOST_LINES);
    return false;
}

/* A value behind words[*at], which is taken with it. */
static const struct hf_word *take_value(struct hf_build *b, const struct hf_word *words, unsigned n,
                                        unsigned *at)
{
    const struct hf_word *name = &words[*at];

    if (*at + 1 == n) {
        hf_build_error(b, name->loc, "for example: deny code 550 text \"Not here.\"",
                       "'%s' needs a value", name->text);
        return NULL;
    }
    *at += 2;
    return name + 1;
}

/* The rules that deny commands, by index: what the queue of a session can hold. */
static bool add_to_list(struct hf_build *b, struct hf_cfg_rule *rule)
{
    struct hf_config *config = b->config;
    unsigned n = config->n_ftp_denials;

    if (n == MOST_DENIALS) {
        hf_build_error(b, rule->loc, "use lists of patterns in fewer rules",
                       "there are more than %u rules that deny commands", MOST_DENIALS);
        return false;
    }
    if (n == 0 || (n >= FIRST_ROOM && (n & (n - 1)) == 0)) {
        size_t room = n ? 2 * (size_t)n : FIRST_ROOM;
        const struct hf_cfg_rule **list = hf_arena_alloc(config->arena, room * sizeof *list);
        if (n)
            memcpy(list, config->ftp_denials, n * sizeof *list);
        config->ftp_denials = list;
    }
    rule->denial = n;
    config->ftp_denials[config->n_ftp_denials++] = rule;
    return true;
}

bool hf_build_denial(struct hf_build *b, struct hf_cfg_rule *rule, const struct hf_word *words,
                     unsigned n, unsigned *at)
{
    const struct hf_word *value;

    while (*at < n) {
        const char *name = words[*at].text;
        if (strcmp(name, "code") != 0 && strcmp(name, "text") != 0)
            break;
        value = take_value(b, words, n, at);
        if (!value || !(name[0] == 'c' ? read_code(b, rule, value) : read_text(b, rule, value)))
            return false;
    }
    return add_to_list(b, rule);
}
