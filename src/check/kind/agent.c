/*
 * agent.c: an agent on the server says how it is: one line of words, and a text behind '#'.
 *
 *   connect --> [agent-send -->] "up 50% maxconn:20 # all is well\n"
 *
 * What it says of the state, the weight and the limit is done as if an administrator had said it.
 * Only "down", "stopped" and "fail" take the server down: an agent that is silent, or speaks
 * nonsense, changes nothing.  Words of results are HAProxy's.
 */
#include "../check_int.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "haftp/base/buf.h"
#include "haftp/state/server_admin.h"

#define MOST_BYTES 16384u
#define STEP       "step 2" /* as HAProxy counts: its first one connects */

struct agent {
    struct hf_buf in;
    bool has_spoken; /* agent-send is out */
};

/* Of each kind the last word counts. */
struct words {
    const char *health, *state, *weight, *maxconn; /* NULL: nothing is said of it */
    const char *unknown;                           /* a word without a meaning; NULL: none */
    const char *text;                              /* behind '#'; NULL: none */
    const char *warning;                           /* why a word was not followed; NULL: all were */
};

/* ---- its words ------------------------------------------------------------------------------- */

static bool is_one_of(const char *word, const char *const *names)
{
    for (; *names; names++) {
        if (strcasecmp(word, *names) == 0)
            return true;
    }
    return false;
}

static void sort_word(struct words *words, const char *word)
{
    static const char *const states[] = {"drain", "maint", "ready", NULL};
    static const char *const healths[] = {"up", "down", "stopped", "fail", NULL};

    if (is_one_of(word, healths))
        words->health = word;
    else if (is_one_of(word, states))
        words->state = word;
    else if (isdigit((unsigned char)*word) && strchr(word, '%'))
        words->weight = word;
    else if (strncasecmp(word, "maxconn:", strlen("maxconn:")) == 0)
        words->maxconn = word + strlen("maxconn:");
    else
        words->unknown = word;
}

/* Cuts the line where it is. */
static struct words cut(char *line)
{
    struct words words = {0};
    char *rest = line, *word;

    while (rest += strspn(rest, " \t,"), *rest) {
        if (*rest == '#') {
            words.text = rest + 1 + strspn(rest + 1, " \t");
            break;
        }
        word = rest;
        rest += strcspn(rest, " \t,");
        if (*rest)
            *rest++ = '\0';
        sort_word(&words, word);
    }
    return words;
}

/* ---- what it does ---------------------------------------------------------------------------- */

static void follow_state(struct hf_check_run *run, const char *state)
{
    struct hf_server *server = run->server;
    bool maint = strcasecmp(state, "maint") == 0;

    hf_server_set_drain(server, strcasecmp(state, "drain") == 0);
    hf_server_set_maint(server, maint);
    if (!maint)
        hf_warmup_begin(&run->checks->warmup);
}

static void follow(struct hf_check_run *run, struct words *words)
{
    if (words->state)
        follow_state(run, words->state);
    if (words->weight)
        words->warning = hf_server_take_weight(run->server, words->weight);
    if (words->maxconn && !words->warning)
        words->warning = hf_server_take_maxconn(run->server, words->maxconn);
    else if (words->maxconn)
        (void)hf_server_take_maxconn(run->server, words->maxconn); /* one warning is told */
}

static void describe(const struct words *words, char *out, size_t size)
{
    const char *text = words->text && *words->text ? words->text : words->unknown;

    if (words->health)
        snprintf(out, size, "via agent : %s%s%s%s", words->health, text ? " (" : "",
                 text ? text : "", text ? ")" : "");
    else if (words->unknown)
        snprintf(out, size, "agent reports an error : %s", words->unknown);
    else if (words->warning)
        snprintf(out, size, "agent warns : %s", words->warning);
    else
        *out = '\0';
}

/* Ends the run. */
static void on_line(struct hf_check_run *run, char *line)
{
    struct words words = cut(line);
    char info[HF_CHECKED_TEXT * 2];
    enum hf_check_status status = HF_CHECK_CHECKED;

    follow(run, &words);
    describe(&words, info, sizeof info);
    if (words.health)
        status = strcasecmp(words.health, "up") == 0 ? HF_CHECK_L7OK : HF_CHECK_L7STS;
    hf_check_conclude(run, status, 0, info);
}

/* ---- the conversation ------------------------------------------------------------------------ */

/* Ends the run. */
static void on_closed(struct hf_check_run *run, struct agent *agent)
{
    if (hf_buf_size(&agent->in))
        hf_check_conclude(run, HF_CHECK_L7TOUT, 0, "Ignoring incomplete line from agent");
    else
        hf_check_conclude(run, HF_CHECK_L7RSP, 0, "TCPCHK got an empty response at " STEP);
}

/* True: the line was whole, and the run has ended. */
static bool has_line(struct hf_check_run *run, struct agent *agent)
{
    struct hf_view in = hf_buf_view(&agent->in);
    char line[1024];
    size_t n = 0;

    while (n < in.n && in.p[n] != '\r' && in.p[n] != '\n')
        n++;
    if (n == in.n && n < MOST_BYTES)
        return false;
    snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), in.p);
    on_line(run, line);
    return true;
}

/* False: the run has ended. */
static bool ask(struct hf_check_run *run, struct agent *agent)
{
    const char *question = run->question;
    size_t size = question ? strlen(question) : 0, n = 0;

    if (agent->has_spoken || size == 0)
        return true;
    agent->has_spoken = true;
    /* An empty socket takes it whole. */
    enum hf_status status = hf_check_send(run, question, size, &n);
    if (status == HF_OK && n == size)
        return true;
    hf_check_broke(run, status == HF_OK ? HF_FAILED : status);
    return false;
}

static void on_ready(struct hf_check_run *run, void *state)
{
    struct agent *agent = state;
    char room[4096];

    if (!ask(run, agent))
        return;
    for (;;) {
        size_t n = 0;
        enum hf_status status = hf_check_recv(run, room, sizeof room, &n);
        if (status == HF_AGAIN)
            return;
        if (status != HF_OK && status != HF_EOF && !hf_buf_size(&agent->in)) {
            hf_check_broke(run, status);
            return;
        }
        if (status != HF_OK) {
            on_closed(run, agent);
            return;
        }
        if (hf_buf_add(&agent->in, room, n, SIZE_MAX) != HF_OK) {
            hf_check_hindered(run, HF_NOMEM);
            return;
        }
        if (has_line(run, agent))
            return;
    }
}

static void on_end(void *state)
{
    struct agent *agent = state;
    hf_buf_clear(&agent->in);
}

const struct hf_check_ops hf_check_agent = {
    .name = "agent",
    .help = "asks an agent on the server how it is",
    .state_bytes = sizeof(struct agent),
    .on_ready = on_ready,
    .on_end = on_end,
};
