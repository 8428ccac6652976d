/* Weighted choice among many: a binary indexed tree of sums (Fenwick, "A new data structure for
 * cumulative frequency tables", 1994). Whole numbers, so that every machine chooses alike. */
#ifndef FV_CORE_CHOICE_H
#define FV_CORE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

struct fv_choice {
    uint64_t *sums; /* from 1 */
    uint64_t *weights;
    uint32_t size; /* a power of two */
    uint64_t total;
};

bool fv_choice_open(struct fv_choice *choice, uint32_t size);
void fv_choice_close(struct fv_choice *choice);
void fv_choice_set(struct fv_choice *choice, uint32_t i, uint64_t weight);
/* The one that `at`, in [0, total), falls on. */
uint32_t fv_choice_find(const struct fv_choice *choice, uint64_t at);

#endif
