/*
 * arrival.c: a connection to a data port finds its session, on whatever worker that lives, or is
 * closed.
 */
#include "ftp_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/base/clock.h"
#include "haftp/log/log.h"
#include "haftp/net/socket.h"

struct arrival { /* a data connection that was accepted by another worker */
    struct hf_mail mail;
    struct hf_lease_owner owner;
    int fd;
    struct hf_addr peer;
};

/* `fd` -1: a rule refused the connection. */
static void arrive(const struct hf_lease_owner *owner, int fd, const struct hf_addr *peer)
{
    struct hf_ftp *ftp = owner->engine->ftp;
    struct ftp_session *s = hf_pool_find(ftp->sessions, owner->session);
    struct ftp_xfer *candidates[] = {s ? s->next_xfer : NULL, s ? s->xfer : NULL};
    for (int i = 0; i < 2; i++) {
        struct ftp_xfer *x = candidates[i];
        if (x && x->lease.slot && x->lease.serial == owner->serial) {
            x->lease.slot = NULL; /* claimed: nothing to give back */
            if (fd < 0)
                ftp_xfer_break(x, "a rule refused the data connection");
            else
                ftp_xfer_client_arrived(x, fd, peer);
            return;
        }
    }
    if (fd >= 0)
        close(fd); /* its session ended or asked for another port meanwhile */
}

static void on_arrival(struct hf_mail *mail)
{
    struct arrival *a = HF_CONTAINER(mail, struct arrival, mail);
    arrive(&a->owner, a->fd, &a->peer);
    free(a);
}

void ftp_refuse_stranger(struct hf_engine *engine, const struct hf_cfg_proxy *section,
                         unsigned port, int fd, const struct hf_addr *peer)
{
    static struct hf_log_limit limit;
    struct hf_proxy *proxy = hf_runtime_proxy(engine->runtime, section);
    unsigned suppressed;

    hf_socket_reset_on_close(fd);
    close(fd);
    atomic_fetch_add_explicit(&proxy->strangers, 1, memory_order_relaxed);
    if (hf_log_allowed_mt(&limit, 5, &suppressed)) {
        char text[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];
        hf_log_event_mt(proxy, HF_LEVEL_NOTICE,
                        "%s: connection from %s to data port %u without a transfer, closed%s",
                        section->name, hf_addr_text(peer, text), port,
                        ftp_more_text(suppressed, more));
    }
}

const char *ftp_more_text(unsigned suppressed, char *buf)
{
    buf[0] = 0;
    if (suppressed)
        snprintf(buf, FTP_MORE_SIZE, " (%u more like this were not logged)", suppressed);
    return buf;
}

/* `tcp-request connection` and `session` rules of the section that binds the port. */
static bool is_let_in(struct hf_engine *engine, const struct hf_cfg_bind *bind, int fd,
                      const struct hf_addr *peer)
{
    const struct hf_cfg_proxy *section = bind->proxy;
    struct hf_session visitor = {.engine = engine};
    struct hf_facts *facts = &visitor.facts;

    if (!section->rules[HF_RULES_CONNECTION] && !section->rules[HF_RULES_SESSION])
        return true;
    facts->frontend = hf_runtime_proxy(engine->runtime, section);
    facts->bind = bind;
    facts->client = *peer;
    facts->client_fd = fd;
    facts->worker = (uint16_t)engine->index;
    facts->accepted_us = hf_clock_wall_us();
    facts->accepted_ms = hf_loop_now(engine->loop);
    hf_socket_local(fd, &facts->local);
    enum hf_ruling ruling = hf_rules_at_entry(&visitor, section, fd);
    hf_vars_free(&facts->vars);
    return ruling == HF_RULING_PASS;
}

bool hf_ftp_data_accept(struct hf_listener *listener, int fd, const struct hf_addr *peer)
{
    struct hf_engine *engine = listener->owner;
    struct hf_ftp *ftp = engine->ftp;
    struct hf_lease_slot *slot = (struct hf_lease_slot *)listener->slot;
    struct hf_lease_owner owner;

    if (hf_lease_claim_mt(ftp->leases, slot, peer, &owner) != HF_OK) {
        ftp_refuse_stranger(engine, slot->bind->proxy, slot->port, fd, peer);
        return true;
    }
    if (!is_let_in(engine, slot->bind, fd, peer)) {
        close(fd);
        fd = -1; /* its transfer must hear of it */
    }
    if (owner.engine == engine) {
        arrive(&owner, fd, peer);
        return true;
    }
    struct arrival *a = calloc(1, sizeof *a);
    if (!a) {
        if (fd >= 0)
            close(fd);
        return true;
    }
    *a = (struct arrival){{NULL, on_arrival}, owner, fd, *peer};
    hf_mail_post_mt(owner.engine->loop, &a->mail);
    return true;
}
