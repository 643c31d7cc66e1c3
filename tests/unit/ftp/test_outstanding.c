/*
 * Which command a reply belongs to, whatever was pipelined.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "filter/outstanding.h"

static void push(struct ftp_queue *queue, enum hf_ftp_cmd_id id)
{
    ftp_queue_push(queue, id, FTP_ANSWER_NONE);
}

static void test_replies_come_in_order(void **state)
{
    (void)state;
    struct ftp_queue queue = {0};
    assert_int_equal(ftp_queue_match(&queue, 421), -1); /* nobody asked */
    push(&queue, HF_CMD_USER);
    push(&queue, HF_CMD_PASS);
    push(&queue, HF_CMD_PASV);
    assert_int_equal(ftp_queue_match(&queue, 331), 0);
    ftp_queue_remove(&queue, 0);
    assert_int_equal(ftp_queue_head(&queue)->id, HF_CMD_PASS);
    ftp_queue_remove(&queue, 0);
    assert_int_equal(ftp_queue_head(&queue)->id, HF_CMD_PASV);
    ftp_queue_remove(&queue, 0);
    assert_null(ftp_queue_head(&queue));
}

/* A queue that went round its ring many times still knows its order. */
static void test_ring_wraps(void **state)
{
    (void)state;
    struct ftp_queue queue = {0};
    for (unsigned turn = 0; turn < 100; turn++) {
        for (unsigned i = 0; i < 5; i++)
            push(&queue, (enum hf_ftp_cmd_id)(HF_CMD_USER + i));
        for (unsigned i = 0; i < 5; i++) {
            assert_int_equal(ftp_queue_head(&queue)->id, HF_CMD_USER + i);
            ftp_queue_remove(&queue, 0);
        }
    }
}

static void test_full_queue_says_so(void **state)
{
    (void)state;
    struct ftp_queue queue = {0};
    for (unsigned i = 0; i < FTP_QUEUE_MAX; i++) {
        assert_false(ftp_queue_full(&queue));
        push(&queue, HF_CMD_NOOP);
    }
    assert_true(ftp_queue_full(&queue));
}

static void test_stat_and_noop_overtake_a_running_transfer(void **state)
{
    (void)state;
    struct ftp_queue queue = {0};
    push(&queue, HF_CMD_RETR);
    push(&queue, HF_CMD_CWD);
    push(&queue, HF_CMD_STAT);
    assert_int_equal(ftp_queue_match(&queue, 213),
                     0); /* the transfer has not begun: replies are in order */
    ftp_queue_head(&queue)->begun = true;
    assert_int_equal(ftp_queue_match(&queue, 213), 2);
    assert_int_equal(ftp_queue_match(&queue, 226), 0);
    assert_int_equal(ftp_queue_match(&queue, 426), 0);
    assert_int_equal(ftp_queue_match(&queue, 500), 2); /* a server that knows no STAT */
    ftp_queue_remove(&queue, 2);
    assert_int_equal(queue.count, 2);
    assert_int_equal(ftp_queue_head(&queue)->id, HF_CMD_RETR);
    assert_true(ftp_queue_head(&queue)->begun);
    ftp_queue_remove(&queue, 0);
    assert_int_equal(ftp_queue_head(&queue)->id, HF_CMD_CWD);
}

static void test_abort_takes_two_replies(void **state)
{
    (void)state;
    struct ftp_queue queue = {0};
    push(&queue, HF_CMD_RETR);
    ftp_queue_head(&queue)->begun = true;
    push(&queue, HF_CMD_ABOR);
    assert_int_equal(ftp_queue_match(&queue, 426), 0);
    ftp_queue_remove(&queue, 0);
    assert_int_equal(ftp_queue_match(&queue, 226), 0);
    assert_int_equal(ftp_queue_head(&queue)->id, HF_CMD_ABOR);
}

/* Pure-FTPd has one reply for both: what cannot be the ABOR's is the next command's. */
static void test_abort_in_doubt(void **state)
{
    (void)state;
    struct ftp_queue queue = {0};
    push(&queue, HF_CMD_ABOR);
    push(&queue, HF_CMD_PASV);
    assert_false(ftp_queue_abort_in_doubt(&queue));
    assert_false(ftp_queue_abort_is_over(&queue, 227));
    ftp_queue_doubt_abort(&queue); /* a transfer before it has succeeded */
    assert_true(ftp_queue_abort_in_doubt(&queue));
    assert_true(ftp_queue_abort_is_over(&queue, 227));
    assert_true(ftp_queue_abort_is_over(&queue, 150));
    assert_true(ftp_queue_abort_is_over(&queue, 550));
    assert_false(ftp_queue_abort_is_over(&queue, 226));
    assert_false(ftp_queue_abort_is_over(&queue, 225));
    assert_false(ftp_queue_abort_is_over(&queue, 426));
    assert_false(ftp_queue_abort_is_over(&queue, 502));
    ftp_queue_remove(&queue, 0);
    assert_false(ftp_queue_abort_in_doubt(&queue));
    ftp_queue_remove(&queue, 0);
    push(&queue, HF_CMD_ABOR);
    ftp_queue_doubt_abort(&queue);
    assert_false(ftp_queue_abort_is_over(&queue, 200)); /* whose else? */
}

