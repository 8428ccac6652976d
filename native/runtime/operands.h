/* What an input's run compared: both sides of comparisons, numbers and texts, a few of each. */
#ifndef FV_RUNTIME_OPERANDS_H
#define FV_RUNTIME_OPERANDS_H

#include <stddef.h>
#include <stdint.h>

enum {
    FV_NUMBERS_MAX = 256,   /* a power of two: what is the same goes to the same place */
    FV_TEXTS_MAX = 64,      /* likewise */
    FV_TEXT_SIDE_BYTES = 62 /* of one side; longer ones are cut */
};

/* Two numbers of so many bytes that were not equal. */
struct fv_numbers {
    uint64_t a, b;
    uint32_t width; /* 0: none */
    uint32_t reserved;
};

/* Two texts, of which `a` may be longer: what is compared up to a bound, or looked for. */
struct fv_texts {
    uint8_t a_size, b_size; /* 0: none */
    uint8_t a[FV_TEXT_SIDE_BYTES], b[FV_TEXT_SIDE_BYTES];
};

struct fv_operands {
    uint32_t number_count, text_count; /* places that are taken */
    struct fv_numbers numbers[FV_NUMBERS_MAX];
    struct fv_texts texts[FV_TEXTS_MAX];
};

void fv_operands_clear(struct fv_operands *operands);
/* Kept if they differ. */
void fv_operands_note(struct fv_operands *operands, uint64_t a, uint64_t b, uint32_t width);
void fv_operands_note_texts(struct fv_operands *operands, const void *a, size_t a_size,
                            const void *b, size_t b_size);

#endif
