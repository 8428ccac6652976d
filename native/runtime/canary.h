/* Canaries: timelines of a runner that a fresh process runs again, from the root. Any difference
 * means that rewinding left something behind. */
#ifndef FV_RUNTIME_CANARY_H
#define FV_RUNTIME_CANARY_H

#include "runtime.h"

/* What a timeline of this worker drew. */
static inline uint64_t *fv_layout_trace(const struct fv_header *h, uint32_t worker) {
    return (uint64_t *)fv_layout_at(h, h->traces_at) + (uint64_t)worker * FV_TRACE_MAX;
}

/* ---- in a runner ----------------------------------------------------------------------------- */

/* Decides whether a prepared timeline is one, by the campaign's seed. */
void fv_canary_mark(struct fv_slot *slot);
/* Has the zygote run the timeline of `slot` again. Returns when it ended in the same way; when that
 * cannot be said, only unless it must. */
void fv_canary_ask(const struct fv_slot *slot, bool must_agree);

/* ---- in a zygote ----------------------------------------------------------------------------- */

/* Does so. FV_CHILD in the process that is to run it. In the parent the worker's page has the
 * answer; on a difference this process ends, and the page says what differs. */
enum fv_side fv_canary_check(void);

/* ---- in both timelines ----------------------------------------------------------------------- */

void fv_canary_note(struct fv_slot *slot, uint64_t number, uint64_t value);

#endif
