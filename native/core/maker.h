/* Makers of children: ways to go on from a splitpoint. Reseeding finds luck that is spread over
 * many draws; edits of single draws find gates of one lucky draw; splices and repeats carry over
 * what worked elsewhere or a moment ago. Which maker is asked is decided by what each yielded. */
#ifndef FV_CORE_MAKER_H
#define FV_CORE_MAKER_H

#include "archive.h"

enum fv_maker {
    FV_MAKER_RESEED,  /* new luck from here on */
    FV_MAKER_EXTREME, /* new luck, but one to three of the next draws at their extremes */
    FV_MAKER_EDIT,    /* the known future with one draw at an extreme */
    FV_MAKER_NUDGE,   /* the known future with one draw a little more or less */
    FV_MAKER_COMPARE, /* the known future with a draw that a comparison asked for */
    FV_MAKER_LATER,   /* the known future for a while, then new luck */
    FV_MAKER_SPLICE,  /* the luck that another timeline had from its own discovery on */
    FV_MAKER_WILD,    /* new luck, and one draw in a few at an extreme: rare things in a row */
    FV_MAKER_REPEAT,  /* the draws of the last stretch once more, then new luck */
    FV_MAKER_MUTATE,  /* the known future with a stretch of answers as an engine mutated them */
    FV_MAKERS,
    FV_MAKER_WATCH /* the known future, to see what its draws are compared with */
};

enum { FV_TAIL_MAX = 64 };

/* Draws of the controller itself: what it decides depends on the campaign seed alone. */
struct fv_luck {
    uint64_t seed;
    uint64_t count;
};

uint64_t fv_luck_below(struct fv_luck *luck, uint64_t n);

/* Tries and yields, halved now and then: what paid long ago counts less. */
struct fv_maker_record {
    uint32_t tries;
    uint32_t yields;
};

/* Who mutates bytes in place; returns their new number, at most `max`, or 0 when it cannot. */
struct fv_engine_mutator {
    uint32_t (*mutate)(void *with, uint8_t *bytes, uint32_t size, uint32_t max);
    void *with;
};

struct fv_makers {
    struct fv_engine_mutator
        mutator; /* of FV_MAKER_MUTATE; NULL: there is none, and no such maker */
    struct fv_maker_record of[FV_MAKERS];
    uint64_t tries[FV_MAKERS]; /* in all */
    uint64_t yields[FV_MAKERS];
};

struct fv_splitpoint {
    const struct fv_archive *archive;
    const struct fv_node *node;
    uint32_t node_index;
    uint64_t draws;
    uint32_t other;       /* another node, for a splice; FV_NOTHING: none */
    uint64_t other_draws; /* and the draw that it discovered something at */
    const struct fv_engine_mutator *mutator;
    bool may_watch; /* its known future, for comparisons */
};

/* The steps of one child, all at or behind the splitpoint; returns their number, which may be none.
 * *maker is the one asked for, or the one that took over because that one has nothing to work on
 * here. */
uint32_t fv_maker_make(const struct fv_splitpoint *at, struct fv_luck *luck, enum fv_maker *maker,
                       struct fv_step to[FV_TAIL_MAX]);
enum fv_maker fv_maker_choose(const struct fv_makers *makers, struct fv_luck *luck);
/* Whether one more timeline may be watched, with what comparisons have yielded so far. */
bool fv_maker_may_watch(const struct fv_makers *makers, uint32_t watched);
void fv_maker_credit(struct fv_makers *makers, enum fv_maker maker, uint32_t yield);

#endif
