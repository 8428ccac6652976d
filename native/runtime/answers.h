/* What to try on an input because of what its run was compared with: where one side of a comparison
 * stands in the input, the other is put (Aschermann et al., "REDQUEEN: Fuzzing with input-to-state
 * correspondence", 2019). */
#ifndef FV_RUNTIME_ANSWERS_H
#define FV_RUNTIME_ANSWERS_H

#include "../common/stock.h"
#include "operands.h"

enum { FV_ANSWERS_MAX = 256 };

struct fv_suggestion {
    uint32_t at;
    uint8_t was_size; /* so many bytes give way */
    struct fv_word word;
};

struct fv_answers {
    uint32_t count;
    struct fv_suggestion of[FV_ANSWERS_MAX];
};

void fv_answers_find(struct fv_answers *answers, const struct fv_operands *operands,
                     const uint8_t *data, size_t size);
/* Applies one; returns the new size, 0: it would be more than `max`. */
size_t fv_answers_apply(const struct fv_suggestion *answer, uint8_t *data, size_t size, size_t max);

#endif
