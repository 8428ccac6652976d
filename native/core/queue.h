/* A growing queue of bytes. */
#ifndef FV_CORE_QUEUE_H
#define FV_CORE_QUEUE_H

#include <stdbool.h>

#include "campaign.h"

/* False when there is no memory: nothing was appended. */
bool fv_queue_append(struct fv_queue *queue, const void *bytes, size_t n);
const uint8_t *fv_queue_front(const struct fv_queue *queue, size_t *size);
void fv_queue_drop(struct fv_queue *queue, size_t n);
void fv_queue_free(struct fv_queue *queue);

#endif
