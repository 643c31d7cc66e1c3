/*
 * ftp_load.c: FTP clients that do nothing but ask, and count how often they are served.
 *
 *   ftp_load --target A:P --mode MODE [options]
 *
 *   sessions   log in, one transfer, QUIT, again from the start
 *   commands   NOOP after NOOP
 *   transfers  one transfer after the other in long sessions
 *   handshakes AUTH TLS, a full handshake, QUIT, again from the start
 *   idle       log in, then nothing: prints a line when all are in, ends with its input
 *
 *   --clients N (32)   --seconds S (3), after --warmup S (0.5)   --size BYTES (4096)   --upload
 *   --tls  AUTH TLS and PROT P (the certificate is not looked at)
 *   --pace BYTES  so many a second for each client, however fast the other side is
 *
 * Prints one JSON object: units (sessions, commands, transfers or bytes) in the measured time, all
 * units of the run for dividing CPU time by, errors by kind, percentiles of the waiting, and with
 * --tls which cipher it was and how many data connections resumed a session.
 */
#include "bench.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

#define ROOM        (1u << 20)
#define REPLY_BYTES 1024u
#define SAMPLES     (4u << 20)
#define KINDS       8

enum mode { SESSIONS, COMMANDS, TRANSFERS, HANDSHAKES, IDLE };

enum step {
    GREETING,
    AUTH,
    HANDSHAKE,
    USER,
    PASS,
    PBSZ,
    PROT,
    TYPE,
    EPSV,
    TRANSFER,
    NOOP,
    QUIT,
    HELD
};

static const char *const step_name[] = {"greeting", "AUTH", "handshake", "USER", "PASS",
                                        "PBSZ",     "PROT", "TYPE",      "EPSV", "transfer",
                                        "NOOP",     "QUIT", "idle"};

struct client;

struct end {
    int fd;
    SSL *tls;
    struct client *client;
};

struct client {
    struct end control, data;
    enum mode mode;
    enum step step;
    char reply[REPLY_BYTES];
    size_t n;
    uint64_t began_ns, left;
    uint64_t data_ns;               /* when the data connection was opened */
    bool begun, data_over, replied; /* of a transfer: 1xx came, data ended, 226 came */
    bool paused;                    /* it had its share of this moment */
};

static struct options {
    struct sockaddr_in target;
    enum mode mode;
    unsigned clients;
    double seconds, warmup;
    uint64_t size, pace;
    bool upload, tls;
} opt = {.mode = SESSIONS, .clients = 32, .seconds = 3, .warmup = 0.5, .size = 4096};

static struct waiting {
    uint32_t *us;
    size_t n;
} waiting;

static struct failure {
    char text[160];
    unsigned n;
} failures[KINDS];

static int epoll_set;
static SSL_CTX *tls_context;
static char *room;
static uint64_t from_ns, until_ns, units, all_units;
static unsigned n_errors, n_held;
static unsigned n_secure, n_resumed; /* data connections with TLS, and such as resumed a session */
static const char *cipher = "";

/* ---- counting ---- */

static bool is_measured(uint64_t now)
{
    return now >= from_ns && now < until_ns;
}

static void count(uint64_t n)
{
    all_units += n;
    if (is_measured(now_ns()))
        units += n;
}

static void waited(struct waiting *list, uint64_t since_ns)
{
    uint64_t now = now_ns();
    if (is_measured(now) && list->n < SAMPLES)
        list->us[list->n++] = (uint32_t)((now - since_ns) / 1000);
}

static void note_failure(const struct client *c, const char *what)
{
    char text[sizeof failures[0].text];
    snprintf(text, sizeof text, "%s at %s", what, step_name[c->step]);
    n_errors++;
    for (int i = 0; i < KINDS; i++) {
        if (failures[i].n && strcmp(failures[i].text, text))
            continue;
        memcpy(failures[i].text, text, sizeof text);
        failures[i].n++;
        return;
    }
}

