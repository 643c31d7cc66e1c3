/*
 * suggest.c: edit distance, and the best of what was offered.
 */
#include "haftp/base/suggest.h"

#include <ctype.h>
#include <string.h>

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits between two words of at most HF_SUGGEST_MAX bytes; a swap of neighbours counts once. */
static unsigned edits(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][HF_SUGGEST_MAX + 1];
    unsigned *before = rows[0], *previous = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b_len; j++)
        previous[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned change = previous[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(previous[j] + 1, row[j - 1] + 1, change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        unsigned *spare = before;
        before = previous;
        previous = row;
        row = spare;
    }
    return previous[b_len];
}

static uint64_t letters_of(const char *word)
{
    uint64_t letters = 0;

    for (; *word; word++)
        letters |= UINT64_C(1) << ((unsigned char)*word % 64);
    return letters;
}

static unsigned at_least(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* So many edits are needed at least, and this is soon known: one for each byte more, and one for
 * each letter that only one of the words has. */
static unsigned fewest_edits(const struct hf_suggest *suggest, size_t n, const char *candidate,
                             size_t m)
{
    uint64_t other = letters_of(candidate);
    unsigned longer = (unsigned)(n > m ? n - m : m - n);
    unsigned lost = (unsigned)__builtin_popcountll(suggest->letters & ~other);
    unsigned gained = (unsigned)__builtin_popcountll(other & ~suggest->letters);

    return at_least(longer, at_least(lost, gained));
}

void hf_suggest_init(struct hf_suggest *suggest, const char *word)
{
    size_t n = strlen(word);
    /* A third of the word may be wrong; a short word forgives one letter. */
    unsigned allowed = n > HF_SUGGEST_MAX ? 0 : n < 3 ? 1 : (unsigned)(n + 2) / 3;
    *suggest =
        (struct hf_suggest){.word = word, .letters = letters_of(word), .distance = allowed + 1};
}

void hf_suggest_offer(struct hf_suggest *suggest, const char *candidate)
{
    size_t n = strlen(suggest->word), m = strlen(candidate);
    if (isdigit((unsigned char)*suggest->word) && !isdigit((unsigned char)*candidate))
        return; /* a value where a word should be: `5s` is no misspelt `ws` */
    if (n == 0 || n > HF_SUGGEST_MAX || m > HF_SUGGEST_MAX)
        return;
    if (fewest_edits(suggest, n, candidate, m) >= suggest->distance)
        return;
    unsigned distance = edits(suggest->word, n, candidate, m);
    if (distance < suggest->distance) {
        suggest->distance = distance;
        suggest->best = candidate;
    }
}
