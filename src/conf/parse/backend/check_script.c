/*
 * check_script.c: what a check may come to, by its row; what a script needs.
 */
#include "haftp/conf/check.h"

#include "haftp/base/assert.h"

static const struct {
    const char *word, *text;
    enum hf_check_verdict verdict;
} rows[] = {
#define X(name, word, text, verdict) [HF_CHECK_##name] = {word, text, HF_CHECK_##verdict},
#include "haftp/conf/check_status.def"
#undef X
};

const char *hf_check_status_word(enum hf_check_status status)
{
    HF_ASSERT(status < HF_N_CHECK_STATUSES);
    return rows[status].word;
}

const char *hf_check_status_text(enum hf_check_status status)
{
    HF_ASSERT(status < HF_N_CHECK_STATUSES);
    return rows[status].text;
}

enum hf_check_verdict hf_check_status_verdict(enum hf_check_status status)
{
    HF_ASSERT(status < HF_N_CHECK_STATUSES);
    return rows[status].verdict;
}

bool hf_check_script_has_tls(const struct hf_cfg_check_script *script)
{
    const struct hf_cfg_check_step *step = script ? script->steps : NULL;

    while (step && !(step->action == HF_CHECK_CONNECT && step->connect.ssl))
        step = step->next;
    return step;
}

enum hf_check_status hf_check_status_find(const char *word)
{
    for (unsigned i = 0; i < HF_N_CHECK_STATUSES; i++) {
        if (strcmp(rows[i].word, word) == 0)
            return (enum hf_check_status)i;
    }
    return HF_CHECK_UNKNOWN;
}
