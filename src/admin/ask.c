/*
 * ask.c: a question goes to every worker by mail, and the answers come back.
 *
 * Each worker has a sheet of its own to write on, so that nothing is locked; the last one that
 * comes back wakes the command.  A command whose client has left meanwhile is forgotten, and its
 * sheets are thrown away as they come.
 */
#include <stdlib.h>

#include "admin_int.h"
#include "haftp/base/assert.h"

struct sheet {
    struct hf_mail mail; /* to the worker, and back */
    struct hf_ask *ask;
    struct hf_engine *engine;
    struct hf_text answer;
    unsigned found;
};

struct hf_ask {
    struct hf_admin *admin;
    struct hf_call *call; /* NULL: nobody waits any more */
    hf_ask_fn fn;
    struct hf_question question;
    unsigned n, n_missing;
    struct sheet sheets[];
};

static void collect(struct hf_ask *ask)
{
    struct hf_call *call = ask->call;
    for (unsigned i = 0; i < ask->n; i++) {
        const struct sheet *sheet = &ask->sheets[i];
        hf_text_add(&call->answers, sheet->answer.mem, sheet->answer.n);
        call->answers.failed |= sheet->answer.failed;
        call->found += sheet->found;
    }
    call->ask = NULL;
    call->answered = true;
}

static void forget(struct hf_ask *ask)
{
    for (unsigned i = 0; i < ask->n; i++)
        hf_text_free(&ask->sheets[i].answer);
    ask->admin->n_asks--;
    free(ask);
}

/* Main's thread. */
static void on_answer(struct hf_mail *mail)
{
    struct hf_ask *ask = HF_CONTAINER(mail, struct sheet, mail)->ask;
    struct hf_call *call = ask->call;

    if (--ask->n_missing > 0)
        return;
    if (call)
        collect(ask);
    forget(ask);
    if (call)
        admin_client_resume(call->client);
}

/* A worker's thread. */
static void on_question(struct hf_mail *mail)
{
    struct sheet *sheet = HF_CONTAINER(mail, struct sheet, mail);
    struct hf_ask *ask = sheet->ask;

    sheet->found = ask->fn(sheet->engine, &ask->question, &sheet->answer);
    sheet->mail.fn = on_answer;
    hf_mail_post_mt(ask->admin->host.loop, &sheet->mail);
}

enum hf_call_result hf_call_ask(struct hf_call *call, hf_ask_fn fn,
                                const struct hf_question *question)
{
    const struct hf_admin_host *host = call->host;
    struct hf_ask *ask = calloc(1, sizeof *ask + host->n_engines * sizeof ask->sheets[0]);

    HF_ASSERT(!call->ask);
    if (!ask)
        return hf_call_error(call, "Out of memory.");
    ask->admin = call->client->admin;
    ask->call = call;
    ask->fn = fn;
    ask->question = *question;
    ask->n = ask->n_missing = host->n_engines;
    ask->admin->n_asks++;
    call->ask = ask;
    for (unsigned i = 0; i < host->n_engines; i++) {
        struct sheet *sheet = &ask->sheets[i];
        sheet->ask = ask;
        sheet->engine = host->engines[i];
        sheet->mail.fn = on_question;
        hf_mail_post_mt(sheet->engine->loop, &sheet->mail);
    }
    return HF_CALL_WAIT;
}

void admin_ask_forget(struct hf_call *call)
{
    if (call->ask)
        call->ask->call = NULL;
    call->ask = NULL;
}
