/*
 * vars.c: a session's variables, and those of the process.
 */
#include "haftp/rules/vars.h"

#include <stdlib.h>

void hf_vars_free(struct hf_vars **vars)
{
    free(*vars);
    *vars = NULL;
}
