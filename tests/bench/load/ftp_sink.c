/*
 * ftp_sink.c: an FTP server that costs next to nothing, for measuring what stands before it.
 *
 *   ftp_sink --listen A:P --ports LO-HI
 *
 * RETR N sends N bytes with sendfile() from a page of memory, STOR discards what comes with
 * MSG_TRUNC.  Passive ports are listened to from the start, each for one session at a time.
 */
#include "bench.h"

#include <sys/mman.h>
#include <sys/sendfile.h>

#define FILE_BYTES    (1u << 20)
#define LINE_BYTES    512u
#define DISCARD       (4u << 20)
#define MOST_PORTS    4096u
#define TURNS_A_VISIT 16

enum kind { CONTROL_DOOR, DATA_DOOR, CONTROL, DATA };

struct session;

/* What an epoll event is about. */
struct end {
    enum kind kind;
    int fd;
    struct session *session; /* of a data door: who has leased it */
    unsigned port;
};

struct session {
    struct end control, data;
    struct end *door; /* leased for the next transfer */
    char line[LINE_BYTES];
    size_t n;
    uint64_t left;
    bool sends, receives; /* a transfer command came, its data has not ended */
    struct session *next_dead;
};

static struct session *dead; /* events of this batch may still name them */
static int epoll_set, file;
static struct end doors[MOST_PORTS];
static unsigned n_doors, next_door;
static struct sockaddr_in here;

