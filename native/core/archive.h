/* The archive of a frontier campaign, in the controller's own memory: nodes (timelines worth going
 * on from, and how they were made) and places (what to go on from: an exemplar of a state that
 * marks name, or an entry that only edges speak for). */
#ifndef FV_CORE_ARCHIVE_H
#define FV_CORE_ARCHIVE_H

#include "../common/known.h"

enum {
    FV_NODES_MAX = 1 << 20,
    FV_STEPS_MAX = 1 << 23,
    FV_PLACES_MAX = 2 * FV_BUCKETS_MAX, /* states, and as many entries */
    FV_HINTS_MAX = 1 << 18,
};

/* A segment at draw `at` since the root: what recipes have, without being relative to another. */
struct fv_step {
    uint64_t at;
    uint64_t seed;
    uint32_t kind;
    uint32_t offset;
};

static inline bool fv_step_begins(const struct fv_step *step) {
    return step->kind == FV_SEGMENT_RESEED || step->kind == FV_SEGMENT_WILD ||
           step->kind == FV_SEGMENT_PLAIN;
}

/* A timeline: it left its parent at draw `cut` and followed its own steps. Only what it consumed is
 * kept, so a node's recipe is as short as what happened. */
struct fv_node {
    uint64_t root;
    uint64_t cut;
    uint64_t draws;
    uint32_t parent; /* FV_NOTHING: it started at a root */
    uint32_t tape;   /* of the input that it started with; FV_NOTHING: none */
    uint32_t steps_at;
    uint32_t step_count;
    uint32_t hints_at; /* comparisons of drawn values, in order of draws */
    uint32_t hint_count;
    uint32_t is_watched; /* its comparisons were looked for */
};

/* What to go on from, and how that went. A visit is one child. */
struct fv_place {
    uint32_t state; /* FV_NOTHING: an entry */
    uint32_t node;
    uint64_t draws;         /* where it is; entries: where it may begin */
    uint32_t visits;        /* since the exemplar came */
    uint32_t yields;        /* children that brought something */
    uint32_t visits_before; /* of exemplars that gave way */
    uint32_t dooms;         /* exemplars that gave way because they were barren */
    uint32_t is_closed;     /* not to be chosen any more */
    uint32_t is_second;     /* another way to a rare state, beside its exemplar: */
    uint32_t ways;          /* how many gave way to it */
    uint64_t tries;         /* children of all its exemplars, of jobs that were folded, */
    uint64_t hits;          /* and those that brought something */
};

struct fv_archive {
    struct fv_node *nodes;
    struct fv_step *steps;
    struct fv_comparison *hints;
    struct fv_place *places;
    uint32_t *place_of_state;  /* FV_NOTHING: none */
    uint32_t *second_of_state; /* likewise */
    uint32_t node_count, step_count, hint_count, place_count, watch_count;
    uint64_t overflow; /* nodes and places that found no room */
};

bool fv_archive_open(struct fv_archive *archive);
void fv_archive_close(struct fv_archive *archive);

/* Its index, or FV_NOTHING when there is no room. Steps are copied; `node` says how many. */
uint32_t fv_archive_add_node(struct fv_archive *archive, const struct fv_node *node,
                             const struct fv_step *steps);
/* Gives a node its hints, once. */
void fv_archive_set_hints(struct fv_archive *archive, uint32_t node,
                          const struct fv_comparison *hints, uint32_t n);
/* The new place's index, or FV_NOTHING. */
uint32_t fv_archive_add_place(struct fv_archive *archive, const struct fv_place *place);

/* How the children of a place did, of which `yields` has what each brought; FV_NOTHING: no place's.
 */
void fv_archive_credit(struct fv_archive *archive, uint32_t place, const uint8_t *yields,
                       uint32_t n);

/* The steps that lead to draw `draws` of a node, and not beyond; returns their number, or
 * FV_NOTHING when they are more than `max`. */
uint32_t fv_archive_prefix(const struct fv_archive *archive, uint32_t node, uint64_t draws,
                           struct fv_step *to, uint32_t max);
/* The steps of a node from draw `draws` on, its own future; at most `max`, returns how many. */
uint32_t fv_archive_future(const struct fv_archive *archive, uint32_t node, uint64_t draws,
                           struct fv_step *to, uint32_t max);
/* Which draw of which seed a node had at `draws`; false where no seed answered it. */
bool fv_archive_stream(const struct fv_archive *archive, uint32_t node, uint64_t draws,
                       uint64_t *seed, uint64_t *count);

/* Steps as segments of a recipe: `base` is where the current segment begins, and is moved. */
void fv_archive_relate(const struct fv_step *steps, uint32_t n, struct fv_segment *to,
                       uint64_t *base);
/* The same the other way. */
void fv_archive_unrelate(const struct fv_segment *segments, uint32_t n, struct fv_step *to);

#endif
