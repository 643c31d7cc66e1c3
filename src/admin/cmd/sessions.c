/*
 * sessions.c: who is connected, what they do, and how they are ended.
 *
 * Sessions belong to their workers, which are asked; a session's id is its address, as in HAProxy:
 * good as long as it lives.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "haftp/admin/command.h"
#include "haftp/ftp/lease.h"
#include "haftp/ftp/peer.h"

static unsigned long long id_of(const struct hf_session *session)
{
    return (unsigned long long)(uintptr_t)session;
}

static uint64_t age_ms(const struct hf_session *session)
{
    return hf_loop_now(session->engine->loop) - session->facts.accepted_ms;
}

static const char *server_name(const struct hf_session *session, const char *none)
{
    return session->server ? session->server->cfg->name : none;
}

static const char *backend_name(const struct hf_session *session, const char *none)
{
    return session->facts.backend ? session->facts.backend->cfg->name : none;
}

static struct hf_session_look look_at(const struct hf_session *session)
{
    struct hf_session_look look = {0};
    session->ops->look(session, &look);
    return look;
}

/* As HAProxy writes ages: "3s", "2m5s", "1h3m". */
static void print_age(struct hf_text *out, uint64_t ms)
{
    unsigned long long s = ms / 1000;

    if (s < 60)
        hf_text_printf(out, "%llus", s);
    else if (s < 3600)
        hf_text_printf(out, "%llum%llus", s / 60, s % 60);
    else if (s < 86400)
        hf_text_printf(out, "%lluh%llum", s / 3600, s / 60 % 60);
    else
        hf_text_printf(out, "%llud%lluh", s / 86400, s / 3600 % 24);
}

/* ---- show sess ---------------------------------------------------------------------------- */

static const char *proto_of(const struct hf_addr *client)
{
    switch (client->sa.sa_family) {
    case AF_INET:
        return "tcpv4";
    case AF_INET6:
        return "tcpv6";
    default:
        return "unix_stream";
    }
}

static void print_line(const struct hf_session *session, struct hf_text *out)
{
    const struct hf_facts *facts = &session->facts;
    const struct hf_session_look look = look_at(session);
    char client[HF_ADDR_TEXT_SIZE];

    hf_text_printf(out, "0x%llx: proto=%s src=%s fe=%s be=%s srv=%s thr=%u age=", id_of(session),
                   proto_of(&facts->client),
                   hf_addr_is_set(&facts->client) ? hf_addr_text(&facts->client, client) : "unix:1",
                   facts->frontend->cfg->name, backend_name(session, "<NONE>"),
                   server_name(session, "<none>"), facts->worker + 1);
    print_age(out, age_ms(session));
    hf_text_put(out, " idle=");
    print_age(out, look.idle_ms);
    hf_text_printf(out, " kind=%s in=%llu out=%llu doing=\"%s\"\n", look.kind,
                   (unsigned long long)look.bytes_in, (unsigned long long)look.bytes_out,
                   look.doing);
}

/* Names of users and files come from strangers: no blank and no control in them breaks the line. */
static void print_name(struct hf_text *out, const char *name)
{
    for (const char *p = name ? name : "-"; *p; p++) {
        if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '%')
            hf_text_printf(out, "%%%02X", (unsigned char)*p);
        else
            hf_text_add(out, p, 1);
    }
}

static void print_details(const struct hf_session *session, struct hf_text *out)
{
    const struct hf_facts *facts = &session->facts;
    const struct hf_session_look look = look_at(session);
    char text[HF_ADDR_TEXT_SIZE];
    struct hf_addr server = hf_facts_server_address(facts);

    print_line(session, out);
    hf_text_printf(out, "  frontend=%s listener=%s at %s\n", facts->frontend->cfg->name,
                   facts->bind->name ? facts->bind->name : facts->bind->text,
                   hf_addr_text(&facts->local, text));
    hf_text_printf(out,
                   "  backend=%s server=%s at %s, retries=%u, waited=%dms, connected in=%dms\n",
                   backend_name(session, "<NONE>"), server_name(session, "<none>"),
                   hf_addr_is_set(&server) ? hf_addr_text(&server, text) : "-", facts->retries,
                   facts->queue_ms, facts->connect_ms);
    hf_text_printf(out, "  tls=%s/%s\n", facts->front_tls ? "client" : "-",
                   facts->back_tls ? "server" : "-");
    if (look.user) {
        hf_text_put(out, "  user=");
        print_name(out, look.user);
        hf_text_put(out, "\n");
    }
    if (look.transfers) {
        hf_text_printf(out, "  transfer=%s file=", look.download ? "download" : "upload");
        print_name(out, look.file);
        hf_text_printf(out, " bytes=%llu for=%llums\n", (unsigned long long)look.transferred,
                       (unsigned long long)look.transfer_ms);
    }
}

