/*
 * takeover.c: what a new process asks of those before it (its forebears), newest first.
 *
 *   sockets PID   -> "socket PID\nNAME\n..." with descriptors, ..., "sockets-end PID GENERATION
 * ITS-PID" hold PID      -> it accepts nothing more; "lease PID\nADDRESS PEER\n..." for each, "held
 * PID" keep PID\n... sockets that we have no use for: it listens to them as long as it needs them
 *   running PID   from now on we accept; it lets its sockets go, and stops softly
 *   stray ...     a data connection that nobody expects here (ftp/arrival)
 *
 * Nobody accepts between "held" and "running": connections wait in the kernel's queues, and none
 * comes to a process that does not know of it.  Several processes may hold our end of a line (the
 * master has it, too), so answers carry the id of who asked.
 */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "app_int.h"
#include "haftp/base/assert.h"
#include "haftp/base/hex.h"
#include "haftp/net/line.h"

#define PATIENCE_MS 5000 /* for each answer */

struct forebear {
    struct hf_watch watch;
    int line;
    bool answers; /* to us, so far */
    unsigned generation, part;
    long pid;
    _Atomic bool gone;
};

/* An opaque session of another process, whose client's new ones are to go to the same server. */
struct inherited_tie {
    struct hf_bond bond;
    struct inherited_tie *next;
};

static struct {
    struct forebear list[APP_MOST_FOREBEARS];
    unsigned n;
    _Atomic unsigned n_alive;
    unsigned generation, part;         /* ours: when we came, and of data ports (lease.h) */
    const struct app_serving *serving; /* from app_takeover_hold() on */
    struct inherited_tie *ties;
    bool succeeded; /* by a process after us */
} past;

void app_takeover_from(const int *lines, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (past.n < APP_MOST_FOREBEARS)
            past.list[past.n++] = (struct forebear){.line = lines[i], .answers = true};
        else
            close(lines[i]);
    }
}

unsigned app_takeover_generation(void)
{
    return past.generation;
}

unsigned app_takeover_part(void)
{
    return past.part;
}

unsigned app_takeover_lines(int lines[APP_MOST_FOREBEARS])
{
    unsigned n = 0;
    for (unsigned i = 0; i < past.n; i++)
        if (!atomic_load(&past.list[i].gone))
            lines[n++] = past.list[i].line;
    return n;
}

/* ---- questions and answers ----------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void tell(struct forebear *forebear,
                                                       const char *format, ...)
{
    char text[HF_LINE_BYTES];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* Its end is read by an event loop that does little else: room comes soon. */
    enum hf_status status = HF_AGAIN;
    for (int tries = 0; status == HF_AGAIN && tries < 200; tries++) {
        status = hf_line_send_mt(forebear->line, text, (size_t)n, NULL, 0);
        if (status == HF_AGAIN)
            usleep(5000);
    }
    if (status != HF_OK)
        forebear->answers = false;
}

/* The rest of a message that begins with this word and our id; NULL: it is another one. */
static const char *answer_to_us(const struct hf_line_message *message, const char *word)
{
    char head[64];
    int n = snprintf(head, sizeof head, "%s %ld", word, (long)getpid());
    const char *rest = message->text + n;

    if (strncmp(message->text, head, (size_t)n) != 0 || (*rest && *rest != '\n' && *rest != ' '))
        return NULL;
    return rest + (*rest != '\0');
}

/* Reads answers until `handle` says that this was the last; a process that says nothing for long is
 * asked no more. */
static void listen_to(struct forebear *forebear,
                      bool (*handle)(struct hf_line_message *message, void *arg), void *arg)
{
    static struct hf_line_message message; /* large; the workers do not run yet */
    bool last = false;

    while (forebear->answers && !last) {
        enum hf_status status = hf_line_await(forebear->line, PATIENCE_MS);
        if (status == HF_OK)
            status = hf_line_receive(forebear->line, &message);
        if (status == HF_OK) {
            last = handle(&message, arg);
            hf_line_drop_fds(&message, 0);
        } else if (status != HF_AGAIN) {
            forebear->answers = false;
            if (status == HF_TIMEOUT)
                hf_diag_line(stderr, HF_DIAG_WARNING,
                             "The process before this one does not answer; going on without what "
                             "it has.");
        }
    }
}

/* The next line of `*rest`, which is cut up for it; NULL: that was all. */
static char *next_line(char **rest)
{
    char *line = strsep(rest, "\n");
    return line && *line ? line : NULL;
}

/* ---- sockets ------------------------------------------------------------------------------- */

