/* The memory of a runner, and what it was like at the start and at splitpoints. Going back costs as
 * much as what was written since. */
#ifndef FV_RUNTIME_PAGES_H
#define FV_RUNTIME_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What memory was like: the pages that differ from the start. NULL is the start itself. */
struct fv_moment;

/* What rewinding has cost since the start of this runner. */
struct fv_pages_cost {
    uint64_t goings, copies, faults, scans, arms, fetches;
};

/* Takes the memory of this process as the start, which its parent, frozen, has as well. False:
 * `why` says why that cannot be. */
bool fv_pages_open(int32_t parent, char *why, size_t size);
/* Makes memory what it was at that moment. */
void fv_pages_go(struct fv_moment *to);
/* Remembers memory as it is; NULL when there is no room. */
struct fv_moment *fv_pages_take(void);
void fv_pages_drop(struct fv_moment *moment);
/* Memory that all contents take. */
uint64_t fv_pages_bytes(void);
/* Pages that differ from the start at this moment. */
uint32_t fv_pages_count(const struct fv_moment *moment);
const struct fv_pages_cost *fv_pages_cost(void);

#endif
