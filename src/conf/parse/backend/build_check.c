/*
 * build_check.c: what health checks say: option ftp-check.
 */
#include "../build.h"

#include <string.h>

/* The words are sent as they are, each on a line of its own. */
static bool is_one_line(struct hf_build *b, const struct hf_word *word)
{
    if (!strpbrk(word->text, "\r\n"))
        return true;
    hf_build_error(b, word->loc, NULL, "a line end cannot be sent to a server");
    return false;
}

/* [user NAME [password PASSWORD]] */
static bool read_login(struct hf_build *b, struct hf_cfg_ftp_check *check)
{
    static const char *const names[] = {"user", "password"};
    const char **fields[] = {&check->user, &check->password};
    const struct hf_word *words = b->rule.words;
    unsigned n = b->rule.n_words;

    for (unsigned i = 0; i < n; i += 2) {
        if (i / 2 == 2 || strcmp(words[i].text, names[i / 2]) != 0) {
            hf_build_error(b, words[i].loc, "option ftp-check [user NAME [password PASSWORD]]",
                           "'option ftp-check' knows no '%s' here", words[i].text);
            return false;
        }
        if (i + 1 == n || !words[i + 1].text[0]) {
            hf_build_error(b, words[i].loc, NULL, "'%s' needs a value", names[i / 2]);
            return false;
        }
        if (!is_one_line(b, &words[i + 1]))
            return false;
        *fields[i / 2] = words[i + 1].text;
    }
    return true;
}

void hf_build_ftp_check(struct hf_build *b)
{
    struct hf_cfg_ftp_check *check = HF_NEW(b->config->arena, struct hf_cfg_ftp_check);

    if (!read_login(b, check))
        return;
    b->section->o.ftp_check = check;
    b->section->o.tcp_check = false;
}

void hf_build_no_ftp_check(struct hf_build *b)
{
    b->section->o.ftp_check = NULL;
}
