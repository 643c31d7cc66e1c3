/*
 * test_requests.c: what a client is answered whose name cannot be noted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "desk/desk.h"
#include "filter/filter.h"

static void a_name_is_refused_for_what_is_wrong_with_it(void **state)
{
    (void)state;
    assert_int_equal(ftp_answer_to_name(HF_OK), FTP_ANSWER_NONE);
    assert_non_null(strstr(ftp_answer_text(ftp_answer_to_name(HF_LIMIT)), "501 A name has"));
    assert_non_null(strstr(ftp_answer_text(ftp_answer_to_name(HF_NOMEM)), "451 Out of memory"));
}

/* Whatever haftp says itself is one reply line, and has a code. */
static void answers_are_reply_lines(void **state)
{
    (void)state;
    for (unsigned answer = FTP_ANSWER_NONE + 1; answer < FTP_ANSWER_COUNT; answer++) {
        const char *text = ftp_answer_text((enum ftp_answer)answer);
        size_t n = strlen(text);

        if (answer == FTP_ANSWER_DENIED) /* a rule has the words */
            continue;
        assert_true(n > 6 && text[0] >= '2' && text[0] <= '5' && text[3] == ' ');
        assert_string_equal(text + n - 2, "\r\n");
        assert_ptr_equal(strchr(text, '\r'), text + n - 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_refused_for_what_is_wrong_with_it),
        cmocka_unit_test(answers_are_reply_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
