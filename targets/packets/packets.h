/* Packets within packets: a kind, a length in one or two bytes, a body. */
#ifndef PACKETS_H
#define PACKETS_H

#include <stddef.h>
#include <stdint.h>

enum { PACKETS_MAGIC_BYTES = 4, PACKETS_DEPTH_MAX = 8 };

struct packets {
    uint32_t count, texts, numbers;
    uint64_t sum;
};

/* 0, or what is wrong with it. */
int packets_decode(struct packets *to, const uint8_t *bytes, size_t n);

#endif
