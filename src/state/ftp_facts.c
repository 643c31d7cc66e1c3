/*
 * ftp_facts.c: names, the last command and the last reply of an FTP conversation.
 */
#include "haftp/state/ftp_facts.h"

#include <stdlib.h>
#include <string.h>

struct hf_ftp_facts *hf_ftp_facts_make(struct hf_facts *facts)
{
    if (!facts->ftp)
        facts->ftp = calloc(1, sizeof *facts->ftp);
    return facts->ftp;
}

static void forget(char **text)
{
    free(*text);
    *text = NULL;
}

void hf_ftp_facts_free(struct hf_facts *facts)
{
    struct hf_ftp_facts *ftp = facts->ftp;

    if (!ftp)
        return;
    hf_ftp_facts_forget_login(ftp);
    forget(&ftp->kept_arg);
    free(ftp);
    facts->ftp = NULL;
}

/* ---- the command ------------------------------------------------------------------------- */

static void forget_arg(struct hf_ftp_facts *ftp)
{
    forget(&ftp->kept_arg);
    ftp->arg = hf_view(NULL, 0);
}

static char capital(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

void hf_ftp_facts_begin(struct hf_ftp_facts *ftp, struct hf_view verb, struct hf_view arg)
{
    size_t n = verb.n < HF_FTP_VERB_MAX ? verb.n : HF_FTP_VERB_MAX;

    for (size_t i = 0; i < n; i++)
        ftp->verb[i] = capital(verb.p[i]);
    ftp->verb[n] = '\0';
    forget_arg(ftp);
    ftp->arg = arg;
}

/* Without memory the argument is not known later on. */
void hf_ftp_facts_end(struct hf_ftp_facts *ftp, bool keep)
{
    struct hf_view arg = ftp->arg;

    if (ftp->kept_arg || !arg.p) /* there was no command in between */
        return;
    if (arg.n > HF_FTP_ARG_MAX)
        arg.n = HF_FTP_ARG_MAX;
    ftp->kept_arg = keep ? malloc(arg.n + 1) : NULL;
    if (ftp->kept_arg) {
        memcpy(ftp->kept_arg, arg.p, arg.n);
        ftp->arg = hf_view(ftp->kept_arg, arg.n);
    } else {
        ftp->arg = hf_view(NULL, 0);
    }
}

/* ---- names ------------------------------------------------------------------------------- */

/* Host names are the same in any case (RFC 7151 3.1); names of users are not. */
static void lower(char *text)
{
    for (; *text; text++)
        *text = hf_fold(*text);
}

enum hf_status hf_ftp_facts_say(struct hf_ftp_facts *ftp, bool host, struct hf_view name)
{
    if (name.n > HF_FTP_NAME_MAX)
        return HF_LIMIT;
    char *copy = malloc(name.n + 1);
    if (!copy)
        return HF_NOMEM;
    memcpy(copy, name.p, name.n);
    copy[name.n] = '\0';
    if (host)
        lower(copy);
    free(ftp->said);
    ftp->said = copy;
    ftp->said_host = host;
    return HF_OK;
}

void hf_ftp_facts_settle(struct hf_ftp_facts *ftp, bool accepted)
{
    char **name = ftp->said_host ? &ftp->host : &ftp->user;

    if (!ftp->said)
        return;
    if (accepted) {
        free(*name);
        *name = ftp->said;
    } else {
        free(ftp->said);
    }
    ftp->said = NULL;
}

void hf_ftp_facts_forget_name(struct hf_ftp_facts *ftp, bool host)
{
    forget(host ? &ftp->host : &ftp->user);
}

void hf_ftp_facts_forget_login(struct hf_ftp_facts *ftp)
{
    hf_ftp_facts_forget_name(ftp, false);
    hf_ftp_facts_forget_name(ftp, true);
    forget(&ftp->said);
}
