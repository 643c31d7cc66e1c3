/*
 * arrival.h: a connection to a data port finds its session.
 */
#ifndef HAFTP_FTP_ARRIVAL_H
#define HAFTP_FTP_ARRIVAL_H

#include "ftp_int.h"

/* arrival.c */
/* Resets a connection to a data port that nobody expects; counts it for the section, logs it.
 * `why`: HF_NOTFOUND, or what hf_tie_transfer_mt() said. */
void ftp_refuse_stranger(struct hf_engine *engine, const struct hf_cfg_proxy *section,
                         unsigned port, int fd, const struct hf_addr *peer, enum hf_status why);
/* A connection to a port that a transfer of this session opened for itself: the rules and headers
 * of the control connection's bind are its, too. */
void ftp_own_port_visit(struct ftp_session *s, uint16_t port, int fd, const struct hf_addr *peer);

/* guest.c: nobody is waited for any more. */
void ftp_guests_forget(struct hf_ftp *ftp);

#endif
