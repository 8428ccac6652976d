/* The frontier strategy: which places are worth going on from, what is tried there, and what is
 * learnt when a job has been folded. Knows nothing of processes: jobs go out as plans, and come
 * back as records. What it decides depends on the campaign seed and the folded jobs alone. */
#ifndef FV_CORE_FRONTIER_H
#define FV_CORE_FRONTIER_H

#include "archive.h"
#include "choice.h"
#include "maker.h"

/* What the frontier remembers of an order while its job is under way. */
struct fv_errand {
    uint32_t place;
    uint32_t node;
    uint64_t draws; /* the splitpoint */
    uint64_t base;  /* where the segment that it lies in begins */
    uint32_t yields;
    uint32_t reserved;
};

/* A job of the frontier, in private memory: what its tree is filled from, at every attempt. */
struct fv_job_plan {
    uint32_t order_count, child_count, pool_count, timelines;
    uint32_t tape; /* of which input the job has; FV_NOTHING: none */
    uint32_t reserved;
    uint64_t draws_max; /* of trials; 0: any number */
    struct fv_order orders[FV_ORDERS_MAX];
    struct fv_errand errands[FV_ORDERS_MAX];
    struct fv_child children[FV_CHILDREN_MAX];
    uint8_t makers[FV_CHILDREN_MAX];
    uint8_t yields[FV_CHILDREN_MAX];
    struct fv_segment pool[FV_POOL_MAX];
    struct fv_series series; /* of the mutation strategy, and what it is made from */
    struct fv_pick picks[FV_PICKS_MAX];
};

/* A record as the frontier needs it; all of it checked for size. */
struct fv_sighting {
    uint32_t order, child;
    uint64_t root;
    uint64_t draws;
    uint64_t fresh;
    const struct fv_discovery *discoveries;
    uint32_t discovery_count;
    const struct fv_comparison *compares;
    uint32_t compare_count;
    bool is_input; /* these segments, and the tape of this input (FV_NOTHING: none) */
    uint32_t tape;
    const struct fv_segment *segments;
    uint32_t segment_count;
};

/* The job's tree, and which of the campaign's marks its marks are. */
struct fv_source {
    struct fv_tree *tree;
    const uint32_t *mark_of; /* by mark of the job; FV_NOTHING: none */
    uint32_t mark_count;
    uint64_t stamp; /* of what this fold teaches */
};

/* Children of late, and those that brought something. */
struct fv_past {
    uint64_t visits, yields;
};

struct fv_frontier {
    const struct fv_header *header;
    struct fv_archive archive;
    struct fv_choice choice; /* among places */
    struct fv_choice rare;   /* among those of rare states */
    struct fv_tree *known;   /* of the campaign: how often its marks passed */
    uint32_t span;           /* of newness: at least as many as there are places */
    struct fv_past roots, places;
    struct fv_makers makers;
    struct fv_luck luck;
    uint64_t campaign_seed;
};

bool fv_frontier_open(struct fv_frontier *frontier, const struct fv_header *header,
                      struct fv_tree *known, uint64_t campaign_seed);
void fv_frontier_close(struct fv_frontier *frontier);

/* Fills a plan with at most `timelines` children; `first_root` is the next root's number, of
 * `roots_left`. Returns how many roots it takes. */
uint64_t fv_frontier_plan(struct fv_frontier *frontier, struct fv_job_plan *plan,
                          uint32_t timelines, uint64_t first_root, uint64_t roots_left);
/* In the order of the job's timelines; then the end. Returns how many of the sighting's discoveries
 * are new to the campaign: their numbers go to `news`, which holds FV_JOURNAL_MAX. */
uint32_t fv_frontier_learn(struct fv_frontier *frontier, struct fv_job_plan *plan,
                           const struct fv_source *source, const struct fv_sighting *seen,
                           uint32_t *news);
/* `served` are the orders as the worker left them. */
void fv_frontier_settle(struct fv_frontier *frontier, struct fv_job_plan *plan,
                        const struct fv_order *served, uint64_t stamp);

#endif
