/* The journal of a timeline under frontier: what it discovered, and when. Nothing splits here; the
 * controller reads the journal when it folds the job. */
#ifndef FV_RUNTIME_JOURNAL_H
#define FV_RUNTIME_JOURNAL_H

#include "runtime.h"

/* What a mark told just now; written down if the campaign, as this job knows it, does not have as
 * good an exemplar. Returns whether the state is new to it. */
bool fv_journal_note(const struct fv_bucket *seen);

#endif
