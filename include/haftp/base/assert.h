/*
 * assert.h: claims about our own code.  They stay in release builds: a broken invariant in
 * a process that holds other people's sessions must stop it, located, not corrupt it.
 * Bad input, a broken peer or a full table is never an assertion.
 */
#ifndef HAFTP_BASE_ASSERT_H
#define HAFTP_BASE_ASSERT_H

#include <stdint.h>

_Noreturn void hf_assert_failed(const char *claim, const char *file, int line);

#define HF_ASSERT(claim) ((claim) ? (void)0 : hf_assert_failed(#claim, __FILE__, __LINE__))

/* Identity of objects that travel through void pointers or embedded links: the first member
 * is a magic word, checked on the way in and zeroed when the object dies. */
#define HF_CHECK(object, magic_word) HF_ASSERT((object) && (object)->magic == (magic_word))

/* The object that contains this member. */
#define HF_CONTAINER(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer) - __builtin_offsetof(type, member)))

#endif
