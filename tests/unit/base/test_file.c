/* Files that a configuration names: what is read, and what is refused without waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "haftp/base/file.h"

static char folder[] = "/tmp/haftp-file-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void write_file(const char *path, const char *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

static void assert_refused(const char *path, const char *reason)
{
    const char *why = NULL;
    char *text = hf_file_read(path, NULL, &why);
    assert_null(text);
    assert_non_null(strstr(why, reason));
}

static void test_bytes_as_they_are(void **state)
{
    static const char bytes[] = "one\0two\n";
    const char *why;
    size_t n;
    (void)state;

    write_file("some", bytes, sizeof bytes);
    char *text = hf_file_read("some", &n, &why);
    assert_non_null(text);
    assert_null(why);
    assert_int_equal(n, sizeof bytes);
    assert_memory_equal(text, bytes, n);
    assert_int_equal(text[n], 0);
    hf_file_forget(text, n);
    unlink("some");
}

static void test_empty_files(void **state)
{
    const char *const paths[] = {"empty", "/dev/null"};
    const char *why;
    size_t n;
    (void)state;

    write_file("empty", "", 0);
    for (unsigned i = 0; i < 2; i++) {
        char *text = hf_file_read(paths[i], &n, &why);
        assert_string_equal(text, "");
        assert_int_equal(n, 0);
        free(text);
    }
    unlink("empty");
}

static void test_what_is_not_there(void **state)
{
    (void)state;
    assert_refused("none", "No such file or directory");
    assert_int_equal(errno, ENOENT);
}

static void test_a_folder(void **state)
{
    (void)state;
    assert_refused(".", "Is a directory");
    assert_int_not_equal(errno, ENOENT);
}

/* Nobody writes into the pipe, and /dev/zero has no end. */
static void test_what_is_no_file(void **state)
{
    const struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)state;

    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof addr), 0);
    assert_refused("pipe", "it is a pipe, a socket or a device");
    assert_refused("socket", "it is a pipe, a socket or a device");
    assert_refused("/dev/zero", "it is a pipe, a socket or a device");
    close(fd);
    unlink("pipe");
    unlink("socket");
}

static void test_large_files(void **state)
{
    (void)state;
    write_file("large", "", 0);
    assert_int_equal(truncate("large", 100 << 20), 0);
    assert_refused("large", "it is larger than 64 MB");
    unlink("large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_as_they_are), cmocka_unit_test(test_empty_files),
        cmocka_unit_test(test_what_is_not_there), cmocka_unit_test(test_a_folder),
        cmocka_unit_test(test_what_is_no_file),   cmocka_unit_test(test_large_files),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
