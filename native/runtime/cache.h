/* The zygote's table of checkpoints: which splitpoints its worker has a frozen process at, how to
 * reach another one, and which to give up. What it decides changes how fast an order is served,
 * never what comes of it. */
#ifndef FV_RUNTIME_CACHE_H
#define FV_RUNTIME_CACHE_H

#include "runtime.h"

/* Serves an order of kind SPLIT of the tree entered. FV_CHILD in its timelines, and in pilots. */
enum fv_side fv_cache_serve(uint32_t order);
/* Whether this process is a checkpoint. */
bool fv_cache_owns(int32_t pid);

#endif
