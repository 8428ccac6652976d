/* The target's stack: in a fixed place, whatever the isolation, apart from the runtime's own. */
#ifndef FV_RUNTIME_STACK_H
#define FV_RUNTIME_STACK_H

#include <stdbool.h>
#include <ucontext.h>

/* Once, before any fork: maps it, and prepares to call `body` on it. */
void fv_stack_open(void (*body)(void));
/* False in sanitizer builds, which know but the stack that the kernel gave. */
bool fv_stack_is_own(void);
/* Where `body` begins. */
const ucontext_t *fv_stack_start(void);
/* Calls `body`, which does not return. */
_Noreturn void fv_stack_enter(void);

#endif