/* ---- bytes, with and without TLS ---- */

static void close_end(struct end *end)
{
    if (end->tls) {
        SSL_shutdown(end->tls);
        SSL_free(end->tls);
    }
    if (end->fd >= 0)
        close(end->fd);
    end->fd = -1;
    end->tls = NULL;
}

static void start_tls(struct end *end, SSL_SESSION *resume)
{
    end->tls = SSL_new(tls_context);
    SSL_set_fd(end->tls, end->fd);
    SSL_set_connect_state(end->tls);
    if (resume)
        SSL_set_session(end->tls, resume);
}

/* As recv() and send(): 0 at the end, -1 with errno EAGAIN for "later". */
static ssize_t tls_result(SSL *tls, int result)
{
    int why = result > 0 ? SSL_ERROR_NONE : SSL_get_error(tls, result);
    if (result > 0)
        return result;
    ERR_clear_error();
    errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t get(struct end *end, void *p, size_t n)
{
    return end->tls ? tls_result(end->tls, SSL_read(end->tls, p, (int)n)) : recv(end->fd, p, n, 0);
}

static ssize_t put(struct end *end, const void *p, size_t n)
{
    return end->tls ? tls_result(end->tls, SSL_write(end->tls, p, (int)n))
                    : send(end->fd, p, n, MSG_NOSIGNAL);
}

/* ---- a client's life ---- */

static void start(struct client *c);

static void stop(struct client *c)
{
    close_end(&c->data);
    close_end(&c->control);
}

static void fail(struct client *c, const char *what)
{
    note_failure(c, what);
    stop(c);
    if (n_errors > 100000)
        die("too many errors; the last one: %s at %s", what, step_name[c->step]);
    start(c);
}

static void start(struct client *c)
{
    struct client fresh = {.mode = c->mode, .began_ns = now_ns()};
    *c = fresh;
    c->data.fd = -1;
    c->control.client = c->data.client = c;
    c->control.fd = connect_to(opt.target);
    if (c->control.fd < 0)
        die("cannot connect: %s", strerror(errno));
    no_delay(c->control.fd);
    watch(epoll_set, c->control.fd, EPOLLIN, &c->control);
}

static void send_command(struct client *c, enum step step, const char *text)
{
    size_t n = strlen(text);
    c->step = step;
    if (put(&c->control, text, n) != (ssize_t)n)
        shutdown(c->control.fd, SHUT_RDWR); /* reading will tell */
}

static void next_noop(struct client *c)
{
    c->began_ns = now_ns();
    send_command(c, NOOP, "NOOP\r\n");
}

static void next_transfer(struct client *c)
{
    if (c->mode != SESSIONS)
        c->began_ns = now_ns();
    send_command(c, EPSV, "EPSV\r\n");
}

static void logged_in(struct client *c)
{
    if (c->mode == COMMANDS) {
        next_noop(c);
    } else if (c->mode == IDLE) {
        c->step = HELD;
        n_held++;
    } else {
        send_command(c, TYPE, "TYPE I\r\n");
    }
}

static void transfer_done(struct client *c)
{
    bool bulk = opt.size >= ROOM;
    if (!opt.upload && c->left != 0) {
        fail(c, "a file too short");
        return;
    }
    if (c->mode == SESSIONS) {
        send_command(c, QUIT, "QUIT\r\n");
        return;
    }
    if (!bulk)
        count(1);
    waited(&waiting, c->began_ns);
    next_transfer(c);
}

static void note_tls(SSL *tls)
{
    n_secure++;
    n_resumed += (unsigned)SSL_session_reused(tls);
}

static void data_over(struct client *c)
{
    if (c->data.tls)
        note_tls(c->data.tls);
    close_end(&c->data);
    c->data_over = true;
    if (c->replied)
        transfer_done(c);
}

/* ---- data ---- */

static void moved(struct client *c, size_t n)
{
    c->left -= n < c->left ? n : c->left;
    if (opt.size >= ROOM)
        count(n);
}

/* How much of `most` may be moved now; 0: wait. */
static size_t share(struct client *c, size_t most)
{
    if (!opt.pace)
        return most;
    uint64_t due = (uint64_t)((double)(now_ns() - c->data_ns) / 1e9 * (double)opt.pace);
    uint64_t done = opt.size - c->left;
    uint64_t more = due > done ? due - done : 0;
    c->paused = more == 0;
    return more < most ? (size_t)more : most;
}

static void upload(struct client *c)
{
    while (c->left) {
        size_t most = share(c, c->left < ROOM ? c->left : ROOM);
        if (!most)
            return;
        ssize_t n = put(&c->data, room, most);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            fail(c, "data connection broken");
            return;
        }
        moved(c, (size_t)n);
    }
    data_over(c);
}

