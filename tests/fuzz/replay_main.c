/*
 * replay_main.c: runs a fuzz target over files and folders, for compilers without libFuzzer.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

static unsigned replayed;

static _Noreturn void give_up(const char *path)
{
    fprintf(stderr, "cannot read %s\n", path);
    exit(1);
}

/* The block is exactly as large as the file, so that a read beyond its end is seen. */
static void replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size ? size : 1);
    if (!file || !data || fread(data, 1, size, file) != size)
        give_up(path);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    fclose(file);
    replayed++;
}

static void replay(const char *path)
{
    struct stat info;
    struct dirent **names;

    if (stat(path, &info) != 0)
        give_up(path);
    if (!S_ISDIR(info.st_mode)) {
        replay_file(path, (size_t)info.st_size);
        return;
    }
    int count = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char below[4096];
        snprintf(below, sizeof below, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.')
            replay(below);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE|FOLDER...\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%u inputs replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}
