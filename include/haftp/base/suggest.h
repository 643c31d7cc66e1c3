/*
 * suggest.h: the nearest spelling among the names that would have been right.
 *
 * Offer every candidate; the best is the one with the fewest edits (insert, delete, change, swap of
 * neighbours), the first offered wins a tie, and nothing is suggested that is not close.  No
 * allocation; any thread.
 */
#ifndef HAFTP_BASE_SUGGEST_H
#define HAFTP_BASE_SUGGEST_H

#include <stdint.h>

#define HF_SUGGEST_MAX 48u /* longer words get no suggestion */

struct hf_suggest {
    const char *word;
    uint64_t letters; /* which bytes the word has, modulo 64 */
    const char *best; /* NULL: nothing close was offered */
    unsigned distance;
};

void hf_suggest_init(struct hf_suggest *suggest, const char *word);
/* `candidate` must live as long as the answer is used. */
void hf_suggest_offer(struct hf_suggest *suggest, const char *candidate);

#endif