static void download(struct client *c)
{
    for (int reads = 0; reads < 16; reads++) {
        /* Plain bytes of large files are counted and thrown away by the kernel. */
        bool discard = !c->data.tls && opt.size >= ROOM;
        size_t most = share(c, discard ? 4 * ROOM : ROOM);
        if (!most && c->left)
            return;
        ssize_t n = discard ? recv(c->data.fd, NULL, most + !most, MSG_TRUNC)
                            : get(&c->data, room, most + !most);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) {
            fail(c, "data connection broken");
            return;
        }
        if (n == 0) {
            data_over(c);
            return;
        }
        moved(c, (size_t)n);
    }
    watch(epoll_set, c->data.fd, EPOLLIN | EPOLLOUT | EPOLLET,
          &c->data); /* asks to be told again */
}

static void on_data(struct client *c)
{
    if (c->data.fd < 0 || !c->begun)
        return;
    if (opt.tls && !c->data.tls)
        start_tls(&c->data, SSL_get0_session(c->control.tls));
    if (opt.upload)
        upload(c);
    else
        download(c);
}

static void open_data(struct client *c, const char *reply)
{
    const char *at = strstr(reply, "|||");
    struct sockaddr_in addr = opt.target;
    char command[64];

    addr.sin_port = htons((uint16_t)(at ? atoi(at + 3) : 0));
    c->data.fd = at ? connect_to(addr) : -1;
    if (c->data.fd < 0) {
        fail(c, "no data connection");
        return;
    }
    c->left = opt.size;
    c->data_ns = now_ns();
    c->begun = c->data_over = c->replied = false;
    watch(epoll_set, c->data.fd, EPOLLIN | EPOLLOUT | EPOLLET, &c->data);
    snprintf(command, sizeof command, "%s %llu\r\n", opt.upload ? "STOR" : "RETR",
             (unsigned long long)opt.size);
    send_command(c, TRANSFER, command);
}

/* ---- replies ---- */

/* The code that each step waits for. */
static const int expected[] = {
    [GREETING] = 220, [AUTH] = 234, [USER] = 331,     [PASS] = 230, [PBSZ] = 200, [PROT] = 200,
    [TYPE] = 200,     [EPSV] = 229, [TRANSFER] = 226, [NOOP] = 200, [QUIT] = 221};

/* True when it is done, and the login goes on under its protection. */
static bool shake_hands(struct client *c)
{
    int result = SSL_do_handshake(c->control.tls);
    if (result == 1) {
        cipher = SSL_get_cipher_name(c->control.tls);
        if (c->mode == HANDSHAKES)
            send_command(c, QUIT, "QUIT\r\n");
        else
            send_command(c, USER, "USER bench\r\n");
        return true;
    }
    if (tls_result(c->control.tls, result) < 0 && errno != EAGAIN)
        fail(c, "handshake refused");
    return false;
}

