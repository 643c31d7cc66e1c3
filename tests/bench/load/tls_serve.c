/*
 * tls_serve.c: an FTP server over TLS of the simplest kind, for measuring what TLS costs alone.
 *
 *   tls_serve --listen A:P --ports LO-HI --cert CERT.pem      (certificate and key in one file)
 *
 * A download is what `openssl s_server -WWW` does: read 16 KiB of a file that is in memory,
 * SSL_write() them to a blocking socket, again; an upload is SSL_read() of 16 KiB.  A thread per
 * session, nothing is shared, balanced, timed or logged.  As a peer it tells what encryption costs
 * whoever does it; behind haftp it is the server that speaks TLS.  AUTH TLS and PROT P only; each
 * session's passive port is the next free one of the range.
 */
#include "bench.h"

#include <ctype.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <strings.h>
#include <sys/mman.h>

#define RECORD_BYTES 16384u
#define FILE_BYTES   (1u << 20)
#define LINE_BYTES   512u

struct session {
    int fd, door;
    SSL *tls;
    char line[LINE_BYTES];
    size_t n;
};

static struct sockaddr_in here;
static unsigned low, high;
static atomic_uint next_port;
static int file;
static SSL_CTX *context;

static ssize_t get(struct session *s, char *p, size_t room)
{
    return s->tls ? SSL_read(s->tls, p, (int)room) : recv(s->fd, p, room, 0);
}

static bool say(struct session *s, const char *text)
{
    int n = (int)strlen(text);
    return s->tls ? SSL_write(s->tls, text, n) == n
                  : send(s->fd, text, (size_t)n, MSG_NOSIGNAL) == n;
}

static SSL *shake_hands(int fd, size_t tickets)
{
    SSL *tls = SSL_new(context);
    SSL_set_fd(tls, fd);
    SSL_set_num_tickets(tls, tickets);
    if (SSL_accept(tls) == 1)
        return tls;
    SSL_free(tls);
    return NULL;
}

static bool tell_port(struct session *s, unsigned port, bool extended)
{
    char text[LINE_BYTES];
    uint32_t ip = ntohl(here.sin_addr.s_addr);
    if (extended)
        snprintf(text, sizeof text, "229 Entering Extended Passive Mode (|||%u|)\r\n", port);
    else
        snprintf(text, sizeof text, "227 Entering Passive Mode (%u,%u,%u,%u,%u,%u).\r\n", ip >> 24,
                 ip >> 16 & 255, ip >> 8 & 255, ip & 255, port >> 8, port & 255);
    return say(s, text);
}

