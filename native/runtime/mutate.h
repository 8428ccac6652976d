/* Making one input out of another. The ways are those of libFuzzer (LLVM, compiler-rt/lib/fuzzer,
 * FuzzerMutate.cpp), written anew; all luck comes from one word of state, so what is made is a
 * function of what went in. */
#ifndef FV_RUNTIME_MUTATE_H
#define FV_RUNTIME_MUTATE_H

#include "../common/stock.h"
#include "operands.h"

struct fv_mutator {
    uint64_t luck;
    const uint8_t *partner; /* another input, for crossover */
    size_t partner_size;
    const struct fv_word *words;
    uint32_t word_count;
    const struct fv_operands *operands; /* of recent runs; NULL: none */
    struct fv_word used; /* what comparisons suggested, of the last change; size 0: nothing */
};

/* A number below n, which is not 0. */
uint64_t fv_mutator_below(struct fv_mutator *mutator, uint64_t n);
/* Changes `size` bytes where they are, which may become at most `max`, at least 1; returns how many
 * there are then, never 0. */
size_t fv_mutate(struct fv_mutator *mutator, uint8_t *data, size_t size, size_t max);

#endif