/* The reply to an ABOR that was given up for lost comes after all: before any other, or never. */
static void test_abort_answered_late(void **state)
{
    (void)state;
    struct ftp_queue queue = {0};
    push(&queue, HF_CMD_ABOR);
    ftp_queue_doubt_abort(&queue);
    ftp_queue_give_up_abort(&queue);
    ftp_queue_remove(&queue, 0);
    push(&queue, HF_CMD_PASV);
    ftp_queue_head(&queue)->asked = HF_CMD_PASV;
    assert_int_equal(ftp_queue_match(&queue, 225), -1);
    assert_int_equal(ftp_queue_match(&queue, 226), -1);
    assert_int_equal(ftp_queue_match(&queue, 227), 0);
    ftp_queue_answered(&queue, ftp_queue_head(&queue), 502); /* the ABOR's, or its own? */
    ftp_queue_remove(&queue, 0);
    push(&queue, HF_CMD_NOOP);
    assert_int_equal(ftp_queue_match(&queue, 226), 0);
    assert_true(ftp_queue_setup_is_late(&queue, 227));
    assert_int_equal(ftp_queue_match(&queue, 227), -1);
    ftp_queue_answered(&queue, NULL, 227);
    assert_false(ftp_queue_setup_is_late(&queue, 227));
    assert_int_equal(ftp_queue_match(&queue, 200), 0);
}

static void test_a_port_of_ours_is_awaited(void **state)
{
    (void)state;
    struct ftp_queue queue = {0};
    push(&queue, HF_CMD_PASV);
    assert_false(ftp_queue_invites_server(&queue));
    ftp_queue_head(&queue)->asked = HF_CMD_PORT;
    assert_true(ftp_queue_invites_server(&queue));
    ftp_queue_remove(&queue, 0);
    assert_false(ftp_queue_invites_server(&queue));
}

static void test_own_answers_move_no_data(void **state)
{
    (void)state;
    struct ftp_queue queue = {0};
    ftp_queue_push(&queue, HF_CMD_RETR, FTP_ANSWER_TOO_LONG);
    assert_false(ftp_command_moves_data(ftp_queue_head(&queue)));
    ftp_queue_remove(&queue, 0);
    push(&queue, HF_CMD_OTHER); /* an unknown command moves data once the server says 150 */
    assert_false(ftp_command_moves_data(ftp_queue_head(&queue)));
    ftp_queue_head(&queue)->begun = true;
    assert_true(ftp_command_moves_data(ftp_queue_head(&queue)));
    assert_false(ftp_command_moves_data(NULL));
}

static void test_position_names_its_command(void **state)
{
    (void)state;
    struct ftp_queue queue = {.head = FTP_QUEUE_MAX - 1}; /* the second is beyond the ring's end */
    assert_null(ftp_queue_at(&queue, -1));
    push(&queue, HF_CMD_STOR);
    push(&queue, HF_CMD_STAT);
    assert_int_equal(ftp_queue_at(&queue, 0)->id, HF_CMD_STOR);
    assert_int_equal(ftp_queue_at(&queue, 1)->id, HF_CMD_STAT);
}

static void test_uploads_are_told_from_downloads(void **state)
{
    (void)state;
    static const enum hf_ftp_cmd_id up[] = {HF_CMD_STOR, HF_CMD_STOU, HF_CMD_APPE};
    static const enum hf_ftp_cmd_id down[] = {HF_CMD_RETR, HF_CMD_LIST, HF_CMD_OTHER};
    for (size_t i = 0; i < sizeof up / sizeof up[0]; i++)
        assert_false(ftp_command_is_download(&(struct ftp_command){.id = (uint8_t)up[i]}));
    for (size_t i = 0; i < sizeof down / sizeof down[0]; i++)
        assert_true(ftp_command_is_download(&(struct ftp_command){.id = (uint8_t)down[i]}));
}

/* Only what the server still owes an answer, and moves data as far as is known. */
static void test_a_transfer_is_awaited(void **state)
{
    (void)state;
    struct ftp_queue queue = {0};
    push(&queue, HF_CMD_NOOP);
    ftp_queue_push(&queue, HF_CMD_RETR, FTP_ANSWER_NO_DATA_PORT);
    push(&queue, HF_CMD_OTHER);
    assert_false(ftp_queue_transfers(&queue));
    ftp_queue_at(&queue, 2)->begun = true; /* 150 to a command that haftp does not know */
    assert_true(ftp_queue_transfers(&queue));
    ftp_queue_remove(&queue, 2);
    assert_false(ftp_queue_transfers(&queue));
    push(&queue, HF_CMD_LIST);
    assert_true(ftp_queue_transfers(&queue));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies_come_in_order),
        cmocka_unit_test(test_ring_wraps),
        cmocka_unit_test(test_a_transfer_is_awaited),
        cmocka_unit_test(test_full_queue_says_so),
        cmocka_unit_test(test_stat_and_noop_overtake_a_running_transfer),
        cmocka_unit_test(test_abort_takes_two_replies),
        cmocka_unit_test(test_abort_in_doubt),
        cmocka_unit_test(test_abort_answered_late),
        cmocka_unit_test(test_a_port_of_ours_is_awaited),
        cmocka_unit_test(test_own_answers_move_no_data),
        cmocka_unit_test(test_position_names_its_command),
        cmocka_unit_test(test_uploads_are_told_from_downloads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
