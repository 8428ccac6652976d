/* A runner undoes memory, not the kernel: no descriptors, mappings, handlers, children. So the
 * kernel is asked to hand over every system call of the target that would leave something behind
 * (seccomp), and the timeline goes on from there in a process of its own. */
#ifndef FV_RUNTIME_GUARD_H
#define FV_RUNTIME_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* For the rest of this process and its children; no way back. False: `why` says why not. */
bool fv_guard_close(char *why, size_t size);

#endif
