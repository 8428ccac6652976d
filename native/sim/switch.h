/* From one stack to another, without a system call. */
#ifndef FV_SIM_SWITCH_H
#define FV_SIM_SWITCH_H

#include <stddef.h>
#include <stdint.h>

/* Leaves what is needed to come back on the current stack, its address in *save, and goes on where
 * `to` was left. */
void fv_switch_to(void **save, void *to);
/* What fv_switch_to() takes to call `entry`, which never returns, on an empty stack. */
void *fv_switch_begin(void *top, void (*entry)(void));
/* The frame pointer and the place to go on at of a stack that was left. */
const uintptr_t *fv_switch_frame(const void *left, uintptr_t *place);

#endif
