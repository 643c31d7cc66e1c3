/*
 * fuzz_config.c: any text is either a configuration or a list of messages; and a configuration that
 * is dumped and read again is the same one.
 */
#include "fuzz.h"

#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "haftp/conf/load.h"

/* Neither name servers nor the host's files are asked: every host name, user and group is unknown
 * here.  Files cost most of the time, and a run must not depend on the machine. */
struct passwd *getpwnam(const char *name)
{
    (void)name;
    return NULL;
}

struct group *getgrnam(const char *name)
{
    (void)name;
    return NULL;
}

int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
    (void)node, (void)service, (void)hints, (void)result;
    return EAI_NONAME;
}

static struct hf_config *load(const void *text, size_t size, struct hf_diag *diag)
{
    char path[64];
    const char *const paths[] = {path};
    int fd = memfd_create("config", MFD_CLOEXEC);
    HF_ASSERT(fd >= 0 && write(fd, text, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct hf_config *config = hf_config_load(paths, 1, diag);
    close(fd);
    return config;
}

static char *dump(const struct hf_config *config)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    HF_ASSERT(out);
    hf_config_dump(config, out);
    HF_ASSERT(fclose(out) == 0);
    return text;
}

static void print(const struct hf_diag *diag, const struct hf_config *config)
{
    static char room[1 << 16];
    FILE *nowhere = fmemopen(room, sizeof room, "w"); /* what does not fit is lost */
    HF_ASSERT(nowhere);
    hf_diag_print(diag, nowhere, HF_DIAG_NOTICE);
    if (config)
        hf_config_explain(config, nowhere);
    fclose(nowhere);
}

static void check_round_trip(const struct hf_config *config)
{
    char *first = dump(config);
    struct hf_diag *diag = hf_diag_new();
    struct hf_config *again = load(first, strlen(first), diag);
    if (!again) {
        fprintf(stderr, "the dump is not a configuration:\n%s\n", first);
        hf_diag_print(diag, stderr, HF_DIAG_ERROR);
        abort();
    }
    char *second = dump(again);
    HF_ASSERT(strcmp(first, second) == 0);
    free(second);
    hf_config_free(again);
    hf_diag_free(diag);
    free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_diag *diag = hf_diag_new();
    struct hf_config *config = load(data, size, diag);
    HF_ASSERT((config == NULL) == (hf_diag_count(diag, HF_DIAG_ERROR) > 0));
    print(diag, config);
    if (config)
        check_round_trip(config);
    hf_config_free(config);
    hf_diag_free(diag);
    return 0;
}
