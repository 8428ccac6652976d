/* The orders of a job, one after the other: roots, inputs, splitpoints. */
#ifndef FV_RUNTIME_ORDERS_H
#define FV_RUNTIME_ORDERS_H

#include "runtime.h"

/* Runs the job of the tree entered. FV_CHILD in its timelines, where they are processes. */
enum fv_side fv_orders_run(void);
/* Makes `slot` ready for the input in the tree's recipe and tape. */
void fv_orders_prepare_input(struct fv_slot *slot);
/* Runs it, and all that splits off. */
enum fv_side fv_orders_run_input(void);

#endif