static void say(struct session *s, const char *text)
{
    size_t n = strlen(text);
    if (send(s->control.fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
        shutdown(s->control.fd, SHUT_RDWR); /* a client that takes no replies is none */
}

static void end_data(struct session *s)
{
    if (s->data.fd >= 0)
        close(s->data.fd);
    s->data.fd = -1;
    if (s->door)
        s->door->session = NULL;
    s->door = NULL;
    s->sends = s->receives = false;
}

static void end_session(struct session *s)
{
    end_data(s);
    close(s->control.fd);
    s->control.fd = -1;
    s->next_dead = dead;
    dead = s;
}

static void bury_the_dead(void)
{
    while (dead) {
        struct session *s = dead;
        dead = s->next_dead;
        free(s);
    }
}

static void finish_transfer(struct session *s)
{
    end_data(s);
    say(s, "226 Transfer complete.\r\n");
}

static void move(struct session *s)
{
    for (int turn = 0; turn < TURNS_A_VISIT; turn++) {
        ssize_t n;
        if (s->sends) {
            off_t at = 0;
            if (s->left == 0) {
                finish_transfer(s);
                return;
            }
            n = sendfile(s->data.fd, file, &at, s->left < FILE_BYTES ? s->left : FILE_BYTES);
            if (n > 0)
                s->left -= (uint64_t)n;
        } else {
            n = recv(s->data.fd, NULL, DISCARD, MSG_TRUNC);
            if (n == 0) {
                finish_transfer(s);
                return;
            }
        }
        if (n < 0 && errno != EAGAIN) {
            end_data(s);
            say(s, "426 Data connection broken.\r\n");
            return;
        }
        if (n < 0)
            return;
    }
    watch(epoll_set, s->data.fd, EPOLLIN | EPOLLOUT | EPOLLET,
          &s->data); /* asks to be told again */
}

static void begin_if_ready(struct session *s)
{
    if (s->data.fd >= 0 && (s->sends || s->receives))
        move(s);
}

static bool lease_door(struct session *s)
{
    end_data(s);
    for (unsigned tried = 0; tried < n_doors; tried++) {
        struct end *door = &doors[next_door++ % n_doors];
        if (!door->session) {
            door->session = s;
            s->door = door;
            return true;
        }
    }
    say(s, "425 All passive ports are taken.\r\n");
    return false;
}

static void transfer(struct session *s, bool sends, const char *name)
{
    s->sends = sends;
    s->receives = !sends;
    s->left = strtoull(name, NULL, 10);
    say(s, "150 Here it comes.\r\n");
    begin_if_ready(s);
}

/* False: the session is over. */
static bool command(struct session *s, const char *line)
{
    char text[LINE_BYTES];
    const char *argument = strlen(line) > 5 ? line + 5 : "";

    if (!strncasecmp(line, "USER", 4)) {
        say(s, "331 Password please.\r\n");
    } else if (!strncasecmp(line, "PASS", 4)) {
        say(s, "230 Logged in.\r\n");
    } else if (!strncasecmp(line, "EPSV", 4)) {
        if (lease_door(s)) {
            snprintf(text, sizeof text, "229 Entering Extended Passive Mode (|||%u|)\r\n",
                     s->door->port);
            say(s, text);
        }
    } else if (!strncasecmp(line, "PASV", 4)) {
        if (lease_door(s)) {
            uint32_t ip = ntohl(here.sin_addr.s_addr);
            snprintf(text, sizeof text, "227 Entering Passive Mode (%u,%u,%u,%u,%u,%u).\r\n",
                     ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255, s->door->port >> 8,
                     s->door->port & 255);
            say(s, text);
        }
    } else if (!strncasecmp(line, "RETR", 4)) {
        transfer(s, true, argument);
    } else if (!strncasecmp(line, "STOR", 4)) {
        transfer(s, false, argument);
    } else if (!strncasecmp(line, "QUIT", 4)) {
        say(s, "221 Bye.\r\n");
        return false;
    } else if (!strncasecmp(line, "FEAT", 4)) {
        say(s, "211-Features:\r\n EPSV\r\n211 End\r\n");
    } else if (!strncasecmp(line, "SYST", 4)) {
        say(s, "215 UNIX Type: L8\r\n");
    } else {
        say(s, "200 Fine.\r\n");
    }
    return true;
}

static void read_commands(struct session *s)
{
    ssize_t n = recv(s->control.fd, s->line + s->n, LINE_BYTES - 1 - s->n, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0 || s->n + (size_t)n >= LINE_BYTES - 1) {
        end_session(s);
        return;
    }
    s->n += (size_t)n;
    for (char *end; (end = memchr(s->line, '\n', s->n));) {
        *end = '\0';
        if (end > s->line && end[-1] == '\r')
            end[-1] = '\0';
        if (!command(s, s->line)) {
            end_session(s);
            return;
        }
        size_t used = (size_t)(end - s->line) + 1;
        memmove(s->line, end + 1, s->n - used);
        s->n -= used;
    }
}

static void accept_control(const struct end *door)
{
    int fd;
    while ((fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct session *s = calloc(1, sizeof *s);
        if (!s)
            die("out of memory");
        s->control = (struct end){.kind = CONTROL, .fd = fd, .session = s};
        s->data = (struct end){.kind = DATA, .fd = -1, .session = s};
        no_delay(fd);
        watch(epoll_set, fd, EPOLLIN, &s->control);
        say(s, "220 ftp_sink\r\n");
    }
}

static void accept_data(struct end *door)
{
    struct session *s = door->session;
    int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (!s || s->data.fd >= 0) {
        close(fd);
        return;
    }
    door->session = NULL;
    s->door = NULL;
    s->data.fd = fd;
    watch(epoll_set, fd, EPOLLIN | EPOLLOUT | EPOLLET, &s->data);
    begin_if_ready(s);
}

static void handle(struct end *end)
{
    switch (end->kind) {
    case CONTROL_DOOR:
        accept_control(end);
        break;
    case DATA_DOOR:
        accept_data(end);
        break;
    case CONTROL:
        if (end->fd >= 0)
            read_commands(end->session);
        break;
    case DATA:
        begin_if_ready(end->session);
        break;
    }
}

static void open_doors(const char *range)
{
    unsigned low, high;
    if (sscanf(range, "%u-%u", &low, &high) != 2 || low > high || high - low >= MOST_PORTS)
        die("not a range of at most %u ports: %s", MOST_PORTS, range);
    for (unsigned port = low; port <= high; port++) {
        struct sockaddr_in addr = here;
        addr.sin_port = htons((uint16_t)port);
        doors[n_doors] = (struct end){.kind = DATA_DOOR, .fd = listen_on(addr), .port = port};
        watch(epoll_set, doors[n_doors].fd, EPOLLIN, &doors[n_doors]);
        n_doors++;
    }
}

int main(int argc, char **argv)
{
    struct end door = {.kind = CONTROL_DOOR};

    if (argc != 5 || strcmp(argv[1], "--listen") || strcmp(argv[3], "--ports"))
        die("usage: ftp_sink --listen A:P --ports LO-HI");
    here = address(argv[2], 21);
    signal(SIGPIPE, SIG_IGN); /* a peer that goes away is an error, not our end */
    epoll_set = epoll_create1(EPOLL_CLOEXEC);
    file = memfd_create("file", MFD_CLOEXEC);
    if (epoll_set < 0 || file < 0 || ftruncate(file, FILE_BYTES))
        die("cannot begin: %s", strerror(errno));
    open_doors(argv[4]);
    door.fd = listen_on(here);
    watch(epoll_set, door.fd, EPOLLIN, &door);
    for (;;) {
        struct epoll_event events[256];
        int n = epoll_wait(epoll_set, events, 256, -1);
        for (int i = 0; i < n; i++)
            handle(events[i].data.ptr);
        bury_the_dead();
    }
}