static void add_sockets(struct app_heirlooms *heirlooms, struct hf_line_message *message,
                        const char *names)
{
    char *rest = (char *)names, *name;
    unsigned i = 0;

    for (; i < message->n_fds && (name = next_line(&rest)); i++) {
        if (!app_heirlooms_add(heirlooms, name, message->fds[i]))
            break;
    }
    hf_line_drop_fds(message, i);
    message->n_fds = 0; /* the others are heirlooms */
}

struct asking {
    struct app_heirlooms *heirlooms;
    struct forebear *forebear;
};

static bool on_sockets(struct hf_line_message *message, void *arg)
{
    struct asking *asking = arg;
    struct forebear *forebear = asking->forebear;
    const char *rest = answer_to_us(message, "socket");

    if (rest) {
        add_sockets(asking->heirlooms, message, rest);
        return false;
    }
    rest = answer_to_us(message, "sockets-end");
    return rest &&
           sscanf(rest, "%u %ld %u", &forebear->generation, &forebear->pid, &forebear->part) == 3;
}

/* By several ways we may have come to one process. */
static bool is_known(const struct forebear *forebear)
{
    for (const struct forebear *other = past.list; other < forebear; other++)
        if (other->pid == forebear->pid)
            return true;
    return false;
}

static int younger_first(const void *a, const void *b)
{
    const struct forebear *left = a, *right = b;
    return (left->generation < right->generation) - (left->generation > right->generation);
}

/* Of the data ports: the first that none of the others has. */
static unsigned free_part(void)
{
    for (unsigned part = 0; part < HF_LEASE_PARTS; part++) {
        unsigned i = 0;
        while (i < past.n && past.list[i].part != part)
            i++;
        if (i == past.n)
            return part;
    }
    return past.generation % HF_LEASE_PARTS; /* seventeen live: two of them share */
}

/* Strays go to the youngest, who passes them on: so order matters. */
static void put_in_order(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < past.n; i++) {
        struct forebear *forebear = &past.list[i];
        if (forebear->answers && !is_known(forebear))
            past.list[n++] = *forebear;
        else
            close(forebear->line);
    }
    past.n = n;
    qsort(past.list, past.n, sizeof past.list[0], younger_first);
    if (n)
        past.generation = past.list[0].generation + 1;
    past.part = free_part();
}

void app_takeover_sockets(struct app_heirlooms *heirlooms)
{
    for (unsigned i = 0; i < past.n; i++) {
        struct asking asking = {heirlooms, &past.list[i]};
        tell(&past.list[i], "sockets %ld", (long)getpid());
        listen_to(&past.list[i], on_sockets, &asking);
    }
    put_in_order();
}

/* ---- hold, running ------------------------------------------------------------------------- */

static void reserve(char *line)
{
    struct hf_addr at;
    struct hf_peer_key peer;

    if (strlen(line) == 2 * (sizeof at + sizeof peer) + 1 && hf_hex_bytes(line, &at, sizeof at) &&
        hf_hex_bytes(line + 2 * sizeof at + 1, &peer, sizeof peer))
        hf_lease_reserve_mt(past.serving->leases, &at, &peer);
}

static const struct hf_cfg_proxy *find_control(const char *name)
{
    const struct hf_cfg_proxy *proxy;

    LL_FOREACH(past.serving->runtime->config->proxies, proxy)
    {
        if ((proxy->caps & HF_CAP_FRONTEND) && !proxy->o.disabled && strcmp(proxy->name, name) == 0)
            return proxy;
    }
    return NULL;
}

static struct hf_server *find_server(const struct hf_cfg_proxy *control, const char *backend,
                                     const char *name)
{
    for (unsigned i = 0; i < control->n_reach; i++) {
        const struct hf_proxy *proxy =
            hf_runtime_proxy(past.serving->runtime, control->reach[i]->proxy);
        for (unsigned k = 0; strcmp(proxy->cfg->name, backend) == 0 && k < proxy->n_servers; k++)
            if (strcmp(proxy->servers[k]->cfg->name, name) == 0)
                return proxy->servers[k];
    }
    return NULL;
}

/* "ADDRESS CONTROL BACKEND SERVER"; what the new configuration has not is forgotten. */
static void inherit_tie(char *line)
{
    struct hf_addr client;
    const char *address = strsep(&line, " "), *control_name = strsep(&line, " ");
    const char *backend = strsep(&line, " "), *name = line;
    const struct hf_cfg_proxy *control;
    struct hf_server *server;
    struct inherited_tie *tie;

    if (!name || strlen(address) != 2 * sizeof client ||
        !hf_hex_bytes(address, &client, sizeof client) || !(control = find_control(control_name)) ||
        !(server = find_server(control, backend, name)) || !(tie = calloc(1, sizeof *tie)))
        return;
    hf_tie_adopt_mt(past.serving->ties, control, &client, server, &tie->bond);
    LL_PREPEND(past.ties, tie);
}

