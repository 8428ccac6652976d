/* The zygote's side of runners: makes them, hands them jobs, does what they ask. */
#ifndef FV_RUNTIME_REWIND_H
#define FV_RUNTIME_REWIND_H

#include "runtime.h"

/* Whether the job of the tree entered is for a runner, which is made if there is none. */
bool fv_rewind_applies(void);
/* Has the runner serve jobs until one comes that is not for it, or until it ends. FV_CHILD in the
 * canaries that it asks for. */
enum fv_side fv_rewind_serve(void);
/* Whether this process is the runner. */
bool fv_rewind_owns(int32_t pid);
/* With the runner's memory as it is at its start: which page is not what it was, in words. */
void fv_rewind_find_leak(char *to, size_t size);

#endif
