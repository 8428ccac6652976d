/* The life of one timeline: forked, run, ended, reaped. */
#ifndef FV_RUNTIME_TIMELINE_H
#define FV_RUNTIME_TIMELINE_H

#include "runtime.h"

/* ---- in the timeline's own process ----------------------------------------------------------- */

/* Writes features and verdict, and leaves the process. */
_Noreturn void fv_timeline_end(enum fv_verdict verdict);
/* A mark that must hold did not. */
_Noreturn void fv_timeline_fail(const struct fv_site *site);
/* The target used the runtime in a way that has no meaning: a bug of the target. */
_Noreturn void fv_timeline_misuse(const char *what);
/* The machinery cannot go on: verdict lost, with words. */
_Noreturn void fv_timeline_lose(const char *why);
/* Writes the features without ending; what signal and exit handlers need. */
void fv_timeline_collect(void);
/* Whether this process is the timeline of its slot, and not something that it forked. */
bool fv_timeline_is_own(void);

/* ---- in the parent --------------------------------------------------------------------------- */

/* Makes `slot` ready for a timeline that starts at a root. The recipe is already in it. */
void fv_timeline_prepare_root(struct fv_slot *slot, uint32_t index);
/* The same for one that goes on from here under another seed. */
void fv_timeline_prepare_child(struct fv_slot *slot, uint32_t index, uint64_t seed);
/* Forks; the child enters the slot. *failed tells that there is no child. */
enum fv_side fv_timeline_fork(struct fv_slot *slot, bool *failed);
/* Waits for the end of one of `n` running timelines and reaps it; returns its index. */
uint32_t fv_timeline_reap(struct fv_slot *const *slots, uint32_t n);

#endif
