/* Timelines as their parent sees them: prepared, forked, reaped. */
#ifndef FV_RUNTIME_TIMELINE_H
#define FV_RUNTIME_TIMELINE_H

#include "runtime.h"

/* Makes `slot` ready for a timeline that starts at a root. The recipe is already in it. */
void fv_timeline_prepare_root(struct fv_slot *slot, uint32_t index);
/* The same for one that goes on from here under another seed. */
void fv_timeline_prepare_child(struct fv_slot *slot, uint32_t index, uint64_t seed);
/* The same for one that follows these segments from here. False: they are too many. */
bool fv_timeline_prepare_tail(struct fv_slot *slot, const struct fv_segment *tail, uint32_t n);
/* As fork(), but without the atfork handlers of libraries where libc can. */
int32_t fv_timeline_fork_own(void);
/* Forks; the child dies with its parent. As fork() returns. */
int32_t fv_timeline_fork_process(void);
/* Forks; the child enters the slot. *failed tells that there is no child. */
enum fv_side fv_timeline_fork(struct fv_slot *slot, bool *failed);
/* Waits for the end of one of `n` running timelines and reaps it; returns its index. */
uint32_t fv_timeline_reap(struct fv_slot *const *slots, uint32_t n);

#endif