static unsigned list_sessions(struct hf_engine *engine, const struct hf_question *question,
                              struct hf_text *answer)
{
    unsigned n = 0;

    for (const struct hf_session *session = engine->sessions; session; session = session->next) {
        if (question->number && id_of(session) != question->number)
            continue;
        (question->all ? print_details : print_line)(session, answer);
        n++;
    }
    return n;
}

/* False: it is no id. */
static bool read_id(const char *text, uint64_t *id)
{
    char *end;
    *id = strtoull(text, &end, 16);
    return *id && !*end;
}

static enum hf_call_result show_sess(struct hf_call *call)
{
    const char *which = hf_call_arg(call, 0);
    struct hf_question question = {.all = *which};

    if (*which && strcmp(which, "all") != 0 && !read_id(which, &question.number))
        return hf_call_error(call, "Session not found.");
    if (!call->answered)
        return hf_call_ask(call, list_sessions, &question);
    if (question.number && !call->found)
        return hf_call_error(call, "Session not found.");
    hf_text_add(&call->out, call->answers.mem, call->answers.n);
    return HF_CALL_DONE;
}

/* ---- show ftp ----------------------------------------------------------------------------- */

static unsigned long long rate_of(const struct hf_session_look *look)
{
    return look->transfer_ms ? look->transferred * 1000 / look->transfer_ms : look->transferred;
}

static void print_ftp_line(const struct hf_session *session, const struct hf_session_look *look,
                           struct hf_text *out)
{
    char client[HF_ADDR_TEXT_SIZE];

    hf_text_printf(out, "0x%llx %s %s ", id_of(session), look->kind,
                   hf_addr_text(&session->facts.client, client));
    print_name(out, look->user);
    hf_text_printf(out, " %s/%s ", backend_name(session, "-"), server_name(session, "-"));
    print_age(out, age_ms(session));
    hf_text_put(out, " ");
    print_age(out, look->idle_ms);
    hf_text_put(out, " ");
    print_name(out, look->doing);
    hf_text_printf(out, " %s ", !look->transfers ? "-" : look->download ? "down" : "up");
    print_name(out, look->file);
    hf_text_printf(out, " %llu %llu\n", (unsigned long long)look->transferred, rate_of(look));
}

static void put_json(struct hf_text *out, const char *name, const char *value)
{
    hf_text_printf(out, ",\"%s\":", name);
    if (value)
        hf_text_json(out, hf_view_cstr(value));
    else
        hf_text_put(out, "null");
}

/* One object a line, so that a line is whole whoever reads it. */
static void print_ftp_json(const struct hf_session *session, const struct hf_session_look *look,
                           struct hf_text *out)
{
    char client[HF_ADDR_TEXT_SIZE];

    hf_text_printf(out, "{\"id\":\"0x%llx\"", id_of(session));
    put_json(out, "kind", look->kind);
    put_json(out, "client", hf_addr_text(&session->facts.client, client));
    put_json(out, "user", look->user);
    put_json(out, "frontend", session->facts.frontend->cfg->name);
    put_json(out, "backend", backend_name(session, NULL));
    put_json(out, "server", server_name(session, NULL));
    hf_text_printf(out, ",\"age_ms\":%llu,\"idle_ms\":%llu", (unsigned long long)age_ms(session),
                   (unsigned long long)look->idle_ms);
    put_json(out, "doing", look->doing);
    put_json(out, "direction", !look->transfers ? NULL : look->download ? "download" : "upload");
    put_json(out, "file", look->file);
    hf_text_printf(out, ",\"bytes\":%llu,\"bytes_per_second\":%llu}\n",
                   (unsigned long long)look->transferred, rate_of(look));
}

static unsigned list_ftp(struct hf_engine *engine, const struct hf_question *question,
                         struct hf_text *answer)
{
    unsigned n = 0;

    for (const struct hf_session *session = engine->sessions; session; session = session->next) {
        const struct hf_facts *facts = &session->facts;
        if (facts->bind->role == HF_BIND_PLAIN ||
            (question->proxy && facts->frontend != question->proxy &&
             facts->backend != question->proxy) ||
            (question->number && id_of(session) != question->number))
            continue;
        const struct hf_session_look look = look_at(session);
        if (question->all)
            print_details(session, answer);
        else
            (question->json ? print_ftp_json : print_ftp_line)(session, &look, answer);
        n++;
    }
    return n;
}

/* [SECTION | ID] [json] */
static enum hf_call_result show_ftp(struct hf_call *call)
{
    const char *which = hf_call_arg(call, 0);
    struct hf_question question = {.json = hf_call_arg_is(call, call->n_args > 1, "json")};

