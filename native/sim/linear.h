/* Whether the acts of one key fit in some order between their ends: Wing and Gong's search, each
 * act taken just in time, with memory of what was tried (Lowe, "Testing for linearizability",
 * 2017).
 *
 * An act either ended as ok, and must take its place; or its end is unknown, and it may take one,
 * at any time after its beginning. A configuration is the state of the model with the set of acts
 * that have taken their places. Of two that differ in nothing but that one has used more of the
 * unknown acts, only the other needs to be tried. */
#ifndef FV_SIM_LINEAR_H
#define FV_SIM_LINEAR_H

#include "operations.h"

struct fv_place {
    uint32_t number;     /* of its act */
    uint32_t begin, end; /* numbers of events */
    uint8_t operation;   /* enum fv_operation; FV_OP_DELETE is a FV_OP_WRITE here */
    uint8_t slot;        /* the bit of a sure one, among those under way with it */
    bool is_idle;        /* leaves the state as it is wherever it fits: taken as soon as it fits */
    int64_t value, expected, result;
};

struct fv_model_of_key {
    /* False: does not fit here. An unsure act has no result to meet. */
    bool (*apply)(void *self, int64_t state, const struct fv_place *act, bool is_sure,
                  int64_t *next);
    void *self;
    int64_t start;
};

/* What one key asks. Its arrays have been filled by a model and are freed by fv_puzzle_close. */
struct fv_puzzle {
    struct fv_model_of_key model;
    struct fv_place *sure; /* ended as ok, by end */
    uint32_t sure_count;
    struct fv_place *unsure; /* by begin */
    uint32_t unsure_count;
    /* The unsure act before it that does the same: whoever came first goes first. FV_NEVER:
     * none. */
    uint32_t *same_before;
    /* The last sure act to whom it matters whether the unsure one took place; FV_NEVER: all. */
    uint32_t *matters_until;
    /* A sure act that fits nowhere, where a look at the whole shows one; else FV_NEVER. */
    uint32_t misfit;
};

struct fv_found {
    enum fv_linear verdict;
    uint32_t furthest; /* the sure act that found no place: an index, or sure_count */
    uint64_t steps;
};

/* Takes in the acts of one key: which are sure, which not, in order. The rest is the model's. */
void fv_puzzle_open(struct fv_puzzle *puzzle, const struct fv_record *record,
                    const uint32_t *numbers, uint32_t count);
void fv_puzzle_close(struct fv_puzzle *puzzle);
/* Removes unsure acts for which `drop` is set. Before same_before and matters_until are filled. */
void fv_puzzle_keep(struct fv_puzzle *puzzle, const bool *drop);

struct fv_found fv_linear_search(const struct fv_puzzle *puzzle, uint64_t steps_max);

/* Goes through a record key by key. `pose` fills the puzzle of a key whose acts are there. */
enum fv_linear fv_linear_by_key(const struct fv_record *record, uint64_t steps_max,
                                void (*pose)(struct fv_puzzle *puzzle, const struct fv_record *),
                                void (*unpose)(struct fv_puzzle *puzzle));

#endif
