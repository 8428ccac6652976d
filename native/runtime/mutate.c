#include "mutate.h"

#include <stdbool.h>
#include <string.h>

#include "../common/mix.h"

enum {
    FV_TRIES_MAX = 64, /* ways that turn out not to apply */
    FV_REPEAT_MIN = 3,
    FV_REPEAT_MAX = 128,
    FV_SHUFFLE_MAX = 8,
    FV_DIGITS_MAX = 18,
    FV_NUDGE_MAX = 10,
    FV_PLACES_OF_WORD = 8, /* of what is to give way to a word */
};

/* ---- luck ------------------------------------------------------------------------------------ */

static uint64_t next(struct fv_mutator *m) {
    m->luck += FV_GOLDEN;
    return fv_mix(m->luck);
}

uint64_t fv_mutator_below(struct fv_mutator *m, uint64_t n) {
    return (uint64_t)(((unsigned __int128)next(m) * n) >> 64);
}

static size_t below(struct fv_mutator *m, size_t n) { return (size_t)fv_mutator_below(m, n); }
static bool coin(struct fv_mutator *m) { return next(m) >> 63; }
static uint8_t any_byte(struct fv_mutator *m) { return (uint8_t)(next(m) >> 56); }

/* Half of them from what parsers look at. */
static uint8_t some_byte(struct fv_mutator *m) {
    static const char special[] = "!*'();:@&=+$,/?%#[]012Az-`~.\xff\x00";
    return coin(m) ? any_byte(m) : (uint8_t)special[below(m, sizeof special - 1)];
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Every way returns the new size, or 0: it does not apply here. */

static size_t erase(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    (void)max;
    if (size <= 1) return 0;
    size_t n = below(m, size / 2) + 1, at = below(m, size - n + 1);
    memmove(data + at, data + at + n, size - at - n);
    return size - n;
}

static void open_gap(uint8_t *data, size_t size, size_t at, size_t n) {
    memmove(data + at + n, data + at, size - at);
}

static size_t insert_byte(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    if (size >= max) return 0;
    size_t at = below(m, size + 1);
    open_gap(data, size, at, 1);
    data[at] = some_byte(m);
    return size + 1;
}

static size_t insert_repeated(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    if (size + FV_REPEAT_MIN > max) return 0;
    size_t most = max - size < FV_REPEAT_MAX ? max - size : FV_REPEAT_MAX;
    size_t n = FV_REPEAT_MIN + below(m, most - FV_REPEAT_MIN + 1), at = below(m, size + 1);
    int byte = coin(m) ? any_byte(m) : coin(m) ? 0 : UINT8_MAX;
    open_gap(data, size, at, n);
    memset(data + at, byte, n);
    return size + n;
}

static size_t change_byte(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    (void)max;
    if (size == 0) return 0;
    data[below(m, size)] = some_byte(m);
    return size;
}

static size_t change_bit(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    (void)max;
    if (size == 0) return 0;
    data[below(m, size)] ^= (uint8_t)(1u << below(m, 8));
    return size;
}

static size_t shuffle(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    (void)max;
    if (size == 0) return 0;
    size_t n = below(m, size < FV_SHUFFLE_MAX ? size : FV_SHUFFLE_MAX) + 1;
    uint8_t *part = data + below(m, size - n + 1);
    for (size_t i = n; i > 1; i--) {
        size_t k = below(m, i);
        uint8_t byte = part[i - 1];
        part[i - 1] = part[k];
        part[k] = byte;
    }
    return size;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

static uint64_t another_number(struct fv_mutator *m, uint64_t value) {
    switch (below(m, 5)) {
    case 0: return value + 1;
    case 1: return value - 1;
    case 2: return value / 2;
    case 3: return value * 2;
    default: return fv_mutator_below(m, value * value + 1);
    }
}

/* A number in decimal, which keeps its width. */
static size_t change_decimal(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    (void)max;
    if (size == 0) return 0;
    size_t from = below(m, size), to;
    while (from < size && !is_digit(data[from])) from++;
    for (to = from; to < size && to - from < FV_DIGITS_MAX && is_digit(data[to]);) to++;
    if (from == to) return 0;
    uint64_t value = 0;
    for (size_t i = from; i < to; i++) value = value * 10 + (data[i] - '0');
    value = another_number(m, value);
    for (size_t i = to; i > from; i--, value /= 10) data[i - 1] = (uint8_t)('0' + value % 10);
    return size;
}

/* The lowest `width` bytes the other way round. */
static uint64_t reversed(uint64_t value, size_t width) {
    return __builtin_bswap64(value) >> (64 - 8 * width);
}

/* A number in binary of 1, 2, 4 or 8 bytes, of either order: a little more or less, its negative,
 * or the size of the input. */
static size_t change_binary(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    (void)max;
    size_t width = (size_t)1 << below(m, 4);
    if (size < width) return 0;
    size_t at = below(m, size - width + 1);
    bool is_reversed = coin(m);
    uint64_t value = 0;
    memcpy(&value, data + at, width);
    if (is_reversed) value = reversed(value, width);
    if (at < 64 && below(m, 4) == 0) {
        value = size;
    } else {
        uint64_t step = below(m, 2 * FV_NUDGE_MAX + 1) - FV_NUDGE_MAX;
        value += step;
        if (step == 0 || coin(m)) value = -value;
    }
    if (is_reversed) value = reversed(value, width);
    memcpy(data + at, &value, width);
    return size;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static size_t overwrite_by(struct fv_mutator *m, uint8_t *data, size_t size, const uint8_t *from,
                           size_t from_size) {
    if (size == 0 || from_size == 0) return 0;
    size_t to = below(m, size), left = size - to;
    size_t n = below(m, left < from_size ? left : from_size) + 1;
    memmove(data + to, from + below(m, from_size - n + 1), n);
    return size;
}

static size_t insert_from(struct fv_mutator *m, uint8_t *data, size_t size, size_t max,
                          const uint8_t *from, size_t from_size) {
    if (size >= max || from_size == 0) return 0;
    size_t room = max - size, n = below(m, room < from_size ? room : from_size) + 1;
    size_t at = below(m, size + 1), start = below(m, from_size - n + 1);
    bool is_own = from == data;
    open_gap(data, size, at, n);
    for (size_t i = 0; i < n; i++) { /* what lay behind the gap has moved */
        size_t k = start + i;
        data[at + i] = is_own && k >= at ? data[k + n] : from[k];
    }
    return size + n;
}

static size_t copy_part(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    if (size == 0) return 0;
    return coin(m) ? overwrite_by(m, data, size, data, size)
                   : insert_from(m, data, size, max, data, size);
}

/* The beginning of one, and some of the other behind it. */
static size_t splice(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    size_t at = below(m, size + 1), from = below(m, m->partner_size);
    size_t left = m->partner_size - from, n = left < max - at ? left : max - at;
    if (n > 0) memcpy(data + at, m->partner + from, n);
    return at + n;
}

static size_t cross_over(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    if (size == 0 || m->partner_size == 0) return 0;
    switch (below(m, 3)) {
    case 0: return splice(m, data, size, max);
    case 1: return insert_from(m, data, size, max, m->partner, m->partner_size);
    default: return overwrite_by(m, data, size, m->partner, m->partner_size);
    }
}

/* ---- words ----------------------------------------------------------------------------------- */

static size_t put_word(struct fv_mutator *m, uint8_t *data, size_t size, size_t max,
                       const uint8_t *word, size_t n) {
    if (n == 0) return 0;
    if (coin(m)) {
        if (size + n > max) return 0;
        size_t at = below(m, size + 1);
        open_gap(data, size, at, n);
        memcpy(data + at, word, n);
        return size + n;
    }
    if (n > size) return 0;
    memcpy(data + below(m, size - n + 1), word, n);
    return size;
}

static size_t add_word(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    if (m->word_count == 0) return 0;
    const struct fv_word *word = &m->words[below(m, m->word_count)];
    return put_word(m, data, size, max, word->bytes,
                    word->size <= FV_WORD_BYTES ? word->size : FV_WORD_BYTES);
}

/* One of the first few places at which `text` stands, from a random place on; `size`: none. */
static size_t place_of(struct fv_mutator *m, const uint8_t *data, size_t size, const uint8_t *text,
                       size_t n) {
    size_t found = size, from = below(m, size), skipped = below(m, FV_PLACES_OF_WORD);
    for (int round = 0; round < 2 && n <= size; round++, from = 0) {
        const uint8_t *at = data + from;
        while ((at = memmem(at, (size_t)(data + size - at), text, n)) != NULL) {
            found = (size_t)(at - data);
            if (skipped-- == 0) return found;
            at++;
        }
    }
    return found;
}

/* Where `was` stands `wanted` is put in its place; elsewhere it is a word like others. */
static size_t replace(struct fv_mutator *m, uint8_t *data, size_t size, size_t max,
                      const uint8_t *was, size_t was_size, const uint8_t *wanted, size_t n) {
    m->used.size = (uint8_t)n;
    memcpy(m->used.bytes, wanted, n);
    size_t at = size > 0 ? place_of(m, data, size, was, was_size) : size;
    if (at >= size) return put_word(m, data, size, max, wanted, n);
    if (n != was_size && coin(m)) { /* the rest keeps its distance from the end */
        if (size - was_size + n > max || size - was_size + n == 0) return 0;
        memmove(data + at + n, data + at + was_size, size - at - was_size);
        memcpy(data + at, wanted, n);
        return size - was_size + n;
    }
    if (at + n > max) return 0;
    memcpy(data + at, wanted, n);
    return at + n > size ? at + n : size;
}

static size_t answer_numbers(struct fv_mutator *m, uint8_t *data, size_t size, size_t max,
                             const struct fv_numbers *seen) {
    uint64_t was = seen->a, wanted = seen->b;
    size_t width = seen->width <= 8 ? seen->width : 8;
    if (coin(m)) {
        was = seen->b;
        wanted = seen->a;
    }
    while (width > 1 && (was | wanted) >> (4 * width) == 0 && coin(m)) width /= 2;
    if (below(m, 3) == 0) wanted += below(m, 3) - 1;
    if (coin(m)) {
        was = reversed(was, width);
        wanted = reversed(wanted, width);
    }
    return replace(m, data, size, max, (const uint8_t *)&was, width, (const uint8_t *)&wanted,
                   width);
}

static size_t answer_texts(struct fv_mutator *m, uint8_t *data, size_t size, size_t max,
                           const struct fv_texts *seen) {
    if (coin(m)) return replace(m, data, size, max, seen->a, seen->a_size, seen->b, seen->b_size);
    return replace(m, data, size, max, seen->b, seen->b_size, seen->a, seen->a_size);
}

/* What a recent run was compared with (as libFuzzer's table of recent compares; and Aschermann et
 * al., "REDQUEEN: Fuzzing with input-to-state correspondence", 2019). */
static size_t answer(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    const struct fv_operands *o = m->operands;
    if (o == NULL || o->number_count + o->text_count == 0) return 0;
    if (o->text_count > 0 && (o->number_count == 0 || below(m, 4) == 0)) {
        size_t i = below(m, FV_TEXTS_MAX);
        while (o->texts[i].a_size == 0) i = (i + 1) % FV_TEXTS_MAX;
        return answer_texts(m, data, size, max, &o->texts[i]);
    }
    size_t i = below(m, FV_NUMBERS_MAX);
    while (o->numbers[i].width == 0) i = (i + 1) % FV_NUMBERS_MAX;
    return answer_numbers(m, data, size, max, &o->numbers[i]);
}

/* ---- all of them ----------------------------------------------------------------------------- */

typedef size_t way(struct fv_mutator *m, uint8_t *data, size_t size, size_t max);

static way *const ways[] = {erase,    insert_byte,    insert_repeated, change_byte, change_bit,
                            shuffle,  change_decimal, change_binary,   copy_part,   cross_over,
                            add_word, answer,         add_word};

size_t fv_mutate(struct fv_mutator *m, uint8_t *data, size_t size, size_t max) {
    m->used.size = 0;
    for (int i = 0; i < FV_TRIES_MAX; i++) {
        size_t n = ways[below(m, sizeof ways / sizeof *ways)](m, data, size, max);
        if (n > 0) return n;
        m->used.size = 0;
    }
    data[0] = some_byte(m);
    return size > 0 ? size : 1;
}
