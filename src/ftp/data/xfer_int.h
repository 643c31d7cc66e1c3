/*
 * xfer_int.h: what the files of a data connection have among themselves: xfer.c, xfer_client.c,
 * xfer_server.c.
 */
#ifndef HAFTP_FTP_XFER_INT_H
#define HAFTP_FTP_XFER_INT_H

#include "haftp/net/socket.h"
#include "xfer.h"

/* xfer.c */
/* The client's end stands; this is its address. */
void ftp_xfer_client_is_there(struct ftp_xfer *x, const struct hf_addr *client);
void ftp_xfer_server_is_there(struct ftp_xfer *x);
/* Listens on any free port of this address, which *local then names. */
HF_MUST_USE enum hf_status ftp_xfer_open_port(struct ftp_xfer *x, struct hf_listener *listener,
                                              struct hf_addr *local, struct hf_buffers buffers,
                                              hf_accept_fn fn);

/* xfer_client.c */
/* No client may come any more: the port is given back. */
void ftp_xfer_close_door(struct ftp_xfer *x);
/* The server has begun without the client. */
void ftp_xfer_reach_client(struct ftp_xfer *x);

/* xfer_server.c */
void ftp_xfer_server_failed(struct ftp_xfer *x);
/* From now on the server has `timeout connect` to come. */
void ftp_xfer_limit_server(struct ftp_xfer *x);

static inline struct hf_loop *ftp_xfer_loop(const struct ftp_xfer *x)
{
    return x->ftp->engine->loop;
}

static inline const struct hf_cfg_opts *ftp_xfer_front_opts(const struct ftp_xfer *x)
{
    return &x->session->session.facts.frontend->cfg->o;
}

static inline const struct hf_cfg_opts *ftp_xfer_back_opts(const struct ftp_xfer *x)
{
    return &x->session->session.facts.backend->cfg->o;
}

/* The one timer of what the transfer waits for now. */
static inline void ftp_xfer_arm(struct ftp_xfer *x, uint64_t after_ms, hf_timer_fn fn)
{
    hf_loop_timer(ftp_xfer_loop(x), &x->timer, after_ms, fn);
}

#endif
