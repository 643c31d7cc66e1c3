/*
 * hash.c: hash functions by name.
 */
#include "haftp/base/hash.h"

static uint32_t rotate32(uint32_t x, unsigned by)
{
    return x << (by & 31) | x >> (-by & 31);
}

static uint64_t rotate64(uint64_t x, unsigned by)
{
    return x << (by & 63) | x >> (-by & 63);
}

/* ---- small ones, byte by byte ------------------------------------------------------------ */

uint32_t hf_hash_sdbm(struct hf_view bytes)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < bytes.n; i++)
        hash = hash * 65599 + (unsigned char)bytes.p[i];
    return hash;
}

uint32_t hf_hash_djb2(struct hf_view bytes)
{
    uint32_t hash = 5381;
    for (size_t i = 0; i < bytes.n; i++)
        hash = hash * 33 + (unsigned char)bytes.p[i];
    return hash;
}

/* Two words that turn each other round by as many bits as they say themselves. */
uint32_t hf_hash_wt6(struct hf_view bytes)
{
    uint32_t left = 0xa53c965a, right = 0x5ca6953a;
    unsigned left_turn = 6, right_turn = 18;

    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char byte = (unsigned char)bytes.p[i];
        uint32_t new_right = rotate32(~(left ^ byte), right_turn);
        left = rotate32(~(right + byte), left_turn);
        right = new_right;
        unsigned mixed = (left >> 16 ^ right) & 0xffff;
        left_turn = mixed & 31;
        right_turn = mixed >> 11;
    }
    return left ^ right;
}

/* Bit by bit: what is hashed here is short. */
static uint32_t crc(struct hf_view bytes, uint32_t reversed_polynomial)
{
    uint32_t hash = ~0u;
    for (size_t i = 0; i < bytes.n; i++) {
        hash ^= (unsigned char)bytes.p[i];
        for (int bit = 0; bit < 8; bit++)
            hash = hash >> 1 ^ (hash & 1 ? reversed_polynomial : 0);
    }
    return ~hash;
}

uint32_t hf_hash_crc32(struct hf_view bytes)
{
    return crc(bytes, 0xedb88320);
}

uint32_t hf_hash_crc32c(struct hf_view bytes)
{
    return crc(bytes, 0x82f63b78);
}

/* Bob Jenkins' mix of six shifts, then a multiplication for the high bits. */
uint32_t hf_hash_avalanche(uint32_t a)
{
    a = (a + 0x7ed55d16) + (a << 12);
    a = (a ^ 0xc761c23c) ^ (a >> 19);
    a = (a + 0x165667b1) + (a << 5);
    a = (a + 0xd3a2646c) ^ (a << 9);
    a = (a + 0xfd7046c5) + (a << 3);
    a = (a ^ 0xb55a4f09) ^ (a >> 16);
    return a * 3221225473u;
}

/* ---- xxHash ------------------------------------------------------------------------------ */

/* Little-endian on any machine; advances. */
static uint64_t take(struct hf_view *bytes, unsigned n)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < n; i++)
        word |= (uint64_t)(unsigned char)bytes->p[i] << (8 * i);
    *bytes = hf_view(bytes->p + n, bytes->n - n);
    return word;
}

static const uint32_t prime32[] = {0,           2654435761u, 2246822519u,
                                   3266489917u, 668265263u,  374761393u};

static uint32_t round32(uint32_t lane, uint32_t word)
{
    return rotate32(lane + word * prime32[2], 13) * prime32[1];
}

uint32_t hf_hash_xxh32(struct hf_view bytes, uint32_t seed)
{
    size_t size = bytes.n;
    uint32_t hash = seed + prime32[5];

    if (bytes.n >= 16) {
        uint32_t lanes[4] = {seed + prime32[1] + prime32[2], seed + prime32[2], seed,
                             seed - prime32[1]};
        while (bytes.n >= 16) {
            for (unsigned i = 0; i < 4; i++)
                lanes[i] = round32(lanes[i], (uint32_t)take(&bytes, 4));
        }
        hash = rotate32(lanes[0], 1) + rotate32(lanes[1], 7) + rotate32(lanes[2], 12) +
               rotate32(lanes[3], 18);
    }
    hash += (uint32_t)size;
    while (bytes.n >= 4)
        hash = rotate32(hash + (uint32_t)take(&bytes, 4) * prime32[3], 17) * prime32[4];
    while (bytes.n > 0)
        hash = rotate32(hash + (uint32_t)take(&bytes, 1) * prime32[5], 11) * prime32[1];
    hash = (hash ^ hash >> 15) * prime32[2];
    hash = (hash ^ hash >> 13) * prime32[3];
    return hash ^ hash >> 16;
}

static const uint64_t prime64[] = {0,
                                   11400714785074694791u,
                                   14029467366897019727u,
                                   1609587929392839161u,
                                   9650029242287828579u,
                                   2870177450012600261u};

static uint64_t round64(uint64_t lane, uint64_t word)
{
    return rotate64(lane + word * prime64[2], 31) * prime64[1];
}

static uint64_t long64(struct hf_view *bytes, uint64_t seed)
{
    uint64_t lanes[4] = {seed + prime64[1] + prime64[2], seed + prime64[2], seed,
                         seed - prime64[1]};
    while (bytes->n >= 32) {
        for (unsigned i = 0; i < 4; i++)
            lanes[i] = round64(lanes[i], take(bytes, 8));
    }
    uint64_t hash = rotate64(lanes[0], 1) + rotate64(lanes[1], 7) + rotate64(lanes[2], 12) +
                    rotate64(lanes[3], 18);
    for (unsigned i = 0; i < 4; i++)
        hash = (hash ^ round64(0, lanes[i])) * prime64[1] + prime64[4];
    return hash;
}

uint64_t hf_hash_xxh64(struct hf_view bytes, uint64_t seed)
{
    size_t size = bytes.n;
    uint64_t hash = size >= 32 ? long64(&bytes, seed) : seed + prime64[5];

    hash += size;
    while (bytes.n >= 8)
        hash = rotate64(hash ^ round64(0, take(&bytes, 8)), 27) * prime64[1] + prime64[4];
    if (bytes.n >= 4)
        hash = rotate64(hash ^ take(&bytes, 4) * prime64[1], 23) * prime64[2] + prime64[3];
    while (bytes.n > 0)
        hash = rotate64(hash ^ take(&bytes, 1) * prime64[5], 11) * prime64[1];
    hash = (hash ^ hash >> 33) * prime64[2];
    hash = (hash ^ hash >> 29) * prime64[3];
    return hash ^ hash >> 32;
}
