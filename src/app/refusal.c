/*
 * refusal.c: what a line of the configuration asks for and the system refuses at start.
 */
#include <stdarg.h>

#include "app_int.h"
#include "haftp/base/diag.h"

void app_refuse(struct hf_loc loc, const char *hint, const char *format, ...)
{
    struct hf_diag *diag = hf_diag_new();
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    hf_diag_add(diag, HF_DIAG_ERROR, loc, hint, "%s", text);
    hf_diag_print(diag, stderr, HF_DIAG_ERROR);
    hf_diag_free(diag);
}
