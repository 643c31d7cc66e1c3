/*
 * fuzz.h: what the fuzz targets share.
 *
 * A target is one file with this function.  Under clang libFuzzer drives it; anywhere else
 * replay_main.c feeds it the files of its corpus.
 */
#ifndef HAFTP_FUZZ_H
#define HAFTP_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "haftp/base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
