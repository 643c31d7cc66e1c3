/*
 * usage.c: what the program says about itself.
 */
#include <uv.h>

#include "haftp/app/args.h"

static void print_row(FILE *out, const char *word, const char *argument, const char *help)
{
    char left[32];

    snprintf(left, sizeof left, "%s %s", word, argument);
    fprintf(out, "  %-14s %s\n", left, help);
}

void hf_usage_print(FILE *out)
{
    fputs("Usage: haftp -f FILE|DIR [OPTION...] [-- FILE...]\n"
          "Balances FTP and TCP connections as an HAProxy configuration says.\n\n",
          out);
#define OPT_FILE(word, argument, help)          print_row(out, word, argument, help);
#define OPT_ACTION(word, action, help)          print_row(out, word, "", help);
#define OPT_FLAG(word, field, help)             print_row(out, word, "", help);
#define OPT_TEXT(word, argument, field, help)   print_row(out, word, argument, help);
#define OPT_NUMBER(word, argument, field, help) print_row(out, word, argument, help);
#define OPT_LATER(word, advice)
#include "options.def"

    fputs("\nHAProxy's, but not supported by this version yet:", out);
#define OPT_FILE(word, argument, help)
#define OPT_ACTION(word, action, help)
#define OPT_FLAG(word, field, help)
#define OPT_TEXT(word, argument, field, help)
#define OPT_NUMBER(word, argument, field, help)
#define OPT_LATER(word, advice) fputs(" " word, out);
#include "options.def"
    fputc('\n', out);
}

#ifdef __clang__
#define COMPILER __VERSION__ /* names itself */
#else
#define COMPILER "gcc " __VERSION__
#endif

void hf_version_print(FILE *out, bool details)
{
    fprintf(out, "haftp version %s\n", HAFTP_VERSION);
    if (!details)
        return;
    fprintf(out,
            "Compiler: %s\n"
            "libuv: %s (built with %d.%d.%d)\n"
            "Relay: splice; copying where the kernel refuses, or with 'nosplice'\n"
            "Features: +FTP-PASSIVE +IPV6 +THREADS -FTP-ACTIVE -TLS\n",
            COMPILER, uv_version_string(), UV_VERSION_MAJOR, UV_VERSION_MINOR, UV_VERSION_PATCH);
}
