/* A runner's checkpoints: moments of its memory at splitpoints, each with the context and the slot
 * of the timeline that got there. */
#ifndef FV_RUNTIME_LAYERS_H
#define FV_RUNTIME_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Once, in a runner. */
bool fv_layers_open(char *why, size_t size);
/* Runs the children of an order of the job under way. */
void fv_layers_serve(uint32_t order);

#endif
