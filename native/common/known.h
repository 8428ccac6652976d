/* The states that a campaign knows, in shared memory: written by the controller when it folds
 * a job, read by every timeline. A timeline sees them as of the epoch of its job, however many
 * jobs have been folded since: what is a discovery does not depend on timing. */
#ifndef FV_COMMON_KNOWN_H
#define FV_COMMON_KNOWN_H

#include "layout.h"

/* The state of these keys, born in whatever epoch; or NULL, and its place in the index. */
struct fv_state *fv_known_find(const struct fv_header *header, uint64_t hash, uint32_t mark,
                               const int64_t *keys, uint32_t key_count, uint32_t *place);
/* What `epoch` knows of a state; NULL: nothing. */
const struct fv_version *fv_known_version(const struct fv_header *header,
                                          const struct fv_state *state, uint64_t epoch);
/* The same for a bucket, known or not. */
const struct fv_version *fv_known_bucket(const struct fv_header *header,
                                         const struct fv_bucket *bucket, uint64_t epoch);
/* The controller's: appends a state that has no version yet; NULL when the table is full. */
struct fv_state *fv_known_add(const struct fv_header *header, const struct fv_state *state,
                              uint32_t place);
/* The controller's: from the version's stamp on, this is what is known. Two of one stamp: the last
 * counts. */
void fv_known_publish(const struct fv_header *header, struct fv_state *state,
                      const struct fv_version *version);
/* The newest version; NULL before the first. */
const struct fv_version *fv_known_latest(const struct fv_header *header,
                                         const struct fv_state *state);

static inline struct fv_state *fv_known_state(const struct fv_header *h, uint32_t i) {
    return (struct fv_state *)fv_layout_at(h, h->known_at + h->known_states) + i;
}
static inline uint32_t fv_known_number(const struct fv_header *h, const struct fv_state *state) {
    return (uint32_t)(state - fv_known_state(h, 0));
}

#endif
