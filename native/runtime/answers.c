#include "answers.h"

#include <stdbool.h>
#include <string.h>

enum {
    FV_PLACES_MAX_OF_TEXT = 4,
    FV_PLACES_MAX_OF_SHORT = 2, /* of two bytes or less, or blank: chance brings these */
};

struct search {
    struct fv_answers *answers;
    const uint8_t *data;
    size_t size;
};

static void add(struct search *s, size_t at, size_t was_size, const uint8_t *wanted, size_t n) {
    if (s->answers->count == FV_ANSWERS_MAX || n > FV_WORD_BYTES) return;
    struct fv_suggestion *a = &s->answers->of[s->answers->count++];
    a->at = (uint32_t)at;
    a->was_size = (uint8_t)was_size;
    a->word.size = (uint8_t)n;
    memcpy(a->word.bytes, wanted, n);
}

static bool is_blank(const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0) return false;
    return true;
}

/* Wherever `was` stands: in its place, and where the sizes differ over what follows as well. */
static void look_for(struct search *s, const uint8_t *was, size_t n, const uint8_t *wanted,
                     size_t wanted_size) {
    bool is_likely = n <= 2 || is_blank(was, n);
    uint32_t left = is_likely ? FV_PLACES_MAX_OF_SHORT : FV_PLACES_MAX_OF_TEXT;
    const uint8_t *end = s->data + s->size;
    for (const uint8_t *at = s->data; left > 0 && (size_t)(end - at) >= n; at++, left--) {
        at = memmem(at, (size_t)(end - at), was, n);
        if (at == NULL) return;
        add(s, (size_t)(at - s->data), n, wanted, wanted_size);
        if (n != wanted_size) add(s, (size_t)(at - s->data), wanted_size, wanted, wanted_size);
    }
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void look_for_number(struct search *s, uint64_t was, uint64_t wanted, size_t width) {
    uint8_t was_bytes[8], wanted_bytes[8];
    for (int order = 0; order < 2; order++) {
        for (size_t i = 0; i < width; i++) {
            size_t to = order == 0 ? i : width - 1 - i;
            was_bytes[to] = (uint8_t)(was >> (8 * i));
            wanted_bytes[to] = (uint8_t)(wanted >> (8 * i));
        }
        look_for(s, was_bytes, width, wanted_bytes, width);
    }
}

/* As wide as it was compared, and as narrow as both sides allow: numbers grow when they are read.
 * Single bytes are left to luck. */
static void look_for_side(struct search *s, uint64_t was, uint64_t wanted, size_t width) {
    if (width > 8) return;
    for (; width >= 2; width /= 2) {
        look_for_number(s, was, wanted, width);
        bool is_narrow = (was | wanted) >> (4 * width) == 0;
        if (!is_narrow) break;
    }
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* What the input had there is often the beginning of something longer. */
static void look_for_texts(struct search *s, const struct fv_texts *t) {
    size_t common = t->a_size < t->b_size ? t->a_size : t->b_size;
    look_for(s, t->a, t->a_size, t->b, t->b_size);
    look_for(s, t->b, t->b_size, t->a, t->a_size);
    if (t->a_size > common) look_for(s, t->a, common, t->b, common);
}

void fv_answers_find(struct fv_answers *answers, const struct fv_operands *o, const uint8_t *data,
                     size_t size) {
    struct search s = {answers, data, size};
    answers->count = 0;
    for (uint32_t i = 0; i < FV_TEXTS_MAX; i++)
        if (o->texts[i].a_size > 0 && o->texts[i].b_size > 0) look_for_texts(&s, &o->texts[i]);
    for (uint32_t i = 0; i < FV_NUMBERS_MAX; i++) {
        const struct fv_numbers *n = &o->numbers[i];
        look_for_side(&s, n->a, n->b, n->width);
        look_for_side(&s, n->b, n->a, n->width);
    }
}

size_t fv_answers_apply(const struct fv_suggestion *a, uint8_t *data, size_t size, size_t max) {
    size_t was = a->was_size, n = a->word.size;
    if (a->at > size) return 0;
    if (was > size - a->at) was = size - a->at;
    size_t after = size - was + n;
    if (after == 0 || after > max) return 0;
    memmove(data + a->at + n, data + a->at + was, size - a->at - was);
    memcpy(data + a->at, a->word.bytes, n);
    return after;
}
