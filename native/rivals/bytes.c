/* Draws out of a byte string: as few bytes a draw as its bound needs, in order, as a tape has them.
 * The timeline ends with its bytes, as in harnesses that are written for libFuzzer: what a fuzzer
 * did not choose would not be its find, and inputs that grow are rewarded by what lies behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rival.h"

enum { FV_MESSAGE_BYTES = 256 };

extern const struct fv_target fv_target_entry;

static struct {
    const uint8_t *next, *end;
    jmp_buf out_of_bytes;
} tape;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tape.next = data;
    tape.end = data + size;
    if (setjmp(tape.out_of_bytes) == 0) fv_target_entry.body();
    return 0;
}

/* ---- draws ----------------------------------------------------------------------------------- */

static uint32_t bytes_for(uint64_t n) {
    if (n == 0) return 8;
    uint32_t bytes = 1;
    for (uint64_t largest = n - 1; largest > 0xff; largest >>= 8) bytes++;
    return bytes;
}

static uint64_t draw(uint64_t n) {
    uint32_t want = bytes_for(n);
    if ((size_t)(tape.end - tape.next) < want) longjmp(tape.out_of_bytes, 1);
    uint64_t value = 0;
    for (uint32_t i = 0; i < want; i++) value |= (uint64_t)*tape.next++ << (8 * i);
    return n == 0 ? value : value % n;
}

uint64_t fv_u64(void) { return draw(0); }

uint64_t fv_below(uint64_t n) {
    if (n == 0) fv_rival_bug("misuse of fuzzverse: fv_below(0)");
    return draw(n);
}

int64_t fv_between(int64_t lo, int64_t hi) {
    if (lo > hi) fv_rival_bug("misuse of fuzzverse: fv_between with lo > hi");
    return (int64_t)((uint64_t)lo + draw((uint64_t)hi - (uint64_t)lo + 1));
}

bool fv_chance(uint32_t num, uint32_t den) {
    if (den == 0) fv_rival_bug("misuse of fuzzverse: fv_chance with den 0");
    return draw(den) < num;
}

void fv_bytes(void *to, size_t n) {
    uint8_t *p = to;
    for (size_t i = 0; i < n; i++) p[i] = (uint8_t)draw(256);
}

uint32_t fv_pick(const char *label, uint32_t n) {
    (void)label;
    if (n == 0) fv_rival_bug("misuse of fuzzverse: fv_pick with n 0");
    return (uint32_t)draw(n);
}

uint32_t fv_weighted(const char *label, const uint32_t *weights, uint32_t n) {
    (void)label;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += weights[i];
    if (sum == 0) fv_rival_bug("misuse of fuzzverse: fv_weighted without a positive weight");
    uint64_t left = draw(sum);
    uint32_t i = 0;
    for (; left >= weights[i]; i++) left -= weights[i];
    return i;
}

/* ---- words and verdicts ---------------------------------------------------------------------- */

void fv_log(const char *format, ...) { (void)format; }

void fv_rival_bug(const char *message) {
    fprintf(stderr, "fuzzverse rival: bug: %s\n", message);
    abort();
}

void fv_bug(const char *format, ...) {
    char message[FV_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    fv_rival_bug(message);
}