static bool open_door(struct session *s, bool extended)
{
    struct sockaddr_in addr = here;
    if (s->door >= 0)
        close(s->door);
    for (unsigned tried = 0; tried <= high - low; tried++) {
        unsigned port = low + atomic_fetch_add(&next_port, 1) % (high - low + 1);
        addr.sin_port = htons((uint16_t)port);
        s->door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(s->door, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
        if (bind(s->door, (struct sockaddr *)&addr, sizeof addr) == 0 && listen(s->door, 1) == 0)
            return tell_port(s, port, extended);
        close(s->door);
    }
    s->door = -1;
    return say(s, "425 All passive ports are taken.\r\n");
}

static bool send_file(SSL *data, uint64_t left)
{
    char bytes[RECORD_BYTES];
    for (off_t at = 0; left > 0;) {
        size_t piece = left < sizeof bytes ? (size_t)left : sizeof bytes;
        if (pread(file, bytes, piece, at) != (ssize_t)piece ||
            SSL_write(data, bytes, (int)piece) != (int)piece)
            return false;
        at = (at + (off_t)piece) % FILE_BYTES;
        left -= piece;
    }
    return true;
}

static bool discard(SSL *data)
{
    char bytes[RECORD_BYTES];
    int n;
    while ((n = SSL_read(data, bytes, sizeof bytes)) > 0)
        ;
    return SSL_get_error(data, n) == SSL_ERROR_ZERO_RETURN;
}

static bool transfer(struct session *s, bool sends, const char *name)
{
    if (s->door < 0)
        return say(s, "425 EPSV first, please.\r\n");
    bool said = say(s, "150 Here it comes.\r\n");
    int fd = accept4(s->door, NULL, NULL, SOCK_CLOEXEC);
    SSL *data = fd >= 0 ? shake_hands(fd, 0) : NULL; /* a ticket nobody reads makes a reset */
    bool done = data && (sends ? send_file(data, strtoull(name, NULL, 10)) : discard(data));
    if (data) {
        SSL_shutdown(data);
        SSL_free(data);
    }
    close(fd);
    close(s->door);
    s->door = -1;
    return said && say(s, done ? "226 Transfer complete.\r\n" : "426 Data connection broken.\r\n");
}

/* False: the session is over. */
static bool command(struct session *s, const char *line)
{
    const char *argument = strlen(line) > 5 ? line + 5 : "";

    if (!strncasecmp(line, "AUTH", 4)) {
        if (s->tls || !say(s, "234 Begin.\r\n"))
            return false;
        s->tls = shake_hands(s->fd, 1);
        return s->tls;
    }
    if (!strncasecmp(line, "USER", 4))
        return say(s, "331 Password please.\r\n");
    if (!strncasecmp(line, "PASS", 4))
        return say(s, "230 Logged in.\r\n");
    if (!strncasecmp(line, "EPSV", 4) || !strncasecmp(line, "PASV", 4))
        return open_door(s, toupper((unsigned char)*line) == 'E');
    if (!strncasecmp(line, "RETR", 4))
        return transfer(s, true, argument);
    if (!strncasecmp(line, "STOR", 4))
        return transfer(s, false, argument);
    if (!strncasecmp(line, "FEAT", 4))
        return say(s, "211-Features:\r\n AUTH TLS\r\n EPSV\r\n PBSZ\r\n PROT\r\n211 End\r\n");
    if (!strncasecmp(line, "QUIT", 4)) {
        (void)say(s, "221 Bye.\r\n");
        return false;
    }
    return say(s, "200 Fine.\r\n");
}

static bool read_commands(struct session *s)
{
    ssize_t n = get(s, s->line + s->n, LINE_BYTES - 1 - s->n);
    if (n <= 0 || s->n + (size_t)n >= LINE_BYTES - 1)
        return false;
    s->n += (size_t)n;
    for (char *end; (end = memchr(s->line, '\n', s->n));) {
        size_t used = (size_t)(end - s->line) + 1;
        *end = '\0';
        if (end > s->line && end[-1] == '\r')
            end[-1] = '\0';
        if (!command(s, s->line))
            return false;
        memmove(s->line, s->line + used, s->n - used);
        s->n -= used;
    }
    return true;
}

static void *run_session(void *arg)
{
    struct session s = {.fd = (int)(intptr_t)arg, .door = -1};
    no_delay(s.fd);
    if (say(&s, "220 tls_serve\r\n"))
        while (read_commands(&s))
            ;
    if (s.tls) {
        SSL_shutdown(s.tls);
        SSL_free(s.tls);
    }
    if (s.door >= 0)
        close(s.door);
    close(s.fd);
    return NULL;
}

static void prepare_tls(const char *cert)
{
    context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, cert, SSL_FILETYPE_PEM) != 1)
        die("no certificate and key: %s", cert);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"bench", 5);
}

int main(int argc, char **argv)
{
    if (argc != 7 || strcmp(argv[1], "--listen") || strcmp(argv[3], "--ports") ||
        sscanf(argv[4], "%u-%u", &low, &high) != 2 || low > high || strcmp(argv[5], "--cert"))
        die("usage: tls_serve --listen A:P --ports LO-HI --cert CERT.pem");
    here = address(argv[2], 21);
    signal(SIGPIPE, SIG_IGN); /* a peer that goes away is an error, not our end */
    prepare_tls(argv[6]);
    file = memfd_create("file", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, FILE_BYTES))
        die("cannot begin: %s", strerror(errno));
    int door = listen_on(here);
    fcntl(door, F_SETFL, 0);
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (;;) {
        pthread_t thread;
        int fd = accept4(door, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0 && pthread_create(&thread, &detached, run_session, (void *)(intptr_t)fd))
            close(fd);
    }
}
