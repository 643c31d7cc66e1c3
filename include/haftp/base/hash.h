/*
 * hash.h: the hash functions that configurations name.
 *
 * Their values are part of the language: a file that picks a server or a key by one of them must
 * pick the same here.  None is meant against an adversary.  Pure functions; any thread.
 */
#ifndef HAFTP_BASE_HASH_H
#define HAFTP_BASE_HASH_H

#include <stdint.h>

#include "haftp/base/str.h"

uint32_t hf_hash_sdbm(struct hf_view bytes);
uint32_t hf_hash_djb2(struct hf_view bytes);
uint32_t hf_hash_wt6(struct hf_view bytes);
uint32_t hf_hash_crc32(struct hf_view bytes);  /* of Ethernet and gzip */
uint32_t hf_hash_crc32c(struct hf_view bytes); /* Castagnoli's */
uint32_t hf_hash_xxh32(struct hf_view bytes, uint32_t seed);
uint64_t hf_hash_xxh64(struct hf_view bytes, uint64_t seed);

/* Spreads every bit of a weak hash over all of it: the `avalanche` of hash-type and of the
 * converters. */
uint32_t hf_hash_avalanche(uint32_t hash);

#endif
