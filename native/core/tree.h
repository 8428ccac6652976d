/* What a campaign knows, in the shape of a tree: copied into a job's tree when it is handed out,
 * merged back when it has ended. A private tree lives in the controller's own memory, where no
 * target can scribble. */
#ifndef FV_CORE_TREE_H
#define FV_CORE_TREE_H

#include "../common/layout.h"

/* A private tree; NULL when there is no memory. */
struct fv_tree *fv_tree_new(const struct fv_header *header);
void fv_tree_free(const struct fv_header *header, struct fv_tree *tree);

/* Makes `to` know exactly what `from` knows of marks and features; what jobs count starts at zero,
 * and there is no bucket. */
void fv_tree_copy(const struct fv_header *header, struct fv_tree *to, struct fv_tree *from);

/* Before that, where `tree` is not as a job left it that was folded: trusts nothing in it. */
void fv_tree_clear(const struct fv_header *header, struct fv_tree *tree);

/* Adds what `job`, started from a copy of an earlier state of `known`, has seen. The job's memory
 * was writable by a target: nothing in it is believed. Returns the number of fresh features;
 * `mark_of` gets the campaign's index of each of the job's marks, UINT32_MAX for none. */
uint64_t fv_tree_merge(const struct fv_header *header, struct fv_tree *known, struct fv_tree *job,
                       uint32_t *mark_of);
/* After a merge: moves how often the job has seen each feature to `seen`. */
void fv_tree_take_seen(const struct fv_header *header, uint8_t *seen, struct fv_tree *job,
                       const uint32_t *mark_of);
/* How many features were seen by just `times` timelines, 1 or 2; `seen` as in fv_map_tally. */
uint64_t fv_tree_seen_exactly(const struct fv_header *header, const uint8_t *seen, uint32_t times);
/* How many marks a tree has, whatever a target wrote there. */
uint32_t fv_tree_marks(const struct fv_header *header, const struct fv_tree *tree);
/* After that: makes states of the job's buckets, known from `stamp` on. */
void fv_tree_merge_buckets(const struct fv_header *header, struct fv_tree *known,
                           struct fv_tree *job, const uint32_t *mark_of, uint64_t stamp);

/* The same for one mark; `base` is the ordinal of the job's first timeline. */
void fv_tree_merge_mark(struct fv_mark *known, const struct fv_mark *seen, uint64_t base);

#endif
