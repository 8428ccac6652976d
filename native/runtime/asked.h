/* Inputs that an engine offers: taken by the worker itself, with no turn of the controller's. */
#ifndef FV_RUNTIME_ASKED_H
#define FV_RUNTIME_ASKED_H

#include "runtime.h"

/* Runs inputs, each to the end of its whole tree, until as many as the order says have been run or
 * one has brought something to tell. FV_CHILD in their timelines, where they are processes. */
enum fv_side fv_asked_run(const struct fv_order *order);

#endif
