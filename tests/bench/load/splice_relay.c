/*
 * splice_relay.c: a bare relay, the practical limit that balancers are held against.
 *
 *   splice_relay FROM-A:P TO-A:P [FROM-A:LO-HI TO-A]
 *
 * It knows no FTP, chooses nothing, has no timeouts and logs nothing: it accepts, connects, and
 * moves bytes by copying up to 16 KiB and by splice() above.
 */
#include "bench.h"

#include <fcntl.h>

#define SMALL      16384u
#define PIPE_BYTES (1 << 20)
#define MOST_DOORS 4097u
#define TURNS      16

struct pair;

struct side {
    int fd;
    struct pair *pair;
    struct side *other;
    int pipe[2];
    size_t held;                    /* in the pipe, read from here */
    bool large, readable, writable; /* the last read filled its room; as far as we know */
    bool ended, told;               /* FIN read from here; and passed on */
};

struct pair {
    struct side side[2];
    struct pair *next_dead;
    bool over;
};

/* Where connections come in, told from a side by its place in this table. */
static struct door {
    int fd;
    struct sockaddr_in to;
} doors[MOST_DOORS];

static unsigned n_doors;
static int epoll_set;
static struct pair *dead;

static void finish(struct pair *p)
{
    if (p->over)
        return;
    p->over = true;
    for (int i = 0; i < 2; i++) {
        struct side *s = &p->side[i];
        close(s->fd);
        if (s->pipe[0]) {
            close(s->pipe[0]);
            close(s->pipe[1]);
        }
    }
    p->next_dead = dead;
    dead = p;
}

static bool again(struct side *s, bool *ready)
{
    if (errno != EAGAIN)
        finish(s->pair);
    *ready = false;
    return false;
}

/* Up to 16 KiB by copying; nothing is read that cannot be written.  False: nothing more now. */
static bool copy(struct side *from)
{
    static char room[SMALL];
    struct side *to = from->other;
    ssize_t n = recv(from->fd, room, SMALL, 0);
    if (n < 0)
        return again(from, &from->readable);
    from->ended = n == 0;
    from->large = n == SMALL;
    if (n == 0)
        return true;
    if (send(to->fd, room, (size_t)n, MSG_NOSIGNAL) !=
        n) /* a socket takes 16 KiB when it is writable */
        finish(from->pair);
    return !from->pair->over;
}

static bool fill(struct side *from)
{
    ssize_t n =
        splice(from->fd, NULL, from->pipe[1], NULL, 1 << 30, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n < 0)
        return again(from, &from->readable);
    from->ended = n == 0;
    from->held = (size_t)n;
    from->large = n >= (ssize_t)SMALL;
    return true;
}

static bool empty(struct side *from)
{
    ssize_t n = splice(from->pipe[0], NULL, from->other->fd, NULL, from->held,
                       SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n < 0)
        return again(from->other, &from->other->writable);
    from->held -= (size_t)n;
    return true;
}

static bool has_pipe(struct side *s)
{
    if (s->pipe[0])
        return true;
    if (pipe2(s->pipe, O_NONBLOCK | O_CLOEXEC))
        return false;
    fcntl(s->pipe[1], F_SETPIPE_SZ, PIPE_BYTES);
    return true;
}

static void move(struct side *from)
{
    struct side *to = from->other;
    for (int turn = 0; turn < TURNS && !from->pair->over && to->writable; turn++) {
        if (from->held) {
            if (!empty(from))
                return;
        } else if (from->ended) {
            if (!from->told)
                shutdown(to->fd, SHUT_WR);
            from->told = true;
            if (to->told)
                finish(from->pair);
            return;
        } else if (!from->readable || !(from->large && has_pipe(from) ? fill(from) : copy(from))) {
            return;
        }
    }
    if (!from->pair->over && to->writable)
        watch(epoll_set, from->fd, EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, from);
}

static void accept_pairs(const struct door *door)
{
    int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    int to = connect_to(door->to);
    struct pair *p = calloc(1, sizeof *p);
    if (!p || to < 0) {
        free(p);
        close(fd);
        return;
    }
    no_delay(fd);
    no_delay(to);
    for (int i = 0; i < 2; i++) {
        p->side[i] = (struct side){.fd = i ? to : fd, .pair = p, .other = &p->side[!i]};
        watch(epoll_set, p->side[i].fd, EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, &p->side[i]);
    }
}

static bool is_door(const void *who)
{
    return (uintptr_t)who >= (uintptr_t)doors && (uintptr_t)who < (uintptr_t)(doors + MOST_DOORS);
}

static void handle(const struct epoll_event *event)
{
    struct side *s = event->data.ptr;
    if (is_door(s)) {
        accept_pairs(event->data.ptr);
        return;
    }
    if (s->pair->over)
        return;
    s->readable = s->readable || event->events & ~(uint32_t)EPOLLOUT;
    s->writable = s->writable || event->events & (EPOLLOUT | EPOLLERR | EPOLLHUP);
    move(s);
    if (!s->pair->over)
        move(s->other);
}

static void open_door(struct sockaddr_in from, struct sockaddr_in to)
{
    struct door *door = &doors[n_doors++];
    *door = (struct door){.fd = listen_on(from), .to = to};
    watch(epoll_set, door->fd, EPOLLIN, door);
}

int main(int argc, char **argv)
{
    unsigned low, high;

    if (argc != 3 && argc != 5)
        die("usage: splice_relay FROM-A:P TO-A:P [FROM-A:LO-HI TO-A]");
    signal(SIGPIPE, SIG_IGN); /* a peer that goes away is an error, not our end */
    epoll_set = epoll_create1(EPOLL_CLOEXEC);
    open_door(address(argv[1], 21), address(argv[2], 21));
    if (argc == 5) {
        const char *range = strchr(argv[3], ':');
        if (!range || sscanf(range, ":%u-%u", &low, &high) != 2 || high - low >= MOST_DOORS - 1)
            die("not a range of ports: %s", argv[3]);
        struct sockaddr_in from = address(argv[3], 0), to = address(argv[4], 0);
        for (unsigned port = low; port <= high; port++) {
            from.sin_port = to.sin_port = htons((uint16_t)port);
            open_door(from, to);
        }
    }
    for (;;) {
        struct epoll_event events[256];
        int n = epoll_wait(epoll_set, events, 256, -1);
        for (int i = 0; i < n; i++)
            handle(&events[i]);
        while (dead) {
            struct pair *p = dead;
            dead = p->next_dead;
            free(p);
        }
    }
}
