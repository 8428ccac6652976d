#include "library.h"

#include <fuzzverse/fuzzverse.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "digest.h"

enum {
    GROWN_BYTES_MAX = 24 << 10,
    FIXED_BYTES = 8 << 10,
    BUFFER_BYTES = 1 << 10,
    LINE_BYTES_MAX = 128,
    RANDOM_WORDS = 32,
    TAKEN_MAX = 8,
    WORDS = 24,
    WORD_LETTERS_MAX = 8,
    NAMES = 8,
    VALUE_BITS_MAX = 6,
    EXITS_MAX = 64
};

/* ---- streams --------------------------------------------------------------------------------- */

/* One stream's memory is malloc's and grows; the other's is given, and so is its buffer. */
static struct {
    FILE *grown, *fixed;
    char *grown_bytes;
    size_t grown_size;
    char fixed_bytes[FIXED_BYTES];
    char buffer[BUFFER_BYTES];
} streams;

static uint32_t print(FILE *stream, uint64_t seed) {
    int length = fprintf(stream, "%u:%-12d|%#llx %.6g\n", (unsigned)(seed % 97), (int)(seed >> 40),
                         (unsigned long long)seed, (double)(seed % 1000003) / 8);
    return length < 0 ? 0 : (uint32_t)length;
}

void streams_build(void) {
    streams.grown = open_memstream(&streams.grown_bytes, &streams.grown_size);
    streams.fixed = fmemopen(streams.fixed_bytes, FIXED_BYTES, "w");
    if (streams.grown == NULL || streams.fixed == NULL) abort();
    setvbuf(streams.fixed, streams.buffer, _IOFBF, BUFFER_BYTES);
    for (uint64_t i = 0; i < BUFFER_BYTES * 5 / 2;) {
        print(streams.grown, i);
        i += print(streams.fixed, digest_mix(i));
    }
}

uint64_t streams_digest(void) {
    uint64_t hash = digest_word(__fpending(streams.fixed), (uint64_t)ftello(streams.fixed));
    hash = digest_bytes(hash, streams.fixed_bytes, FIXED_BYTES);
    hash = digest_bytes(hash, streams.buffer, BUFFER_BYTES);
    fflush(streams.grown);
    return digest_bytes(hash, streams.grown_bytes, streams.grown_size);
}

static uint32_t print_within(FILE *stream, long size_max) {
    if (ftell(stream) > size_max - LINE_BYTES_MAX) rewind(stream);
    return print(stream, fv_u64());
}

uint32_t streams_print_grown(void) { return print_within(streams.grown, GROWN_BYTES_MAX); }
uint32_t streams_print_fixed(void) { return print_within(streams.fixed, FIXED_BYTES); }

/* ---- random(), rand(), drand48() ------------------------------------------------------------- */

/* While libc uses `spare`, where it is in `state` is written down in `state`. */
static struct {
    int32_t state[RANDOM_WORDS], spare[RANDOM_WORDS];
    uint64_t taken;
} generators;

void generators_build(void) {
    initstate(1, (char *)generators.spare, sizeof generators.spare);
    initstate(2, (char *)generators.state, sizeof generators.state);
    srand48(3);
    for (int i = 0; i < TAKEN_MAX; i++)
        generators.taken += (uint64_t)random() + (uint64_t)lrand48();
}

uint64_t generators_digest(void) {
    unsigned short none[3] = {0}, words[3];
    setstate((char *)generators.spare);
    uint64_t hash = digest_bytes(generators.taken, generators.state, sizeof generators.state);
    setstate((char *)generators.state);
    memcpy(words, seed48(none), sizeof words);
    seed48(words);
    return digest_bytes(hash, words, sizeof words);
}

uint32_t generators_take(void) {
    uint32_t count = 1 + (uint32_t)fv_below(TAKEN_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t one = i % 2 == 0 ? (uint64_t)random() : (uint64_t)rand();
        generators.taken = digest_word(generators.taken, one + (uint64_t)lrand48());
    }
    return count;
}

uint32_t generators_seed(void) {
    uint64_t seed = fv_u64();
    if (seed % 4 == 1)
        srandom((unsigned)(seed >> 32));
    else
        srand48((long)(seed >> 32));
    return seed % 4;
}

/* ---- strtok ---------------------------------------------------------------------------------- */

