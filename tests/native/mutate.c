/* links: runtime/mutate runtime/operands */
/* Mutators stay within bounds, whatever goes in, reach what they are for, and are a function of
 * what went in. Blocks have just the size that is allowed, so that sanitizers see more. */
#include "mutate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "mix.h"

enum { ROUNDS = 20000, MAX = 40 };

static const uint8_t partner[] = "PARTNER-bytes-0123456789";
static struct fv_word words[2] = {{.size = 4, .bytes = "word"}, {.size = 1, .bytes = "x"}};

static struct fv_mutator make(uint64_t luck, const struct fv_operands *operands) {
    return (struct fv_mutator){.luck = luck,
                               .partner = partner,
                               .partner_size = sizeof partner - 1,
                               .words = words,
                               .word_count = 2,
                               .operands = operands};
}

static struct fv_operands some_operands(void) {
    struct fv_operands o;
    fv_operands_clear(&o);
    fv_operands_note(&o, 0x64636261, 0x11223344, 4);
    fv_operands_note(&o, 7, 1000, 8);
    fv_operands_note_texts(&o, "abc", 3, "longer than that", 16);
    return o;
}

static size_t fill(uint8_t *data, size_t n) {
    memcpy(data, "abcd 1234 abcd 1234 abcd 1234 abcd 1234 ", n);
    return n;
}

static void sizes_stay_in_bounds(const struct fv_operands *o) {
    for (size_t max = 1; max <= MAX; max += max < 4 ? 1 : 7)
        for (uint64_t i = 0; i < ROUNDS; i++) {
            uint8_t *data = malloc(max);
            struct fv_mutator m = make(i * 977 + max, o);
            size_t size = fill(data, i % (max + 1));
            for (int k = 0; k < 4; k++) {
                size = fv_mutate(&m, data, size, max);
                EXPECT(size >= 1 && size <= max);
            }
            free(data);
        }
}

static void nothing_to_go_by_is_no_trouble(void) {
    uint8_t data[4];
    struct fv_mutator m = {.luck = 1};
    size_t size = 0;
    for (int i = 0; i < ROUNDS; i++) {
        size = fv_mutate(&m, data, size, sizeof data);
        EXPECT(size >= 1 && size <= sizeof data);
    }
}

static void luck_decides_alone(const struct fv_operands *o) {
    for (uint64_t luck = 0; luck < 200; luck++) {
        uint8_t a[MAX], b[MAX];
        struct fv_mutator m = make(luck, o), n = make(luck, o);
        size_t size = fv_mutate(&m, a, fill(a, 20), MAX);
        EXPECT(fv_mutate(&n, b, fill(b, 20), MAX) == size);
        EXPECT(memcmp(a, b, size) == 0 && m.luck == n.luck);
    }
}

static bool has(const uint8_t *data, size_t size, const void *text, size_t n) {
    return size >= n && memmem(data, size, text, n) != NULL;
}

/* How often one change of 20 bytes brings these about. */
static uint32_t times(const struct fv_operands *o, const void *text, size_t n) {
    uint32_t count = 0;
    for (uint64_t luck = 0; luck < ROUNDS; luck++) {
        uint8_t data[MAX];
        struct fv_mutator m = make(luck * FV_GOLDEN, o);
        size_t size = fv_mutate(&m, data, fill(data, 20), MAX);
        count += has(data, size, text, n);
    }
    return count;
}

static void words_partners_and_comparisons_are_used(const struct fv_operands *o) {
    EXPECT(times(o, "word", 4) > ROUNDS / 50);
    EXPECT(times(o, "PAR", 3) > 0);
    EXPECT(times(o, "\x44\x33\x22\x11", 4) > 0);
    EXPECT(times(o, "\x11\x22\x33\x44", 4) > 0);
    EXPECT(times(o, "longer than that", 16) > ROUNDS / 5000);
    EXPECT(times(NULL, "longer than that", 16) == 0);
    EXPECT(times(o, "1235", 4) > 0);
}

static void what_helped_is_told(const struct fv_operands *o) {
    uint32_t told = 0;
    for (uint64_t luck = 0; luck < ROUNDS; luck++) {
        uint8_t data[MAX];
        struct fv_mutator m = make(luck * FV_GOLDEN, o);
        size_t size = fv_mutate(&m, data, fill(data, 20), MAX);
        if (m.used.size == 0) continue;
        EXPECT(has(data, size, m.used.bytes, m.used.size));
        told++;
    }
    EXPECT(told > 0);
}

int main(void) {
    struct fv_operands o = some_operands();
    sizes_stay_in_bounds(&o);
    nothing_to_go_by_is_no_trouble();
    luck_decides_alone(&o);
    words_partners_and_comparisons_are_used(&o);
    what_helped_is_told(&o);
    return 0;
}
