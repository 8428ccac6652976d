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
};

/* ---- out ------------------------------------------------------------------------------------- */

enum fv_order_kind { FV_ORDER_INPUT, FV_ORDER_ROOTS, FV_ORDER_SPLIT, FV_ORDER_ASKED };

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
    FV_RECORD_TAPE = 4
};

/* What the ring carries: this, then segments, discoveries, compares, message, identity. A multiple
 * of eight bytes. */
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
    uint32_t has_tape;
    uint32_t segment_count;
    uint32_t message_size;
    uint32_t identity_size;
    uint32_t order;
    uint32_t child;
    uint32_t discovery_count;
    uint32_t compare_count;
};

static_assert(sizeof(struct fv_record) == 96, "layout");

#endif
