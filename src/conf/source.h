/*
 * source.h: which files make the configuration, and their text.
 */
#ifndef HAFTP_CONF_SOURCE_H
#define HAFTP_CONF_SOURCE_H

#include "haftp/base/diag.h"
#include "haftp/base/status.h"

/* Reads a file, or the *.cfg files of a directory in bytewise order, and appends them to *sources.
 * What cannot be read is reported; the status is then not HF_OK. */
HF_MUST_USE enum hf_status hf_source_read(struct hf_arena *arena, const char *path,
                                          struct hf_source **sources, struct hf_diag *diag);

#endif
