/*
 * append.h: lists of a configuration are in the order of its lines, and a file may have ten
 * thousand lines of a kind: where the lists end is remembered, so that none is walked for each
 * line.
 */
#ifndef HAFTP_CONF_APPEND_H
#define HAFTP_CONF_APPEND_H

#include <stdint.h>
#include <utlist.h>

#define HF_LIST_ENDS 64u

/* A few of the lists, by the addresses of their heads; another one may take the place. */
struct hf_list_end {
    const void *head;
    void *item; /* the last one, or one near the end */
};

/* Where the end of the list at `head` is noted; NULL in there: it is not known. */
static inline void **hf_list_end(struct hf_list_end *ends, const void *head)
{
    struct hf_list_end *end = &ends[((uintptr_t)head >> 3) % HF_LIST_ENDS];

    if (end->head != head)
        *end = (struct hf_list_end){.head = head};
    return &end->item;
}

/* As LL_APPEND.  `list` is a head that stays where it is and whose items are never taken out. */
#define HF_APPEND(b, list, item_)                                                                  \
    do {                                                                                           \
        void **end_ = hf_list_end((b)->list_ends, &(list));                                        \
        __typeof__(list) near_ = (list) && *end_ ? (__typeof__(list))*end_ : (list);               \
        LL_APPEND(near_, item_);                                                                   \
        if (!(list))                                                                               \
            (list) = (item_);                                                                      \
        *end_ = (item_);                                                                           \
    } while (0)

#endif