static struct {
    uint64_t seed;
    uint32_t taken;
    char text[WORDS * (WORD_LETTERS_MAX + 1) + 1];
} words;

static const char *next_word(void) {
    bool is_first = words.taken++ == 0;
    return strtok(is_first ? words.text : NULL, ",");
}

static void begin_words(uint64_t seed) {
    char *at = words.text;
    for (uint64_t i = 0; i < WORDS; i++) {
        uint64_t luck = digest_mix(seed + i);
        for (uint64_t n = luck % WORD_LETTERS_MAX + 1; n > 0; n--) {
            *at++ = (char)('a' + (luck >> 8) % 26);
            luck = luck >> 5 | luck << 59;
        }
        *at++ = ',';
    }
    *at = '\0';
    words.seed = seed;
    words.taken = 0;
}

void words_build(void) {
    memset(words.text, 'x', sizeof words.text);
    begin_words(1);
    for (int i = 0; i < WORDS / 2; i++) next_word();
}

/* Looks at the next word, then goes over the text anew to where strtok was before. */
uint64_t words_digest(void) {
    uint32_t taken = words.taken;
    uint64_t hash = digest_bytes(taken, words.text, sizeof words.text);
    const char *next = next_word();
    hash = digest_word(hash, next != NULL ? (uint64_t)(next - words.text) : sizeof words.text);
    begin_words(words.seed);
    while (words.taken < taken) next_word();
    return hash;
}

uint32_t words_take(void) {
    if (next_word() == NULL) {
        begin_words(fv_u64());
        next_word();
    }
    return words.taken;
}

/* ---- the environment ------------------------------------------------------------------------- */

static const char *const names[NAMES] = {"STRESS_A", "STRESS_B", "STRESS_C", "STRESS_D",
                                         "STRESS_E", "STRESS_F", "STRESS_G", "STRESS_H"};

static uint32_t set_variable(uint64_t name, size_t size, uint64_t seed) {
    char value[(1 << VALUE_BITS_MAX) + 1];
    for (size_t i = 0; i < size; i++) value[i] = (char)('a' + (seed >> i % 32) % 26);
    value[size] = '\0';
    setenv(names[name], value, 1);
    return (uint32_t)size;
}

void environment_build(void) {
    for (uint64_t i = 0; i < NAMES; i++) set_variable(i, 1 + 7 * i, digest_mix(i));
    unsetenv(names[1]);
}

uint64_t environment_digest(void) {
    uint64_t hash = 0;
    for (int i = 0; i < NAMES; i++) hash = digest_text(hash, getenv(names[i]));
    return hash;
}

uint32_t environment_set(void) {
    uint64_t name = fv_below(NAMES);
    size_t size = digest_draw_size(VALUE_BITS_MAX);
    return set_variable(name, size, fv_u64());
}

uint32_t environment_unset(void) {
    uint64_t name = fv_below(NAMES);
    unsetenv(names[name]);
    return (uint32_t)name;
}

/* ---- texts in memory of libc ----------------------------------------------------------------- */

static struct {
    const char *error, *time, *signal;
} texts;

static void ask_texts(uint64_t luck) {
    struct tm time = {.tm_year = 70 + (int)(luck % 130),
                      .tm_mon = (int)(luck >> 8) % 12,
                      .tm_mday = 1 + (int)(luck >> 16) % 28,
                      .tm_wday = (int)(luck >> 24) % 7,
                      .tm_hour = (int)(luck >> 32) % 24};
    texts.time = asctime(&time);
    texts.error = strerror(1000 + (int)(luck >> 40) % 1000);
    texts.signal = strsignal(1000 + (int)(luck >> 50) % 1000);
}

void texts_build(void) { ask_texts(digest_mix(0) >> 1); }

uint64_t texts_digest(void) {
    return digest_text(digest_text(digest_text(0, texts.time), texts.error), texts.signal);
}

uint32_t texts_ask(void) {
    ask_texts(fv_u64() >> 1);
    return 0;
}

/* ---- what exit calls ------------------------------------------------------------------------- */

static uint32_t exit_count, exit_calls;

static void count_call(void) { exit_calls++; }

uint64_t exits_digest(void) { return digest_word(exit_count, exit_calls); }

uint32_t exits_add(void) {
    if (exit_count < EXITS_MAX && atexit(count_call) == 0) exit_count++;
    return exit_count;
}
