/*
 * observe.c: from a worker that sees connections fail to the loop that knows the server's health.
 */
#include "check_int.h"

#include <stdlib.h>

static struct hf_loop *home; /* set before workers start, unset after they have ended */

struct report {
    struct hf_mail mail;
    struct hf_server *server;
};

static void on_report(struct hf_mail *mail)
{
    struct report *report = HF_CONTAINER(mail, struct report, mail);
    struct hf_check_run *run = report->server->check;

    free(report);
    if (run)
        hf_check_suffer(run);
}

/* On any worker.  Without memory nothing is told: the next failures are counted anew. */
static void on_errors(struct hf_server *server)
{
    struct report *report = calloc(1, sizeof *report);
    if (!report)
        return;
    report->server = server;
    report->mail.fn = on_report;
    hf_mail_post_mt(home, &report->mail);
}

void hf_observe_begin(struct hf_loop *loop)
{
    home = loop;
    hf_server_on_errors(on_errors);
}

void hf_observe_end(void)
{
    hf_server_on_errors(NULL);
    home = NULL;
}
