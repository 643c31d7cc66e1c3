/*
 * rand.c: the kernel's random numbers, fetched in batches so that a lease costs no system call.
 */
#include "haftp/base/rand.h"

#include <string.h>
#include <sys/random.h>

#include "haftp/base/assert.h"

uint32_t hf_rand32(void)
{
    static _Thread_local struct {
        uint32_t value[64]; /* 256 bytes: the most that getrandom() returns whole */
        unsigned left;
    } batch;
    if (batch.left == 0) {
        ssize_t got = getrandom(batch.value, sizeof batch.value, 0);
        HF_ASSERT(got == (ssize_t)sizeof batch.value);
        batch.left = sizeof batch.value / sizeof batch.value[0];
    }
    return batch.value[--batch.left];
}

uint32_t hf_rand_below(uint32_t n)
{
    return (uint32_t)(((uint64_t)hf_rand32() * n) >> 32);
}
