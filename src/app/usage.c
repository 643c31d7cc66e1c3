/*
 * usage.c: what the program says about itself.
 */
#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#include <string.h>
#include <uv.h>

#include "haftp/app/args.h"
#include "haftp/conf/feature.h"

static void print_row(FILE *out, const char *word, const char *argument, const char *help)
{
    char left[48];

    snprintf(left, sizeof left, "%s%s", word, argument);
    if (strlen(left) > 16)
        fprintf(out, "  %s\n%19s%s\n", left, "", help);
    else
        fprintf(out, "  %-16s %s\n", left, help);
}

void hf_usage_print(FILE *out)
{
    fputs("Usage: haftp -f FILE|DIR [OPTION...] [-- FILE...]\n"
          "Balances FTP and TCP connections as an HAProxy configuration says.\n\n",
          out);
#define OPT_FILE(word, argument, help)                print_row(out, word, " " argument, help);
#define OPT_ACTION(word, action, help)                print_row(out, word, "", help);
#define OPT_TEST(word, argument, action, field, help) print_row(out, word, " " argument, help);
#define OPT_FLAG(word, field, help)                   print_row(out, word, "", help);
#define OPT_TEXT(word, argument, field, help)         print_row(out, word, " " argument, help);
#define OPT_NUMBER(word, argument, field, help)       print_row(out, word, " " argument, help);
#define OPT_GLUED(word, argument, field, help)        print_row(out, word, "[" argument "]", help);
#define OPT_PIDS(word, field, help)                   print_row(out, word, " PID...", help);
#define OPT_PLAIN(word, help)                         print_row(out, word, "", help);
#define OPT_WORD(word, argument, help)                print_row(out, word, " " argument, help);
#include "options.def"
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
            "TLS: %s (built with " OPENSSL_VERSION_STR ")\n"
            "Relay: splice; copying where the kernel refuses, or with 'nosplice'\n"
            "Features: +FTP-PASSIVE +FTP-ACTIVE +IPV6 +THREADS +TLS +FTPS\n"
            "Language: that of HAProxy " HF_SPOKEN_VERSION "; for .if feature(NAME): ",
            COMPILER, uv_version_string(), UV_VERSION_MAJOR, UV_VERSION_MINOR, UV_VERSION_PATCH,
            OpenSSL_version(OPENSSL_VERSION));
    hf_build_print_features(out);
    fputc('\n', out);
}
