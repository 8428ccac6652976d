/* Hashes of what the process holds, and contents to fill memory with. Fast, as every timeline
 * hashes everything twice; not counted as edges, as their loops say nothing of the simulation. */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>
#include <stdint.h>

uint64_t digest_mix(uint64_t value); /* a bijection: no draw at an extreme stays one */
uint64_t digest_word(uint64_t from, uint64_t word);
uint64_t digest_bytes(uint64_t from, const void *bytes, size_t size);
uint64_t digest_text(uint64_t from, const char *text); /* NULL is a text of its own */

void digest_fill(void *bytes, size_t size, uint64_t seed);

/* Two draws: a size of 1 to 2^bits_max, small ones as often as large ones. */
size_t digest_draw_size(uint32_t bits_max);

#endif
