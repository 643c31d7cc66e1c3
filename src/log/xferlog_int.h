/*
 * xferlog_int.h: transfers in the format of wu-ftpd, which FTP servers and their tools still speak.
 */
#ifndef HAFTP_LOG_XFERLOG_INT_H
#define HAFTP_LOG_XFERLOG_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "haftp/state/facts.h"

/* Room for a line, all texts at their longest. */
#define HF_XFERLOG_LINE 1024u

/* A file was transferred, as a whole or in part: listings and refused commands have no line. */
bool hf_xferlog_tells(const struct hf_facts *facts);
/* Writes the line, which ended at `now`, and a NUL; returns its length. */
size_t hf_xferlog_line(const struct hf_facts *facts, time_t now, char line[HF_XFERLOG_LINE]);

#endif
