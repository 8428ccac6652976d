#include "operands.h"

#include <string.h>

#include "../common/mix.h"

void fv_operands_clear(struct fv_operands *o) {
    o->number_count = o->text_count = 0;
    for (uint32_t i = 0; i < FV_NUMBERS_MAX; i++) o->numbers[i].width = 0;
    for (uint32_t i = 0; i < FV_TEXTS_MAX; i++) o->texts[i].a_size = o->texts[i].b_size = 0;
}

/* The newest takes the place: a loop that compares one pair again and again takes but one. */
void fv_operands_note(struct fv_operands *o, uint64_t a, uint64_t b, uint32_t width) {
    if (a == b) return;
    uint64_t place = fv_mix(a * FV_GOLDEN + b + width);
    struct fv_numbers *n = &o->numbers[place % FV_NUMBERS_MAX];
    o->number_count += n->width == 0;
    *n = (struct fv_numbers){.a = a, .b = b, .width = width};
}

static size_t cut(size_t size) { return size < FV_TEXT_SIDE_BYTES ? size : FV_TEXT_SIDE_BYTES; }

void fv_operands_note_texts(struct fv_operands *o, const void *a, size_t a_size, const void *b,
                            size_t b_size) {
    if (a_size == 0 || b_size == 0) return;
    a_size = cut(a_size);
    b_size = cut(b_size);
    if (a_size == b_size && memcmp(a, b, a_size) == 0) return;
    uint64_t place = fv_mix(fv_mix_bytes(a, a_size) * FV_GOLDEN + fv_mix_bytes(b, b_size));
    struct fv_texts *t = &o->texts[place % FV_TEXTS_MAX];
    o->text_count += t->a_size == 0;
    t->a_size = (uint8_t)a_size;
    t->b_size = (uint8_t)b_size;
    memcpy(t->a, a, a_size);
    memcpy(t->b, b, b_size);
}