static bool on_held(struct hf_line_message *message, void *arg)
{
    char *leases = (char *)answer_to_us(message, "lease");
    char *ties = (char *)answer_to_us(message, "tie"), *line;

    (void)arg;
    while (leases && (line = next_line(&leases)))
        reserve(line);
    while (ties && (line = next_line(&ties)))
        inherit_tie(line);
    return answer_to_us(message, "held") != NULL;
}

static bool pass_on(const struct hf_ftp_stray *stray)
{
    char text[128], client[2 * sizeof stray->client + 1];
    int n = snprintf(text, sizeof text, "stray %d %d %s", stray->known, stray->refused,
                     hf_hex_text(&stray->client, sizeof stray->client, client));

    /* To the youngest that lives; if it has much to read, no other one knows better. */
    for (unsigned i = 0; i < past.n; i++) {
        if (atomic_load_explicit(&past.list[i].gone, memory_order_relaxed))
            continue;
        enum hf_status status = hf_line_send_mt(past.list[i].line, text, (size_t)n, &stray->fd, 1);
        if (status != HF_RESET)
            return status == HF_OK;
    }
    return false;
}

void app_takeover_hold(const struct app_serving *serving)
{
    past.serving = serving;
    if (!past.n)
        return;
    hf_lease_share_ports_mt(serving->leases, past.part);
    hf_ftp_on_stray(pass_on);
    for (unsigned i = 0; i < past.n; i++)
        if (past.list[i].answers)
            tell(&past.list[i], "hold %ld", (long)getpid());
    for (unsigned i = 0; i < past.n; i++)
        listen_to(&past.list[i], on_held, NULL);
}

/* What nobody here listens to is left to who needs it. */
static void tell_unused(struct forebear *forebear, const struct app_heirlooms *heirlooms)
{
    char names[HF_LINE_BYTES - 64];
    size_t n = 0;

    for (unsigned i = 0; i < heirlooms->n; i++) {
        const struct app_heirloom *heirloom = &heirlooms->list[i];
        if (heirloom->fd < 0)
            continue;
        if (n + strlen(heirloom->name) + 2 > sizeof names) {
            tell(forebear, "keep %ld%s", (long)getpid(), names);
            n = 0;
        }
        n += (size_t)snprintf(names + n, sizeof names - n, "\n%s", heirloom->name);
    }
    if (n)
        tell(forebear, "keep %ld%s", (long)getpid(), names);
}

static void when_all_are_gone(void)
{
    if (!past.succeeded)
        hf_lease_own_ports_mt(past.serving->leases);
    hf_lease_forget_reserved_mt(past.serving->leases);
    while (past.ties) {
        struct inherited_tie *tie = past.ties;
        LL_DELETE(past.ties, tie);
        hf_tie_abandon_mt(past.serving->ties, &tie->bond);
        free(tie);
    }
}

static void on_line(struct hf_watch *watch)
{
    struct forebear *forebear = HF_CONTAINER(watch, struct forebear, watch);

    /* What comes here is for others. The end of the line is for all. */
    if (!(watch->ready & HF_READY_HUP) || atomic_exchange(&forebear->gone, true))
        return;
    if (atomic_fetch_sub(&past.n_alive, 1) == 1)
        when_all_are_gone();
}

void app_takeover_done(struct app_heirlooms *heirlooms, struct hf_loop *loop)
{
    atomic_store(&past.n_alive, past.n);
    for (unsigned i = 0; i < past.n; i++) {
        struct forebear *forebear = &past.list[i];
        tell_unused(forebear, heirlooms);
        tell(forebear, "running %ld", (long)getpid());
        if (hf_watch_open(&forebear->watch, loop, forebear->line, 0, on_line) != HF_OK)
            forebear->watch.fd = -1; /* we go on sharing the ports with it for ever */
    }
    app_heirlooms_free(heirlooms);
}

void app_takeover_succeeded(bool succeeded)
{
    past.succeeded = succeeded;
    if (succeeded)
        hf_lease_share_ports_mt(past.serving->leases, past.part);
    else if (!atomic_load(&past.n_alive))
        hf_lease_own_ports_mt(past.serving->leases);
}

void app_takeover_end(void)
{
    hf_ftp_on_stray(NULL);
    for (unsigned i = 0; i < past.n; i++) {
        if (past.list[i].watch.loop)
            (void)hf_watch_take(&past.list[i].watch);
        close(past.list[i].line);
    }
    past.n = 0;
    if (past.serving)
        when_all_are_gone();
}