static void on_reply(struct client *c, int code, const char *text)
{
    if (c->step == TRANSFER && code >= 100 && code < 200) {
        c->begun = true;
        on_data(c);
        return;
    }
    if (c->step == HELD || c->step == HANDSHAKE || code != expected[c->step]) {
        char what[100];
        snprintf(what, sizeof what, "reply '%.60s'", text);
        fail(c, what);
        return;
    }
    switch (c->step) {
    case GREETING:
        send_command(c, opt.tls ? AUTH : USER, opt.tls ? "AUTH TLS\r\n" : "USER bench\r\n");
        break;
    case AUTH:
        start_tls(&c->control, NULL);
        c->step = HANDSHAKE;
        shake_hands(c);
        break;
    case USER:
        send_command(c, PASS, "PASS bench\r\n");
        break;
    case PASS:
        if (opt.tls)
            send_command(c, PBSZ, "PBSZ 0\r\n");
        else
            logged_in(c);
        break;
    case PBSZ:
        send_command(c, PROT, "PROT P\r\n");
        break;
    case PROT:
        logged_in(c);
        break;
    case TYPE:
        next_transfer(c);
        break;
    case EPSV:
        open_data(c, text);
        break;
    case TRANSFER:
        c->replied = true;
        if (c->data_over)
            transfer_done(c);
        break;
    case NOOP:
        waited(&waiting, c->began_ns);
        count(1);
        next_noop(c);
        break;
    case QUIT:
        count(1);
        waited(&waiting, c->began_ns);
        stop(c);
        start(c);
        break;
    default:
        break;
    }
}

static void on_control(struct client *c)
{
    if (c->control.fd < 0 || (c->step == HANDSHAKE && !shake_hands(c)))
        return;
    ssize_t got = get(&c->control, c->reply + c->n, REPLY_BYTES - 1 - c->n);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        fail(c, "control connection ended");
        return;
    }
    c->n += (size_t)got;
    for (char *end; (end = memchr(c->reply, '\n', c->n));) {
        char line[REPLY_BYTES];
        size_t used = (size_t)(end - c->reply) + 1;
        int fd = c->control.fd;

        memcpy(line, c->reply, used);
        line[used - (used > 1 && line[used - 2] == '\r' ? 2 : 1)] = '\0';
        memmove(c->reply, end + 1, c->n - used);
        c->n -= used;
        if (strlen(line) >= 4 && line[3] == ' ' && line[0] >= '1' && line[0] <= '5')
            on_reply(c, atoi(line), line);
        if (c->control.fd != fd || c->n == 0) /* began anew, or read up */
            return;
    }
}

static void handle(struct end *end)
{
    if (end == &end->client->control)
        on_control(end->client);
    else
        on_data(end->client);
}

/* ---- telling ---- */

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile_ms(struct waiting *list, double part)
{
    return list->n ? list->us[(size_t)((double)(list->n - 1) * part)] / 1000.0 : 0;
}

static void tell_waiting(const char *name, struct waiting *list)
{
    qsort(list->us, list->n, sizeof *list->us, by_size);
    printf(", \"%s\": {\"n\": %zu, \"p50\": %.3f, \"p99\": %.3f, \"p999\": %.3f}", name, list->n,
           percentile_ms(list, 0.5), percentile_ms(list, 0.99), percentile_ms(list, 0.999));
}

static void tell(double seconds)
{
    printf("{\"seconds\": %.4f, \"units\": %llu, \"all_units\": %llu, \"errors\": %u, \"kinds\": [",
           seconds, (unsigned long long)units, (unsigned long long)all_units, n_errors);
    for (int i = 0; i < KINDS && failures[i].n; i++) {
        printf("%s\"%ux ", i ? ", " : "", failures[i].n);
        for (const char *p = failures[i].text; *p; p++)
            putchar(*p < ' ' || *p == '"' || *p == '\\' ? '.' : *p);
        putchar('"');
    }
    printf("]");
    tell_waiting("waiting_ms", &waiting);
    if (opt.tls)
        printf(", \"cipher\": \"%s\"", cipher);
    if (n_secure)
        printf(", \"resumed\": %.4f", (double)n_resumed / n_secure);
    printf("}\n");
    fflush(stdout);
}