    if (question.json && call->n_args == 1)
        which = "";
    if (strncmp(which, "0x", 2) == 0) {
        if (!read_id(which, &question.number))
            return hf_call_error(call, "Session not found.");
        question.all = !question.json;
    } else if (*which) {
        question.proxy = hf_call_proxy(call, which, HF_CAP_FRONTEND);
        if (!question.proxy)
            question.proxy = hf_call_proxy(call, which, HF_CAP_BACKEND);
        if (!question.proxy)
            return hf_call_error(call, "No such section.");
    }
    if (!call->answered)
        return hf_call_ask(call, list_ftp, &question);
    if (question.number && !call->found)
        return hf_call_error(call, "Session not found.");
    if (!question.json && !question.all)
        hf_text_put(&call->out, "# id kind client user backend/server age idle doing direction "
                                "file bytes bytes_per_second\n");
    hf_text_add(&call->out, call->answers.mem, call->answers.n);
    return HF_CALL_DONE;
}

/* `ftp-data peer` makes networks of clients, or anybody. */
static const char *peer_text(const struct hf_peer_key *peer, char text[INET6_ADDRSTRLEN])
{
    return peer->family ? inet_ntop(peer->family, peer->host, text, INET6_ADDRSTRLEN) : "any";
}

static void print_lease(const struct hf_addr *at, const struct hf_peer_key *peer, void *arg)
{
    char text[HF_ADDR_TEXT_SIZE], client[INET6_ADDRSTRLEN];

    hf_text_printf(arg, "%s %s\n", hf_addr_text(at, text), peer_text(peer, client));
}

static void print_lease_json(const struct hf_addr *at, const struct hf_peer_key *peer, void *arg)
{
    char text[HF_ADDR_TEXT_SIZE], client[INET6_ADDRSTRLEN];

    hf_text_printf(arg, "{\"data_port\":\"%s\",\"client\":\"%s\"}\n", hf_addr_text(at, text),
                   peer_text(peer, client));
}

/* [json] */
static enum hf_call_result show_leases(struct hf_call *call)
{
    bool json = hf_call_arg_is(call, 0, "json");

    if (!json)
        hf_text_put(&call->out, "# data_port client\n");
    hf_lease_each_mt(call->host->leases, json ? print_lease_json : print_lease, &call->out);
    return HF_CALL_DONE;
}

/* ---- shutdown ----------------------------------------------------------------------------- */

static unsigned kill_one(struct hf_engine *engine, const struct hf_question *question,
                         struct hf_text *answer)
{
    (void)answer;
    return hf_engine_kill_at(engine, question->number, HF_REASON_KILLED);
}

static enum hf_call_result shutdown_session(struct hf_call *call)
{
    const char *id = hf_call_arg(call, 0);
    struct hf_question question = {0};

    if (!*id)
        return hf_call_error(call, "Session pointer expected (use 'show sess').");
    if (!read_id(id, &question.number))
        return hf_call_error(call, "No such session (use 'show sess').");
    if (!call->answered)
        return hf_call_ask(call, kill_one, &question);
    if (!call->found)
        return hf_call_error(call, "No such session (use 'show sess').");
    return HF_CALL_DONE;
}

static unsigned kill_of_server(struct hf_engine *engine, const struct hf_question *question,
                               struct hf_text *answer)
{
    (void)answer;
    hf_engine_kill_of(engine, question->server, HF_REASON_KILLED);
    return 0;
}

static enum hf_call_result shutdown_sessions(struct hf_call *call)
{
    struct hf_question question = {0};

    if (call->answered)
        return HF_CALL_DONE;
    question.server = hf_call_server(call, hf_call_arg(call, 0));
    return question.server ? hf_call_ask(call, kill_of_server, &question) : HF_CALL_DONE;
}

static const struct hf_command commands[] = {
    {"show sess", "[id|all]", "report the list of current sessions or dump this exact session",
     HF_ADMIN_OPERATOR, show_sess},
    {"show ftp", "[<section>|<id>] [json]", "list FTP sessions, what they do and transfer",
     HF_ADMIN_OPERATOR, show_ftp},
    {"show ftp leases", "[json]", "list data ports that are promised to clients", HF_ADMIN_OPERATOR,
     show_leases},
    {"shutdown session", "[id]", "kill a specific session", HF_ADMIN_ADMIN, shutdown_session},
    {"shutdown sessions server", "<bk>/<srv>", "kill sessions on a server", HF_ADMIN_ADMIN,
     shutdown_sessions},
};
HF_COMMANDS(sessions, commands)
