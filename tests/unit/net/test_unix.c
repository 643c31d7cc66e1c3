/*
 * test_unix.c: sockets with names: a newcomer takes a path over, rights are set, abstract names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "haftp/net/socket.h"
#include "haftp/net/unix.h"

static const struct hf_unix_opts plain = {.mode = -1, .uid = -1, .gid = -1};

static char folder[] = "/tmp/haftp-unix-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/s", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void expect_accepted(int listener)
{
    struct hf_addr peer;
    int fd;

    assert_int_equal(hf_socket_accept(listener, &fd, &peer), HF_OK);
    assert_false(hf_addr_is_set(&peer));
    close(fd);
}

static void a_newcomer_takes_the_path_over(void **state)
{
    int old, new, client;

    (void)state;
    assert_int_equal(hf_unix_listen(path, &plain, &old), HF_OK);
    assert_int_equal(hf_unix_listen(path, &plain, &new), HF_OK);
    assert_int_equal(hf_unix_connect(path, false, &client), HF_OK);
    struct hf_addr peer;
    int fd;
    assert_int_equal(hf_socket_accept(old, &fd, &peer), HF_AGAIN);
    expect_accepted(new);
    close(client);
    close(old);
    close(new);
    assert_int_equal(hf_unix_connect(path, false, &client), HF_REFUSED);
}

static void rights_are_set_before_anybody_can_connect(void **state)
{
    struct hf_unix_opts opts = {.mode = 0640, .uid = (int)getuid(), .gid = (int)getgid()};
    struct stat info;
    int fd;

    (void)state;
    assert_int_equal(hf_unix_listen(path, &opts, &fd), HF_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    assert_int_equal(info.st_uid, getuid());
    close(fd);
}

static void a_file_that_is_no_socket_stays(void **state)
{
    char text[8] = {0};
    int fd;

    (void)state;
    unlink(path); /* the test's before */
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs("mine", file);
    fclose(file);
    assert_int_equal(hf_unix_listen(path, &plain, &fd), HF_INUSE);
    file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "mine");
    unlink(path);
}

static void abstract_names_have_no_file(void **state)
{
    struct hf_unix_opts opts = {.abstract = true, .mode = -1, .uid = -1, .gid = -1};
    char name[64];
    int listener, again, client;

    (void)state;
    snprintf(name, sizeof name, "haftp-test-%d", (int)getpid());
    assert_int_equal(hf_unix_listen(name, &opts, &listener), HF_OK);
    assert_int_equal(hf_unix_listen(name, &opts, &again), HF_INUSE);
    assert_int_equal(hf_unix_connect(name, true, &client), HF_OK);
    expect_accepted(listener);
    assert_int_not_equal(access(name, F_OK), 0);
    close(client);
    close(listener);
}

static void names_that_cannot_be(void **state)
{
    char longest[200];
    int fd;

    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(hf_unix_listen("", &plain, &fd), HF_INVALID);
    assert_int_equal(hf_unix_listen(longest, &plain, &fd), HF_INVALID);
    assert_int_equal(hf_unix_connect(longest, false, &fd), HF_INVALID);
    assert_int_not_equal(hf_unix_listen("/no/such/folder/s", &plain, &fd), HF_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newcomer_takes_the_path_over),
        cmocka_unit_test(rights_are_set_before_anybody_can_connect),
        cmocka_unit_test(a_file_that_is_no_socket_stays),
        cmocka_unit_test(abstract_names_have_no_file),
        cmocka_unit_test(names_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
