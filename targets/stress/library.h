/* What libc keeps for its callers: streams with half-filled buffers, generators, the rest of a
 * text that strtok goes through, the environment, texts that it returns, what exit calls.
 * Operations return the size of what they worked on. */
#ifndef LIBRARY_H
#define LIBRARY_H

#include <stdint.h>

void streams_build(void);
uint64_t streams_digest(void);
uint32_t streams_print_grown(void);
uint32_t streams_print_fixed(void);

void generators_build(void);
uint64_t generators_digest(void);
uint32_t generators_take(void);
uint32_t generators_seed(void);

void words_build(void);
uint64_t words_digest(void);
uint32_t words_take(void);

void environment_build(void);
uint64_t environment_digest(void);
uint32_t environment_set(void);
uint32_t environment_unset(void);

void texts_build(void);
uint64_t texts_digest(void);
uint32_t texts_ask(void);

uint64_t exits_digest(void);
uint32_t exits_add(void);

#endif
