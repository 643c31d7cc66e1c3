/*
 * text_index.c: texts in order, for a binary search; and which patterns get an index at all.
 */
#include <stdlib.h>

#include "pattern_index_int.h"

#define FEW 8u /* trying so many one by one is as quick */

struct hf_text_index {
    const struct hf_view *texts;
    bool ignore_case;
    unsigned *order; /* numbers of entries */
    unsigned n;
};

static int compare(struct hf_view a, struct hf_view b, bool ignore_case)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    if (!ignore_case)
        return a.n ? memcmp(a.p, b.p, a.n) : 0;
    for (size_t i = 0; i < a.n; i++) {
        char x = hf_fold(a.p[i]), y = hf_fold(b.p[i]);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

/* Of equal texts, the first in the file comes first. */
static int by_text(const void *a, const void *b, void *context)
{
    const struct hf_text_index *index = context;
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    int order = compare(index->texts[x], index->texts[y], index->ignore_case);
    if (order != 0)
        return order;
    return x < y ? -1 : 1;
}

static const struct hf_text_index *new_text_index(struct hf_arena *arena,
                                                  const struct hf_patterns *patterns)
{
    struct hf_text_index *index = HF_NEW(arena, struct hf_text_index);
    index->texts = patterns->texts;
    index->ignore_case = patterns->ignore_case;
    index->n = patterns->n;
    index->order = hf_arena_alloc(arena, index->n * sizeof *index->order);
    for (unsigned i = 0; i < index->n; i++)
        index->order[i] = i;
    qsort_r(index->order, index->n, sizeof *index->order, by_text, index);
    return index;
}

void hf_patterns_index(struct hf_arena *arena, struct hf_patterns *patterns)
{
    if (patterns->match == HF_MATCH_IP)
        patterns->net_index = hf_net_index_new(arena, patterns->nets, patterns->n);
    else if (patterns->match == HF_MATCH_STR && patterns->n > FEW)
        patterns->text_index = new_text_index(arena, patterns);
}

int hf_text_index_find(const struct hf_text_index *index, struct hf_view text)
{
    unsigned lo = 0, hi = index->n; /* the first that is not less lies in lo..hi */
    while (lo < hi) {
        unsigned middle = lo + (hi - lo) / 2;
        if (compare(index->texts[index->order[middle]], text, index->ignore_case) < 0)
            lo = middle + 1;
        else
            hi = middle;
    }
    if (lo == index->n)
        return -1;
    unsigned entry = index->order[lo];
    return compare(index->texts[entry], text, index->ignore_case) == 0 ? (int)entry : -1;
}
