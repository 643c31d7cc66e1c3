/*
 * assert.c: the end of a process that found itself broken.
 *
 * Any thread.  It cleans nothing up: what it would use may be what is broken.
 */
#include "haftp/base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void hf_assert_failed(const char *claim, const char *file, int line)
{
    fprintf(stderr, "haftp: internal error: '%s' does not hold at %s:%d; please report this line\n",
            claim, file, line);
    abort();
}
