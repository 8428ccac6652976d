#include "digest.h"

#include <fuzzverse/fuzzverse.h>
#include <string.h>

#define UNCOUNTED __attribute__((no_sanitize("coverage")))
#define ODD UINT64_C(0x9fb21c651e98df25)
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

typedef uint64_t lanes __attribute__((vector_size(16)));

enum { WORD_BYTES = sizeof(uint64_t), LANES = 4, STEP_BYTES = LANES * sizeof(lanes) };

UNCOUNTED uint64_t digest_mix(uint64_t value) {
    value += GOLDEN;
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

UNCOUNTED uint64_t digest_word(uint64_t from, uint64_t word) {
    uint64_t mixed = from ^ word;
    return (mixed << 29 | mixed >> 35) * ODD;
}

/* Sums and sums of sums: Fletcher's checksum in eight lanes, for speed. What is left is mixed. */
UNCOUNTED uint64_t digest_bytes(uint64_t from, const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    lanes words[LANES] = {0}, sums[LANES] = {0}, sums_of_sums[LANES] = {0};
    from = digest_word(from, size);
    for (; size >= STEP_BYTES; size -= STEP_BYTES, at += STEP_BYTES) {
        memcpy(words, at, STEP_BYTES);
        for (int i = 0; i < LANES; i++) sums_of_sums[i] += sums[i] += words[i];
    }
    for (int i = 0; i < LANES && at > (const uint8_t *)bytes; i++) {
        from = digest_word(digest_word(from, sums[i][0]), sums[i][1]);
        from = digest_word(digest_word(from, sums_of_sums[i][0]), sums_of_sums[i][1]);
    }
    for (uint64_t word = 0; size > 0; word = 0) {
        size_t n = size < WORD_BYTES ? size : WORD_BYTES;
        memcpy(&word, at, n);
        from = digest_word(from, word);
        size -= n, at += n;
    }
    return digest_mix(from);
}

uint64_t digest_text(uint64_t from, const char *text) {
    return text == NULL ? digest_word(from, GOLDEN) : digest_bytes(from, text, strlen(text));
}

UNCOUNTED void digest_fill(void *bytes, size_t size, uint64_t seed) {
    uint8_t *at = bytes;
    for (; size >= WORD_BYTES; size -= WORD_BYTES, at += WORD_BYTES) {
        seed = seed * ODD + GOLDEN;
        memcpy(at, &seed, WORD_BYTES);
    }
    seed = seed * ODD + GOLDEN;
    memcpy(at, &seed, size);
}

size_t digest_draw_size(uint32_t bits_max) {
    uint64_t bits = fv_below(bits_max + 1);
    return 1 + (size_t)fv_below(UINT64_C(1) << bits);
}