/* ---- running ---- */

static void turn(int patience_ms)
{
    struct epoll_event events[256];
    int n = epoll_wait(epoll_set, events, 256, patience_ms);
    for (int i = 0; i < n; i++)
        handle(events[i].data.ptr);
}

static void run(struct client *clients)
{
    for (unsigned i = 0; i < opt.clients; i++) {
        clients[i].mode = opt.mode;
        start(&clients[i]);
    }
    from_ns = now_ns() + (uint64_t)(opt.warmup * 1e9);
    until_ns = from_ns + (uint64_t)(opt.seconds * 1e9);
    while (now_ns() < until_ns) {
        turn(opt.pace ? 1 : 100);
        for (unsigned i = 0; opt.pace && i < opt.clients; i++)
            if (clients[i].paused)
                on_data(&clients[i]);
    }
    tell(opt.seconds);
}

/* A few logins at a time, then a line, then quiet until our input ends. */
static void hold(struct client *clients)
{
    unsigned begun = 0;
    uint64_t began_ns = now_ns(), patience_ns = began_ns + 120u * 1000000000ull;
    while (n_held < opt.clients) {
        for (; begun < opt.clients && begun < n_held + 64; begun++) {
            clients[begun].mode = IDLE;
            start(&clients[begun]);
        }
        turn(100);
        if (now_ns() > patience_ns)
            die("only %u of %u sessions could be opened", n_held, opt.clients);
    }
    all_units = units = n_held;
    tell((double)(now_ns() - began_ns) / 1e9);
    for (struct pollfd input = {.fd = 0, .events = POLLIN}; poll(&input, 1, 0) == 0;)
        turn(100);
    if (n_errors)
        die("%u sessions were lost: %s", n_errors, failures[0].text);
}

static double number(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (*end || value < 0)
        die("not a number: %s", text);
    return value;
}

static enum mode mode_of(const char *text)
{
    static const char *const names[] = {"sessions", "commands", "transfers", "handshakes", "idle"};
    for (int i = 0; i < 5; i++)
        if (!strcmp(text, names[i]))
            return (enum mode)i;
    die("--mode sessions|commands|transfers|handshakes|idle, not %s", text);
}

static void read_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(name, "--upload")) {
            opt.upload = true;
            continue;
        }
        if (!strcmp(name, "--tls")) {
            opt.tls = true;
            continue;
        }
        if (!strcmp(name, "--target"))
            opt.target = address(value, 21);
        else if (!strcmp(name, "--mode"))
            opt.mode = mode_of(value);
        else if (!strcmp(name, "--clients"))
            opt.clients = (unsigned)number(value);
        else if (!strcmp(name, "--seconds"))
            opt.seconds = number(value);
        else if (!strcmp(name, "--warmup"))
            opt.warmup = number(value);
        else if (!strcmp(name, "--size"))
            opt.size = (uint64_t)number(value);
        else if (!strcmp(name, "--pace"))
            opt.pace = (uint64_t)number(value);
        else
            die("unknown argument: %s", name);
        i++;
    }
    if (!opt.target.sin_port || !opt.clients || opt.clients > SOCKETS_AT_MOST)
        die("--target A:P and 1 to %d clients, please", SOCKETS_AT_MOST);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    read_arguments(argc, argv);
    struct client *clients = calloc(opt.clients, sizeof *clients);
    room = calloc(1, ROOM);
    waiting.us = malloc(SAMPLES * sizeof *waiting.us);
    epoll_set = epoll_create1(EPOLL_CLOEXEC);
    if (!clients || !room || !waiting.us || epoll_set < 0)
        die("out of memory");
    if (opt.tls) {
        tls_context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_mode(tls_context,
                         SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
    if (opt.mode == IDLE)
        hold(clients);
    else
        run(clients);
    return 0;
}
