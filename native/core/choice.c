#include "choice.h"

#include <stdlib.h>

bool fv_choice_open(struct fv_choice *c, uint32_t size) {
    *c = (struct fv_choice){.size = size};
    c->sums = calloc((size_t)size + 1, sizeof *c->sums);
    c->weights = calloc(size, sizeof *c->weights);
    return c->sums != NULL && c->weights != NULL;
}

void fv_choice_close(struct fv_choice *c) {
    free(c->sums);
    free(c->weights);
    *c = (struct fv_choice){0};
}

void fv_choice_set(struct fv_choice *c, uint32_t i, uint64_t weight) {
    uint64_t change = weight - c->weights[i]; /* modulo 2^64, and so are the sums */
    c->weights[i] = weight;
    c->total += change;
    for (uint64_t at = (uint64_t)i + 1; at <= c->size; at += at & -at) c->sums[at] += change;
}

uint32_t fv_choice_find(const struct fv_choice *c, uint64_t at) {
    uint32_t found = 0;
    for (uint32_t step = c->size; step > 0; step /= 2) {
        if (found + step > c->size || c->sums[found + step] > at) continue;
        found += step;
        at -= c->sums[found];
    }
    return found < c->size ? found : c->size - 1;
}
