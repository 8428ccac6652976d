#include "memory.h"

#include <alloca.h>
#include <fuzzverse/fuzzverse.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"

#define PATTERN UINT64_C(0x5ca1ab1e0ddba115)

enum {
    GLOBAL_WORDS = 2048, /* four pages */
    LOCAL_WORDS = 600,   /* more than a page */
    RUN_BITS_MAX = 7,
    NUMBERS = 256,
    SORT_BITS_MAX = 6,
    STACK_BITS_MAX = 18,
    FRAMES_MAX = 64,
    JUMP_DEPTH_MAX = 40
};

/* ---- globals --------------------------------------------------------------------------------- */

static uint64_t data_words[GLOBAL_WORDS] = {[0 ... GLOBAL_WORDS - 1] = PATTERN};
static uint64_t bss_words[GLOBAL_WORDS];

void globals_build(void) {
    for (uint32_t i = 0; i < GLOBAL_WORDS; i += 5) data_words[i] = bss_words[i] = digest_mix(i);
}

uint64_t globals_digest(void) {
    return digest_bytes(digest_bytes(0, data_words, sizeof data_words), bss_words,
                        sizeof bss_words);
}

static uint32_t write_run(uint64_t *words, uint32_t count) {
    size_t length = digest_draw_size(RUN_BITS_MAX);
    uint64_t at = fv_below(count - length + 1);
    digest_fill(words + at, length * sizeof *words, fv_u64());
    return (uint32_t)length;
}

uint32_t globals_write_data(void) { return write_run(data_words, GLOBAL_WORDS); }
uint32_t globals_write_bss(void) { return write_run(bss_words, GLOBAL_WORDS); }

/* ---- thread-local variables ------------------------------------------------------------------ */

static _Thread_local uint64_t local_data[LOCAL_WORDS] = {[0 ... LOCAL_WORDS - 1] = ~PATTERN};
static _Thread_local uint64_t local_zeros[LOCAL_WORDS];

void locals_build(void) {
    for (uint32_t i = 0; i < LOCAL_WORDS; i += 3) local_data[i] = local_zeros[i] = digest_mix(i);
}

uint64_t locals_digest(void) {
    return digest_bytes(digest_bytes(1, local_data, sizeof local_data), local_zeros,
                        sizeof local_zeros);
}

uint32_t locals_write(void) {
    return write_run(fv_chance(1, 2) ? local_data : local_zeros, LOCAL_WORDS);
}

/* ---- an array that qsort goes over ----------------------------------------------------------- */

static uint64_t numbers[NUMBERS];
static void (*strike_in_sort)(void);

static int by_size(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    if (strike_in_sort != NULL) strike_in_sort();
    return (a > b) - (a < b);
}

void numbers_build(void) {
    digest_fill(numbers, sizeof numbers, PATTERN);
    qsort(numbers, NUMBERS, sizeof *numbers, by_size);
}

uint64_t numbers_digest(void) { return digest_bytes(2, numbers, sizeof numbers); }

uint32_t numbers_sort(void) {
    size_t count = digest_draw_size(SORT_BITS_MAX);
    uint64_t at = fv_below(NUMBERS - count + 1);
    digest_fill(numbers + at, count * sizeof *numbers, fv_u64());
    qsort(numbers + at, count, sizeof *numbers, by_size);
    return (uint32_t)count;
}

void numbers_sort_until(void (*strike)(void)) {
    strike_in_sort = strike;
    qsort(numbers, NUMBERS, sizeof *numbers, by_size);
}

/* ---- the stack ------------------------------------------------------------------------------- */

/* Junk in every frame; the sum is of what was written there, so that none can be left out. */
static __attribute__((noinline)) uint64_t descend(uint32_t frames, size_t size) {
    volatile uint8_t *junk = alloca(size);
    memset((void *)(uintptr_t)junk, (int)frames, size);
    uint64_t below = frames > 1 ? descend(frames - 1, size) : 0;
    return digest_word(below, junk[0] + ((uint64_t)junk[size - 1] << 8));
}

uint32_t stack_descend(void) {
    size_t size = digest_draw_size(STACK_BITS_MAX);
    uint32_t frames = 1 + (uint32_t)fv_below(FRAMES_MAX);
    bss_words[0] ^= descend(frames, 1 + size / frames);
    return (uint32_t)size;
}

static sigjmp_buf way_back;

static __attribute__((noinline)) void jump_from(uint32_t depth, int value) {
    volatile uint32_t frame = depth;
    if (depth == 0) siglongjmp(way_back, value);
    jump_from(depth - 1, value);
    frame++;
}

/* What jumps back brings the signal mask with it. No crash signal is ever blocked. */
uint32_t stack_jump(void) {
    uint32_t depth = (uint32_t)fv_below(JUMP_DEPTH_MAX);
    int value = 1 + (int)fv_below(1000);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGHUP);
    int came = sigsetjmp(way_back, 1);
    if (came == 0) {
        sigprocmask(SIG_BLOCK, &set, NULL);
        jump_from(depth, value);
    }
    bss_words[1] = digest_word(bss_words[1], (uint64_t)came);
    return depth;
}
