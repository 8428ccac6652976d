/* A series: the inputs of one job of the mutation strategy, made and run one after the other within
 * one timeline of the isolation, which puts back or ends the process once for all of them. What
 * they are follows from the job's plan alone, whatever process runs it. */
#ifndef FV_RUNTIME_SERIES_H
#define FV_RUNTIME_SERIES_H

#include "record.h"

/* Before the timeline of a series begins, and after its end; in whoever starts it. */
void fv_series_open(struct fv_slot *slot);
void fv_series_close(void);
/* Whether the timeline under way is one. */
bool fv_series_is_on(void);

/* The next input, on a block of its own; false: there is none left. */
bool fv_series_next(const uint8_t **data, size_t *size);
/* It has ended well; `is_kept`: it may become an entry. */
void fv_series_end(bool is_kept);
/* The first draw of an input: what the generator goes on with. */
void fv_series_settle_draws(struct fv_slot *slot);

/* ---- of an ended timeline, in whoever folds it ----------------------------------------------- */

/* A series that came to its end: its inputs are counted already. */
bool fv_series_has_told(const struct fv_slot *slot);
/* What else to tell of a timeline whose features are not folded yet. */
struct fv_telling fv_series_telling(struct fv_slot *slot);

/* ---- for mutators of the target's own -------------------------------------------------------- */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#endif
