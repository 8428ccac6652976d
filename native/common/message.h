/* What a job carries: orders on the way out, records on the way back. */
#ifndef FV_COMMON_MESSAGE_H
#define FV_COMMON_MESSAGE_H

#include <assert.h>
#include <stdint.h>

enum {
    FV_LAYOUT_KEYS_MAX = 8,
    FV_LAYOUT_QUALITIES_MAX = 4,
    FV_JOURNAL_MAX = 256,      /* discoveries of one timeline under frontier */
    FV_COMPARES_MAX = 32,      /* of drawn values, remembered of one timeline */
    FV_ORDERS_MAX = 64,        /* of one job */
    FV_CHILDREN_MAX = 1 << 10, /* of one job */
    FV_POOL_MAX = 1 << 13,     /* segments of all orders of one job */
    FV_PICKS_MAX = 1 << 10,    /* entries that one series of inputs is made from */
    FV_OWNED_MAX = 1 << 10,    /* features that one entry speaks for */
    FV_WORD_BYTES = 127,       /* of one word of a dictionary */
};

/* Stands for none, where things are numbered. */
#define FV_NOTHING UINT32_MAX

/* ---- out ------------------------------------------------------------------------------------- */

enum fv_order_kind {
    FV_ORDER_INPUT,
    FV_ORDER_ROOTS,
    FV_ORDER_SPLIT,
    FV_ORDER_SERIES,
    FV_ORDER_ASKED,
};

enum fv_order_outcome {
    FV_OUTCOME_NONE,
    FV_OUTCOME_DONE,
    FV_OUTCOME_UNREACHED /* the prefix ended before the splitpoint */
};

/* One thing to do in a job: the input in the tree's `recipe` and tape; root seeds; or the children
 * of a splitpoint, which the prefix reaches at draw `count` of its last segment; or up to so many
 * inputs of an engine, until one has brought something. */
struct fv_order {
    uint32_t kind;
    uint32_t child_count;
    uint64_t first_root;
    uint64_t root;
    uint64_t count;
    uint32_t has_tape; /* the prefix starts with the tree's tape */
    uint32_t segments_at;
    uint32_t segment_count;
    uint32_t children_at;
    uint32_t is_unreached; /* the worker's: the prefix ended before the splitpoint */
    uint32_t reserved;
    uint64_t draws;   /* since the root, of the splitpoint */
    uint64_t longest; /* draws of the longest timeline known from here; longer ones are told */
};

/* What a child of a splitpoint follows from there: segments, counted as those of the prefix. */
struct fv_child {
    uint32_t segments_at;
    uint32_t segment_count;
    uint32_t watches; /* and notes what its draws are compared with */
    uint32_t reserved;
};

/* Under mutation: how the inputs of a job are made. `entry_count` and `word_count` are how much of
 * the stock the job may see; what came later it does not know. */
struct fv_series {
    uint64_t seed;
    uint32_t input_count;
    uint32_t pick_count;
    uint32_t entry_count;
    uint32_t word_count;
    uint32_t length_max; /* of what is made; of a longer entry its own length */
    uint32_t reserved;
    uint64_t cost_typical; /* of an entry; 0: unknown */
};

/* An entry to make inputs from. */
struct fv_pick {
    uint32_t entry;
    uint32_t is_watched; /* it is run as it is first, and what it is compared with is tried */
};

/* ---- back ------------------------------------------------------------------------------------ */

/* A discovery under frontier: a bucket of the tree that this timeline was the first to reach, or
 * the first to reach better, and when. */
struct fv_discovery {
    uint32_t bucket;
    uint32_t reserved;
    uint64_t draws; /* since the root */
    int64_t qualities[FV_LAYOUT_QUALITIES_MAX];
};

/* A drawn value that was compared: draw number `draws` since the root would have to be `answer`
 * for the comparison to find both sides equal. */
struct fv_comparison {
    uint64_t draws;
    uint64_t answer;
};

/* A trial is a timeline told whatever it was, without its segments: who asked has them. A tape is
 * the controller's: `draws` bytes, what the recipes with a tape that follow start with. */
enum fv_record_kind {
    FV_RECORD_TIMELINE = 1,
    FV_RECORD_DISCOVERY = 2,
    FV_RECORD_TRIAL = 3,
    FV_RECORD_TAPE = 4,
    FV_RECORD_CENSUS = 5, /* the core's alone */
};

/* Whether a timeline had a tape: that of its job's input, or one that the record brings along. */
enum fv_tape { FV_TAPE_NONE, FV_TAPE_KNOWN, FV_TAPE_INSIDE };

/* What the ring carries: this, then segments, discoveries, compares, message, identity, tape, owned
 * features (a u32 each), word. A multiple of eight bytes. */
struct fv_record {
    uint32_t size;
    uint32_t kind;
    uint32_t verdict;
    int32_t signal;
    int32_t exit_code;
    int32_t mark;
    uint64_t ordinal; /* in this job */
    uint64_t root;
    uint64_t draws;
    uint64_t fresh;
    uint64_t digest;
    uint32_t has_tape; /* enum fv_tape */
    uint32_t segment_count;
    uint32_t message_size;
    uint32_t identity_size;
    uint32_t order;
    uint32_t child;
    uint32_t discovery_count;
    uint32_t compare_count;
    uint32_t tape_size;   /* of one inside */
    uint32_t owned_count; /* fresh features, told one by one under mutation */
    uint32_t word_size;   /* of the word that made the difference */
    uint32_t replaces;    /* the entry that this smaller one is as good as; FV_NOTHING: none */
    uint64_t cost;        /* of an input of bytes: comparisons that it made; 0: unknown */
};

static_assert(sizeof(struct fv_record) == 120, "layout");

#endif
